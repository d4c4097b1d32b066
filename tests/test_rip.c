/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole rips of simulated drives of many kinds: what comes out is what lies on the disc, and what
 * does not is told, one sector after another. */
#include "drive/rip_own.h"
#include "sim/sim.h"
#include "sim/sim_profile.h"
#include "tests/layouts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEED = 5 };

/* A rip of one disc in one drive into a store in a folder of its own. */
struct bench {
	struct sp_rip *rip;
	struct sp_source *medium; /* the same pattern once more */
	char folder[64], store[80];
	char notes[4000];
};

static void bench_note(void *user, const char *text)
{
	struct bench *b = user;
	const size_t n = strlen(b->notes);

	snprintf(b->notes + n, sizeof(b->notes) - n, "%s\n", text);
}

static const char *profile_named(const char *name)
{
	for (const struct sp_sim_named_profile *p = sp_sim_profiles; p->name; p++)
		if (!strcmp(p->name, name))
			return p->text;
	fail_msg("no profile %s", name);
	return NULL;
}

static void bench_drive(struct bench *b, const char *layout, const char *profile,
			const char *faults, const struct sp_rip_setup *asked)
{
	const struct sp_notes notes = {bench_note, b};
	const struct sp_sim_setup setup = {.profile = profile,
					   .profile_name = "profile",
					   .faults = faults,
					   .faults_name = "f",
					   .seed = 7};
	struct sp_rip_setup own = *asked;
	struct sp_transport *transport;
	struct sp_reader *reader;
	struct sp_error err = {0};
	struct sp_sim *sim;

	own.notes = &notes;
	if (sp_sim_new(&sim, &setup, &err) ||
	    sp_sim_load(sim, layout_source(layout_named(layout), SEED), &err) ||
	    sp_sim_transport(&transport, sim, "sim", &err) ||
	    sp_reader_open(&reader, transport, &notes, &err) ||
	    rip_open_on(&b->rip, reader, &own, &err))
		fail_msg("%s, %s: %s", layout, profile, err.text);
}

static struct bench *bench_open(const char *layout, const char *profile, const char *faults,
				const struct sp_rip_setup *asked)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	snprintf(b->folder, sizeof(b->folder), "/tmp/test_rip.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->store, sizeof(b->store), "%s/s", b->folder);
	b->medium = layout_source(layout_named(layout), SEED);
	bench_drive(b, layout, profile, faults, asked);
	return b;
}

static void bench_close(struct bench *b)
{
	struct sp_error err = {0};

	sp_rip_close(b->rip);
	if (sp_rip_discard(b->store, &err))
		fail_msg("%s", err.text);
	assert_int_equal(rmdir(b->folder), 0);
	sp_source_close(b->medium);
	free(b);
}

/* Rip it and compare with the medium. */
static void bench_compare(struct bench *b, const char *what, struct sp_compared *compared,
			  struct sp_tally *tally)
{
	struct sp_error err = {0};
	struct sp_source *src = NULL;
	struct sp_sink *sink = NULL;

	if (sp_rip_run(b->rip, b->store, &err) || sp_rip_source(&src, b->rip, &err) ||
	    sp_sink_compare(&sink, b->medium, compared, &err))
		fail_msg("%s: %s", what, err.text);
	struct sp_copy copy = {.source = src, .sink = sink};
	if (sp_copy(&copy, &err))
		fail_msg("%s: %s", what, err.text);
	*tally = copy.tally;
	sp_sink_close(sink);
	sp_source_close(src);
}

static bool layout_is_whole(const struct layout *l)
{
	return !(l->flags & LAYOUT_HUGE) && strcmp(l->name, "gap-stored") &&
	       (l->medium == SP_MEDIUM_CD || l->medium == SP_MEDIUM_DVD);
}

/* Profiles, and the correction that makes their samples the disc's. */
static const struct {
	const char *name;
	int offset;
} drives[] = {
	{"ordinary", 0},     {"ideal", 0},  {"plextor", 30},  {"lg-asus", 6}, {"pioneer", 667},
	{"usb-bridge", 102}, {"no-c2", 12}, {"lying-c2", 48}, {"bcd-toc", 0}, {"dirty-c2", 0},
};

/* Sectors and layout are the medium's, but for samples at the ends that a drive cannot reach: those
 * are told as padded. */
