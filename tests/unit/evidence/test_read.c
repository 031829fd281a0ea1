// links: PkgConfig::ZLIB
#include "check.h"

#include "base/file.h"
#include "told.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define IIS "#Fields: date time cs-uri-stem sc-status\n2026-06-18 10:00:00 /certsrv/mscep/ 500\n"

static void pack(struct span plain, struct buf *out)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = plain.len + 1000;
    uint8_t *copy = malloc(plain.len), *to = buf_reserve(out, room);
    assert_non_null(copy);
    assert_non_null(to);
    memcpy(copy, plain.data, plain.len);
    z.next_in = copy;
    z.avail_in = (uInt)plain.len;
    z.next_out = to;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += room - z.avail_out;
    deflateEnd(&z);
    free(copy);
}

static void unpacks_several_members(void **state)
{
    (void)state;
    struct buf log;
    struct told t;
    buf_init(&log, 100000);
    pack(span_of_text(IIS), &log);
    pack(span_of_text(IIS), &log);
    buf_append(&log, "\0\0\0\0", 4);
    told_bytes(&t, buf_span(&log), EVIDENCE_UNKNOWN, NULL);
    assert_int_equal(t.file.records, 2);
    assert_int_equal(t.file.bytes, 2 * strlen(IIS));
    assert_string_equal(t.file.problem, "");
    told_clear(&t);
    log.len = 60;
    told_bytes(&t, buf_span(&log), EVIDENCE_UNKNOWN, NULL);
    assert_true(t.ok);
    assert_string_not_equal(t.file.problem, "");
    told_clear(&t);
    buf_clear(&log);
}

static void reads_a_packed_incident(void **state)
{
    (void)state;
    struct told t;
    told_path(&t, "vectors/evidence/u_ex260504.log.gz");
    assert_int_equal(t.file.kind, EVIDENCE_IIS);
    assert_int_equal(t.file.lines, 60);
    told_clear(&t);
}

static void refuses_another_kind(void **state)
{
    (void)state;
    struct told t;
    told_bytes(&t, span_of_text(IIS), EVIDENCE_HTTPERR, NULL);
    assert_false(t.ok);
    assert_int_equal(t.error.reason, REASON_USAGE);
    told_clear(&t);
    told_bytes(&t, span_of_text("just words\n"), EVIDENCE_IIS, NULL);
    assert_false(t.ok);
    told_clear(&t);
    told_bytes(&t, span_of_text(""), EVIDENCE_IIS, NULL); /* a quiet day */
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_IIS);
    told_clear(&t);
}

static void says_what_it_cannot_open(void **state)
{
    (void)state;
    struct told t;
    told_path(&t, "vectors/evidence/none");
    assert_false(t.ok);
    assert_int_equal(t.error.reason, REASON_IO);
    assert_non_null(strstr(t.error.text, "vectors/evidence/none"));
    told_clear(&t);
    told_path(&t, "vectors/evidence");
    assert_false(t.ok);
    told_clear(&t);
}

static void leaves_strangers_alone(void **state)
{
    (void)state;
    static const char *const strangers[] = {
        "{\"cause\": null}\n",
        "May  9 21:30:11 host sshd[1]: Accepted publickey\n",
        "name,id\nx,1\n",
        "\177ELF\x02\x01\x01",
        "<html><body>VerifyRequest</body></html>\n",
        "192.0.2.1 - - [09/May/2026:21:30:11 +0000] \"GET / HTTP/1.1\" 200 1\n",
        "#Fields: x-edge-location c-ip time\na b c\n",
        "<?xml version='1.0'?><rss><EventLog/></rss>",
        "<Events><Event id='1'>Party</Event></Events>",
    };
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        struct told t;
        told_text(&t, strangers[i]);
        assert_true(t.ok);
        assert_int_equal(t.file.kind, EVIDENCE_UNKNOWN);
        assert_int_equal(t.records, 0);
        told_clear(&t);
    }
}

/* ---- .evtx ---- */

static void reads_evtx(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        uint64_t records, damaged;
        const char *node, *has;
    } files[] = {
        {"vectors/evidence/windows-security.evtx", 7, 0, "temporal",
         "Security|Microsoft-Windows-Security-Auditing|temporal 4776 level 0 #319457831 "
         "{PackageName=MICROSOFT_AUTHENTICATION_PACKAGE_V1_0} {TargetUserName=Administrator} "
         "{Workstation=TEMPORAL} "
         "{Status=0xc000006a}"},
        {"vectors/evidence/windows-application.evtx", 17, 0, "DESKTOP-0HIJB49",
         "Application|SecurityCenter|DESKTOP-0HIJB49 15 level 4 #427 {=Windows Defender}"},
        {"vectors/evidence/windows-capi2.evtx.gz", 337, 3, "WIN-M5327EF98B9",
         "{RevocationResult.value=80092012} {RevocationResult=The revocation function was unable to check"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct told t;
        told_path(&t, files[i].path);
        assert_true(t.ok);
        assert_int_equal(t.file.kind, EVIDENCE_EVENTS);
        assert_int_equal(t.file.records, files[i].records);
        assert_int_equal(t.file.damaged, files[i].damaged);
        assert_string_equal(t.file.node, files[i].node);
        assert_non_null(strstr(told_trace(&t), files[i].has));
        assert_memory_equal(told_trace(&t), "0 ", 2); /* no lines */
        told_clear(&t);
    }
}

