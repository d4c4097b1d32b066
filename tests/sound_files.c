/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sound files of every kind, made in memory by the libraries that define them. */
#include "tests/sound_files.h"

#include "base/bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wavpack/wavpack.h>

/* A file that a library writes, also over what it wrote. */
struct made {
	uint8_t *data;
	size_t size, room, at;
};

static void made_write(struct made *made, const void *data, size_t size)
{
	if (made->at + size > made->room) {
		made->room = (made->at + size) * 2;
		made->data = realloc(made->data, made->room);
		if (!made->data)
			abort();
	}
	if (made->at > made->size)
		memset(made->data + made->size, 0, made->at - made->size);
	memcpy(made->data + made->at, data, size);
	made->at += size;
	if (made->at > made->size)
		made->size = made->at;
}

static void made_keep(struct made *made, struct sp_memory *mem, const char *name)
{
	if (sp_memory_put(mem, name, made->data, made->size) < 0)
		abort();
	free(made->data);
}

void sound_samples(int32_t *samples, size_t frames, unsigned channels, unsigned bits)
{
	uint32_t noise = 1;

	for (size_t i = 0; i < frames; i++)
		for (unsigned c = 0; c < channels; c++) {
			const double t = (double)i / 44100;
			const double v = 0.4 * sin(t * (440 + 100 * c) * 6.2831853) +
					 0.3 * sin(t * t * 900 + c);

			noise = noise * 1664525 + 1013904223;
			const int64_t whole = (int64_t)(v * 2147483648.0) + (int32_t)noise / 64;
			samples[i * channels + c] =
				(int32_t)((uint64_t)whole & ~UINT64_C(0) << (32 - bits));
		}
}

void sound_bytes(uint8_t *bytes, const int32_t *samples, size_t frames)
{
	for (size_t i = 0; i < frames * 2; i++)
		put_le16(bytes + i * 2, (uint16_t)((uint32_t)samples[i] >> 16));
}

static sf_count_t made_length(void *user)
{
	return (sf_count_t)((struct made *)user)->size;
}

static sf_count_t made_tell(void *user)
{
	return (sf_count_t)((struct made *)user)->at;
}

static sf_count_t made_seek(sf_count_t offset, int whence, void *user)
{
	struct made *made = user;
	const sf_count_t from = whence == SEEK_SET   ? 0
				: whence == SEEK_CUR ? (sf_count_t)made->at
						     : (sf_count_t)made->size;

	made->at = (size_t)(from + offset);
	return from + offset;
}

static sf_count_t made_fetch(void *data, sf_count_t count, void *user)
{
	struct made *made = user;
	const size_t left = made->size - made->at;
	const size_t n = (size_t)count < left ? (size_t)count : left;

	memcpy(data, made->data + made->at, n);
	made->at += n;
	return (sf_count_t)n;
}

static sf_count_t made_store(const void *data, sf_count_t count, void *user)
{
	made_write(user, data, (size_t)count);
	return count;
}

bool sound_put(struct sp_memory *mem, const char *name, int format, unsigned rate,
	       unsigned channels, const int32_t *samples, size_t frames)
{
	SF_VIRTUAL_IO io = {made_length, made_seek, made_fetch, made_store, made_tell};
	SF_INFO info = {.samplerate = (int)rate, .channels = (int)channels, .format = format};
	struct made made = {0};
	SNDFILE *out =
		sf_format_check(&info) ? sf_open_virtual(&io, SFM_WRITE, &info, &made) : NULL;

	if (!out) {
		free(made.data);
		return false;
	}
	/* in pieces: the Vorbis encoder recurses over the whole of one call */
	for (size_t at = 0; at < frames;) {
		const size_t n = frames - at < 1000 ? frames - at : 1000;

		if (sf_writef_int(out, samples + at * channels, (sf_count_t)n) != (sf_count_t)n)
			abort();
		at += n;
	}
	if (sf_close(out))
		abort();
	made_keep(&made, mem, name);
	return true;
}

static int made_block(void *user, void *data, int32_t count)
{
	made_write(user, data, (size_t)count);
	return 1;
}

void sound_put_wavpack(struct sp_memory *mem, const char *name, unsigned rate, unsigned bits,
		       unsigned channels, const int32_t *samples, size_t frames)
{
	struct made made = {0};
	WavpackConfig config = {.bytes_per_sample = (int)(bits + 7) / 8,
				.bits_per_sample = (int)bits,
				.num_channels = (int)channels,
				.channel_mask = channels == 1 ? 4 : 3,
				.sample_rate = (int32_t)rate,
				.block_samples = 4096};
	WavpackContext *out = WavpackOpenFileOutput(made_block, &made, NULL);
	int32_t *words = calloc(frames * channels, sizeof(words[0]));

	if (!out || !words)
		abort();
	for (size_t i = 0; i < frames * channels; i++)
		words[i] = samples[i] >> (32 - 8 * config.bytes_per_sample);
	if (!WavpackSetConfiguration64(out, &config, (int64_t)frames, NULL) ||
	    !WavpackPackInit(out) || !WavpackPackSamples(out, words, (uint32_t)frames) ||
	    !WavpackFlushSamples(out))
		abort();
	WavpackCloseFile(out);
	free(words);
	made_keep(&made, mem, name);
}
