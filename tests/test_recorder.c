/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discs of every shape are recorded by our own writer and come back as they were sent: sectors,
 * sub-channel, TOC, indexes, codes, flags, CD-Text. */
#include "drive/mmc_write.h"
#include "drive/reader.h"

#include <spindle/burn.h>

#include "disc/sector.h"
#include "stream/store.h"
#include "tests/layouts.h"
#include "tests/recorder_bench.h"

enum { RAW_SUB = 2352 + 96 };

/* Record `src` as asked; the status. */
static int record(struct bench *b, struct sp_source *src, const struct sp_burn *burn,
		  struct sp_losses *losses, struct sp_error *err)
{
	struct sp_sink *sink;
	int r = sp_recorder_open(&sink, b->transport, src->disc, burn, err);

	if (r < 0)
		return r;
	struct sp_copy copy = {.source = src, .sink = sink};
	r = sp_copy(&copy, err);
	if (losses)
		*losses = copy.losses;
	sp_sink_close(sink);
	return r;
}

/* The image that the drive kept, as any program that opens images finds it. */
static struct sp_source *recorded(struct bench *b)
{
	struct sp_store *store;
	struct sp_source *src = NULL;
	struct sp_error err = {0};
	struct sp_io *io;

	if (sp_io_open_file(&io, b->path, &err) || sp_store_open(&store, io, &err) ||
	    sp_store_source(&src, store, &err) || sp_disc_check(src->disc, &err))
		fail_msg("%s", err.text);
	return src;
}

static void same_facts(const char *name, const struct sp_disc *want, const struct sp_disc *got)
{
	print_message("%s\n", name);
	assert_int_equal(got->sessions, want->sessions);
	for (size_t i = 0; i < want->sessions; i++) {
		assert_int_equal(got->session[i].lead_out, want->session[i].lead_out);
		assert_int_equal(got->session[i].type, want->session[i].type);
	}
	assert_int_equal(got->tracks, want->tracks);
	for (size_t i = 0; i < want->tracks; i++) {
		const struct sp_track *w = &want->track[i], *g = &got->track[i];

		assert_int_equal(g->number, w->number);
		assert_int_equal(g->session, w->session);
		assert_int_equal(g->control, w->control);
		assert_int_equal(g->start, w->start);
		assert_int_equal(g->length, w->length);
		assert_string_equal(g->isrc, w->isrc);
		for (unsigned k = 1; k <= SP_INDEX_MAX; k++)
			assert_int_equal(g->index[k], w->index[k]);
		/* the first track of a session always has its pause */
		if (w->index[0] != SP_LBA_NONE)
			assert_int_equal(g->index[0], w->index[0]);
	}
	assert_string_equal(got->mcn, want->mcn);
	size_t texts = 0;
	for (size_t i = 0; i < want->texts; i++) {
		const struct sp_text *text = &want->text[i];
		const char *found = sp_disc_block_text(got, text->block, text->track, text->type);

		assert_non_null(found);
		assert_string_equal(found, text->text);
		texts++;
	}
	assert_int_equal(got->texts, texts);
}

/* What of a sector of the source lies on the disc: all 2352 bytes, and P-W. */
static void sector_of(struct sp_source *src, const struct sp_region *region, sp_lba lba, bool sub,
		      uint8_t sector[RAW_SUB], bool *generated)
{
	uint8_t data[2900];
	uint16_t state = 0;
	struct sp_error err = {0};
	struct sp_span span = {.lba = lba,
			       .count = 1,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = data,
			       .state = &state};

	if (sp_source_read(src, &span, &err))
		fail_msg("%s", err.text);
	*generated = state & SP_STATE_GENERATED;
	if (!*generated && sp_sector_convert(src->disc, region->mode, region->parts,
					     SP_PART_MAIN | (sub ? SP_PART_PW : 0u), lba, 1, data,
					     sector, NULL, NULL, &err))
		fail_msg("LBA %d: %s", (int)lba, err.text);
}

