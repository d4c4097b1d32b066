/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An image of stored zlib blocks, and its maps as base64 in XML or in a resource fork. */
#include "tests/dmg_image.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The shift register of ISO 3309, one bit at a time. */
static uint32_t crc_of(uint32_t crc, const uint8_t *data, size_t size)
{
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & -(crc & 1));
	}
	return ~crc;
}

void dmg_image_fill(uint8_t *out, uint64_t block, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		memset(out + i * 512, (int)(block + i + 1), 512);
}

/* RFC 1950 and 1951: one stored block, at most 65535 bytes. */
static size_t put_zlib(uint8_t *out, const uint8_t *data, size_t size)
{
	uint32_t a = 1, b = 0;

	memcpy(out, "\x78\x01\x01", 3);
	put_le16(out + 3, (uint16_t)size);
	put_le16(out + 5, (uint16_t)~size);
	memcpy(out + 7, data, size);
	for (size_t i = 0; i < size; i++) {
		a = (a + data[i]) % 65521;
		b = (b + a) % 65521;
	}
	put_be32(out + 7 + size, b << 16 | a);
	return size + 11;
}

void dmg_image_add(struct dmg_image *im, unsigned part, uint32_t type, uint64_t first,
		   uint64_t count)
{
	uint8_t plain[40 * 512];
	struct dmg_image_run *run = &im->run[part][im->runs[part]++];

	*run = (struct dmg_image_run){type, first, count, im->fork_size, 0};
	dmg_image_fill(plain, (part ? 40 : 0) + first, count);
	if (type == 1) {
		memcpy(im->fork + im->fork_size, plain, count * 512);
		run->stored = count * 512;
	} else if (type == 0x80000005) {
		run->stored = put_zlib(im->fork + im->fork_size, plain, count * 512);
	}
	im->fork_size += run->stored;
}

struct dmg_image *dmg_image_new(void)
{
	struct dmg_image *im = calloc(1, sizeof(*im));
	uint8_t data[40 * 512] = {0};

	assert_non_null(im);
	dmg_image_add(im, 0, 0x80000005, 0, 10);
	dmg_image_add(im, 0, 2, 10, 6);
	dmg_image_add(im, 0, 1, 16, 20);
	dmg_image_add(im, 0, 0, 36, 4);
	dmg_image_add(im, 0, 0x7ffffffe, 0, 0);
	dmg_image_add(im, 0, 0xffffffff, 40, 0);
	dmg_image_add(im, 1, 0x80000005, 0, 20);
	dmg_image_add(im, 1, 2, 20, 4);
	dmg_image_add(im, 1, 0xffffffff, 24, 0);
	im->sum_type = 2;
	im->sum_bits = 32;
	dmg_image_fill(data, 0, 10);
	dmg_image_fill(data + 10 * 512, 16, 20);
	memset(data + 30 * 512, 0, 4 * 512);
	put_be32(im->sum[0], crc_of(0, data, 34 * 512)); /* without what is to be ignored */
	dmg_image_fill(data, 40, 20);
	put_be32(im->sum[1], crc_of(0, data, 20 * 512));
	put_be32(im->fork_sum, crc_of(0, im->fork, im->fork_size));
	memcpy(data, im->sum[0], 4);
	memcpy(data + 4, im->sum[1], 4);
	put_be32(im->master, crc_of(0, data, 8));
	return im;
}

static size_t put_mish(const struct dmg_image *im, unsigned part, uint8_t *out)
{
	memset(out, 0, MISH);
	memcpy(out, "mish\0\0\0\1", 8);
	put_be64(out + 8, part ? 40 : 0);
	put_be64(out + 16, part ? 24 : 40);
	put_be32(out + 64, im->sum_type);
	put_be32(out + 68, im->sum_bits);
	memcpy(out + 72, im->sum[part], 64);
	put_be32(out + 200, (uint32_t)im->runs[part]);
	for (size_t i = 0; i < im->runs[part]; i++) {
		const struct dmg_image_run *run = &im->run[part][i];
		uint8_t *p = out + MISH + i * RUN;

		put_be32(p, run->type);
		put_be32(p + 4, 0);
		put_be64(p + 8, run->first);
		put_be64(p + 16, run->count);
		put_be64(p + 24, run->at);
		put_be64(p + 32, run->stored);
	}
	if (im->spoil)
		im->spoil(out, part);
	return MISH + im->runs[part] * RUN;
}

