#include "check.h"
#include "told.h"

static void expect_with(const char *text, enum evidence_dates dates, const char *trace, uint64_t damaged,
                        bool doubtful)
{
    struct told t;
    struct evidence_options options = {.dates = dates};
    told_bytes(&t, span_of_text(text), EVIDENCE_EVENTS, &options);
    CHECK_OK(t.ok, &t.error);
    assert_string_equal(told_trace(&t), trace);
    assert_int_equal(t.file.damaged, damaged);
    assert_int_equal(t.file.dates_doubtful, doubtful);
    told_clear(&t);
}

static void expect(const char *text, const char *trace)
{
    expect_with(text, EVIDENCE_DATES_DETECT, trace, 0, false);
}

static void reads_get_winevent(void **state)
{
    (void)state;
    expect("#TYPE Selected.System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"
           "\"TimeCreated\",\"Id\",\"LevelDisplayName\",\"ProviderName\",\"MachineName\",\"LogName\","
           "\"RecordId\",\"Message\"\r\n"
           "\"5/19/2026 12:52:24 AM\",\"31\",\"Error\",\"P\",\"ndes\",\"Application\",\"77\",\"one "
           "\"\"two\"\"\r\nthree\"\r\n"
           "\"5/18/2026 12:01:00 PM\",\"7036\",\"Information\",\"SCM\",\"ndes\",\"System\",\"76\",\r\n",
           "3 2026-05-19T00:52:24.000Z Application|P|ndes 31 level 2 #77 \"one \"two\"\r\nthree\"\n"
           "5 2026-05-18T12:01:00.000Z System|SCM|ndes 7036 level 4 #76\n");
}

static void reads_event_viewer_in_german(void **state)
{
    (void)state;
    expect("\xEF\xBB\xBF"
           "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\r\n"
           "Fehler,09.05.2026 21:30:11,P,31,Keine,\"Der Dienst\r\nkann nicht.\"\r\n"
           "Warnung,08.05.2026 01:02:03,Schannel,36887,Keine,Text\r\n",
           "2 2026-05-09T21:30:11.000Z |P| 31 level 2 #0 \"Der Dienst\r\nkann nicht.\"\n"
           "4 2026-05-08T01:02:03.000Z |Schannel| 36887 level 3 #0 \"Text\"\n");
}

static void reads_event_viewer_in_french_of_windows_1252(void **state)
{
    (void)state;
    expect("Niveau;Date et heure;Source;ID de l\x92\xE9v\xE9nement;Cat\xE9gorie de la t\xE2"
           "che\r\n"
           "Erreur;19/05/2026 21:30:11;P;31;Aucun;\"L\x92op\xE9ration\"\r\n",
           "2 2026-05-19T21:30:11.000Z |P| 31 level 2 #0 \"L\xE2\x80\x99op\xC3\xA9ration\"\n");
}

static void reads_event_viewer_in_japanese_and_korean(void **state)
{
    (void)state;
    expect("レベル,日付と時刻,ソース,イベント ID,タスクのカテゴリ\n警告,2026/05/09 21:30:11,P,31,なし,文\n",
           "2 2026-05-09T21:30:11.000Z |P| 31 level 3 #0 \"文\"\n");
    expect("수준,날짜 및 시간,원본,이벤트 ID,작업 범주\n오류,2026-05-09 오후 9:30:11,P,31,없음,문\n",
           "2 2026-05-09T21:30:11.000Z |P| 31 level 2 #0 \"문\"\n");
}

static void reads_event_viewer_in_spanish(void **state)
{
    (void)state;
    expect("Nivel,Fecha y hora,Origen,Id. del evento,Categor\xC3\xAD"
           "a de la tarea\n"
           "Advertencia,13/5/2026 9:30:11 p.\xC2\xA0m.,P,31,Ninguno,m\n",
           "2 2026-05-13T21:30:11.000Z |P| 31 level 3 #0 \"m\"\n");
}

static void reads_the_security_log_of_event_viewer(void **state)
{
    (void)state;
    expect("Keywords,Date and Time,Source,Event ID,Task Category\n"
           "Audit Failure,5/19/2026 9:30:11 PM,Microsoft Windows security auditing.,4625,Logon,An account "
           "failed\n",
           "2 2026-05-19T21:30:11.000Z |Microsoft Windows security auditing.| 4625 level 0 #0 \"An account "
           "failed\"\n");
}

static void reads_get_eventlog(void **state)
{
    (void)state;
    expect("\"EventID\",\"MachineName\",\"Index\",\"EntryType\",\"Message\",\"Source\",\"InstanceId\","
           "\"TimeGenerated\"\n"
           "\"31\",\"ndes\",\"5\",\"Error\",\"m\",\"NDES\",\"3221225503\",\"13.05.2026 21:30:11\"\n",
           "2 2026-05-13T21:30:11.000Z |NDES|ndes 31 level 2 #5 \"m\"\n");
}

