/* Text logs of Intune's policy module and registration point (ndes.md G.3). */
#include "traces/internal.h"

#include <strings.h>

#define THREAD 2632 /* of w3wp.exe; one is as good as another */

/* Whether a line tells of a failure: the envelope's type 3 makes it red in the viewer. */
static bool is_failure(const char *line)
{
    static const char *const words[] = {"returns false", "returns <", "Failed", "Error", "CERT_CN_INVALID"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasestr(line, words[i]) != NULL)
            return true;
    }
    const char *code = strstr(line, " with 0x");
    return code != NULL && strcmp(code, " with 0x0") != 0;
}

/* The envelope of Configuration Manager's logs; its use here is inferred (G.3). Times are local there: the simulated server
 * stands in UTC. */
void traces_plugin(struct traces *t, int64_t when_us, const char *line)
{
    struct traces_time at = traces_time_of(when_us);
    struct buf *out = traces_writer_begin(&t->plugin);
    if (out != NULL) {
        buf_appendf(out,
                    "<![LOG[%s]LOG]!><time=\"%02d:%02d:%02d.%03d+000\" date=\"%02d-%02d-%04d\" "
                    "component=\"NDESPlugin\" context=\"\" type=\"%d\" thread=\"%d\" "
                    "file=\"ndesplugin.cpp:1\">\r\n",
                    line, at.hour, at.minute, at.second, at.microsecond / 1000, at.month, at.day, at.year,
                    is_failure(line) ? 3 : 1, THREAD);
    }
    traces_writer_end(&t->plugin);
}

/* A trace of .NET: elements one after the other, without a root. */
void traces_svclog(struct traces *t, int64_t when_us, const char *message)
{
    struct traces_time at = traces_time_of(when_us);
    bool failure = is_failure(message) || strcasestr(message, "False") != NULL ||
                   strcasestr(message, "could not") != NULL;
    struct buf *out = traces_writer_begin(&t->svclog);
    if (out != NULL) {
        buf_appendf(
            out,
            "<E2ETraceEvent xmlns=\"http://schemas.microsoft.com/2004/06/E2ETraceEvent\"><System "
            "xmlns=\"http://schemas.microsoft.com/2004/06/windows/eventlog/system\"><EventID>0</EventID>"
            "<Type>3</Type><SubType Name=\"%s\">0</SubType><Level>%d</Level><TimeCreated "
            "SystemTime=\"%04d-%02d-%02dT%02d:%02d:%02d.%06d0Z\" />"
            "<Source Name=\"CertificateRegistrationPoint\" /><Correlation "
            "ActivityID=\"{00000000-0000-0000-0000-000000000000}\" /><Execution ProcessName=\"w3wp\" "
            "ProcessID=\"7024\" ThreadID=\"12\" /><Channel /><Computer>",
            failure ? "Error" : "Information", failure ? 2 : 8, at.year, at.month, at.day, at.hour, at.minute,
            at.second, at.microsecond);
        traces_xml(span_of_text(t->facts.node), out);
        buf_append_text(out, "</Computer></System><ApplicationData>");
        traces_xml(span_of_text(message), out);
        buf_append_text(out, "</ApplicationData></E2ETraceEvent>\r\n");
    }
    traces_writer_end(&t->svclog);
}
