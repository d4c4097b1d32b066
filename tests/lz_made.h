/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random instructions and what they mean, followed byte by byte; and what must hold of a stream
 * that is decoded. */
#ifndef TEST_LZ_MADE_H
#define TEST_LZ_MADE_H

#include "codec/codec.h"
#include "codec/lzfse.h"
#include "tests/codec_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

enum { MADE_ROOM = 1 << 20 };

/* Instructions, and what they make. */
struct made {
	uint8_t *in, *out;
	size_t in_size, out_size, distance;
	uint32_t random;
	size_t *cut; /* at in_size cut[i] an instruction ends and makes cut[i + 1] bytes in all */
	size_t cuts;
};

static inline unsigned chance(struct made *m, unsigned below)
{
	m->random = m->random * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)m->random * below >> 32);
}

static inline void made_init(struct made *m, unsigned seed)
{
	*m = (struct made){
		.in = malloc(MADE_ROOM),
		.out = malloc(MADE_ROOM),
		.cut = malloc(MADE_ROOM * sizeof(m->cut[0])),
		.random = seed * 77777 + 1,
	};
	assert_true(m->in && m->out && m->cut);
}

static inline void made_free(struct made *m)
{
	free(m->in);
	free(m->out);
	free(m->cut);
}

static inline void put(struct made *m, unsigned byte)
{
	m->in[m->in_size++] = (uint8_t)byte;
}

static inline void literals(struct made *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned byte = chance(m, 256);
		put(m, byte);
		m->out[m->out_size++] = (uint8_t)byte;
	}
}

static inline void match(struct made *m, size_t distance, size_t n)
{
	assert_true(distance && distance <= m->out_size);
	for (size_t i = 0; i < n; i++, m->out_size++)
		m->out[m->out_size] = m->out[m->out_size - distance];
	m->distance = distance;
}

static inline void done(struct made *m)
{
	m->cut[m->cuts++] = m->in_size;
	m->cut[m->cuts++] = m->out_size;
}

/* 1…below, small ones as likely as large ones; not more than `most`. */
static inline size_t some_distance(struct made *m, size_t below, size_t most)
{
	size_t d = 1 + (chance(m, 65536) >> chance(m, 17)) % below;
	return d < most ? d : most;
}

/* A copy of its very size, so that a byte read beyond it is seen. */
static inline uint8_t *exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return copy;
}

/* Whole and in pieces of all sizes; one byte more or less is told. */
static inline void assert_decodes(const struct sp_codec *codec, const uint8_t *data, size_t in_size,
				  const uint8_t *expected, size_t size)
{
	static const size_t step[] = {1, 2, 7, 100, 4096, 65536, MADE_ROOM};
	uint8_t *in = exact(data, in_size), *out = malloc(size + 1), *more = malloc(size + 1);
	uint8_t *less = malloc(size > 1 ? size - 1 : 1);
	void *work = NULL;
	size_t got;

	assert_true(out && more && less);
	assert_int_equal(codec->decode(&work, in, in_size, out, size, &got), 0);
	assert_int_equal(got, size);
	assert_memory_equal(out, expected, size);
	assert_int_equal(codec->decode(&work, in, in_size, more, size + 1, &got), SP_ERR_FORMAT);
	assert_int_equal(got, size);
	assert_memory_equal(more, expected, size);
	if (size) {
		assert_int_equal(codec->decode(&work, in, in_size, less, size - 1, &got),
				 SP_ERR_FORMAT);
		assert_int_equal(got, size - 1);
		assert_memory_equal(less, expected, size - 1);
	}
	for (size_t i = 0; i < LEN(step) * LEN(step); i++) {
		memset(more, 0xee, size + 1);
		assert_int_equal(steps(codec, in, in_size, more, size + 1, step[i % LEN(step)],
				       step[i / LEN(step)], &got),
				 SP_CODEC_END);
		assert_int_equal(got, size);
		assert_memory_equal(more, expected, size);
	}
	codec->work_free(work);
	free(in);
	free(out);
	free(more);
	free(less);
}

/* Cut anywhere, and what came until then is right. */
static inline void assert_cuts(const uint8_t *data, size_t in_size, const uint8_t *expected,
			       size_t size)
{
	uint8_t *out = malloc(size);
	void *work = NULL;

	for (size_t cut = 0; cut < in_size; cut++) {
		uint8_t *in = exact(data, cut);
		size_t got;

		assert_int_equal(sp_codec_lzfse.decode(&work, in, cut, out, size, &got),
				 SP_ERR_FORMAT);
		assert_memory_equal(out, expected, got);
		assert_int_equal(steps(&sp_codec_lzfse, in, cut, out, size, 300, 4096, &got),
				 SP_CODEC_MORE);
		assert_memory_equal(out, expected, got);
		free(in);
	}
	sp_codec_lzfse.work_free(work);
	free(out);
}

#endif
