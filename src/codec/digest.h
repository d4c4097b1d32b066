/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests by number, the first in the order of enum sp_digest: CRC-32, MD5, SHA-1, SHA-256; then
 * SHA-384, SHA-512, which containers carry. */
#ifndef SP_CODEC_DIGEST_H
#define SP_CODEC_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { SP_DIGEST_MAX_SIZE = 64 };

struct sp_digest_state;

/* `kind`: 0 CRC-32 (IEEE 802.3), 1 MD5, 2 SHA-1, 3 SHA-256, 4 SHA-384, 5 SHA-512. NULL: no
 * memory, or the system's policy forbids it. */
struct sp_digest_state *sp_digest_new(unsigned kind);
/* One thread at a time for one state. */
void sp_digest_update(struct sp_digest_state *state, const void *data, size_t size);
/* Another state that has seen the same so far. NULL: no memory. */
struct sp_digest_state *sp_digest_copy(const struct sp_digest_state *state);
/* Frees; returns the number of bytes in `out` (CRC-32 big-endian), 0 on failure. NULL is fine. */
size_t sp_digest_final(struct sp_digest_state *state, uint8_t out[SP_DIGEST_MAX_SIZE]);

#endif
