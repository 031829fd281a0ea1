#include "ndes/ca_errors.h"

#include "scep/types.h"

/* Who refuses. */
enum who {
    BY_POLICY,  /* the CA's policy module: its event 53 */
    BY_CA,      /* the CA, which could not process the request: its event 22 */
    BEFORE_CA,  /* the CA, before it has looked at the request: no event */
    ON_THE_WAY, /* RPC: the CA knows nothing of it */
};

struct ca_error {
    uint32_t code;
    enum who who;
    struct words {
        const char *sentence; /* as in event 31 */
        const char *reply;    /* as in the CertRep; event 53 of the CA has the same */
    } words[NDES_LANGUAGE_COUNT];
};

/* How the CA words a refusal in a captured reply: sentence, code, decimal code and name, who it was. */
#define CODE_AND_NAME(hex, decimal, name) " 0x" hex " (" decimal " " name ")"
/* Its policy module denies; what it could not process it says otherwise. */
#define ENGLISH_BY_POLICY " Denied by Policy Module"
#define ENGLISH_BEFORE_CA " Denied by Policy Module"
#define ENGLISH_BY_CA     " Error Verifying Request Signature or Signing Certificate"
/* Translations are those of German servers as administrators quote them, where they do; the rest is inferred. */
#define GERMAN_BY_POLICY " Verweigert vom Richtlinienmodul"
#define GERMAN_BEFORE_CA " Verweigert vom Richtlinienmodul"
#define GERMAN_BY_CA     " Fehler beim Überprüfen der Anforderungssignatur oder des Signaturzertifikats"
#define WORDS(sentence, hex, decimal, name, outcome)                                                         \
    {                                                                                                        \
        sentence, sentence CODE_AND_NAME(hex, decimal, name) outcome                                         \
    }
