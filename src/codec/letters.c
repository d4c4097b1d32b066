/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Character sets by iconv, which is asked again behind every letter it does not have. */
#include "codec/letters.h"

#include <spindle/error.h>

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

struct letters_out {
	char *data;
	size_t size, room;
};

/* Convert up to the end or the first letter that cannot be: *at and *left say where that is. */
static int letters_run(iconv_t cd, char **at, size_t *left, struct letters_out *out)
{
	while (*left) {
		char *to = out->data + out->size;
		size_t room = out->room - out->size - 1; /* for the terminator */
		const size_t n = iconv(cd, at, left, &to, &room);
		const int why = errno;

		out->size = (size_t)(to - out->data);
		if (n != (size_t)-1)
			return 0;
		if (why != E2BIG)
			return SP_ERR_FORMAT;
		char *data = realloc(out->data, 2 * out->room);
		if (!data)
			return SP_ERR_MEMORY;
		out->data = data;
		out->room *= 2;
	}
	return 0;
}

static int letters_begin(iconv_t *cd, const char *to, const char *from, size_t size,
			 struct letters_out *out)
{
	*cd = iconv_open(to, from);
	if (*cd == (iconv_t)-1)
		return errno == ENOMEM ? SP_ERR_MEMORY : SP_ERR_UNSUPPORTED;
	*out = (struct letters_out){.room = size + size / 2 + 16};
	out->data = malloc(out->room);
	if (out->data)
		return 0;
	iconv_close(*cd);
	return SP_ERR_MEMORY;
}

int sp_letters_to_utf8(const char *charset, const void *in, size_t size, char **out)
{
	struct letters_out text;
	char *at = (char *)(uintptr_t)in; /* iconv reads only, its type says otherwise */
	iconv_t cd;
	int r = letters_begin(&cd, "UTF-8", charset, size, &text);

	*out = NULL;
	if (r < 0)
		return r;
	r = letters_run(cd, &at, &size, &text);
	iconv_close(cd);
	if (r < 0) {
		free(text.data);
		return r;
	}
	text.data[text.size] = '\0';
	*out = text.data;
	return 0;
}

int sp_letters_from_utf8(const char *charset, const char *text, uint8_t **out, size_t *size,
			 unsigned *lost)
{
	struct letters_out bytes;
	char *at = (char *)(uintptr_t)text;
	size_t left = strlen(text);
	unsigned letters = 0;
	iconv_t cd;
	int r = letters_begin(&cd, charset, "UTF-8", left, &bytes);

	*out = NULL;
	*size = 0;
	if (r < 0)
		return r;
	while ((r = letters_run(cd, &at, &left, &bytes)) == SP_ERR_FORMAT) {
		letters++;
		do { /* the rest of the sequence */
			at++;
			left--;
		} while (left && (*at & 0xc0) == 0x80);
	}
	iconv_close(cd);
	if (r < 0) {
		free(bytes.data);
		return r;
	}
	if (lost)
		*lost += letters;
	*out = (uint8_t *)bytes.data;
	*size = bytes.size;
	return 0;
}
