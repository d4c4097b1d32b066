/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sink of a cue sheet and its printer share: which sectors go to which file. */
#ifndef SP_FORMATS_CUE_WRITE_H
#define SP_FORMATS_CUE_WRITE_H

#include "formats/cue.h"

/* A run of sectors in a file. Frames are what INDEX counts: sectors from the file's beginning. */
struct sp_cue_spot {
	sp_lba lba;
	uint64_t count, frame, offset;
	size_t file;
};

struct sp_cue_out {
	char *name;
	unsigned track, session; /* it was begun for */
	unsigned last;           /* session in it */
	uint64_t frames, bytes;
	bool sound;       /* a file of samples, not of sectors */
	struct sp_io *io; /* borrowed by the sink while it writes */
};

enum sp_cue_audio { SP_CUE_AUDIO_RAW, SP_CUE_AUDIO_WAVE, SP_CUE_AUDIO_FLAC };

enum sp_cue_sub { /* a .sub file; nothing; in CDG tracks; the odd Q frames in a list */
		  SP_CUE_SUB_FILE,
		  SP_CUE_SUB_NONE,
		  SP_CUE_SUB_CDG,
		  SP_CUE_SUB_SBI,
		  SP_CUE_SUB_LSD,
};

struct sp_cue_plan {
	const char *name; /* of the sheet */
	bool user;        /* data sectors without their framing, where they can do without */
	bool per_track, previous;
	bool titles;           /* a track's file is called by its number and title */
	unsigned audio, level; /* of the audio tracks' files; what FLAC is to try */
	unsigned sub;
	struct sp_cue_spot *spot; /* ascending */
	size_t spots;
	struct sp_cue_out *out;
	size_t outs;
	bool joined[SP_TRACK_MAX + 1]; /* by session number: the gap before it is stored */
};

/* The parts a region is stored with, 0: it is not. */
unsigned sp_cue_stored(const struct sp_cue_plan *plan, const struct sp_region *region);
/* Give every region its place and every file its name. SP_ERR_UNSUPPORTED: a sheet cannot say it.
 */
int sp_cue_plan(struct sp_cue_plan *plan, const struct sp_disc *disc, struct sp_error *err);
void sp_cue_plan_clear(struct sp_cue_plan *plan);
/* NULL: the sector is in no file. */
const struct sp_cue_spot *sp_cue_spot(const struct sp_cue_plan *plan, sp_lba lba);
/* The word after TRACK nn. */
const struct sp_cue_type *sp_cue_track_type(const struct sp_cue_plan *plan,
					    const struct sp_disc *disc,
					    const struct sp_track *track);
/* Give every file of the plan its name. */
int sp_cue_name_files(struct sp_cue_plan *plan, const struct sp_disc *disc, struct sp_error *err);
/* The sheet's stem with something else behind it; malloc'd. */
char *sp_cue_name(const struct sp_cue_plan *plan, const char *fmt, ...) SP_PRINTF(2, 3);

/* The sheet's text, malloc'd; `cdtext`: name of the file of packs, or NULL. */
int sp_cue_print(const struct sp_cue_plan *plan, const struct sp_disc *disc, const char *cdtext,
		 char **text, size_t *size, struct sp_error *err);

#endif
