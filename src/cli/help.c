/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help from the tables, and what a mistyped word may have meant. */
#include "cli/cli.h"

#include <string.h>

enum { HELP_COLUMN = 32 };

static void help_option(FILE *out, const struct cli_option *option)
{
	char left[64];

	const int letter = option->letter ? option->letter : ' ';
	const char *form = option->value == CLI_FLAG       ? ""
			   : option->value == CLI_OPTIONAL ? "[="
							   : "=";
	snprintf(left, sizeof(left), "  %c%c%c --%s%s%s%s", option->letter ? '-' : ' ', letter,
		 option->letter ? ',' : ' ', option->name, form,
		 option->argument ? option->argument : "",
		 option->value == CLI_OPTIONAL ? "]" : "");
	if (strlen(left) < HELP_COLUMN)
		fprintf(out, "%-*s%s\n", HELP_COLUMN, left, option->help);
	else
		fprintf(out, "%s\n%*s%s\n", left, HELP_COLUMN, "", option->help);
}

static void help_lines(FILE *out, const char *text)
{
	for (const char *p = text; *p;) {
		const int n = (int)strcspn(p, "\n");
		fprintf(out, "  %.*s\n", n, p);
		p += n + (p[n] == '\n');
	}
}

void cli_help(FILE *out, const struct cli_command *command)
{
	fprintf(out, "Usage: spindle %s [OPTION]...%s%s\n%s.\n", command->name,
		command->usage[0] ? " " : "", command->usage, command->summary);
	if (command->more)
		fprintf(out, "\n%s\n", command->more);
	fputs("\nOptions:\n", out);
	for (const unsigned char *id = command->option; *id; id++)
		help_option(out, &cli_options[*id]);
	for (const unsigned char *id = cli_common; *id; id++)
		help_option(out, &cli_options[*id]);
	fprintf(out, "\nExample%s:\n", strchr(command->example, '\n') ? "s" : "");
	help_lines(out, command->example);
}

/* Letters to add, drop, change or swap with their neighbour. Words here are short. */
static unsigned help_distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	unsigned row[LONGEST + 1][LONGEST + 1];
	const size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			if (!i || !j) {
				row[i][j] = (unsigned)(i + j);
				continue;
			}
			unsigned best = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (row[i - 1][j] + 1 < best)
				best = row[i - 1][j] + 1;
			if (row[i][j - 1] + 1 < best)
				best = row[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    row[i - 2][j - 2] + 1 < best)
				best = row[i - 2][j - 2] + 1;
			row[i][j] = best;
		}
	}
	return row[n][m];
}

const char *cli_nearest(const char *word, const char *const *list)
{
	const char *nearest = NULL;
	unsigned least = 0;

	for (; *list; list++) {
		const unsigned d = help_distance(word, *list);
		if (!nearest || d < least) {
			nearest = *list;
			least = d;
		}
	}
	return nearest && least <= 2 && least < strlen(word) ? nearest : NULL;
}
