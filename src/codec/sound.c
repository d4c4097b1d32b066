/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WAVE, AIFF, FLAC and Ogg by libsndfile, which only this file knows. */
#include "codec/sound.h"

#include <inttypes.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

enum { SOUND_BLOCK = 1024 }; /* samples converted at a time */

struct sound_sndfile {
	struct sp_sound sound;
	struct sp_sound_file file;
	SNDFILE *handle;
	uint64_t at, frame; /* of the library's file position; of the next sample */
	int failed; /* status of a read of the file, which came back to the library as its end */
	struct sp_error why;
	bool real;        /* samples are floats */
	bool unsaid;      /* the file does not say how many there are: */
	uint64_t counted; /* by decoding */
};

static sf_count_t sound_size(void *user)
{
	return (sf_count_t)((struct sound_sndfile *)user)->file.size;
}

static sf_count_t sound_tell(void *user)
{
	return (sf_count_t)((struct sound_sndfile *)user)->at;
}

static sf_count_t sound_move(sf_count_t offset, int whence, void *user)
{
	struct sound_sndfile *s = user;
	const sf_count_t from = whence == SEEK_SET   ? 0
				: whence == SEEK_CUR ? (sf_count_t)s->at
						     : (sf_count_t)s->file.size;
	sf_count_t to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0)
		return -1;
	s->at = (uint64_t)to;
	return to;
}

static sf_count_t sound_fetch(void *data, sf_count_t count, void *user)
{
	struct sound_sndfile *s = user;
	const uint64_t left = s->at < s->file.size ? s->file.size - s->at : 0;

	if (s->failed || count <= 0)
		return 0;
	if ((uint64_t)count > left)
		count = (sf_count_t)left;
	s->failed = s->file.read(s->file.user, s->at, data, (size_t)count, &s->why);
	if (s->failed)
		return 0;
	s->at += (uint64_t)count;
	return count;
}

static sf_count_t sound_store(const void *data, sf_count_t count, void *user)
{
	(void)data;
	(void)count;
	(void)user;
	return 0;
}

/* What went wrong: the file's own error before what the library made of it. */
static int sound_fail(struct sound_sndfile *s, const char *reason, struct sp_error *err)
{
	if (s->failed) {
		if (err)
			*err = s->why;
		return s->failed;
	}
	return sp_fail(err, SP_ERR_FORMAT, "%s: damaged near sample %" PRIu64 ": %s", s->file.name,
		       s->frame, reason);
}

/* Bits of a coding and whether its samples are floats; false: none that is known. */
static bool sound_describe(struct sound_sndfile *s, int format)
{
	static const struct {
		int coding;
		unsigned bits;
		bool real, lossy;
	} known[] = {
		{SF_FORMAT_PCM_S8, 8, false, false},   {SF_FORMAT_PCM_U8, 8, false, false},
		{SF_FORMAT_PCM_16, 16, false, false},  {SF_FORMAT_PCM_24, 24, false, false},
		{SF_FORMAT_PCM_32, 32, false, false},  {SF_FORMAT_FLOAT, 32, true, false},
		{SF_FORMAT_DOUBLE, 64, true, false},   {SF_FORMAT_ULAW, 16, false, true},
		{SF_FORMAT_ALAW, 16, false, true},     {SF_FORMAT_IMA_ADPCM, 16, false, true},
		{SF_FORMAT_MS_ADPCM, 16, false, true}, {SF_FORMAT_VORBIS, 16, true, true},
		{SF_FORMAT_OPUS, 16, true, true},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].coding != (format & SF_FORMAT_SUBMASK))
			continue;
		s->sound.bits = known[i].bits;
		s->sound.lossy = known[i].lossy;
		s->real = known[i].real;
		return true;
	}
	return false;
}

static int sound_admit(struct sound_sndfile *s, const SF_INFO *info, struct sp_error *err)
{
	const char *name = s->file.name;

	if (!sound_describe(s, info->format))
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: a coding of sound that is not decoded",
			       name);
	if (info->channels < 1 || info->channels > SP_SOUND_CHANNELS || info->samplerate < 1)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: %d channels at %d Hz are not decoded",
			       name, info->channels, info->samplerate);
	if (info->frames <= 0)
		return sp_fail(err, SP_ERR_FORMAT, "%s: has no samples in it", name);
	s->unsaid = info->frames == SF_COUNT_MAX;
	s->sound.frames = s->unsaid ? s->counted : (uint64_t)info->frames;
	s->sound.rate = (unsigned)info->samplerate;
	s->sound.channels = (unsigned)info->channels;
	/* Vorbis and Opus blocks overlap their neighbours: only reading on is exact */
	s->sound.seeks = info->seekable && !s->unsaid && !(s->sound.lossy && s->real);
	return 0;
}

