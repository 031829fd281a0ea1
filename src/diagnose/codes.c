#include "diagnose/codes.h"

#include <stddef.h>
#include <string.h>

/* Beginnings, as far as they tell one from the other. ndes.md D; the texts of Windows' own message table. */
static const struct {
    const char *text;
    uint32_t hresult;
} words[] = {
    {"The permissions on the certificate template do not allow the current user to enroll", 0x80094012},
    {"The permissions on this certification authority do not allow the current user to enroll", 0x80094011},
    {"The requested certificate template is not supported by this CA", 0x80094800},
    {"The request contains no certificate template information", 0x80094801},
    {"The public key does not meet the minimum size required by the specified certificate template",
     0x80094811},
    {"The request subject name is invalid or too long", 0x80094001},
    {"The certificate has an invalid name", 0x800B0114},
    {"The revocation function was unable to check revocation because the revocation server was offline",
     0x80092013},
    {"The revocation function was unable to check revocation for the certificate", 0x80092012},
    {"A required certificate is not within its validity period", 0x800B0101},
    {"The request was denied by a certificate manager or CA administrator", 0x80094014},
    {"An attempt was made to open a Certification Authority database session", 0x8009400F},
    {"The RPC server is unavailable", 0x800706BA},
    {"The DNS name is unavailable and cannot be added to the Subject Alternate name", 0x8009480F},
    {"The email name is unavailable and cannot be added", 0x8009480E},
    {"The request is missing a required signature policy", 0x80094809},
    {"The request is missing one or more required valid signatures", 0x8009480A},
    {"One or more signatures did not include the required application or issuance policies", 0x8009480B},
    {"The certificate is revoked", 0x80092010},
    {"Certificate service has been suspended for a database restore operation", 0x80094006},
};

uint32_t codes_of_text(const char *text)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(text, words[i].text) != NULL)
            return words[i].hresult;
    }
    return 0;
}
