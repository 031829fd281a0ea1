#include "check.h"
#include "told.h"

#define SYSTEM(id, channel)                                                                                  \
    "<System><Provider Name=\"P\" Guid='{1}'/><EventID Qualifiers='0'>" id "</EventID><Level>2</Level>"      \
    "<TimeCreated "                                                                                          \
    "SystemTime='2026-05-09T21:30:11.0047380Z'/><EventRecordID>210</EventRecordID><Channel>" channel         \
    "</Channel><Computer>ndes.example.test</Computer><Security/></System>"

#define EVENT(id)                                                                                            \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>" SYSTEM(id, "System") "</Event>"
#define TOLD(id) " 2026-05-09T21:30:11.004Z System|P|ndes.example.test " id " level 2 #210\n"

static void expect(struct span bytes, const char *trace, uint64_t damaged)
{
    struct told t;
    told_bytes(&t, bytes, EVIDENCE_UNKNOWN, NULL);
    assert_true(t.ok);
    assert_int_equal(t.file.kind, EVIDENCE_EVENTS);
    assert_string_equal(told_trace(&t), trace);
    assert_int_equal(t.file.damaged, damaged);
    told_clear(&t);
}

static void reads_with_and_without_root(void **state)
{
    (void)state;
    expect(span_of_text(EVENT("31")), "1" TOLD("31"), 0);
    expect(span_of_text("<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n<Events>" EVENT("31") "\n" EVENT(
               "2") "</Events>"),
           "2" TOLD("31") "3" TOLD("2"), 0);
}

static void reads_data(void **state)
{
    (void)state;
    expect(span_of_text("<Event>" SYSTEM(
               "5", "A &amp; B") "<EventData Name='X'><Data Name=\"ErrorCode\">a &lt;b&gt; "
                                 "&#x41;&#66; "
                                 "&bogus;</Data><Data>plain</Data><Data/><Binary>0A0B</Binary></EventData>"
                                 "<RenderingInfo Culture='de-DE'><Message>Zeile 1\nZeile "
                                 "2</Message><Level>Fehler</Level>"
                                 "</RenderingInfo></Event>"),
           "1 2026-05-09T21:30:11.004Z A & B|P|ndes.example.test 5 level 2 #210 {ErrorCode=a <b> AB &bogus;} "
           "{=plain} {=}"
           " binary 0A0B \"Zeile 1\nZeile 2\"\n",
           0);
}

/* As CAPI2 writes. */
static void reads_user_data(void **state)
{
    (void)state;
    expect(span_of_text("<Event>" SYSTEM(
               "11", "C") "<UserData><CertGetCertificateChain xmlns='u'><Certificate "
                          "fileRef='9.cer' subjectName='CA'/><Result value=\"800B0109\">not trusted</Result>"
                          "</CertGetCertificateChain></UserData></Event>"),
           "1 2026-05-09T21:30:11.004Z C|P|ndes.example.test 11 level 2 #210 {Certificate.subjectName=CA} "
           "{Result.value=800B0109} {Result=not trusted}\n",
           0);
}

static void reads_utf16_either_way(void **state)
{
    (void)state;
    static const char text[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>" EVENT("31");
    for (unsigned form = 0; form < 4; form++) { /* big-endian: 1, without mark: 2 */
        struct buf wide;
        buf_init(&wide, 100000);
        for (size_t i = form & 2 ? 1 : 0; i < sizeof text; i++) {
            unsigned unit = i == 0 ? 0xFEFF : (unsigned char)text[i - 1];
            buf_append_byte(&wide, (uint8_t)(form & 1 ? unit >> 8 : unit & 0xFF));
            buf_append_byte(&wide, (uint8_t)(form & 1 ? unit & 0xFF : unit >> 8));
        }
        expect(buf_span(&wide), "1" TOLD("31"), 0);
        buf_clear(&wide);
    }
}

static void counts_damaged_elements(void **state)
{
    (void)state;
    expect(span_of_text(EVENT("1") "<Event xmlns='x'><System><EventID>3</Eve" EVENT(
               "2") "<Event><System></System></Event>"
                    "<Event><System><EventID>x</EventID></System></Event>" EVENT("4") "<Event><Sys"),
           "1" TOLD("1") "1" TOLD("2") "1" TOLD("4"), 4);
}

static void drops_an_element_without_end(void **state)
{
    (void)state;
    struct buf log;
    buf_init(&log, (size_t)8 << 20);
    buf_append_text(&log, EVENT("1") "<Event><EventData><Data>");
    for (size_t i = 0; i < 3000000; i++)
        buf_append_byte(&log, 'x');
    buf_append_text(&log, EVENT("2"));
    expect(buf_span(&log), "1" TOLD("1") "1" TOLD("2"), 1);
    buf_clear(&log);
}

static void reads_cut_incidents(void **state)
{
    (void)state;
    static const struct {
        const char *path, *node;
        uint64_t records;
    } files[] = {
        {"vectors/evidence/system-utf16le.xml", "NDES01.int.tailspin.example", 8},
        {"vectors/evidence/connector.xml", "NDES01.emea.adatum.example", 3},
        {"vectors/evidence/application-rendered.xml", "NDES01.int.tailspin.example", 6},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct told t;
        told_path(&t, files[i].path);
        assert_true(t.ok);
        assert_int_equal(t.file.records, files[i].records);
        assert_int_equal(t.file.damaged, 0);
        assert_string_equal(t.file.node, files[i].node);
        told_clear(&t);
    }
}

static void tells_ndes_31_with_its_reason(void **state)
{
    (void)state;
    struct told t;
    told_path(&t, "vectors/evidence/application-rendered.xml");
    assert_non_null(strstr(
        told_trace(&t),
        "Microsoft-Windows-NetworkDeviceEnrollmentService|NDES01.int.tailspin.example 31 level 2 #94606 "
        "{ErrorCode=The permissions on the certificate template do not allow the current user to enroll "
        "for this type of certificate.} {ErrorMessage=0x80004005}"));
    told_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_with_and_without_root),
        cmocka_unit_test(reads_data),
        cmocka_unit_test(reads_user_data),
        cmocka_unit_test(reads_utf16_either_way),
        cmocka_unit_test(counts_damaged_elements),
        cmocka_unit_test(drops_an_element_without_end),
        cmocka_unit_test(reads_cut_incidents),
        cmocka_unit_test(tells_ndes_31_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
