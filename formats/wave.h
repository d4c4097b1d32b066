/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the samples lie in a sound file that may be uncompressed CD audio. */
#ifndef SP_FORMATS_WAVE_H
#define SP_FORMATS_WAVE_H

#include <spindle/error.h>
#include <spindle/io.h>

struct sp_wave {
	uint64_t offset, size; /* of the samples, bytes */
	bool big_endian;
	unsigned rate, bits, channels;
	bool plain; /* CD audio as it is: 44100 Hz, 16 bits, 2 channels; size is a multiple of 4 */
};

/* Walk over the chunks of RIFF WAVE, RF64 and AIFF. SP_ERR_FORMAT: none of these, malformed, or
 * shorter than it says. */
int sp_wave_find(struct sp_io *io, struct sp_wave *w, struct sp_error *err);

#endif
