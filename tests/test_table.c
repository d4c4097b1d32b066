/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every format of the table against every layout: a new format is tested by being in the table. */
#include "tests/sweep.h"
#include "tests/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sp_compared compared;

/* What a format must be able to hold, so that "does not fit" is no way out. Others are free. */
static const struct {
	const char *format, *layout;
	bool fits;
} table_known[] = {
	{"iso", "data2048", true},
	{"iso", "one-sector", true},
	{"iso", "mode1-raw", true},
	{"iso", "mode1-user", true},
	{"iso", "xa-form1", true},
	{"iso", "dvd", true},
	{"iso", "audio", false},
	{"iso", "mixed", false},
	{"iso", "block", false},
	{"iso", "codes", false},
	{"iso", "cd-text", false},
	{"iso", "indexes", false},
	{"iso", "mode2-raw", false},
	{"iso", "xa-raw", false},
	{"iso", "sessions-3", false},
	{"cue", "data2048", true},
	{"cue", "mode1-raw", true},
	{"cue", "mode1-user", true},
	{"cue", "mode2-raw", true},
	{"cue", "mode2-user", true},
	{"cue", "xa-raw", true},
	{"cue", "xa-2336", true},
	{"cue", "audio", true},
	{"cue", "audio-3", true},
	{"cue", "audio-hidden", true},
	{"cue", "mixed", true},
	{"cue", "gaps-not-stored", true},
	{"cue", "cd-extra", true},
	{"cue", "sessions-3", true},
	{"cue", "tracks-99", true},
	{"cue", "indexes", true},
	{"cue", "codes", true},
	{"cue", "cd-text", true},
	{"cue", "first-4", true},
	{"cue", "gd-rom", true},
	{"cue", "block", false},
	{"ccd", "data2048", true},
	{"ccd", "mode1-raw", true},
	{"ccd", "mode1-user", true},
	{"ccd", "mode2-raw", true},
	{"ccd", "mode2-user", true},
	{"ccd", "xa-raw", true},
	{"ccd", "xa-2336", true},
	{"ccd", "xa-form1", true},
	{"ccd", "xa-form2", true},
	{"ccd", "audio", true},
	{"ccd", "audio-3", true},
	{"ccd", "audio-hidden", true},
	{"ccd", "gaps-not-stored", true},
	{"ccd", "mixed", true},
	{"ccd", "mixed-pregap", true},
	{"ccd", "cd-extra", true},
	{"ccd", "sessions-3", true},
	{"ccd", "gap-stored", false},
	{"ccd", "tracks-99", true},
	{"ccd", "first-4", true},
	{"ccd", "indexes", true},
	{"ccd", "codes", true},
	{"ccd", "cd-text", true},
	{"ccd", "sub-channel", true},
	{"ccd", "gd-rom", false},
	{"ccd", "block", false},
	{"dmg", "block", true},
	{"dmg", "data2048", true},
	{"dmg", "dvd", true},
	{"dmg", "one-sector", true},
	{"dmg", "audio", false},
	{"dmg", "mode1-raw", false},
	{"img", "block", true},
	{"img", "data2048", false},
	{"img", "audio", false},
	{"img", "mode1-raw", false},
	{"raw", "data2048", true},
	{"raw", "one-sector", true},
	{"raw", "mode1-raw", true},
	{"raw", "mode1-user", true},
	{"raw", "mode2-raw", true},
	{"raw", "mode2-user", true},
	{"raw", "xa-raw", true},
	{"raw", "xa-2336", true},
	{"raw", "xa-form1", true},
	{"raw", "xa-form2", true},
	{"raw", "audio", true},
	{"raw", "audio-3", false},
	{"raw", "mixed", false},
	{"raw", "cd-extra", false},
	{"raw", "sub-channel", false},
	{"raw", "block", false},
	{"store", "data2048", true},
	{"store", "mode1-raw", true},
	{"store", "mixed", true},
	{"store", "sub-channel", true},
	{"store", "sessions-3", true},
	{"store", "block", true},
	{"store", "dvd-layers", true},
	{"store", "codes", true},
	{"store", "cd-text", true},
};

static void table_expect(const struct trial *trial, bool fits)
{
	for (size_t i = 0; i < sizeof(table_known) / sizeof(table_known[0]); i++)
		if (!trial->option.key && !strcmp(table_known[i].format, trial->format->name) &&
		    !strcmp(table_known[i].layout, trial->layout->name) &&
		    table_known[i].fits != fits)
			fail_msg("%s: %s", trial_text(trial),
				 fits ? "should not fit" : "should fit");
}

