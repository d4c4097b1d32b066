/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apple's encrypted disk images: header and trailer. Numbers are those of CSSM (Apple's
 * cssmtype.h); the layout is that of cdsaencr.md of keramics, whose author tested it on macOS. */
#include "formats/encrcdsa.h"

#include "base/bytes.h"
#include "formats/formats.h"
#include "formats/unwrap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	CSSM_3DES = 17,
	CSSM_HMAC_SHA1 = 91,
	CSSM_PBKDF2 = 103,
	CSSM_PKCS7 = 7,
	CSSM_CBC_IV8 = 5,
	CSSM_CBC_PAD_IV8 = 6,

	ENCRCDSA_HEAD = 76,
	ENCRCDSA_ENTRY = 20,
	ENCRCDSA_ENTRIES = 256,
	ENCRCDSA_PASSWORD = 1, /* kind of an entry */
	ENCRCDSA_BLOB_AT = 104,
	ENCRCDSA_TRAILER = 1276,
};
#define CSSM_AES 0x80000001u

/* A field must have the one value that is known. */
static int encrcdsa_want(const char *name, const char *what, uint32_t found, uint32_t wanted,
			 struct sp_error *err)
{
	if (found == wanted)
		return 0;
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: encrypted with %s %" PRIu32 ", not %" PRIu32,
		       name, what, found, wanted);
}

/* AES with keys of so many bits. */
static int encrcdsa_aes(unsigned *kind, const char *name, const char *what, uint32_t method,
			uint32_t bits, struct sp_error *err)
{
	const int r = encrcdsa_want(name, what, method, CSSM_AES, err);

	if (r < 0)
		return r;
	for (*kind = SP_CIPHER_AES128; *kind <= SP_CIPHER_AES256; (*kind)++)
		if (8 * sp_cipher_key_size(*kind) == bits)
			return 0;
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: encrypted with AES keys of %" PRIu32 " bits",
		       name, bits);
}

static int encrcdsa_block(struct sp_encrcdsa *head, const char *name, uint32_t block,
			  struct sp_error *err)
{
	head->block = block;
	if (block && block % SP_CIPHER_BLOCK_MAX == 0 && block <= SP_CRYPT_BLOCK_MAX)
		return 0;
	return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: encrypted in blocks of %" PRIu32 " bytes",
		       name, block);
}

/* How a password becomes a key, and what that key decrypts with. `salt` has 32 bytes. */
static int encrcdsa_derive(struct sp_encrcdsa_key *key, const char *name, uint64_t iterations,
			   uint32_t salt_size, const uint8_t *salt, uint32_t method, uint32_t bits,
			   struct sp_error *err)
{
	if (!iterations || !salt_size || salt_size > sizeof(key->salt))
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: a key of %" PRIu64 " iterations and %" PRIu32 " bytes of salt",
			       name, iterations, salt_size);
	if (iterations > SP_ENCRCDSA_ITERATIONS)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: its password takes %" PRIu64
			       " iterations; more than %d are not tried",
			       name, iterations, SP_ENCRCDSA_ITERATIONS);
	key->iterations = (uint32_t)iterations;
	key->salt_size = salt_size;
	memcpy(key->salt, salt, salt_size);
	if (method == CSSM_3DES) {
		key->wrap = SP_CIPHER_3DES;
		return encrcdsa_want(name, "a 3DES key of bits", bits, 192, err);
	}
	return encrcdsa_aes(&key->wrap, name, "a key wrapped by method", method, bits, err);
}

static int encrcdsa_password_key(struct sp_encrcdsa *head, struct sp_io *io, uint64_t at,
				 uint64_t size, struct sp_error *err)
{
	struct sp_encrcdsa_key *key = &head->key[head->keys];
	uint8_t b[ENCRCDSA_BLOB_AT];
	int r;

	if (head->keys == SP_ENCRCDSA_KEYS)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: has more than %d passwords", io->name,
			       SP_ENCRCDSA_KEYS);
	if (size < sizeof(b))
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: a key of %" PRIu64 " bytes at byte %" PRIu64, io->name, size,
			       at);
	if ((r = sp_io_read(io, at, b, sizeof(b), err)) < 0 ||
	    (r = encrcdsa_want(io->name, "a key derived by method", get_be32(b), CSSM_PBKDF2,
			       err)) < 0 ||
	    (r = encrcdsa_derive(key, io->name, get_be64(b + 4), get_be32(b + 12), b + 16,
				 get_be32(b + 88), get_be32(b + 84), err)) < 0 ||
	    (r = encrcdsa_want(io->name, "padding", get_be32(b + 92), CSSM_PKCS7, err)) < 0 ||
	    (r = encrcdsa_want(io->name, "a key wrapped in mode", get_be32(b + 96),
			       CSSM_CBC_PAD_IV8, err)) < 0)
		return r;
	memcpy(key->iv, b + 52, sizeof(key->iv));
	key->blob_size = get_be32(b + 100);
	if (!key->blob_size || key->blob_size > sizeof(key->blob) ||
	    key->blob_size > size - sizeof(b) ||
	    key->blob_size % sp_cipher_block_size(key->wrap) != 0)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: a wrapped key of %zu bytes at byte %" PRIu64, io->name,
			       key->blob_size, at);
	r = sp_io_read(io, at + sizeof(b), key->blob, key->blob_size, err);
	head->keys += r == 0;
	return r;
}