static void survives_damaged_evtx(void **state)
{
    (void)state;
    static const uint8_t stub[64] = "ElfFile";
    struct told t;
    told_bytes(&t, span_of(stub, sizeof stub), EVIDENCE_UNKNOWN, NULL);
    assert_true(t.ok);
    assert_int_equal(t.file.damaged, 1);
    assert_string_not_equal(t.file.problem, "");
    told_clear(&t);
}

static void says_that_evtx_is_cut(void **state)
{
    (void)state;
    struct buf log;
    struct told t;
    struct err e = {0};
    buf_init(&log, (size_t)1 << 20);
    CHECK_OK(file_read("vectors/evidence/windows-security.evtx", &log, &e), &e);
    told_bytes(&t, span_of(log.data, 30000), EVIDENCE_EVENTS, NULL);
    assert_true(t.ok);
    assert_int_equal(t.file.records, 0);
    assert_int_equal(t.file.damaged, 1);
    assert_string_equal(t.file.problem, "it is cut off");
    told_clear(&t);
    buf_clear(&log);
}

/* ---- folders ---- */

struct tree {
    char root[64];
};

static void put(const struct tree *tree, const char *path, const char *text)
{
    char full[512];
    struct err e = {0};
    snprintf(full, sizeof full, "%s/%s", tree->root, path);
    for (char *slash = full + strlen(tree->root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(full, 0777);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    (void)e;
}

static void list_file(const struct evidence_file *f, void *user)
{
    buf_appendf(user, "%s %s '%s' %llu\n", f->path, evidence_kind_id(f->kind), f->node,
                (unsigned long long)f->records);
}

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char full[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
        if (unlink(full) != 0)
            remove_tree(full);
    }
    if (folder != NULL)
        closedir(folder);
    rmdir(path);
}

static void walks_folders_in_order(void **state)
{
    (void)state;
    struct tree tree = {.root = "/tmp/evidence-XXXXXX"};
    struct buf list;
    struct err e = {0};
    struct evidence_sink sink = {.file = list_file, .user = &list};
    char link[128];
    buf_init(&list, 100000);
    assert_non_null(mkdtemp(tree.root));
    put(&tree, "b.log", IIS);
    put(&tree, "NDES01/W3SVC1/renamed.txt", IIS);
    put(&tree, "NDES01/state/x", "Spn,Account\nHTTP/a,b\n");
    put(&tree, "NDES02/system.xml",
        "<Event><System><EventID>1</EventID><Computer>ndes02.test</Computer></System></Event>");
    put(&tree, "1/2/3/4/5/6/7/eight.log", IIS);
    put(&tree, "1/2/3/4/5/6/7/8/too-deep.log", IIS);
    put(&tree, "readme", "hello\n");
    snprintf(link, sizeof link, "%s/link", tree.root);
    assert_int_equal(symlink(tree.root, link), 0);
    CHECK_OK(evidence_read_folder(tree.root, NULL, &sink, &e), &e);
    assert_string_equal(buf_text(&list), "1/2/3/4/5/6/7/8 unknown '' 0\n"
                                         "1/2/3/4/5/6/7/eight.log iis '1' 1\n"
                                         "NDES01/W3SVC1/renamed.txt iis 'NDES01' 1\n"
                                         "NDES01/state/x state 'NDES01' 1\n"
                                         "NDES02/system.xml events 'ndes02.test' 1\n"
                                         "b.log iis '' 1\n"
                                         "link unknown '' 0\n"
                                         "readme unknown '' 0\n");
    remove_tree(tree.root);
    assert_false(evidence_read_folder(tree.root, NULL, &sink, &e));
    assert_int_equal(e.reason, REASON_IO);
    buf_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_several_members), cmocka_unit_test(reads_a_packed_incident),
        cmocka_unit_test(refuses_another_kind),    cmocka_unit_test(says_what_it_cannot_open),
        cmocka_unit_test(leaves_strangers_alone),  cmocka_unit_test(reads_evtx),
        cmocka_unit_test(survives_damaged_evtx),   cmocka_unit_test(says_that_evtx_is_cut),
        cmocka_unit_test(walks_folders_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