static bool table_works(const struct sp_format *format)
{
	return format->create && format->open;
}

/* Everything that must hold of a trial; returns whether the layout fits. */
static bool table_round(struct trial *trial)
{
	struct sp_error err = {0};
	struct sp_source *source;
	const int fits = trial_create(trial, NULL, true, &err);
	const struct sp_losses scanned = trial->losses;
	const int r = trial_create(trial, NULL, false, &err);

	if (fits != r)
		fail_msg("%s: scan says %d, copy %d: %s", trial_text(trial), fits, r, err.text);
	if (r) {
		/* unsupported: only where the sectors cannot be made at all */
		if ((r != SP_ERR_LOSSY && r != SP_ERR_UNSUPPORTED) || err.status != r)
			fail_msg("%s: %d, %s", trial_text(trial), r, err.text);
		if (!err.text[0] || trial->finishes)
			fail_msg("%s: refused, but finished or without a word", trial_text(trial));
		if (r == SP_ERR_LOSSY && !sp_losses_any(&scanned))
			fail_msg("%s: a loss that is not counted", trial_text(trial));
		return false;
	}
	assert_int_equal(trial->finishes, 1);
	trial->notes = 0;
	if (trial_open(trial, NULL, &source, &err))
		fail_msg("%s: %s", trial_text(trial), err.text);
	if (sp_disc_check(source->disc, &err))
		fail_msg("%s: opened as no sound disc: %s", trial_text(trial), err.text);
	if (trial_compare(trial, source, &compared, &err))
		fail_msg("%s: %s", trial_text(trial), err.text);
	if (compared.layout[0])
		fail_msg("%s: layout: %s", trial_text(trial), compared.layout);
	/* silence that only one of them stores is what the other reads as */
	if (compared.differ || compared.only_a + compared.only_b != compared.blank ||
	    !compared.same)
		fail_msg("%s: of %" PRIu64 " sectors %" PRIu64 " differ, %" PRIu64 " and %" PRIu64
			 " on one side only, first at %" PRId64,
			 trial_text(trial), compared.sectors, compared.differ, compared.only_a,
			 compared.only_b, compared.difference[0].lba);
	return true;
}

static void every_layout_that_fits_comes_back_equal(void **unused)
{
	(void)unused;
	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		unsigned fit = 0, all = 0;

		for (const struct layout *l = layouts; table_works(*f) && l->name; l++) {
			struct trial trial;

			if (l->flags & LAYOUT_HUGE)
				continue;
			trial_init(&trial, *f, l, NULL);
			const bool fits = table_round(&trial);
			table_expect(&trial, fits);
			fit += fits;
			all++;
			trial_clear(&trial);
		}
		printf("# %s: holds %u of %u layouts\n", (*f)->name, fit, all);
		assert_true(fit || !all);
	}
}

static void every_value_of_every_option_comes_back_equal(void **unused)
{
	(void)unused;
	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		struct sp_option option;
		char value[32];

		for (unsigned i = 0; table_works(*f) && trial_option(*f, i, &option, value); i++) {
			unsigned fit = 0;

			for (const struct layout *l = layouts; l->name; l++) {
				struct trial trial;

				if (l->flags & LAYOUT_HUGE)
					continue;
				trial_init(&trial, *f, l, &option);
				fit += table_round(&trial);
				trial_clear(&trial);
			}
			printf("# %s -O %s=%s: holds %u\n", (*f)->name, option.key, value, fit);
			assert_true(fit);
		}
	}
}

/* The layouts that stand for all in the sweeps, with all the others by SPINDLE_LONG. */
static bool table_sweeps(const struct trial *trial)
{
	return (trial->layout->flags & LAYOUT_FEW) || getenv("SPINDLE_LONG");
}

static void table_each(void (*sweep)(struct trial *trial))
{
	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		for (const struct layout *l = layouts; table_works(*f) && l->name; l++) {
			struct sp_option option;
			char value[32];
			struct sp_error err;

			if (l->flags & LAYOUT_HUGE)
				continue;
			for (unsigned i = 0;; i++) {
				struct trial trial;

				if (i && !trial_option(*f, i - 1, &option, value))
					break;
				trial_init(&trial, *f, l, i ? &option : NULL);
				if (table_sweeps(&trial) &&
				    !trial_create(&trial, NULL, false, &err))
					sweep(&trial);
				trial_clear(&trial);
			}
		}
	}
}

