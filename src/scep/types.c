#include "scep/types.h"

struct name {
    int number;
    const char *text;
};

static const char *find(const struct name *names, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].number == number)
            return names[i].text;
    }
    return "unknown";
}
#define FIND(names, number) find(names, sizeof names / sizeof names[0], number)

const char *scep_message_type_name(int type)
{
    static const struct name names[] = {
        {SCEP_CERT_REP, "CertRep"}, {SCEP_RENEWAL_REQ, "RenewalReq"}, {SCEP_UPDATE_REQ, "UpdateReq"},
        {SCEP_PKCS_REQ, "PKCSReq"}, {SCEP_CERT_POLL, "CertPoll"},     {SCEP_GET_CERT, "GetCert"},
        {SCEP_GET_CRL, "GetCRL"},
    };
    return FIND(names, type);
}

const char *scep_pki_status_name(int status)
{
    static const struct name names[] = {
        {SCEP_SUCCESS, "SUCCESS"}, {SCEP_FAILURE, "FAILURE"}, {SCEP_PENDING, "PENDING"}};
    return FIND(names, status);
}

const char *scep_fail_info_name(int fail_info)
{
    static const struct name names[] = {
        {SCEP_BAD_ALG, "badAlg"},         {SCEP_BAD_MESSAGE_CHECK, "badMessageCheck"},
        {SCEP_BAD_REQUEST, "badRequest"}, {SCEP_BAD_TIME, "badTime"},
        {SCEP_BAD_CERT_ID, "badCertId"},
    };
    return FIND(names, fail_info);
}