/* Every sector, by READ CD of the whole. Of those that no source stores nothing but zeros. */
static void same_sectors(const char *name, struct bench *b, struct sp_source *src, bool raw)
{
	for (size_t i = 0; i < src->disc->regions; i++) {
		const struct sp_region *region = &src->disc->region[i];
		const bool sub = raw && region->parts & SP_PART_PW;

		if (region->kind == SP_REGION_GAP)
			continue;
		for (uint64_t k = 0; k < region->count; k++) {
			uint8_t want[RAW_SUB], got[RAW_SUB];
			const sp_lba lba = region->lba + (sp_lba)k;
			const struct sp_read_cd read = {.lba = lba,
							.count = 1,
							.select = 0xf8,
							.sub = sub,
							.timeout_ms = 1000,
							.data = got,
							.size = sub ? RAW_SUB : 2352};
			struct sp_error err = {0};
			bool generated;

			if (sp_mmc_read_cd(b->transport, &read, NULL, &err))
				fail_msg("%s: %s", name, err.text);
			sector_of(src, region, lba, sub, want, &generated);
			if (!generated && memcmp(got, want, read.size) != 0)
				fail_msg("%s: LBA %d is another sector", name, (int)lba);
			if (generated && region->mode == SP_MODE_AUDIO)
				for (unsigned n = 0; n < 2352; n++)
					assert_int_equal(got[n], 0);
			if (generated && region->mode != SP_MODE_AUDIO)
				assert_true(sp_sector_placed(region->mode, lba, got));
			if (generated && region->mode != SP_MODE_AUDIO)
				assert_int_equal(
					sp_sector_verify(sp_sector_protection(region->mode, got),
							 got),
					0);
		}
	}
}

/* A drive that reads from -150 on. */
#define IDEAL "lead-in -150\n"

static void record_and_compare(const struct layout *layout, const char *medium, unsigned mode)
{
	struct bench *b = bench_new(medium, IDEAL, NULL);
	struct sp_source *src = layout_source(layout, 11);
	const struct sp_burn burn = {.drive = "sim", .mode = mode};
	struct sp_error err = {0};
	struct sp_disc_info info;
	char name[64];

	snprintf(name, sizeof(name), "%s, %s, %u", layout->name, medium, mode);
	if (record(b, src, &burn, NULL, &err))
		fail_msg("%s: %s", name, err.text);
	assert_int_equal(sp_mmc_disc_info(b->transport, &info, &err), 0);
	assert_int_equal(info.status, 2);
	assert_int_equal(info.session_status, 3);
	/* the tray is open to be opened, and the next drive finds it too */
	assert_int_equal(sp_mmc_start(b->transport, SP_START_EJECT, &err), 0);
	bench_again(b, NULL, IDEAL, NULL);
	assert_int_equal(sp_mmc_settle(b->transport, "TEST UNIT READY", 10, NULL, &err), 0);
	struct sp_source *got = recorded(b);
	same_facts(name, src->disc, got->disc);
	sp_source_close(got);
	same_sectors(name, b, src, mode == SP_BURN_RAW);
	sp_source_close(src);
	bench_free(b);
}

