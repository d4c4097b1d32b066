/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libburn can write of a disc, and what it is given of it. */
#ifndef SP_DRIVE_BURNER_H
#define SP_DRIVE_BURNER_H

#include <spindle/burn.h>

/* Whether libburn can write this layout as it is; else why not, in *err (SP_ERR_UNSUPPORTED): one
 * track of plain data, or an audio disc. */
int sp_burner_takes(const struct sp_disc *disc, struct sp_error *err);
bool sp_burner_is_audio(const struct sp_disc *disc);
/* The parts it is given of a region; 0: none, the drive makes it. */
unsigned sp_burner_wants(const struct sp_disc *disc, const struct sp_region *region);
/* Bytes it is given of a track, and the sectors those are on the medium (2048 bytes of data, 2352
 * of audio; the last one filled up). */
uint64_t sp_burner_bytes(const struct sp_disc *disc, const struct sp_track *track);
uint64_t sp_burner_sectors(const struct sp_disc *disc);
/* Of an opened burner: the mode it chose, and the sectors there are for it. */
void sp_burner_plan(const struct sp_sink *sink, unsigned *mode, uint64_t *room);
/* Sectors that the drive took, at least, which it was to write from LBA `next` on; waits until
 * libburn has ended, and stops it first where it has not all. */
uint64_t sp_burner_sent(struct sp_sink *sink, sp_lba next);

#endif
