/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZFSE streams that are in memory whole, and the blocks of finite state entropy in any. */
#include "codec/codec.h"
#include "codec/lzfse_block.h"
#include "codec/lzfse_encode.h"

#include "base/bytes.h"

#include <stdlib.h>

struct lzfse_work {
	void *encoder;
	struct lzfse_header header;
	struct lzfse_block block;
};

static inline uint64_t load_64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8); /* one load; get_le64 is eight in old compilers */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Bits read from the last to the first: the low `left` of `bits`, which were loaded at `at`. What
 * lies before the first is header, so that loads within 8 bytes of it are harmless. */
struct bits_back {
	const uint8_t *at;
	uint64_t bits;
	unsigned left;
};

/* From payload [begin, end), of whose last byte `unused` bits are. At least 8 bytes precede begin,
 * one follows end. */
static bool bits_begin(struct bits_back *b, const uint8_t *end, unsigned unused)
{
	b->at = end - 7;
	b->bits = load_64(b->at);
	b->left = 56;
	if (unused) {
		b->at = end - 8;
		b->bits = load_64(b->at);
		b->left = 64 - unused;
		return !(b->bits >> b->left);
	}
	return true;
}

/* Now 56 or more. */
static inline void bits_refill(struct bits_back *b)
{
	const unsigned bytes = (63 - b->left) >> 3;

	b->at -= bytes;
	b->left += bytes * 8;
	b->bits = load_64(b->at);
}

static inline uint64_t bits_take(struct bits_back *b, unsigned n)
{
	b->left -= n;
	return b->bits >> b->left & (((uint64_t)1 << n) - 1);
}

/* No bit was taken from before `begin`. Asked before each bits_refill, that loads nothing from more
 * than 7 bytes before. */
static inline bool bits_ok(const struct bits_back *b, const uint8_t *begin)
{
	return b->at >= begin || (begin - b->at < 8 && b->left >= 8 * (unsigned)(begin - b->at));
}

static bool block_literals(struct lzfse_block *block, const struct lzfse_header *header,
			   const uint8_t *payload)
{
	const struct lzfse_literal *const table = block->table;
	uint8_t *to = block->literals, *const end = to + header->literals;
	unsigned s0 = header->literal_state[0], s1 = header->literal_state[1];
	unsigned s2 = header->literal_state[2], s3 = header->literal_state[3];
	struct bits_back b;

	if (!bits_begin(&b, payload + header->literal_bytes, header->literal_bits))
		return false;
	for (; to < end; to += 4) { /* 40 bits at most */
		if (!bits_ok(&b, payload))
			return false;
		bits_refill(&b);
		const struct lzfse_literal e0 = table[s0], e1 = table[s1], e2 = table[s2],
					   e3 = table[s3];

		to[0] = e0.symbol;
		to[1] = e1.symbol;
		to[2] = e2.symbol;
		to[3] = e3.symbol;
		s0 = (unsigned)(e0.delta + (int)bits_take(&b, e0.bits));
		s1 = (unsigned)(e1.delta + (int)bits_take(&b, e1.bits));
		s2 = (unsigned)(e2.delta + (int)bits_take(&b, e2.bits));
		s3 = (unsigned)(e3.delta + (int)bits_take(&b, e3.bits));
	}
	block->literal = block->literals;
	block->literals_end = end;
	return bits_ok(&b, payload);
}

bool lzfse_block_begin(struct lzfse_block *block, const struct lzfse_header *header,
		       const uint8_t *payload)
{
	const uint8_t *const lmd = payload + header->literal_bytes;
	struct bits_back b;

	lzfse_tables(block, header);
	if (!block_literals(block, header, payload) ||
	    !bits_begin(&b, lmd + header->lmd_bytes, header->lmd_bits))
		return false;
	block->at = b.at;
	block->bits = b.bits;
	block->left = b.left;
	block->least = lmd;
	block->l_state = header->l_state;
	block->m_state = header->m_state;
	block->d_state = header->d_state;
	block->distance = 0;
	block->matches = header->matches;
	return true;
}

static inline uint32_t block_value(struct bits_back *b, const struct lzfse_value *table,
				   unsigned *state)
{
	const struct lzfse_value e = table[*state];
	const uint64_t v = bits_take(b, e.bits);

	*state = (unsigned)(e.delta + (int)(v >> e.extra));
	return e.base + (uint32_t)(v & (((uint64_t)1 << e.extra) - 1));
}

enum lz_result lzfse_block_run(struct lzfse_block *block, struct lz_out *out)
{
	struct bits_back b = {block->at, block->bits, block->left};
	unsigned l_state = block->l_state, m_state = block->m_state, d_state = block->d_state;
	const uint8_t *literal = block->literal, *const literals_end = block->literals_end;
	const uint8_t *const least = block->least;
	size_t distance = block->distance;
	uint32_t matches = block->matches;
	uint8_t *at = out->at;
	enum lz_result result = LZ_END;

