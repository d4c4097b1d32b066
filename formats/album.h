/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files, one after another, as a disc of audio tracks. */
#ifndef SP_FORMATS_ALBUM_H
#define SP_FORMATS_ALBUM_H

#include "formats/sound_tags.h"

#include <spindle/format.h>

/* What becomes a track. */
struct sp_album_file {
	struct sp_io *io; /* the file; sp_album_source makes a view of it */
	bool big_endian;  /* of that view */
	struct sp_sound_tags tags;
};
struct sp_album {
	struct sp_album_file *file;
	size_t files, room;
	const char *name; /* for messages: the list's, or the folder's */
	const struct sp_options *options;
};

/* Look at `io`: *sound false with status 0: it is no sound file, and stays the caller's. Takes io
 * where it is one. Sound that cannot be decoded is SP_ERR_UNSUPPORTED. */
int sp_album_add(struct sp_album *album, struct sp_io *io, bool *sound, struct sp_error *err);
/* By the tracks' numbers in their tags, where all have one and no two the same; false: not so, and
 * the order is as before. */
bool sp_album_sort(struct sp_album *album);
/* The disc: with -O gap=SECONDS of silence before each track but the first one, 0: none, and no
 * sample between two files; texts and codes from tags unless -O text=no. Takes the files on
 * success.
 */
int sp_album_source(struct sp_source **out, struct sp_album *album, struct sp_error *err);
void sp_album_clear(struct sp_album *album);

#endif