static void sweep_pipe(struct trial *trial)
{
	struct double_faults faults = {.sequential = true};
	struct sp_error err = {0};
	uint64_t size, piped_size;

	if (!(trial->format->flags & SP_FORMAT_STREAMS))
		return;
	const uint8_t *data = sp_memory_get(trial->mem, trial->name, &size);
	uint8_t *plain = malloc(size);
	memcpy(plain, data, size);
	if (trial_create(trial, &faults, false, &err))
		fail_msg("%s: to a pipe: %s", trial_text(trial), err.text);
	data = sp_memory_get(trial->mem, trial->name, &piped_size);
	assert_int_equal(faults.seen.broken, 0);
	assert_int_equal(sp_memory_count(trial->mem), 1);
	assert_int_equal(piped_size, size);
	assert_memory_equal(data, plain, size);
	free(plain);
}

static void a_format_that_streams_writes_to_a_pipe(void **unused)
{
	(void)unused;
	table_each(sweep_pipe);
}

/* Calls 1…n, but of many only the ends and a sample between. */
static unsigned table_next(unsigned i, unsigned n)
{
	const unsigned step = (unsigned)sweep_step(n, 150), ends = sweep_sanitized() ? 6 : 40;

	return i < ends || i + ends > n ? i + 1 : i + step;
}

static void sweep_create(struct trial *trial)
{
	struct double_faults count = {.kinds = DOUBLE_CALLS};
	struct sp_error err = {0};

	assert_int_equal(trial_create(trial, &count, false, &err), 0);
	for (unsigned i = 1; i <= count.count; i = table_next(i, count.count)) {
		for (unsigned forever = 0; forever < 2; forever++) {
			struct double_faults faults = {
				.kinds = DOUBLE_CALLS, .nth = i, .forever = forever};

			err = (struct sp_error){0};
			const int r = trial_create(trial, &faults, false, &err);
			if (!faults.failed)
				fail_msg("%s: call %u never came", trial_text(trial), i);
			if (r != SP_ERR_IO || err.status != r || !err.text[0])
				fail_msg("%s: call %u of %u fails%s: %d, %s", trial_text(trial), i,
					 count.count, forever ? " and all later ones" : "", r,
					 err.text);
		}
	}
}

static void a_failing_call_is_never_a_made_image(void **unused)
{
	(void)unused;
	table_each(sweep_create);
}

static void sweep_open(struct trial *trial)
{
	struct double_faults count = {.kinds = DOUBLE_CALLS};
	struct sp_error err = {0};
	struct sp_source *source;

	assert_int_equal(trial_open(trial, &count, &source, &err), 0);
	assert_int_equal(trial_compare(trial, source, &compared, &err), 0);
	for (unsigned i = 1; i <= count.count; i = table_next(i, count.count)) {
		for (unsigned forever = 0; forever < 2; forever++) {
			struct double_faults faults = {
				.kinds = DOUBLE_CALLS, .nth = i, .forever = forever};

			err = (struct sp_error){0};
			int r = trial_open(trial, &faults, &source, &err);
			if (!r)
				r = trial_compare(trial, source, &compared, &err);
			/* a look at what is only told in notes may fail without harm */
			if (!r && (forever || compared.layout[0] || compared.differ ||
				   compared.only_a || compared.only_b))
				fail_msg("%s: call %u of %u fails%s, and all seems well",
					 trial_text(trial), i, count.count,
					 forever ? " and all later ones" : "");
			if (r && (r != SP_ERR_IO || err.status != r || !err.text[0]))
				fail_msg("%s: call %u of %u fails: %d, %s", trial_text(trial), i,
					 count.count, r, err.text);
		}
	}
}

static void a_failing_call_is_never_a_whole_disc(void **unused)
{
	(void)unused;
	table_each(sweep_open);
}

/* Open what is cut and read it all. An error is right; else the sectors that came must be the
 * pattern's, but for those that say they are not. */
static int table_read_cut(struct trial *trial, struct sp_compared *found)
{
	struct sp_error err = {0};
	struct sp_source *source;
	int r = trial_open(trial, NULL, &source, &err);

	if (!r && sp_disc_check(source->disc, &err))
		fail_msg("%s: cut, and opened as no sound disc: %s", trial_text(trial), err.text);
	if (!r)
		r = trial_compare(trial, source, found, &err);
	if (r && (err.status != r || !err.text[0]))
		fail_msg("%s: cut: %d without a word", trial_text(trial), r);
	return r;
}

