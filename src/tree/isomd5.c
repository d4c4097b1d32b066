/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isomd5sum's checksum in an image's primary volume descriptor, where checkisomd5 and installers of
 * Fedora's family look for it. */
#include "tree/author.h"

#include "base/bytes.h"
#include "codec/digest.h"

#include <stdlib.h>
#include <string.h>

enum {
	ISOMD5_SKIP = 15, /* sectors at the end that are not summed */
	ISOMD5_PIECES = 20,
	ISOMD5_DIGITS = 3, /* hexadecimal, of each piece */
	ISOMD5_STEP = 16,  /* sectors: pieces end where so many have been summed */
	/* as many as a step for each piece and the rest need: fewer digits are no checksum to it */
	ISOMD5_LEAST = ISOMD5_STEP * (ISOMD5_PIECES + 1) + ISOMD5_SKIP,
	ISOMD5_SECTOR = 2048,
	ISOMD5_DESCRIPTOR = 16, /* its sector, ECMA-119 6.7.1 */
	ISOMD5_FIELD = 883,     /* ECMA-119 8.4.32, from 0 */
	ISOMD5_ROOM = 512,
	ISOMD5_MD5 = 1, /* digest.h */
};

struct isomd5 {
	struct sp_source source;
	struct sp_source *inner;
	char text[ISOMD5_ROOM + 1];
};

static void isomd5_add(char *text, size_t *used, const char *more)
{
	const size_t size = strlen(more);

	memcpy(text + *used, more, size);
	*used += size;
}

/* The first digit of a byte as "%x" writes it: that is what isomd5sum keeps of each. */
static char isomd5_digit(uint8_t byte)
{
	return "0123456789abcdef"[byte > 15 ? byte >> 4 : byte];
}

static void isomd5_text(char text[ISOMD5_ROOM + 1], const uint8_t md5[16], const char *pieces)
{
	char hex[33];
	size_t used = 0;

	for (size_t i = 0; i < 16; i++) {
		hex[2 * i] = "0123456789abcdef"[md5[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[md5[i] & 15];
	}
	hex[32] = '\0';
	memset(text, ' ', ISOMD5_ROOM);
	isomd5_add(text, &used, "ISO MD5SUM = ");
	isomd5_add(text, &used, hex);
	isomd5_add(text, &used, ";SKIPSECTORS = 15;RHLISOSTATUS=0;FRAGMENT SUMS = ");
	isomd5_add(text, &used, pieces);
	isomd5_add(text, &used, ";FRAGMENT COUNT = 20;");
	isomd5_add(text, &used, "THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!");
}

/* Sum what the volume says is its size, the field as the spaces it still is. */
static int isomd5_sum(struct isomd5 *isomd5, struct sp_error *err)
{
	uint8_t data[ISOMD5_STEP * ISOMD5_SECTOR], digest[SP_DIGEST_MAX_SIZE];
	uint16_t state[ISOMD5_STEP];
	char pieces[ISOMD5_PIECES * ISOMD5_DIGITS + 1] = "";
	struct sp_span span = {.lba = ISOMD5_DESCRIPTOR,
			       .count = 1,
			       .mode = SP_MODE_DATA2048,
			       .parts = SP_PART_USER,
			       .stride = ISOMD5_SECTOR,
			       .data = data,
			       .state = state};
	size_t used = 0;

	int r = sp_source_read(isomd5->inner, &span, err);
	if (r < 0)
		return r;
	const uint64_t sectors = get_le32(data + 80); /* volume space size, ECMA-119 8.4.8 */
	if (sectors > sp_disc_sectors(isomd5->inner->disc) || sectors < ISOMD5_LEAST)
		return sp_fail(
			err, SP_ERR_UNSUPPORTED,
			"isomd5sum's own checker fails on images below %d sectors, and this one "
			"has %llu: use --checksum libisofs",
			ISOMD5_LEAST, (unsigned long long)sectors);
	const uint64_t end = sectors - ISOMD5_SKIP;
	const uint64_t piece = end * ISOMD5_SECTOR / (ISOMD5_PIECES + 1);
	struct sp_digest_state *md5 = sp_digest_new(ISOMD5_MD5);
	if (!md5)
		return sp_fail_memory(err);
	for (uint64_t at = 0, last = 0; !r && at < end; at += span.count) {
		span.lba = (sp_lba)at;
		span.count = end - at < ISOMD5_STEP ? (uint32_t)(end - at) : ISOMD5_STEP;
		r = sp_source_read(isomd5->inner, &span, err);
		if (r < 0)
			break;
		sp_digest_update(md5, data, span.count * (size_t)ISOMD5_SECTOR);
		const uint64_t now = at * ISOMD5_SECTOR / piece;
		if (now == last)
			continue;
		last = now;
		struct sp_digest_state *copy = sp_digest_copy(md5);
		if (sp_digest_final(copy, digest) < ISOMD5_DIGITS)
			r = sp_fail_memory(err);
		for (size_t i = 0; i < ISOMD5_DIGITS && used + 1 < sizeof(pieces); i++)
			pieces[used++] = isomd5_digit(digest[i]);
	}
	pieces[used] = '\0';
	if (sp_digest_final(md5, digest) != 16 && !r)
		r = sp_fail_memory(err);
	if (!r)
		isomd5_text(isomd5->text, digest, pieces);
	return r;
}

static int isomd5_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	const struct isomd5 *isomd5 = (const struct isomd5 *)src;
	const sp_lba at = ISOMD5_DESCRIPTOR - span->lba;
	const int r = sp_source_read(isomd5->inner, span, err);

	if (!r && at >= 0 && at < (sp_lba)span->count)
		memcpy(span->data + (size_t)at * ISOMD5_SECTOR + ISOMD5_FIELD, isomd5->text,
		       ISOMD5_ROOM);
	return r;
}

static void isomd5_close(struct sp_source *src)
{
	struct isomd5 *isomd5 = (struct isomd5 *)src;

	sp_source_close(isomd5->inner);
	free(isomd5);
}

int sp_isomd5_view(struct sp_source **out, struct sp_source *src, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = isomd5_read, .close = isomd5_close};
	struct isomd5 *isomd5 = calloc(1, sizeof(*isomd5));
	int r = isomd5 ? sp_spool(&src, src, err) : sp_fail_memory(err);

	if (!r) {
		isomd5->source = (struct sp_source){.ops = &ops, .disc = src->disc};
		isomd5->inner = src;
		r = isomd5_sum(isomd5, err);
	}
	if (r < 0) {
		sp_source_close(src);
		free(isomd5);
		return r;
	}
	*out = &isomd5->source;
	return 0;
}
