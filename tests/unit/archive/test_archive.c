/* What goes into an archive comes out of it, the same bytes each time; and what nobody should take is refused. */
#include "archive/tar.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char path[64], other[64];
    struct buf told; /* "name 3\nabc\n" of each file */
    uint64_t stop_at;
};

static int up(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    snprintf(f.path, sizeof f.path, "/tmp/scepstorm-archive-%ld", (long)getpid());
    snprintf(f.other, sizeof f.other, "%.50s-other", f.path);
    buf_init(&f.told, (size_t)1 << 20);
    *state = &f;
    return 0;
}

static int down(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    unlink(f->other);
    buf_clear(&f->told);
    return 0;
}

static bool on_file(void *user, const char *name, uint64_t bytes, struct err *e)
{
    struct fixture *f = user;
    (void)e;
    return buf_appendf(&f->told, "%s %llu\n", name, (unsigned long long)bytes);
}

static bool on_data(void *user, struct span piece, struct err *e)
{
    struct fixture *f = user;
    if (f->stop_at > 0 && f->told.len > f->stop_at)
        return err_set(e, STAGE_SETUP, REASON_IO, "full");
    return buf_append_span(&f->told, piece);
}

static bool on_end(void *user, struct err *e)
{
    struct fixture *f = user;
    (void)e;
    return buf_append_byte(&f->told, '\n');
}

static struct archive_sink sink_of(struct fixture *f)
{
    return (struct archive_sink){.user = f, .file = on_file, .data = on_data, .end = on_end};
}

static void write_one(const char *path, const char *source)
{
    struct archive_writer *w = NULL;
    struct err e = {0};
    assert_true(archive_create(path, 1780000000, &w, &e));
    assert_true(archive_put(w, "run/evidence/01.json", span_of_text("{}"), &e));
    assert_true(archive_put(w, "run/nothing", span_of(NULL, 0), &e));
    assert_true(archive_put_file(w, "run/copy", source, 3, &e));
    assert_true(archive_close(w, &e));
}

static void test_comes_out_again(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    struct buf a, b;
    struct archive_sink sink = sink_of(f);
    assert_true(file_write(f->other, span_of_text("abcdef"), 0600, &e));
    write_one(f->path, f->other);
    assert_true(archive_is(f->path));
    assert_false(archive_is(f->other));
    assert_false(archive_is("/nowhere"));
    assert_false(archive_is("/tmp"));
    assert_true(archive_read(f->path, &sink, &e));
    assert_string_equal(buf_text(&f->told), "run/evidence/01.json 2\n{}\nrun/nothing 0\n\nrun/copy 3\nabc\n");
    buf_init(&a, 65536);
    buf_init(&b, 65536);
    assert_true(file_read(f->path, &a, &e));
    write_one(f->path, f->other);
    assert_true(file_read(f->path, &b, &e));
    assert_true(span_equal(buf_span(&a), buf_span(&b)));
    buf_clear(&a);
    buf_clear(&b);
}

static void test_gives_up_cleanly(void **state)
{
    struct fixture *f = *state;
    struct archive_writer *w = NULL;
    struct err e = {0}, shorter = {0};
    assert_false(archive_create("/nowhere/at/all", 0, &w, &e));
    assert_int_equal(e.reason, REASON_IO);
    assert_true(file_write(f->other, span_of_text("abc"), 0600, &shorter));
    assert_true(archive_create(f->path, 0, &w, &shorter));
    assert_false(archive_put_file(w, "x", f->other, 4, &shorter));
    assert_int_equal(shorter.reason, REASON_IO);
    archive_discard(w);
    assert_int_not_equal(access(f->path, F_OK), 0);
    archive_discard(NULL);
}

/* ---- heads ---- */

static void seal(uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    char text[8];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(block + 148, text, 7);
}

static void head(const char *name, uint64_t bytes, uint8_t block[TAR_BLOCK])
{
    struct err e = {0};
    assert_true(tar_head_write(name, bytes, 1, block, &e));
}

static void test_heads(void **state)
{
    (void)state;
    uint8_t block[TAR_BLOCK];
    struct tar_head got;
    struct err e = {0};
    head("a/b/c", 1234567, block);
    assert_true(tar_head_read(block, &got, &e));
    assert_string_equal(got.name, "a/b/c");
    assert_int_equal(got.bytes, 1234567);
    assert_int_equal(got.kind, TAR_FILE);
    memset(block, 0, sizeof block);
    assert_true(tar_head_read(block, &got, &e));
    assert_int_equal(got.kind, TAR_END);
    char name[ARCHIVE_NAME_BYTES + 64];
    memset(name, 'x', sizeof name);
    name[101] = '\0';
    assert_false(tar_head_write(name, 0, 0, block, &e));
    name[100] = '\0';
    head(name, 0, block);
    assert_true(tar_head_read(block, &got, &(struct err){0}));
    assert_string_equal(got.name, name);
    assert_false(tar_head_write("big", ARCHIVE_MAX_BYTES, 0, block, &(struct err){0}));
}

static void refused(const uint8_t block[TAR_BLOCK])
{
    struct tar_head got;
    struct err e = {0};
    assert_false(tar_head_read(block, &got, &e));
    assert_int_equal(e.reason, REASON_USAGE);
}

static void test_refuses_heads(void **state)
{
    static const char *const names[] = {"/etc/x", "../x", "a/../b",  "a/..", "a//b",
                                        "a/./b",  "a\\b", "a\x1b[b", "a\nb"};
    uint8_t block[TAR_BLOCK];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        head("name", 0, block);
        memset(block, 0, 100);
        memcpy(block, names[i], strlen(names[i]));
        seal(block);
        refused(block);
    }
    head("name", 0, block);
    block[0] ^= 1;
    refused(block); /* the sum */
    static const char kinds[] = {'1', '2', '3', '4', '6', '7', 'L', 'S'};
    for (size_t i = 0; i < sizeof kinds; i++) {
        head("name", 0, block);
        block[156] = (uint8_t)kinds[i];
        seal(block);
        refused(block);
    }
    head("name", 0, block);
    block[124] = 0x80; /* a size in binary, beyond octal */
    seal(block);
    refused(block);
    head("name", 0, block);
    memcpy(block + 124, "77777777777", 12); /* 8 GiB less one */
    seal(block);
    struct tar_head got;
    assert_true(tar_head_read(block, &got, &(struct err){0}));
    memcpy(block + 257, "posix", 5);
    seal(block);
    refused(block);
}

static void test_refuses_archives(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[4 * TAR_BLOCK] = {0};
    struct archive_sink sink = sink_of(f);
    struct err e = {0};
    head("a", 600, bytes);
    assert_false(archive_read_bytes(span_of(bytes, 2 * TAR_BLOCK), &sink, &e)); /* cut within the file */
    assert_false(archive_read_bytes(span_of(bytes, 3 * TAR_BLOCK), &sink, &(struct err){0})); /* no end */
    assert_true(archive_read_bytes(span_of(bytes, 4 * TAR_BLOCK), &sink, &e));
    assert_false(archive_read_bytes(span_of(NULL, 0), &sink, &(struct err){0}));
    buf_reset(&f->told);
    f->stop_at = 1;
    struct err full = {0};
    assert_false(archive_read_bytes(span_of(bytes, 4 * TAR_BLOCK), &sink, &full));
    assert_int_equal(full.reason, REASON_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_comes_out_again, up, down),
        cmocka_unit_test_setup_teardown(test_gives_up_cleanly, up, down),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_refuses_heads),
        cmocka_unit_test_setup_teardown(test_refuses_archives, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
