/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work store as a format: all of a disc in it, and texts that are cut, changed or lie. */
#include "codec/deflate.h"
#include "formats/formats.h"
#include "stream/store.h"
#include "tests/doubles.h"
#include "tests/streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static struct sp_memory *written(const struct layout_piece *piece,
				 const struct double_source_plan *plan)
{
	struct double_seen seen = {0};
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err = {0};
	struct sp_sink *sink;
	struct sp_io *io;

	assert_int_equal(sp_memory_open(mem, "dir/my.disc.spindle", true, &io, NULL), 0);
	assert_int_equal(sp_format_store.create(&sink, io, NULL, NULL), 0);
	if (streams_copy(double_source(streams_with_facts(piece), plan, &seen), sink, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(seen.broken, 0);
	return mem;
}

static int open_memory(struct sp_memory *mem, struct sp_source **out, struct sp_error *err)
{
	struct sp_io *io;

	assert_int_equal(sp_memory_open(mem, "dir/my.disc.spindle", false, &io, NULL), 0);
	const int rc = sp_format_store.open(out, io, NULL, err);
	if (rc < 0)
		sp_io_close(io);
	return rc;
}

static void the_format_holds_all_of_a_disc_states_included(void **unused)
{
	const struct double_source_plan plan = {.damage_at = 3,
						.damage_count = 9,
						.damage_byte = 30,
						.damage_state = SP_STATE_C2 | SP_STATE_PADDED};
	struct double_seen seen = {0};
	struct sp_memory *mem = written(streams_odd, &plan);
	struct sp_source *from = double_source(streams_with_facts(streams_odd), &plan, &seen);
	struct sp_source *back = NULL;
	struct sp_error err = {0};

	(void)unused;
	assert_int_equal(sp_memory_count(mem), 4);
	assert_string_equal(sp_memory_name(mem, 1), "dir/my.disc.main");
	if (open_memory(mem, &back, &err))
		fail_msg("%s", err.text);
	assert_int_equal(streams_differ(from, back), 0);
	assert_string_equal(back->disc->mcn, from->disc->mcn);
	assert_int_equal(back->disc->texts, from->disc->texts);
	sp_source_close(back);
	sp_source_close(from);
	sp_memory_free(mem);
}

static const char text_name[] = "dir/my.disc.spindle";

static uint8_t *text_of(const struct sp_memory *mem, uint64_t *size)
{
	const uint8_t *text = sp_memory_get(mem, text_name, size);
	uint8_t *copy = malloc(*size);

	assert_non_null(copy);
	memcpy(copy, text, *size);
	return copy;
}

/* The folder with another text, which stays in it. */
static int open_text(struct sp_memory *mem, const void *text, size_t size, struct sp_error *err)
{
	struct sp_source *out = NULL;

	assert_int_equal(sp_memory_put(mem, text_name, text, size), 0);
	const int rc = open_memory(mem, &out, err);
	sp_source_close(out);
	return rc;
}

static void a_text_cut_or_changed_at_any_byte_is_refused(void **unused)
{
	const struct double_source_plan plan = {0};
	struct sp_memory *mem = written(streams_odd, &plan);
	struct sp_error err = {0};
	uint64_t size;
	uint8_t *text = text_of(mem, &size), *copy = malloc(size);

	(void)unused;
	assert_non_null(copy);
	assert_int_equal(open_text(mem, text, size, &err), 0);
	for (uint64_t at = 0; at < size; at++) {
		if (at) /* an empty file is no file in memory */
			assert_int_equal(open_text(mem, text, at, &err), SP_ERR_FORMAT);
		memcpy(copy, text, size);
		copy[at] ^= 1u << at % 8;
		assert_int_equal(open_text(mem, copy, size, &err), SP_ERR_FORMAT);
	}
	free(copy);
	free(text);
	sp_memory_free(mem);
}

/* One line of the text replaced (to: NULL: taken away) and sealed anew. */
static size_t reseal(const uint8_t *text, size_t size, const char *from, const char *to, char *out)
{
	const char *all = (const char *)text, *at = memmem(all, size, from, strlen(from));
	const char *end = memmem(all, size, "\nend ", 5);

	if (!at)
		fail_msg("no line %s", from);
	const char *eol = memchr(at, '\n', size - (size_t)(at - all));
	size_t n = (size_t)(at - all);
	memcpy(out, all, n);
	if (to)
		n += (size_t)sprintf(out + n, "%s\n", to);
	memcpy(out + n, eol + 1, (size_t)(end - eol));
	n += (size_t)(end - eol);
	return n + (size_t)sprintf(out + n, "end %zu %08x\n", n, sp_crc32(0, out, n));
}

static void a_sealed_text_that_lies_is_refused_by_its_line(void **unused)
{
	static const struct {
		const char *from, *to, *text;
	} lie[] = {
		{"spindle-store 1", "spindle-store 4",
		 "my.disc.spindle: a work store of a later program (it begins “spindle-store 4”)"},
		{"stem my", "stem ../x",
		 "my.disc.spindle:2: not the name of files beside this one"},
		{"stem my", NULL, "my.disc.spindle: “stem” is missing"},
		{"identity", "identity \\x00", "my.disc.spindle:3: a byte that has to be escaped"},
		{"identity", "identity \\x4", "my.disc.spindle:3: a byte that has to be escaped"},
		{"records", "records -150 2352 sub more",
		 "my.disc.spindle:4: words too many on this line"},
		{"records", "records -150 4000 sub",
		 "my.disc.spindle:4: a number from 0 to 2352 is missing"},
		{"records", "records -150 2048 sub",
		 "my.disc.spindle: the sectors at LBA 0 do not fit the records"},
		{"records", "records -150 2352 -",
		 "my.disc.spindle: the sectors at LBA 0 do not fit the records"},
		{"records", "records 1 2352 sub",
		 "my.disc.spindle: LBA 0 lies before the first record"},
		{"medium cd", "medium vinyl", "my.disc.spindle:5: a word that is not known"},
		{"profile 8", "medium cd", "my.disc.spindle:6: this is said twice"},
		{"layer-break", "", "my.disc.spindle:7: an empty line"},
		{"mcn", "mcn 40063813339a1", "my.disc.spindle:8: not 13 digits"},
		{"session 1", "session 1 type 0 lead-out 99999999999999999999",
		 "my.disc.spindle:9: a number from -17592186044416 to 17592186044416 is missing"},
		{"track 1",
		 "track 1 session 1 control 4 mode mode1 start 0 length 40 isrc XX index",
		 "my.disc.spindle:11: not an ISRC"},
		{"track 1",
		 "track 1 session 1 control 4 mode mode1 start 0 length 40 isrc - index 1:5",
		 "my.disc.spindle:11: not an index and its LBA"},
		{"region -150", "region -150 0 session 1 track 1 kind pregap mode mode1 parts 8 -",
		 "my.disc.spindle:14: sectors that cannot be stored so"},
		{"region 0", "region 0 40 session 1 track 1 kind track mode mode1 parts 32 stored",
		 "my.disc.spindle:15: sectors that cannot be stored so"},
		{"region 0", "region 0 39 session 1 track 1 kind track mode mode1 parts 159 stored",
		 "region at LBA 40: the one before it ends at 39"},
		{"cdtext", "cdtext 123", "my.disc.spindle:24: hexadecimal digits are missing"},
		{"cdtext", "cdtext 12zz", "my.disc.spindle:24: not hexadecimal digits"},
		{"cdtext", "cdtext 12", "my.disc.spindle: CD-Text packs, PFI or DMI are not whole"},
		{"pfi", NULL, "my.disc.spindle: CD-Text packs, PFI or DMI are not whole"},
		{"dmi-none", NULL, NULL},
	};
	const struct double_source_plan plan = {0};
	struct sp_memory *mem = written(streams_odd, &plan);
	struct sp_error err = {0};
	uint64_t size;
	uint8_t *text = text_of(mem, &size);
	char *other = malloc(size + 400);

	(void)unused;
	assert_non_null(other);
	for (size_t i = 0; lie[i].text; i++) {
		const size_t n = reseal(text, size, lie[i].from, lie[i].to, other);

		assert_int_not_equal(open_text(mem, other, n, &err), 0);
		const char *said =
			strstr(err.text, "my.disc") ? strstr(err.text, "my.disc") : err.text;
		assert_string_equal(said, lie[i].text);
	}
	free(other);
	free(text);
	sp_memory_free(mem);
}

static void sealed_mutants_do_no_harm(void **unused)
{
	const struct double_source_plan plan = {0};
	struct sp_memory *mem = written(streams_odd, &plan);
	struct sp_error err = {0};
	uint32_t seed = 3;
	uint64_t size;
	uint8_t *text = text_of(mem, &size);
	const char *end = memmem(text, size, "\nend ", 5);
	const size_t body = (size_t)(end + 1 - (const char *)text);
	char *other = malloc(size + 400);
	unsigned opened = 0;

	(void)unused;
	assert_non_null(other);
	for (unsigned i = 0; i < 3000; i++) {
		static const char digits[] = "0123456789 -\n:fxt";

		memcpy(other, text, body);
		for (unsigned j = 0; j < 1 + i % 3; j++) {
			seed = seed * 1664525u + 1013904223u;
			other[(seed >> 12) % (j || i & 1 ? 1200 : body)] =
				digits[(seed >> 4) % (sizeof(digits) - 1)];
		}
		const size_t n = body + (size_t)sprintf(other + body, "end %zu %08x\n", body,
							sp_crc32(0, other, body));
		opened += !open_text(mem, other, n, &err);
	}
	assert_true(opened > 10); /* changed texts, bytes of PFI: whole all the same */
	assert_true(opened < 2900);
	free(other);
	free(text);
	sp_memory_free(mem);
}

static void missing_data_is_an_error_and_not_silence(void **unused)
{
	const struct double_source_plan plan = {0};
	struct sp_memory *mem = written(streams_odd, &plan), *copy = sp_memory_new();
	struct sp_source *back = NULL;
	struct sp_error err = {0};

	(void)unused;
	for (size_t i = 0; i < sp_memory_count(mem); i++) {
		uint64_t n;
		const char *name = sp_memory_name(mem, i);
		const uint8_t *data = sp_memory_get(mem, name, &n);

		assert_int_equal(sp_memory_put(copy, name, data, i == 1 ? n / 2 : n), 0);
	}
	assert_int_equal(open_memory(copy, &back, &err), 0);
	uint8_t *data;
	uint16_t *state;
	assert_int_equal(streams_read(back, 120, 1, &data, &state, &err), SP_ERR_FORMAT);
	free(data);
	free(state);
	sp_source_close(back);
	sp_memory_free(copy);
	sp_memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_format_holds_all_of_a_disc_states_included),
		cmocka_unit_test(a_text_cut_or_changed_at_any_byte_is_refused),
		cmocka_unit_test(a_sealed_text_that_lies_is_refused_by_its_line),
		cmocka_unit_test(sealed_mutants_do_no_harm),
		cmocka_unit_test(missing_data_is_an_error_and_not_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
