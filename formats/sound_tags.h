/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a sound file says of itself, as far as a disc has a place for it. */
#ifndef SP_FORMATS_SOUND_TAGS_H
#define SP_FORMATS_SOUND_TAGS_H

#include <spindle/io.h>

enum sp_sound_text {
	SP_SOUND_TITLE,
	SP_SOUND_ARTIST,
	SP_SOUND_ALBUM,
	SP_SOUND_ALBUM_ARTIST,
	SP_SOUND_TEXTS
};
struct sp_sound_tags {
	char *text[SP_SOUND_TEXTS]; /* UTF-8 without control characters; NULL: not told */
	char isrc[13];              /* "", or as a disc has it */
	unsigned disc, track;       /* 0: not told */
};

/* Fill *tags (cleared first) from Vorbis comments (FLAC, Ogg), ID3 (2.2 to 2.4, 1), APEv2, RIFF
 * INFO and the chunks of AIFF. What is malformed or too large in them is as if it were not there;
 * only a read that fails and memory are errors. */
int sp_sound_tags_read(struct sp_sound_tags *tags, struct sp_io *io, struct sp_error *err);
void sp_sound_tags_clear(struct sp_sound_tags *tags);

/* --- for the kinds of tags ----------------------------------------------------------------- */

/* Take `size` bytes of text in `charset` (enum sp_charset) under a key as a Vorbis comment has it;
 * what was told before stays. Unknown keys are passed over. SP_ERR_MEMORY alone. */
int sp_sound_tags_take(struct sp_sound_tags *tags, const char *key, unsigned charset,
		       const void *text, size_t size);
/* An ID3v2 tag of `size` bytes, changed in place; and one of ID3v1, of 128. SP_ERR_MEMORY alone. */
int sp_id3_read(struct sp_sound_tags *tags, uint8_t *tag, size_t size);
int sp_id3v1_read(struct sp_sound_tags *tags, const uint8_t tag[128]);

#endif
