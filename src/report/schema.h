/* The JSON Schema of summary.json and of what check and diagnose print; summary.schema.json, built in. */
#ifndef REPORT_SCHEMA_H
#define REPORT_SCHEMA_H

extern const char report_schema[];

#endif
