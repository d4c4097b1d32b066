/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs, and a folder of a test program's own that they work in. */
#include "tests/tool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

char tool_folder[] = "/tmp/spindle_test.XXXXXX";

int tool_run(const char *fmt, ...)
{
	char command[2048];
	va_list args;

	va_start(args, fmt);
	const int n = vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	assert_in_range(n, 1, sizeof(command) - 1);
	return system(command);
}

bool tool_has(const char *program)
{
	if (!tool_run("command -v %s >/dev/null 2>&1", program))
		return true;
	print_message("skipped: there is no %s here\n", program);
	return false;
}

int tool_begin(void **state)
{
	(void)state;
	return mkdtemp(tool_folder) ? 0 : -1;
}

int tool_end(void **state)
{
	(void)state;
	return tool_run("rm -rf '%s'", tool_folder);
}
