/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The halves of the LZFSE encoder: one finds matches, the other writes blocks of them. */
#ifndef SP_CODEC_LZFSE_ENCODE_H
#define SP_CODEC_LZFSE_ENCODE_H

#include "codec/lzfse_block.h"

enum { LZVN_SMALL = 16384 }; /* bytes for which LZVN may be the better way */

/* l literals, then m bytes from d before; m may be 0. */
struct lzfse_triple {
	uint16_t l, m;
	uint32_t d;
};

/* A block in the making, and its bytes. */
struct lzfse_writer {
	uint32_t triples, literals, raw_bytes;
	struct lzfse_triple triple[LZFSE_MATCHES];
	uint8_t literal[LZFSE_LITERALS];
	uint8_t bytes[LZFSE_BLOCK_BYTES + LZFSE_LITERALS]; /* what lzfse_write made */
};

static inline void lzfse_writer_clear(struct lzfse_writer *w)
{
	w->triples = w->literals = w->raw_bytes = 0;
}

/* Blocks in w->bytes, their size: of finite state entropy, and of LZVN (0: it is too large). */
size_t lzfse_write(struct lzfse_writer *w);
size_t lzvn_write(struct lzfse_writer *w);

/* The encoding half of sp_codec_lzfse, with work of its own. */
size_t lzfse_encode(void **work, unsigned level, const uint8_t *in, size_t in_size, uint8_t *out,
		    size_t room);
void lzfse_encode_free(void *work);

#endif
