/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A compression of the tests' own, which counts what is decoded and how much of it at a time. */
#ifndef TEST_BLOCKS_RUNS_H
#define TEST_BLOCKS_RUNS_H

#include "base/bytes.h"
#include "codec/codec.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Runs of a count (16 bits, little-endian) and a byte; a count of 0 ends them, and 'X' after that
 * is the end mark. */
static atomic_uint decodes, works;
static atomic_uint inside, most_inside;

static int runs_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *out,
		       size_t out_size, size_t *done)
{
	const unsigned now = atomic_fetch_add(&inside, 1) + 1;
	unsigned most = most_inside;
	size_t at = 0;
	int r = SP_ERR_FORMAT;

	while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now))
		;
	atomic_fetch_add(&decodes, 1);
	if (!*work) {
		*work = malloc(1);
		atomic_fetch_add(&works, 1);
	}
	*done = 0;
	for (; in_size - at >= 3; at += 3) {
		const size_t n = get_le16(in + at);

		if (!n) {
			r = in[at + 2] == 'X' && *done == out_size ? 0 : SP_ERR_FORMAT;
			break;
		}
		if (n > out_size - *done)
			break;
		memset(out + *done, in[at + 2], n);
		*done += n;
	}
	atomic_fetch_sub(&inside, 1);
	return *work ? r : SP_ERR_MEMORY;
}

static void runs_work_free(void *work)
{
	if (work)
		atomic_fetch_sub(&works, 1);
	free(work);
}

struct runs_stream {
	uint8_t head[3];
	size_t have, left;
	int ended;
};
static unsigned begins;

static void *runs_begin(void)
{
	begins++;
	return calloc(1, sizeof(struct runs_stream));
}

static int runs_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out,
		     size_t *out_room)
{
	struct runs_stream *s = stream;

	while (!s->ended) {
		if (s->left) {
			const size_t n = s->left < *out_room ? s->left : *out_room;

			if (!n)
				return SP_CODEC_MORE;
			memset(*out, s->head[2], n);
			*out += n;
			*out_room -= n;
			s->left -= n;
			continue;
		}
		for (; s->have < 3 && *in_size; (*in_size)--)
			s->head[s->have++] = *(*in)++;
		if (s->have < 3)
			return SP_CODEC_MORE;
		s->have = 0;
		s->left = get_le16(s->head);
		if (!s->left)
			s->ended = s->head[2] == 'X' ? SP_CODEC_END : SP_CODEC_BAD;
	}
	return s->ended;
}

static const struct sp_codec runs = {
	.name = "runs",
	.decode = runs_decode,
	.work_free = runs_work_free,
	.begin = runs_begin,
	.step = runs_step,
	.end = free,
};
static const struct sp_codec whole_only = {
	.name = "whole",
	.decode = runs_decode,
	.work_free = runs_work_free,
};

#endif
