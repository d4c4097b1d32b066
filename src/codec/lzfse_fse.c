/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZFSE headers: frequencies as they are stored, and the state tables they stand for. */
#include "codec/lzfse_block.h"

#include "base/bytes.h"

/* clang-format off */
const uint8_t lzfse_l_extra[LZFSE_L_SYMBOLS] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 8,
};
const uint32_t lzfse_l_base[LZFSE_L_SYMBOLS] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 28, 60,
};
const uint8_t lzfse_m_extra[LZFSE_M_SYMBOLS] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 5, 8, 11,
};
const uint32_t lzfse_m_base[LZFSE_M_SYMBOLS] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 56, 312,
};
const uint8_t lzfse_d_extra[LZFSE_D_SYMBOLS] = { /* four of each */
	0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
	4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7,
	8, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 10, 11, 11, 11, 11,
	12, 12, 12, 12, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15,
};
const uint32_t lzfse_d_base[LZFSE_D_SYMBOLS] = { /* each where the one before ends */
	0, 1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 36, 44, 52,
	60, 76, 92, 108, 124, 156, 188, 220, 252, 316, 380, 444, 508, 636, 764, 892,
	1020, 1276, 1532, 1788, 2044, 2556, 3068, 3580, 4092, 5116, 6140, 7164,
	8188, 10236, 12284, 14332, 16380, 20476, 24572, 28668,
	32764, 40956, 49148, 57340, 65532, 81916, 98300, 114684,
	131068, 163836, 196604, 229372,
};
/* clang-format on */

static const struct {
	uint16_t symbols, states;
} fse_tables[] = {
	{LZFSE_L_SYMBOLS, LZFSE_L_STATES},
	{LZFSE_M_SYMBOLS, LZFSE_M_STATES},
	{LZFSE_D_SYMBOLS, LZFSE_D_STATES},
	{LZFSE_LITERAL_SYMBOLS, LZFSE_LITERAL_STATES},
};

size_t lzfse_header_size(const uint8_t *data)
{
	if (get_le32(data) == LZFSE_V1)
		return LZFSE_V1_HEADER;
	const uint32_t size = get_le32(data + 24);
	return size >= LZFSE_V2_HEADER && size <= LZFSE_V2_HEADER_MAX ? size : 0;
}

/* Frequencies of a header bvx2, a prefix code read from low bits to high:
 *   00 0 · 10 1 · 001 2 · 101 3 · xx011 4…7 · xxxx0111 8…23 · ten x and 1111 from 24 */
static bool fse_unpack(uint16_t frequency[LZFSE_SYMBOLS], const uint8_t *data, const uint8_t *end)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < LZFSE_SYMBOLS; i++) {
		unsigned length, value;

		while (have <= 16 && data < end) {
			bits |= (uint32_t)*data++ << have;
			have += 8;
		}
		if (!(bits & 1)) {
			length = 2;
			value = bits >> 1 & 1;
		} else if (!(bits & 2)) {
			length = 3;
			value = 2 + (bits >> 2 & 1);
		} else if (!(bits & 4)) {
			length = 5;
			value = 4 + (bits >> 3 & 3);
		} else if (!(bits & 8)) {
			length = 8;
			value = 8 + (bits >> 4 & 15);
		} else {
			length = 14;
			value = 24 + (bits >> 4 & 1023);
		}
		if (length > have)
			return false;
		frequency[i] = (uint16_t)value;
		bits >>= length;
		have -= length;
	}
	return data == end && have < 8;
}

static unsigned field(uint64_t word, unsigned at, unsigned bits)
{
	return (unsigned)(word >> at & ((1u << bits) - 1));
}

static bool header_parse_1(struct lzfse_header *h, const uint8_t *data)
{
	const uint32_t literal_bits = get_le32(data + 28), lmd_bits = get_le32(data + 40);

	h->literals = get_le32(data + 12);
	h->matches = get_le32(data + 16);
	h->literal_bytes = get_le32(data + 20);
	h->lmd_bytes = get_le32(data + 24);
	h->literal_bits = 0u - literal_bits; /* stored as 0…-7 */
	h->lmd_bits = 0u - lmd_bits;
	for (size_t i = 0; i < 4; i++)
		h->literal_state[i] = get_le16(data + 32 + 2 * i);
	h->l_state = get_le16(data + 44);
	h->m_state = get_le16(data + 46);
	h->d_state = get_le16(data + 48);
	for (size_t i = 0; i < LZFSE_SYMBOLS; i++)
		h->frequency[i] = get_le16(data + 50 + 2 * i);
	return (uint64_t)h->literal_bytes + h->lmd_bytes == get_le32(data + 8);
}

