/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink that takes everything as it is stored and keeps nothing. */
#include <spindle/stream.h>

#include <stdlib.h>

static unsigned null_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->stored ? region->parts : 0;
}

static int null_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		      struct sp_error *err)
{
	(void)sink;
	(void)disc;
	(void)source;
	(void)err;
	return 0;
}

static int null_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	(void)sink;
	(void)span;
	(void)err;
	return 0;
}

static int null_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	(void)sink;
	(void)disc;
	(void)err;
	return 0;
}

static void null_close(struct sp_sink *sink)
{
	free(sink);
}

int sp_sink_null(struct sp_sink **out, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = null_wants,
					       .begin = null_begin,
					       .write = null_write,
					       .finish = null_finish,
					       .close = null_close};
	struct sp_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return sp_fail_memory(err);
	*sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	*out = sink;
	return 0;
}
