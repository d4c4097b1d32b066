/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Letters of sheets: UTF-8, or Windows' code page 1252 where they are not. */
#include "formats/cue_text.h"

#include <stdint.h>
#include <stdlib.h>

/* Length of the well-formed sequence at p (RFC 3629), 0: none. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char first, last, low, high; /* of the first byte; of the second */
		size_t size;
	} form[] = {
		{0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		if (*p < form[i].first || *p > form[i].last)
			continue;
		if (left < form[i].size ||
		    (form[i].size > 1 && (p[1] < form[i].low || p[1] > form[i].high)))
			return 0;
		for (size_t n = 2; n < form[i].size; n++)
			if ((p[n] & 0xc0) != 0x80)
				return 0;
		return form[i].size;
	}
	return 0;
}

bool sp_utf8_valid(const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		const size_t n = utf8_sequence((const unsigned char *)text + at, size - at);

		if (!n)
			return false;
		at += n;
	}
	return true;
}

char *sp_utf8_from_cp1252(const char *text, size_t size)
{
	static const uint16_t high[32] = {
		0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
		0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
	};
	char *out = malloc(size * 3 + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		const unsigned char c = (unsigned char)text[i];
		const unsigned u = c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c;

		if (u < 0x80) {
			out[n++] = (char)u;
		} else if (u < 0x800) {
			out[n++] = (char)(0xc0 | u >> 6);
			out[n++] = (char)(0x80 | (u & 0x3f));
		} else {
			out[n++] = (char)(0xe0 | u >> 12);
			out[n++] = (char)(0x80 | (u >> 6 & 0x3f));
			out[n++] = (char)(0x80 | (u & 0x3f));
		}
	}
	out[n] = '\0';
	return out;
}