#define ROW(who, hex, decimal, name, english, german)                                                        \
    {                                                                                                        \
        UINT32_C(0x##hex), who,                                                                              \
        {                                                                                                    \
            [NDES_ENGLISH] = WORDS(english, #hex, decimal, name, ENGLISH_##who), [NDES_GERMAN] = WORDS(      \
                                                                                     german, #hex, decimal,  \
                                                                                     name, GERMAN_##who)     \
        }                                                                                                    \
    }
#define WAY(hex, english, german)                                                                            \
    {                                                                                                        \
        UINT32_C(0x##hex), ON_THE_WAY,                                                                       \
        {                                                                                                    \
            [NDES_ENGLISH] = {english, NULL}, [NDES_GERMAN] = { german, NULL }                               \
        }                                                                                                    \
    }

static const struct ca_error errors[] = {
    ROW(BY_POLICY, 80094001, "-2146877439", "CERTSRV_E_BAD_REQUESTSUBJECT",
        "The request subject name is invalid or too long.",
        "Der Antragstellername der Anforderung ist ungültig oder zu lang."),
    ROW(BEFORE_CA, 80094006, "-2146877434", "CERTSRV_E_SERVER_SUSPENDED",
        "Certificate service has been suspended for a database restore operation.",
        "Der Zertifikatdienst wurde für eine Wiederherstellung der Datenbank angehalten."),
    ROW(BEFORE_CA, 8009400f, "-2146877425", "CERTSRV_E_NO_DB_SESSIONS",
        "An attempt was made to open a Certification Authority database session, but there are already too "
        "many active sessions. The server may need to be configured to allow additional sessions.",
        "Es wurde versucht, eine Datenbanksitzung der Zertifizierungsstelle zu öffnen, es sind aber bereits "
        "zu viele Sitzungen aktiv."),
    ROW(BEFORE_CA, 80094011, "-2146877423", "CERTSRV_E_ENROLL_DENIED",
        "The permissions on this certification authority do not allow the current user to enroll for "
        "certificates.",
        "Die Berechtigungen dieser Zertifizierungsstelle lassen nicht zu, dass der aktuelle Benutzer "
        "Zertifikate anfordert."),
    ROW(BY_POLICY, 80094012, "-2146877422", "CERTSRV_E_TEMPLATE_DENIED",
        "The permissions on the certificate template do not allow the current user to enroll for this type "
        "of "
        "certificate.",
        "Die Berechtigungen der Zertifikatvorlage lassen nicht zu, dass der aktuelle Benutzer diesen "
        "Zertifikattyp anfordert."),
    ROW(BY_POLICY, 80094800, "-2146875392", "CERTSRV_E_UNSUPPORTED_CERT_TYPE",
        "The requested certificate template is not supported by this CA.",
        "Die angeforderte Zertifikatvorlage wird von dieser Zertifizierungsstelle nicht unterstützt."),
    ROW(BY_POLICY, 80094801, "-2146875391", "CERTSRV_E_NO_CERT_TYPE",
        "The request contains no certificate template information.",
        "Die Anforderung enthält keine Informationen zur Zertifikatvorlage."),
    ROW(BY_POLICY, 80094802, "-2146875390", "CERTSRV_E_TEMPLATE_CONFLICT",
        "The request contains conflicting template information.",
        "Die Anforderung enthält widersprüchliche Vorlageninformationen."),
    ROW(BY_POLICY, 80094806, "-2146875386", "CERTSRV_E_BAD_RENEWAL_SUBJECT",
        "The request was made on behalf of a subject other than the caller. The certificate template must be "
        "configured to require at least one signature to authorize the request.",
        "Die Anforderung erfolgte im Namen eines anderen Antragstellers als des Aufrufers."),
    ROW(BY_POLICY, 80094809, "-2146875383", "CERTSRV_E_SIGNATURE_POLICY_REQUIRED",
        "The request is missing a required signature policy or it is invalid.",
        "Der Anforderung fehlt eine erforderliche Signaturrichtlinie, oder diese ist ungültig."),
    ROW(BY_POLICY, 8009480a, "-2146875382", "CERTSRV_E_SIGNATURE_COUNT",
        "The request is missing one or more required signatures.",
        "In der Anforderung fehlen mindestens eine oder mehrere erforderliche Signaturen."),
    ROW(BY_POLICY, 8009480b, "-2146875381", "CERTSRV_E_SIGNATURE_REJECTED",
        "One or more signatures did not include the required application or issuance policies. The request "
        "is "
        "missing one or more required valid signatures.",
        "Mindestens eine Signatur enthielt nicht die erforderlichen Anwendungs- oder "
        "Ausstellungsrichtlinien."),
    ROW(BY_POLICY, 8009480d, "-2146875379", "CERTSRV_E_SUBJECT_UPN_REQUIRED",
        "The User Principal Name is unavailable and cannot be added to the Subject Alternate name.",
        "Der Benutzerprinzipalname ist nicht verfügbar und kann dem alternativen Antragstellernamen nicht "
        "hinzugefügt werden."),
    ROW(BY_POLICY, 8009480e, "-2146875378", "CERTSRV_E_SUBJECT_DIRECTORY_GUID_REQUIRED",
        "The Active Directory GUID is unavailable and cannot be added to the Subject Alternate name.",
        "Die Active Directory-GUID ist nicht verfügbar und kann dem alternativen Antragstellernamen nicht "
        "hinzugefügt werden."),
    ROW(BY_POLICY, 8009480f, "-2146875377", "CERTSRV_E_SUBJECT_DNS_REQUIRED",
        "The DNS name is unavailable and cannot be added to the Subject Alternate name.",
        "Der DNS-Name ist nicht verfügbar und kann dem alternativen Antragstellernamen nicht hinzugefügt "
        "werden."),
    ROW(BY_POLICY, 80094810, "-2146875376", "CERTSRV_E_ARCHIVED_KEY_UNEXPECTED",
        "The request includes a private key for archival by the server, but key archival is not enabled for "
        "the specified certificate template.",
        "Die Anforderung enthält einen privaten Schlüssel zur Archivierung, die Vorlage sieht das aber nicht "
        "vor."),
    ROW(BY_POLICY, 80094811, "-2146875375", "CERTSRV_E_KEY_LENGTH",
        "The public key does not meet the minimum size required by the specified certificate template.",
        "Der öffentliche Schlüssel entspricht nicht der Mindestgröße, die von der angegebenen "
        "Zertifikatvorlage gefordert wird."),
    ROW(BY_POLICY, 80094812, "-2146875374", "CERTSRV_E_SUBJECT_EMAIL_REQUIRED",
        "The EMail name is unavailable and cannot be added to the Subject or Subject Alternate name.",
        "Der E-Mail-Name ist nicht verfügbar und kann dem Antragsteller nicht hinzugefügt werden."),
    ROW(BY_CA, 80092013, "-2146885613", "CRYPT_E_REVOCATION_OFFLINE",
        "The revocation function was unable to check revocation because the revocation server was offline.",
        "Die Sperrfunktion konnte die Sperrung nicht überprüfen, da der Sperrserver offline war."),
    ROW(BY_CA, 800b0101, "-2146762495", "CERT_E_EXPIRED",
        "A required certificate is not within its validity period when verifying against the current system "
        "clock or the timestamp in the signed file.",
        "Ein erforderliches Zertifikat befindet sich nicht im Gültigkeitszeitraum gemessen an der aktuellen "
        "Systemzeit oder dem Zeitstempel in der signierten Datei."),
    ROW(BY_POLICY, 800b0114, "-2146762476", "CERT_E_INVALID_NAME",
        "The certificate has an invalid name. The name is not included in the permitted list or is "
        "explicitly "
        "excluded.",
        "Das Zertifikat hat einen ungültigen Namen. Der Name ist nicht in der Liste der zugelassenen Namen "
        "enthalten oder wird explizit ausgeschlossen."),
    WAY(800706ba, "The RPC server is unavailable.", "Der RPC-Server ist nicht verfügbar."),
    WAY(80070005, "Access is denied.", "Zugriff verweigert"),
};

static const struct ca_error *find(uint32_t code)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i].code == code)
            return &errors[i];
    }
    return NULL;
}

const char *ndes_ca_error_text(uint32_t hresult)
{
    const struct ca_error *error = find(hresult);
    return error != NULL ? error->words[NDES_ENGLISH].sentence : NULL;
}

struct ndes_refusal ndes_ca_refusal(uint32_t hresult, enum ndes_language language)
{
    const struct ca_error *error = find(hresult);
    struct ndes_refusal refusal = {
        .set = true, .fail_info = SCEP_BAD_REQUEST, .hresult = hresult, .event = "NDES 31"};
    if (error == NULL)
        return refusal;
    const struct words *words = &error->words[language];
    if (words->sentence == NULL)
        words = &error->words[NDES_ENGLISH];
    static const char *const events[] = {[BY_POLICY] = "CA 53", [BY_CA] = "CA 22", [ON_THE_WAY] = NULL};
    refusal.by_ca = error->who != ON_THE_WAY;
    refusal.ca_event = events[error->who];
    refusal.logged = words->sentence;
    refusal.text = words->reply;
    return refusal;
}
