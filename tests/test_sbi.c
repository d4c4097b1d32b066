/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of Q frames beside a sheet: read, used when asked for, and written again. */
#include "base/bytes.h"
#include "disc/sector.h"
#include "disc/subchannel.h"
#include "formats/formats.h"
#include "formats/sbi.h"
#include "tests/cue_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define SHEET "FILE \"a.bin\" BINARY\n TRACK 01 AUDIO\n INDEX 01 00:00:00\n"

/* LBA 500, and 5 of which only the CRC is wrong. */
static const uint8_t sbi_file[] = "SBI\0"
				  "\x00\x08\x50\x01\x01\x01\x01\x00\x06\x51\x00\x00\x08\x50"
				  "\x00\x02\x05\x01\x01\x01\x01\x00\x00\x05\x00\x00\x02\x05";
static const uint8_t lsd_file[] = "\x00\x08\x50\x01\x01\x01\x00\x06\x51\x00\x00\x08\x50\x12\x34";

static struct sp_source *sbi_open(struct folder *folder, const char *value)
{
	const struct sp_option option = {"sbi", value};
	const struct sp_options options = {.option = &option, .options = 1, .notes = &folder->sink};
	struct sp_source *src;
	struct sp_error err;
	struct sp_io *io;

	folder->notes[0] = '\0';
	assert_int_equal(sp_memory_open(folder->mem, "x.cue", false, &io, NULL), 0);
	if (sp_format_cue.open(&src, io, &options, &err)) {
		assert_string_equal(err.text, folder->notes);
		sp_io_close(io);
		return NULL;
	}
	return src;
}

static void sbi_q(struct sp_source *src, sp_lba lba, uint8_t q[12])
{
	uint8_t sector[3072];

	folder_sector(src, lba, sector);
	assert_int_equal(get_le32(sector), folder_word('a', (uint64_t)lba * 2352));
	sp_sub_get_q(sector + 2352, q);
}

static void a_list_is_used_only_when_asked_for(void **state)
{
	(void)state;
	struct folder folder;
	uint8_t q[12];

	folder_make(&folder);
	folder_put(&folder, "x.cue", SHEET);
	struct sp_source *src = sbi_open(&folder, "yes");
	assert_non_null(strstr(folder.notes, "neither .sbi nor .lsd lies beside it"));
	sp_source_close(src);
	sp_memory_put(folder.mem, "x.sbi", sbi_file, sizeof(sbi_file) - 1);
	src = sbi_open(&folder, "no");
	assert_non_null(strstr(folder.notes, "x.sbi: not used; -O sbi=yes"));
	assert_int_equal(src->disc->region[1].parts, SP_PART_USER);
	sp_source_close(src);
	src = sbi_open(&folder, "yes");
	assert_int_equal(src->disc->region[1].parts, SP_PART_USER | SP_PART_PW);
	sbi_q(src, 500, q);
	assert_memory_equal(q, sbi_file + 8, 10);
	assert_false(sp_q_valid(q));
	sbi_q(src, 5, q);
	assert_memory_equal(q, sbi_file + 22, 10);
	assert_false(sp_q_valid(q));
	sbi_q(src, 6, q);
	assert_true(sp_q_valid(q));
	sp_source_close(src);
	folder_clear(&folder);
}

static void an_lsd_has_the_crc_too(void **state)
{
	(void)state;
	struct folder folder;
	uint8_t q[12];

	folder_make(&folder);
	folder_put(&folder, "x.cue", SHEET);
	sp_memory_put(folder.mem, "x.lsd", lsd_file, sizeof(lsd_file) - 1);
	struct sp_source *src = sbi_open(&folder, "yes");
	sbi_q(src, 500, q);
	assert_memory_equal(q, lsd_file + 3, 12);
	sp_source_close(src);
	folder_clear(&folder);
}

static void bad_lists_are_refused_with_their_place(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		size_t size;
		const char *line;
	} row[] = {
		{"", 0, "x.sbi: 0 bytes are no list of Q frames (entries of 15 bytes)"},
		{"SBI", 3, "x.sbi: 3 bytes are no list of Q frames (entries of 15 bytes)"},
		{"SBI\0\0", 5,
		 "x.sbi: 5 bytes are no list of Q frames (\"SBI\" and entries of 14 bytes)"},
		{"SBI\0\0\x02\x75\1..........", 18, "x.sbi: byte 4: 00:02:75 is no time"},
		{"SBI\0\0\x0a\0\1..........", 18, "x.sbi: byte 4: 00:0a:00 is no time"},
		{"SBI\0\0\2\0\2..........", 18,
		 "x.sbi: byte 7: an entry of kind 2, of which only 1 is known"},
		{"SBI\0\0\2\0\1..........\0\2\0\1..........", 32, "x.sbi: two frames for LBA 0"},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct sp_error err;
		struct sp_sbi sbi;

		assert_true(sp_sbi_parse(&sbi, "x.sbi", (const uint8_t *)row[i].data, row[i].size,
					 &err) < 0);
		assert_string_equal(err.text, row[i].line);
		assert_null(sbi.frame);
	}
}

