#include "pki_fixture.h"

#include "pki/pool.h"

#include <sys/stat.h>
#include <unistd.h>

static struct err e;
static char folder[] = "/tmp/scepstorm-pool-XXXXXX";
static char path[64];
static struct pki_key *key;
static struct pki_key *other;

static size_t file_size(void)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (size_t)st.st_size;
}

static void fill(void)
{
    unlink(path);
    CHECK_OK(pki_pool_append(path, key, &e), &e);
    CHECK_OK(pki_pool_append(path, other, &e), &e);
    CHECK_OK(pki_pool_append(path, key, &e), &e);
}

static void put(const void *bytes, size_t len, unsigned mode)
{
    CHECK_OK(file_write(path, span_of(bytes, len), mode, &e), &e);
}

static void appends_and_loads(void **state)
{
    (void)state;
    fill();
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct pki_pool *pool = NULL;
    CHECK_OK(pki_pool_load(path, 0, &pool, &e), &e);
    assert_int_equal(pki_pool_count(pool), 3);
    assert_false(pki_pool_was_torn(pool));
    assert_true(span_equal(pki_key_spki(pki_pool_key(pool, 0)), pki_key_spki(key)));
    assert_true(span_equal(pki_key_spki(pki_pool_key(pool, 1)), pki_key_spki(other)));
    pki_pool_free(pool);
    CHECK_OK(pki_pool_load(path, 2, &pool, &e), &e);
    assert_int_equal(pki_pool_count(pool), 2);
    pki_pool_free(pool);
    pki_pool_free(NULL);
}

static void lives_in_memory_too(void **state)
{
    (void)state;
    struct pki_pool *pool = NULL;
    CHECK_OK(pki_pool_new(&pool, &e), &e);
    assert_int_equal(pki_pool_count(pool), 0);
    for (size_t i = 0; i < 200; i++)
        CHECK_OK(pki_pool_add(pool, key, &e), &e);
    assert_int_equal(pki_pool_count(pool), 200);
    assert_ptr_equal(pki_pool_key(pool, 199), key);
    pki_pool_free(pool);
}

static void drops_a_torn_tail_and_writes_over_it(void **state)
{
    (void)state;
    fill();
    size_t whole = file_size();
    size_t two = 0;
    for (size_t cut = 1; cut < 1000; cut += 333) {
        fill();
        assert_int_equal(truncate(path, (off_t)(whole - cut)), 0);
        struct pki_pool *pool = NULL;
        CHECK_OK(pki_pool_load(path, 0, &pool, &e), &e);
        assert_int_equal(pki_pool_count(pool), 2);
        assert_true(pki_pool_was_torn(pool));
        pki_pool_free(pool);
        CHECK_OK(pki_pool_append(path, other, &e), &e);
        CHECK_OK(pki_pool_load(path, 0, &pool, &e), &e);
        assert_int_equal(pki_pool_count(pool), 3);
        assert_false(pki_pool_was_torn(pool));
        assert_true(span_equal(pki_key_spki(pki_pool_key(pool, 2)), pki_key_spki(other)));
        pki_pool_free(pool);
        two = file_size();
    }
    assert_true(two > 0);
    /* Not even the length arrived. */
    put("SCEPSTORM-KEYS 1\n\0\0", 19, 0600);
    struct pki_pool *pool = NULL;
    CHECK_OK(pki_pool_load(path, 0, &pool, &e), &e);
    assert_int_equal(pki_pool_count(pool), 0);
    assert_true(pki_pool_was_torn(pool));
    pki_pool_free(pool);
}

static void refuses_other_files(void **state)
{
    (void)state;
    struct pki_pool *pool = NULL;
    unlink(path);
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_IO);
    CHECK_FAILS(pki_pool_load(folder, 0, &pool, &e), &e, REASON_IO);
    put("", 0, 0600);
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_MALFORMED);
    put("something else entirely", 23, 0600);
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_MALFORMED);
    CHECK_FAILS(pki_pool_append(path, key, &e), &e, REASON_MALFORMED);
    put("SCEPSTORM-KEYS 1\n\0\0\0\0", 21, 0600); /* a key of no bytes */
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_MALFORMED);
    put("SCEPSTORM-KEYS 1\n\xff\xff\xff\xff", 21, 0600);
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_MALFORMED);
    CHECK_FAILS(pki_pool_append(path, key, &e), &e, REASON_MALFORMED);
    put("SCEPSTORM-KEYS 1\n\0\0\0\3abc", 24, 0600); /* whole, but no key */
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_MALFORMED);
}

static void refuses_files_open_to_others(void **state)
{
    (void)state;
    struct pki_pool *pool = NULL;
    fill();
    assert_int_equal(chmod(path, 0640), 0);
    CHECK_FAILS(pki_pool_load(path, 0, &pool, &e), &e, REASON_IO);
    assert_int_equal(chmod(path, 0604), 0);
    CHECK_FAILS(pki_pool_append(path, key, &e), &e, REASON_IO);
    assert_int_equal(chmod(path, 0400), 0);
    CHECK_OK(pki_pool_load(path, 0, &pool, &e), &e);
    pki_pool_free(pool);
}

static int start(void **state)
{
    (void)state;
    if (!pki_init(&e) || mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/keys", folder);
    key = fixture_key("rsa2048-device");
    other = fixture_key("rsa2048-other");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    unlink(path);
    rmdir(folder);
    pki_key_free(key);
    pki_key_free(other);
    pki_cleanup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_and_loads),
        cmocka_unit_test(lives_in_memory_too),
        cmocka_unit_test(drops_a_torn_tail_and_writes_over_it),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(refuses_files_open_to_others),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
