/* The catalogue of causes as a page in Markdown. A Windows administrator reads it at night: first what is seen, with the
 * candidates; then what tells look-alikes apart; then each cause in the order in which it is needed. */
#include "report/parts.h"

#include <ctype.h>
#include <string.h>

struct page {
    const struct cause *const *list;
    size_t count;
    struct buf *out;
};

/* Would Markdown take this character of a text for its own? As little as possible is escaped: the page is read raw, too. */
static bool needs_escape(const char *begin, const char *s)
{
    if (*s == '_') /* inside of words it is harmless */
        return s == begin || !isalnum((unsigned char)s[-1]) || !isalnum((unsigned char)s[1]);
    if (*s == '\\')
        return ispunct((unsigned char)s[1]) != 0;
    return strchr("*[]<|&", *s) != NULL;
}

/* In cells of tables a bar is escaped in `code`, too. */
static void text(struct buf *out, const char *s, bool cell)
{
    bool code = false;
    for (const char *begin = s; *s != '\0'; s++) {
        if (*s == '`')
            code = !code;
        if ((*s == '|' && cell) || (!code && needs_escape(begin, s)))
            buf_append_byte(out, '\\');
        buf_append_byte(out, (uint8_t)*s);
    }
}

static void paragraph(struct buf *out, const char *label, const char *s)
{
    buf_appendf(out, "**%s.** ", label);
    text(out, s, false);
    buf_append_text(out, "\n\n");
}

static void numbered(struct buf *out, const char *label, const char *const *items)
{
    buf_appendf(out, "**%s.**\n\n", label);
    for (size_t i = 0; items[i] != NULL; i++) {
        buf_appendf(out, "%zu. ", i + 1);
        text(out, items[i], false);
        buf_append_byte(out, '\n');
    }
    buf_append_byte(out, '\n');
}

static void link_to(struct buf *out, const char *id, size_t *written)
{
    buf_appendf(out, "%s[%s](#%s)", *written > 0 ? ", " : "", id, id);
    ++*written;
}

/* ---- what is seen ---- */

/* As viewers make anchors of headings: in lower case. */
static void link_to_class(struct buf *out, const char *id)
{
    buf_appendf(out, "[%s](#class-", id);
    for (; *id != '\0'; id++)
        buf_append_byte(out, (uint8_t)(*id >= 'A' && *id <= 'Z' ? *id + ('a' - 'A') : *id));
    buf_append_text(out, ")");
}

/* More candidates than a reader takes in stand in the section of their class only. */
#define FEW 8

static size_t members(const struct page *p, const struct causes_class *class)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        count += causes_in_class(p->list[i], class->id);
    return count;
}

static void rows_of_classes(const struct page *p)
{
    for (size_t k = 0; k < causes_class_count(); k++) {
        const struct causes_class *class = causes_class_at(k);
        size_t written = 0;
        buf_append_text(p->out, "| ");
        text(p->out, class->looks, true);
        buf_append_text(p->out, " | ");
        link_to_class(p->out, class->id);
        size_t count = members(p, class);
        if (count > FEW)
            buf_appendf(p->out, ": %zu candidates |\n", count);
        else
            buf_append_text(p->out, ": ");
        for (size_t i = 0; count <= FEW && i < p->count; i++) {
            if (causes_in_class(p->list[i], class->id))
                link_to(p->out, p->list[i]->id, &written);
        }
        if (count <= FEW)
            buf_append_text(p->out, " |\n");
    }
}

static void rows_of_visible_ones(const struct page *p)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t written = 0;
        if (p->list[i]->class_id[0] != '\0')
            continue;
        buf_append_text(p->out, "| ");
        text(p->out, p->list[i]->signature, true);
        buf_append_text(p->out, " | ");
        link_to(p->out, p->list[i]->id, &written);
        buf_append_text(p->out, " |\n");
    }
}

static void what_you_see(const struct page *p)
{
    buf_append_text(p->out,
                    "## What you see\n\n"
                    "What looks the same from outside stands in one row; its class says what splits it.\n\n"
                    "| What you see | Candidates |\n| --- | --- |\n");
    rows_of_classes(p);
    buf_append_text(p->out, "\nThese show what they are:\n\n| What you see | It is |\n| --- | --- |\n");
    rows_of_visible_ones(p);
    buf_append_byte(p->out, '\n');
}

/* ---- what devices show ---- */

static void what_devices_show(const struct page *p)
{
    buf_append_text(p->out, "## What devices and consoles show\n\n"
                            "They name the step that failed, seldom the cause.\n\n"
                            "| Where | Shown | Look at |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < causes_symptom_count(); i++) {
        const struct causes_symptom *s = causes_symptom_at(i);
        buf_appendf(p->out, "| %s | ", s->where);
        text(p->out, s->shown, true);
        buf_append_text(p->out, " | ");
        text(p->out, s->means, true);
        buf_append_text(p->out, " |\n");
    }
    buf_append_byte(p->out, '\n');
}

/* ---- codes ---- */