static size_t put_base64(char *out, const uint8_t *data, size_t size)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0;

	for (size_t i = 0; i < size; i += 3) {
		const uint32_t v = (uint32_t)data[i] << 16 | (i + 1 < size ? data[i + 1] << 8 : 0) |
				   (i + 2 < size ? data[i + 2] : 0);

		for (unsigned k = 0; k < 4; k++)
			out[n++] = i + k > size ? '=' : digit[v >> (18 - 6 * k) & 63];
	}
	return n;
}

static size_t put_plist(struct dmg_image *im, char *out)
{
	uint8_t mish[MISH + 12 * RUN];
	char *p = out + sprintf(out,
				"<?xml version=\"1.0\" encoding=\"UTF-8\"?>%s<plist><dict>"
				"<key>resource-fork</key><dict><key>blkx</key><array>",
				im->doctype);

	for (unsigned part = 0; part < 2; part++) {
		p += sprintf(p,
			     "<dict><key>ID</key><string>%d</string><key>Name</key>"
			     "<string>part %u</string><key>Data</key><data>",
			     (int)part - 1, part);
		p += put_base64(p, mish, put_mish(im, part, mish));
		p += sprintf(p, "</data></dict>");
	}
	return (size_t)(p + sprintf(p, "</array></dict></dict></plist>") - out);
}

static size_t put_rsrc(struct dmg_image *im, uint8_t *out)
{
	uint8_t *p = out + 256, *map;
	uint32_t at[2];

	memset(out, 0, 256);
	for (unsigned part = 0; part < 2; part++) {
		const size_t n = put_mish(im, part, p + 4);
		put_be32(p, (uint32_t)n);
		at[part] = (uint32_t)(p - out) - 256;
		p += 4 + n;
	}
	map = p;
	memset(map, 0, 28 + 10 + 24 + 7);
	put_be16(map + 24, 28);
	put_be16(map + 26, 28 + 10 + 24);
	memcpy(map + 30, "blkx\0\1\0\12", 8);
	for (unsigned part = 0; part < 2; part++) {
		put_be16(map + 38 + 12 * part, (uint16_t)(part - 1u));
		put_be16(map + 40 + 12 * part, part ? 0xffff : 0);
		put_be32(map + 42 + 12 * part, at[part]);
	}
	memcpy(map + 62, "\6part 0", 7);
	put_be32(out, 256);
	put_be32(out + 4, (uint32_t)(map - out));
	put_be32(out + 8, (uint32_t)(map - out) - 256);
	put_be32(out + 12, 69);
	return (size_t)(map + 69 - out);
}

void dmg_image_finish(struct dmg_image *im)
{
	const size_t fork = im->first ? KOLY : 0, maps = fork + im->fork_size;
	size_t size;

	memcpy(im->out + fork, im->fork, im->fork_size);
	size = im->rsrc ? put_rsrc(im, im->out + maps) : put_plist(im, (char *)im->out + maps);
	im->koly = im->first ? 0 : maps + size;
	im->size = maps + size + (im->first ? 0 : KOLY);
	uint8_t *k = im->out + im->koly;
	memset(k, 0, KOLY);
	memcpy(k, "koly\0\0\0\4\0\0\2\0\0\0\0\1", 16);
	put_be64(k + 0x18, fork);
	put_be64(k + 0x20, im->fork_size);
	put_be32(k + 0x38, 1);
	put_be32(k + 0x3c, 1);
	put_be32(k + 0x50, im->sum_type);
	put_be32(k + 0x54, im->sum_bits);
	memcpy(k + 0x58, im->fork_sum, 64);
	put_be64(k + (im->rsrc ? 0x28 : 0xd8), maps);
	put_be64(k + (im->rsrc ? 0x30 : 0xe0), size);
	put_be32(k + 0x160, im->sum_type);
	put_be32(k + 0x164, im->sum_bits);
	memcpy(k + 0x168, im->master, 64);
	put_be32(k + 0x1e8, 1);
	put_be64(k + 0x1ec, BLOCKS);
}
