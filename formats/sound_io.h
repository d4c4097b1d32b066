/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sound file of any kind as the bytes of CD audio. */
#ifndef SP_FORMATS_SOUND_IO_H
#define SP_FORMATS_SOUND_IO_H

#include <spindle/error.h>
#include <spindle/io.h>

#include <stdbool.h>

/* Put in place of *io, a sound file told by its content, a view of its samples: 44100 Hz, 16 bits,
 * 2 channels, a whole number of 4-byte frames, little-endian unless *big_endian. `convert`: what is
 * not CD audio is made so, with a note; else that is SP_ERR_UNSUPPORTED, as are coders that are
 * only known by name. SP_ERR_FORMAT: no sound file, malformed or cut short. The view owns what was
 * *io, which stays the caller's on failure. Damage that only decoding finds fails the read that
 * meets it. */
int sp_sound_view(struct sp_io **io, bool convert, bool *big_endian, const struct sp_notes *notes,
		  struct sp_error *err);

#endif
