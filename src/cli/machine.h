/* What this machine offers a run. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "load/needs.h"

/* Takes as many descriptors as this process may have. Children inherit them. */
void machine_raise_descriptors(void);

/* Whether connections may come from this address: an IPv4 or IPv6 one in figures. */
bool machine_has_address(const char *address);

/* Descriptors up to the hard limit; what cannot be read is taken for Debian's default, memory for unknown. */
void machine_look(bool target_is_here, struct load_machine *out);

#endif
