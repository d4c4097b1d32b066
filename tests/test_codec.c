/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compression methods: what they make, what others made, and what is malformed. */
#include "codec/codec.h"
#include "tests/codec_steps.h"
#include "tests/codec_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct sp_codec *const codecs[] = {&sp_codec_zlib, &sp_codec_bzip2, &sp_codec_xz,
						&sp_codec_lzfse};

static const size_t sizes[] = {1, 2, 3, 7, 511, 512, 4096, 65535, 262144, 1048576};

enum { KINDS = 5 };

/* malloc'd bytes that pack not at all, well, very well. */
static uint8_t *make(unsigned kind, size_t size)
{
	static const char *const words[] = {"sector ", "track ", "session ", "the ",
					    "of ",     "a ",     "index ",   "pregap\n"};
	uint8_t *data = malloc(size ? size : 1);
	uint32_t random = kind + 1;

	assert_non_null(data);
	for (size_t i = 0; i < size;) {
		random = random * 1664525u + 1013904223u;
		const char *word = words[random >> 29];
		switch (kind) {
		case 0: /* noise */
			data[i++] = (uint8_t)(random >> 24);
			break;
		case 1: /* text */
			while (i < size && *word)
				data[i++] = (uint8_t)*word++;
			break;
		case 2: /* zeros */
			data[i++] = 0;
			break;
		case 3: /* records that hardly differ */
			data[i] = i % 32 ? (uint8_t)(i % 32) : (uint8_t)(random >> 24);
			i++;
			break;
		default: /* noise, then the same once more from far */
			data[i] = i < size / 2 ? (uint8_t)(random >> 24) : data[i - size / 2];
			i++;
		}
	}
	return data;
}

/* A copy of its very size, so that a byte read beyond it is seen. */
static uint8_t *exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, data, size);
	return copy;
}

static size_t encode(const struct sp_codec *codec, void **work, unsigned level, const uint8_t *data,
		     size_t size, uint8_t **packed)
{
	const size_t room = size + size / 8 + 1024;
	uint8_t *out = malloc(room);

	assert_non_null(out);
	const size_t got = codec->encode(work, level, data, size, out, room);
	assert_true(got > 0 && got <= room);
	*packed = exact(out, got);
	free(out);
	return got;
}

static void what_is_packed_comes_back(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		const struct sp_codec *codec = codecs[c];
		void *work = NULL;

		for (unsigned level = 0; level <= 9; level += codec == &sp_codec_xz ? 3 : 1) {
			for (size_t i = 0; i < LEN(sizes); i++) {
				const unsigned kind = (unsigned)(i + level) % KINDS;
				const size_t size =
					level ? sizes[i] < 65536 ? sizes[i] : 65536 : sizes[i];
				uint8_t *data = make(kind, size), *packed;
				uint8_t *out = malloc(size);
				size_t done, n = encode(codec, &work, level, data, size, &packed);

				assert_int_equal(codec->decode(&work, packed, n, out, size, &done),
						 0);
				assert_int_equal(done, size);
				assert_memory_equal(out, data, size);
				free(out);
				free(packed);
				free(data);
			}
		}
		codec->work_free(work);
		codec->work_free(NULL);
	}
}

static void noise_does_not_fit_where_it_gains_nothing(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		uint8_t *data = make(0, 262144), *out = malloc(262144);
		void *work = NULL;

		assert_int_equal(codecs[c]->encode(&work, 0, data, 262144, out, 262143), 0);
		codecs[c]->work_free(work);
		free(out);
		free(data);
	}
}

/* All levels of all codecs give what they gave with other work before. */
static void work_leaves_no_trace(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		void *used = NULL, *fresh = NULL;
		uint8_t *one = make(1, 100000), *two = make(3, 70000), *first, *second, *other;
		const size_t n = encode(codecs[c], &used, 0, one, 100000, &first);
		const size_t m = encode(codecs[c], &used, 0, two, 70000, &second);
		const size_t k = encode(codecs[c], &fresh, 0, two, 70000, &other);

		assert_int_equal(m, k);
		assert_memory_equal(second, other, m);
		free(other);
		assert_int_equal(encode(codecs[c], &used, 0, one, 100000, &other), n);
		assert_memory_equal(first, other, n);
		codecs[c]->work_free(used);
		codecs[c]->work_free(fresh);
		free(other);
		free(second);
		free(first);
		free(two);
		free(one);
	}
}

struct known {
	const struct sp_codec *codec;
	const uint8_t *data;
	size_t size;
};

#define KNOWN(codec, vector)                                                                       \
	{                                                                                          \
		&(codec), vector, sizeof(vector)                                                   \
	}

