/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files of every kind, made in memory by the libraries that define them. */
#ifndef TEST_SOUND_FILES_H
#define TEST_SOUND_FILES_H

#include <spindle/io.h>

#include <sndfile.h>

/* `count` samples, interleaved, as fractions of 2^31 whose bits beyond `bits` are zero; two voices
 * and noise, so that no place is like another. */
void sound_samples(int32_t *samples, size_t frames, unsigned channels, unsigned bits);
/* The same as little-endian CD audio; `channels` are 2, `bits` 16. */
void sound_bytes(uint8_t *bytes, const int32_t *samples, size_t frames);

/* Put `name` into the folder in one of libsndfile's formats. False: it has no such encoder. */
bool sound_put(struct sp_memory *mem, const char *name, int format, unsigned rate,
	       unsigned channels, const int32_t *samples, size_t frames);
void sound_put_wavpack(struct sp_memory *mem, const char *name, unsigned rate, unsigned bits,
		       unsigned channels, const int32_t *samples, size_t frames);

#endif
