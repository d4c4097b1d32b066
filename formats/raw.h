/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file of raw sectors without a sheet is, by its content: the parts of the raw format. */
#ifndef SP_FORMATS_RAW_H
#define SP_FORMATS_RAW_H

#include <spindle/format.h>

enum {
	SP_RAW_TRACK_LEAST = 300, /* sectors: a track lasts 4 s at least (Red Book) */
	SP_RAW_EACH = SP_MODES,   /* mode: every sector says its own */
};

/* How the sectors of a file lie. A `main` of 2332 is 2336 without the last four bytes. */
struct sp_raw_shape {
	uint32_t main, sub; /* bytes of main channel (0: not known), and of sub-channel after it */
	unsigned mode;      /* SP_RAW_EACH, or of all of them */
	bool scrambled;
	bool linear;  /* sub-channel of 96 bytes is 12 of P, 12 of Q, … */
	bool ordered; /* good Q's say which it is */
	bool placed;  /* the sectors' own addresses say that the first one is `base` */
	sp_lba base;
	uint64_t sample;  /* a sector with a sync pattern */
	const char *what; /* the evidence, for a note; NULL: none */
	unsigned score;
};

/* A file looked into; reads within `head` cost nothing. The first failed read sticks in `status`,
 * and all later ones fail. */
struct sp_raw_file {
	struct sp_io *io; /* NULL: head is all there is */
	const uint8_t *head;
	size_t head_size;
	uint64_t size;
	struct sp_error *err;
	int status;
};
/* Exact; false: beyond the file's end or failed. */
bool sp_raw_read(struct sp_raw_file *file, uint64_t at, void *data, size_t size);
/* The 2352 bytes of sector `i` where they are there, unscrambled; zeros where they are not. */
bool sp_raw_sector(struct sp_raw_file *file, const struct sp_raw_shape *shape, uint64_t i,
		   uint8_t raw[2352]);
/* The LBA a sector's header says; false where that is no address or no mode. */
bool sp_raw_header(const uint8_t raw[2352], sp_lba *lba);

/* Fill in what content tells of `shape`; where main is set (and mode, unless SP_RAW_EACH), only of
 * that size (and mode). score 0: nothing was found. */
void sp_raw_find(struct sp_raw_shape *shape, struct sp_raw_file *file);
/* Samples sound like sound: adjacent ones are alike. Looks at a few of `sectors` sectors. */
bool sp_raw_is_pcm(struct sp_raw_file *file, uint64_t sectors);

/* A run of sectors of one mode. */
struct sp_raw_run {
	uint64_t first, count;
	unsigned mode;
};
struct sp_raw_runs {
	struct sp_raw_run *run;
	size_t runs;
	uint64_t odd;  /* looked-at sectors of another kind than the run they were left in */
	uint64_t away; /* looked-at sectors whose header is not that of their place */
	uint64_t seen; /* how many were looked at */
};
/* Tracks by the modes of `sectors` sectors; free runs->run. A file of more than 4096 sectors is
 * looked at in steps of less than a track, and where the mode changes in every sector. */
int sp_raw_split(struct sp_raw_runs *runs, const struct sp_raw_shape *shape,
		 struct sp_raw_file *file, uint64_t sectors);

/* An io of 2336 (+ sub) bytes a sector over one of 2332: the bytes that are missing are made. Takes
 * io on success. */
int sp_raw_widen(struct sp_io **out, struct sp_io *io, uint32_t sub, struct sp_error *err);

/* The format's writing half. */
unsigned sp_raw_carries(const struct sp_options *options);
int sp_raw_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err);

#endif