static void what_others_packed_comes_out(void **state)
{
	static const struct known knowns[] = {
		KNOWN(sp_codec_zlib, vector_zlib),
		KNOWN(sp_codec_bzip2, vector_bzip2),
		KNOWN(sp_codec_xz, vector_xz),
		KNOWN(sp_codec_xz, vector_xz_64),
	};
	char text[sizeof(VECTOR_LINE) * VECTOR_LINES] = "", out[sizeof(text)];

	(void)state;
	for (unsigned i = 0; i < VECTOR_LINES; i++)
		strcat(text, VECTOR_LINE);
	const size_t size = strlen(text);
	for (size_t i = 0; i < LEN(knowns); i++) {
		const struct sp_codec *codec = knowns[i].codec;
		void *work = NULL;
		size_t done;
		uint8_t after[1024];

		assert_int_equal(codec->decode(&work, knowns[i].data, knowns[i].size,
					       (uint8_t *)out, size, &done),
				 0);
		assert_memory_equal(out, text, size);
		/* what follows the end does not matter */
		memset(after, 0xa5, sizeof(after));
		memcpy(after, knowns[i].data, knowns[i].size);
		memset(out, 0, sizeof(out));
		assert_int_equal(
			codec->decode(&work, after, sizeof(after), (uint8_t *)out, size, &done), 0);
		assert_memory_equal(out, text, size);
		codec->work_free(work);
		for (size_t give = 1; give < 40; give++) {
			memset(out, 0, sizeof(out));
			assert_int_equal(steps(codec, knowns[i].data, knowns[i].size,
					       (uint8_t *)out, sizeof(out), give, 1 + give % 7,
					       &done),
					 SP_CODEC_END);
			assert_int_equal(done, size);
			assert_memory_equal(out, text, size);
		}
	}
}

/* One beyond what a stream may want. */
static void a_dictionary_too_large_is_refused(void **state)
{
	uint8_t out[1024];
	void *work = NULL;
	size_t done;

	(void)state;
	assert_int_equal(
		sp_codec_xz.decode(&work, vector_xz_128, sizeof(vector_xz_128), out, 900, &done),
		SP_ERR_MEMORY);
	sp_codec_xz.work_free(work);
	assert_int_equal(steps(&sp_codec_xz, vector_xz_128, sizeof(vector_xz_128), out, 1024, 1024,
			       1024, &done),
			 SP_CODEC_NOMEMORY);
}

static void a_preset_dictionary_is_malformed(void **state)
{
	uint8_t out[1024];
	void *work = NULL;
	size_t done;

	(void)state;
	assert_int_equal(sp_codec_zlib.decode(&work, vector_zlib_preset, sizeof(vector_zlib_preset),
					      out, 900, &done),
			 SP_ERR_FORMAT);
	sp_codec_zlib.work_free(work);
}

/* Zeros, a lot of them, are no exception to sizes. */
static void too_long_and_too_short_are_told(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		const struct sp_codec *codec = codecs[c];

		for (unsigned kind = 0; kind < KINDS; kind++) {
			const size_t size = 100000;
			uint8_t *data = make(kind, size), *packed, *out = malloc(size + 1000);
			void *work = NULL;
			size_t done, n = encode(codec, &work, 0, data, size, &packed);
			static const size_t longer[] = {1, 2, 1000};

			for (size_t i = 0; i < LEN(longer); i++) {
				assert_int_equal(codec->decode(&work, packed, n, out,
							       size + longer[i], &done),
						 SP_ERR_FORMAT);
				assert_int_equal(done, size);
				assert_memory_equal(out, data, size);
			}
			static const size_t shorter[] = {0, 1, 2, 99000, 99999};
			for (size_t i = 0; i < LEN(shorter); i++) {
				uint8_t *less = malloc(shorter[i] ? shorter[i] : 1);

				assert_int_equal(
					codec->decode(&work, packed, n, less, shorter[i], &done),
					SP_ERR_FORMAT);
				assert_int_equal(done, shorter[i]);
				assert_memory_equal(less, data, shorter[i]);
				free(less);
			}
			codec->work_free(work);
			free(out);
			free(packed);
			free(data);
		}
	}
}

