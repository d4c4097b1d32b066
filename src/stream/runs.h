/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of what was found of sectors, each of which counts once however often it is read. */
#ifndef SP_STREAM_RUNS_H
#define SP_STREAM_RUNS_H

#include <spindle/stream.h>

/* Put a sector in: lba, what, source and bytes of `sector`; its count is 1. 1: it is new; 0: there
 * is something said of this LBA already, which stays. */
int sp_runs_add(struct sp_runs *runs, const struct sp_run *sector, struct sp_error *err);

/* Note sectors whose state is damage; `what` is those bits. Ascending. */
#define SP_RUNS_DAMAGE                                                                             \
	(SP_STATE_C2 | SP_STATE_EDC | SP_STATE_ECC | SP_STATE_HEADER | SP_STATE_UNREAD |           \
	 SP_STATE_PADDED)
int sp_runs_damage(struct sp_runs *runs, sp_lba lba, uint32_t count, const uint16_t *state,
		   struct sp_error *err);

/* Count a sector's verdict and note it, unless it is GOOD or NONE or was noted before. */
int sp_repairs_add(struct sp_repairs *repairs, sp_lba lba, enum sp_repair_verdict verdict,
		   unsigned bytes, struct sp_error *err);

#endif
