/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files of CD audio that are made: their tags, and the two containers. */
#ifndef SP_FORMATS_AUDIO_WRITE_H
#define SP_FORMATS_AUDIO_WRITE_H

#include <spindle/disc.h>
#include <spindle/io.h>

enum { SP_TAGS_MAX = 12 };

/* One thing said of a recording. */
struct sp_tag {
	const char *key;   /* as a Vorbis comment */
	const char *info;  /* as a chunk of RIFF INFO; NULL: there is none */
	const char *value; /* UTF-8, never empty */
};

/* Values are borrowed from the disc and from `number`, so a list is not copied. */
struct sp_tags {
	struct sp_tag tag[SP_TAGS_MAX];
	size_t count;
	char number[2][12];
};

/* What the disc says of a track; 0: of its audio as one piece. */
void sp_tags_collect(struct sp_tags *tags, const struct sp_disc *disc, unsigned track);

enum { SP_WAVE_HEAD = 44 }; /* the samples' offset in a WAVE file that is made */

/* `io` has samples from SP_WAVE_HEAD to its end: gets the chunks before them, and after them those
 * of the tags. SP_ERR_UNSUPPORTED: more than the 4 GiB that RIFF counts. */
int sp_wave_finish(struct sp_io *io, const struct sp_tags *tags, struct sp_error *err);

/* An io that takes `bytes` of samples in order, little-endian, and writes them to `io` as FLAC of
 * this level (0…8), with room for tags like these and some more. Takes io on success. Closed before
 * sp_flac_finish, it leaves something unfinished in io. */
int sp_flac_writer(struct sp_io **out, struct sp_io *io, uint64_t bytes, unsigned level,
		   const struct sp_tags *tags, struct sp_error *err);
/* The end of the stream, if fewer bytes came than were announced, and its tags; those for which
 * there is no room are left out, the last ones first. */
int sp_flac_finish(struct sp_io *flac, const struct sp_tags *tags, struct sp_error *err);

#endif
