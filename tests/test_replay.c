/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traces that are sent again: the same drive gives the same answers, another one is seen. */
#include "sim/replay.h"
#include "sim/trace.h"
#include "tests/sim_helper.h"

#include <stdio.h>

enum { ROOM = 64 << 10 };

struct trace {
	char text[ROOM];
	size_t size;
};

static const char scratches[] = "30 unreadable\n10 not-ready 3000\n";

/* A conversation in which much goes wrong, written down. */
static void record(struct trace *t, const char *faults)
{
	const struct sp_sim_setup setup = {.faults = faults, .faults_name = "f"};
	struct drive *d = drive_made(&setup, "indexes");
	struct sp_sim_trace_file *file = NULL;
	struct sp_memory *memory = sp_memory_new();
	struct sp_error err = {0};
	struct sp_io *io;

	assert_non_null(memory);
	if (sp_memory_open(memory, "trace", true, &io, &err) || sp_sim_trace_new(&file, io, &err))
		fail_msg("%s", err.text);
	sp_sim_trace(d->sim, sp_sim_trace_line, file);
	RUN(d, 0, 0, 0, 0, 0, 0, 0);
	RUN(d, 0, 0, 0, 0, 0, 0, 0);
	RUN(d, 96, 0x12, 0, 0, 0, 96, 0);
	RUN(d, 255, 0x43, 2, 0, 0, 0, 0, 0, 0, 255, 0);
	read_cd(d, 1, 0, 8, 0x10, 1);
	read_cd(d, 1, 28, 8, 0x10, 0); /* ends at 30 */
	read_cd(d, 1, 10, 1, 0x10, 0); /* becomes not ready */
	read_cd(d, 1, 0, 1, 0x10, 0);  /* still is */
	sp_sim_wait(d->sim, 5000000);
	read_cd(d, 1, 0, 1, 0x10, 0);    /* is again */
	read_cd(d, 1, 9999, 1, 0x10, 0); /* beyond the end */
	/* a mode page, sent: its bytes are in the trace */
	const uint8_t page[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 10, 0x20, 5, 0, 0, 0, 0, 0, 0, 0, 0};
	SEND(d, page, sizeof(page), 0x55, 0x10, 0, 0, 0, 0, 0, 0, sizeof(page), 0);
	RUN(d, 64, 0x5a, 0, 1, 0, 0, 0, 0, 0, 64, 0);
	assert_int_equal(sp_sim_trace_flush(file, &err), 0);
	sp_sim_trace(d->sim, NULL, NULL);
	sp_sim_trace_free(file);
	uint64_t size;
	const uint8_t *text = sp_memory_get(memory, "trace", &size);
	assert_true(size < sizeof(t->text));
	memset(t->text, 0, sizeof(t->text));
	memcpy(t->text, text, size);
	t->size = (size_t)size;
	sp_memory_free(memory);
	drive_free(d);
}

struct said {
	unsigned lines;
	char first[400];
};

static void say(void *user, const char *text)
{
	struct said *s = user;

	if (!s->lines++)
		snprintf(s->first, sizeof(s->first), "%s", text);
}

static int again(const char *text, size_t size, const char *faults, struct said *said,
		 struct sp_sim_replayed *replayed, struct sp_error *err)
{
	const struct sp_sim_setup setup = {.faults = faults, .faults_name = "f"};
	struct drive *d = drive_made(&setup, "indexes");
	char *copy = malloc(size ? size : 1); /* of its very size */

	assert_non_null(copy);
	memcpy(copy, text, size);
	*said = (struct said){0};
	const int rc = sp_sim_replay(d->sim, "t", copy, size, say, said, replayed, err);
	free(copy);
	drive_free(d);
	return rc;
}

static void the_same_drive_answers_the_same(void **state)
{
	static struct trace t, twice;
	struct sp_sim_replayed replayed;
	struct sp_error err = {0};
	struct said said;

	(void)state;
	record(&t, scratches);
	record(&twice, scratches);
	assert_string_equal(t.text, twice.text);
	if (again(t.text, t.size, scratches, &said, &replayed, &err))
		fail_msg("%s", err.text);
	if (said.lines)
		fail_msg("%s", said.first);
	assert_int_equal(replayed.commands, 12);
	assert_int_equal(replayed.differ, 0);
}

