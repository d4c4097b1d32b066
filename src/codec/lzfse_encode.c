/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes LZFSE streams: finds matches through chains of equal hashes, taking the one that saves most
 * bits, and lets blocks be written of them. */
#include "codec/lzfse_encode.h"

#include <stdlib.h>

enum {
	FIND_BITS = 16, /* of hashes of four bytes */
	FIND_WINDOW = 1 << 18,
	FIND_NONE = 0, /* positions are counted from 1 */
	FIND_LONG = 512,
	FIND_SHORT_BITS = 13, /* of three bytes */
	FIND_SHORT = 1 << 11, /* further away three bytes do not pay */
	ENCODE_LEVEL = 4,
};

/* What a level looks at: candidates for each position; enough bytes to look no further; positions
 * after a match in which a better one may begin. */
static const struct {
	uint16_t depth, enough, lazy;
} levels[10] = {
	{0, 0, 0},    {2, 32, 0},   {4, 48, 1},    {8, 64, 1},     {16, 96, 1},
	{32, 128, 2}, {64, 256, 2}, {128, 512, 2}, {256, 1024, 2}, {1024, 2048, 2},
};

struct lzfse_encoder {
	struct lzfse_writer writer;
	uint32_t head[1 << FIND_BITS], head_short[1 << FIND_SHORT_BITS];
	uint32_t chain[FIND_WINDOW];
	const uint8_t *in;
	size_t in_size;
	size_t inserted; /* positions before it are in the chains */
	unsigned depth, enough, lazy;
	uint8_t *out, *end;
	bool full; /* it did not fit */
};

struct match {
	uint32_t length, distance; /* length 0: none */
	int saves;                 /* bits, about */
};

static uint32_t load_32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static uint32_t hash_4(const uint8_t *p)
{
	return load_32(p) * 2654435761u >> (32 - FIND_BITS);
}

