/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of raw sectors, of every size and sub-channel, made from what is wanted of them. */
#ifndef TESTS_RAWFILE_H
#define TESTS_RAWFILE_H

#include "disc/sector.h"

#include <spindle/format.h>
#include <spindle/stream.h>

enum order { NONE, INTERLEAVED, LINEAR, PQ16 };

/* A run of sectors to be made. */
struct rawfile_piece {
	unsigned mode; /* SP_MODE_XA: forms 1 and 2 in turn, the volume in a form 1 sector */
	unsigned count;
};
struct rawfile_shape {
	const char *name;
	unsigned main;
	enum order order;
	sp_lba base;
	bool scrambled, volume;
	unsigned cut; /* bytes less at the end */
	struct rawfile_piece piece[4];
};

/* What is made, and as it must come back: 2352 bytes and 96 interleaved for each sector. */
struct rawfile {
	uint8_t *file, *raw, *sub;
	size_t size, sectors;
	struct sp_memory *mem; /* what was opened last */
	char notes[4000];
};

/* A tone, as raw samples: other sectors than noise. */
void rawfile_audio(sp_lba lba, uint8_t raw[SP_RAW_SIZE]);
void rawfile_sector(const struct rawfile_shape *s, unsigned mode, sp_lba lba,
		    uint8_t raw[SP_RAW_SIZE]);
struct rawfile rawfile_make(const struct rawfile_shape *s);
void rawfile_free(struct rawfile *im);
/* Through the front of the table, or (`option` or no evidence) as raw because asked. */
int rawfile_open(struct rawfile *im, const char *name, const struct sp_option *option, bool asked,
		 struct sp_source **out, struct sp_error *err);
/* Every stored sector is the one that was made. */
void rawfile_check(const struct rawfile_shape *s, const struct rawfile *im, struct sp_source *src);
struct sp_source *rawfile_must_open(struct rawfile *im, const struct rawfile_shape *s,
				    const char *name);
void rawfile_must_say(const struct rawfile_shape *s, const struct rawfile *im, const char *what);

#endif
