/* Conformance under load: controls and probes run as devices beside the load, one pair at a time, and count in none of its
 * figures. For this room only. */
#ifndef ENGINE_LAB_H
#define ENGINE_LAB_H

#include "conformance/conformance.h"
#include "engine/internal.h"

/* NULL in *out when the scenario has no probes. */
bool lab_new(struct engine *en, struct lab **out, struct err *e) MUST_USE;
void lab_free(struct lab *lab);

/* All of these take NULL for a lab that is not there. */
void lab_device_started(struct lab *lab); /* of the load: every so many one probe is due */
void lab_turn(struct lab *lab);           /* starts what is due and may start */
void lab_stop(struct lab *lab);           /* nothing more is due */
bool lab_over(const struct lab *lab);     /* nothing under way, nothing due */

/* Of a phone whose `trial` is set. */

const struct persona *lab_persona(struct trial *trial, const struct persona *usual);
/* Whether its challenge is settled without a fetch: none is needed, or one is left over. */
bool lab_has_challenge(struct phone *p);
/* The message is out: whether its password stays with the lab, because nobody knows yet if it was taken. */
bool lab_keeps_password(const struct phone *p);
void lab_note_challenge(struct phone *p); /* before the CSR is made */
void lab_alter(const struct phone *p, struct device_action *send);
/* On a worker. False and *e unset: not a probe, made and read as usual. */
bool lab_makes(const struct phone *p);
bool lab_make(struct phone *p, const struct persona_device *device, struct err *e) MUST_USE;
bool lab_request(struct phone *p, struct err *e) MUST_USE;
bool lab_reply(struct phone *p, struct err *e) MUST_USE;
/* It is about to be freed: what it found is taken over. */
void lab_take(struct phone *p);

#endif
