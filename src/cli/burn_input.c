/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is burned: opened, and read as a whole before the first write. */
#include "cli/burn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One pass: its digest, its damage, its own checksums. */
static int input_read(struct burn_input *input, struct ui *ui, struct sp_error *err)
{
	struct sp_source *source = input->in.source;
	struct sp_tally *tally = calloc(1, sizeof(*tally));
	struct sp_sink *sinks[2] = {NULL}, *tee = NULL;
	int r = tally ? sp_sink_hash(&sinks[0], 1u << SP_DIGEST_SHA256, &input->hashes, err)
		      : sp_fail_memory(err);

	if (!r)
		r = sp_sink_check(&sinks[1], tally, NULL, err);
	if (!r)
		r = sp_sink_tee(&tee, sinks, 2, err);
	if (r < 0) {
		sp_sink_close(sinks[0]);
		sp_sink_close(sinks[1]);
		free(tally);
		return r;
	}
	struct sp_copy copy = {.source = source, .sink = tee, .lossy = true};
	r = cli_copy(ui, &copy, "checking", err);
	sp_sink_close(tee);
	const uint64_t unread = cli_seen(&copy.tally, SP_STATE_UNREAD, NULL);
	const uint64_t edc = cli_seen(tally, SP_STATE_EDC, NULL);
	if (!r && unread)
		ui_note(ui,
			"%llu sectors of the image could not be read when it was made: they are "
			"burned as they are",
			(unsigned long long)unread);
	if (!r && edc)
		ui_note(ui, "%llu sectors of the image have a wrong EDC", (unsigned long long)edc);
	free(tally);
	return r;
}

int burn_input_open(struct burn_input *input, struct ui *ui, const struct cli_args *args,
		    struct sp_error *err)
{
	*input = (struct burn_input){.path = args->word[0]};
	int r = cli_open(&input->in, ui, args, args->word[0], 0, err);
	if (r < 0)
		return r;
	if (input->in.source->caps & SP_SOURCE_ONCE)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: can be read only once; make a file of it first", input->path);
	return input_read(input, ui, err);
}

void burn_input_close(struct burn_input *input)
{
	sp_input_close(&input->in);
	free(input->made);
	input->made = NULL;
}
