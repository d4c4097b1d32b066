/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes blocks bvx2: frequencies, then literals and triples from the last to the first, since they
 * are read backwards. */
#include "codec/lzfse_encode.h"

#include "base/bytes.h"

/* How a symbol is written in a state: `bits` low bits of it where the state is `least` or more,
 * else one less. The next state is what remains plus `next` or `next_less`. */
struct write_symbol {
	uint16_t least;
	int16_t next, next_less;
	uint8_t bits;
};

struct write_tables {
	uint16_t frequency[LZFSE_SYMBOLS];
	struct write_symbol symbol[LZFSE_SYMBOLS];
};

/* Where a table begins in them. */
enum {
	WRITE_L = 0,
	WRITE_M = WRITE_L + LZFSE_L_SYMBOLS,
	WRITE_D = WRITE_M + LZFSE_M_SYMBOLS,
	WRITE_LITERAL = WRITE_D + LZFSE_D_SYMBOLS,
};

/* Bits that go to the end of what there is. */
struct bits_on {
	uint8_t *at;
	uint64_t bits;
	unsigned have; /* 0…7 between calls of flush */
};

static inline void bits_put(struct bits_on *b, uint64_t bits, unsigned n)
{
	b->bits |= bits << b->have;
	b->have += n;
}

static inline void bits_flush(struct bits_on *b)
{
	put_le64(b->at, b->bits);
	b->at += b->have >> 3;
	b->bits >>= b->have & ~7u;
	b->have &= 7;
}

/* Bits of the last byte that are not used. */
static unsigned bits_end(struct bits_on *b)
{
	const unsigned used = b->have;

	bits_flush(b);
	if (!used)
		return 0;
	*b->at++ = (uint8_t)b->bits;
	return 8 - used;
}

/* Of the i-th triple: 0 where it is the one before. */
static inline uint32_t distance(const struct lzfse_writer *w, size_t i)
{
	return i && w->triple[i].d == w->triple[i - 1].d ? 0 : w->triple[i].d;
}

static unsigned l_symbol(unsigned l)
{
	return l < 16 ? l : l < 20 ? 16 : l < 28 ? 17 : l < 60 ? 18 : 19;
}

static unsigned m_symbol(unsigned m)
{
	return m < 16 ? m : m < 24 ? 16 : m < 56 ? 17 : m < 312 ? 18 : 19;
}

/* Four symbols for each number of extra bits, which begin at 2^(e + 2) - 4. */
static unsigned d_symbol(uint32_t d)
{
	const unsigned e = 29u - (unsigned)__builtin_clz(d + 4);

	return 4 * e + ((d + 4) >> e & 3);
}

/* Counts become frequencies whose sum is `states`, each of what occurs at least 1. Where nothing
 * does it is the first symbol, since readers want all tables full. */
static void write_normalize(uint16_t *frequency, const uint32_t *count, unsigned symbols,
			    unsigned states)
{
	uint64_t total = 0;
	unsigned sum = 0;

	for (unsigned i = 0; i < symbols; i++)
		total += count[i];
	if (!total) {
		memset(frequency, 0, symbols * sizeof(frequency[0]));
		frequency[0] = (uint16_t)states;
		return;
	}
	for (unsigned i = 0; i < symbols; i++) {
		const uint64_t f = ((uint64_t)count[i] * states + total / 2) / total;
		frequency[i] = (uint16_t)(count[i] && !f ? 1 : f);
		sum += frequency[i];
	}
	/* the rest goes where it costs least: n × log(f) changes by about n / f */
	while (sum != states) {
		const bool more = sum < states;
		uint64_t best = 0;
		unsigned at = 0;

		for (unsigned i = 0; i < symbols; i++) {
			const unsigned twice = 2u * frequency[i];
			const uint64_t n = (uint64_t)count[i] << 20;

			if (more ? !frequency[i] : frequency[i] < 2)
				continue;
			const uint64_t worth =
				more ? n / (twice + 1) : UINT64_MAX - n / (twice - 1);
			if (worth > best) {
				best = worth;
				at = i;
			}
		}
		frequency[at] = (uint16_t)(more ? frequency[at] + 1 : frequency[at] - 1);
		sum = more ? sum + 1 : sum - 1;
	}
}

/* The inverse of the decoder's tables, see fse_bits of lzfse_fse.c. */
static void write_symbols(struct write_symbol *symbol, const uint16_t *frequency, unsigned symbols,
			  unsigned states)
{
	unsigned first = 0; /* of the symbol's states */

	for (unsigned i = 0; i < symbols; i++) {
		const unsigned f = frequency[i];

		if (!f)
			continue;
		const unsigned k = (unsigned)(__builtin_clz(f) - __builtin_clz(states));
		const unsigned more = (2 * states >> k) - f;
		symbol[i] = (struct write_symbol){
			.least = (uint16_t)((f << k) - states),
			.bits = (uint8_t)k,
			.next = (int16_t)((int)(first - f) + (int)(states >> k)),
			.next_less = (int16_t)(first + more),
		};
		first += f;
	}
}

static inline void write_state(struct bits_on *b, unsigned *state,
			       const struct write_symbol *symbol)
{
	const bool less = *state < symbol->least;
	const unsigned n = symbol->bits - less;

	bits_put(b, *state & ((1u << n) - 1), n);
	*state = (unsigned)((less ? symbol->next_less : symbol->next) + (int)(*state >> n));
}

