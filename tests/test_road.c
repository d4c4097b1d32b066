/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The road under load: sp_copy between ends that do all a contract allows. */
#include "tests/doubles.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 7, LONG_DISC = 30000 };

static struct sp_source *road_long(void)
{
	return layout_source(layout_named("mode1-long"), SEED);
}

static void road_sound(const struct double_seen *seen)
{
	if (seen->broken)
		fail_msg("%s", seen->text);
}

/* Everything a recording sink kept is what `name`'s pattern gives in the parts of the source. */
static void road_assert_kept(const struct double_record *record, const char *name)
{
	struct sp_source *fresh = layout_source(layout_named(name), SEED);
	uint8_t sector[2352 + 96];
	uint16_t state;
	size_t at = 0;

	for (size_t i = 0; i < fresh->disc->regions; i++) {
		const struct sp_region *region = &fresh->disc->region[i];

		for (uint64_t n = 0; region->stored && n < region->count; n++) {
			struct sp_span span = {.lba = region->lba + (sp_lba)n,
					       .count = 1,
					       .mode = region->mode,
					       .parts = region->parts,
					       .stride =
						       sp_sector_size(region->mode, region->parts),
					       .data = sector,
					       .state = &state};

			assert_int_equal(sp_source_read(fresh, &span, NULL), 0);
			assert_true(at + span.stride <= record->size);
			if (memcmp(record->data + at, sector, span.stride))
				fail_msg("%s: LBA %" PRId64 " differs", name, span.lba);
			at += span.stride;
		}
	}
	assert_int_equal(at, record->size);
	sp_source_close(fresh);
}

static void every_layout_is_a_sound_disc(void **unused)
{
	(void)unused;
	for (const struct layout *layout = layouts; layout->name; layout++) {
		struct sp_disc *disc = layout_build(layout);
		struct sp_error err = {0};

		if (sp_disc_check(disc, &err))
			fail_msg("%s: %s", layout->name, err.text);
		sp_disc_free(disc);
	}
}

static void every_layout_arrives_whole_and_in_order(void **unused)
{
	(void)unused;
	for (const struct layout *layout = layouts; layout->name; layout++) {
		if (layout->flags & LAYOUT_HUGE)
			continue;
		struct double_record record = {0};
		struct double_seen seen = {0};
		const struct double_source_plan from = {.once = true};
		const struct double_sink_plan to = {.carries = SP_CARRY_ALL, .keep = true};
		struct sp_copy copy = {
			.source = double_source(layout_source(layout, SEED), &from, &seen),
			.sink = double_sink(&to, &record)};
		struct sp_error err = {0};

		if (sp_copy(&copy, &err))
			fail_msg("%s: %s", layout->name, err.text);
		assert_int_equal(record.begins, 1);
		assert_int_equal(record.finishes, 1);
		assert_int_equal(record.sectors, sp_disc_stored(copy.source->disc));
		assert_int_equal(copy.tally.sectors, record.sectors);
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&seen);
		road_sound(&record.seen);
		road_assert_kept(&record, layout->name);
		double_record_clear(&record);
	}
}

static void a_once_only_source_is_spooled_for_a_sink_that_reads_it_first(void **unused)
{
	(void)unused;
	static const char *const name[] = {"mixed", "data2048", "audio-hidden", "sub-channel"};

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct double_record record = {0};
		struct double_seen seen = {0};
		const struct double_source_plan from = {.once = true, .proof = DOUBLE_PROOF_RIGHT};
		const struct double_sink_plan to = {.flags = SP_SINK_READS_SOURCE,
						    .carries = SP_CARRY_ALL,
						    .keep = true,
						    .read_in_begin = 3};
		struct sp_source *inner = layout_source(layout_named(name[i]), SEED);
		struct sp_copy copy = {.source = double_source(inner, &from, &seen),
				       .sink = double_sink(&to, &record)};
		struct sp_error err = {0};

		if (sp_copy(&copy, &err))
			fail_msg("%s: %s", name[i], err.text);
		assert_int_equal(record.finishes, 1);
		assert_int_equal(copy.tally.proofs, 1);
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&seen);
		road_sound(&record.seen);
		road_assert_kept(&record, name[i]);
		double_record_clear(&record);
	}
}

