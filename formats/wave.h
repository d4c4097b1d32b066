/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the samples lie in a sound file of uncompressed CD audio. */
#ifndef SP_FORMATS_WAVE_H
#define SP_FORMATS_WAVE_H

#include <spindle/error.h>
#include <spindle/io.h>

struct sp_wave {
	uint64_t offset, size; /* of the samples, bytes; size is a multiple of 4 */
	bool big_endian;
	unsigned rate, bits, channels;
};

/* Recognise RIFF WAVE, RF64 and AIFF by content. 0: it is one, 44100 Hz, 16 bits, 2 channels, not
 * compressed. SP_ERR_UNSUPPORTED: it is one of another kind, which the text names; so for FLAC, MP3
 * and other sound files that would have to be decoded. SP_ERR_FORMAT: none of these, or malformed.
 */
int sp_wave_find(struct sp_io *io, struct sp_wave *w, struct sp_error *err);

#endif