static void a_session_at_once_is_not_what_was_sent(void **state)
{
	static const char *const names[] = {
		"data2048",   "one-sector", "mode1-raw",       "mode1-user", "mode2-raw",
		"mode2-user", "xa-raw",     "xa-2336",         "xa-form1",   "xa-form2",
		"audio",      "audio-3",    "audio-hidden",    "mixed",      "mixed-pregap",
		"cd-extra",   "sessions-3", "gaps-not-stored", "tracks-99",  "first-4",
		"indexes",    "codes",      "cd-text",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		record_and_compare(layout_named(names[i]), i % 2 ? "cd-r" : "cd-rw", SP_BURN_SAO);
}

static void a_raw_disc_is_not_what_was_sent(void **state)
{
	static const char *const names[] = {"data2048", "mode2-raw",    "xa-raw",  "xa-form2",
					    "mixed",    "mixed-pregap", "indexes", "codes",
					    "cd-text",  "sub-channel",  "first-4", "audio-hidden"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		record_and_compare(layout_named(names[i]), i % 2 ? "cd-rw" : "cd-r", SP_BURN_RAW);
}

/* A session that was added, from `shift` on: its tracks, and its sectors but for sync and header,
 * which hold their own address; what of mode 1 depends on that must fit. */
static void same_added(struct bench *b, struct sp_source *src, const struct sp_disc *got,
		       unsigned session, size_t first)
{
	const sp_lba shift = got->track[first].start - src->disc->track[0].start;

	for (size_t i = 0; i < src->disc->tracks; i++) {
		const struct sp_track *w = &src->disc->track[i], *g = &got->track[first + i];

		assert_int_equal(g->number, first + i + 1);
		assert_int_equal(g->session, session);
		assert_int_equal(g->control, w->control);
		assert_int_equal(g->start, w->start + shift);
		assert_int_equal(g->length, w->length);
		assert_string_equal(g->isrc, w->isrc);
	}
	for (size_t i = 0; i < src->disc->regions; i++) {
		const struct sp_region *region = &src->disc->region[i];

		for (uint64_t k = 0; region->stored && k < region->count; k++) {
			uint8_t want[RAW_SUB], sector[RAW_SUB];
			const sp_lba lba = region->lba + (sp_lba)k;
			const bool audio = region->mode == SP_MODE_AUDIO;
			const size_t from = audio ? 0 : 16;
			const size_t size = audio                           ? 2352
					    : region->mode == SP_MODE_MODE1 ? 2048
									    : 2336;
			const struct sp_read_cd read = {.lba = lba + shift,
							.count = 1,
							.select = 0xf8,
							.timeout_ms = 1000,
							.data = sector,
							.size = 2352};
			struct sp_error err = {0};
			bool generated;

			sector_of(src, region, lba, false, want, &generated);
			if (sp_mmc_read_cd(b->transport, &read, NULL, &err))
				fail_msg("%s", err.text);
			assert_memory_equal(sector + from, want + from, size);
			if (audio)
				continue;
			assert_true(sp_sector_placed(region->mode, lba + shift, sector));
			assert_int_equal(
				sp_sector_verify(sp_sector_protection(region->mode, sector),
						 sector),
				0);
		}
	}
}

static void a_session_that_is_added_is_not_what_was_sent(void **state)
{
	static const struct {
		const char *layout;
		sp_lba start; /* behind lead-out, lead-in and pause: 11250 or 6750 sectors, and 150
			       */
		size_t first;
	} table[] = {{"audio-3", 0, 0},
		     {"xa-raw", 75 + 11400, 3},
		     {"mixed", 75 + 11400 + 30 + 6900, 4},
		     {"codes", 75 + 11400 + 30 + 6900 + 70 + 6900, 7}};
	struct bench *b = bench_new("cd-r", IDEAL, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct sp_source *src = layout_source(layout_named(table[i].layout), 11);
		const struct sp_burn burn = {.drive = "sim", .multi = true};
		struct sp_error err = {0};
		struct sp_disc_info info;

		if (record(b, src, &burn, NULL, &err))
			fail_msg("%s: %s", table[i].layout, err.text);
		assert_int_equal(sp_mmc_disc_info(b->transport, &info, &err), 0);
		assert_int_equal(info.status, 1);
		assert_int_equal(info.session_status, 0);
		assert_int_equal(info.sessions, i + 2);
		bench_again(b, NULL, IDEAL, NULL);
		assert_int_equal(sp_mmc_settle(b->transport, "TEST UNIT READY", 10, NULL, &err), 0);
		struct sp_source *got = recorded(b);
		assert_int_equal(got->disc->sessions, i + 1);
		assert_int_equal(got->disc->track[table[i].first].start, table[i].start);
		assert_int_equal(got->disc->session[i].type, src->disc->session[0].type);
		same_added(b, src, got->disc, (unsigned)i + 1, table[i].first);
		sp_source_close(got);
		sp_source_close(src);
	}
	bench_free(b);
}

/* What a disc that is open for another session does not take: nothing is begun. */
static void what_cannot_be_added_is_begun(void **state)
{
	static const struct {
		const char *layout;
		unsigned mode;
		const char *why;
	} table[] = {
		{"audio", SP_BURN_RAW, "a disc of several sessions is not written raw"},
		{"sub-channel", SP_BURN_AUTO,
		 "the sub-channel it has can be written raw alone, and a disc of several sessions "
		 "is not"},
		{"cd-text", SP_BURN_AUTO,
		 "CD-Text is in the lead-in of a disc's first session, which is written; --lossy "
		 "burns without"},
		{"tracks-99", SP_BURN_AUTO, "there would be more than 99 tracks"},
		{"cd-extra", SP_BURN_AUTO,
		 "session 2 begins at LBA 22729; a CD recorder begins it at LBA 18229, and "
		 "addresses in it would be wrong"},
	};
	struct bench *b = bench_new("cd-r", NULL, NULL);
	struct sp_source *src = layout_source(layout_named("audio"), 3);
	const struct sp_burn first = {.drive = "sim", .multi = true};
	struct sp_error err = {0};
	struct sp_disc_info info;

	(void)state;
	if (record(b, src, &first, NULL, &err))
		fail_msg("%s", err.text);
	sp_source_close(src);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct sp_burn burn = {.drive = "sim", .multi = true, .mode = table[i].mode};

		src = layout_source(layout_named(table[i].layout), 3);
		if (record(b, src, &burn, NULL, &err) >= 0)
			fail_msg("%s was added", table[i].layout);
		assert_string_equal(err.text, table[i].why);
		assert_int_equal(sp_mmc_disc_info(b->transport, &info, &err), 0);
		assert_int_equal(info.sessions, 2);
		assert_int_equal(info.session_status, 0);
		sp_source_close(src);
	}
	bench_free(b);
}

/* Which address of the lead-in a cue sheet with CD-Text has, drives differ in. */
static void one_kind_of_drive_gets_no_cd_text(void **state)
{
	static const char *const profiles[] = {"", "refuse cd-text-address\n"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench *b = bench_new("cd-r", profiles[i], NULL);
		struct sp_source *src = layout_source(layout_named("cd-text"), 11);
		const struct sp_burn burn = {.drive = "sim"};
		struct sp_error err = {0};

		if (record(b, src, &burn, NULL, &err))
			fail_msg("%s", err.text);
		struct sp_source *got = recorded(b);
		same_facts("cd-text", src->disc, got->disc);
		sp_source_close(got);
		sp_source_close(src);
		bench_free(b);
	}
}

/* What is in the drive, by our own reader, as `rip` and `verify` see it. */
static void our_reader_finds_another_disc(void **state)
{
	static const struct {
		const char *layout;
		unsigned mode;
	} table[] = {{"mixed", SP_BURN_SAO},      {"cd-extra", SP_BURN_SAO}, {"codes", SP_BURN_SAO},
		     {"audio-3", SP_BURN_RAW},    {"xa-raw", SP_BURN_SAO},   {"mixed", SP_BURN_RAW},
		     {"sub-channel", SP_BURN_RAW}};
	static struct sp_compared compared;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *b = bench_new("cd-r", IDEAL, NULL);
		struct sp_source *src = layout_source(layout_named(table[i].layout), 11),
				 *disc = NULL;
		const struct sp_burn burn = {.drive = "sim", .mode = table[i].mode};
		struct sp_error err = {0};
		struct sp_reader *reader;
		struct sp_sink *sink = NULL;

		if (record(b, src, &burn, NULL, &err))
			fail_msg("%s", err.text);
		bench_again(b, NULL, IDEAL, NULL);
		if (sp_reader_open(&reader, b->transport, NULL, &err) ||
		    sp_reader_load(reader, &err) || sp_reader_survey(reader, &err) ||
		    sp_reader_source(&disc, reader, &err) ||
		    sp_sink_compare(&sink, src, &compared, &err))
			fail_msg("%s: %s", table[i].layout, err.text);
		b->transport = NULL;
		struct sp_copy copy = {.source = disc, .sink = sink};
		if (sp_copy(&copy, &err))
			fail_msg("%s: %s", table[i].layout, err.text);
		print_message("%s: %u same, %u differ, %u and %u alone, %u blank: %s\n",
			      table[i].layout, (unsigned)compared.same, (unsigned)compared.differ,
			      (unsigned)compared.only_a, (unsigned)compared.only_b,
			      (unsigned)compared.blank, compared.layout);
		assert_int_equal(compared.differ, 0);
		assert_true(compared.same >= sp_disc_stored(src->disc));
		assert_int_equal(compared.only_b, 0);
		assert_int_equal(compared.only_a, compared.blank);
		assert_string_equal(compared.layout, "");
		sp_sink_close(sink);
		sp_source_close(disc);
		sp_source_close(src);
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_at_once_is_not_what_was_sent),
		cmocka_unit_test(a_raw_disc_is_not_what_was_sent),
		cmocka_unit_test(a_session_that_is_added_is_not_what_was_sent),
		cmocka_unit_test(what_cannot_be_added_is_begun),
		cmocka_unit_test(one_kind_of_drive_gets_no_cd_text),
		cmocka_unit_test(our_reader_finds_another_disc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
