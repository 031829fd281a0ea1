"""How devices and server must be set up for a fault to show: what differs from the usual run, and why.

Keys: mode, modes (several, each its own case), challenge, devices, simulator, load (replace parts of the scenario); tls (the
simulator stands alone, with HTTPS); timeout (of a request); fault (further keys of the fault); skip (why not at all).
Shown by what: see the reason beside each."""

GET_AND_POST = {"profiles": [{"name": "rfc8894", "weight": 1}, {"name": "rfc8894", "weight": 2, "set": {"post": "never"}}],
                "csv": "pads.csv", "csv_reuse": True, "san": ["dns:{p%d}.example.test" % i for i in range(1, 9)]}
POST_AND_GET = {"profiles": [{"name": "rfc8894", "weight": 2, "set": {"post": "always"}},
                             {"name": "rfc8894", "weight": 1, "set": {"post": "never"}}]}
POLLS = {"profiles": [{"name": "rfc8894", "set": {"polls": 3, "poll_interval": "500ms"}}]}
RENEW = {"then": ["renew"]}
CROWD = [{"rate": "5/s", "for": "3s"}, {"rate": "60/s", "for": "3s"}, {"rate": "5/s", "for": "3s"}]
UTF8 = {"profiles": [{"name": "rfc8894", "set": {"challenge_type": "utf8"}}]}
MANY = {"source": "mscep_admin", "outstanding": 100}  # devices come as they are due, not as passwords get free
TLS = {"tls": True}
FIRST = {"from": 0, "lasting": True}  # a connection that has logged on stays so; and what is served is looked at once

