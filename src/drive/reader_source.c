/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disc in a drive as a source: for looking, hashing and comparing, with modest retries. */
#include "drive/reader_own.h"

#include <stdlib.h>
#include <string.h>

#define SOURCE_TRIES 4   /* of a sector that failed in company */
#define SOURCE_WAIT  500 /* ms */
#define SOURCE_WAITS 60

struct reader_source {
	struct sp_source source;
	struct sp_reader *reader;
	char *identity;
};

/* Whether it makes sense to ask again; waits where it has to. */
static int source_recover(struct reader_source *s, const struct sp_read *read, unsigned *waits,
			  struct sp_error *err)
{
	struct sp_reader *reader = s->reader;
	const char *name = reader->transport->name;
	char why[128];

	switch (read->outcome) {
	case SP_READ_PROTECTED:
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: LBA %lld is copy protected; spindle does not get around that",
			       name, (long long)read->lba);
	case SP_READ_GONE:
		return sp_fail(err, SP_ERR_DEVICE, "%s: LBA %lld: %s", name, (long long)read->lba,
			       sp_reader_reason(read, why, sizeof(why)));
	case SP_READ_NOT_READY:
		if (++*waits > SOURCE_WAITS)
			return sp_fail(err, SP_ERR_DEVICE, "%s: LBA %lld: %s", name,
				       (long long)read->lba,
				       sp_reader_reason(read, why, sizeof(why)));
		sp_reader_wait(reader, SOURCE_WAIT);
		return 0;
	case SP_READ_CHANGED:
		if (++*waits > SOURCE_WAITS)
			return sp_fail(err, SP_ERR_DEVICE, "%s: the disc changes again and again",
				       name);
		const int r = sp_reader_load(reader, err);
		if (r < 0)
			return r;
		if (strcmp(sp_reader_disc_identity(reader), s->identity) != 0)
			return sp_fail(err, SP_ERR_DEVICE,
				       "%s: the disc was changed for another one", name);
		return 0;
	default:
		return 0;
	}
}

static bool source_again(unsigned outcome)
{
	return outcome == SP_READ_NOT_READY || outcome == SP_READ_CHANGED;
}

/* One attempt that got an answer about sectors. */
static int source_attempt(struct reader_source *s, struct sp_read *read, struct sp_error *err)
{
	unsigned waits = 0;
	int r;

	do {
		r = sp_reader_read(s->reader, read, err);
		if (!r && read->outcome != SP_READ_DONE)
			r = source_recover(s, read, &waits, err);
	} while (!r && source_again(read->outcome));
	return r;
}

static int source_retry(struct reader_source *s, struct sp_read *read, struct sp_error *err)
{
	for (unsigned i = 0; i < SOURCE_TRIES; i++) {
		read->flags = i ? SP_READ_FLUSH : 0;
		const int r = source_attempt(s, read, err);

		if (r < 0 || !(read->state[0] & SP_STATE_UNREAD))
			return r;
		if (read->outcome == SP_READ_REFUSED)
			return 0;
	}
	return 0;
}

static int source_read(struct sp_source *source, struct sp_span *span, struct sp_error *err)
{
	struct reader_source *s = (struct reader_source *)source;
	const struct sp_region *region = sp_disc_region(source->disc, span->lba);
	const bool cd = source->disc->medium == SP_MEDIUM_CD;
	uint32_t done = 0;

	if (!region || !region->stored) {
		memset(span->data, 0, span->count * span->stride);
		for (uint32_t i = 0; i < span->count; i++)
			span->state[i] |= SP_STATE_GENERATED;
		return 0;
	}
	while (done < span->count) {
		struct sp_read read = {.lba = span->lba + done,
				       .count = span->count - done,
				       .parts = cd ? SP_PART_MAIN : SP_PART_USER,
				       .mode = region->mode,
				       .data = span->data + done * span->stride,
				       .state = span->state + done};
		const uint32_t most = sp_reader_max_count(s->reader, read.parts);
		if (read.count > most)
			read.count = most;
		const uint32_t count = read.count;
		int r = source_attempt(s, &read, err);
		for (uint32_t i = 0; !r && i < count; i++) {
			struct sp_read one = {.lba = span->lba + done + i,
					      .count = 1,
					      .parts = read.parts,
					      .mode = region->mode,
					      .data = read.data + i * span->stride,
					      .state = read.state + i};

			if (read.state[i] & SP_STATE_UNREAD)
				r = source_retry(s, &one, err);
		}
		if (r < 0)
			return r;
		done += count;
	}
	return 0;
}

static void source_close(struct sp_source *source)
{
	struct reader_source *s = (struct reader_source *)source;

	sp_reader_close(s->reader);
	sp_disc_free(source->disc);
	free(s->identity);
	free(s);
}

int sp_reader_source(struct sp_source **out, struct sp_reader *reader, struct sp_error *err)
{
	static const struct sp_source_ops ops = {.read = source_read, .close = source_close};

	if (!reader->disc)
		return sp_fail(err, SP_ERR_USAGE, "%s: no disc was loaded",
			       reader->transport->name);
	struct reader_source *s = calloc(1, sizeof(*s));
	if (s) {
		s->source = (struct sp_source){&ops, sp_disc_copy(reader->disc), 0};
		s->identity = strdup(reader->disc_identity ? reader->disc_identity : "");
		s->reader = reader;
	}
	if (!s || !s->source.disc || !s->identity) {
		if (s) {
			sp_disc_free(s->source.disc);
			free(s->identity);
		}
		free(s);
		return sp_fail_memory(err);
	}
	*out = &s->source;
	return 0;
}
