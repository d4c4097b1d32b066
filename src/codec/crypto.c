/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and ciphers of OpenSSL's libcrypto, and CRC-32 as one of the digests. */
#include "base/bytes.h"
#include "codec/cipher.h"
#include "codec/deflate.h"
#include "codec/digest.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct sp_digest_state {
	EVP_MD_CTX *evp; /* NULL: CRC-32 */
	uint32_t crc;
	bool failed;
};

struct sp_digest_state *sp_digest_new(unsigned kind)
{
	static const EVP_MD *(*const md[])(void) = {NULL,       EVP_md5,    EVP_sha1,
						    EVP_sha256, EVP_sha384, EVP_sha512};

	if (kind >= sizeof(md) / sizeof(md[0]))
		return NULL;
	struct sp_digest_state *state = calloc(1, sizeof(*state));
	if (!state || !md[kind])
		return state;
	state->evp = EVP_MD_CTX_new();
	if (state->evp && EVP_DigestInit_ex(state->evp, md[kind](), NULL))
		return state;
	EVP_MD_CTX_free(state->evp);
	free(state);
	return NULL;
}

void sp_digest_update(struct sp_digest_state *state, const void *data, size_t size)
{
	if (!state->evp)
		state->crc = sp_crc32(state->crc, data, size);
	else if (!EVP_DigestUpdate(state->evp, data, size))
		state->failed = true;
}

struct sp_digest_state *sp_digest_copy(const struct sp_digest_state *state)
{
	struct sp_digest_state *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *state;
	copy->evp = state->evp ? EVP_MD_CTX_new() : NULL;
	if (!state->evp || (copy->evp && EVP_MD_CTX_copy_ex(copy->evp, state->evp)))
		return copy;
	EVP_MD_CTX_free(copy->evp);
	free(copy);
	return NULL;
}

size_t sp_digest_final(struct sp_digest_state *state, uint8_t out[SP_DIGEST_MAX_SIZE])
{
	unsigned size = 0;

	if (!state)
		return 0;
	if (!state->evp) {
		put_be32(out, state->crc);
		size = 4;
	} else if (state->failed || !EVP_DigestFinal_ex(state->evp, out, &size)) {
		size = 0;
	}
	EVP_MD_CTX_free(state->evp);
	free(state);
	return size;
}

static const struct {
	const EVP_CIPHER *(*evp)(void);
	uint8_t key, block;
} crypto_cipher[SP_CIPHER_KINDS] = {
	[SP_CIPHER_3DES] = {EVP_des_ede3_cbc, 24, 8},
	[SP_CIPHER_AES128] = {EVP_aes_128_cbc, 16, 16},
	[SP_CIPHER_AES192] = {EVP_aes_192_cbc, 24, 16},
	[SP_CIPHER_AES256] = {EVP_aes_256_cbc, 32, 16},
};

size_t sp_cipher_key_size(unsigned kind)
{
	return crypto_cipher[kind].key;
}

size_t sp_cipher_block_size(unsigned kind)
{
	return crypto_cipher[kind].block;
}

struct sp_cipher {
	EVP_CIPHER_CTX *evp;
};

struct sp_cipher *sp_cipher_new(unsigned kind, const uint8_t *key)
{
	struct sp_cipher *cipher = calloc(1, sizeof(*cipher));

	if (!cipher)
		return NULL;
	cipher->evp = EVP_CIPHER_CTX_new();
	if (cipher->evp &&
	    EVP_DecryptInit_ex(cipher->evp, crypto_cipher[kind].evp(), NULL, key, NULL) &&
	    EVP_CIPHER_CTX_set_padding(cipher->evp, 0))
		return cipher;
	sp_cipher_free(cipher);
	return NULL;
}

bool sp_cipher_decrypt(struct sp_cipher *cipher, const uint8_t *iv, const uint8_t *in, uint8_t *out,
		       size_t size)
{
	int got;

	return size <= INT_MAX && EVP_DecryptInit_ex(cipher->evp, NULL, NULL, NULL, iv) &&
	       EVP_DecryptUpdate(cipher->evp, out, &got, in, (int)size) && (size_t)got == size;
}

void sp_cipher_free(struct sp_cipher *cipher)
{
	if (cipher)
		EVP_CIPHER_CTX_free(cipher->evp); /* wipes the key */
	free(cipher);
}

struct sp_hmac {
	EVP_MAC_CTX *evp;
};

struct sp_hmac *sp_hmac_new(const uint8_t *key, size_t size)
{
	char name[] = "SHA1";
	const OSSL_PARAM param[] = {
		OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, name, sizeof(name) - 1),
		OSSL_PARAM_END};
	struct sp_hmac *hmac = calloc(1, sizeof(*hmac));
	EVP_MAC *mac = hmac ? EVP_MAC_fetch(NULL, "HMAC", NULL) : NULL;

	if (mac)
		hmac->evp = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (hmac && hmac->evp && EVP_MAC_init(hmac->evp, key, size, param))
		return hmac;
	sp_hmac_free(hmac);
	return NULL;
}

bool sp_hmac_sum(struct sp_hmac *hmac, const void *data, size_t size, uint8_t out[SP_HMAC_SIZE])
{
	size_t got;

	return EVP_MAC_init(hmac->evp, NULL, 0, NULL) && EVP_MAC_update(hmac->evp, data, size) &&
	       EVP_MAC_final(hmac->evp, out, &got, SP_HMAC_SIZE) && got == SP_HMAC_SIZE;
}

void sp_hmac_free(struct sp_hmac *hmac)
{
	if (hmac)
		EVP_MAC_CTX_free(hmac->evp);
	free(hmac);
}

bool sp_pbkdf2(const char *password, size_t password_size, const uint8_t *salt, size_t salt_size,
	       uint32_t iterations, uint8_t *out, size_t out_size)
{
	return password_size <= INT_MAX && salt_size <= INT_MAX && iterations <= INT_MAX &&
	       out_size <= INT_MAX &&
	       PKCS5_PBKDF2_HMAC(password, (int)password_size, salt, (int)salt_size,
				 (int)iterations, EVP_sha1(), (int)out_size, out) == 1;
}

void sp_wipe(void *secret, size_t size)
{
	OPENSSL_cleanse(secret, size);
}
