/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question on a terminal, before a disc is written or wiped. */
#include "cli/burn.h"

#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool burn_can_ask(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

/* A line of the terminal; false: its end, or an interrupt, comes before that of the line. */
static bool ask_line(char *line, size_t size)
{
	size_t used = 0;

	while (!ui_stopped()) {
		struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
		char byte;

		if (poll(&fd, 1, 250) <= 0)
			continue;
		if (read(STDIN_FILENO, &byte, 1) != 1)
			return false;
		if (byte == '\n') {
			line[used] = '\0';
			return true;
		}
		if (used < size - 1)
			line[used++] = byte;
	}
	return false;
}

bool burn_ask(struct ui *ui, const char *question)
{
	char line[16];

	ui_clear(ui);
	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	const bool said = ask_line(line, sizeof(line));
	if (!said)
		fputc('\n', stderr);
	return said && (!strcasecmp(line, "y") || !strcasecmp(line, "yes"));
}
