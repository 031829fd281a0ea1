/* The look-alikes behind each kind of failure. For this room only. */
#ifndef DIAGNOSE_CANDIDATES_H
#define DIAGNOSE_CANDIDATES_H

#include "diagnose/parts.h"

extern const struct candidate may_dns[];
extern const struct candidate may_dropped[];
extern const struct candidate may_refused[];
extern const struct candidate may_reset[];
extern const struct candidate may_stalled[];
extern const struct candidate may_tls[];
extern const struct candidate may_pool_down[];
extern const struct candidate may_start_failed[];
extern const struct candidate may_busy[];
extern const struct candidate may_message_failed[];
extern const struct candidate may_download[];
extern const struct candidate may_reply_cut[];
extern const struct candidate may_message_lost[];
extern const struct candidate may_gateway_unavailable[];
extern const struct candidate may_not_found[];
extern const struct candidate may_not_found_httpsys[];
extern const struct candidate may_not_found_proxy[];
extern const struct candidate may_login_page[];
extern const struct candidate may_bad_gateway[];
extern const struct candidate may_behind_mdm[];
extern const struct candidate may_gateway_timeout[];
extern const struct candidate may_ra_expired[];
extern const struct candidate may_ca_expired[];
extern const struct candidate may_ra_chain[];
extern const struct candidate may_password[];
extern const struct candidate may_already_used[];
extern const struct candidate may_missing[];
extern const struct candidate may_template_denied[];
extern const struct candidate may_ca_denied[];
extern const struct candidate may_template_unknown[];
extern const struct candidate may_key_short[];
extern const struct candidate may_subject[];
extern const struct candidate may_crl[];
extern const struct candidate may_validity[];
extern const struct candidate may_rpc[];
extern const struct candidate may_dcom[];
extern const struct candidate may_sessions[];
extern const struct candidate may_suspended[];
extern const struct candidate may_pending[];
extern const struct candidate may_denied[];
extern const struct candidate may_forgotten[];
extern const struct candidate may_renewal_subject[];
extern const struct candidate may_renewal_expired[];
extern const struct candidate may_renewal_template[];
extern const struct candidate may_renewal[];
extern const struct candidate may_renewal_unknown[];
extern const struct candidate may_message_type[];
extern const struct candidate may_algorithm[];
extern const struct candidate may_client_crypto[];
extern const struct candidate may_signer_unknown[];
extern const struct candidate may_no_certrep[];
extern const struct candidate may_connector[];
extern const struct candidate may_handshake[];
extern const struct candidate may_forbidden[];
extern const struct candidate may_forbidden_proxy[];
extern const struct candidate may_unauthorized[];
extern const struct candidate may_too_long_proxy[];
extern const struct candidate may_too_long_httpsys[];
extern const struct candidate may_too_long[];
extern const struct candidate may_post_refused[];
extern const struct candidate may_body_too_large[];
extern const struct candidate may_otp_forbidden[];
extern const struct candidate may_ca_info[];
extern const struct candidate may_other_ca[];
extern const struct candidate may_slow[];
extern const struct candidate may_load[];
extern const struct candidate may_stripped[];
extern const struct candidate may_skewed_clock[];
extern const struct candidate may_name_constraint[];
extern const struct candidate may_subject_info[];
extern const struct candidate may_ra_signature[];
extern const struct candidate may_no_template[];
extern const struct candidate may_not_encrypted[];
extern const struct candidate may_not_decoded[];
extern const struct candidate may_account_refused[];
extern const struct candidate may_ca_refused[];
extern const struct candidate may_reporting[];
extern const struct candidate may_installing[];
extern const struct candidate may_expiring[];
extern const struct candidate may_astray[];
extern const struct candidate may_otp_gone[];
extern const struct candidate may_otp_permission[];
extern const struct candidate may_otp_logon[];

/* The certificate that signs a renewal is past its end. */
bool signer_has_expired(const struct facts *f);

/* Factors by the lengths of requests. lengths.c */
double lengths_above(const struct facts *f); /* long ones alone fail */
double lengths_any(const struct facts *f);   /* that cannot matter */
double lengths_query(const struct facts *f);
double lengths_url(const struct facts *f);
double lengths_sometimes(const struct facts *f); /* what is in them matters */
double lengths_long_get(const struct facts *f);
double lengths_no_post(const struct facts *f);
void tell_lengths(const struct facts *f, struct diagnosis *d);

/* The OTP page's folder against the file in it. otp.c */
double otp_file_there(const struct facts *f);
void tell_otp_file(const struct facts *f, struct diagnosis *d);

#endif