static void what_a_source_learns_on_the_way_reaches_finish(void **unused)
{
	(void)unused;
	for (unsigned spooled = 0; spooled < 2; spooled++) {
		struct double_record record = {0};
		struct double_seen seen = {0};
		const struct double_source_plan from = {.once = true, .late = true};
		const struct double_sink_plan to = {.flags = spooled ? SP_SINK_READS_SOURCE : 0,
						    .carries = SP_CARRY_ALL,
						    .read_in_begin = spooled};
		struct sp_source *inner = layout_source(layout_named("audio-3"), SEED);
		struct sp_copy copy = {.source = double_source(inner, &from, &seen),
				       .sink = double_sink(&to, &record)};
		struct sp_error err = {0};

		if (sp_copy(&copy, &err))
			fail_msg("%s", err.text);
		assert_string_equal(record.disc->track[0].isrc, "DEABC2400001");
		assert_int_equal(record.disc->track[0].index[2], record.disc->track[0].start + 1);
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&seen);
		road_sound(&record.seen);
		double_record_clear(&record);
	}
}

static void what_a_source_learns_on_the_way_can_be_a_loss(void **unused)
{
	(void)unused;
	struct double_record record = {0};
	struct double_seen seen = {0};
	const struct double_source_plan from = {.once = true, .late = true};
	const struct double_sink_plan to = {.carries = SP_CARRY_ALL & ~SP_CARRY(SP_LOSS_ISRC)};
	struct sp_source *inner = layout_source(layout_named("audio-3"), SEED);
	struct sp_copy copy = {.source = double_source(inner, &from, &seen),
			       .sink = double_sink(&to, &record)};
	struct sp_error err = {0};

	assert_int_equal(sp_copy(&copy, &err), SP_ERR_LOSSY);
	assert_non_null(strstr(err.text, "ISRC"));
	assert_int_equal(record.finishes, 0);
	sp_source_close(copy.source);
	sp_sink_close(copy.sink);
	double_record_clear(&record);
}

static void a_wrong_proof_keeps_the_sink_from_finishing(void **unused)
{
	(void)unused;
	static const int want[] = {[DOUBLE_NO_PROOF] = 0,
				   [DOUBLE_PROOF_RIGHT] = 0,
				   [DOUBLE_PROOF_WRONG] = SP_ERR_FORMAT,
				   [DOUBLE_PROOF_ERROR] = SP_ERR_IO};

	for (unsigned proof = DOUBLE_NO_PROOF; proof <= DOUBLE_PROOF_ERROR; proof++) {
		struct double_record record = {0};
		struct double_seen seen = {0};
		const struct double_source_plan from = {.proof = proof};
		const struct double_sink_plan to = {.carries = SP_CARRY_ALL};
		struct sp_source *inner = layout_source(layout_named("data2048"), SEED);
		struct sp_copy copy = {.source = double_source(inner, &from, &seen),
				       .sink = double_sink(&to, &record)};
		struct sp_error err = {0};

		assert_int_equal(sp_copy(&copy, &err), want[proof]);
		assert_int_equal(err.status, want[proof]);
		assert_int_equal(record.finishes, !want[proof]);
		assert_int_equal(copy.tally.proofs, proof == DOUBLE_PROOF_RIGHT);
		if (proof == DOUBLE_PROOF_WRONG)
			assert_non_null(strstr(err.text, "55667788"));
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&record.seen);
		double_record_clear(&record);
	}
}

struct road_progress {
	char phases[200];
	const char *phase;
	uint64_t done, total;
	uint64_t stop_at; /* cancel once so many are done */
	unsigned calls;
	bool backwards;
};

static int road_progress(void *user, const struct sp_progress *progress)
{
	struct road_progress *p = user;

	p->calls++;
	if (!p->phase || strcmp(p->phase, progress->phase)) {
		const size_t used = strlen(p->phases);

		snprintf(p->phases + used, sizeof(p->phases) - used, "%s ", progress->phase);
	} else if (progress->done < p->done || progress->total != p->total) {
		p->backwards = true;
	}
	p->backwards |= progress->done > progress->total;
	p->phase = progress->phase;
	p->done = progress->done;
	p->total = progress->total;
	return p->stop_at && p->done >= p->stop_at;
}

static void progress_rises_to_its_total_phase_by_phase(void **unused)
{
	(void)unused;
	struct double_record record = {0};
	struct double_seen seen = {0};
	struct road_progress progress = {.phase = NULL};
	const struct double_source_plan from = {.proof = DOUBLE_PROOF_RIGHT, .delay = 5000};
	const struct double_sink_plan to = {.carries = SP_CARRY_ALL};
	struct sp_copy copy = {.source = double_source(road_long(), &from, &seen),
			       .sink = double_sink(&to, &record),
			       .progress = road_progress,
			       .user = &progress};
	struct sp_error err = {0};

	if (sp_copy(&copy, &err))
		fail_msg("%s", err.text);
	assert_false(progress.backwards);
	assert_true(progress.calls >= 4);
	assert_string_equal(progress.phases, "copying proving finishing ");
	assert_int_equal(progress.total, LONG_DISC);
	assert_int_equal(progress.done, LONG_DISC);
	sp_source_close(copy.source);
	sp_sink_close(copy.sink);
	double_record_clear(&record);
}

