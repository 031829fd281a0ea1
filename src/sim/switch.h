/* Faults switched on and off while the simulator serves, by somebody on this machine:
 *
 *     GET    /scepstorm/admin/faults        {"faults":[{"id":"ca-slow","fault":"ca-slow:for=5m","holds":true,
 *                                            "since_s":12.5,"left_s":287.5}]}; those that are over are left out
 *     POST   /scepstorm/admin/faults        lines  ID[:KEY=VALUE,...]  or  -ID  to end all of that id
 *     DELETE /scepstorm/admin/faults/ID     the same as -ID
 *
 * Who is elsewhere, or a web page in a browser here, gets 403. `from` counts from the request. All lines of a POST or none: 400 and one line that says why. Else 200 and the list. */
#ifndef SIM_SWITCH_H
#define SIM_SWITCH_H

#include "faults/faults.h"
#include "ndes/exchange.h"

#define SIM_SWITCH_PATH "/scepstorm/admin/faults"

/* Fills the whole reply. True: faults have changed. Any thread. */
bool sim_switch_answer(struct faults *faults, const struct ndes_request *request, struct ndes_reply *reply);

#endif
