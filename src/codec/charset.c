/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Letters of old encodings as UTF-8: tables of 8-bit ones, UTF-16, and Shift-JIS as the system
 * knows it. */
#include "codec/charset.h"

#include "codec/letters.h"

#include <spindle/error.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHARSET_UNKNOWN 0xfffdu

/* The upper halves of Windows' code pages; 0: the rest follows in order, from U+00A0 or U+0410. */
static const uint16_t charset_1252[128] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};
static const uint16_t charset_1251[128] = {
	0x0402, 0x0403, 0x201a, 0x0453, 0x201e, 0x2026, 0x2020, 0x2021, 0x20ac, 0x2030, 0x0409,
	0x2039, 0x040a, 0x040c, 0x040b, 0x040f, 0x0452, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0xfffd, 0x2122, 0x0459, 0x203a, 0x045a, 0x045c, 0x045b, 0x045f, 0x00a0,
	0x040e, 0x045e, 0x0408, 0x00a4, 0x0490, 0x00a6, 0x00a7, 0x0401, 0x00a9, 0x0404, 0x00ab,
	0x00ac, 0x00ad, 0x00ae, 0x0407, 0x00b0, 0x00b1, 0x0406, 0x0456, 0x0491, 0x00b5, 0x00b6,
	0x00b7, 0x0451, 0x2116, 0x0454, 0x00bb, 0x0458, 0x0405, 0x0455, 0x0457,
};

const char *sp_charset_name(unsigned charset)
{
	static const char *const name[] = {"utf-8",     "cp1252",   "cp1251",
					   "shift-jis", "utf-16le", "utf-16be"};

	return charset < SP_CHARSETS ? name[charset] : "?";
}

/* Length of the well-formed sequence at p (RFC 3629), 0: none. */
static size_t charset_sequence(const unsigned char *p, size_t left)
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
		const size_t n = charset_sequence((const unsigned char *)text + at, size - at);

		if (!n)
			return false;
		at += n;
	}
	return true;
}

/* Append one code point; where to go on. */
static char *charset_put(char *out, uint32_t u)
{
	if (u < 0x80) {
		*out++ = (char)u;
		return out;
	}
	if (u >= 0x10000) {
		*out++ = (char)(0xf0 | u >> 18);
		*out++ = (char)(0x80 | (u >> 12 & 0x3f));
		*out++ = (char)(0x80 | (u >> 6 & 0x3f));
	} else if (u >= 0x800) {
		*out++ = (char)(0xe0 | u >> 12);
		*out++ = (char)(0x80 | (u >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xc0 | u >> 6);
	}
	*out++ = (char)(0x80 | (u & 0x3f));
	return out;
}

static char *charset_from_utf8(const unsigned char *in, size_t size, char *out)
{
	for (size_t at = 0; at < size;) {
		const size_t n = charset_sequence(in + at, size - at);

		if (!n) {
			out = charset_put(out, CHARSET_UNKNOWN);
			at++;
			continue;
		}
		memcpy(out, in + at, n);
		out += n;
		at += n;
	}
	return out;
}

static char *charset_from_page(const uint16_t page[128], uint32_t rest, const unsigned char *in,
			       size_t size, char *out)
{
	for (size_t i = 0; i < size; i++) {
		uint32_t u = in[i];

		if (u >= 0x80)
			u = page[u - 0x80] ? page[u - 0x80] : u + rest;
		out = charset_put(out, u);
	}
	return out;
}

static char *charset_from_utf16(bool big, const unsigned char *in, size_t size, char *out)
{
	size_t at = 0;

	while (at + 2 <= size) {
		uint32_t u = (uint32_t)in[at + !big] << 8 | in[at + big];

		at += 2;
		if (u >= 0xd800 && u < 0xdc00 && at + 2 <= size) {
			const uint32_t low = (uint32_t)in[at + !big] << 8 | in[at + big];

			if (low >= 0xdc00 && low < 0xe000) {
				u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
				at += 2;
			}
		}
		out = charset_put(out, u >= 0xd800 && u < 0xe000 ? CHARSET_UNKNOWN : u);
	}
	return at < size ? charset_put(out, CHARSET_UNKNOWN) : out;
}

/* One letter of Shift-JIS, or all of them: how many bytes of UTF-8 it became; 0: it is none, -1: no
 * memory. */
static int charset_letters(const unsigned char *in, size_t size, char *out)
{
	char *text;
	const int r = sp_letters_to_utf8("CP932", in, size, &text);

	if (r < 0)
		return r == SP_ERR_MEMORY ? -1 : 0;
	const size_t n = strlen(text);
	const bool fits = n <= size * 3; /* a NUL inside would have ended it */
	if (fits)
		memcpy(out, text, n);
	free(text);
	return fits ? (int)n : 0;
}

/* NULL: no memory. */
static char *charset_from_shift_jis(const unsigned char *in, size_t size, char *out)
{
	int n = size ? charset_letters(in, size, out) : 0;

	if (n)
		return n < 0 ? NULL : out + n;
	for (size_t at = 0; at < size;) {
		const unsigned char c = in[at];
		const bool two = (c >= 0x81 && c <= 0x9f) || (c >= 0xe0 && c <= 0xfc);
		const size_t bytes = two && at + 1 < size && in[at + 1] >= 0x40 ? 2 : 1;

		n = c < 0x80 ? 0 : charset_letters(in + at, bytes, out);
		if (n < 0)
			return NULL;
		out = n ? out + n : charset_put(out, c < 0x80 ? c : CHARSET_UNKNOWN);
		at += bytes;
	}
	return out;
}

char *sp_charset_decode(unsigned charset, const void *text, size_t size, size_t *out_size)
{
	/* no encoding here has a letter that grows to more than three times its bytes */
	char *out = size < INT32_MAX / 4 ? malloc(size * 3 + 1) : NULL, *end;

	if (!out)
		return NULL;
	switch (charset) {
	case SP_CHARSET_CP1252:
		end = charset_from_page(charset_1252, 0, text, size, out);
		break;
	case SP_CHARSET_CP1251:
		end = charset_from_page(charset_1251, 0x0410 - 0xc0, text, size, out);
		break;
	case SP_CHARSET_SHIFT_JIS:
		end = charset_from_shift_jis(text, size, out);
		break;
	case SP_CHARSET_UTF16LE:
	case SP_CHARSET_UTF16BE:
		end = charset_from_utf16(charset == SP_CHARSET_UTF16BE, text, size, out);
		break;
	default:
		end = charset_from_utf8(text, size, out);
	}
	if (!end) {
		free(out);
		return NULL;
	}
	*end = '\0';
	if (out_size)
		*out_size = (size_t)(end - out);
	return out;
}
