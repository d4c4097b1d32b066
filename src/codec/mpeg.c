/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MPEG audio by libmpg123, which only this file knows. */
#include "codec/mpeg.h"

#include <inttypes.h>
#include <mpg123.h>
#include <stdio.h>
#include <stdlib.h>

struct sound_mpeg {
	struct sp_sound sound;
	struct sp_sound_file file; /* ends with the last frame */
	struct sp_mpeg_stream stream;
	mpg123_handle *handle;
	uint64_t at, frame;
	int failed;
	struct sp_error why;
};

static ssize_t mpeg_fetch(void *user, void *data, size_t count)
{
	struct sound_mpeg *m = user;
	const uint64_t left = m->at < m->file.size ? m->file.size - m->at : 0;

	if (m->failed)
		return -1;
	if (count > left)
		count = (size_t)left;
	m->failed = count ? m->file.read(m->file.user, m->at, data, count, &m->why) : 0;
	if (m->failed)
		return -1;
	m->at += count;
	return (ssize_t)count;
}

static off_t mpeg_move(void *user, off_t offset, int whence)
{
	struct sound_mpeg *m = user;
	const off_t from = whence == SEEK_SET   ? 0
			   : whence == SEEK_CUR ? (off_t)m->at
						: (off_t)m->file.size;
	off_t to;

	if (__builtin_add_overflow(from, offset, &to) || to < 0)
		return -1;
	m->at = (uint64_t)to;
	return to;
}

static int mpeg_fail(struct sound_mpeg *m, struct sp_error *err)
{
	if (m->failed) {
		if (err)
			*err = m->why;
		return m->failed;
	}
	return sp_fail(err, SP_ERR_FORMAT, "%s: damaged near sample %" PRIu64 ": %s", m->file.name,
		       m->frame, m->handle ? mpg123_strerror(m->handle) : "no decoder");
}

/* A handle that says nothing on standard error and does not look for frames behind damage. */
static mpg123_handle *mpeg_handle(const struct sp_mpeg_stream *stream)
{
	const long on = MPG123_QUIET | MPG123_NO_RESYNC | MPG123_FORCE_FLOAT | MPG123_SKIP_ID3V2;
	mpg123_handle *handle = mpg123_new(NULL, NULL);

	if (!handle)
		return NULL;
	/* what its encoder added is cut off where the encoder's notes are of this very file */
	if (mpg123_param(handle, MPG123_ADD_FLAGS, on, 0) != MPG123_OK ||
	    mpg123_param(handle,
			 stream->said == stream->frames ? MPG123_ADD_FLAGS : MPG123_REMOVE_FLAGS,
			 MPG123_GAPLESS, 0) != MPG123_OK ||
	    mpg123_replace_reader_handle(handle, mpeg_fetch, mpeg_move, NULL) != MPG123_OK) {
		mpg123_delete(handle);
		return NULL;
	}
	return handle;
}

static int mpeg_start(struct sound_mpeg *m, struct sp_error *err)
{
	int channels, encoding;
	long rate;

	m->at = m->frame = 0;
	m->failed = 0;
	m->handle = mpeg_handle(&m->stream);
	if (!m->handle)
		return sp_fail_memory(err);
	if (mpg123_open_handle(m->handle, m) != MPG123_OK ||
	    mpg123_getformat(m->handle, &rate, &channels, &encoding) != MPG123_OK ||
	    encoding != MPG123_ENC_FLOAT_32 || mpg123_format_none(m->handle) != MPG123_OK ||
	    mpg123_format(m->handle, rate, channels, encoding) != MPG123_OK ||
	    mpg123_scan(m->handle) != MPG123_OK)
		return mpeg_fail(m, err);
	const off_t frames = mpg123_length(m->handle);
	if (frames <= 0 || channels < 1 || rate < 1)
		return sp_fail(err, SP_ERR_FORMAT, "%s: has no sound in it", m->file.name);
	m->sound.frames = (uint64_t)frames;
	m->sound.rate = (unsigned)rate;
	m->sound.channels = (unsigned)channels;
	m->sound.bits = 16;
	m->sound.lossy = true;
	return 0;
}

static void mpeg_close(struct sp_sound *sound)
{
	struct sound_mpeg *m = (struct sound_mpeg *)sound;

	mpg123_delete(m->handle);
	free(m);
}

static int mpeg_open(struct sp_sound **out, const struct sp_sound_file *file, struct sp_error *err)
{
	struct sound_mpeg *m = calloc(1, sizeof(*m));

	if (!m)
		return sp_fail_memory(err);
	m->sound.codec = &sp_sound_mpeg;
	m->file = *file;
	int r = sp_mpeg_walk(file, &m->stream, err);
	if (!r) {
		m->file.size = m->stream.end;
		r = mpeg_start(m, err);
	}
	if (r < 0)
		mpeg_close(&m->sound);
	else
		*out = &m->sound;
	return r;
}

static int mpeg_read(struct sp_sound *sound, int32_t *data, size_t count, size_t *got,
		     struct sp_error *err)
{
	struct sound_mpeg *m = (struct sound_mpeg *)sound;
	float block[1152 * 2];
	const size_t channels = sound->channels, fit = sizeof(block) / sizeof(block[0]) / channels;

	*got = 0;
	while (*got < count) {
		const size_t ask = count - *got < fit ? count - *got : fit;
		size_t bytes = 0;
		const int code = mpg123_read(m->handle, (unsigned char *)block,
					     ask * channels * sizeof(block[0]), &bytes);
		const size_t n = bytes / sizeof(block[0]) / channels;

		for (size_t i = 0; i < n * channels; i++)
			data[*got * channels + i] = sp_sound_fraction(block[i]);
		*got += n;
		m->frame += n;
		if (m->failed || (code != MPG123_OK && code != MPG123_DONE))
			return mpeg_fail(m, err);
		if (!n)
			break;
	}
	return 0;
}

static int mpeg_seek(struct sp_sound *sound, uint64_t frame, struct sp_error *err)
{
	struct sound_mpeg *m = (struct sound_mpeg *)sound;

	if (frame)
		return sp_fail(err, SP_ERR_USAGE, "%s: is read from its beginning on only",
			       m->file.name);
	mpg123_delete(m->handle);
	m->handle = NULL;
	return mpeg_start(m, err);
}

const struct sp_sound_codec sp_sound_mpeg = {
	.name = "libmpg123",
	.open = mpeg_open,
	.read = mpeg_read,
	.seek = mpeg_seek,
	.close = mpeg_close,
};
