/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CloneCD sheets: from what a sheet says and its files hold to a disc, and the other way. */
#ifndef SP_FORMATS_CCD_H
#define SP_FORMATS_CCD_H

#include "formats/ccd_parse.h"
#include "stream/extents.h"

#include <spindle/format.h>

enum {
	SP_CCD_GAP = 11400,  /* sectors between two sessions that are in no file: lead-out, */
	SP_CCD_GAP_2 = 6900, /* lead-in and the pregap of 150; and after a later session */
};

/* Where a session lies in the .img, one after another. The sectors before `base` are in no file:
 * the lead-in side of its first track's pregap, 150 unless the sheet says another. */
struct sp_ccd_part {
	sp_lba base;
	uint64_t at, count; /* in the file, sectors */
	uint64_t implied;   /* sectors of the pregap before base */
};

struct sp_ccd_layout {
	const struct sp_ccd_sheet *sheet;
	const char *name; /* of the sheet */
	const struct sp_notes *notes;
	struct sp_io *img, *sub; /* sub NULL: none */
	unsigned sub_encoding;
	uint64_t sectors;                          /* of img; the last one may be cut short */
	struct sp_ccd_part part[SP_TRACK_MAX + 1]; /* by session number */
};

/* Sessions, tracks and indexes of an empty disc, and where each session lies, from the sheet and
 * the size of img. */
int sp_ccd_toc(struct sp_ccd_layout *layout, struct sp_disc *disc, struct sp_error *err);
/* Pregaps, indexes and ISRCs of the tracks the sheet has no [TRACK] of, from Q in the .sub. */
int sp_ccd_ask_q(const struct sp_ccd_layout *layout, struct sp_disc *disc, struct sp_error *err);
/* Is every record of the .sub what `disc`, with its regions, implies? */
int sp_ccd_sub_implied(const struct sp_ccd_layout *layout, const struct sp_disc *disc,
		       bool *implied, struct sp_error *err);
/* Regions by the sectors found, and the map; extents borrow the layout's ios. */
int sp_ccd_lay(struct sp_ccd_layout *layout, struct sp_disc *disc, struct sp_extents *map,
	       struct sp_error *err);
/* The sector of the .img that holds `lba` of a session. */
static inline uint64_t sp_ccd_at(const struct sp_ccd_part *part, sp_lba lba)
{
	return part->at + (uint64_t)(lba - part->base);
}

/* Where a new .img has the sessions of a disc: part[] by session number. */
void sp_ccd_plan(const struct sp_disc *disc, struct sp_ccd_part part[SP_TRACK_MAX + 1]);
/* The sheet's text, malloc'd. `packs`: CD-Text of 18 bytes each. */
int sp_ccd_print(const struct sp_disc *disc, const struct sp_ccd_part part[SP_TRACK_MAX + 1],
		 const uint8_t *packs, size_t size, char **text, size_t *text_size,
		 struct sp_error *err);

/* The writing half of the format (see struct sp_format). */
unsigned sp_ccd_carries(const struct sp_options *options);
int sp_ccd_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err);

#endif
