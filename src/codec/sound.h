/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoders of sound files: samples in the order they are played, whatever the library behind. */
#ifndef SP_CODEC_SOUND_H
#define SP_CODEC_SOUND_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SP_SOUND_CHANNELS = 8 }; /* no more are opened */

/* The bytes of a file: `read` is exact or an error, and never asked beyond `size`. */
struct sp_sound_file {
	int (*read)(void *user, uint64_t at, void *data, size_t size, struct sp_error *err);
	void *user;
	uint64_t size;
	const char *name; /* for messages */
};

struct sp_sound {
	const struct sp_sound_codec *codec;
	uint64_t frames; /* samples of one channel; exact, or an error comes before the last one */
	unsigned rate, bits, channels; /* bits: what the samples hold, 16 where lossy */
	bool lossy;                    /* not the samples that went in */
	bool seeks; /* a seek is exact: what it leads to is what reading on would have given */
};

struct sp_sound_codec {
	const char *name;
	/* `file` is copied; what it points to lives as long as the sound. SP_ERR_UNSUPPORTED: a
	 * kind of coding this decoder lacks. SP_ERR_FORMAT: malformed. */
	int (*open)(struct sp_sound **out, const struct sp_sound_file *file, struct sp_error *err);
	/* The next frames, interleaved, as fractions of 2^31 (16 bits lie in the upper half). Less
	 * than `count` only where the file ends (*got 0: nothing is left), which may be before
	 * `frames`. Damage is SP_ERR_FORMAT, never silence; then only close and seek are left. */
	int (*read)(struct sp_sound *sound, int32_t *data, size_t count, size_t *got,
		    struct sp_error *err);
	/* Go to a frame; where `seeks` is false only to 0. */
	int (*seek)(struct sp_sound *sound, uint64_t frame, struct sp_error *err);
	void (*close)(struct sp_sound *sound);
};

extern const struct sp_sound_codec sp_sound_sndfile; /* WAVE, AIFF, FLAC, Ogg: libsndfile */
extern const struct sp_sound_codec sp_sound_mpeg;    /* MPEG audio: libmpg123 */
extern const struct sp_sound_codec sp_sound_wavpack; /* libwavpack */

/* A float sample as a fraction of 2^31: cut off at full scale, not wrapped around; what is no
 * number is silence. */
static inline int32_t sp_sound_fraction(float sample)
{
	if (!(sample > -1.0f))
		return sample <= -1.0f ? INT32_MIN : 0;
	return sample >= 1.0f ? INT32_MAX : (int32_t)(sample * 2147483648.0f);
}

/* Every page of an Ogg file in its place and with a right CRC, to the last one: the libraries
 * above pass over damage in silence. */
int sp_ogg_check(const struct sp_sound_file *file, struct sp_error *err);

#endif