SETUPS = {
    # lengths: GETs of many lengths, and POSTs beside them
    "proxy-url-too-long": {"devices": GET_AND_POST},
    "httpsys-request-too-long": {"devices": GET_AND_POST, "fault": "limit=5000"},  # the registry may lower it
    "iis-url-too-long": {"devices": GET_AND_POST},
    "iis-query-too-long": {"devices": GET_AND_POST},
    "double-escape-blocked": {"devices": GET_AND_POST},
    "iis-body-too-large": {"devices": POST_AND_GET},
    "post-not-accepted": {"devices": POST_AND_GET},
    "payload-truncated": {"devices": GET_AND_POST},
    # polls
    "pending-approval": {"devices": POLLS},
    "approval-denied": {"devices": POLLS},
    "pending-forgotten": {"devices": POLLS},
    # whoever enrolls may be the MDM itself
    "mdm-cannot-reach-ndes": {"modes": ["standalone", "proxy"]},
    # renewals
    "renewal-subject-mismatch": {"devices": RENEW},
    "renewal-unsupported-ca": {"devices": RENEW},
    "renewal-needs-challenge": {"devices": RENEW},
    "renewal-wrong-template": {"devices": RENEW},
    "renewal-signer-expired": {"devices": {"then": ["renew"], "renewal": {"after": "4s"}}, "simulator": {"validity": "603s"},
                               "from": 6},
    "unsupported-message-type": {"devices": {"then": ["get_crl", "get_cert"]}},
    # TLS
    "tls-cert-expired": TLS, "tls-cert-name-mismatch": TLS, "tls-chain-untrusted": TLS, "tls-binding-missing": TLS,
    "tls-version-mismatch": TLS, "ssl-client-cert-required": TLS,
    # load
    "app-pool-queue-full": {"load": CROWD, "challenge": MANY},
    "server-busy": {"load": CROWD, "challenge": MANY},
    "ca-slow": {"timeout": "8s", "challenge": MANY},
    "ca-unreachable-rpc": {"timeout": "40s", "challenge": MANY},
    "mdm-otp-bottleneck": {"modes": ["standalone"], "challenge": {"source": "mscep_admin", "outstanding": 40, "prefetch": 30},
                           "load": CROWD},
    # passwords in stock when the pool is recycled
    "password-lost-on-recycle": {"challenge": {"source": "mscep_admin", "outstanding": 12, "prefetch": 12}},
    "app-pool-recycled": {"challenge": {"source": "mscep_admin", "outstanding": 12, "prefetch": 12}},
    # logons
    "otp-auth-scheme-mismatch": {"challenge": {"source": "mscep_admin", "auth": "basic"}, **FIRST},
    "otp-with-policy-module": {"mode": "standalone"},  # the harness plays the MDM that wants passwords of it
    "mdm-otp-credential-invalid": {"modes": ["standalone"], **FIRST},
    "otp-auth-failed": FIRST, "otp-account-locked": FIRST, "otp-account-disabled": FIRST, "otp-account-password-expired": FIRST,
    "password-already-used": {"fault": "how=every"},
    "otp-kerberos-spn": {"skip": "needs a KDC: clients without a ticket see nothing"},
    "password-bad-encoding": {"devices": UTF8},
    # passwords of many ages, which an hour in seconds cannot have: stock that waits for a crowd, and is used up by it
    "password-expired": {"challenge": {"source": "mscep_admin", "outstanding": 24, "prefetch": 24}, "fault": "validity=2s",
                         "load": CROWD, "from": 0, "lasting": True},
    "ra-cert-expiring": FIRST,
    # nothing to see
    "otp-static-mode": {"skip": "a configuration: nothing fails, so there is nothing to explain"},
    "ca-fingerprint-mismatch": {"skip": "needs a client that knows the right fingerprint; for all others another CA is as good"},
    # clocks: what the CA issues must be not yet valid, and the first answer tells the difference
    "clock-skew": {"fault": "by=30m", "from": 0, "window": 9},
    "client-crypto-incompatible": {"fault": "reply=signer"},  # the only form, beside other-client, that our devices cannot read
}
# A choice of a key that wants another setup than its fault has.
VARIANTS = {
    ("otp-auth-scheme-mismatch", "offers", "basic"): {"challenge": {"source": "mscep_admin", "auth": "ntlm"}},
    ("password-bad-encoding", "unreadable", "printable"): {"devices": {}},
    ("password-already-used", "how", "twice"): {"fault": ""},
    ("password-already-used", "how", "every"): {"skip": "the usual run"},
    ("tls-version-mismatch", "offers", "tls1.3"): {"skip": "our devices speak it"},
    **{("otp-page-blank", "body", page): {"skip": "our devices find the password in any language"}
       for page in ("german", "french", "japanese")},
    ("payload-truncated", "cuts", "reply"): {"fault": "limit=1000"},  # replies are shorter than messages
    ("payload-truncated", "cuts", "connection"): {"fault": "limit=1000"},
    ("clock-skew", "server", "behind"): {"skip": "nothing fails: certificates are older than they are"},
    ("client-crypto-incompatible", "reply", "other-client"): {"fault": ""},
    # a SYN that is dropped comes again after 1 and 3 s: what lasts no longer than that is only slow
    ("network-path-blocked", "how", "drop"): {"window": 9},
    ("mdm-cannot-reach-ndes", "how", "drop"): {"window": 9},
    ("mdm-stale-ra-certs", "how", "renewed"): {"skip": "nothing fails: our devices fetch the certificates each time"},
    ("network-path-blocked", "how", "drip"): {"skip": "nothing fails: all goes through, slowly, and no log of a server tells why"},
    **{("client-crypto-incompatible", "reply", how): {"skip": "our devices read it"} for how in ("aes256", "des3", "sha512", "sha1")},
    ("client-crypto-incompatible", "reply", "signer"): {"fault": ""},
    ("ca-db-sessions-exhausted", "sessions", "2"): {"load": CROWD, "challenge": MANY,
                                                    "simulator": {"latency": {"pki_operation": {"fixed": "200ms"}}}},
}
# Any fault with this choice.
CHOICES = {"restarted=no": {"restart": 5.0}}  # what bites only once the pool is started again
MORE = {"ca-db-sessions-exhausted": ["sessions=2"], "password-already-used": ["how=twice"]}  # values of numbers that are other forms of a fault
PROXY_ONLY = {"mdm-cannot-reach-ndes", "mdm-stale-ra-certs"}

# Not separable by any artefact, because they are two names of one thing; the reason stands behind.
SAME = {
    ("app-pool-recycled", "password-lost-on-recycle"): "a recycle, and what it does to passwords",
    ("otp-endpoint-503", "app-pool-stopped"): "the pool is stopped for all applications in it",
    ("mdm-cannot-reach-ndes", "network-path-blocked"): "a path that is blocked for whoever asks: only who that is tells them apart",
    **{("mdm-otp-credential-invalid", "otp-" + what): "the same refusal, of the account that the MDM has: the harness has no other"
       for what in ("auth-failed", "account-locked", "account-disabled", "account-password-expired")},
}
