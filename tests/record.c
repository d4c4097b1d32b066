/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Record an image with our own writer in a simulated drive: record IMAGE sao|raw sim:NAME… */
#include "sim/open.h"

#include <spindle/burn.h>
#include <spindle/spindle.h>

#include <stdio.h>
#include <string.h>

static void record_note(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "%s\n", text);
}

int main(int argc, char **argv)
{
	static const struct sp_notes notes = {.fn = record_note};
	struct sp_transport *transport = NULL;
	struct sp_sink *sink = NULL;
	struct sp_input in = {.source = NULL};
	const struct sp_options options = {.notes = &notes};
	struct sp_error err = {0};

	if (argc != 4)
		return 2;
	const struct sp_burn burn = {.drive = argv[3],
				     .mode = strcmp(argv[2], "raw") ? SP_BURN_SAO : SP_BURN_RAW,
				     .notes = &notes};
	int r = sp_input_open(&in, argv[1], NULL, &options, &err);
	if (!r)
		r = sp_sim_open_transport(&transport, argv[3], &notes, &err);
	if (!r)
		r = sp_recorder_open(&sink, transport, in.source->disc, &burn, &err);
	struct sp_copy copy = {.source = in.source, .sink = sink, .notes = &notes};
	if (!r)
		r = sp_copy(&copy, &err);
	sp_sink_close(sink);
	if (transport)
		transport->ops->close(transport);
	sp_input_close(&in);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	return sp_status_exit(r);
}