static void write_literals(struct lzfse_writer *w, const struct write_symbol *symbol,
			   struct bits_on *b, unsigned state[4])
{
	for (size_t i = w->literals; i; i -= 4) { /* 40 bits at most */
		for (size_t j = 4; j--;)
			write_state(b, &state[j], &symbol[w->literal[i - 4 + j]]);
		bits_flush(b);
	}
}

static void write_triples(const struct lzfse_writer *w, const struct write_symbol *symbol,
			  struct bits_on *b, unsigned state[3])
{
	for (size_t i = w->triples; i--;) { /* 54 bits at most, after up to 7 */
		const struct lzfse_triple *t = &w->triple[i];
		const uint32_t far = distance(w, i);
		const unsigned l = l_symbol(t->l), m = m_symbol(t->m), d = d_symbol(far);

		bits_put(b, far - lzfse_d_base[d], lzfse_d_extra[d]);
		write_state(b, &state[2], &symbol[WRITE_D + d]);
		bits_put(b, t->m - lzfse_m_base[m], lzfse_m_extra[m]);
		write_state(b, &state[1], &symbol[WRITE_M + m]);
		bits_put(b, t->l - lzfse_l_base[l], lzfse_l_extra[l]);
		write_state(b, &state[0], &symbol[WRITE_L + l]);
		bits_flush(b);
	}
}

/* The prefix code of fse_unpack; its end. */
static uint8_t *write_frequencies(const uint16_t frequency[LZFSE_SYMBOLS], uint8_t *at)
{
	struct bits_on b = {.at = at};

	for (size_t i = 0; i < LZFSE_SYMBOLS; i++) {
		const unsigned f = frequency[i];

		if (f < 2)
			bits_put(&b, f << 1, 2);
		else if (f < 4)
			bits_put(&b, 1 | (f - 2) << 2, 3);
		else if (f < 8)
			bits_put(&b, 3 | (f - 4) << 3, 5);
		else if (f < 24)
			bits_put(&b, 7 | (f - 8) << 4, 8);
		else
			bits_put(&b, 15 | (f - 24) << 4, 14);
		bits_flush(&b);
	}
	bits_end(&b);
	return b.at;
}

static void write_tables(const struct lzfse_writer *w, struct write_tables *tables)
{
	uint32_t count[LZFSE_SYMBOLS] = {0};

	for (size_t i = 0; i < w->literals; i++)
		count[WRITE_LITERAL + w->literal[i]]++;
	for (size_t i = 0; i < w->triples; i++) {
		count[WRITE_L + l_symbol(w->triple[i].l)]++;
		count[WRITE_M + m_symbol(w->triple[i].m)]++;
		count[WRITE_D + d_symbol(distance(w, i))]++;
	}
	static const struct {
		uint16_t at, symbols, states;
	} table[] = {
		{WRITE_L, LZFSE_L_SYMBOLS, LZFSE_L_STATES},
		{WRITE_M, LZFSE_M_SYMBOLS, LZFSE_M_STATES},
		{WRITE_D, LZFSE_D_SYMBOLS, LZFSE_D_STATES},
		{WRITE_LITERAL, LZFSE_LITERAL_SYMBOLS, LZFSE_LITERAL_STATES},
	};
	for (size_t i = 0; i < 4; i++) {
		const size_t at = table[i].at;

		write_normalize(tables->frequency + at, count + at, table[i].symbols,
				table[i].states);
		write_symbols(tables->symbol + at, tables->frequency + at, table[i].symbols,
			      table[i].states);
	}
}

size_t lzfse_write(struct lzfse_writer *w)
{
	struct write_tables tables;
	unsigned state[7] = {0};
	uint8_t *const data = w->bytes;

	while (w->literals % 4) { /* in fours; what is never asked for may be anything */
		w->literal[w->literals] = w->literal[w->literals - 1];
		w->literals++;
	}
	write_tables(w, &tables);
	uint8_t *const payload = write_frequencies(tables.frequency, data + LZFSE_V2_HEADER);
	struct bits_on b = {.at = payload};
	write_literals(w, tables.symbol + WRITE_LITERAL, &b, state);
	const unsigned literal_unused = bits_end(&b);
	uint8_t *const lmd = b.at;
	put_le64(lmd, 0); /* as Apple's begin; 7-Zip wants them */
	b = (struct bits_on){.at = lmd + 8};
	write_triples(w, tables.symbol, &b, state + 4);
	const unsigned lmd_unused = bits_end(&b);

	put_le32(data, LZFSE_V2);
	put_le32(data + 4, w->raw_bytes);
	put_le64(data + 8, w->literals | (uint64_t)(lmd - payload) << 20 |
				   (uint64_t)w->triples << 40 |
				   (uint64_t)(7 - literal_unused) << 60);
	put_le64(data + 16, state[0] | (uint64_t)state[1] << 10 | (uint64_t)state[2] << 20 |
				    (uint64_t)state[3] << 30 | (uint64_t)(b.at - lmd) << 40 |
				    (uint64_t)(7 - lmd_unused) << 60);
	put_le64(data + 24, (uint64_t)(payload - data) | (uint64_t)state[4] << 32 |
				    (uint64_t)state[5] << 42 | (uint64_t)state[6] << 52);
	return (size_t)(b.at - data);
}
