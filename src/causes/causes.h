/* The catalogue of documented causes, as data. Read by the simulator (which faults exist), by diagnosis (what
 * is known about a cause) and by people. It holds knowledge, not rules: signatures that diagnosis matches
 * stand in diagnose, what the simulator sends stands in sim, and neither is made from the other.
 *
 * Commands stand between `backticks`, as in Markdown; they are for an elevated PowerShell 5.1. What is to be filled
 * in stands in angle brackets, as in <ndes-fqdn>. */
#ifndef CAUSES_CAUSES_H
#define CAUSES_CAUSES_H

#include "base/err.h"

#include <stddef.h>

enum causes_basis { CAUSES_DOCUMENTED, CAUSES_OBSERVED, CAUSES_INFERRED };

/* What a client meets, stage by stage, in a short notation: "ok"; "-" not reached, or there is no such stage; a status
 * with who sent it, "503 @hs" (HTTP.sys: Server: Microsoft-HTTPAPI/2.0), "500 @iis" (Server: Microsoft-IIS/...), "502
 * @px" (anything else: proxy, WAF, gateway); "F 1 0x80070490" CertRep FAILURE with failInfo and HRESULT; "P" PENDING;
 * "S" SUCCESS; "nonCMS" 200 with a body that is no CertRep. Words where these do not suffice. */
struct cause_stages {
    const char *transport; /* DNS, TCP, TLS */
    const char
        *bare; /* the SCEP URL without an operation; healthy: a page (200), with the Intune module 403 */
    const char *caps;
    const char *ca_cert;
    const char *otp;
    const char *post; /* PKIOperation */
    const char *get;
    const char *poll;
};

/* All strings static, but for causes that were read from a file. Lists end with NULL. */
struct cause {
    const char *id; /* "otp-cache-full" */
    const char *title;
    const char *mode;     /* "*" any, "S" standalone, "I" Intune, "J" MDM as proxy; combined "SJ" */
    const char *stage;    /* where it shows first: "otp", "pki_operation", "tcp", "any" */
    const char *class_id; /* look-alike classes "L2", "L2/L3"; "" when what a client sees tells it apart */
    const char *const *runbook; /* the lines of the runbook it covers; NULL none */
    const char *signature;      /* what a client sees, in words */
    struct cause_stages at;
    const char *decided_by; /* the server-side artefact that settles it, and how to get it */
    /* What it is looked up by, kind first: "hresult 0x80094012", "http 404.14", "win32 1260", "event NDES 31",
     * "logon 0xC0000234", "httperr QueueFull", "text ..."; NULL none. */
    const char *const *codes;
    const char *const *steps;
    const char *const *resolution;
    const char *const *prevention;
    const char *symptom_ios;
    const char *symptom_android;
    const char *symptom_windows;
    const char *symptom_macos;
    const char *symptom_console; /* what the MDM's console shows */
    const char *const *sources;  /* URLs */
    enum causes_basis basis;
    bool simulated;            /* `scepstorm sim --fault id` exists */
    const char *not_simulated; /* why not; NULL: it is, or it was read from a file */
};

size_t causes_count(void);
const struct cause *causes_at(size_t index);
const struct cause *causes_find(const char *id); /* NULL: no such id */
const char *causes_basis_id(enum causes_basis basis);

/* Where the fault sits, in the order of a request's way. causes_at() counts through the groups in this order. */
struct causes_group {
    const char *title; /* "The application pool and its account" */
    const struct cause *causes;
    size_t count;
};

size_t causes_group_count(void);
const struct causes_group *causes_group_at(size_t index); /* NULL: beyond the last */

/* Causes that are one and the same from outside, and what tells them apart. */
struct causes_class {
    const char *id;    /* "L2" */
    const char *looks; /* "503 from HTTP.sys on every URL" */
    const char *const *split_by;
};

size_t causes_class_count(void);
const struct causes_class *causes_class_at(size_t index); /* NULL: beyond the last */
bool causes_in_class(const struct cause *c, const char *class_id);
bool causes_look_alike(const struct cause *a, const struct cause *b); /* have a class in common */

/* What devices and consoles show, and what that means: the step, seldom the cause. */
struct causes_symptom {
    const char *where; /* "iPhone, iPad" */
    const char *shown; /* "22005" */
    const char *means;
};

size_t causes_symptom_count(void);
const struct causes_symptom *causes_symptom_at(size_t index); /* NULL: beyond the last */
bool causes_symptom_matches(const struct causes_symptom *s, const char *query);

/* How well a cause answers to `query`: an HRESULT (hex, or decimal as NDES writes it), an HTTP status with or without
 * IIS sub-status ("404.14", "404 14"), an event number ("event 31"), an error of iOS, Windows or Intune, or words. */
enum causes_match {
    CAUSES_NO_MATCH,
    CAUSES_MENTIONED, /* somewhere in its text */
    CAUSES_SHOWN,     /* what a device or console shows */
    CAUSES_CODE       /* one of its codes */
};
enum causes_match causes_match(const struct cause *c, const char *query);

#endif
