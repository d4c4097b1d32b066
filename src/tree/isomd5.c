/* SPDX-License-Identifier: GPL-3.0-or-later */
/* isomd5sum's checksum in an image's primary volume descriptor, where checkisomd5 and installers of
 * Fedora's family look for it. */
#include "tree/author.h"

#include "base/bytes.h"
#include "tree/isomd5.h"

#include <stdlib.h>
#include <string.h>

enum {
	ISOMD5_SKIP = 15, /* sectors at the end that are not summed */
	ISOMD5_PIECES = 20,
	ISOMD5_SECTOR = 2048,
	ISOMD5_SECTORS = ISOMD5_STEP / ISOMD5_SECTOR,
	/* as many as a step for each piece and the rest need: fewer digits are no checksum to it */
	ISOMD5_LEAST = ISOMD5_SECTORS * (ISOMD5_PIECES + 1) + ISOMD5_SKIP,
	ISOMD5_DESCRIPTOR = 16, /* its sector, ECMA-119 6.7.1 */
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
	uint8_t data[ISOMD5_STEP], md5[16];
	uint16_t state[ISOMD5_SECTORS];
	struct sp_isomd5 sum;
	struct sp_span span = {.lba = ISOMD5_DESCRIPTOR,
			       .count = 1,
			       .mode = SP_MODE_DATA2048,
			       .parts = SP_PART_USER,
			       .stride = ISOMD5_SECTOR,
			       .data = data,
			       .state = state};

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
	r = sp_isomd5_begin(&sum, end * ISOMD5_SECTOR, ISOMD5_PIECES, err);
	for (uint64_t at = 0; !r && at < end; at += span.count) {
		span.lba = (sp_lba)at;
		span.count = end - at < ISOMD5_SECTORS ? (uint32_t)(end - at) : ISOMD5_SECTORS;
		r = sp_source_read(isomd5->inner, &span, err);
		if (!r)
			r = sp_isomd5_add(&sum, data, span.count * (size_t)ISOMD5_SECTOR, err);
	}
	if (!r)
		r = sp_isomd5_end(&sum, md5, err);
	if (!r)
		isomd5_text(isomd5->text, md5, sum.text);
	sp_isomd5_clear(&sum);
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
