/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names by which one file speaks of another. Sheets come from strangers and from Windows. */
#include "io/name.h"

#include <stdlib.h>
#include <string.h>

static bool name_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char name_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int sp_name_check(const char *name, struct sp_error *err)
{
	const char *part = name;
	size_t len;

	if (!*name)
		return sp_fail(err, SP_ERR_FORMAT, "an empty file name");
	if (strchr("/\\", *name) || (name_letter(name[0]) && name[1] == ':'))
		return sp_fail(err, SP_ERR_FORMAT, "%s: an absolute file name is not followed",
			       name);
	for (;; part += len + 1) {
		len = strcspn(part, "/\\");
		if (len == 2 && part[0] == '.' && part[1] == '.')
			return sp_fail(err, SP_ERR_FORMAT,
				       "%s: a name that leads out of the directory is not followed",
				       name);
		if (!part[len])
			break;
	}
	if (len == 0 || (len == 1 && *part == '.'))
		return sp_fail(err, SP_ERR_FORMAT, "%s: not the name of a file", name);
	return 0;
}

char *sp_name_clean(const char *name, bool backslash)
{
	const char *separators = backslash ? "/\\" : "/";
	char *clean = malloc(strlen(name) + 1);
	size_t n = 0;

	if (!clean)
		return NULL;
	for (const char *part = name;;) {
		size_t len = strcspn(part, separators);
		if (len > 1 || (len == 1 && *part != '.')) {
			if (n)
				clean[n++] = '/';
			memcpy(clean + n, part, len);
			n += len;
		}
		if (!part[len])
			break;
		part += len + 1;
	}
	clean[n] = '\0';
	return clean;
}

bool sp_name_alike(const char *a, const char *b)
{
	while (*a && name_lower(*a) == name_lower(*b)) {
		a++;
		b++;
	}
	return name_lower(*a) == name_lower(*b);
}
