/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader where something goes wrong: what is wrong is told of the sector it is of. */
#include "tests/reader_bench.h"

static const unsigned all_parts = SP_PART_MAIN | SP_PART_C2 | SP_PART_PW;

static void a_wrong_sector_is_taken_for_the_right_one(void **state)
{
	struct bench *b = bench_open("mixed", "", "5 wrong-sector 2\n45 wrong-sector 1\n");
	struct sp_read data = {.lba = 4, .count = 3, .parts = SP_PART_MAIN, .mode = SP_MODE_MODE1};
	struct sp_read audio = {.lba = 44, .count = 3, .parts = all_parts, .mode = SP_MODE_AUDIO};

	(void)state;
	bench_load(b);
	bench_read(b, &data); /* by its header */
	assert_int_equal(data.outcome, SP_READ_DONE);
	assert_int_equal(b->state[0], 0);
	assert_int_equal(b->state[1], SP_STATE_HEADER);
	assert_int_equal(b->state[2], 0);
	bench_read(b, &audio); /* by Q alone */
	assert_int_equal(audio.good, 3);
	assert_int_equal(b->state[0], 0);
	assert_int_equal(b->state[1], SP_STATE_HEADER);
	assert_int_equal(b->state[2], 0);
	bench_close(b);
}

static void a_q_with_a_wrong_crc_is_not_told(void **state)
{
	struct bench *b = bench_open("audio-3", "", "31 bad-q\n");
	struct sp_read read = {.lba = 30, .count = 3, .parts = all_parts, .mode = SP_MODES};

	(void)state;
	bench_load(b);
	bench_read(b, &read);
	assert_int_equal(b->state[0], 0);
	assert_int_equal(b->state[1], SP_STATE_Q);
	assert_int_equal(b->state[2], 0);
	bench_close(b);
}

/* The pointers move with the samples: every byte that is wrong has its bit. */
static void c2_points_elsewhere_once_an_offset_is_applied(void **state)
{
	static const char *const names[] = {"ordinary", "plextor", "lg-asus", "pioneer"};
	uint8_t raw[SP_RAW_SIZE], pw[SP_SUB_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bench *b = bench_open("audio", profile_named(names[i]), "15..17 c2 40\n");
		struct sp_read read = {.lba = 12, .count = 8, .parts = all_parts, .mode = SP_MODES};
		unsigned wrong = 0, hit = 0;

		bench_load(b);
		sp_reader_set_offset(b->reader, drive_offset(names[i]), NULL);
		bench_read(b, &read);
		for (uint32_t k = 0; k < 8; k++) {
			const uint8_t *sector = b->data + k * BLOCK, *c2 = sector + SP_RAW_SIZE;
			unsigned bits = 0;

			medium_sector(b->medium, 12 + k, raw, pw);
			for (unsigned n = 0; n < SP_RAW_SIZE; n++) {
				const bool set = c2[n / 8] >> (7 - n % 8) & 1;

				bits += set;
				wrong += sector[n] != raw[n];
				hit += set && sector[n] != raw[n];
			}
			assert_int_equal(!bits, !(b->state[k] & SP_STATE_C2));
		}
		/* a damaged byte may be what it was by chance, but not one may be missed */
		if (wrong < 50 || hit != wrong)
			fail_msg("%s: %u of %u wrong bytes pointed at", names[i], hit, wrong);
		bench_close(b);
	}
}