static int encrcdsa_read_header(struct sp_encrcdsa *head, struct sp_io *io, struct sp_error *err)
{
	uint8_t b[ENCRCDSA_HEAD], entry[ENCRCDSA_ENTRY];
	int r = sp_io_read(io, 0, b, sizeof(b), err);

	if (r < 0 || (r = encrcdsa_want(io->name, "version", get_be32(b + 8), 2, err)) < 0 ||
	    (r = encrcdsa_want(io->name, "an IV of bytes", get_be32(b + 12), 16, err)) < 0 ||
	    (r = encrcdsa_want(io->name, "mode", get_be32(b + 16), CSSM_CBC_IV8, err)) < 0 ||
	    (r = encrcdsa_aes(&head->kind, io->name, "method", get_be32(b + 20), get_be32(b + 24),
			      err)) < 0 ||
	    (r = encrcdsa_want(io->name, "IVs by method", get_be32(b + 28), CSSM_HMAC_SHA1, err)) <
		    0 ||
	    (r = encrcdsa_want(io->name, "an HMAC key of bits", get_be32(b + 32), 8 * SP_HMAC_SIZE,
			       err)) < 0 ||
	    (r = encrcdsa_block(head, io->name, get_be32(b + 52), err)) < 0)
		return r;
	head->version = 2;
	head->size = get_be64(b + 56);
	head->at = get_be64(b + 64);
	const uint32_t entries = get_be32(b + 72);
	if (entries > ENCRCDSA_ENTRIES)
		return sp_fail(err, SP_ERR_FORMAT, "%s: says that it has %" PRIu32 " keys",
			       io->name, entries);
	for (uint32_t i = 0; i < entries && !r; i++) {
		r = sp_io_read(io, sizeof(b) + i * sizeof(entry), entry, sizeof(entry), err);
		if (!r && get_be32(entry) == ENCRCDSA_PASSWORD)
			r = encrcdsa_password_key(head, io, get_be64(entry + 4),
						  get_be64(entry + 12), err);
		else if (!r)
			head->others++;
	}
	return r;
}

/* A key of the trailer: its size and 256 bytes. */
static int encrcdsa_wrapped(uint8_t *blob, size_t *size, const uint8_t *b, const char *name,
			    struct sp_error *err)
{
	*size = get_be32(b);
	if (!*size || *size > 256 || *size % 8)
		return sp_fail(err, SP_ERR_FORMAT, "%s: a wrapped key of %zu bytes", name, *size);
	memcpy(blob, b + 4, *size);
	return 0;
}

