/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the words and options of spindle rip ask for. */
#include "cli/rip.h"

#include <stdlib.h>
#include <string.h>

enum { RIP_RETRIES = 3, RIP_OFFSET_MAX = 5880 };

static bool rip_number(const char *text, long least, long most, long *value, const char **rest)
{
	char *end;

	*value = strtol(text, &end, 10);
	*rest = end;
	return end > text && strchr("+-0123456789", text[0]) && *value >= least && *value <= most;
}

static int rip_ask_tracks(struct sp_rip_setup *setup, const char *text, struct sp_error *err)
{
	const char *rest;
	long first, last;

	if (!text)
		return 0;
	bool good = rip_number(text, 1, 99, &first, &rest);
	last = first;
	if (good && *rest == '-')
		good = rip_number(rest + 1, first, 99, &last, &rest);
	if (!good || *rest)
		return sp_fail(err, SP_ERR_USAGE,
			       "--tracks wants a number or two, \"3\" or \"3-7\", not \"%s\"",
			       text);
	setup->first = (unsigned)first;
	setup->last = (unsigned)last;
	return 0;
}

int rip_ask(struct sp_rip_setup *setup, unsigned *digests, const struct cli_args *args,
	    struct sp_error *err)
{
	const char *speed = args->text[OPT_SPEED], *retries = args->text[OPT_RETRIES];
	const char *offset = args->text[OPT_OFFSET], *rest;
	long n;

	*setup = (struct sp_rip_setup){
		.drive = args->word[0],
		.retries = RIP_RETRIES,
		.paranoid = args->count[OPT_PARANOID] != 0,
		.sub = args->count[OPT_SUB] != 0,
	};
	if (retries && (!rip_number(retries, 0, 99, &n, &rest) || *rest))
		return sp_fail(err, SP_ERR_USAGE,
			       "--retries wants a number from 0 to 99, not \"%s\"", retries);
	if (retries)
		setup->retries = (unsigned)n;
	if (speed && (!rip_number(speed, 1, 200000, &n, &rest) ||
		      (*rest && (strcmp(rest, "x") != 0 || n > 99))))
		return sp_fail(err, SP_ERR_USAGE,
			       "--speed wants kB/s or a number with x, \"8x\", not \"%s\"", speed);
	if (speed) {
		setup->speed = (unsigned)n;
		setup->times = *rest != '\0';
	}
	if (offset && (!rip_number(offset, -RIP_OFFSET_MAX, RIP_OFFSET_MAX, &n, &rest) || *rest))
		return sp_fail(err, SP_ERR_USAGE,
			       "--offset wants samples from -%d to +%d, not \"%s\"", RIP_OFFSET_MAX,
			       RIP_OFFSET_MAX, offset);
	if (offset)
		setup->offset = (int)n;
	if (args->words > 1 && !strcmp(args->word[1], "-"))
		return sp_fail(err, SP_ERR_USAGE,
			       "a rip is not written to a pipe: name a file, then convert it");
	/* MD5 takes longer than all else that is done with a disc's bytes */
	*digests = 1u << SP_DIGEST_CRC32 | 1u << SP_DIGEST_SHA1;
	if (args->count[OPT_ALGORITHM]) {
		const int r = cli_digests(args->text[OPT_ALGORITHM], digests, err);

		if (r < 0)
			return r;
	}
	return rip_ask_tracks(setup, args->text[OPT_TRACKS], err);
}