static void another_drive_is_seen_where_it_answers_otherwise(void **state)
{
	static struct trace t;
	struct sp_sim_replayed replayed;
	struct sp_error err = {0};
	struct said said;

	(void)state;
	record(&t, scratches);
	assert_int_equal(again(t.text, t.size, NULL, &said, &replayed, &err), 0);
	assert_int_equal(replayed.commands, 12);
	/* the scratch, and twice not ready */
	assert_int_equal(replayed.differ, 3);
	assert_int_equal(said.lines, 3);
	assert_string_equal(said.first, "t:6: command be: status 00, 18816 bytes; in the trace "
					"status 02, sense 3/11/05, 4704 bytes");
}

static void what_is_no_trace_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *error;
	} known[] = {
		{"x", "t:1:1: not a time of the drive's clock"},
		{"5", "t:1:2: a word is missing"},
		{"5 1", "t:1:3: not + and the time that it took"},
		{"5 + 00", "t:1:3: not + and the time that it took"},
		{"5 +1 00 00 00 = 00", "t:1:15: not a command and its answer"},
		{"5 +1 00 00 00 00 00 00", "t:1:23: not a command and its answer"},
		{"5 +1 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 = 00",
		 "t:1:54: not = and an answer"},
		{"5 +1 00 00 00 00 00 00 < 5 = 00", "t:1:26: not how many bytes of how many moved"},
		{"5 +1 00 00 00 00 00 00 < 6/5 = 00",
		 "t:1:26: not how many bytes of how many moved"},
		{"5 +1 00 00 00 00 00 00 < 0/99999999999 = 00",
		 "t:1:26: not how many bytes of how many moved"},
		{"5 +1 00 00 00 00 00 00 < 1/5 07 = 00", "t:1:33: data behind what came in"},
		{"5 +1 00 00 00 00 00 00 > 1/1 07 07 = 00", "t:1:33: not = and an answer"},
		{"5 +1 00 00 00 00 00 00 = fine", "t:1:26: neither a status nor what became of it"},
		{"5 +1 00 00 00 00 00 00 = 00 7", "t:1:29: no byte of sense"},
		{"5 +1 00 00 00 00 00 00 = gone 70", "t:1:31: a word too many"},
	};
	struct sp_sim_replayed replayed;
	struct said said;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct sp_error err = {0};

		assert_int_equal(
			again(known[i].text, strlen(known[i].text), NULL, &said, &replayed, &err),
			SP_ERR_FORMAT);
		assert_string_equal(err.text, known[i].error);
	}
	struct sp_error err = {0};
	assert_int_equal(again("\n# nothing\n", 11, NULL, &said, &replayed, &err), 0);
	assert_int_equal(replayed.commands, 0);
}

/* Cut at every byte, and each byte in turn another one: an error with a place, or other answers. */
static void no_text_does_harm(void **state)
{
	static struct trace t;
	struct sp_sim_replayed replayed;
	struct said said;

	(void)state;
	record(&t, NULL);
	for (size_t cut = 0; cut < t.size; cut += 1 + cut / 64) {
		struct sp_error err = {0};

		if (again(t.text, cut, NULL, &said, &replayed, &err) < 0)
			assert_non_null(strstr(err.text, "t:"));
	}
	for (size_t at = 0; at < t.size; at += 3) {
		static const char other[] = "0f/ +<>=\n\"#";
		struct sp_error err = {0};
		const char was = t.text[at];

		t.text[at] = other[at % (sizeof(other) - 1)];
		if (again(t.text, t.size, NULL, &said, &replayed, &err) < 0)
			assert_non_null(strstr(err.text, "t:"));
		t.text[at] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_drive_answers_the_same),
		cmocka_unit_test(another_drive_is_seen_where_it_answers_otherwise),
		cmocka_unit_test(what_is_no_trace_is_refused_with_its_place),
		cmocka_unit_test(no_text_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
