/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps every test of the format table takes. */
#include "tests/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void trial_note(void *user, const char *text)
{
	struct trial *trial = user;

	(void)text;
	trial->notes++;
}

void trial_init(struct trial *trial, const struct sp_format *format, const struct layout *layout,
		const struct sp_option *option)
{
	*trial = (struct trial){.format = format, .layout = layout, .mem = sp_memory_new()};
	if (option)
		trial->option = *option;
	if (!trial->mem)
		abort();
	snprintf(trial->name, sizeof(trial->name), "image%s", format->extension[0]);
}

void trial_clear(struct trial *trial)
{
	sp_memory_free(trial->mem);
	trial->mem = NULL;
}

static struct sp_source *trial_source(const struct trial *trial, struct double_seen *seen)
{
	return double_source(layout_source(trial->layout, TRIAL_SEED), &trial->plan, seen);
}

int trial_create(struct trial *trial, struct double_faults *faults, bool scan, struct sp_error *err)
{
	const struct sp_notes notes = {.fn = trial_note, .user = trial};
	const struct sp_options options = {
		.option = &trial->option, .options = trial->option.key != NULL, .notes = &notes};
	struct sp_copy copy = {.scan = scan, .notes = &notes};
	struct double_record record = {0};
	struct double_seen seen = {0};
	struct sp_io *io = NULL;

	sp_memory_free(trial->mem);
	trial->mem = sp_memory_new();
	trial->finishes = 0;
	int r = sp_memory_open(trial->mem, trial->name, true, &io, err);
	if (r)
		return r;
	if (faults)
		io = double_io(io, faults);
	r = trial->format->create(&copy.sink, io, &options, err);
	if (r) {
		sp_io_close(io);
		return r;
	}
	copy.sink = double_sink_spy(copy.sink, &record);
	copy.source = trial_source(trial, &seen);
	r = sp_copy(&copy, err);
	sp_sink_close(copy.sink);
	sp_source_close(copy.source);
	trial->losses = copy.losses;
	trial->finishes = record.finishes;
	if (record.seen.broken || seen.broken)
		abort();
	double_record_clear(&record);
	return r;
}

int trial_open(struct trial *trial, struct double_faults *faults, struct sp_source **out,
	       struct sp_error *err)
{
	const struct sp_notes notes = {.fn = trial_note, .user = trial};
	const struct sp_options options = {
		.option = &trial->option, .options = trial->option.key != NULL, .notes = &notes};
	const struct sp_format *found;
	struct sp_io *io = NULL;

	int r = sp_memory_open(trial->mem, trial->name, false, &io, err);
	if (r)
		return r;
	if (faults)
		io = double_io(io, faults);
	r = sp_identify(&found, io, err);
	if (!r && found != trial->format)
		r = sp_fail(err, SP_ERR_FORMAT, "taken for %s", found->name);
	if (!r)
		r = found->open(out, io, &options, err);
	if (r)
		sp_io_close(io);
	return r;
}

int trial_compare(struct trial *trial, struct sp_source *source, struct sp_compared *compared,
		  struct sp_error *err)
{
	struct double_seen seen = {0};
	struct sp_source *fresh = trial_source(trial, &seen);
	struct sp_copy copy = {.source = source};

	int r = sp_sink_compare(&copy.sink, fresh, compared, err);
	if (!r)
		r = sp_copy(&copy, err);
	trial->told = copy.tally.state[5] + copy.tally.state[6]; /* SP_STATE_UNREAD, PADDED */
	sp_sink_close(copy.sink);
	sp_source_close(source);
	sp_source_close(fresh);
	return r;
}

struct sp_memory *trial_cut(const struct trial *trial, const char *name, uint64_t size)
{
	struct sp_memory *cut = sp_memory_new();

	for (size_t i = 0; i < sp_memory_count(trial->mem); i++) {
		const char *file = sp_memory_name(trial->mem, i);
		uint64_t whole;
		const uint8_t *data = sp_memory_get(trial->mem, file, &whole);

		if (sp_memory_put(cut, file, data, strcmp(file, name) ? whole : size))
			abort();
	}
	return cut;
}

bool trial_option(const struct sp_format *format, unsigned i, struct sp_option *option,
		  char value[32])
{
	for (const struct sp_format_option *o = format->option; o && o->key; o++) {
		const char *at = strchr(o->values, '|');

		for (; at; at = strchr(at + 1, '|')) {
			if (i--)
				continue;
			snprintf(value, 32, "%.*s", (int)strcspn(at + 1, "|"), at + 1);
			*option = (struct sp_option){.key = o->key, .value = value};
			return true;
		}
	}
	return false;
}

const char *trial_text(const struct trial *trial)
{
	static char text[120];

	snprintf(text, sizeof(text), "%s%s%s%s%s, %s", trial->format->name,
		 trial->option.key ? " -O " : "", trial->option.key ? trial->option.key : "",
		 trial->option.key ? "=" : "", trial->option.key ? trial->option.value : "",
		 trial->layout->name);
	return text;
}
