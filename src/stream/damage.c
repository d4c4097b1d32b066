/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sink that notes which sectors are known to be damaged, and keeps nothing else. */
#include <spindle/stream.h>

#include "stream/runs.h"

#include <stdlib.h>

struct damage_sink {
	struct sp_sink sink;
	struct sp_runs *damaged;
};

static unsigned damage_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	return region->stored ? region->parts : 0;
}

static int damage_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
			struct sp_error *err)
{
	(void)sink;
	(void)disc;
	(void)source;
	(void)err;
	return 0;
}

static int damage_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	return sp_runs_damage(((struct damage_sink *)sink)->damaged, span->lba, span->count,
			      span->state, err);
}

static int damage_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	(void)sink;
	(void)disc;
	(void)err;
	return 0;
}

static void damage_close(struct sp_sink *sink)
{
	free(sink);
}

int sp_sink_damage(struct sp_sink **out, struct sp_runs *damaged, struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = damage_wants,
					       .begin = damage_begin,
					       .write = damage_write,
					       .finish = damage_finish,
					       .close = damage_close};
	struct damage_sink *d = calloc(1, sizeof(*d));

	if (!d)
		return sp_fail_memory(err);
	d->sink = (struct sp_sink){.ops = &ops, .flags = SP_SINK_OBSERVER, .carries = SP_CARRY_ALL};
	d->damaged = damaged;
	*out = &d->sink;
	return 0;
}