static void sectors_before_a_bad_one_are_lost(void **state)
{
	struct bench *b = bench_open("mode1-raw", "", "13 unreadable\n");
	struct sp_read read = {.lba = 10, .count = 8, .parts = SP_PART_MAIN, .mode = SP_MODES};
	uint8_t raw[SP_RAW_SIZE], pw[SP_SUB_SIZE];
	char why[128];

	(void)state;
	bench_load(b);
	bench_read(b, &read);
	assert_int_equal(read.outcome, SP_READ_MEDIUM);
	assert_int_equal(read.bad, 13);
	assert_int_equal(read.good, 3);
	assert_int_equal(read.key, 3);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(b->state[i], i < 3 ? 0 : SP_STATE_UNREAD);
	medium_sector(b->medium, 12, raw, pw);
	assert_memory_equal(b->data + (size_t)2 * SP_RAW_SIZE, raw, SP_RAW_SIZE);
	assert_true(all_zero(b->data + (size_t)3 * SP_RAW_SIZE, (size_t)5 * SP_RAW_SIZE));
	assert_string_equal(sp_reader_reason(&read, why, sizeof(why)),
			    "medium error: unrecovered error beyond L-EC (03/11/05)");
	/* the source reads around it */
	struct sp_source *src;
	struct sp_span span = {.lba = 10,
			       .count = 8,
			       .mode = SP_MODE_MODE1,
			       .parts = SP_PART_MAIN,
			       .stride = SP_RAW_SIZE,
			       .data = b->data,
			       .state = b->state};
	struct sp_error err = {0};
	assert_int_equal(sp_reader_source(&src, b->reader, &err), 0);
	memset(b->state, 0, sizeof(b->state));
	assert_int_equal(sp_source_read(src, &span, &err), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(b->state[i], i == 3 ? SP_STATE_UNREAD : 0);
	sp_source_close(src);
	b->reader = NULL;
	bench_close(b);
}

static void trouble_with_the_drive_is_taken_for_damage(void **state)
{
	static const struct {
		const char *fault;
		unsigned outcome;
	} cases[] = {
		{"20 not-ready 1000\n", SP_READ_NOT_READY},
		{"20 reset\n", SP_READ_NOT_READY},
		{"20 attention\n", SP_READ_NOT_READY},
		{"20 change\n", SP_READ_CHANGED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *b = bench_open("audio", "", cases[i].fault);
		struct sp_read read = {
			.lba = 20, .count = 1, .parts = SP_PART_MAIN, .mode = SP_MODES};
		struct sp_error err = {0};

		bench_load(b);
		bench_read(b, &read);
		if (read.outcome != cases[i].outcome && read.outcome != SP_READ_CHANGED)
			fail_msg("%s: outcome %u", cases[i].fault, read.outcome);
		assert_int_equal(read.good, 0);
		/* and it passes: the same disc is there still */
		char *identity = strdup(sp_reader_disc_identity(b->reader));
		assert_int_equal(sp_reader_load(b->reader, &err), 0);
		assert_string_equal(sp_reader_disc_identity(b->reader), identity);
		free(identity);
		bench_read(b, &read);
		assert_int_equal(read.outcome, SP_READ_DONE);
		bench_close(b);
	}
}

static void an_empty_drive_does_not_say_so(void **state)
{
	const struct sp_sim_setup setup = {.profile = ""};
	struct sp_transport *transport;
	struct sp_reader *reader;
	struct sp_error err = {0};
	struct sp_sim *sim;
	unsigned at;

	(void)state;
	assert_int_equal(sp_sim_new(&sim, &setup, &err), 0);
	assert_int_equal(sp_sim_transport(&transport, sim, "sim", &err), 0);
	assert_int_equal(sp_reader_open(&reader, transport, NULL, &err), 0);
	assert_int_equal(sp_reader_state(reader, &at, &err), 0);
	assert_int_equal(at, SP_DRIVE_EMPTY);
	assert_int_equal(sp_reader_load(reader, &err), SP_ERR_DEVICE);
	assert_string_equal(err.text, "sim: no disc in the drive; put one in and try again");
	assert_null(sp_reader_disc(reader));
	sp_reader_close(reader);
}

/* A drive whose disc says something else of its copyright, or of its size. */
struct altered {
	struct sp_transport transport, *inner;
	uint8_t copyright;
	int32_t more; /* sectors READ CAPACITY adds */
};

static int altered_execute(struct sp_transport *transport, struct sp_command *c,
			   struct sp_error *err)
{
	struct altered *a = (struct altered *)transport;
	const int r = a->inner->ops->execute(a->inner, c, err);
	uint8_t *data = c->data;

	if (c->cdb[0] == 0xad && c->cdb[7] == 1 && c->done > 4)
		data[4] = a->copyright;
	if (c->cdb[0] == 0x25 && c->done == 8)
		data[3] = (uint8_t)(data[3] + a->more);
	return r;
}

static void altered_close(struct sp_transport *transport)
{
	struct altered *a = (struct altered *)transport;

	a->inner->ops->close(a->inner);
}

static void a_dvd_is_taken_by_what_one_table_says(void **state)
{
	static const struct sp_transport_ops ops = {.execute = altered_execute,
						    .close = altered_close};
	static const struct {
		uint8_t copyright;
		int32_t more;
		int result;
		unsigned protection;
		const char *text;
	} cases[] = {
		{0, 0, 0, SP_PROTECTED_NOT, NULL},
		{1, 0, SP_ERR_UNSUPPORTED, SP_PROTECTED_CSS, "CSS"},
		{2, 0, SP_ERR_UNSUPPORTED, SP_PROTECTED_CPRM, "CPRM"},
		{9, 0, SP_ERR_UNSUPPORTED, SP_PROTECTED_OTHER, "not known"},
		{0, 8, 0, SP_PROTECTED_NOT, NULL},  /* PFI is right: no sector lies beyond */
		{0, -8, 0, SP_PROTECTED_NOT, NULL}, /* and here its last one can be read */
	};
	const struct sp_sim_setup setup = {.profile = ""};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct altered a = {.transport = {&ops, "dvd", 65536, false},
				    .copyright = cases[i].copyright,
				    .more = cases[i].more};
		struct sp_reader *reader;
		struct sp_error err = {0};
		struct sp_sim *sim;

		assert_int_equal(sp_sim_new(&sim, &setup, &err), 0);
		assert_int_equal(sp_sim_load(sim, layout_source(layout_named("dvd"), SEED), &err),
				 0);
		assert_int_equal(sp_sim_transport(&a.inner, sim, "sim", &err), 0);
		assert_int_equal(sp_reader_open(&reader, &a.transport, NULL, &err), 0);
		assert_int_equal(sp_reader_load(reader, &err), cases[i].result);
		assert_int_equal(sp_reader_protection(reader), cases[i].protection);
		if (cases[i].text && !strstr(err.text, cases[i].text))
			fail_msg("%s", err.text);
		assert_int_equal(sp_reader_disc(reader)->track[0].length, 64);
		sp_reader_close(reader);
	}
}

/* A disc whose begin is damaged says nothing against the drive. */
static void c2_is_believed_of_a_drive_whose_disc_is_damaged_at_its_begin(void **state)
{
	static const struct {
		const char *profile, *faults;
		unsigned c2;
	} known[] = {
		{"ordinary", "0..60 c2 40\n", SP_C2_294},
		{"ordinary", "0..60 c2 40 times 60\n", SP_C2_294}, /* otherwise each time */
		{"ordinary", "0..119 c2 40\n", SP_C2_294},         /* a whole track */
		{"pioneer", "0..60 c2 40 times 60\n", 0},          /* as without damage */
		{"no-c2", "0..60 c2 40\n", SP_C2_NONE},
		{"dirty-c2", "0..60 c2 40\n", SP_C2_USELESS},
		{"ordinary", "any c2 40\n", SP_C2_USELESS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct bench *b =
			bench_open("indexes", profile_named(known[i].profile), known[i].faults);
		unsigned want = known[i].c2;
		struct sp_error err = {0};

		if (sp_reader_load(b->reader, &err) || sp_reader_probe(b->reader, &err))
			fail_msg("%s", err.text);
		if (!want) {
			struct bench *whole =
				bench_open("indexes", profile_named(known[i].profile), NULL);

			if (sp_reader_load(whole->reader, &err) ||
			    sp_reader_probe(whole->reader, &err))
				fail_msg("%s", err.text);
			want = sp_reader_abilities(whole->reader)->c2;
			bench_close(whole);
		}
		const struct sp_drive_abilities *able = sp_reader_abilities(b->reader);
		if (able->c2 != want || able->sub == SP_SUB_NONE || able->sub == SP_SUB_USELESS)
			fail_msg("%s, %s: c2 %u, not %u; sub-channel %u", known[i].profile,
				 known[i].faults, able->c2, want, able->sub);
		bench_close(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_sector_is_taken_for_the_right_one),
		cmocka_unit_test(a_q_with_a_wrong_crc_is_not_told),
		cmocka_unit_test(c2_is_believed_of_a_drive_whose_disc_is_damaged_at_its_begin),
		cmocka_unit_test(c2_points_elsewhere_once_an_offset_is_applied),
		cmocka_unit_test(sectors_before_a_bad_one_are_lost),
		cmocka_unit_test(trouble_with_the_drive_is_taken_for_damage),
		cmocka_unit_test(an_empty_drive_does_not_say_so),
		cmocka_unit_test(a_dvd_is_taken_by_what_one_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
