/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cue sheets: from what a sheet says and its files hold to a disc, and the other way. */
#ifndef SP_FORMATS_CUE_H
#define SP_FORMATS_CUE_H

#include "formats/cue_parse.h"
#include "stream/extents.h"

#include <spindle/format.h>

/* What lies behind one FILE line. The ios belong to whoever made the list. */
struct sp_cue_bin {
	struct sp_io *io;
	uint64_t size;     /* bytes of sectors or samples */
	bool sound;        /* samples only */
	bool swap;         /* big-endian samples */
	struct sp_io *sub; /* 96 bytes for every sector of io, or NULL */
	unsigned sub_encoding;
};

/* A run of sectors of one file that begins at one INDEX, or where the sheet makes another cut. */
struct sp_cue_cut {
	unsigned file, kind; /* kind: of sp_region_kind */
	size_t track;        /* position in the sheet's list; of a GAP the track before it */
	int number;          /* the index that begins here, -1: none */
	uint64_t sector, offset, count; /* in the file: sector number and byte; sectors */
	bool padded;                    /* the file ends inside the last sector */
	struct sp_cue_place at;
};

struct sp_cue_layout {
	const struct sp_cue_sheet *sheet;
	const char *name; /* of the sheet */
	const struct sp_notes *notes;
	struct sp_cue_bin *bin; /* one for each FILE */
	struct sp_cue_cut *cut;
	size_t cuts;
	bool joined[SP_TRACK_MAX]; /* session (by position) lies in its predecessor's file, with
				      the gap between them */
	unsigned mode[SP_TRACK_MAX], parts[SP_TRACK_MAX]; /* by position */
};

/* Where the cuts of every file lie, from the sheet and bin[].size. SP_ERR_FORMAT: they do not fit.
 */
int sp_cue_measure(struct sp_cue_layout *layout, struct sp_error *err);
/* Sectors of one file, after sp_cue_measure. */
uint64_t sp_cue_sectors(const struct sp_cue_layout *layout, unsigned file);
/* Formless or XA, by the first sectors of each track that leaves it open. */
int sp_cue_resolve(struct sp_cue_layout *layout, struct sp_error *err);
/* Fill an empty disc and map; extents borrow bin[]'s ios. */
int sp_cue_build(struct sp_cue_layout *layout, struct sp_disc *disc, struct sp_extents *map,
		 struct sp_error *err);
void sp_cue_layout_clear(struct sp_cue_layout *layout);

/* The writing half of the format (see struct sp_format). */
unsigned sp_cue_carries(const struct sp_options *options);
int sp_cue_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err);

#endif
