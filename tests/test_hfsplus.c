/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HFS+ and HFSX by a second writer, by hdiutil and by xorriso; compressed files; and what is
 * damaged or hostile is named. */
#include "base/bytes.h"
#include "tests/fs_walk.h"
#include "tests/tool.h"
#include "tree/hfsplus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void everything_is_read_as_a_second_writer_has_it(void **state)
{
	const char *top = getenv("top_srcdir");
	unsigned seen, wrong;

	(void)state;
	if (!tool_has("python3"))
		skip();
	assert_int_equal(
		tool_run("python3 '%s/tests/hfsplus_write.py' '%s'", top ? top : "..", tool_folder),
		0);
	wrong = fs_differ_in(&sp_fs_hfsplus, tool_folder, ".hfsplus", &seen);
	assert_in_range(seen, 17, 100);
	assert_int_equal(wrong, 0);
}

static void a_volume_cut_anywhere_is_never_told_whole(void **state)
{
	char path[512], list[512];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/catalog-pieces.hfsplus", tool_folder);
	snprintf(list, sizeof(list), "%s/catalog-pieces.list", tool_folder);
	char *whole = fs_load(list);
	if (!whole || stat(path, &st) != 0) {
		print_message("skipped: there is no python3 here\n");
		free(whole);
		skip();
	}
	for (off_t size = st.st_size - 512; size >= 512; size -= 37 * 512) {
		assert_int_equal(truncate(path, size), 0);
		struct fs_found found = fs_find(&sp_fs_hfsplus, path);

		assert_true(found.status < 0 || found.damage || found.errors);
		fs_found_free(&found);
	}
	free(whole);
}

/* Apple's partition map: the file becomes its HFS+ partition alone. */
static void cut_partition(const char *path)
{
	uint8_t *image = (uint8_t *)fs_load(path);
	struct stat st;

	assert_non_null(image);
	assert_int_equal(stat(path, &st), 0);
	assert_memory_equal(image, "ER", 2);
	const size_t block = get_be16(image + 2);
	for (size_t at = block; at + 512 < 32768 && !memcmp(image + at, "PM", 2); at += block) {
		if (strncmp((const char *)image + at + 48, "Apple_HFS", 10) != 0)
			continue;
		const size_t from = get_be32(image + at + 8) * block;
		const size_t size = get_be32(image + at + 12) * block;
		assert_in_range(from + size, 1, st.st_size);
		FILE *out = fopen(path, "wb");
		assert_non_null(out);
		assert_int_equal(fwrite(image + from, 1, size, out), size);
		assert_int_equal(fclose(out), 0);
		free(image);
		return;
	}
	fail_msg("no Apple_HFS in the map");
}

/* As 7zz and xorriso see it: the tree of a hybrid is that of the folder. */
static void what_xorriso_makes_of_a_folder_is_that_folder(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[512];

	(void)state;
	if (!tool_has("xorriso"))
		skip();
	snprintf(path, sizeof(path), "%s/hybrid.iso", tool_folder);
	assert_int_equal(tool_run("xorriso -as mkisofs -quiet -hfsplus -o '%s' '%s/tests/data' "
				  ">/dev/null 2>&1",
				  path, top ? top : ".."),
			 0);
	cut_partition(path);
	struct fs_found found = fs_find(&sp_fs_hfsplus, path);
	assert_int_equal(found.status, 0);
	assert_int_equal(found.damage, 0);
	assert_int_equal(found.errors, 0);
	snprintf(path, sizeof(path), "%s/tests/data", top ? top : "..");
	fs_is_folder(&found, path);
	fs_found_free(&found);
}

