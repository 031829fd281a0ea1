#include "challenge/challenge.h"

#include "base/file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[64], file[96], journal[96];
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->folder, sizeof p->folder, "/tmp/scepstorm-list-XXXXXX");
    if (p == NULL || mkdtemp(p->folder) == NULL)
        return 1;
    snprintf(p->file, sizeof p->file, "%s/otp.txt", p->folder);
    snprintf(p->journal, sizeof p->journal, "%s/otp.txt.used", p->folder);
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    struct place *p = *state;
    unlink(p->file);
    unlink(p->journal);
    rmdir(p->folder);
    free(p);
    return 0;
}

static void put(const char *path, const char *content)
{
    struct err e = {0};
    assert_true(file_write(path, span_of_text(content), 0600, &e));
}

static struct challenge_list *open_list(struct place *p, char *column)
{
    struct challenge_config config = {.source = CHALLENGE_FILE, .file = p->file, .column = column};
    struct challenge_list *list = NULL;
    struct err e = {0};
    if (!challenge_list_open(&config, &list, &e))
        fail_msg("%s", e.text);
    return list;
}

static void assert_refused(struct place *p, char *column, const char *says)
{
    struct challenge_config config = {.source = CHALLENGE_FILE, .file = p->file, .column = column};
    struct challenge_list *list = NULL;
    struct err e = {0};
    assert_false(challenge_list_open(&config, &list, &e));
    assert_null(list);
    if (e.reason != REASON_USAGE || strstr(e.text, says) == NULL)
        fail_msg("'%s' instead of '%s'", e.text, says);
}

static void assert_next(struct challenge_list *list, const char *expected)
{
    struct secret *s = NULL;
    struct err e = {0};
    bool ok = challenge_list_take(list, &s, &e);
    if (expected == NULL) {
        assert_false(ok);
        assert_int_equal(e.reason, REASON_OTP_EXHAUSTED);
        return;
    }
    if (!ok || !span_equal_text(secret_value(s), expected))
        fail_msg("%s: %s", expected, ok ? (const char *)secret_value(s).data : e.text);
    secret_free(s);
}

static void each_once_in_order(void **state)
{
    struct place *p = *state;
    put(p->file, "\xef\xbb\xbfone\r\n\ntwo\n\nthree");
    struct challenge_list *list = open_list(p, NULL);
    assert_int_equal(challenge_list_left(list), 3);
    assert_next(list, "one");
    assert_next(list, "two");
    assert_next(list, "three");
    assert_int_equal(challenge_list_left(list), 0);
    assert_next(list, NULL);
    challenge_list_close(list);
}