/* Cut anywhere, and what came until then is right. */
static void every_truncation_is_malformed(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		const struct sp_codec *codec = codecs[c];

		for (unsigned kind = 0; kind < KINDS; kind++) {
			const size_t size = kind == 0 || kind == 4 ? 1500 : 6000;
			uint8_t *data = make(kind, size), *packed, *out = malloc(size);
			void *work = NULL;
			size_t n = encode(codec, &work, 0, data, size, &packed);

			for (size_t cut = 0; cut < n; cut++) {
				uint8_t *piece = exact(packed, cut);
				size_t done = size + 1;

				assert_int_equal(codec->decode(&work, piece, cut, out, size, &done),
						 SP_ERR_FORMAT);
				assert_true(done <= size);
				assert_memory_equal(out, data, done);
				assert_int_not_equal(
					steps(codec, piece, cut, out, size, 100, 1000, &done),
					SP_CODEC_END);
				assert_memory_equal(out, data, done);
				free(piece);
			}
			codec->work_free(work);
			free(out);
			free(packed);
			free(data);
		}
	}
}

static void steps_of_every_size_give_the_same(void **state)
{
	static const size_t step[] = {1, 3, 16, 255, 4096, 65536, 1048576};

	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		for (unsigned kind = 0; kind < KINDS; kind++) {
			const size_t size = 70000;
			uint8_t *data = make(kind, size), *packed, *out = malloc(size + 1);
			void *work = NULL;
			const size_t n = encode(codecs[c], &work, 0, data, size, &packed);

			for (size_t i = 0; i < LEN(step) * LEN(step); i++) {
				size_t done;

				if (i % LEN(step) + i / LEN(step) < 2 && kind)
					continue; /* the slowest, once */
				memset(out, 0xee, size);
				assert_int_equal(steps(codecs[c], packed, n, out, size + 1,
						       step[i % LEN(step)], step[i / LEN(step)],
						       &done),
						 SP_CODEC_END);
				assert_int_equal(done, size);
				assert_memory_equal(out, data, size);
			}
			codecs[c]->work_free(work);
			free(out);
			free(packed);
			free(data);
		}
	}
}

/* 64 MiB of zeros in few bytes give what was asked for and not a byte more. */
static void bombs_are_bounded(void **state)
{
	const size_t size = 64u << 20;
	uint8_t *zeros = calloc(1, size), *packed, *out = malloc(4097);

	(void)state;
	assert_non_null(zeros);
	for (size_t c = 0; c < LEN(codecs); c++) {
		void *work = NULL;
		size_t done, n = encode(codecs[c], &work, 1, zeros, size, &packed);

		out[4096] = 0xee;
		assert_true(n < size / 200);
		assert_int_equal(codecs[c]->decode(&work, packed, n, out, 4096, &done),
				 SP_ERR_FORMAT);
		assert_int_equal(done, 4096);
		assert_int_equal(out[4096], 0xee);
		codecs[c]->work_free(work);
		free(packed);
	}
	free(out);
	free(zeros);
}

/* A byte of any stream changed: told, or the bytes are right (a bit may stand for nothing). */
static void a_changed_byte_is_told(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		const size_t size = 3000;
		uint8_t *data = make(1, size), *packed, *out = malloc(size);
		void *work = NULL;
		size_t done, told = 0, n = encode(codecs[c], &work, 0, data, size, &packed);
		const bool summed = codecs[c] != &sp_codec_lzfse; /* which has no checksum */

		for (size_t i = 0; i < n; i++) {
			packed[i] ^= 0x10;
			if (codecs[c]->decode(&work, packed, n, out, size, &done) < 0)
				told++;
			else if (summed)
				assert_memory_equal(out, data, size);
			packed[i] ^= 0x10;
		}
		assert_true(told > (summed ? n * 9 / 10 : 0));
		codecs[c]->work_free(work);
		free(out);
		free(packed);
		free(data);
	}
}

static void nothing_at_all_is_malformed(void **state)
{
	(void)state;
	for (size_t c = 0; c < LEN(codecs); c++) {
		uint8_t *none = malloc(1), out[1];
		void *work = NULL;
		size_t done = 1;

		assert_int_equal(codecs[c]->decode(&work, none, 0, out, 1, &done), SP_ERR_FORMAT);
		assert_int_equal(done, 0);
		assert_int_equal(codecs[c]->decode(&work, none, 0, out, 0, &done), SP_ERR_FORMAT);
		codecs[c]->work_free(work);
		free(none);
		codecs[c]->end(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(noise_does_not_fit_where_it_gains_nothing),
		cmocka_unit_test(work_leaves_no_trace),
		cmocka_unit_test(what_others_packed_comes_out),
		cmocka_unit_test(a_dictionary_too_large_is_refused),
		cmocka_unit_test(a_preset_dictionary_is_malformed),
		cmocka_unit_test(too_long_and_too_short_are_told),
		cmocka_unit_test(every_truncation_is_malformed),
		cmocka_unit_test(steps_of_every_size_give_the_same),
		cmocka_unit_test(bombs_are_bounded),
		cmocka_unit_test(a_changed_byte_is_told),
		cmocka_unit_test(nothing_at_all_is_malformed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
