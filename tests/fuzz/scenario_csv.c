// room: scenario
/* Any text as devices.csv. What is accepted is a table: every cell of every row can be read, and no column's name has a line break. */
#include "scenario/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario_csv *csv = NULL;
    struct err e = {0};
    if (!scenario_csv_parse("fuzz.csv", span_of(data, size), &csv, &e)) {
        require(e.reason == REASON_SCENARIO && e.text[0] != '\0');
        return 0;
    }
    require(scenario_csv_rows(csv) > 0);
    for (size_t column = 0; scenario_csv_columns(csv)[column] != NULL; column++)
        require(strpbrk(scenario_csv_columns(csv)[column], "\r\n,\"") == NULL);
    size_t read = 0;
    for (size_t row = 0; row < scenario_csv_rows(csv); row++) {
        require(scenario_csv_line(csv, row) > 1);
        for (size_t column = 0; scenario_csv_columns(csv)[column] != NULL; column++)
            read += strlen(scenario_csv_cell(csv, row, column));
    }
    require(read <= size);
    scenario_csv_free(csv);
    return 0;
}