static bool kind_of(const char *code, const char *kind)
{
    size_t len = strlen(kind);
    return strncmp(code, kind, len) == 0 && code[len] == ' ';
}

static bool has_code(const struct cause *c, const char *code)
{
    for (size_t i = 0; c->codes != NULL && c->codes[i] != NULL; i++) {
        if (strcmp(c->codes[i], code) == 0)
            return true;
    }
    return false;
}

/* The code of this kind that comes next after `last`, 403.4 before 403.14; NULL: that was the last. */
static const char *code_after(const struct page *p, const char *kind, const char *last)
{
    const char *next = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const char *const *codes = p->list[i]->codes;
        for (size_t k = 0; codes != NULL && codes[k] != NULL; k++) {
            if (kind_of(codes[k], kind) && (last == NULL || strverscmp(codes[k], last) > 0) &&
                (next == NULL || strverscmp(codes[k], next) < 0))
                next = codes[k];
        }
    }
    return next;
}

static void candidates_of_code(const struct page *p, const char *code)
{
    size_t count = 0, written = 0;
    for (size_t i = 0; i < p->count; i++)
        count += has_code(p->list[i], code);
    if (count > FEW)
        buf_appendf(p->out, "%zu candidates: look for a second code beside it (HRESULT, sub-status, event)",
                    count);
    for (size_t i = 0; count <= FEW && i < p->count; i++) {
        if (has_code(p->list[i], code))
            link_to(p->out, p->list[i]->id, &written);
    }
}

static void codes_of_kind(const struct page *p, const char *kind, const char *title)
{
    const char *code = code_after(p, kind, NULL);
    if (code == NULL)
        return;
    buf_appendf(p->out, "### %s\n\n| Code | Candidates |\n| --- | --- |\n", title);
    for (; code != NULL; code = code_after(p, kind, code)) {
        buf_append_text(p->out, "| ");
        text(p->out, code + strlen(kind) + 1, true);
        buf_append_text(p->out, " | ");
        candidates_of_code(p, code);
        buf_append_text(p->out, " |\n");
    }
    buf_append_byte(p->out, '\n');
}

static void codes(const struct page *p)
{
    static const char *const kinds[][2] = {
        {"http", "HTTP status, with the sub-status of the IIS log"},
        {"win32", "Win32 status, in the IIS log and in events"},
        {"httperr", "Reasons in the HTTPERR log"},
        {"event", "Events"},
        {"hresult", "HRESULTs, in answers, events and on devices"},
        {"logon", "Status or sub-status of Security event 4625"},
        {"crp", "Codes of the registration point (old Intune connector)"},
        {"text", "Words on pages and in logs"},
    };
    buf_append_text(p->out, "## Codes\n\n");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        codes_of_kind(p, kinds[i][0], kinds[i][1]);
}

/* ---- classes ---- */

static void classes(const struct page *p)
{
    buf_append_text(p->out, "## Look-alikes, and what splits them\n\n");
    for (size_t k = 0; k < causes_class_count(); k++) {
        const struct causes_class *class = causes_class_at(k);
        buf_appendf(p->out, "### Class %s\n\n", class->id);
        text(p->out, class->looks, false);
        buf_append_text(p->out, ". What splits them:\n\n");
        for (size_t i = 0; class->split_by[i] != NULL; i++) {
            buf_append_text(p->out, "- ");
            text(p->out, class->split_by[i], false);
            buf_append_byte(p->out, '\n');
        }
        buf_append_text(p->out, "\n| Candidate | |\n| --- | --- |\n");
        for (size_t i = 0; i < p->count; i++) {
            size_t written = 0;
            if (!causes_in_class(p->list[i], class->id))
                continue;
            buf_append_text(p->out, "| ");
            link_to(p->out, p->list[i]->id, &written);
            buf_append_text(p->out, " | ");
            text(p->out, p->list[i]->title, true);
            buf_append_text(p->out, " |\n");
        }
        buf_append_byte(p->out, '\n');
    }
}

/* ---- each cause ---- */

/* A cause of several classes has look-alikes in each of them. */
static void look_alikes(const struct page *p, const struct cause *c)
{
    for (size_t k = 0; k < causes_class_count(); k++) {
        const struct causes_class *class = causes_class_at(k);
        size_t written = 0, others = members(p, class) - 1;
        if (!causes_in_class(c, class->id))
            continue;
        buf_append_text(p->out, "Looks the same (class ");
        link_to_class(p->out, class->id);
        buf_append_text(p->out, "): ");
        if (others > FEW)
            buf_appendf(p->out, "%zu others", others);
        for (size_t i = 0; others <= FEW && i < p->count; i++) {
            if (p->list[i] != c && causes_in_class(p->list[i], class->id))
                link_to(p->out, p->list[i]->id, &written);
        }
        buf_append_text(p->out, ".\n\n");
    }
}

static void stages(struct buf *out, const struct cause_stages *at)
{
    const char *const cells[] = {at->transport, at->bare, at->caps, at->ca_cert,
                                 at->otp,       at->post, at->get,  at->poll};
    buf_append_text(out, "| TCP, TLS | bare URL | GetCACaps | GetCACert | OTP page | POST | GET | poll |\n"
                         "| --- | --- | --- | --- | --- | --- | --- | --- |\n|");
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        buf_append_byte(out, ' ');
        text(out, cells[i], true);
        buf_append_text(out, " |");
    }
    buf_append_text(out, "\n\n");
}

