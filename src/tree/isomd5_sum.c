/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isomd5sum's sums: an MD5 whose first digits so far are kept each time a piece has ended. */
#include "tree/isomd5.h"

#include "codec/digest.h"

#include <string.h>

/* The first digit of a byte as "%x" writes it: that is what isomd5sum keeps of each. */
static char isomd5_digit(uint8_t byte)
{
	return "0123456789abcdef"[byte > 15 ? byte >> 4 : byte];
}

int sp_isomd5_begin(struct sp_isomd5 *sum, uint64_t end, unsigned pieces, struct sp_error *err)
{
	*sum = (struct sp_isomd5){
		.md5 = sp_digest_new(ISOMD5_MD5), .end = end, .piece = end / (pieces + 1)};
	sum->digits = ISOMD5_SUMS / pieces;
	return sum->md5 ? 0 : sp_fail_memory(err);
}

/* A step has been summed: whether a piece ended with it. It counts by the step's beginning. */
static int isomd5_step(struct sp_isomd5 *sum, uint64_t begin, struct sp_error *err)
{
	uint8_t digest[SP_DIGEST_MAX_SIZE];
	const uint64_t now = sum->piece ? begin / sum->piece : 0;

	if (now == sum->last || sum->pieces * sum->digits >= ISOMD5_SUMS)
		return 0;
	sum->last = now;
	if (sp_digest_final(sp_digest_copy(sum->md5), digest) != 16)
		return sp_fail_memory(err);
	for (unsigned i = 0; i < sum->digits && i < 16; i++)
		sum->text[sum->pieces * sum->digits + i] = isomd5_digit(digest[i]);
	sum->ended[sum->pieces++] = sum->at;
	return 0;
}

int sp_isomd5_add(struct sp_isomd5 *sum, const uint8_t *data, size_t size, struct sp_error *err)
{
	while (size) {
		const uint64_t begin = sum->at - sum->at % ISOMD5_STEP;
		const size_t room = (size_t)(begin + ISOMD5_STEP - sum->at);
		const size_t n = size < room ? size : room;

		sp_digest_update(sum->md5, data, n);
		sum->at += n;
		data += n;
		size -= n;
		if (n == room || sum->at == sum->end) {
			const int r = isomd5_step(sum, begin, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int sp_isomd5_end(struct sp_isomd5 *sum, uint8_t md5[16], struct sp_error *err)
{
	uint8_t digest[SP_DIGEST_MAX_SIZE];
	const size_t n = sp_digest_final(sum->md5, digest);

	sum->md5 = NULL;
	if (n != 16)
		return sp_fail_memory(err);
	memcpy(md5, digest, 16);
	return 0;
}

void sp_isomd5_clear(struct sp_isomd5 *sum)
{
	if (sum->md5)
		sp_digest_final(sum->md5, (uint8_t[SP_DIGEST_MAX_SIZE]){0});
	sum->md5 = NULL;
}