static void sound_close(struct sp_sound *sound)
{
	struct sound_sndfile *s = (struct sound_sndfile *)sound;

	if (s->handle)
		sf_close(s->handle);
	free(s);
}

static int sound_start(struct sound_sndfile *s, struct sp_error *err)
{
	SF_VIRTUAL_IO io = {sound_size, sound_move, sound_fetch, sound_store, sound_tell};
	SF_INFO info = {0};

	s->at = s->frame = 0;
	s->failed = 0;
	s->handle = sf_open_virtual(&io, SFM_READ, &info, s);
	if (s->handle && !s->failed)
		return sound_admit(s, &info, err);
	if (s->failed)
		return sound_fail(s, "", err);
	return sp_fail(err, SP_ERR_FORMAT,
		       "%s: cannot be decoded: malformed, or a coding that libsndfile lacks",
		       s->file.name);
}

static int sound_read_real(struct sound_sndfile *s, int32_t *data, size_t count, size_t *got)
{
	float block[SOUND_BLOCK];
	const size_t channels = s->sound.channels, fit = SOUND_BLOCK / channels;

	while (*got < count) {
		const size_t ask = count - *got < fit ? count - *got : fit;
		const sf_count_t n = sf_readf_float(s->handle, block, (sf_count_t)ask);

		if (n <= 0)
			break;
		for (size_t i = 0; i < (size_t)n * channels; i++)
			data[*got * channels + i] = sp_sound_fraction(block[i]);
		*got += (size_t)n;
		if (sf_error(s->handle))
			break;
	}
	return sf_error(s->handle);
}

static int sound_read(struct sp_sound *sound, int32_t *data, size_t count, size_t *got,
		      struct sp_error *err)
{
	struct sound_sndfile *s = (struct sound_sndfile *)sound;
	int code;

	*got = 0;
	if (s->real) {
		code = sound_read_real(s, data, count, got);
	} else {
		const sf_count_t n = sf_readf_int(s->handle, data, (sf_count_t)count);

		*got = n > 0 ? (size_t)n : 0;
		code = sf_error(s->handle);
	}
	if (code || s->failed)
		return sound_fail(s, sf_error_number(code), err);
	s->frame += *got;
	return 0;
}

static int sound_seek(struct sp_sound *sound, uint64_t frame, struct sp_error *err)
{
	struct sound_sndfile *s = (struct sound_sndfile *)sound;

	if (!frame) { /* begun anew: nothing of an error or of overlapping blocks is left */
		if (s->handle)
			sf_close(s->handle);
		s->handle = NULL;
		return sound_start(s, err);
	}
	s->frame = frame;
	if (sf_seek(s->handle, (sf_count_t)frame, SEEK_SET) == (sf_count_t)frame && !s->failed &&
	    !sf_error(s->handle))
		return 0;
	return sound_fail(s, "this place is not found", err);
}

/* Of a file that was written to a pipe only decoding tells the length. */
static int sound_count(struct sound_sndfile *s, struct sp_error *err)
{
	int32_t data[SOUND_BLOCK];
	size_t got = 1;
	int r = 0;

	while (!r && got) {
		r = sound_read(&s->sound, data, SOUND_BLOCK / s->sound.channels, &got, err);
		s->counted += r ? 0 : got;
	}
	if (!r && !s->counted)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: has no samples in it", s->file.name);
	return r < 0 ? r : sound_seek(&s->sound, 0, err);
}

static int sound_open(struct sp_sound **out, const struct sp_sound_file *file, struct sp_error *err)
{
	uint8_t magic[4] = {0};
	int r = file->size < sizeof(magic) ? 0
					   : file->read(file->user, 0, magic, sizeof(magic), err);

	if (!r && !memcmp(magic, "OggS", 4))
		r = sp_ogg_check(file, err);
	if (r < 0)
		return r;
	struct sound_sndfile *s = calloc(1, sizeof(*s));
	if (!s)
		return sp_fail_memory(err);
	s->sound.codec = &sp_sound_sndfile;
	s->file = *file;
	r = sound_start(s, err);
	if (!r && s->unsaid)
		r = sound_count(s, err);
	if (r < 0)
		sound_close(&s->sound);
	else
		*out = &s->sound;
	return r;
}

const struct sp_sound_codec sp_sound_sndfile = {
	.name = "libsndfile",
	.open = sound_open,
	.read = sound_read,
	.seek = sound_seek,
	.close = sound_close,
};