/* What is seldom needed folds away. */
static void details(struct buf *out, const struct cause *c)
{
    const char *const shown[][2] = {{"iPhone, iPad", c->symptom_ios},
                                    {"Android", c->symptom_android},
                                    {"Windows", c->symptom_windows},
                                    {"Mac", c->symptom_macos},
                                    {"Console", c->symptom_console}};
    buf_append_text(out, "<details><summary>Stage by stage, devices, sources</summary>\n\n");
    stages(out, &c->at);
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        buf_appendf(out, "- %s: ", shown[i][0]);
        text(out, shown[i][1], false);
        buf_append_byte(out, '\n');
    }
    for (size_t i = 0; c->runbook != NULL && c->runbook[i] != NULL; i++) {
        buf_append_text(out, "- Runbook: ");
        text(out, c->runbook[i], false);
        buf_append_byte(out, '\n');
    }
    for (size_t i = 0; c->sources[i] != NULL; i++)
        buf_appendf(out, "- <%s>\n", c->sources[i]);
    buf_appendf(out, "- Basis: %s%s\n\n</details>\n\n", causes_basis_id(c->basis),
                c->simulated ? "; the simulator plays it" : "");
}

static void one_cause(const struct page *p, const struct cause *c)
{
    buf_appendf(p->out, "### %s\n\n**", c->id);
    text(p->out, c->title, false);
    buf_append_text(p->out, "**\n\n");
    paragraph(p->out, "You see", c->signature);
    look_alikes(p, c);
    paragraph(p->out, "What settles it", c->decided_by);
    numbered(p->out, "Look", c->steps);
    numbered(p->out, "Do", c->resolution);
    numbered(p->out, "So that it stays away", c->prevention);
    details(p->out, c);
}

static bool in_group(const struct cause *c, const struct causes_group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        if (&g->causes[i] == c)
            return true;
    }
    return false;
}

static bool in_catalogue(const struct cause *c)
{
    return causes_find(c->id) == c;
}

static void group(const struct page *p, const struct causes_group *g)
{
    bool begun = false;
    for (size_t i = 0; i < p->count; i++) {
        if (g != NULL ? !in_group(p->list[i], g) : in_catalogue(p->list[i]))
            continue;
        if (!begun)
            buf_appendf(p->out, "## %s\n\n", g != NULL ? g->title : "Your own");
        begun = true;
        one_cause(p, p->list[i]);
    }
}

static const char introduction[] =
    "# Why SCEP enrollments at NDES fail\n\n"
    "1. Find what you see in the tables below; they lead to the candidates.\n"
    "2. Several candidates? Their class says which log line splits them.\n"
    "3. At the cause: what settles it, where to look, what to do.\n\n"
    "Commands are for an elevated Windows PowerShell 5.1 on the NDES server unless they say otherwise; "
    "`<...>` is for you to "
    "fill in. `Get-ADUser` and its kin need the ActiveDirectory module: run them on a domain controller.\n\n"
    "- IIS log: `C:\\inetpub\\logs\\LogFiles\\W3SVC1`, in UTC. \"403 7 5\" in it are status, sub-status and "
    "win32 status. IIS "
    "writes late: `netsh http flush logbuffer` first.\n"
    "- HTTPERR log: `C:\\Windows\\System32\\LogFiles\\HTTPERR`, in UTC: what HTTP.sys answered without IIS.\n"
    "- NDES events: "
    "`Get-WinEvent -FilterHashtable @{LogName='Application';"
    "ProviderName='Microsoft-Windows-NetworkDeviceEnrollmentService'} -MaxEvents 20`, in local time. None? "
    "Then the request "
    "did not get that far.\n"
    "- Who answered: `Server: Microsoft-HTTPAPI/2.0` is HTTP.sys (@hs), `Microsoft-IIS` is IIS or NDES "
    "(@iis), anything else "
    "stands in between (@px).\n"
    "- A refused password is 200 in the IIS log: the reason is inside the answer, as failInfo and HRESULT "
    "(\"F 1 "
    "0x80070490\"). P is PENDING, S SUCCESS, nonCMS an answer that is no SCEP message.\n"
    "- Restarting IIS or the SCEP pool voids every one-time password that devices still hold, and start-up "
    "checks come due "
    "(RA certificates, CRLs, account): look first, restart second.\n\n";

bool report_causes_page(const struct cause *const *list, size_t count, struct buf *out, struct err *e)
{
    struct page p = {list, count, out};
    buf_append_text(out, introduction);
    what_you_see(&p);
    what_devices_show(&p);
    codes(&p);
    classes(&p);
    for (size_t i = 0; i < causes_group_count(); i++)
        group(&p, causes_group_at(i));
    group(&p, NULL);
    return buf_ok(out, STAGE_SETUP, e);
}
