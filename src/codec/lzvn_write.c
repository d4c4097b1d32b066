/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes blocks bvxn, which have no tables and so are the smaller ones where there is little. */
#include "codec/lzfse_encode.h"

#include "base/bytes.h"

enum {
	LZVN_NEAR = 0x600, /* higher ones would be other instructions */
	LZVN_MIDDLE = 0x4000,
	LZVN_FAR = 0x10000,
};

static uint8_t *put_literals(uint8_t *at, const uint8_t *from, size_t n)
{
	memcpy(at, from, n);
	return at + n;
}

/* More than 3 literals take instructions of their own. */
static uint8_t *write_run(uint8_t *at, const uint8_t **from, size_t *n)
{
	while (*n > 3) {
		const size_t part = *n < 16 ? *n : *n < 271 ? *n : 271;

		if (part < 16) {
			*at++ = (uint8_t)(0xe0 | part);
		} else {
			*at++ = 0xe0;
			*at++ = (uint8_t)(part - 16);
		}
		at = put_literals(at, *from, part);
		*from += part;
		*n -= part;
	}
	return at;
}

/* `m` bytes more from the same distance. */
static uint8_t *write_more(uint8_t *at, size_t m)
{
	while (m) {
		const size_t part = m < 271 ? m : 271;

		if (part < 16) {
			*at++ = (uint8_t)(0xf0 | part);
		} else {
			*at++ = 0xf0;
			*at++ = (uint8_t)(part - 16);
		}
		m -= part;
	}
	return at;
}

size_t lzvn_write(struct lzfse_writer *w)
{
	uint8_t *const data = w->bytes, *at = data + LZFSE_VN_HEADER;
	const uint8_t *literal = w->literal;
	uint32_t before = 0;

	if (w->raw_bytes > LZVN_SMALL)
		return 0;
	for (size_t i = 0; i < w->triples; i++) {
		const struct lzfse_triple *t = &w->triple[i];
		size_t l = t->l, m = t->m;

		if (t->d >= LZVN_FAR)
			return 0;
		at = write_run(at, &literal, &l);
		if (!m || (t->d == before && !l)) {
			if (l) {
				*at++ = (uint8_t)(0xe0 | l);
				at = put_literals(at, literal, l);
				literal += l;
			}
			at = write_more(at, m);
			continue;
		}
		/* as many of M as go along with so many of L; the M of an instruction is 3 less */
		size_t part = m < 10 - 2 * l ? m : 10 - 2 * l;
		if (t->d == before) {
			*at++ = (uint8_t)(l << 6 | (part - 3) << 3 | 6);
		} else if (t->d < LZVN_NEAR && (part == m || m > 34 || t->d >= LZVN_MIDDLE)) {
			*at++ = (uint8_t)(l << 6 | (part - 3) << 3 | t->d >> 8);
			*at++ = (uint8_t)t->d;
		} else if (t->d < LZVN_MIDDLE) {
			part = m < 34 ? m : 34;
			*at++ = (uint8_t)(0xa0 | l << 3 | (part - 3) >> 2);
			*at++ = (uint8_t)(t->d << 2 | ((part - 3) & 3));
			*at++ = (uint8_t)(t->d >> 6);
		} else {
			*at++ = (uint8_t)(l << 6 | (part - 3) << 3 | 7);
			*at++ = (uint8_t)t->d;
			*at++ = (uint8_t)(t->d >> 8);
		}
		at = put_literals(at, literal, l);
		literal += l;
		at = write_more(at, m - part);
		before = t->d;
	}
	memcpy(at, "\6\0\0\0\0\0\0", 8); /* the mark */
	at += 8;
	put_le32(data, LZFSE_VN);
	put_le32(data + 4, w->raw_bytes);
	put_le32(data + 8, (uint32_t)(at - data - LZFSE_VN_HEADER));
	return (size_t)(at - data);
}
