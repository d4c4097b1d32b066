/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ciphers in CBC mode, keys from passwords (PBKDF2) and HMAC-SHA1. */
#ifndef SP_CODEC_CIPHER_H
#define SP_CODEC_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sp_cipher_kind {
	SP_CIPHER_3DES, /* EDE with three keys */
	SP_CIPHER_AES128,
	SP_CIPHER_AES192,
	SP_CIPHER_AES256,
	SP_CIPHER_KINDS
};
enum { SP_CIPHER_KEY_MAX = 32, SP_CIPHER_BLOCK_MAX = 16, SP_HMAC_SIZE = 20 };

/* Bytes of its key, and of its blocks and IVs. */
size_t sp_cipher_key_size(unsigned kind);
size_t sp_cipher_block_size(unsigned kind);

/* Decrypts with one key; one thread at a time. */
struct sp_cipher;
/* NULL: no memory, or the system's policy forbids it. */
struct sp_cipher *sp_cipher_new(unsigned kind, const uint8_t *key);
/* Whole blocks, in place when in == out; padding stays. false: it cannot. */
bool sp_cipher_decrypt(struct sp_cipher *cipher, const uint8_t *iv, const uint8_t *in, uint8_t *out,
		       size_t size);
void sp_cipher_free(struct sp_cipher *cipher); /* NULL is fine */

/* HMAC-SHA1 (RFC 2104) with one key; one thread at a time. NULL and false as above. */
struct sp_hmac;
struct sp_hmac *sp_hmac_new(const uint8_t *key, size_t size);
bool sp_hmac_sum(struct sp_hmac *hmac, const void *data, size_t size, uint8_t out[SP_HMAC_SIZE]);
void sp_hmac_free(struct sp_hmac *hmac); /* NULL is fine */

/* PBKDF2 with HMAC-SHA1 (RFC 8018, 5.2). `iterations` is at least 1. */
bool sp_pbkdf2(const char *password, size_t password_size, const uint8_t *salt, size_t salt_size,
	       uint32_t iterations, uint8_t *out, size_t out_size);

/* Zero what was secret, though nothing reads it again. */
void sp_wipe(void *secret, size_t size);

#endif
