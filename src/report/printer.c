#include "report/printer.h"

#include <string.h>

void printer_ink(const struct printer *p, enum ink ink)
{
    if (p->colour)
        fputs(ink_on(ink), p->to);
}

void printer_ink_off(const struct printer *p, enum ink ink)
{
    if (p->colour && ink != INK_PLAIN)
        fputs(INK_OFF, p->to);
}

/* Control characters from servers must not drive the terminal, nor those of C1, which take two bytes in UTF-8. */
static void put_clean(const struct printer *p, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool c1 = c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
        i += c1;
        fputc(c == PRINTER_TIE ? ' ' : c < 0x20 || c == 0x7f || c1 ? '?' : c, p->to);
    }
}

/* Characters, not bytes: UTF-8 continuation bytes take no column. */
static unsigned columns(const char *text, size_t len)
{
    unsigned count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Where the words have come to. */
struct flow {
    unsigned column, indent;
    bool first; /* nothing stands in front that a blank would have to follow */
};

static void pour(const struct printer *p, const char *text, struct flow *f)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        unsigned wide = columns(text, word);
        bool fits = f->column + (f->first ? 0 : 1) + wide <= p->width;
        if (!fits && f->column > f->indent) {
            fprintf(p->to, "\n%*s", (int)f->indent, "");
            f->column = f->indent;
        } else if (!f->first) {
            fputc(' ', p->to);
            f->column++;
        }
        put_clean(p, text, word);
        f->column += wide;
        f->first = false;
        text += word;
        text += strspn(text, " ");
    }
}

void printer_wrap(const struct printer *p, const char *text, unsigned at, unsigned indent)
{
    struct flow f = {at, indent, true};
    pour(p, text, &f);
    fputc('\n', p->to);
}

void printer_entry(const struct printer *p, unsigned indent, const char *label, const char *words)
{
    unsigned at = indent + columns(label, strlen(label));
    fprintf(p->to, "%*s", (int)indent, "");
    if (at <= p->width / 3) {
        put_clean(p, label, strlen(label));
        printer_wrap(p, words, at, at);
        return;
    }
    struct flow f = {indent, indent + 2, true};
    pour(p, label, &f);
    pour(p, words, &f);
    fputc('\n', p->to);
}

void printer_heading(const struct printer *p, const char *words)
{
    fputc('\n', p->to);
    printer_ink(p, INK_BOLD);
    printer_wrap(p, words, 0, 2);
    printer_ink_off(p, INK_BOLD);
}

/* Up to the next blank that no quotes keep. */
static size_t shell_word(const char *text)
{
    bool quoted = false;
    size_t len = 0;
    for (; text[len] != '\0' && (quoted || text[len] != ' '); len++)
        quoted ^= text[len] == '\'';
    return len;
}

void printer_command(const struct printer *p, unsigned indent, const char *label, const char *command)
{
    fprintf(p->to, "%*s%s", (int)indent, "", label);
    unsigned column = indent + (unsigned)strlen(label), inner = indent + 2;
    for (bool first = true; *command != '\0'; first = false) {
        size_t word = shell_word(command);
        unsigned wide = columns(command, word);
        bool fits = column + (first ? 0 : 1) + wide + 2 <= p->width; /* a backslash may have to follow */
        if (!fits && !first && p->folds_commands) {
            fprintf(p->to, " \\\n%*s", (int)inner, "");
            column = inner;
        } else if (!first) {
            fputc(' ', p->to);
            column++;
        }
        put_clean(p, command, word);
        column += wide;
        command += word;
        command += strspn(command, " ");
    }
    fputc('\n', p->to);
}
