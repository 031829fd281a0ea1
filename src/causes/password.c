#include "causes/tables.h"

/* The challenge password inside the request. NDES logs one and the same event 29 for all of them. */

#define EVENT_29                                                                                             \
    "Application log: NDES event 29 (\"the password in the certificate request cannot be verified\"; older " \
    "guides say 26) for each refusal"

static const struct cause password[] = {
    {
        .id = "password-missing",
        .title = "The request carries no challenge password",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "",
        .signature = "FAILURE badMessageCheck with HRESULT 0x80096004.",
        AT_PKI("F 1 0x80096004", "-"),
        .decided_by = "The HRESULT in the answer says it. EnforcePassword is 1 on the server.",
        .codes = LIST("hresult 0x80096004", "event NDES 29"),
        .steps = LIST("Look at the SCEP profile: is a challenge set?",
                      "`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\EnforcePassword`"),
        .resolution = LIST("Set a challenge in the profile; in tests set a challenge source"),
        .prevention = LIST("Leave EnforcePassword at 1: without it anybody can enroll"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ENROLL_CLIENT),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "password-wrong",
        .title = "The challenge password is wrong",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "L6",
        .runbook = LIST(RUN_SEEN_EVENT),
        .signature = "FAILURE badMessageCheck with HRESULT 0x80070490, as fast as GetCACaps: NDES refuses "
                     "before it asks the CA.",
        AT_PKI("F 1 0x80070490", "-"),
        .decided_by =
            EVENT_29 ". The server cannot say more; what tells wrong from expired, used and lost is the "
                     "client's own record of when each password was fetched and where it was used.",
        .codes = LIST("hresult 0x80070490", "event NDES 29", "event NDES 26"),
        .steps = LIST(SHOW_NDES_EVENTS,
                      "Fetch one password by hand and enroll one device with it at once: does that work?",
                      "Static mode: does the MDM hold the password that the OTP page shows now?",
                      "Several NDES servers behind one name? Each knows only its own passwords"),
        .resolution = LIST(
            "Give every device a fresh password, copied exactly (16 hex digits, upper case)",
            "Fetch password and enroll at the same server",
            "Static mode: enter the current password in the MDM; it changes when EncryptedPassword is reset"),
        .prevention = LIST("Fetch passwords just before use, one per device"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ENROLL_CLIENT, "https://github.com/certnanny/sscep/issues/156", SRC_RUNBOOK),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "password-expired",
        .title = "The one-time password had expired",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "FAILURE badMessageCheck with HRESULT 0x80070490; the password was older than its "
                     "validity (60 minutes by default).",
        AT_PKI("F 1 0x80070490", "-"),
        .decided_by = EVENT_29
        "; the IIS log shows the fetch of the password (mscep_admin) longer ago than PasswordValidity.",
        .codes = LIST("hresult 0x80070490", "event NDES 29"),
        .steps = LIST("`reg query HKLM\\SOFTWARE\\Microsoft\\Cryptography\\MSCEP\\PasswordValidity`",
                      "How long do profiles wait for devices that are switched off?"),
        .resolution =
            LIST("Fetch later or use sooner; send the profile again",
                 "Raise PasswordValidity (minutes), and PasswordMax with it; recycle the SCEP pool"),
        .prevention = LIST("Let the MDM drop passwords after 57 minutes and fetch new ones"),
        SEEN_REFUSED,
        .sources = LIST(SRC_FLEET, SRC_INSTALL),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
    {
        .id = "password-already-used",
        .title = "The one-time password had been used before",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "FAILURE badMessageCheck with HRESULT 0x800B0110, or 0x80070490; the same password had "
                     "enrolled a device before.",
        AT_PKI("F 1 0x800B0110 or 0x80070490", "-"),
        .decided_by = EVENT_29 "; an earlier enrollment with the same password succeeded.",
        .codes = LIST("hresult 0x800B0110", "hresult 0x80070490", "event NDES 29"),
        .steps = LIST("Does the profile hold one literal password for all devices?",
                      "Does the device retry with the same profile after a lost answer?"),
        .resolution = LIST("Use the MDM's dynamic challenge (one password per device)",
                           "Or switch NDES to a single static password on purpose (UseSinglePassword = 1) "
                           "and accept the risk"),
        .prevention = LIST("Never paste a password from the OTP page into a profile for many devices"),
        SEEN_REFUSED,
        .sources = LIST(SRC_ENROLL_CLIENT),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "password-lost-on-recycle",
        .title = "The passwords were lost when IIS restarted",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "FAILURE badMessageCheck with HRESULT 0x80070490 for every password fetched before a "
                     "moment in time; those fetched later work.",
        AT_PKI("F 1 0x80070490 for all passwords from before", "-"),
        .decided_by =
            "Application log: NDES events 3 (stopped) and 1 (started) at that moment; event 29 afterwards.",
        .codes = LIST("hresult 0x80070490", "event NDES 29", "event NDES 3", "event NDES 1"),
        .steps = LIST(
            SHOW_NDES_EVENTS,
            "Who restarted? System log: Service Control Manager 7036 for W3SVC, WAS 5074-5080 (recycling)"),
        .resolution = LIST("Send fresh profiles to the devices that were refused",
                           "Stop the scheduled recycle or iisreset"),
        .prevention = LIST("Restart IIS only when no profiles are on their way: the cache lives in memory"),
        SEEN_REFUSED,
        .sources = LIST(SRC_FLEET),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "password-bad-encoding",
        .title = "The challenge password is encoded in a string type that NDES does not read",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "FAILURE badMessageCheck although the password is right; one kind of client fails, "
                     "others enroll.",
        AT_PKI("F 1, although the password is right", "-"),
        .decided_by = EVENT_29 "; `certutil -asn client.csr` shows another type than PRINTABLE_STRING "
                               "(UTF8_STRING, say) for 1.2.840.113549.1.9.7.",
        .codes = LIST("event NDES 29"),
        .steps = LIST("`certutil -asn client.csr | Select-String -Context 0,6 '1.2.840.113549.1.9.7'`; "
                      "elsewhere `openssl asn1parse -in client.csr`"),
        .resolution = LIST("Let the client send PrintableString (OpenSSL: string_mask = default or pkix in "
                           "the configuration)"),
        .prevention = LIST("Test each kind of client once with a known password"),
        SEEN_REFUSED,
        .sources = LIST("https://github.com/certnanny/sscep/issues/156"),
        .basis = CAUSES_OBSERVED,
        .simulated = true,
    },
    {
        .id = "lb-node-affinity-missing",
        .title = "Password and request reach different NDES servers",
        .mode = "SJ",
        .stage = "pki_operation",
        .class_id = "L6",
        .signature = "FAILURE badMessageCheck with HRESULT 0x80070490 for a steady fraction of devices: "
                     "about (n-1)/n with n servers.",
        AT_PKI("F 1 0x80070490 for (n-1)/n", "-"),
        .decided_by = "NDES event 29 on a server whose IIS log has no mscep_admin line for that password.",
        .codes = LIST("hresult 0x80070490", "event NDES 29"),
        .steps = LIST(
            "How many servers stand behind the name? Compare s-ip of the mscep_admin and PKIOperation lines",
            "Enroll at each server by its own address: all succeed"),
        .resolution =
            LIST("Source-address affinity for both virtual directories, longer than PasswordValidity",
                 "Or one static password on all nodes, or the policy module (no local cache)"),
        .prevention = LIST("Test with more devices than nodes after each change at the load balancer"),
        SEEN_REFUSED,
        .sources = LIST("https://www.cloudwisdom.co.uk/post/load-balancing-scep-urls-in-microsoft-intune"),
        .basis = CAUSES_INFERRED,
        .simulated = true,
    },
};

TABLE(causes_password, "The challenge password", password);
