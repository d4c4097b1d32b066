/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decoders of matches share: where their bytes go, copies from what came before, and the
 * window of a stream. */
#ifndef SP_CODEC_LZ_H
#define SP_CODEC_LZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Why a decoder came back. */
enum lz_result {
	LZ_INPUT, /* it has less than a whole instruction left */
	LZ_ROOM,  /* there is less room than the margin */
	LZ_END,
	LZ_LONG, /* everything up to `end` is filled, and there was more */
	LZ_BAD,
};

/* How far the fast copies may write beyond what they copy. */
enum { LZ_SLACK = 32 };

/* Bytes that were made, [begin, at), and room for more. */
struct lz_out {
	const uint8_t *begin;
	uint8_t *at, *end;
	size_t margin; /* with less room no instruction begins; 0: they go on to the end mark */
};

static inline size_t lz_room(const struct lz_out *out)
{
	return (size_t)(out->end - out->at);
}

/* `size` bytes of `from`, whose next 15 are readable; at + size + LZ_SLACK is room. */
static inline void lz_copy_literals(uint8_t *at, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i += 16)
		memcpy(at + i, from + i, 16);
}

/* `size` bytes from `distance` (not 0) before; at + size + LZ_SLACK is room. */
static inline void lz_copy_match(uint8_t *at, size_t distance, size_t size)
{
	const uint8_t *from = at - distance;
	uint8_t *const end = at + size;

	if (distance >= 16) {
		do {
			memcpy(at, from, 16);
			at += 16;
			from += 16;
		} while (at < end);
		return;
	}
	/* The first `distance` of eight bytes are right wherever they go: so the period doubles. */
	while (at - from < 8) {
		uint64_t eight;
		memcpy(&eight, from, 8);
		memcpy(at, &eight, 8);
		at += at - from;
	}
	while (at < end) {
		memcpy(at, from, 8);
		at += 8;
		from += 8;
	}
}

/* Copies that write nothing beyond `end`; false: there was more than fits. */
static inline bool lz_put_literals(struct lz_out *out, const uint8_t *from, size_t size)
{
	const size_t n = size < lz_room(out) ? size : lz_room(out);

	if (n)
		memcpy(out->at, from, n);
	out->at += n;
	return n == size;
}

static inline bool lz_put_match(struct lz_out *out, size_t distance, size_t size)
{
	const size_t n = size < lz_room(out) ? size : lz_room(out);

	for (size_t i = 0; i < n; i++, out->at++)
		*out->at = *(out->at - distance);
	return n == size;
}

/* A stream's window: `history` bytes stay, then come those not yet given away. */
struct lz_window {
	struct lz_out out;
	uint8_t *buffer;
	const uint8_t *given; /* up to here the caller has them */
	size_t history;
};

/* `margin`: the most that one instruction makes. false: no memory. */
bool lz_window_init(struct lz_window *window, size_t history, size_t size, size_t margin);
void lz_window_free(struct lz_window *window);
/* Hands out what there is; false: the caller has no room for all of it. */
bool lz_window_give(struct lz_window *window, uint8_t **out, size_t *out_room);
/* Room for more; everything was given. */
void lz_window_slide(struct lz_window *window);

#endif