static void a_disc_of_any_shape_comes_out_of_any_drive_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(drives) / sizeof(drives[0]); i++)
		for (const struct layout *l = layouts; l->name; l++) {
			const struct sp_rip_setup setup = {.retries = 2,
							   .offset = drives[i].offset};
			struct sp_compared compared;
			struct sp_tally tally;
			char what[96];

			/* not all of them read DVD */
			if (!layout_is_whole(l) || (i && l->medium != SP_MEDIUM_CD))
				continue;
			snprintf(what, sizeof(what), "%s, %s", l->name, drives[i].name);
			struct bench *b =
				bench_open(l->name, profile_named(drives[i].name), NULL, &setup);
			bench_compare(b, what, &compared, &tally);
			const struct sp_rip_report *report = sp_rip_report(b->rip);
			if (compared.layout[0])
				fail_msg("%s: %s\n%s", what, compared.layout, b->notes);
			if (compared.differ > report->sectors[SP_RIP_PADDED] || compared.differ > 8)
				fail_msg("%s: %u sectors differ, first LBA %d\n%s", what,
					 (unsigned)compared.differ, (int)compared.difference[0].lba,
					 b->notes);
			if (report->sectors[SP_RIP_UNREAD] || report->sectors[SP_RIP_SUSPICIOUS])
				fail_msg("%s: %u unread, %u suspicious", what,
					 (unsigned)report->sectors[SP_RIP_UNREAD],
					 (unsigned)report->sectors[SP_RIP_SUSPICIOUS]);
			bench_close(b);
		}
}

static uint64_t seed;

static uint32_t any(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

/* Random faults: what could be read is the medium's, and what is told is so. */
static void a_sector_is_as_it_is_told_to_be(void **state)
{
	static const char *const names[] = {"audio-3", "mode1-raw", "mixed",
					    "xa-raw",  "dvd",       "cd-extra"};

	(void)state;
	for (unsigned n = 0; n < 60; n++) {
		const char *layout = names[n % 6];
		const struct sp_rip_setup setup = {.retries = 3, .paranoid = n % 4 == 3};
		char faults[1000] = "", what[64];
		struct sp_compared compared;
		struct sp_tally tally;
		size_t used = 0;

		seed = 1000 + n;
		for (unsigned f = 0; f < 6; f++) {
			static const char *const kinds[] = {"unreadable",
							    "unreadable times 2",
							    "unreadable times 3",
							    "c2 40 times 2",
							    "bad-q",
							    "wrong-sector 1 times 1"};
			/* blocks of a DVD do not say which they are */
			const unsigned most = strcmp(layout, "dvd") ? 6 : 5;
			const unsigned at = any(200), kind = any(most), more = any(4);

			/* a wrong sector of audio whose Q is bad as well cannot be known for one:
			 * no script has both at one place */
			used += (size_t)snprintf(faults + used, sizeof(faults) - used,
						 "%u..%u %s\n", at, at + more, kinds[kind]);
		}
		snprintf(what, sizeof(what), "%s, script %u", layout, n);
		struct bench *b = bench_open(layout, "", faults, &setup);
		bench_compare(b, what, &compared, &tally);
		const struct sp_rip_report *report = sp_rip_report(b->rip);
		const uint64_t told =
			report->sectors[SP_RIP_UNREAD] + report->sectors[SP_RIP_SUSPICIOUS];
		if (compared.differ > told)
			fail_msg("%s: %u differ, %u are told, first LBA %d\n%s%s", what,
				 (unsigned)compared.differ, (unsigned)told,
				 (int)compared.difference[0].lba, faults, b->notes);
		for (size_t i = 0; i < compared.differences; i++)
			for (uint64_t k = 0; k < compared.difference[i].count; k++) {
				const sp_lba lba = compared.difference[i].lba + (sp_lba)k;
				bool known = false;

				for (size_t r = 0; r < report->runs.count; r++)
					known |= lba >= report->runs.run[r].lba &&
						 lba < report->runs.run[r].lba +
								 (sp_lba)report->runs.run[r].count;
				if (!known)
					fail_msg("%s: LBA %d differs and is not told\n%s", what,
						 (int)lba, faults);
			}
		bench_close(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disc_of_any_shape_comes_out_of_any_drive_as_it_is),
		cmocka_unit_test(a_sector_is_as_it_is_told_to_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
