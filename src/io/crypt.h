/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file of blocks that are encrypted each by itself, as an io of what they hold. */
#ifndef SP_IO_CRYPT_H
#define SP_IO_CRYPT_H

#include "codec/cipher.h"

#include <spindle/io.h>

enum { SP_CRYPT_BLOCK_MAX = 65536 };

/* The keys, and what decrypts with them on all cores. */
struct sp_crypt;

/* AES in CBC mode of `block` bytes (a multiple of 16 up to SP_CRYPT_BLOCK_MAX); block n has the
 * first 16 bytes of HMAC-SHA1 of n, 32 bits big-endian, for its IV. `kind` is of AES. Keys are
 * copied. */
int sp_crypt_new(struct sp_crypt **out, unsigned kind, const uint8_t *key,
		 const uint8_t hmac_key[SP_HMAC_SIZE], uint32_t block, struct sp_error *err);
void sp_crypt_free(struct sp_crypt *crypt); /* NULL is fine */
uint32_t sp_crypt_block(const struct sp_crypt *crypt);

/* The `size` bytes that `io` holds from its byte `at` on, where block number `first` begins. The
 * last block may be cut short, after a multiple of 16. SP_ERR_FORMAT: the file ends before. `crypt`
 * is borrowed, or with `own` closed with the io. Takes io on success, and crypt where it is its
 * own. One thread at a time reads it and all ios that share a crypt. It has no siblings: what lies
 * beside an encrypted file is not in it. */
int sp_io_crypt(struct sp_io **out, struct sp_io *io, struct sp_crypt *crypt, bool own,
		uint64_t first, uint64_t at, uint64_t size, struct sp_error *err);

#endif