static bool header_parse_2(struct lzfse_header *h, const uint8_t *data)
{
	const uint64_t a = get_le64(data + 8), b = get_le64(data + 16), c = get_le64(data + 24);
	const size_t size = lzfse_header_size(data);

	h->literals = field(a, 0, 20);
	h->literal_bytes = field(a, 20, 20);
	h->matches = field(a, 40, 20);
	h->literal_bits = 7 - field(a, 60, 3);
	for (unsigned i = 0; i < 4; i++)
		h->literal_state[i] = (uint16_t)field(b, 10 * i, 10);
	h->lmd_bytes = field(b, 40, 20);
	h->lmd_bits = 7 - field(b, 60, 3);
	h->l_state = (uint16_t)field(c, 32, 10);
	h->m_state = (uint16_t)field(c, 42, 10);
	h->d_state = (uint16_t)field(c, 52, 10);
	memset(h->frequency, 0, sizeof(h->frequency));
	return size == LZFSE_V2_HEADER || /* there are none, as of a block without anything */
	       (size && fse_unpack(h->frequency, data + LZFSE_V2_HEADER, data + size));
}

bool lzfse_header_parse(struct lzfse_header *header, const uint8_t *data)
{
	const uint16_t *frequency = header->frequency;
	unsigned sums[4] = {0};

	header->raw_bytes = get_le32(data + 4);
	if (!(get_le32(data) == LZFSE_V1 ? header_parse_1 : header_parse_2)(header, data) ||
	    header->literals > LZFSE_LITERALS || header->literals % 4 ||
	    header->matches > LZFSE_MATCHES || header->literal_bytes > LZFSE_LITERAL_BYTES ||
	    header->lmd_bytes > LZFSE_LMD_BYTES || header->literal_bits > 7 ||
	    header->lmd_bits > 7 || header->l_state >= LZFSE_L_STATES ||
	    header->m_state >= LZFSE_M_STATES || header->d_state >= LZFSE_D_STATES)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (header->literal_state[i] >= LZFSE_LITERAL_STATES)
			return false;
	for (size_t t = 0; t < 4; t++) {
		for (size_t i = 0; i < fse_tables[t].symbols; i++)
			sums[t] += *frequency++;
		/* every state is some symbol's, unless no symbol is asked for */
		const bool used = t < 3 ? header->matches : header->literals;
		if (sums[t] > fse_tables[t].states || (used && sums[t] < fse_tables[t].states))
			return false;
	}
	return true;
}

/* A symbol of frequency f has f states in a row. From there states × f^-1 others can follow: 2^k of
 * them after each of its first `more` states, half as many after the rest. */
static unsigned fse_bits(unsigned states, unsigned f, unsigned *more)
{
	const unsigned k = (unsigned)(__builtin_clz(f) - __builtin_clz(states));

	*more = (2 * states >> k) - f;
	return k;
}

static int16_t fse_delta(unsigned states, unsigned f, unsigned j, unsigned k, unsigned more)
{
	return (int16_t)(j < more ? (int)((f + j) << k) - (int)states
				  : (int)((j - more) << (k - 1)));
}

static void fse_values(struct lzfse_value *table, unsigned states, unsigned symbols,
		       const uint16_t *frequency, const uint8_t *extra, const uint32_t *base)
{
	for (unsigned i = 0; i < symbols; i++) {
		const unsigned f = frequency[i];
		unsigned more;

		if (!f)
			continue;
		const unsigned k = fse_bits(states, f, &more);
		for (unsigned j = 0; j < f; j++)
			*table++ = (struct lzfse_value){
				.bits = (uint8_t)((j < more ? k : k - 1) + extra[i]),
				.extra = extra[i],
				.delta = fse_delta(states, f, j, k, more),
				.base = base[i],
			};
	}
}

void lzfse_tables(struct lzfse_block *block, const struct lzfse_header *header)
{
	const uint16_t *frequency = header->frequency;
	struct lzfse_literal *table = block->table;

	fse_values(block->l, LZFSE_L_STATES, LZFSE_L_SYMBOLS, frequency, lzfse_l_extra,
		   lzfse_l_base);
	frequency += LZFSE_L_SYMBOLS;
	fse_values(block->m, LZFSE_M_STATES, LZFSE_M_SYMBOLS, frequency, lzfse_m_extra,
		   lzfse_m_base);
	frequency += LZFSE_M_SYMBOLS;
	fse_values(block->d, LZFSE_D_STATES, LZFSE_D_SYMBOLS, frequency, lzfse_d_extra,
		   lzfse_d_base);
	frequency += LZFSE_D_SYMBOLS;
	for (unsigned i = 0; i < LZFSE_LITERAL_SYMBOLS; i++) {
		const unsigned f = frequency[i];
		unsigned more;

		if (!f)
			continue;
		const unsigned k = fse_bits(LZFSE_LITERAL_STATES, f, &more);
		for (unsigned j = 0; j < f; j++)
			*table++ = (struct lzfse_literal){
				.bits = (uint8_t)(j < more ? k : k - 1),
				.symbol = (uint8_t)i,
				.delta = fse_delta(LZFSE_LITERAL_STATES, f, j, k, more),
			};
	}
}