	for (; matches; matches--) {
		const size_t room = (size_t)(out->end - at);

		if (room < out->margin) {
			result = LZ_ROOM;
			break;
		}
		result = LZ_BAD;
		if (!bits_ok(&b, least))
			break;
		bits_refill(&b); /* 54 bits at most */
		const size_t l = block_value(&b, block->l, &l_state);
		const size_t m = block_value(&b, block->m, &m_state);
		const size_t d = block_value(&b, block->d, &d_state);
		if (d)
			distance = d;
		if (l > (size_t)(literals_end - literal))
			break;
		if (m && distance - 1 >= (size_t)(at - out->begin) + l)
			break; /* also of none before */
		if (room >= LZFSE_L_MAX + LZFSE_M_MAX + LZ_SLACK) {
			lz_copy_literals(at, literal, l);
			at += l;
			if (m)
				lz_copy_match(at, distance, m);
			at += m;
		} else {
			out->at = at;
			const bool fits =
				lz_put_literals(out, literal, l) && lz_put_match(out, distance, m);
			at = out->at;
			if (!fits) {
				result = LZ_LONG;
				break;
			}
		}
		literal += l;
		result = LZ_END;
	}
	if (result == LZ_END && !bits_ok(&b, least))
		result = LZ_BAD;
	out->at = at;
	block->at = b.at;
	block->bits = b.bits;
	block->left = b.left;
	block->l_state = l_state;
	block->m_state = m_state;
	block->d_state = d_state;
	block->distance = distance;
	block->matches = matches;
	block->literal = literal;
	return result;
}

/* One block bvx1 or bvx2, of which there are `left` bytes; its size, 0: malformed or cut. */
static size_t whole_block(struct lzfse_work *w, const uint8_t *in, size_t left, struct lz_out *out)
{
	struct lzfse_header *const h = &w->header;
	const uint8_t *const from = out->at;

	if (left < LZFSE_V2_HEADER)
		return 0;
	const size_t header = lzfse_header_size(in);
	if (!header || left < header || !lzfse_header_parse(h, in))
		return 0;
	const size_t size = header + h->literal_bytes + h->lmd_bytes;
	if (left <= size) /* something always follows */
		return 0;
	if (!lzfse_block_begin(&w->block, h, in + header) ||
	    lzfse_block_run(&w->block, out) != LZ_END || (size_t)(out->at - from) != h->raw_bytes)
		return 0;
	return size;
}

/* The same of a block bvxn. */
static size_t whole_lzvn(const uint8_t *in, size_t left, struct lz_out *out)
{
	const uint8_t *const from = out->at;
	size_t distance = 0;

	if (left < LZFSE_VN_HEADER)
		return 0;
	const uint32_t raw = get_le32(in + 4), packed = get_le32(in + 8);
	if (left - LZFSE_VN_HEADER < packed)
		return 0;
	in += LZFSE_VN_HEADER;
	if (lzvn_run(&in, in + packed, &distance, out) != LZ_END || (size_t)(out->at - from) != raw)
		return 0;
	return (size_t)LZFSE_VN_HEADER + packed;
}

static size_t whole_raw(const uint8_t *in, size_t left, struct lz_out *out)
{
	if (left < LZFSE_RAW_HEADER)
		return 0;
	const uint32_t raw = get_le32(in + 4);
	if (left - LZFSE_RAW_HEADER < raw) {
		lz_put_literals(out, in + LZFSE_RAW_HEADER, left - LZFSE_RAW_HEADER);
		return 0;
	}
	return lz_put_literals(out, in + LZFSE_RAW_HEADER, raw) ? (size_t)LZFSE_RAW_HEADER + raw
								: 0;
}

static struct lzfse_work *lzfse_work(void **work)
{
	struct lzfse_work *w = *work;

	if (!w) {
		w = *work = malloc(sizeof(*w));
		if (w)
			w->encoder = NULL;
	}
	return w;
}

static int lzfse_decode(void **work, const uint8_t *in, size_t in_size, uint8_t *to,
			size_t out_size, size_t *done)
{
	struct lzfse_work *const w = lzfse_work(work);
	struct lz_out out = {to, to, to + out_size, 0};
	size_t size = 1;
	bool end = false;

	*done = 0;
	if (!w)
		return SP_ERR_MEMORY;
	for (size_t at = 0; size && !end && in_size - at >= 4; at += size) {
		const size_t left = in_size - at;

		size = 0;
		switch (get_le32(in + at)) {
		case LZFSE_END:
			end = true;
			break;
		case LZFSE_RAW:
			size = whole_raw(in + at, left, &out);
			break;
		case LZFSE_VN:
			size = whole_lzvn(in + at, left, &out);
			break;
		case LZFSE_V1:
		case LZFSE_V2:
			size = whole_block(w, in + at, left, &out);
			break;
		default:
			break;
		}
	}
	*done = (size_t)(out.at - out.begin);
	return end && *done == out_size ? 0 : SP_ERR_FORMAT;
}

static size_t lzfse_encode_whole(void **work, unsigned level, const uint8_t *in, size_t in_size,
				 uint8_t *out, size_t room)
{
	struct lzfse_work *w = lzfse_work(work);

	return w ? lzfse_encode(&w->encoder, level, in, in_size, out, room) : 0;
}

static void lzfse_work_free(void *work)
{
	struct lzfse_work *w = work;

	if (w)
		lzfse_encode_free(w->encoder);
	free(w);
}

const struct sp_codec sp_codec_lzfse = {
	.name = "lzfse",
	.decode = lzfse_decode,
	.encode = lzfse_encode_whole,
	.work_free = lzfse_work_free,
	.begin = lzfse_begin,
	.step = lzfse_step,
	.end = lzfse_end,
};
