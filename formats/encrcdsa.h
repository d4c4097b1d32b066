/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apple's encrypted disk images: a header at the start (version 2, "encrcdsa") or a trailer at the
 * end (version 1, "cdsaencr") holds the keys, locked by a password. */
#ifndef SP_FORMATS_ENCRCDSA_H
#define SP_FORMATS_ENCRCDSA_H

#include "io/crypt.h"

#include <spindle/format.h>

enum {
	SP_ENCRCDSA_KEYS = 16, /* that a password opens */
	SP_ENCRCDSA_BLOB = 512,
	SP_ENCRCDSA_ITERATIONS = 5000000, /* of all keys together: seconds on a slow machine */
};

/* A key that a password opens. */
struct sp_encrcdsa_key {
	uint32_t iterations;
	unsigned wrap; /* of enum sp_cipher_kind */
	uint8_t salt[32], iv[32];
	size_t salt_size;
	uint8_t blob[SP_ENCRCDSA_BLOB]; /* the wrapped key of the data, and in version 2 the HMAC's
					 */
	size_t blob_size;
	uint8_t hmac[256]; /* version 1 */
	size_t hmac_size;
};

struct sp_encrcdsa {
	unsigned version; /* 1 or 2 */
	unsigned kind;    /* of enum sp_cipher_kind, AES */
	uint32_t block;
	uint64_t at, size; /* where data begins, and how much of it there is, decrypted */
	struct sp_encrcdsa_key key[SP_ENCRCDSA_KEYS];
	size_t keys, others; /* others: certificates and key bags */
};

/* What `io` says of its keys. SP_ERR_UNSUPPORTED names a method that is not known. */
int sp_encrcdsa_read(struct sp_encrcdsa *head, struct sp_io *io, struct sp_error *err);
/* Ask for the password (see struct sp_options) and open the keys. `name` is for messages.
 * SP_ERR_USAGE: nobody to ask, or the password is not the one. */
int sp_encrcdsa_unlock(struct sp_crypt **out, const struct sp_encrcdsa *head, const char *name,
		       const struct sp_options *options, struct sp_error *err);
/* "AES-256, version 2, a password of 250000 iterations". Returns text. */
char *sp_encrcdsa_text(const struct sp_encrcdsa *head, char text[SP_WRAPPING_TEXT]);

#endif
