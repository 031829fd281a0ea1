#include "ndes/notes.h"

#include "pki/name.h"

static struct ndes_note *add(const char *event, struct ndes_reply *reply)
{
    for (size_t i = 0; i < NDES_NOTES; i++) {
        if (reply->notes[i].event == NULL) {
            reply->notes[i].event = event;
            return &reply->notes[i];
        }
    }
    return NULL;
}

static void put(struct ndes_note *note, size_t index, const char *text)
{
    snprintf(note->values[index], sizeof note->values[index], "%s", text);
}

void ndes_note_refused(const struct ndes_refusal *why, struct ndes_reply *reply)
{
    struct ndes_note *note = why->event != NULL ? add(why->event, reply) : NULL;
    if (note == NULL || strcmp(why->event, "NDES 31") != 0)
        return;
    const char *words = why->logged != NULL ? why->logged : "";
    char code[16];
    snprintf(code, sizeof code, "0x%08x", (unsigned)why->hresult);
    put(note, 0, why->by_ca ? words : code);
    put(note, 1, why->by_ca ? "0x80004005" : words);
    size_t end = strlen(note->values[why->by_ca ? 0 : 1]);
    if (end > 0 && end + 1 < sizeof note->values[0])
        memcpy(note->values[why->by_ca ? 0 : 1] + end, " ",
               2); /* as in exports: system texts end with a blank */
}

/* The words of a reply end with "(-2146877422 CERTSRV_E_TEMPLATE_DENIED) Denied by Policy Module". */
void ndes_note_denied(const struct ndes_refusal *why, uint32_t number, struct span subject,
                      struct ndes_reply *reply)
{
    struct ndes_note *note = why->ca_event != NULL ? add(why->ca_event, reply) : NULL;
    if (note == NULL)
        return;
    snprintf(note->values[0], sizeof note->values[0], "%u", (unsigned)number);
    const char *text = why->text != NULL ? why->text : "";
    const char *end = strrchr(text, ')');
    size_t len = end != NULL ? (size_t)(end - text) + 1 : strlen(text);
    snprintf(note->values[1], sizeof note->values[1], "%.*s", (int)len, text);
    put(note, 3, text[len] != '\0' ? text + len + 1 : "Denied by Policy Module");
    struct buf name;
    struct err ignored = {0};
    buf_init(&name, sizeof note->values[2] - 1);
    if (pki_name_to_text(subject, &name, &ignored) && buf_text(&name) != NULL)
        put(note, 2, buf_text(&name));
    buf_clear(&name);
}

void ndes_note_unread(enum ndes_unread how, struct ndes_reply *reply)
{
    switch (how) {
    case NDES_READ:
        return;
    case NDES_UNREAD_HTTP:
        add("NDES 16", reply);
        return;
    case NDES_UNREAD_PKCS7:
        add("NDES 17", reply);
        return;
    case NDES_UNREAD_ENVELOPE:
        add("NDES 18", reply);
        return;
    }
}

void ndes_note_no_permission(struct ndes_reply *reply)
{
    add("NDES 6", reply);
}

/* Locked accounts and rights that are missing say so in Status, the others in SubStatus (G.5). */
static const struct logon_failure {
    uint32_t win32;
    const char *status, *sub_status, *reason;
} logon_failures[] = {
    {1326, "0xC000006D", "0xC000006A", "%%2313"}, {1327, "0xC000006E", "0x0", "%%2312"},
    {1328, "0xC000006E", "0xC000006F", "%%2311"}, {1330, "0xC000006E", "0xC0000071", "%%2309"},
    {1331, "0xC000006E", "0xC0000072", "%%2310"}, {1385, "0xC000015B", "0x0", "%%2308"},
    {1793, "0xC000006E", "0xC0000193", "%%2305"}, {1907, "0xC0000224", "0x0", "%%2309"},
    {1909, "0xC0000234", "0x0", "%%2307"},
};

void ndes_note_logon(uint32_t win32, const char *user, struct ndes_reply *reply)
{
    for (size_t i = 0; i < sizeof logon_failures / sizeof logon_failures[0]; i++) {
        const struct logon_failure *failure = &logon_failures[i];
        struct ndes_note *note = failure->win32 == win32 ? add("Security 4625", reply) : NULL;
        if (note == NULL)
            continue;
        put(note, 0, user != NULL && user[0] != '\0' ? user : "{otp-user}");
        put(note, 1, failure->status);
        put(note, 2, failure->sub_status);
        put(note, 3, "3");
        put(note, 4, "{client}");
        put(note, 5, failure->reason);
    }
}
