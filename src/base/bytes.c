/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two allocations every layer makes: a list that grows, a formatted text. */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *sp_grow(void *list, size_t count, size_t item_size)
{
	size_t bytes;

	if (count & (count - 1)) /* not yet at a power of two: there is room */
		return list;
	if (__builtin_mul_overflow(count ? count * 2 : 1, item_size, &bytes))
		return NULL;
	return realloc(list, bytes);
}

char *sp_format_text(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = n < 0 ? NULL : malloc((size_t)n + 1);
	if (!text)
		return NULL;
	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}
