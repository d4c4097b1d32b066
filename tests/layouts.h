/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discs of every shape, small, to fill with the pattern. */
#ifndef TEST_LAYOUTS_H
#define TEST_LAYOUTS_H

#include <spindle/stream.h>

enum layout_flags {
	LAYOUT_HUGE = 1, /* tens of thousands of sectors and more: not for walks over all */
	LAYOUT_FEW = 2,  /* one of the few that stand for all where every call is failed in turn */
};

/* One step of a layout, in order of LBA. */
struct layout_piece {
	enum {
		LAYOUT_END,
		LAYOUT_SESSION, /* begins a session; mode: its type */
		LAYOUT_TRACK,  /* begins a track; count: its control, mode and parts of what follows
				*/
		LAYOUT_PREGAP, /* of the track; mode and parts of its own unless 0 */
		LAYOUT_MAIN,   /* index 01 on */
		LAYOUT_POSTGAP,
		LAYOUT_GAP, /* between sessions */
	} what;
	uint32_t count;
	unsigned mode, parts; /* parts 0: not stored */
};

struct layout {
	const char *name;
	const struct layout_piece *piece;
	unsigned flags, medium, first;      /* first track's number */
	sp_lba start;                       /* first LBA that exists */
	void (*more)(struct sp_disc *disc); /* facts beyond the regions; NULL: none */
};

extern const struct layout layouts[]; /* name-NULL-ended */

const struct layout *layout_named(const char *name);
/* A new disc; no memory ends the program. */
struct sp_disc *layout_build(const struct layout *layout);
/* The pattern on it. */
struct sp_source *layout_source(const struct layout *layout, uint32_t seed);
/* The pattern of "audio" (seed 1), its disc changed before. */
struct sp_source *layout_audio_with(void (*change)(struct sp_disc *disc));

#endif