static void a_copy_stops_soon_when_its_progress_says_so(void **unused)
{
	(void)unused;
	for (unsigned slow_end = 0; slow_end < 2; slow_end++) {
		struct double_record record = {0};
		struct double_seen seen = {0};
		struct road_progress progress = {.stop_at = 1};
		const struct double_source_plan from = {.delay = slow_end ? 0 : 20000};
		const struct double_sink_plan to = {.carries = SP_CARRY_ALL,
						    .delay = slow_end ? 20000 : 0};
		struct sp_copy copy = {.source = double_source(road_long(), &from, &seen),
				       .sink = double_sink(&to, &record),
				       .progress = road_progress,
				       .user = &progress};
		struct sp_error err = {0};

		assert_int_equal(sp_copy(&copy, &err), SP_ERR_CANCELLED);
		assert_int_equal(err.status, SP_ERR_CANCELLED);
		assert_int_equal(record.finishes, 0);
		assert_true(record.sectors < LONG_DISC / 2);
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&record.seen);
		double_record_clear(&record);
	}
}

static void storing_stops_at_the_first_loss_and_counting_goes_on(void **unused)
{
	(void)unused;
	for (unsigned lossy = 0; lossy < 2; lossy++) {
		struct double_record record = {0};
		struct double_seen seen = {0};
		/* byte 2066 is in the EDC of mode 1 */
		const struct double_source_plan from = {
			.damage_at = 9000, .damage_count = 1234, .damage_byte = 2066};
		const struct double_sink_plan to = {.carries = SP_CARRY_ALL, .parts = SP_PART_USER};
		struct sp_copy copy = {.source = double_source(road_long(), &from, &seen),
				       .sink = double_sink(&to, &record),
				       .lossy = lossy};
		struct sp_error err = {0};

		assert_int_equal(sp_copy(&copy, &err), lossy ? 0 : SP_ERR_LOSSY);
		assert_int_equal(copy.losses.count[SP_LOSS_EDC], 1234);
		assert_int_equal(copy.losses.first[SP_LOSS_EDC], 9000);
		assert_int_equal(copy.tally.sectors, LONG_DISC);
		assert_int_equal(record.finishes, lossy);
		if (lossy)
			assert_int_equal(record.sectors, LONG_DISC);
		else
			assert_true(record.next <= 9000);
		if (!lossy)
			assert_non_null(strstr(err.text, "1234 sectors whose EDC differs"));
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&record.seen);
		double_record_clear(&record);
	}
}

static void a_scan_finds_the_same_losses_and_gives_the_sink_nothing(void **unused)
{
	(void)unused;
	struct double_record record = {0};
	struct double_seen seen = {0};
	const struct double_source_plan from = {
		.damage_at = 5, .damage_count = 2, .damage_byte = 2066};
	const struct double_sink_plan to = {.parts = SP_PART_USER};
	struct sp_source *inner = layout_source(layout_named("mode1-raw"), SEED);
	struct sp_copy copy = {.source = double_source(inner, &from, &seen),
			       .sink = double_sink(&to, &record),
			       .scan = true};
	struct sp_error err = {0};

	assert_int_equal(sp_copy(&copy, &err), SP_ERR_LOSSY);
	assert_int_equal(copy.losses.count[SP_LOSS_EDC], 2);
	assert_int_equal(copy.losses.first[SP_LOSS_EDC], 5);
	assert_int_equal(record.begins + record.writes + record.finishes, 0);
	sp_source_close(copy.source);
	sp_sink_close(copy.sink);
	double_record_clear(&record);
}

static void a_failure_at_either_end_is_told_and_nothing_is_finished(void **unused)
{
	(void)unused;
	static const struct {
		struct double_source_plan from;
		struct double_sink_plan to;
		sp_lba lba;
	} row[] = {
		{.from = {.fail_at = 17000, .fail_count = 1}, .lba = 17000},
		{.from = {.fail_at = 0, .fail_count = LONG_DISC}, .lba = 0},
		{.to = {.fail_at = 17000, .fail_count = 1}, .lba = SP_NO_LBA},
		{.to = {.fail_at = LONG_DISC - 1, .fail_count = 1, .delay = 100}, .lba = SP_NO_LBA},
		{.to = {.begin_fails = true}, .lba = SP_NO_LBA},
		{.to = {.finish_fails = true}, .lba = SP_NO_LBA},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct double_record record = {0};
		struct double_seen seen = {0};
		struct double_sink_plan to = row[i].to;
		struct sp_error err = {0};

		to.carries = SP_CARRY_ALL;
		struct sp_copy copy = {.source = double_source(road_long(), &row[i].from, &seen),
				       .sink = double_sink(&to, &record)};
		assert_int_equal(sp_copy(&copy, &err), SP_ERR_IO);
		assert_int_equal(err.status, SP_ERR_IO);
		assert_non_null(strstr(err.text, "double:"));
		if (row[i].lba != SP_NO_LBA)
			assert_int_equal(err.lba, row[i].lba);
		assert_int_equal(record.finishes, to.finish_fails);
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&record.seen);
		road_sound(&seen);
		double_record_clear(&record);
	}
}

