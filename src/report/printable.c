/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of unknown origin made safe to show. */
#include "report/printable.h"

int32_t printable_next(const char **p)
{
	static const struct {
		unsigned char mask, lead;
		int32_t least;
	} form[] = {
		{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char *s = (const unsigned char *)*p;

	(*p)++;
	for (unsigned extra = 0; extra < 4; extra++) {
		if ((s[0] & form[extra].mask) != form[extra].lead)
			continue;
		int32_t c = s[0] & (unsigned char)~form[extra].mask;
		for (unsigned i = 1; i <= extra; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return -1;
			c = c << 6 | (s[i] & 0x3f);
		}
		if (c < form[extra].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return -1;
		*p += extra;
		return c;
	}
	return -1;
}

bool printable_is_unsafe(int32_t c)
{
	static const struct {
		int32_t first, last;
	} unsafe[] = {
		{-1, 0x1f},       {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},
		{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
	};

	for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++)
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return true;
	return false;
}

void printable_put(FILE *out, const char *text)
{
	for (const char *p = text; p && *p;) {
		const char *from = p;
		const bool unsafe = printable_is_unsafe(printable_next(&p));

		if (!unsafe)
			fwrite(from, 1, (size_t)(p - from), out);
		for (; unsafe && from < p; from++)
			fprintf(out, "\\x%02X", (unsigned char)*from);
	}
}

size_t printable_columns(const char *text)
{
	size_t columns = 0;

	for (const char *p = text; p && *p;) {
		const char *from = p;
		const bool unsafe = printable_is_unsafe(printable_next(&p));

		columns += unsafe ? 4 * (size_t)(p - from) : 1;
	}
	return columns;
}