static int encrcdsa_read_trailer(struct sp_encrcdsa *head, struct sp_io *io, struct sp_error *err)
{
	struct sp_encrcdsa_key *key = &head->key[0];
	uint8_t b[ENCRCDSA_TRAILER];
	const uint64_t at = io->size < sizeof(b) ? 0 : io->size - sizeof(b);
	int r = sp_io_read(io, at, b, sizeof(b), err);

	if (r < 0 || (r = encrcdsa_want(io->name, "version", get_be32(b + 1264), 1, err)) < 0 ||
	    (r = encrcdsa_block(head, io->name, get_be32(b + 16), err)) < 0 ||
	    (r = encrcdsa_want(io->name, "a key wrapped by method", get_be32(b + 20), CSSM_3DES,
			       err)) < 0 ||
	    (r = encrcdsa_want(io->name, "padding", get_be32(b + 24), CSSM_PKCS7, err)) < 0 ||
	    (r = encrcdsa_want(io->name, "a key wrapped in mode", get_be32(b + 28),
			       CSSM_CBC_PAD_IV8, err)) < 0 ||
	    (r = encrcdsa_want(io->name, "a key derived by method", get_be32(b + 40), CSSM_PBKDF2,
			       err)) < 0 ||
	    (r = encrcdsa_derive(key, io->name, get_be32(b + 48), get_be32(b + 52), b + 56,
				 get_be32(b + 20), get_be32(b + 32), err)) < 0 ||
	    (r = encrcdsa_want(io->name, "mode", get_be32(b + 92), CSSM_CBC_IV8, err)) < 0 ||
	    (r = encrcdsa_aes(&head->kind, io->name, "method", get_be32(b + 96), get_be32(b + 100),
			      err)) < 0 ||
	    (r = encrcdsa_want(io->name, "IVs by method", get_be32(b + 396), CSSM_HMAC_SHA1, err)) <
		    0 ||
	    (r = encrcdsa_wrapped(key->blob, &key->blob_size, b + 136, io->name, err)) < 0 ||
	    (r = encrcdsa_wrapped(key->hmac, &key->hmac_size, b + 436, io->name, err)) < 0)
		return r;
	head->version = 1;
	head->keys = 1;
	head->size = get_be64(b + 1256);
	/* data is before the trailer, but in a bundle's token, which has nothing but the trailer */
	if (at && head->size > at)
		return sp_fail(err, SP_ERR_FORMAT,
			       "%s: says that %" PRIu64 " bytes are encrypted, and has %" PRIu64,
			       io->name, head->size, at);
	return 0;
}

int sp_encrcdsa_read(struct sp_encrcdsa *head, struct sp_io *io, struct sp_error *err)
{
	uint8_t magic[8] = {0};
	const int r = sp_io_read(io, 0, magic, io->size < 8 ? 0 : 8, err);

	memset(head, 0, sizeof(*head));
	if (r < 0)
		return r;
	return memcmp(magic, "encrcdsa", 8) == 0 ? encrcdsa_read_header(head, io, err)
						 : encrcdsa_read_trailer(head, io, err);
}

char *sp_encrcdsa_text(const struct sp_encrcdsa *head, char text[SP_WRAPPING_TEXT])
{
	const size_t n = (size_t)snprintf(text, SP_WRAPPING_TEXT, "AES-%zu, version %u",
					  8 * sp_cipher_key_size(head->kind), head->version);

	if (head->keys)
		snprintf(text + n, SP_WRAPPING_TEXT - n, ", a password of %" PRIu32 " iterations",
			 head->key[0].iterations);
	if (head->keys > 1)
		snprintf(text + strlen(text), SP_WRAPPING_TEXT - strlen(text), " and %zu more",
			 head->keys - 1);
	if (head->others)
		snprintf(text + strlen(text), SP_WRAPPING_TEXT - strlen(text), ", %zu other key%s",
			 head->others, head->others == 1 ? "" : "s");
	return text;
}

static int encrcdsa_unwrap(struct sp_io **out, struct sp_io *io, const struct sp_options *options,
			   char text[SP_WRAPPING_TEXT], struct sp_error *err)
{
	struct sp_encrcdsa head;
	struct sp_crypt *crypt = NULL;
	int r = sp_encrcdsa_read(&head, io, err);

	if (!r)
		sp_encrcdsa_text(&head, text);
	if (!r)
		r = sp_encrcdsa_unlock(&crypt, &head, io->name, options, err);
	if (!r)
		r = sp_io_crypt(out, io, crypt, true, 0, head.at, head.size, err);
	if (r < 0)
		sp_crypt_free(crypt);
	return r;
}

static int encrcdsa_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
			 struct sp_error *err)
{
	return sp_unwrap_open(out, &sp_format_encrcdsa, io, options, err);
}

static const char *const encrcdsa_extension[] = {NULL};

const struct sp_format sp_format_encrcdsa = {
	.name = "encrcdsa",
	.summary = "encrypted Apple disk image, version 2",
	.extension = encrcdsa_extension,
	.magic = (const struct sp_magic[]){{0, 8, 95, "encrcdsa"}, {0}},
	.open = encrcdsa_open,
	.unwrap = encrcdsa_unwrap,
};

static int cdsaencr_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
			 struct sp_error *err)
{
	return sp_unwrap_open(out, &sp_format_cdsaencr, io, options, err);
}

const struct sp_format sp_format_cdsaencr = {
	.name = "cdsaencr",
	.summary = "encrypted Apple disk image, version 1",
	.extension = encrcdsa_extension,
	.magic = (const struct sp_magic[]){{-8, 8, 95, "cdsaencr"}, {0}},
	.open = cdsaencr_open,
	.unwrap = encrcdsa_unwrap,
};