static void knows_days_from_months_by_order(void **state)
{
    (void)state;
    /* Newest first; with months first the third would be in November. */
    expect(
        "TimeCreated,Id,Message\n02/12/2026 10:00:00,1,a\n01/12/2026 10:00:00,1,b\n11/11/2026 10:00:00,1,c\n"
        "10/11/2026 10:00:00,1,d\n09/11/2026 10:00:00,1,e\n",
        "2 2026-12-02T10:00:00.000Z || 1 level 0 #0 \"a\"\n3 2026-12-01T10:00:00.000Z || 1 level 0 #0 \"b\"\n"
        "4 2026-11-11T10:00:00.000Z || 1 level 0 #0 \"c\"\n5 2026-11-10T10:00:00.000Z || 1 level 0 #0 \"d\"\n"
        "6 2026-11-09T10:00:00.000Z || 1 level 0 #0 \"e\"\n");
}

static void says_when_days_and_months_cannot_be_told_apart(void **state)
{
    (void)state;
    static const char text[] = "TimeCreated,Id,Message\n05/06/2026 10:00:00,1,a\n";
    expect_with(text, EVIDENCE_DATES_DETECT, "2 2026-06-05T10:00:00.000Z || 1 level 0 #0 \"a\"\n", 0, true);
    expect_with(text, EVIDENCE_DATES_MONTH_FIRST, "2 2026-05-06T10:00:00.000Z || 1 level 0 #0 \"a\"\n", 0,
                true);
}

static void takes_times_with_a_zone_for_what_they_are(void **state)
{
    (void)state;
    struct told t;
    told_text(&t, "TimeCreated,Id,Message\n2026-05-09T23:30:11+02:00,1,a\n");
    assert_string_equal(told_trace(&t), "2 2026-05-09T21:30:11.000Z || 1 level 0 #0 \"a\"\n");
    assert_false(t.file.local_time);
    told_clear(&t);
    told_text(&t, "TimeCreated,Id,Message\n2026-05-09 23:30:11,1,a\n");
    assert_true(t.file.local_time);
    told_clear(&t);
}

static void takes_quotes_that_are_not_doubled(void **state)
{
    (void)state;
    expect("TimeCreated,Id,Message\n13/06/2026 10:00:00,1,\"Dienst \"Update\" im Status \"Beendet\".\"\n"
           "13/06/2026 10:00:01,2,\"\"\"a\"\"\"\n",
           "2 2026-06-13T10:00:00.000Z || 1 level 0 #0 \"Dienst \"Update\" im Status \"Beendet\".\"\n"
           "3 2026-06-13T10:00:01.000Z || 2 level 0 #0 \"\"a\"\"\n");
}

static void goes_on_behind_a_stray_quote(void **state)
{
    (void)state;
    expect_with("TimeCreated,Id,Message\n13/06/2026 10:00:00,1,\"broken\n13/06/2026 10:00:01,2,b\n"
                "13/06/2026 10:00:02,3,\"c\nc\"\nrubbish\n13/06/2026 10:00:03,4,d\n",
                EVIDENCE_DATES_DETECT,
                "3 2026-06-13T10:00:01.000Z || 2 level 0 #0 \"b\"\n4 2026-06-13T10:00:02.000Z || 3 level 0 "
                "#0 \"c\nc\"\n"
                "7 2026-06-13T10:00:03.000Z || 4 level 0 #0 \"d\"\n",
                2, false);
}

static void reads_a_cut_incident(void **state)
{
    (void)state;
    struct told t;
    told_path(&t, "vectors/evidence/get-winevent.csv");
    assert_true(t.ok);
    assert_int_equal(t.file.records, 17);
    assert_int_equal(t.file.damaged, 0);
    assert_true(t.file.local_time);
    assert_non_null(
        strstr(told_trace(&t), "2 2026-06-19T00:52:24.000Z |Service Control Manager| 7036 level 4"));
    told_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_get_winevent),
        cmocka_unit_test(reads_event_viewer_in_german),
        cmocka_unit_test(reads_event_viewer_in_french_of_windows_1252),
        cmocka_unit_test(reads_event_viewer_in_japanese_and_korean),
        cmocka_unit_test(reads_event_viewer_in_spanish),
        cmocka_unit_test(reads_the_security_log_of_event_viewer),
        cmocka_unit_test(reads_get_eventlog),
        cmocka_unit_test(knows_days_from_months_by_order),
        cmocka_unit_test(says_when_days_and_months_cannot_be_told_apart),
        cmocka_unit_test(takes_times_with_a_zone_for_what_they_are),
        cmocka_unit_test(takes_quotes_that_are_not_doubled),
        cmocka_unit_test(goes_on_behind_a_stray_quote),
        cmocka_unit_test(reads_a_cut_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
