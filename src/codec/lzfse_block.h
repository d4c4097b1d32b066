/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LZFSE blocks: their numbers, their tables of finite state entropy, and their halves. All integers
 * are little-endian.
 *
 * A stream is blocks, each begun by a magic, up to "bvx$". "bvx-" u32 size: bytes as they are.
 * "bvxn" u32 size, u32 packed size: LZVN. "bvx1" and "bvx2": literals in four interleaved FSE
 * states, then triples of literal length L, match length M and distance D (0: the one before) in
 * one state each; both are read backwards from their last bit. The two differ only in how the
 * numbers below and the frequencies are stored. Matches reach back over blocks. */
#ifndef SP_CODEC_LZFSE_BLOCK_H
#define SP_CODEC_LZFSE_BLOCK_H

#include "codec/lz.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LZFSE_END = 0x24787662, /* bvx$ */
	LZFSE_RAW = 0x2d787662, /* bvx- */
	LZFSE_V1 = 0x31787662,  /* bvx1 */
	LZFSE_V2 = 0x32787662,  /* bvx2 */
	LZFSE_VN = 0x6e787662,  /* bvxn */

	LZFSE_RAW_HEADER = 8,
	LZFSE_VN_HEADER = 12,
	LZFSE_V1_HEADER = 772,
	LZFSE_V2_HEADER = 32, /* and the frequencies, in at most 14 bits each */
	LZFSE_V2_HEADER_MAX = 32 + (360 * 14 + 7) / 8,

	LZFSE_L_SYMBOLS = 20,
	LZFSE_M_SYMBOLS = 20,
	LZFSE_D_SYMBOLS = 64,
	LZFSE_LITERAL_SYMBOLS = 256,
	LZFSE_SYMBOLS = 360,
	LZFSE_L_STATES = 64,
	LZFSE_M_STATES = 64,
	LZFSE_D_STATES = 256,
	LZFSE_LITERAL_STATES = 1024,

	/* of one block */
	LZFSE_MATCHES = 10000,
	LZFSE_LITERALS = 4 * LZFSE_MATCHES,
	LZFSE_L_MAX = 315,
	LZFSE_M_MAX = 2359,
	LZFSE_D_MAX = 262139,
	/* Longer payloads cannot be read to their beginning: 10 bits make a literal, 14 + 17 + 23 a
	 * triple; and up to 8 bytes more. */
	LZFSE_LITERAL_BYTES = LZFSE_LITERALS * 10 / 8 + 8,
	LZFSE_LMD_BYTES = LZFSE_MATCHES * 54 / 8 + 8,
	LZFSE_BLOCK_BYTES = LZFSE_V1_HEADER + LZFSE_LITERAL_BYTES + LZFSE_LMD_BYTES,

	LZVN_MOST = 271,        /* bytes one instruction makes */
	LZVN_LONGEST = 2 + 271, /* bytes one takes, with its literals */
};

/* What both headers say. */
struct lzfse_header {
	uint32_t raw_bytes;
	uint32_t literals, matches;
	uint32_t literal_bytes, lmd_bytes; /* payloads, one after the other */
	unsigned literal_bits, lmd_bits;   /* 0…7 of the last byte of each that are not used */
	uint16_t literal_state[4], l_state, m_state, d_state;
	/* of L, M, D and literals */
	uint16_t frequency[LZFSE_SYMBOLS];
};

/* One state of a literal: the next is delta + the next `bits` bits. */
struct lzfse_literal {
	uint8_t bits, symbol;
	int16_t delta;
};

/* One state of L, M or D: of the next `bits` bits the low `extra` are added to `base`, the others
 * to delta. */
struct lzfse_value {
	uint8_t bits, extra;
	int16_t delta;
	uint32_t base;
};

extern const uint8_t lzfse_l_extra[LZFSE_L_SYMBOLS], lzfse_m_extra[LZFSE_M_SYMBOLS],
	lzfse_d_extra[LZFSE_D_SYMBOLS];
extern const uint32_t lzfse_l_base[LZFSE_L_SYMBOLS], lzfse_m_base[LZFSE_M_SYMBOLS],
	lzfse_d_base[LZFSE_D_SYMBOLS];

/* The size of a block's header, whose first LZFSE_V2_HEADER bytes are there; 0: malformed. */
size_t lzfse_header_size(const uint8_t *data);
/* false: malformed. */
bool lzfse_header_parse(struct lzfse_header *header, const uint8_t *data);

/* A block bvx1 or bvx2 on its way. */
struct lzfse_block {
	const uint8_t *at, *least; /* of the triples' bits */
	uint64_t bits;
	unsigned left;
	unsigned l_state, m_state, d_state;
	size_t distance;  /* 0: none yet */
	uint32_t matches; /* still to come */
	const uint8_t *literal, *literals_end;
	struct lzfse_value l[LZFSE_L_STATES], m[LZFSE_M_STATES], d[LZFSE_D_STATES];
	struct lzfse_literal table[LZFSE_LITERAL_STATES];
	uint8_t literals[LZFSE_LITERALS + LZ_SLACK];
};

void lzfse_tables(struct lzfse_block *block, const struct lzfse_header *header);
/* Decode literals and tables. The payload follows its header in memory, whole and with at least a
 * byte behind it. false: malformed. */
bool lzfse_block_begin(struct lzfse_block *block, const struct lzfse_header *header,
		       const uint8_t *payload);
/* LZ_END: all matches are done. */
enum lz_result lzfse_block_run(struct lzfse_block *block, struct lz_out *out);

/* Instructions at *in, which moves on; LZ_END is the end mark. `distance`: of the last match, 0 at
 * the beginning. */
enum lz_result lzvn_run(const uint8_t **in, const uint8_t *end, size_t *distance,
			struct lz_out *out);

/* The streaming half of sp_codec_lzfse. */
void *lzfse_begin(void);
int lzfse_step(void *stream, const uint8_t **in, size_t *in_size, uint8_t **out, size_t *out_room);
void lzfse_end(void *stream);

#endif