static void a_list_at_the_cap_is_read_and_beyond_is_not(void **state)
{
	(void)state;
	const size_t size = (SP_SBI_FRAME_MAX + 1) * 15;
	uint8_t *data = calloc(1, size);
	struct sp_error err;
	struct sp_sbi sbi;

	for (unsigned i = 0; i <= SP_SBI_FRAME_MAX; i++) {
		uint8_t *at = data + i * 15;

		at[0] = sp_to_bcd(i / 4500);
		at[1] = sp_to_bcd(i / 75 % 60);
		at[2] = sp_to_bcd(i % 75);
	}
	assert_int_equal(sp_sbi_parse(&sbi, "x.lsd", data, size - 15, &err), 0);
	assert_int_equal(sbi.frames, SP_SBI_FRAME_MAX);
	sp_sbi_clear(&sbi);
	assert_int_equal(sp_sbi_parse(&sbi, "x.lsd", data, size, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "x.lsd: more than 65536 Q frames");
	free(data);
}

/* What comes from a list goes to one. */
static int sbi_round(struct folder *folder, const char *kind, char *losses, size_t size)
{
	const struct sp_option option = {"sub", kind};
	const struct sp_options options = {.option = &option, .options = 1, .notes = NULL};
	struct sp_copy copy = {.source = sbi_open(folder, "yes")};
	struct sp_io *io;

	assert_int_equal(
		sp_memory_open(folder->mem, *kind == 'l' ? "z.cue" : "y.cue", true, &io, NULL), 0);
	assert_int_equal(sp_format_cue.create(&copy.sink, io, &options, NULL), 0);
	/* a scan sees what the copy sees */
	copy.scan = true;
	const int scan = sp_copy(&copy, NULL);
	copy.scan = false;
	const int r = sp_copy(&copy, NULL);
	assert_int_equal(scan, r);
	sp_losses_text(&copy.losses, losses, size);
	sp_sink_close(copy.sink);
	sp_source_close(copy.source);
	return r;
}

static void a_list_is_written_as_it_was_read(void **state)
{
	(void)state;
	static const uint8_t sorted[] = "SBI\0"
					"\x00\x02\x05\x01\x01\x01\x01\x00\x00\x05\x00\x00\x02\x05"
					"\x00\x08\x50\x01\x01\x01\x01\x00\x06\x51\x00\x00\x08\x50";
	struct folder folder;
	char losses[200];
	uint64_t size;

	folder_make(&folder);
	folder_put(&folder, "x.cue", SHEET);
	sp_memory_put(folder.mem, "x.sbi", sbi_file, sizeof(sbi_file) - 1);
	assert_int_equal(sbi_round(&folder, "sbi", losses, sizeof(losses)), 0);
	const uint8_t *data = sp_memory_get(folder.mem, "y.sbi", &size);
	assert_int_equal(size, sizeof(sorted) - 1);
	assert_memory_equal(data, sorted, size);
	assert_null(sp_memory_get(folder.mem, "y.sub", &size));
	assert_int_equal(sbi_round(&folder, "lsd", losses, sizeof(losses)), 0);
	sp_memory_get(folder.mem, "z.bin", &size);
	assert_int_equal(size, 1000 * SP_RAW_SIZE);
	sp_memory_get(folder.mem, "z.lsd", &size);
	assert_int_equal(size, 30);
	folder_clear(&folder);
}

static void a_crc_no_sbi_holds_is_a_named_loss(void **state)
{
	(void)state;
	struct folder folder;
	char losses[200];
	uint64_t size;

	folder_make(&folder);
	folder_put(&folder, "x.cue", SHEET);
	sp_memory_put(folder.mem, "x.lsd", lsd_file, sizeof(lsd_file) - 1);
	assert_int_equal(sbi_round(&folder, "sbi", losses, sizeof(losses)), SP_ERR_LOSSY);
	assert_string_equal(losses,
			    "1 sector whose sub-channel says more than the layout (first at "
			    "LBA 500)");
	assert_int_equal(sbi_round(&folder, "lsd", losses, sizeof(losses)), 0);
	const uint8_t *data = sp_memory_get(folder.mem, "z.lsd", &size);
	assert_int_equal(size, sizeof(lsd_file) - 1);
	assert_memory_equal(data, lsd_file, size);
	folder_clear(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_used_only_when_asked_for),
		cmocka_unit_test(an_lsd_has_the_crc_too),
		cmocka_unit_test(bad_lists_are_refused_with_their_place),
		cmocka_unit_test(a_list_at_the_cap_is_read_and_beyond_is_not),
		cmocka_unit_test(a_list_is_written_as_it_was_read),
		cmocka_unit_test(a_crc_no_sbi_holds_is_a_named_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
