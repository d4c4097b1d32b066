/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores that are the media of a recorder, blank or not; and any store as a source. */
#include "base/bytes.h"
#include "stream/store_inside.h"

#include <stdlib.h>
#include <string.h>

char *sp_store_stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *stem = strdup(slash ? slash + 1 : path);
	char *dot = stem ? strrchr(stem, '.') : NULL;

	if (dot && dot != stem)
		*dot = '\0';
	if (stem && !sp_store_stem_valid(stem)) {
		free(stem);
		stem = strdup("disc");
	}
	return stem;
}

int sp_store_create_blank(struct sp_store **out, struct sp_io *io, const char *stem,
			  const struct sp_store_shape *shape, const char *recorder,
			  struct sp_error *err)
{
	struct sp_store *store = calloc(1, sizeof(*store));

	if (!store)
		return sp_fail_memory(err);
	store->io = io;
	store->text = (struct sp_store_text){.stem = strdup(stem),
					     .identity = strdup(""),
					     .recorder = strdup(recorder),
					     .origin = shape->origin,
					     .stride = shape->stride,
					     .sub = shape->sub,
					     .disc = sp_disc_new()};
	const struct sp_store_text *text = &store->text;
	int rc = text->stem && text->identity && text->recorder && text->disc ? 0
									      : sp_fail_memory(err);
	if (!rc && !sp_store_stem_valid(stem))
		rc = sp_fail(err, SP_ERR_USAGE, "“%s” cannot be the name of a store's files", stem);
	if (!rc) {
		text->disc->medium = shape->medium;
		text->disc->profile = shape->profile;
		rc = sp_store_siblings(store, err);
	}
	if (!rc)
		rc = sp_store_describe(store, text, err);
	if (rc < 0)
		sp_store_free(store);
	else
		*out = store;
	return rc;
}

struct sp_store_shape sp_store_shape(const struct sp_store *store)
{
	const struct sp_store_text *text = &store->text;

	return (struct sp_store_shape){.medium = text->disc->medium,
				       .profile = text->disc->profile,
				       .origin = text->origin,
				       .stride = text->stride,
				       .sub = text->sub};
}

const char *sp_store_recorder(const struct sp_store *store)
{
	return store->text.recorder;
}

/* State words for records, in pieces that fit a page or two. */
static int medium_set(struct sp_store *store, uint64_t index, uint64_t count, bool have,
		      struct sp_error *err)
{
	uint16_t words[SP_STATES_CHUNK];
	int rc = 0;

	for (unsigned i = 0; i < SP_STATES_CHUNK; i++)
		words[i] = SP_STORE_HAVE;
	while (!rc && count) {
		const uint32_t n = count < SP_STATES_CHUNK ? (uint32_t)count : SP_STATES_CHUNK;

		if (sp_states_full(&store->states))
			rc = sp_store_checkpoint(store, err);
		if (!rc)
			rc = sp_states_set(&store->states, index, n, have ? words : NULL, err);
		index += n;
		count -= n;
	}
	return rc;
}

static int medium_range(const struct sp_store *store, sp_lba lba, uint64_t count,
			struct sp_error *err)
{
	if (lba >= store->text.origin && lba <= SP_STORE_LBA_LIMIT &&
	    count <= (uint64_t)SP_STORE_LBA_LIMIT)
		return 0;
	return sp_fail(err, SP_ERR_USAGE, "%s: there are no records at LBA %lld", store->io->name,
		       (long long)lba);
}

int sp_store_put(struct sp_store *store, sp_lba lba, uint32_t count, const uint8_t *main,
		 const uint8_t *sub, struct sp_error *err)
{
	int rc = medium_range(store, lba, count, err);
	const uint64_t index = (uint64_t)(lba - store->text.origin);

	if (!rc)
		rc = sp_io_write(store->main, index * store->text.stride, main,
				 (size_t)count * store->text.stride, err);
	if (!rc && sub && store->sub)
		rc = sp_io_write(store->sub, index * SP_SUB_SIZE, sub, (size_t)count * SP_SUB_SIZE,
				 err);
	return rc ? rc : medium_set(store, index, count, true, err);
}

int sp_store_erase(struct sp_store *store, sp_lba lba, uint64_t count, struct sp_error *err)
{
	const int rc = medium_range(store, lba, count, err);
	const uint64_t index = (uint64_t)(lba - store->text.origin);
	/* past the end of the file nothing is there already, though a word may wait to be written
	 */
	const uint64_t words = store->states.pages ? UINT64_MAX : store->state->size / 2;

	if (rc < 0 || index >= words)
		return rc;
	return medium_set(store, index, count < words - index ? count : words - index, false, err);
}

int sp_store_record(struct sp_store *store, const struct sp_disc *disc, const char *recorder,
		    struct sp_error *err)
{
	struct sp_store_text text = store->text;
	int rc = disc->regions ? sp_disc_check(disc, err) : 0;

	if (rc < 0)
		return rc;
	text.disc = sp_store_normal(disc);
	text.recorder = strdup(recorder);
	rc = text.disc && text.recorder ? 0 : sp_fail_memory(err);
	if (!rc && text.disc->regions)
		rc = sp_store_limits(text.disc, err);
	if (!rc)
		rc = sp_store_checkpoint(store, err);
	if (!rc && !sp_store_unchanged(&store->text, &text))
		rc = sp_store_describe(store, &text, err);
	if (rc < 0) {
		sp_disc_free(text.disc);
		free(text.recorder);
		return rc;
	}
	sp_disc_free(store->text.disc);
	free(store->text.recorder);
	store->text = text;
	return 0;
}

struct store_source {
	struct sp_source source;
	struct sp_store *store;
};

static int store_source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	return sp_store_read(((struct store_source *)src)->store, span, err);
}

static void store_source_close(struct sp_source *src)
{
	sp_store_close(((struct store_source *)src)->store);
	sp_disc_free(src->disc);
	free(src);
}

int sp_store_source(struct sp_source **out, struct sp_store *store, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = store_source_read,
						 .close = store_source_close};
	if (!store->text.disc->regions)
		return sp_fail(err, SP_ERR_FORMAT, "%s: a blank disc: nothing is recorded on it",
			       store->io->name);
	struct store_source *src = malloc(sizeof(*src));
	struct sp_disc *disc = sp_disc_copy(store->text.disc);

	if (!src || !disc) {
		free(src);
		sp_disc_free(disc);
		return sp_fail_memory(err);
	}
	*src = (struct store_source){{&ops, disc, 0}, store};
	*out = &src->source;
	return 0;
}