static uint32_t hash_3(const uint8_t *p)
{
	return ((uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24) * 2654435761u >>
	       (32 - FIND_SHORT_BITS);
}

/* How many bytes from a and b on are the same; b is the later one. */
static size_t same(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	const uint8_t *const from = b;

	while (end - b >= 8) {
		uint64_t x, y;

		memcpy(&x, a, 8);
		memcpy(&y, b, 8);
		if (x != y) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
			return (size_t)(b - from) + ((unsigned)__builtin_clzll(x ^ y) >> 3);
#else
			return (size_t)(b - from) + ((unsigned)__builtin_ctzll(x ^ y) >> 3);
#endif
		}
		a += 8;
		b += 8;
	}
	while (b < end && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(b - from);
}

/* Literals cost about six bits; a match as many for its lengths, and its distance. */
static int saves(size_t length, uint32_t distance, bool again)
{
	const int bits = again ? 8 : 10 + (31 - __builtin_clz(distance));

	return (int)(length < 4096 ? length : 4096) * 6 - bits;
}

static void find_insert(struct lzfse_encoder *e, size_t to)
{
	if (e->in_size < 4)
		return;
	if (to > e->in_size - 4)
		to = e->in_size - 4;
	for (; e->inserted < to; e->inserted++) {
		const uint8_t *p = e->in + e->inserted;
		uint32_t *head = &e->head[hash_4(p)];

		e->chain[e->inserted % FIND_WINDOW] = *head;
		*head = (uint32_t)e->inserted + 1;
		e->head_short[hash_3(p)] = (uint32_t)e->inserted + 1;
	}
}

static void find_better(struct match *best, size_t length, size_t distance, bool again)
{
	const int bits = saves(length, (uint32_t)distance, again);

	if (bits > best->saves)
		*best = (struct match){(uint32_t)length, (uint32_t)distance, bits};
}

/* The best match at `at`; `before` is the distance of the last one. */
static struct match find(struct lzfse_encoder *e, size_t at, size_t before)
{
	struct match best = {0};
	const uint8_t *const p = e->in + at, *const end = e->in + e->in_size;

	if (e->in_size - at < 4)
		return best;
	find_insert(e, at);
	if (before && before <= at) {
		const size_t n = same(p - before, p, end);

		if (n >= 3)
			find_better(&best, n, before, true);
	}
	uint32_t next = e->head_short[hash_3(p)];
	if (next != FIND_NONE && at + 1 - next <= FIND_SHORT) {
		const size_t n = same(e->in + next - 1, p, end);

		if (n >= 3)
			find_better(&best, n, at + 1 - next, false);
	}
	next = e->head[hash_4(p)];
	for (unsigned i = e->depth; i && next != FIND_NONE; i--) {
		const size_t from = next - 1, distance = at - from;

		if (distance > LZFSE_D_MAX || best.length >= e->enough)
			break;
		if (load_32(e->in + from) == load_32(p) &&
		    (at + best.length >= e->in_size ||
		     e->in[from + best.length] == p[best.length])) {
			const size_t n = same(e->in + from, p, end);
			find_better(&best, n, distance, false);
		}
		next = e->chain[from % FIND_WINDOW];
	}
	return best;
}

static void encode_put(struct lzfse_encoder *e, const uint8_t *data, size_t size)
{
	if (e->full || size > (size_t)(e->end - e->out)) {
		e->full = true;
		return;
	}
	memcpy(e->out, data, size);
	e->out += size;
}

/* What was added becomes a block. Never one of bytes as they are, which 7-Zip up to 26.02 takes to
 * go on to the end of the stream; in a table of literals that do not pack they are 1 % longer. */
static void encode_block(struct lzfse_encoder *e)
{
	struct lzfse_writer *const w = &e->writer;

	if (!w->raw_bytes)
		return;
	if (!e->full) {
		const size_t other = lzvn_write(w);
		size_t size = lzfse_write(w);

		if (other && other <= size)
			size = lzvn_write(w);
		encode_put(e, w->bytes, size);
	}
	lzfse_writer_clear(w);
}

static void encode_triple(struct lzfse_encoder *e, const uint8_t *literals, size_t l, size_t m,
			  size_t d)
{
	struct lzfse_writer *const w = &e->writer;

	if (w->triples == LZFSE_MATCHES || l > LZFSE_LITERALS - w->literals)
		encode_block(e);
	if (!m) /* what costs nothing, or is there in any case */
		d = w->triples ? w->triple[w->triples - 1].d : 1;
	w->triple[w->triples++] = (struct lzfse_triple){(uint16_t)l, (uint16_t)m, (uint32_t)d};
	memcpy(w->literal + w->literals, literals, l);
	w->literals += (uint32_t)l;
	w->raw_bytes += (uint32_t)(l + m);
}

static void encode_add(struct lzfse_encoder *e, const uint8_t *literals, size_t l, size_t m,
		       size_t d)
{
	for (; l > LZFSE_L_MAX; l -= LZFSE_L_MAX, literals += LZFSE_L_MAX)
		encode_triple(e, literals, LZFSE_L_MAX, 0, 0);
	for (; m > LZFSE_M_MAX; m -= LZFSE_M_MAX, l = 0)
		encode_triple(e, literals, l, LZFSE_M_MAX, d);
	if (l || m)
		encode_triple(e, literals, l, m, d);
}

static void encode_parse(struct lzfse_encoder *e)
{
	const uint8_t *const in = e->in;
	size_t at = 0, anchor = 0, before = 0;

	while (!e->full && at + 4 <= e->in_size) {
		struct match best = find(e, at, before);

		if (!best.length) {
			at += 1 + ((at - anchor) >> 9); /* faster where nothing is found */
			continue;
		}
		for (unsigned i = 1; i <= e->lazy && best.length < e->enough; i++) {
			const struct match other = find(e, at + i, before);

			if (other.saves > best.saves) {
				best = other;
				at += i;
				i = 0;
			}
		}
		while (at > anchor && at > best.distance &&
		       in[at - 1] == in[at - 1 - best.distance]) {
			at--;
			best.length++;
		}
		encode_add(e, in + anchor, at - anchor, best.length, best.distance);
		at += best.length;
		if (best.length > FIND_LONG && e->inserted < at - FIND_LONG)
			e->inserted = at - FIND_LONG; /* the rest is as good */
		anchor = at;
		before = best.distance;
	}
	encode_add(e, in + anchor, e->in_size - anchor, 0, 0);
	encode_block(e);
}

size_t lzfse_encode(void **work, unsigned level, const uint8_t *in, size_t in_size, uint8_t *out,
		    size_t room)
{
	static const uint8_t end[4] = {'b', 'v', 'x', '$'};

	if (!*work)
		*work = malloc(sizeof(struct lzfse_encoder));
	struct lzfse_encoder *const e = *work;
	if (!e || in_size > UINT32_MAX - 1)
		return 0;
	if (!level)
		level = ENCODE_LEVEL;
	lzfse_writer_clear(&e->writer);
	memset(e->head, 0, sizeof(e->head));
	memset(e->head_short, 0, sizeof(e->head_short));
	e->in = in;
	e->in_size = in_size;
	e->inserted = 0;
	e->depth = levels[level].depth;
	e->enough = levels[level].enough;
	e->lazy = levels[level].lazy;
	e->out = out;
	e->end = out + room;
	e->full = false;
	encode_parse(e);
	encode_put(e, end, sizeof(end));
	return e->full ? 0 : (size_t)(e->out - out);
}

void lzfse_encode_free(void *work)
{
	free(work);
}
