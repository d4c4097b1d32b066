/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle's own work store as a format: it holds whatever a disc has, states included. */
#include "stream/store.h"

#include "formats/formats.h"
#include "stream/store_text.h"

#include <stdlib.h>
#include <string.h>

struct store_sink {
	struct sp_sink sink;
	struct sp_io *io;       /* until begin */
	struct sp_store *store; /* from begin on */
};

static unsigned store_carries(const struct sp_options *options)
{
	(void)options;
	return SP_CARRY_ALL;
}

static int store_probe(const struct sp_probe *probe)
{
	const size_t size = sizeof(SP_STORE_MAGIC) - 1;

	return probe->head_size >= size && !memcmp(probe->head, SP_STORE_MAGIC, size) ? 100 : 0;
}

static int store_open(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		      struct sp_error *err)
{
	struct sp_store *store;
	int rc = sp_store_open(&store, io, err);

	(void)options;
	if (rc < 0)
		return rc;
	rc = sp_store_source(out, store, err);
	if (rc < 0)
		sp_store_release(store);
	return rc;
}

static unsigned store_wants(struct sp_sink *sink, const struct sp_region *region)
{
	(void)sink;
	if (!region->stored)
		return 0;
	const unsigned sub = region->parts & SP_PART_PW ? SP_PART_PW : SP_PART_Q;
	return region->parts & (SP_PART_MAIN | sub);
}

/* The data files are named as the descriptor is, less its extension. */
static int store_begin(struct sp_sink *sink, const struct sp_disc *disc, struct sp_source *source,
		       struct sp_error *err)
{
	struct store_sink *s = (struct store_sink *)sink;
	char *stem = sp_store_stem(s->io->name);

	(void)source;
	if (!stem)
		return sp_fail_memory(err);
	const int rc = sp_store_create(&s->store, s->io, stem, disc, "", err);
	if (!rc)
		s->io = NULL;
	free(stem);
	return rc;
}

static int store_write(struct sp_sink *sink, const struct sp_span *span, struct sp_error *err)
{
	return sp_store_write(((struct store_sink *)sink)->store, span, err);
}

static int store_finish(struct sp_sink *sink, const struct sp_disc *disc, struct sp_error *err)
{
	return sp_store_update(((struct store_sink *)sink)->store, disc, err);
}

static void store_close(struct sp_sink *sink)
{
	struct store_sink *s = (struct store_sink *)sink;

	sp_store_close(s->store);
	sp_io_close(s->io);
	free(s);
}

static int store_create(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
			struct sp_error *err)
{
	static const struct sp_sink_ops ops = {.wants = store_wants,
					       .begin = store_begin,
					       .write = store_write,
					       .finish = store_finish,
					       .close = store_close};
	struct store_sink *s = calloc(1, sizeof(*s));

	(void)options;
	if (!s)
		return sp_fail_memory(err);
	s->sink = (struct sp_sink){.ops = &ops, .carries = SP_CARRY_ALL};
	s->io = io;
	*out = &s->sink;
	return 0;
}

static const char *const store_extension[] = {".spindle", NULL};
/* .sub is left out: other formats' sub-channel has that name */
static const char *const store_data_extension[] = {".main", ".state", NULL};

const struct sp_format sp_format_store = {
	.name = "store",
	.summary = "spindle's own work store",
	.extension = store_extension,
	.data_extension = store_data_extension,
	.flags = SP_FORMAT_SHEET,
	.carries = store_carries,
	.probe = store_probe,
	.open = store_open,
	.create = store_create,
};