/* A run that ends, however it ends, leaves the rest for the next one; a longer file goes on behind it. */
static void never_again_after_a_restart(void **state)
{
    struct place *p = *state;
    put(p->file, "one\ntwo\nthree\n");
    pid_t child = fork();
    if (child == 0) {
        struct challenge_list *list = open_list(p, NULL);
        assert_next(list, "one");
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct challenge_list *list = open_list(p, NULL);
    assert_int_equal(challenge_list_left(list), 2);
    assert_next(list, "two");
    challenge_list_close(list);
    put(p->file, "zero\none\ntwo\nthree\n");
    list = open_list(p, NULL);
    assert_next(list, "zero");
    assert_next(list, "three");
    assert_next(list, NULL);
    challenge_list_close(list);
    struct stat st;
    assert_int_equal(stat(p->journal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 4 * 17);
}

static void columns(void **state)
{
    struct place *p = *state;
    char otp[] = "otp", pin[] = "pin", none[] = "none";
    put(p->file, "name,otp,pin\r\na,x1,\"1\"\"2\"\r\n\"b,\nc\",\"x,2\",3\r\n\r\nd,x3,4");
    struct challenge_list *list = open_list(p, otp);
    assert_next(list, "x1");
    assert_next(list, "x,2");
    assert_next(list, "x3");
    assert_next(list, NULL);
    challenge_list_close(list);
    unlink(p->journal);
    list = open_list(p, pin);
    assert_next(list, "1\"2");
    assert_next(list, "3");
    challenge_list_close(list);
    assert_refused(p, none, ":1: there is no such column");
}

static void files_that_are_none(void **state)
{
    static const struct {
        bool csv;
        const char *content, *says;
    } rows[] = {
        {false, "", "holds no password"},
        {false, "\n\r\n", "holds no password"},
        {false, "one\ntwo\none\n", ":3: the same password stands in line 1"},
        {false, "one\n two\n", ":2: the password begins or ends with a blank"},
        {false, "one\nt\two\n", ":2: the password has a control character"},
        {true, "otp\n", "holds no password"},
        {true, "otp,otp\na,b\n", ":1: two columns"},
        {true, "otp,b\na\n", ":2: more or fewer fields"},
        {true, "otp,b\na,b,c\n", ":2: more or fewer fields"},
        {true, "otp,b\n,c\n", ":2: the password is empty"},
        {true, "b,otp\n\"1\n2\",a\n3,a\n", ":4: the same password stands in line 3"},
        {true, "otp\n\"a\n", ":2: a quote is opened"},
        {true, "otp\n\"a\"b\n", ":2: characters follow"},
        {true, "otp\na\"b\n", ":2: a quote within"},
    };
    struct place *p = *state;
    char otp[] = "otp";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(p->file, rows[i].content);
        assert_refused(p, rows[i].csv ? otp : NULL, rows[i].says);
    }
    static char long_line[40000];
    memset(long_line, 'x', sizeof long_line - 1);
    put(p->file, long_line);
    assert_refused(p, NULL, ":1: more than 16 KiB");
    long_line[16385] = '\0';
    put(p->file, long_line);
    assert_refused(p, NULL, ":1: the password is longer than 16 KiB");
    put(p->file, "one\n");
    assert_int_equal(chmod(p->file, 0640), 0);
    assert_refused(p, NULL, "chmod 600");
    unlink(p->file);
    assert_refused(p, NULL, "cannot open");
    assert_int_not_equal(access(p->journal, F_OK), 0); /* a file that is refused leaves nothing behind */
}

static void one_run_at_a_time(void **state)
{
    struct place *p = *state;
    put(p->file, "one\ntwo\n");
    struct challenge_list *list = open_list(p, NULL);
    assert_refused(p, NULL, "another run");
    challenge_list_close(list);
    challenge_list_close(open_list(p, NULL));
}

/* Another name, another journal: still the same passwords. */
static void links_and_journals_make_no_second_file(void **state)
{
    struct place *p = *state;
    char link[96], elsewhere[96];
    snprintf(link, sizeof link, "%s/link", p->folder);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", p->folder);
    put(p->file, "one\ntwo\n");
    assert_int_equal(symlink(p->file, link), 0);
    struct challenge_list *list = open_list(p, NULL), *second = NULL;
    assert_next(list, "one");
    struct challenge_config config = {.source = CHALLENGE_FILE, .file = p->file, .journal = elsewhere};
    struct err e = {0};
    assert_false(challenge_list_open(&config, &second, &e));
    assert_non_null(strstr(e.text, "another run"));
    challenge_list_close(list);
    config = (struct challenge_config){.source = CHALLENGE_FILE, .file = link};
    assert_true(challenge_list_open(&config, &second, &e));
    assert_next(second, "two");
    challenge_list_close(second);
    unlink(elsewhere);
    unlink(link);
}

#define ONE "7692c3ad3540bb80" /* of "one" */

static void torn_journals(void **state)
{
    static const struct {
        const char *journal;
        const char *next; /* NULL: refused */
    } rows[] = {
        {"", "one"},
        {"7692c", "one"},
        {ONE, "one"},
        {ONE "\n", "two"},
        {ONE "\n12", "two"},
        {"0123456789abcdef\n" ONE "\n", "two"},
        {"root:x:0:0\n", NULL},
        {ONE "\nhello", NULL},
        {ONE "\r\n", NULL},
        {"7692C3AD3540BB80\n", NULL},
    };
    struct place *p = *state;
    put(p->file, "one\ntwo\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(p->journal, rows[i].journal);
        if (rows[i].next == NULL) {
            struct buf left;
            struct err e = {0};
            assert_refused(p, NULL, "no journal");
            buf_init(&left, 4096);
            assert_true(file_read(p->journal, &left, &e));
            assert_true(span_equal_text(buf_span(&left), rows[i].journal)); /* untouched */
            buf_clear(&left);
            continue;
        }
        struct challenge_list *list = open_list(p, NULL);
        assert_next(list, rows[i].next);
        challenge_list_close(list);
        list = open_list(p, NULL); /* repaired: what was added is read back */
        assert_int_equal(challenge_list_left(list), strcmp(rows[i].next, "one") == 0 ? 1 : 0);
        challenge_list_close(list);
    }
}

/* Somebody edits the file during a run: a password is never guessed. */
static void changed_files(void **state)
{
    struct place *p = *state;
    put(p->file, "one\ntwo\n");
    struct challenge_list *list = open_list(p, NULL);
    FILE *f = fopen(p->file, "r+");
    assert_true(f != NULL && fputs("eno", f) >= 0 && fclose(f) == 0);
    struct secret *s = NULL;
    struct err e = {0};
    assert_false(challenge_list_take(list, &s, &e));
    assert_int_equal(e.reason, REASON_IO);
    assert_non_null(strstr(e.text, "changed"));
    challenge_list_close(list);
}

static void many(void **state)
{
    struct place *p = *state;
    const unsigned count = 20000;
    FILE *f = fopen(p->file, "w");
    for (unsigned i = 0; i < count; i++)
        fprintf(f, "password-%05u\n", i);
    assert_true(fchmod(fileno(f), 0600) == 0 && fclose(f) == 0);
    struct challenge_list *list = open_list(p, NULL);
    assert_int_equal(challenge_list_left(list), count);
    for (unsigned i = 0; i < count; i++) {
        char expected[32];
        snprintf(expected, sizeof expected, "password-%05u", i);
        assert_next(list, expected);
    }
    challenge_list_close(list);
    list = open_list(p, NULL);
    assert_int_equal(challenge_list_left(list), 0);
    challenge_list_close(list);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(each_once_in_order),
        IN_PLACE(never_again_after_a_restart),
        IN_PLACE(columns),
        IN_PLACE(files_that_are_none),
        IN_PLACE(one_run_at_a_time),
        IN_PLACE(links_and_journals_make_no_second_file),
        IN_PLACE(torn_journals),
        IN_PLACE(changed_files),
        IN_PLACE(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
