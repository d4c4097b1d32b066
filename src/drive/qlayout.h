/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Q of every sector says of a disc whose TOC is known: pregaps, indexes, codes, and on how
 * many readings each of that stands. */
#ifndef SP_DRIVE_QLAYOUT_H
#define SP_DRIVE_QLAYOUT_H

#include <spindle/disc.h>
#include <spindle/rip.h>

/*
 * Readings are collected in any order, as sectors come; what they mean is worked out once. Only a Q
 * whose CRC is right and which says the place it was found at is evidence of a position. Index 00
 * of a track begins at the first sector that says so, if all between it and the TOC's start say so;
 * where sectors that tell no place (codes, damage) lie before it, P decides, and else the first of
 * them when all of them are codes. ISRC: the reading that most agree on, not counting a track's
 * first (some drives give the track before's there), two at least; one that two tracks have is
 * nobody's.
 */
struct sp_qlayout;

/* For the sectors of `toc`'s stored regions. */
int sp_qlayout_new(struct sp_qlayout **out, const struct sp_disc *toc, struct sp_error *err);
void sp_qlayout_free(struct sp_qlayout *ql); /* NULL is fine */
/* One sector's interleaved P-W (NULL: none came) and the mode its main channel has (SP_MODES: not
 * known). A later reading replaces an earlier one only if that had no right CRC. */
void sp_qlayout_take(struct sp_qlayout *ql, sp_lba lba, const uint8_t *pw, unsigned mode);

/* What the drive itself says of a code, NULL: nothing; asked only where Q is not enough. */
typedef const char *sp_qlayout_code_fn(void *user, unsigned track);
/* A disc bettered by what was collected, which passes sp_disc_check; *facts tells why. What
 * disagrees with the TOC goes to notes and stays as the TOC has it. */
int sp_qlayout_finish(struct sp_qlayout *ql, struct sp_disc **out, struct sp_rip_q *facts,
		      sp_qlayout_code_fn *code, void *user, const struct sp_notes *notes,
		      struct sp_error *err);

#endif
