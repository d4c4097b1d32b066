/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests of OpenSSL's libcrypto, and CRC-32 as one of them. */
#include "codec/digest.h"

#include "base/bytes.h"
#include "codec/deflate.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

struct sp_digest_state {
	EVP_MD_CTX *evp; /* NULL: CRC-32 */
	uint32_t crc;
	bool failed;
};

struct sp_digest_state *sp_digest_new(unsigned kind)
{
	static const EVP_MD *(*const md[])(void) = {NULL, EVP_md5, EVP_sha1, EVP_sha256};

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