static void sweep_descriptor(struct trial *trial)
{
	struct sp_memory *whole = trial->mem;
	uint64_t size;

	sp_memory_get(whole, trial->name, &size);
	const bool sheet = sp_memory_count(whole) > 1;
	const uint64_t step = getenv("SPINDLE_LONG") ? size / 3000 + 1 : sweep_step(size, 700);
	unsigned opened = 0, refused = 0;
	for (uint64_t at = 0; at < size; at += at < 64 ? 1 : step) {
		trial->mem = whole;
		trial->mem = trial_cut(trial, trial->name, at);
		trial->notes = 0;
		const int r = table_read_cut(trial, &compared);

		/* whatever lines are gone: where the layout is whole, so are the sectors */
		if (!r && !trial->notes && !compared.layout[0] && compared.differ > trial->told)
			fail_msg("%s: cut at %" PRIu64 ": sectors out of place", trial_text(trial),
				 at);
		refused += r != 0;
		opened += !r;
		/* a sheet without its last lines can be a sheet of fewer tracks; sectors must be in
		 * their places all the same */
		if (!r && !sheet && !trial->notes && compared.differ > trial->told)
			fail_msg("%s: cut at %" PRIu64 ": garbage without a word",
				 trial_text(trial), at);
		sp_memory_free(trial->mem);
	}
	trial->mem = whole;
	if (!refused)
		fail_msg("%s: opens wherever it is cut (%u times)", trial_text(trial), opened);
}

static void a_descriptor_cut_at_any_byte_is_refused_or_read_right(void **unused)
{
	(void)unused;
	table_each(sweep_descriptor);
}

static void table_cut_data(struct trial *trial, const char *name, uint64_t size, uint64_t cut)
{
	struct sp_memory *whole = trial->mem;

	trial->mem = trial_cut(trial, name, size - cut);
	trial->notes = 0;
	const int r = table_read_cut(trial, &compared);
	/* a file that ends on a sector's end may be a shorter disc: fewer sectors, all right */
	const bool told = r || trial->notes || trial->told;
	if (!told && !compared.layout[0] && !compared.only_b)
		fail_msg("%s: %s cut by %" PRIu64 " bytes: not a word", trial_text(trial), name,
			 cut);
	if (!r && !trial->notes && compared.differ > trial->told)
		fail_msg("%s: %s cut by %" PRIu64 " bytes: garbage", trial_text(trial), name, cut);
	sp_memory_free(trial->mem);
	trial->mem = whole;
}

static void sweep_data(struct trial *trial)
{
	static const uint64_t cut[] = {1, 96, 511, 512, 2047, 2048, 2351, 2352, 2353, 4705};
	const size_t files = sp_memory_count(trial->mem);
	const char *name = sp_memory_name(trial->mem, files - 1);
	uint64_t size;

	/* what is missing of a sparse bundle is zeros, so says its format */
	if (trial->format->flags & SP_FORMAT_FOLDER)
		return;
	sp_memory_get(trial->mem, name, &size);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		if (cut[i] < size)
			table_cut_data(trial, name, size, cut[i]);
	table_cut_data(trial, name, size, size / 2);
	table_cut_data(trial, name, size, size - 1);
	table_cut_data(trial, name, size, size);
	/* the others: whatever comes must not break anything */
	for (size_t i = 1; i + 1 < files; i++) {
		struct sp_memory *whole = trial->mem;

		name = sp_memory_name(whole, i);
		sp_memory_get(whole, name, &size);
		trial->mem = trial_cut(trial, name, size - 1);
		table_read_cut(trial, &compared);
		sp_memory_free(trial->mem);
		trial->mem = whole;
		trial->mem = trial_cut(trial, name, 0);
		trial->notes = 0;
		if (!table_read_cut(trial, &compared) && !trial->notes && !trial->told)
			fail_msg("%s: %s empty: not a word, %" PRIu64 " sectors differ",
				 trial_text(trial), name, compared.differ);
		sp_memory_free(trial->mem);
		trial->mem = whole;
	}
}

static void a_data_file_cut_short_is_told(void **unused)
{
	(void)unused;
	table_each(sweep_data);
}

