/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sector corrected by its P/Q product code; the EDC decides whether it is right. */
#ifndef SP_DISC_REPAIR_H
#define SP_DISC_REPAIR_H

#include "disc/sector.h"

/* Judge a raw sector of a region with this mode and correct it in place; returns one of enum
 * sp_repair_verdict. It is only changed to become one whose EDC is right, or, where the EDC is
 * right already, in its parity; then `*bytes` (NULL is fine) is how many bytes changed, else 0.
 * `suspect`: 294 bytes, a bit for each byte that may be wrong, as C2 (the first in bit 7), or NULL.
 * Sync is corrected where the EDC covers it (mode 1), a header where EDC and parity do. Costs no
 * more than sp_sector_check where nothing is wrong. */
enum sp_repair_verdict sp_repair_raw(unsigned mode, uint8_t raw[SP_RAW_SIZE],
				     const uint8_t *suspect, unsigned *bytes);

/* The same for a sector as a region stores it: 2352 bytes, or XA's 2336 without sync and header.
 * Other selections are SP_REPAIR_NONE. `data` may be followed by parts that are no main channel. */
enum sp_repair_verdict sp_repair_stored(unsigned mode, unsigned parts, uint8_t *data,
					const uint8_t *suspect, unsigned *bytes);

#endif
