/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Our own writer: what the drive is made to do to a medium, command by command. */
#ifndef SP_DRIVE_RECORDER_H
#define SP_DRIVE_RECORDER_H

#include "drive/mmc_write.h"

#include <spindle/burn.h>

/* Make the rewritable medium in the drive blank, `full`: all of it and not its tables alone. CD-RW;
 * DVD-RW, also one in restricted overwrite, which becomes sequential. SP_ERR_UNSUPPORTED: a medium
 * that cannot be blanked, and what can be done instead. 0 when the drive says that it is blank. */
int sp_recorder_blank(struct sp_transport *transport, bool full, const struct sp_mmc_watch *watch,
		      struct sp_error *err);
/* Format it, so that it can be written anywhere: DVD+RW, DVD-RW (to restricted overwrite), DVD-RAM,
 * BD-RE; and a blank BD-R to one with spare areas. `full`: with certification, or all of it, where
 * there are both. What is on it is lost, but for a DVD+RW that is formatted already. 0 when the
 * drive says that it is formatted. */
int sp_recorder_format(struct sp_transport *transport, bool full, const struct sp_mmc_watch *watch,
		       struct sp_error *err);

/* Of a sink that sp_recorder_open made: SP_BURN_SAO or SP_BURN_RAW, and how many sectors of the
 * program will be sent, of as many as the medium has room for. Its losses are to be looked for by a
 * scan before it is begun (sp_copy): a sector's, as of a foreign EDC, are none in SP_BURN_RAW. */
void sp_recorder_plan(const struct sp_sink *sink, unsigned *mode, uint64_t *sectors,
		      uint64_t *room);
/* Sectors of the program that the drive took. */
uint64_t sp_recorder_sent(const struct sp_sink *sink);

#endif
