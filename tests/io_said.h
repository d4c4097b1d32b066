/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tests of ios say of one. */
#ifndef TEST_IO_SAID_H
#define TEST_IO_SAID_H

#include <spindle/io.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static inline void assert_holds(struct sp_io *io, const char *text)
{
	char data[64] = "";
	struct sp_error err;

	assert_int_equal(io->size, strlen(text));
	assert_int_equal(sp_io_read(io, 0, data, strlen(text), &err), 0);
	assert_string_equal(data, text);
}

/* The sibling `name` of `io` is `path` and holds `text`. */
static inline void follow(struct sp_io *io, const char *name, const char *path, const char *text)
{
	struct sp_error err;
	struct sp_io *sibling;

	if (sp_io_sibling(io, name, &sibling, &err))
		fail_msg("%s", err.text);
	assert_string_equal(sibling->name, path);
	assert_holds(sibling, text);
	sp_io_close(sibling);
}

static inline void refuse_sibling(struct sp_io *io, const char *name, int status, int sys_errno,
				  const char *text)
{
	struct sp_error err;
	struct sp_io *sibling;

	assert_int_equal(sp_io_sibling(io, name, &sibling, &err), status);
	assert_string_equal(err.text, text);
	assert_int_equal(err.sys_errno, sys_errno);
	assert_null(sibling);
}

#endif
