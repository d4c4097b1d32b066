/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink that takes everything as it is stored and keeps nothing, but which sectors are known to
 * be damaged. */
#include <spindle/stream.h>

#include "stream/runs.h"

#include <stdlib.h>

struct null_sink {
	struct sp_sink sink;
	struct sp_runs *damaged; /* NULL: not asked */
};

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
	struct sp_runs *damaged = ((struct null_sink *)sink)->damaged;

	return damaged ? sp_runs_damage(damaged, span->lba, span->count, span->state, err) : 0;
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

int sp_sink_damage(struct sp_sink **out, struct sp_runs *damaged, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = null_wants,
					       .begin = null_begin,
					       .write = null_write,
					       .finish = null_finish,
					       .close = null_close};
	struct null_sink *d = calloc(1, sizeof(*d));

	if (!d)
		return sp_fail_memory(err);
	d->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	d->damaged = damaged;
	*out = &d->sink;
	return 0;
}

int sp_sink_null(struct sp_sink **out, struct sp_error *err)
{
	return sp_sink_damage(out, NULL, err);
}
