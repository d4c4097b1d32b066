/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WavPack by libwavpack, which only this file knows. */
#include "base/bytes.h"
#include "codec/sound.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wavpack/wavpack.h>

enum {
	WAVPACK_HEAD = 32,
	WAVPACK_MAX = (1 << 20) + 8, /* bytes of a block (WavPack 4 & 5 format description) */
	WAVPACK_FINAL = 0x1000,      /* the last block of the channels of one time */
};

struct sound_wavpack {
	struct sp_sound sound;
	struct sp_sound_file file;
	WavpackContext *handle;
	WavpackStreamReader64 reader;
	uint64_t at, frame;
	int pushed; /* a byte given back, -1: none */
	int failed;
	struct sp_error why;
	unsigned shift; /* from the lower end of a word to its upper */
	bool real;
};

static int32_t wavpack_fetch(void *user, void *data, int32_t count)
{
	struct sound_wavpack *w = user;
	uint8_t *to = data;

	if (w->failed || count <= 0)
		return 0;
	const uint64_t left = w->at < w->file.size ? w->file.size - w->at : 0;
	const size_t back = w->pushed >= 0;
	size_t size = (size_t)count - back;

	if (back)
		*to = (uint8_t)w->pushed;
	if (size > left)
		size = (size_t)left;
	w->failed = size ? w->file.read(w->file.user, w->at, to + back, size, &w->why) : 0;
	if (w->failed)
		return 0;
	w->pushed = -1;
	w->at += size;
	return (int32_t)(back + size);
}

static int64_t wavpack_tell(void *user)
{
	const struct sound_wavpack *w = user;

	return (int64_t)w->at - (w->pushed >= 0);
}

static int wavpack_move(void *user, int64_t offset, int whence)
{
	struct sound_wavpack *w = user;
	const int64_t from = whence == SEEK_SET   ? 0
			     : whence == SEEK_CUR ? wavpack_tell(user)
						  : (int64_t)w->file.size;
	int64_t to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0)
		return -1;
	w->at = (uint64_t)to;
	w->pushed = -1;
	return 0;
}

static int wavpack_move_to(void *user, int64_t to)
{
	return wavpack_move(user, to, SEEK_SET);
}

static int wavpack_push_back(void *user, int byte)
{
	((struct sound_wavpack *)user)->pushed = byte & 0xff;
	return byte;
}

static int64_t wavpack_size(void *user)
{
	return (int64_t)((struct sound_wavpack *)user)->file.size;
}

static int wavpack_can_seek(void *user)
{
	(void)user;
	return 1;
}

static int wavpack_fail(struct sound_wavpack *w, const char *reason, struct sp_error *err)
{
	if (w->failed) {
		if (err)
			*err = w->why;
		return w->failed;
	}
	return sp_fail(err, SP_ERR_FORMAT, "%s: damaged near sample %" PRIu64 ": %s", w->file.name,
		       w->frame, reason);
}

/* Tags of other formats may follow the last block. */
static bool wavpack_tag(const uint8_t head[WAVPACK_HEAD])
{
	return !memcmp(head, "APETAGEX", 8) || !memcmp(head, "TAG", 3);
}

/* One block at `at`, read whole into `block`. */
static int wavpack_block(const struct sound_wavpack *w, uint64_t at, uint8_t *block, size_t *size,
			 struct sp_error *err)
{
	const struct sp_sound_file *file = &w->file;
	const uint64_t left = file->size - at;
	int r = 0;

	memset(block, 0, WAVPACK_HEAD);
	*size = 0;
	r = file->read(file->user, at, block, left < WAVPACK_HEAD ? (size_t)left : WAVPACK_HEAD,
		       err);
	if (r < 0 || wavpack_tag(block))
		return r;
	const uint64_t all = (uint64_t)get_le32(block + 4) + 8;
	const bool begins = !memcmp(block, "wvpk", 4) && all >= WAVPACK_HEAD && all <= WAVPACK_MAX;
	if (begins && all <= left) {
		*size = (size_t)all;
		r = file->read(file->user, at, block, *size, err);
	}
	if (r < 0 || (*size && WavpackVerifySingleBlock(block, 1)))
		return r;
	return sp_fail(err, SP_ERR_FORMAT,
		       begins && all > left
			       ? "%s: cut short: ends inside the block at byte %" PRIu64
			       : "%s: damaged: no sound block of WavPack at byte %" PRIu64,
		       file->name, at);
}

/* Every block in its place and with a right checksum, for the library goes on silently where one
 * is not. *frames: how many they hold. */
static int wavpack_walk(const struct sound_wavpack *w, uint64_t *frames, struct sp_error *err)
{
	uint8_t *block = malloc(WAVPACK_MAX);
	size_t size = 0;
	int r = block ? 0 : sp_fail_memory(err);

	*frames = 0;
	for (uint64_t at = 0; !r && at < w->file.size; at += size) {
		r = wavpack_block(w, at, block, &size, err);
		if (r < 0 || !size)
			break;
		const uint64_t index = get_le32(block + 16) | (uint64_t)block[10] << 32;
		const uint32_t flags = get_le32(block + 24), count = get_le32(block + 20);

		if (count && index != *frames)
			r = sp_fail(err, SP_ERR_FORMAT,
				    "%s: damaged: a block is missing before byte %" PRIu64,
				    w->file.name, at);
		*frames += flags & WAVPACK_FINAL ? count : 0;
	}
	free(block);
	return r;
}

