/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling errors and notes: one printable line each. */
#include <spindle/error.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Copy `in` to `out`, escaping what would not print as one line of text. UTF-8 passes, but for C1
 * controls and the bidirectional overrides that could make a message read as another. */
static void error_escape(char *out, size_t size, const char *in)
{
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)in; *p; p++) {
		const unsigned char c = *p;
		bool escape = c < 0x20 || c == 0x7f;

		/* U+0080…9F is C2 80…9F; U+202A…E is E2 80 AA…AE; U+2066…9 is E2 81 A6…A9 */
		if (c == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			escape = true;
		if (c == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
				  (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
			escape = true;
		if (n + 8 > size) {
			memcpy(out + n, "…", 4);
			return;
		}
		if (escape)
			n += (size_t)snprintf(out + n, size - n, "\\x%02X", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
}

static void error_vfill(struct sp_error *err, int status, int sys_errno, const char *fmt,
			va_list args) SP_PRINTF(4, 0);

static void error_vfill(struct sp_error *err, int status, int sys_errno, const char *fmt,
			va_list args)
{
	char line[1024];

	if (!err)
		return;
	int n = vsnprintf(line, sizeof(line), fmt, args);
	if (sys_errno && n >= 0 && (size_t)n < sizeof(line))
		snprintf(line + n, sizeof(line) - (size_t)n, ": %s", strerror(sys_errno));
	*err = (struct sp_error){
		.status = status, .sys_errno = sys_errno, .lba = SP_NO_LBA, .offset = SP_NO_OFFSET};
	error_escape(err->text, sizeof(err->text), line);
}

int sp_fail(struct sp_error *err, int status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vfill(err, status, 0, fmt, args);
	va_end(args);
	return status;
}

int sp_fail_errno(struct sp_error *err, int sys_errno, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vfill(err, SP_ERR_IO, sys_errno, fmt, args);
	va_end(args);
	return SP_ERR_IO;
}

int sp_fail_memory(struct sp_error *err)
{
	return sp_fail(err, SP_ERR_MEMORY, "out of memory");
}

int sp_status_exit(int status)
{
	switch (status) {
	case SP_ERR_MEMORY:
		return 4;
	case SP_ERR_CANCELLED:
		return 130;
	default:
		return status <= 0 && status >= SP_ERR_LOSSY ? -status : 4;
	}
}

void sp_note(const struct sp_notes *notes, const char *fmt, ...)
{
	char line[1024], text[1024];
	va_list args;

	if (!notes || !notes->fn)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	error_escape(text, sizeof(text), line);
	notes->fn(notes->user, text);
}
