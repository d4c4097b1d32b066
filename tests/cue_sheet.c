/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cue sheet made of a disc, in a folder in memory. */
#include "tests/cue_sheet.h"

#include "formats/formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

int sheet_make(struct folder *folder, struct sp_source *src, const char *settings, bool lossy,
	       struct sp_error *err)
{
	char words[128];
	struct sp_option option[8];
	struct sp_options options = {.option = option, .notes = &folder->sink};
	struct sp_sink *sink;
	struct sp_io *io;

	snprintf(words, sizeof(words), "%s", settings);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		option[options.options++] = (struct sp_option){word, value};
	}
	*err = (struct sp_error){0};
	assert_int_equal(sp_memory_open(folder->mem, "out.cue", true, &io, err), 0);
	int r = sp_format_cue.create(&sink, io, &options, err);
	if (r < 0) {
		sp_io_close(io);
		return r;
	}
	struct sp_copy copy = {.source = src, .sink = sink, .lossy = lossy};
	r = sp_copy(&copy, err);
	sp_sink_close(sink);
	return r;
}

const char *sheet_text(struct folder *folder, const char *name)
{
	static char text[65536];
	uint64_t size = 0;
	const uint8_t *data = sp_memory_get(folder->mem, name, &size);

	assert_non_null(data);
	assert_true(size < sizeof(text));
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

uint64_t sheet_size(struct folder *folder, const char *name)
{
	uint64_t size = 0;

	sp_memory_get(folder->mem, name, &size);
	return size;
}

void sheet_empty(struct folder *folder)
{
	*folder = (struct folder){.mem = sp_memory_new()};
	assert_non_null(folder->mem);
}

void sheet_check_same(struct folder *folder, struct sp_source *src, const char *what)
{
	struct sp_compared result = {0};
	struct sp_source *back;
	struct sp_sink *sink;
	struct sp_error err;

	if (folder_open(folder, "out.cue", &back, &err) < 0)
		print_message("%s: %s\n%s", what, err.text, sheet_text(folder, "out.cue"));
	assert_non_null(back);
	assert_int_equal(sp_sink_compare(&sink, back, &result, &err), 0);
	struct sp_copy copy = {.source = src, .sink = sink};
	const int r = sp_copy(&copy, &err);
	if (r < 0)
		print_message("%s: %s\n", what, err.text);
	assert_int_equal(r, 0);
	sp_sink_close(sink);
	if (result.layout[0] || result.differ || result.only_a || result.only_b)
		print_message("%s: layout \"%s\", %llu differ, first LBA %lld parts %x, only %llu "
			      "%llu\n%s",
			      what, result.layout, (unsigned long long)result.differ,
			      (long long)result.difference[0].lba, result.difference[0].parts,
			      (unsigned long long)result.only_a, (unsigned long long)result.only_b,
			      sheet_text(folder, "out.cue"));
	assert_string_equal(result.layout, "");
	assert_int_equal(result.differ, 0);
	assert_int_equal(result.only_a, 0);
	assert_int_equal(result.only_b, 0);
	sp_source_close(back);
}
