/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON writer: structure, numbers at their limits, and text nobody can trust. */
#include "report/json.h"
#include "report/printable.h"
#include "report/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What `fill` wrote; to be freed. */
static char *written(bool compact, void (*fill)(struct json *json))
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct json json = {.out = out, .compact = compact};

	assert_non_null(out);
	fill(&json);
	assert_int_equal(json.depth, 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strlen(text), size);
	return text;
}

static void assert_written(bool compact, void (*fill)(struct json *json), const char *expected)
{
	char *text = written(compact, fill);

	assert_string_equal(text, expected);
	free(text);
}

static void fill_nested(struct json *json)
{
	json_object(json, NULL);
	json_array(json, "empty");
	json_end_array(json);
	json_array(json, "list");
	json_u64(json, NULL, 1);
	json_object(json, NULL);
	json_end_object(json);
	json_null(json, NULL);
	json_end_array(json);
	json_bool(json, "last", true);
	json_end_object(json);
}

static void commas_or_brackets_misplaced(void **state)
{
	(void)state;
	assert_written(true, fill_nested, "{\"empty\":[],\"list\":[1,{},null],\"last\":true}\n");
}

static void indented_form_malformed(void **state)
{
	(void)state;
	assert_written(false, fill_nested,
		       "{\n  \"empty\": [],\n  \"list\": [\n    1,\n    {},\n    null\n  ],\n"
		       "  \"last\": true\n}\n");
}

static void fill_two_lines(struct json *json)
{
	for (unsigned i = 0; i < 2; i++) {
		json_object(json, NULL);
		json_u64(json, "n", i);
		json_end_object(json);
	}
}

static void events_not_one_a_line(void **state)
{
	(void)state;
	assert_written(true, fill_two_lines, "{\"n\":0}\n{\"n\":1}\n");
}

static void fill_numbers(struct json *json)
{
	json_array(json, NULL);
	json_u64(json, NULL, UINT64_MAX);
	json_i64(json, NULL, INT64_MIN);
	json_tenths(json, NULL, 0.04);
	json_tenths(json, NULL, -0.04);
	json_tenths(json, NULL, -2.55);
	json_tenths(json, NULL, 9.96);
	json_tenths(json, NULL, (double)NAN);
	json_tenths(json, NULL, (double)INFINITY);
	json_tenths(json, NULL, 1e300);
	json_end_array(json);
}

static void numbers_cut_or_not_json(void **state)
{
	(void)state;
	assert_written(true, fill_numbers,
		       "[18446744073709551615,-9223372036854775808,0.0,0.0,-2.6,10.0,null,null,"
		       "null]\n");
}

static void fill_escapes(struct json *json)
{
	json_object(json, NULL);
	json_string(json, "k\"e\\y", "a\"b\\c/d\n\t\r\x01\x1b[0m\x7f");
	json_string(json, "none", NULL);
	json_string(json, "utf8", "é € \xf0\x9f\x92\xbf");
	json_string(json, "steers", "\xe2\x80\xae\xc2\x9b\xe2\x81\xa6\xe2\x80\xa8");
	json_end_object(json);
}

static void text_not_escaped(void **state)
{
	(void)state;
	assert_written(true, fill_escapes,
		       "{\"k\\\"e\\\\y\":\"a\\\"b\\\\c/d\\n\\t\\u000d\\u0001\\u001b[0m\\u007f\","
		       "\"none\":null,\"utf8\":\"é € \xf0\x9f\x92\xbf\","
		       "\"steers\":\"\\u202e\\u009b\\u2066\\u2028\"}\n");
}

static void fill_invalid(struct json *json)
{
	static const char *const text[] = {
		"\xff",
		"\x80",
		"a\xc3",
		"\xc0\xaf",
		"\xe0\x80\xaf",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80",
		"\342\202b",
	};

	json_array(json, NULL);
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++)
		json_string(json, NULL, text[i]);
	json_end_array(json);
}

#define R "\xef\xbf\xbd"
static void invalid_utf8_passed_on(void **state)
{
	(void)state;
	assert_written(true, fill_invalid,
		       "[\"" R "\",\"" R "\",\"a" R "\",\"" R R "\",\"" R R R "\",\"" R R R
		       "\",\"" R R R R "\",\"" R R R R "\",\"" R R "b\"]\n");
}

static void fill_deep(struct json *json)
{
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_array(json, NULL);
	json_u64(json, NULL, 7);
	json_u64(json, NULL, 8);
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_end_array(json);
}

static void deepest_level_wrong(void **state)
{
	(void)state;
	assert_written(true, fill_deep, "[[[[[[[[[[[[[[[[7,8]]]]]]]]]]]]]]]]\n");
}

/* Escaped; to be freed. */
static char *escaped(const char *text)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	assert_non_null(out);
	printable_put(out, text);
	assert_int_equal(fclose(out), 0);
	return line;
}

static void terminal_escape_wrong_or_not_idempotent(void **state)
{
	char *once = escaped("a\x1b]0;x\x07\xc2\x9b"
			     "1m\xe2\x80\xae\xff\\ é");
	char *twice = escaped(once), *nothing = escaped(NULL);

	(void)state;
	assert_string_equal(once, "a\\x1B]0;x\\x07\\xC2\\x9B1m\\xE2\\x80\\xAE\\xFF\\ é");
	assert_string_equal(twice, once);
	assert_string_equal(nothing, "");
	free(once);
	free(twice);
	free(nothing);
}

static void sizes_times_or_speeds_wrong(void **state)
{
	char text[UNITS_TEXT];

	(void)state;
	assert_string_equal(units_size(text, 0), "0 bytes");
	assert_string_equal(units_size(text, 1), "1 byte");
	assert_string_equal(units_size(text, 999), "999 bytes");
	assert_string_equal(units_size(text, 1000), "1.0 kB");
	assert_string_equal(units_size(text, 4700372992u), "4.7 GB");
	assert_string_equal(units_size(text, UINT64_MAX), "18.4 EB");
	assert_string_equal(units_seconds(text, 7), "0:07");
	assert_string_equal(units_seconds(text, 3723), "1:02:03");
	assert_string_equal(units_msf(text, 0), "00:02:00");
	assert_string_equal(units_msf(text, SP_LBA_MSF_END), "449850");
	assert_string_equal(units_frames(text, 75), "00:01:00");
	assert_true(fabs(units_speed(SP_MEDIUM_CD, 75, 176400) - 1) < 1e-9);
	assert_true(fabs(units_speed(SP_MEDIUM_CD, 75, 153600) - 1) < 1e-9);
	assert_true(fabs(units_speed(SP_MEDIUM_DVD, 676, 1385000) - 1) < 1e-9);
	assert_true(fabs(units_speed(SP_MEDIUM_BD, 2195, 4496000) - 1) < 1e-9);
	assert_true(units_speed(SP_MEDIUM_BLOCK, 10, 5120) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_or_brackets_misplaced),
		cmocka_unit_test(indented_form_malformed),
		cmocka_unit_test(events_not_one_a_line),
		cmocka_unit_test(numbers_cut_or_not_json),
		cmocka_unit_test(text_not_escaped),
		cmocka_unit_test(invalid_utf8_passed_on),
		cmocka_unit_test(deepest_level_wrong),
		cmocka_unit_test(terminal_escape_wrong_or_not_idempotent),
		cmocka_unit_test(sizes_times_or_speeds_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
