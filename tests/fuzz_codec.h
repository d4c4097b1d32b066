/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What holds for any input of a codec, malformed or not. */
#ifndef TEST_FUZZ_CODEC_H
#define TEST_FUZZ_CODEC_H

#include "codec/codec.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FUZZ_OUT = 600000 };

/* In pieces of pseudo-random sizes; bytes that came out. *ended: enum sp_codec_step. */
static inline size_t fuzz_steps(const struct sp_codec *codec, const uint8_t *data, size_t size,
				uint8_t *out, size_t room, unsigned seed, int *ended)
{
	void *stream = codec->begin();
	uint8_t *to = out;
	unsigned idle = 0;

	if (!stream)
		abort();
	for (*ended = SP_CODEC_MORE; *ended == SP_CODEC_MORE && idle < 2;) {
		const size_t left = room - (size_t)(to - out);
		seed = seed * 1664525u + 1013904223u;
		size_t n = 1 + (seed >> 16) % 700, m = 1 + (seed >> 8) % 30000;
		n = n < size ? n : size;
		m = m < left ? m : left;
		const size_t given = n, could = m;

		*ended = codec->step(stream, &data, &n, &to, &m);
		size -= given - n;
		if (*ended == SP_CODEC_MORE && n && m)
			abort();
		idle = given == n && could == m ? idle + 1 : 0;
	}
	codec->end(stream);
	return (size_t)(to - out);
}

/* Whole, then in pieces: when whole it is good for as many bytes as came, they are the same, and
 * nothing that went out differs. */
static inline void fuzz_codec(const struct sp_codec *codec, const uint8_t *data, size_t size)
{
	static uint8_t whole[FUZZ_OUT], pieces[FUZZ_OUT];
	void *work = NULL;
	size_t done;
	int ended;
	const int r = codec->decode(&work, data, size, whole, sizeof(whole), &done);

	if (done > sizeof(whole) || (!r && done != sizeof(whole)))
		abort();
	const size_t made = fuzz_steps(codec, data, size, pieces, sizeof(pieces),
				       (unsigned)size * 2654435761u, &ended);
	if (memcmp(whole, pieces, made < done ? made : done) != 0)
		abort();
	/* a stream that ended is good for its very size, and for no other */
	if (ended == SP_CODEC_END) {
		uint8_t *exact = malloc(made ? made : 1);

		if (!exact)
			abort();
		if ((size && codec->decode(&work, data, size, exact, made, &done) != 0) ||
		    memcmp(exact, pieces, done) != 0 ||
		    (made && codec->decode(&work, data, size, exact, made - 1, &done) == 0))
			abort();
		free(exact);
	}
	codec->work_free(work);
}

#endif