static void volumes_of_hdiutil_have_what_7zz_sees(void **state)
{
	static const struct {
		const char *name, *label, *list;
	} expect[] = {
		{"hfs_plus_volume.bin", "CATVOL",
		 "f 0644 9 ada649e0 HELLO.TXT\n@ 32 9ccc3f85 com.apple.FinderInfo\n"
		 "f 0644 1 8cdc1683 READ.ME\n@ 32 9ccc3f85 com.apple.FinderInfo\n"
		 "d 0755 0 00000000 SUBDIR\n@ 32 72c25ea9 com.apple.FinderInfo\n"},
		{"hfs_plus_nested.bin", "NESTVOL",
		 "d 0755 0 00000000 SUB\n@ 32 c556ea3a com.apple.FinderInfo\n"
		 "f 0644 3 1ed91fca TOP.TXT\n@ 32 d22dfe79 com.apple.FinderInfo\n"
		 "f 0644 11 b8428ee9 SUB/NESTED.TXT\n@ 32 c556ea3a com.apple.FinderInfo\n"},
	};
	const char *corpus = getenv("SPINDLE_CORPUS");

	(void)state;
	if (!corpus || !*corpus) {
		print_message("skipped: there is no corpus\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/hfsplus/hfsplus-forensic/%s", corpus,
			 expect[i].name);
		struct fs_found found = fs_find(&sp_fs_hfsplus, path);
		assert_int_equal(found.status, 0);
		assert_string_equal(found.label, expect[i].label);
		assert_string_equal(found.list, expect[i].list);
		assert_int_equal(found.damage, 0);
		fs_found_free(&found);
	}
}

/* Real payloads: a file of the corpus behind a header of this type, or as the resource fork. */
static void compressed_files_of_real_systems_are_decoded(void **state)
{
	static const struct {
		unsigned type;
		const char *attribute, *fork, *expected;
	} files[] = {
		{3, "real_zlib_inline.payload", NULL, "real_zlib_inline.expected"},
		{3, "zlib_type3_stored.payload", NULL, "zlib_inline.expected"},
		{4, NULL, "real_zlib_rsrc.rsrc", "zlib.expected"},
		{8, NULL, "lzvn.rsrc", "lzvn.expected"},
		{8, NULL, "tahoe_type8.rsrc", "tahoe_type8.expected"},
		{0, "tahoe_type9.decmpfs", NULL, "tahoe_type9.expected"},
		{11, "real_lzfse_inline.payload", NULL, "real_zlib_inline.expected"},
		{12, NULL, "real_lzfse_rsrc.rsrc", "zlib.expected"},
	};
	const char *corpus = getenv("SPINDLE_CORPUS");

	(void)state;
	if (!corpus || !*corpus) {
		print_message("skipped: there is no corpus\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[512];
		uint8_t header[70000] = "fpmc";
		struct sp_io *fork = NULL, *io, *in;
		struct sp_error err = {0};
		struct stat st;
		size_t at = 16;

		snprintf(path, sizeof(path), "%s/hfsplus/hfsplus-forensic/decmpfs/%s", corpus,
			 files[i].expected);
		char *want = fs_load(path);
		assert_non_null(want);
		assert_int_equal(stat(path, &st), 0);
		put_le32(header + 4, files[i].type);
		put_le64(header + 8, (uint64_t)st.st_size);
		if (files[i].attribute) {
			snprintf(path, sizeof(path), "%s/hfsplus/hfsplus-forensic/decmpfs/%s",
				 corpus, files[i].attribute);
			assert_int_equal(sp_io_open_file(&in, path, &err), 0);
			at = files[i].type ? 16 : 0; /* it has its own */
			assert_in_range(in->size, 1, sizeof(header) - at);
			assert_int_equal(sp_io_read(in, 0, header + at, (size_t)in->size, &err), 0);
			at += (size_t)in->size;
			sp_io_close(in);
		}
		if (files[i].fork) {
			snprintf(path, sizeof(path), "%s/hfsplus/hfsplus-forensic/decmpfs/%s",
				 corpus, files[i].fork);
			assert_int_equal(sp_io_open_file(&fork, path, &err), 0);
		}
		if (hfs_coded_open(&io, "file", header, at, fork, &err) < 0)
			fail_msg("%s: %s", files[i].expected, err.text);
		assert_int_equal(io->size, st.st_size);
		char *got = malloc((size_t)io->size);
		assert_non_null(got);
		if (sp_io_read(io, 0, got, (size_t)io->size, &err) < 0)
			fail_msg("%s: type %u: %s", files[i].expected, files[i].type, err.text);
		assert_memory_equal(got, want, (size_t)io->size);
		free(got);
		free(want);
		sp_io_close(io);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read_as_a_second_writer_has_it),
		cmocka_unit_test(a_volume_cut_anywhere_is_never_told_whole),
		cmocka_unit_test(what_xorriso_makes_of_a_folder_is_that_folder),
		cmocka_unit_test(volumes_of_hdiutil_have_what_7zz_sees),
		cmocka_unit_test(compressed_files_of_real_systems_are_decoded),
	};

	return cmocka_run_group_tests(tests, tool_begin, tool_end);
}
