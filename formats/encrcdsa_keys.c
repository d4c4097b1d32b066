/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a password to the keys of an encrypted Apple disk image. */
#include "formats/encrcdsa.h"

#include <stdlib.h>
#include <string.h>

enum { SECRET_MARK = 5 }; /* "CKIE" and a NUL end the keys of version 2 */

/* What exists while keys are opened, in one piece to be wiped. */
struct encrcdsa_secret {
	char password[SP_PASSWORD_ROOM];
	size_t size;
	uint8_t derived[SP_CIPHER_KEY_MAX];
	uint8_t text[2][SP_ENCRCDSA_BLOB];
	uint8_t key[SP_CIPHER_KEY_MAX], hmac[SP_HMAC_SIZE];
};

/* PKCS #7: what is left without the padding of a cipher with blocks of `block` bytes; 0: there is
 * none that is right. */
static size_t encrcdsa_unpad(const uint8_t *data, size_t size, size_t block)
{
	const size_t pad = size ? data[size - 1] : 0;

	if (!pad || pad > block || pad > size)
		return 0;
	for (size_t i = 1; i <= pad; i++)
		if (data[size - i] != pad)
			return 0;
	return size - pad;
}

/* Version 2. false: not with this password. */
static bool encrcdsa_try(struct encrcdsa_secret *s, const struct sp_encrcdsa *head,
			 const struct sp_encrcdsa_key *key, const uint8_t *iv,
			 struct sp_cipher *cipher)
{
	const size_t want = sp_cipher_key_size(head->kind) + SP_HMAC_SIZE + SECRET_MARK;
	uint8_t *text = s->text[0];

	if (!sp_cipher_decrypt(cipher, iv, key->blob, text, key->blob_size) ||
	    encrcdsa_unpad(text, key->blob_size, sp_cipher_block_size(key->wrap)) != want ||
	    memcmp(text + want - SECRET_MARK, "CKIE", SECRET_MARK) != 0)
		return false;
	memcpy(s->key, text, sp_cipher_key_size(head->kind));
	memcpy(s->hmac, text + sp_cipher_key_size(head->kind), SP_HMAC_SIZE);
	return true;
}

/* AES takes an IV of 16 bytes where the field says that it has 8: some have 16 there. */
static bool encrcdsa_open_2(struct encrcdsa_secret *s, const struct sp_encrcdsa *head,
			    const struct sp_encrcdsa_key *key, struct sp_cipher *cipher)
{
	uint8_t iv[SP_CIPHER_BLOCK_MAX] = {0};

	memcpy(iv, key->iv, 8);
	return encrcdsa_try(s, head, key, key->iv, cipher) ||
	       encrcdsa_try(s, head, key, iv, cipher);
}

/* Version 1: a key of `want` bytes that was encrypted, turned round and encrypted again, as RFC
 * 3217 does it but for the four zeros in front of the key where that has a checksum behind. */
static bool encrcdsa_unwrap_1(struct encrcdsa_secret *s, struct sp_cipher *cipher,
			      const uint8_t *blob, size_t size, uint8_t *key, size_t want)
{
	static const uint8_t iv[8] = {0x4a, 0xdd, 0xa2, 0x2c, 0x79, 0xe8, 0x21, 0x05};
	uint8_t *text = s->text[0], *turned = s->text[1];

	if (!sp_cipher_decrypt(cipher, iv, blob, text, size))
		return false;
	size = encrcdsa_unpad(text, size, 8);
	if (size < 16 || size % 8)
		return false;
	for (size_t i = 0; i < size; i++)
		turned[i] = text[size - 1 - i];
	if (!sp_cipher_decrypt(cipher, turned, turned + 8, text, size - 8) ||
	    encrcdsa_unpad(text, size - 8, 8) != 4 + want || memcmp(text, "\0\0\0", 4) != 0)
		return false;
	memcpy(key, text + 4, want);
	return true;
}

static bool encrcdsa_open_1(struct encrcdsa_secret *s, const struct sp_encrcdsa *head,
			    const struct sp_encrcdsa_key *key, struct sp_cipher *cipher)
{
	return encrcdsa_unwrap_1(s, cipher, key->blob, key->blob_size, s->key,
				 sp_cipher_key_size(head->kind)) &&
	       encrcdsa_unwrap_1(s, cipher, key->hmac, key->hmac_size, s->hmac, SP_HMAC_SIZE);
}

/* Each key in turn; false with status 0: the password opens none. */
static int encrcdsa_open(struct encrcdsa_secret *s, const struct sp_encrcdsa *head, bool *opened,
			 struct sp_error *err)
{
	*opened = false;
	for (size_t i = 0; i < head->keys && !*opened; i++) {
		const struct sp_encrcdsa_key *key = &head->key[i];

		struct sp_cipher *cipher = NULL;
		if (sp_pbkdf2(s->password, s->size, key->salt, key->salt_size, key->iterations,
			      s->derived, sp_cipher_key_size(key->wrap)))
			cipher = sp_cipher_new(key->wrap, s->derived);
		if (!cipher)
			return sp_fail_memory(err);
		*opened = head->version == 1 ? encrcdsa_open_1(s, head, key, cipher)
					     : encrcdsa_open_2(s, head, key, cipher);
		sp_cipher_free(cipher);
	}
	return 0;
}

static int encrcdsa_ask(struct encrcdsa_secret *s, const char *name,
			const struct sp_options *options, struct sp_error *err)
{
	if (!options || !options->password)
		return sp_fail(err, SP_ERR_USAGE,
			       "%s: is encrypted: its password is wanted (--password-file)", name);
	const int r = options->password(options->user, name, s->password, &s->size, err);
	if (!r && s->size > sizeof(s->password))
		return sp_fail(err, SP_ERR_USAGE, "%s: the password is too long", name);
	return r;
}

int sp_encrcdsa_unlock(struct sp_crypt **out, const struct sp_encrcdsa *head, const char *name,
		       const struct sp_options *options, struct sp_error *err)
{
	uint64_t iterations = 0;
	bool opened = false;

	*out = NULL;
	for (size_t i = 0; i < head->keys; i++)
		iterations += head->key[i].iterations;
	if (!head->keys)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: is encrypted, and has no password%s",
			       name, head->others ? ": only a certificate opens it" : "");
	if (iterations > SP_ENCRCDSA_ITERATIONS)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: its passwords take %llu iterations; more than %d are not tried",
			       name, (unsigned long long)iterations, SP_ENCRCDSA_ITERATIONS);
	struct encrcdsa_secret *s = calloc(1, sizeof(*s));
	if (!s)
		return sp_fail_memory(err);
	int r = encrcdsa_ask(s, name, options, err);
	if (!r)
		r = encrcdsa_open(s, head, &opened, err);
	if (!r && !opened)
		r = sp_fail(err, SP_ERR_USAGE, "%s: the password does not open it", name);
	if (!r)
		r = sp_crypt_new(out, head->kind, s->key, s->hmac, head->block, err);
	sp_wipe(s, sizeof(*s));
	free(s);
	return r;
}