static int wavpack_admit(struct sound_wavpack *w, struct sp_error *err)
{
	const int64_t frames = WavpackGetNumSamples64(w->handle);
	const int channels = WavpackGetNumChannels(w->handle);
	const int bytes = WavpackGetBytesPerSample(w->handle), mode = WavpackGetMode(w->handle);

	if (WavpackGetQualifyMode(w->handle) & QMODE_DSD_AUDIO)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: DSD audio is not decoded",
			       w->file.name);
	if (channels < 1 || channels > SP_SOUND_CHANNELS || bytes < 1 || bytes > 4)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: %d channels of %d bytes: not decoded",
			       w->file.name, channels, bytes);
	if (frames <= 0)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: does not say how many samples it has",
			       w->file.name);
	w->sound.frames = (uint64_t)frames;
	w->sound.rate = WavpackGetSampleRate(w->handle);
	w->sound.bits = (unsigned)WavpackGetBitsPerSample(w->handle);
	w->sound.channels = (unsigned)channels;
	w->sound.lossy = !(mode & MODE_LOSSLESS);
	w->sound.seeks = true;
	w->real = mode & MODE_FLOAT;
	w->shift = 32 - 8 * (unsigned)bytes;
	return 0;
}

static void wavpack_close(struct sp_sound *sound)
{
	struct sound_wavpack *w = (struct sound_wavpack *)sound;

	if (w->handle)
		WavpackCloseFile(w->handle);
	free(w);
}

static int wavpack_start(struct sound_wavpack *w, struct sp_error *err)
{
	w->reader = (WavpackStreamReader64){
		.read_bytes = wavpack_fetch,
		.get_pos = wavpack_tell,
		.set_pos_abs = wavpack_move_to,
		.set_pos_rel = wavpack_move,
		.push_back_byte = wavpack_push_back,
		.get_length = wavpack_size,
		.can_seek = wavpack_can_seek,
	};
	char why[80] = ""; /* as large as libwavpack's own programs have it */

	w->at = w->frame = 0;
	w->pushed = -1;
	w->failed = 0;
	w->handle = WavpackOpenFileInputEx64(&w->reader, w, NULL, why,
					     OPEN_NORMALIZE | OPEN_DSD_AS_PCM, 0);
	if (w->handle && !w->failed)
		return wavpack_admit(w, err);
	if (w->failed)
		return wavpack_fail(w, "", err);
	return sp_fail(err, SP_ERR_FORMAT, "%s: cannot be decoded: %s", w->file.name, why);
}

static int wavpack_open(struct sp_sound **out, const struct sp_sound_file *file,
			struct sp_error *err)
{
	struct sound_wavpack *w = calloc(1, sizeof(*w));

	if (!w)
		return sp_fail_memory(err);
	w->sound.codec = &sp_sound_wavpack;
	w->file = *file;
	uint64_t frames;
	int r = wavpack_walk(w, &frames, err);
	if (!r)
		r = wavpack_start(w, err);
	if (!r && frames != w->sound.frames)
		r = sp_fail(err, SP_ERR_FORMAT,
			    "%s: cut short: its blocks hold %" PRIu64 " samples of %" PRIu64,
			    file->name, frames, w->sound.frames);
	if (r < 0)
		wavpack_close(&w->sound);
	else
		*out = &w->sound;
	return r;
}

static int wavpack_read(struct sp_sound *sound, int32_t *data, size_t count, size_t *got,
			struct sp_error *err)
{
	struct sound_wavpack *w = (struct sound_wavpack *)sound;
	const int before = WavpackGetNumErrors(w->handle);
	const size_t ask = count < INT32_MAX ? count : INT32_MAX;

	*got = WavpackUnpackSamples(w->handle, data, (uint32_t)ask);
	/* blocks whose CRC is wrong were made silent, blocks that are missing were counted */
	if (w->failed || WavpackGetNumErrors(w->handle) != before)
		return wavpack_fail(w, "the CRC of a block is wrong", err);
	for (size_t i = 0; i < *got * w->sound.channels; i++) {
		float sample;

		memcpy(&sample, &data[i], sizeof(sample));
		data[i] = w->real ? sp_sound_fraction(sample)
				  : (int32_t)((uint32_t)data[i] << w->shift);
	}
	w->frame += *got;
	return 0;
}

static int wavpack_seek(struct sp_sound *sound, uint64_t frame, struct sp_error *err)
{
	struct sound_wavpack *w = (struct sound_wavpack *)sound;

	if (!frame) {
		if (w->handle)
			WavpackCloseFile(w->handle);
		w->handle = NULL;
		return wavpack_start(w, err);
	}
	w->frame = frame;
	if (WavpackSeekSample64(w->handle, (int64_t)frame) && !w->failed)
		return 0;
	return wavpack_fail(w, "this place is not found", err);
}

const struct sp_sound_codec sp_sound_wavpack = {
	.name = "libwavpack",
	.open = wavpack_open,
	.read = wavpack_read,
	.seek = wavpack_seek,
	.close = wavpack_close,
};