/* One byte of a few sectors flipped: a wrong EDC, a copy protection, a mastering fault. */
static void a_byte_that_is_not_what_it_should_be_is_kept_or_refused(void **unused)
{
	(void)unused;
	static const struct {
		const char *layout;
		size_t byte;
		unsigned loss;
	} row[] = {
		{"mode1-raw", 5, SP_LOSS_SYNC},      {"mode1-raw", 14, SP_LOSS_HEADER},
		{"mode1-raw", 2066, SP_LOSS_EDC},    {"mode1-raw", 2070, SP_LOSS_PARITY},
		{"mode1-raw", 2200, SP_LOSS_PARITY}, {"mode1-raw", 2351, SP_LOSS_PARITY},
		{"xa-raw", 2350, SP_LOSS_EDC},       {"mixed", 2066, SP_LOSS_EDC},
		{"sub-channel", 2400, SP_LOSS_SUB},  {"xa-2336", 1, SP_LOSS_SUBHEADER},
		{"mode1-raw", 1000, SP_LOSS_EDC},
	};

	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		for (size_t i = 0; table_works(*f) && i < sizeof(row) / sizeof(row[0]); i++) {
			struct trial trial;
			struct sp_error err = {0};
			struct sp_source *source = NULL;

			trial_init(&trial, *f, layout_named(row[i].layout), NULL);
			trial.plan = (struct double_source_plan){
				.damage_at = 3, .damage_count = 4, .damage_byte = row[i].byte};
			const int r = trial_create(&trial, NULL, false, &err);
			/* a layout that does not fit says nothing of its sectors */
			const struct sp_losses *l = &trial.losses;
			if (l->count[row[i].loss])
				assert_in_range(l->first[row[i].loss], 3, 4);
			if (!strcmp((*f)->name, "iso") && !strcmp(row[i].layout, "mode1-raw"))
				assert_int_equal(l->count[row[i].loss], 4);
			if (!r && (trial_open(&trial, NULL, &source, &err) ||
				   trial_compare(&trial, source, &compared, &err)))
				fail_msg("%s: %s", trial_text(&trial), err.text);
			if (!r && compared.differ)
				fail_msg("%s: byte %zu: gone without a word", trial_text(&trial),
					 row[i].byte);
			if (r && r != SP_ERR_LOSSY)
				fail_msg("%s: byte %zu: %d, %s", trial_text(&trial), row[i].byte, r,
					 err.text);
			trial_clear(&trial);
		}
	}
}

static void what_a_source_learns_late_is_in_the_image(void **unused)
{
	(void)unused;
	const unsigned needs = SP_CARRY(SP_LOSS_ISRC) | SP_CARRY(SP_LOSS_INDEX);
	unsigned tried = 0;

	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		struct trial trial;
		struct sp_error err = {0};
		struct sp_source *source = NULL;

		if (!table_works(*f) || ((*f)->carries(NULL) & needs) != needs)
			continue;
		trial_init(&trial, *f, layout_named("audio-3"), NULL);
		trial.plan = (struct double_source_plan){.once = true, .late = true};
		if (trial_create(&trial, NULL, false, &err) ||
		    trial_open(&trial, NULL, &source, &err))
			fail_msg("%s: %s", trial_text(&trial), err.text);
		assert_string_equal(source->disc->track[0].isrc, "DEABC2400001");
		assert_int_equal(source->disc->track[0].index[2], source->disc->track[0].start + 1);
		sp_source_close(source);
		trial_clear(&trial);
		tried++;
	}
	assert_true(tried >= 2);
}

static void every_format_says_what_it_is(void **unused)
{
	(void)unused;
	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		assert_ptr_equal(sp_format_named((*f)->name), *f);
		assert_non_null((*f)->summary);
		assert_non_null((*f)->extension);
		if (!(*f)->unwrap) /* what wraps others has their extensions */
			assert_non_null((*f)->extension[0]);
		assert_true((*f)->probe || (*f)->magic);
		assert_int_equal(!(*f)->create, !(*f)->carries);
		if ((*f)->create) {
			char path[40];

			snprintf(path, sizeof(path), "a.b%s", (*f)->extension[0]);
			assert_ptr_equal(sp_format_for_path(path), *f);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_says_what_it_is),
		cmocka_unit_test(every_layout_that_fits_comes_back_equal),
		cmocka_unit_test(every_value_of_every_option_comes_back_equal),
		cmocka_unit_test(a_format_that_streams_writes_to_a_pipe),
		cmocka_unit_test(a_failing_call_is_never_a_made_image),
		cmocka_unit_test(a_failing_call_is_never_a_whole_disc),
		cmocka_unit_test(a_descriptor_cut_at_any_byte_is_refused_or_read_right),
		cmocka_unit_test(a_data_file_cut_short_is_told),
		cmocka_unit_test(a_byte_that_is_not_what_it_should_be_is_kept_or_refused),
		cmocka_unit_test(what_a_source_learns_late_is_in_the_image),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
