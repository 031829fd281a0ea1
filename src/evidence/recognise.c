/* What a file is, by its first 64 KiB. Names lie: people rename, rotate and zip logs. */
#include "evidence/parts.h"

/* The more telling first. */
static const struct reader *const readers[] = {
    &reader_events_xml, &reader_svclog,     &reader_httperr, &reader_iis,
    &reader_state,      &reader_events_csv, &reader_plugin,
};

/* Text has no NULs but for the runs that a crash leaves. */
static bool is_binary(struct span head)
{
    size_t controls = 0;
    for (size_t i = 0; i < head.len; i++)
        controls += head.data[i] != 0 && head.data[i] < ' ' && head.data[i] != '\t' && head.data[i] != '\n' &&
                    head.data[i] != '\r' && head.data[i] != '\f' && head.data[i] != 0x1B;
    return controls * 50 > head.len;
}

/* The plug-in's log is bare text, and does not always begin with a phrase that is known; but it is no page, table or message. */
static bool may_be_plugin(struct span head)
{
    static const char envelope[] = "<![LOG[";
    struct span text = scan_trim(head);
    if (text.len >= sizeof envelope - 1 && memcmp(text.data, envelope, sizeof envelope - 1) == 0)
        return true;
    return text.len > 0 && strchr("<{[#", text.data[0]) == NULL;
}

const struct reader *recognise(struct span head, enum evidence_kind wanted)
{
    if (head.len == 0 || is_binary(head))
        return NULL;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i]->recognises(head))
            return wanted == EVIDENCE_UNKNOWN || readers[i]->kind == wanted ? readers[i] : NULL;
    }
    return wanted == EVIDENCE_PLUGIN && may_be_plugin(head) ? &reader_plugin : NULL;
}
