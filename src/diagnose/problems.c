#include "diagnose/candidates.h"

#define REQUESTS "ok-caps ok-cert ok-post ok-get ok-otp bare-200 bare-403"
#define MESSAGES "ok-post ok-get"

const struct problem diagnose_problems[] = {
    {"pool-down", STAGE_GET_CA_CAPS, 0.95, may_pool_down, REQUESTS, BY_SERVER},
    {"start-failed", STAGE_GET_CA_CAPS, 0.95, may_start_failed, REQUESTS, BY_SERVER | BY_REQUEST},
    {"not-found", STAGE_GET_CA_CAPS, 0.9, may_not_found, "ok-caps ok-cert bare-200 bare-403", BY_REQUEST},
    {"not-found-httpsys", STAGE_GET_CA_CAPS, 0.9, may_not_found_httpsys, "ok-caps ok-cert bare-200 bare-403",
     BY_REQUEST},
    {"astray", STAGE_GET_CA_CAPS, 0.8, may_astray, "ok-caps", BY_REQUEST},
    {"unreachable", STAGE_TCP, 0.8, may_refused, "ok-caps ok-cert ok-post", 0},
    {"length", STAGE_PKI_OPERATION, 0.95, may_too_long, "ok-long", BY_REQUEST},
    {"post-refused", STAGE_PKI_OPERATION, 0.9, may_post_refused, "ok-post", BY_REQUEST},
    {"forbidden", STAGE_GET_CA_CAPS, 0.9, may_forbidden, "ok-caps ok-cert ok-post ok-get", BY_REQUEST},
    {"anonymous", STAGE_GET_CA_CAPS, 0.9, may_unauthorized, "ok-caps ok-cert ok-post ok-get", BY_REQUEST},
    {"otp-logon", STAGE_OTP, 0.95, may_otp_logon, "ok-otp", BY_REQUEST},
    {"otp-permission", STAGE_OTP, 0.95, may_otp_permission, "", 0},
    {"otp-gone", STAGE_OTP, 0.85, may_otp_gone, "ok-otp", BY_REQUEST},
    {"password", STAGE_PKI_OPERATION, 0.9, may_password, MESSAGES, BY_REQUEST},
    {"renewal", STAGE_RENEWAL, 0.85, may_renewal, MESSAGES, 0},
    {"message", STAGE_PKI_OPERATION, 0.8, may_no_certrep, MESSAGES, BY_REQUEST},
    {"message-failed", STAGE_PKI_OPERATION, 0.75, may_message_failed, MESSAGES, BY_REQUEST},
    {"stripped", STAGE_PKI_OPERATION, 0.8, may_stripped, MESSAGES, BY_REQUEST},
    {"ca", STAGE_PKI_OPERATION, 0.9, NULL, MESSAGES, 0},
    {"ca-info", STAGE_GET_CA_CERT, 0.85, may_ca_info, "ok-cert", 0},
    {"configuration", STAGE_GET_CA_CERT, 0.6, may_other_ca, "", 0},
    {"intune", STAGE_PKI_OPERATION, 0.9, may_connector, "conn-4004 plugin-true ok-verify", BY_REQUEST},
    {"report", STAGE_VERIFY, 0.9, may_reporting, "conn-4000 conn-4008", BY_REQUEST},
    {"device", STAGE_VERIFY, 0.8, may_installing, "device-39", 0},
    {"load", STAGE_PKI_OPERATION, 0.9, may_load, "", BY_REQUEST},
    {"slow", STAGE_PKI_OPERATION, 0.45, may_slow, MESSAGES, BY_REQUEST},
    {"tls", STAGE_TLS, 0.75, may_handshake, REQUESTS, BY_REQUEST},
    {"pending", STAGE_PKI_OPERATION, 0.8, may_pending, "", 0},
    {"expiring", STAGE_GET_CA_CERT, 0.45, may_expiring, "", 0},
};
const size_t diagnose_problem_count = sizeof diagnose_problems / sizeof diagnose_problems[0];
