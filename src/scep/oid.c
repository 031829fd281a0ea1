#include "scep/oid.h"

#define DEFINE_OID(name, bytes) const struct span name = {(const uint8_t *)bytes, sizeof bytes - 1};
SCEP_OIDS(DEFINE_OID)
