/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole rips of simulated drives of many kinds: what comes out is what lies on the disc, and what
 * does not is told, one sector after another. */
#include "drive/rip_own.h"
#include "tests/sim_helper.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEED = 5 };

/* A drive that takes this process along after so many commands; 0: never. */
struct deadly {
	struct sp_transport transport;
	struct sp_transport *inner;
	unsigned left, commands;
	unsigned save; /* left when the store is due to be saved, as it is every ten seconds */
	struct sp_rip **rip; /* whose */
};

static int deadly_execute(struct sp_transport *t, struct sp_command *command, struct sp_error *err)
{
	struct deadly *d = (struct deadly *)t;
	const int rc = d->inner->ops->execute(d->inner, command, err);

	d->commands++;
	if (d->left && d->left == d->save && *d->rip)
		(*d->rip)->saved = (struct timespec){0};
	if (d->left && !--d->left)
		kill(getpid(), SIGKILL);
	return rc;
}

static void deadly_wait(struct sp_transport *t, unsigned ms)
{
	struct deadly *d = (struct deadly *)t;

	d->inner->ops->wait(d->inner, ms);
}

static void deadly_close(struct sp_transport *t)
{
	struct deadly *d = (struct deadly *)t;

	d->inner->ops->close(d->inner);
	free(d);
}

static struct deadly *deadly_over(struct sp_transport *inner, unsigned left)
{
	static const struct sp_transport_ops ops = {
		.execute = deadly_execute, .wait = deadly_wait, .close = deadly_close};
	struct deadly *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->transport = *inner;
	d->transport.ops = &ops;
	d->inner = inner;
	d->left = left;
	return d;
}

/* A rip of one disc in one drive into a store in a folder of its own. */
struct bench {
	struct sp_rip *rip;
	struct sp_source *medium; /* the same pattern once more */
	struct deadly *drive;
	unsigned kill; /* after so many commands; 0: never */
	bool followed; /* digests were made on the way */
	char folder[64], store[80];
	char notes[4000];
};