static void damage_is_counted_and_stops_nothing(void **unused)
{
	(void)unused;
	struct double_record record = {0};
	struct double_seen seen = {0};
	const struct double_source_plan from = {
		.damage_at = 700, .damage_count = 20, .damage_state = SP_STATE_UNREAD};
	const struct double_sink_plan to = {.carries = SP_CARRY_ALL};
	struct sp_copy copy = {.source = double_source(road_long(), &from, &seen),
			       .sink = double_sink(&to, &record)};
	struct sp_error err = {0};

	if (sp_copy(&copy, &err))
		fail_msg("%s", err.text);
	assert_int_equal(copy.tally.state[5], 20); /* SP_STATE_UNREAD is bit 5 */
	assert_int_equal(copy.tally.first[5], 700);
	assert_int_equal(record.sectors, LONG_DISC);
	sp_source_close(copy.source);
	sp_sink_close(copy.sink);
	double_record_clear(&record);
}

static void regions_that_are_not_stored_are_made_for_a_sink_that_wants_them(void **unused)
{
	(void)unused;
	static const char *const name[] = {"gaps-not-stored", "mixed", "cd-extra", "sessions-3"};

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		struct double_record record = {0};
		const struct double_sink_plan to = {.carries = SP_CARRY_ALL, .unstored = true};
		struct sp_copy copy = {.source = layout_source(layout_named(name[i]), SEED),
				       .sink = double_sink(&to, &record)};
		const uint64_t all = sp_disc_sectors(copy.source->disc);
		const uint64_t stored = sp_disc_stored(copy.source->disc);
		struct sp_error err = {0};

		if (sp_copy(&copy, &err))
			fail_msg("%s: %s", name[i], err.text);
		assert_int_equal(record.sectors, all);
		assert_int_equal(record.generated, all - stored);
		assert_true(all > stored);
		sp_source_close(copy.source);
		sp_sink_close(copy.sink);
		road_sound(&record.seen);
		double_record_clear(&record);
	}
}

static void a_pregap_with_content_that_is_not_wanted_is_a_loss(void **unused)
{
	(void)unused;
	struct double_record record = {0};
	const struct double_sink_plan to = {.carries = SP_CARRY_ALL,
					    .spared = 1u << SP_REGION_PREGAP};
	struct sp_copy copy = {.source = layout_source(layout_named("audio-3"), SEED),
			       .sink = double_sink(&to, &record)};
	struct sp_error err = {0};

	assert_int_equal(sp_copy(&copy, &err), SP_ERR_LOSSY);
	assert_int_equal(copy.losses.count[SP_LOSS_GAP], 7 + 5);
	assert_int_equal(copy.losses.first[SP_LOSS_GAP], 20);
	assert_int_equal(record.finishes, 0);
	sp_source_close(copy.source);
	sp_sink_close(copy.sink);
	double_record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_is_a_sound_disc),
		cmocka_unit_test(every_layout_arrives_whole_and_in_order),
		cmocka_unit_test(a_once_only_source_is_spooled_for_a_sink_that_reads_it_first),
		cmocka_unit_test(what_a_source_learns_on_the_way_reaches_finish),
		cmocka_unit_test(what_a_source_learns_on_the_way_can_be_a_loss),
		cmocka_unit_test(a_wrong_proof_keeps_the_sink_from_finishing),
		cmocka_unit_test(progress_rises_to_its_total_phase_by_phase),
		cmocka_unit_test(a_copy_stops_soon_when_its_progress_says_so),
		cmocka_unit_test(storing_stops_at_the_first_loss_and_counting_goes_on),
		cmocka_unit_test(a_scan_finds_the_same_losses_and_gives_the_sink_nothing),
		cmocka_unit_test(a_failure_at_either_end_is_told_and_nothing_is_finished),
		cmocka_unit_test(damage_is_counted_and_stops_nothing),
		cmocka_unit_test(regions_that_are_not_stored_are_made_for_a_sink_that_wants_them),
		cmocka_unit_test(a_pregap_with_content_that_is_not_wanted_is_a_loss),
	};

	return cmocka_run_group_tests_name("road", tests, NULL, NULL);
}
