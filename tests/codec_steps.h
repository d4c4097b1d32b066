/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A codec driven step by step. */
#ifndef TESTS_CODEC_STEPS_H
#define TESTS_CODEC_STEPS_H

#include "codec/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Everything in pieces of these sizes; how it ended. */
static inline int steps(const struct sp_codec *codec, const uint8_t *in, size_t in_size,
			uint8_t *out, size_t out_size, size_t give, size_t room, size_t *done)
{
	void *stream = codec->begin();
	uint8_t *to = out;
	int r = SP_CODEC_MORE;

	assert_non_null(stream);
	while (r == SP_CODEC_MORE) {
		const size_t left = out_size - (size_t)(to - out);
		size_t n = in_size < give ? in_size : give, m = left < room ? left : room;
		const size_t had = n, could = m;
		r = codec->step(stream, &in, &n, &to, &m);
		in_size -= had - n;
		if (r == SP_CODEC_MORE)
			assert_true(!n || !m); /* what MORE promises */
		if (r == SP_CODEC_MORE && had == n && could == m && (!in_size || !left))
			break;
	}
	if (r != SP_CODEC_MORE) { /* how it ended it stays */
		size_t n = 0, m = 0;
		assert_int_equal(codec->step(stream, &in, &n, &to, &m), r);
	}
	*done = (size_t)(to - out);
	codec->end(stream);
	return r;
}

#endif