static void bench_note(void *user, const char *text)
{
	struct bench *b = user;
	const size_t n = strlen(b->notes);

	snprintf(b->notes + n, sizeof(b->notes) - n, "%s\n", text);
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
	struct sp_transport *transport = NULL;
	struct sp_reader *reader;
	struct sp_error err = {0};
	struct sp_sim *sim;

	own.notes = &notes;
	if (sp_sim_new(&sim, &setup, &err) ||
	    sp_sim_load(sim, layout_source(layout_named(layout), SEED), &err) ||
	    sp_sim_transport(&transport, sim, "sim", &err))
		fail_msg("%s, %s: %s", layout, profile, err.text);
	b->drive = deadly_over(transport, b->kill);
	b->drive->save = b->kill / 3 + 1;
	b->drive->rip = &b->rip;
	if (sp_reader_open(&reader, &b->drive->transport, &notes, &err) ||
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

/* Rip it and compare with the medium; and digests made on the way, if any, with those of what was
 * read. */
static void bench_compare(struct bench *b, const char *what, struct sp_compared *compared,
			  struct sp_tally *tally)
{
	const unsigned digests = 1u << SP_DIGEST_CRC32 | SP_HASH_TRACKS;
	struct sp_hashes early, late;
	struct sp_error err = {0};
	struct sp_source *src = NULL;
	struct sp_sink *follow = NULL, *sink[2] = {NULL}, *tee = NULL;

	if (sp_sink_hash(&follow, digests, &early, &err))
		fail_msg("%s: %s", what, err.text);
	sp_rip_follow(b->rip, follow);
	if (sp_rip_begin(b->rip, b->store, &err) || sp_rip_run(b->rip, &err) ||
	    sp_rip_source(&src, b->rip, &err) ||
	    sp_sink_compare(&sink[0], b->medium, compared, &err) ||
	    sp_sink_hash(&sink[1], digests, &late, &err) || sp_sink_tee(&tee, sink, 2, &err))
		fail_msg("%s: %s", what, err.text);
	struct sp_copy copy = {.source = src, .sink = tee};
	if (sp_copy(&copy, &err))
		fail_msg("%s: %s", what, err.text);
	b->followed = sp_rip_followed(b->rip);
	if (b->followed &&
	    (early.tracks != late.tracks || early.whole.size != late.whole.size ||
	     strcmp(early.whole.hex[SP_DIGEST_CRC32], late.whole.hex[SP_DIGEST_CRC32]) != 0 ||
	     strcmp(early.track[0].hex[SP_DIGEST_CRC32], late.track[0].hex[SP_DIGEST_CRC32]) != 0))
		fail_msg("%s: digests made on the way are others", what);
	*tally = copy.tally;
	sp_sink_close(follow);
	sp_sink_close(tee);
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
	unsigned followed = 0;

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
			followed += b->followed;
			bench_close(b);
		}
	assert_true(followed > 20);
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

/* A drive that is off by some samples fails at all sectors it gives that a bad one of the disc lies
 * in; these lie in one more of ours, of whose first and last one all other samples are there. */
static void a_bad_sector_costs_what_the_drive_did_not_give_and_no_more(void **state)
{
	static const struct {
		const char *name;
		int offset;
	} known[] = {{"ordinary", 0}, {"lg-asus", 6}, {"pioneer", 667}, {"usb-bridge", 102}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct sp_rip_setup setup = {.retries = 1, .offset = known[i].offset};
		struct bench *b = bench_open("indexes", profile_named(known[i].name),
					     "30 unreadable\n", &setup);
		struct sp_error err = {0};
		struct sp_source *src;
		unsigned bytes = 0, sectors = 0;

		if (sp_rip_begin(b->rip, b->store, &err) || sp_rip_run(b->rip, &err) ||
		    sp_rip_source(&src, b->rip, &err))
			fail_msg("%s: %s", known[i].name, err.text);
		for (sp_lba lba = 20; lba < 50; lba++) {
			uint8_t got[SP_RAW_SIZE], want[SP_RAW_SIZE];
			uint16_t states[2] = {0, 0};
			struct sp_span a = {.lba = lba,
					    .count = 1,
					    .mode = SP_MODE_AUDIO,
					    .parts = sp_disc_region(src->disc, lba)->parts,
					    .stride = SP_RAW_SIZE,
					    .data = got,
					    .state = states};
			struct sp_span m = a;

			m.parts = sp_disc_region(b->medium->disc, lba)->parts;
			m.data = want;
			m.state = states + 1;
			if (sp_source_read(src, &a, &err) || sp_source_read(b->medium, &m, &err))
				fail_msg("%s: %s", known[i].name, err.text);
			sectors += (states[0] & SP_STATE_UNREAD) != 0;
			for (unsigned k = 0; k < SP_RAW_SIZE; k++) {
				if (got[k] == want[k])
					continue;
				bytes++;
				assert_int_equal(got[k], 0);
				assert_true(states[0] & SP_STATE_UNREAD);
			}
		}
		const unsigned failed = known[i].offset ? sectors - 1 : 1;
		assert_in_range(sectors, 1, 5);
		assert_int_equal(b->rip->report.sectors[SP_RIP_UNREAD], sectors);
		/* nor fewer: the pattern has few zeros */
		assert_in_range(bytes, failed * (SP_RAW_SIZE - 200), failed * SP_RAW_SIZE);
		sp_source_close(src);
		bench_close(b);
	}
}

/* What a rip made, in one number, and what it says of it. */
struct outcome {
	char sha1[65], text[4000];
};

static void outcome_of(struct bench *b, const char *what, struct outcome *o)
{
	const struct sp_rip_report *report = sp_rip_report(b->rip);
	struct sp_hashes hashes = {0};
	struct sp_error err = {0};
	struct sp_source *src = NULL;
	struct sp_sink *sink = NULL;
	char *map;
	size_t size;

	if (sp_rip_map(b->rip, SP_RAW_SIZE, &map, &size, &err))
		fail_msg("%s: %s", what, err.text);
	/* without the line that tells in which phase it was */
	char *lines = strchr(strstr(map, "0x"), '\n');
	size_t n = (size_t)snprintf(o->text, sizeof(o->text), "%s", lines);
	free(map);
	for (size_t i = 0; i < report->runs.count; i++)
		n += (size_t)snprintf(o->text + n, sizeof(o->text) - n, "%d %u %u\n",
				      (int)report->runs.run[i].lba,
				      (unsigned)report->runs.run[i].count,
				      (unsigned)report->runs.run[i].what);
	if (sp_rip_source(&src, b->rip, &err) ||
	    sp_sink_hash(&sink, 1u << SP_DIGEST_SHA1, &hashes, &err))
		fail_msg("%s: %s", what, err.text);
	struct sp_copy copy = {.source = src, .sink = sink};
	if (sp_copy(&copy, &err))
		fail_msg("%s: %s", what, err.text);
	for (size_t i = 0; i < src->disc->tracks; i++)
		n += (size_t)snprintf(o->text + n, sizeof(o->text) - n, "track at %d from %d\n",
				      (int)src->disc->track[i].start,
				      (int)src->disc->track[i].index[0]);
	snprintf(o->sha1, sizeof(o->sha1), "%s", hashes.whole.hex[SP_DIGEST_SHA1]);
	sp_sink_close(sink);
	sp_source_close(src);
}

/* Rip on from what is in the store, in a process that is killed after so many commands. True: it
 * was not, for it came to its end before. */
static bool rip_killed(struct bench *b, const char *layout, const char *faults, unsigned after)
{
	const struct sp_rip_setup setup = {.retries = 3};
	int status;
	const pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		struct sp_error err = {0};

		b->kill = after;
		bench_drive(b, layout, "", faults, &setup);
		_exit((sp_rip_begin(b->rip, b->store, &err) || sp_rip_run(b->rip, &err)) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		fail_msg("%s, killed after command %u: failed instead", layout, after);
	return WIFEXITED(status);
}

static const char scratches[] = "40..42 unreadable\n70 c2 40 times 2\n90 unreadable times 2\n"
				"120..121 c2 30\n150 bad-q\n";

static unsigned resumed; /* rips that found something in their store */

static void rest(struct bench *b, const char *layout, const char *what, struct outcome *o)
{
	const struct sp_rip_setup setup = {.retries = 3};
	struct sp_error err = {0};

	b->kill = 0;
	bench_drive(b, layout, "", scratches, &setup);
	if (sp_rip_begin(b->rip, b->store, &err) || sp_rip_run(b->rip, &err))
		fail_msg("%s: %s", what, err.text);
	resumed += b->rip->report.resumed;
	outcome_of(b, what, o);
}

static struct bench *bench_empty(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	snprintf(b->folder, sizeof(b->folder), "/tmp/test_rip.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->store, sizeof(b->store), "%s/s", b->folder);
	return b;
}

static void same_outcome(const struct outcome *want, const struct outcome *got, const char *what)
{
	if (strcmp(want->text, got->text) != 0)
		fail_msg("%s: made\n%s\nnot\n%s", what, got->text, want->text);
	if (strcmp(want->sha1, got->sha1) != 0)
		fail_msg("%s: other bytes", what);
}

/* kill -9 after the nth command for every n, and then on to the end; twenty kills one after the
 * other: all make the image, map and list of bad sectors that a rip makes which nobody disturbs. */
static void a_rip_that_is_killed_at_any_command_goes_on_to_the_same_end(void **state)
{
	static const char *const names[] = {"audio-3", "cd-extra"};
	const unsigned step = getenv("SPINDLE_LONG") ? 1 : 5;

	(void)state;
	for (unsigned l = 0; l < 2; l++) {
		struct outcome want = {0}, got = {0};
		struct bench *b = bench_empty();
		char what[80];

		rest(b, names[l], "undisturbed", &want);
		assert_non_null(strstr(want.text, "40 3 ")); /* the scratch is told */
		const unsigned commands = b->drive->commands;
		bench_close(b);
		for (unsigned n = 1; n <= commands; n += l ? step * 3 : step) {
			b = bench_empty();
			snprintf(what, sizeof(what), "%s, killed after %u of %u", names[l], n,
				 commands);
			assert_false(rip_killed(b, names[l], scratches, n));
			rest(b, names[l], what, &got);
			same_outcome(&want, &got, what);
			bench_close(b);
		}
		assert_true(resumed > commands / step / 10);
		b = bench_empty();
		for (unsigned n = 0; n < 20; n++)
			rip_killed(b, names[l], scratches, 30 + n * 5 % commands);
		rest(b, names[l], "killed twenty times", &got);
		same_outcome(&want, &got, "killed twenty times");
		bench_close(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disc_of_any_shape_comes_out_of_any_drive_as_it_is),
		cmocka_unit_test(a_sector_is_as_it_is_told_to_be),
		cmocka_unit_test(a_bad_sector_costs_what_the_drive_did_not_give_and_no_more),
		cmocka_unit_test(a_rip_that_is_killed_at_any_command_goes_on_to_the_same_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
