/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDF of every kind: by a second writer, by mkudffs, genisoimage and the writers of the corpus; and
 * what is damaged or hostile is named. */
#include "tests/fs_walk.h"
#include "tests/tool.h"

#include <spindle/spindle.h>
#include <spindle/tree.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void every_kind_of_partition_and_entry_is_read_as_a_second_writer_has_them(void **state)
{
	const char *top = getenv("top_srcdir");
	unsigned seen, wrong;

	(void)state;
	if (!tool_has("python3"))
		skip();
	assert_int_equal(
		tool_run("python3 '%s/tests/udf_write.py' '%s'", top ? top : "..", tool_folder), 0);
	wrong = fs_differ_in(&sp_fs_udf, tool_folder, ".udf", &seen);
	/* five kinds of partitions and three more volumes in four sizes of blocks, three more, and
	 * what is bad */
	assert_in_range(seen, 32 + 3 + 20, 100);
	assert_int_equal(wrong, 0);
}

/* --- as a file that is opened ---------------------------------------------------------------- */

struct said {
	char text[4096];
};

static void said_note(void *user, const char *text)
{
	struct said *said = user;
	const size_t used = strlen(said->text);

	snprintf(said->text + used, sizeof(said->text) - used, "%s\n", text);
}

/* The tree of an image that is known by its content or that is opened as `format`, as fs_walk has
 * it; the caller's to free. */
static char *image_list(const char *path, const char *format, struct said *said)
{
	const struct sp_notes notes = {said_note, said};
	const struct sp_options options = {.notes = &notes};
	struct fs_walk walk = {0};
	struct sp_error err = {0};
	struct sp_inside *inside;
	struct sp_input in;
	struct sp_fs *fs;
	char *list = NULL;
	size_t size, count;

	*said = (struct said){0};
	assert_int_equal(sp_input_open(&in, path, format, &options, &err), 0);
	assert_int_equal(sp_inside_open(&inside, in.source, &notes, &err), 0);
	assert_int_equal(sp_inside_find(inside, 0, &err), 0);
	const struct sp_tree *tree = sp_inside_trees(inside, &count);
	assert_int_equal(count, 1);
	assert_string_equal(tree->name, "udf");
	assert_int_equal(sp_inside_tree(inside, tree, &fs, &err), 0);
	walk.out = open_memstream(&list, &size);
	assert_non_null(walk.out);
	fs_walk(&walk, fs);
	fclose(walk.out);
	assert_int_equal(walk.errors, 0);
	assert_int_equal(sp_fs_damage(fs), 0);
	sp_fs_close(fs);
	sp_inside_close(inside);
	sp_input_close(&in);
	return list;
}

static void whatever_its_blocks_an_image_is_known_by_content_and_told_whole(void **state)
{
	static const char *const kind[] = {"plain",    "vat150", "vat",   "sparable",
					   "metadata", "both",   "short", "first-vat"};
	unsigned odd = 0;

	(void)state;
	if (!tool_has("python3"))
		skip();
	for (size_t k = 0; k < sizeof(kind) / sizeof(kind[0]); k++)
		for (unsigned block = 512; block <= 4096; block *= 2) {
			char path[512], want[512];
			struct stat st;
			struct said said;

			snprintf(path, sizeof(path), "%s/%s-%u.udf", tool_folder, kind[k], block);
			snprintf(want, sizeof(want), "%s/%s-%u.list", tool_folder, kind[k], block);
			char *list = fs_load(want), *found = image_list(path, NULL, &said);
			assert_string_equal(found, list);
			assert_null(strstr(said.text, "missing"));
			assert_null(strstr(said.text, "no ISO 9660"));
			free(found);
			/* and where its last sector is filled up */
			found = image_list(path, "iso", &said);
			assert_string_equal(found, list);
			assert_int_equal(stat(path, &st), 0);
			odd += st.st_size % 2048 != 0;
			assert_int_equal(strstr(said.text, "ends inside") != NULL,
					 st.st_size % 2048 != 0);
			free(found);
			free(list);
		}
	assert_in_range(odd, 6, 16);
}

/* What is tested here is no dialect of the reader and the writer: a third program agrees. */
static void volumes_of_the_second_writer_are_udf_to_udfinfo_too(void **state)
{
	(void)state;
	if (!tool_has("python3") || !tool_has("udfinfo"))
		skip();
	for (unsigned block = 512; block <= 4096; block *= 2)
		assert_int_equal(
			tool_run("cd '%s' && for f in *-%u.udf; do test $f = strategy-%u.udf || "
				 "udfinfo $f 2>/dev/null | grep -qx blocksize=%u || exit 1; "
				 "done",
				 tool_folder, block, block, block),
			0);
}

/* What is left of an image that is longer than its volume when what follows that is left out. */
static uint64_t image_trimmed(const char *name, unsigned more)
{
	static const struct sp_option trim = {"trim", "volume"};
	const struct sp_options options = {.option = &trim, .options = 1};
	char path[512];
	struct sp_error err = {0};
	struct sp_input in;

	assert_int_equal(
		tool_run("cd '%s' && cp %s.udf longer.iso && head -c %u /dev/zero >>longer.iso",
			 tool_folder, name, more * 2048),
		0);
	snprintf(path, sizeof(path), "%s/longer.iso", tool_folder);
	assert_int_equal(sp_input_open(&in, path, "iso", &options, &err), 0);
	const uint64_t sectors = in.source->disc->region[0].count;
	sp_input_close(&in);
	return sectors;
}

static void trimming_takes_no_anchor_no_spare_packet_and_nothing_of_an_open_disc(void **state)
{
	(void)state;
	if (!tool_has("python3"))
		skip();
	/* 257 sectors, 320 blocks, 300 more with an anchor at their end and 256 before it */
	assert_int_equal(image_trimmed("both-2048", 0), 877);
	assert_int_equal(image_trimmed("both-2048", 10), 877);
	/* behind the partition there are spare packets */
	assert_int_equal(image_trimmed("sparable-2048", 10), 257 + 320 + 40 + 10);
	/* nothing is known to be behind this one's */
	assert_int_equal(image_trimmed("plain-2048", 10), 257 + 320);
	/* where it ends the last block that was written says, not the partition */
	assert_true(image_trimmed("vat-2048", 10) > 257 + 10);
	assert_true(image_trimmed("vat-2048", 400) > 257 + 400);
}

/* Each medium mkudffs knows, each revision it makes for it, each size of blocks. */
static void what_mkudffs_makes_opens(void **state)
{
	static const char *const media[] = {"hd", "dvd",  "dvdram", "dvdrw", "dvdr", "worm",
					    "mo", "cdrw", "cdr",    "cd",    "bdr"};
	static const char *const revision[] = {"1.01", "1.02", "1.50", "2.00",
					       "2.01", "2.50", "2.60"};
	static const unsigned block[] = {512, 2048, 1024, 4096};
	const bool all = getenv("SPINDLE_LONG");
	unsigned made = 0;

	(void)state;
	if (!tool_has("mkudffs") || !tool_has("udfinfo"))
		skip();
	for (size_t m = 0; m < sizeof(media) / sizeof(media[0]); m++)
		for (size_t r = 0; r < sizeof(revision) / sizeof(revision[0]); r++)
			for (unsigned b = 0; b < 4; b++) {
				char path[512], want[64];

				if (!all && b != (m + r) % 4)
					continue;
				snprintf(path, sizeof(path), "%s/mkudffs.img", tool_folder);
				if (tool_run("cd '%s' && rm -f mkudffs.img && truncate -s 12M "
					     "mkudffs.img && mkudffs -m %s -r %s -b %u -l 'Größe "
					     "%s' "
					     "mkudffs.img >/dev/null 2>&1",
					     tool_folder, media[m], revision[r], block[b],
					     media[m]))
					continue; /* no such thing */
				struct fs_found found = fs_find(&sp_fs_udf, path);
				snprintf(want, sizeof(want), "Größe %s", media[m]);
				assert_int_equal(found.status, 0);
				assert_string_equal(found.label, want);
				assert_int_equal(found.damage, 0);
				assert_int_equal(found.errors, 0);
				/* its own judge counts the root and a lost+found */
				snprintf(want, sizeof(want), "numdirs=%d",
					 strstr(found.list, "lost+found") ? 2 : 1);
				assert_int_equal(tool_run("udfinfo '%s' 2>/dev/null | grep -qx %s",
							  path, want),
						 0);
				fs_found_free(&found);
				made++;
			}
	assert_in_range(made, all ? 150 : 35, 308);
}

static void what_genisoimage_makes_of_a_folder_is_that_folder(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[512];

	(void)state;
	if (!tool_has("genisoimage"))
		skip();
	top = top ? top : "..";
	snprintf(path, sizeof(path), "%s/geniso.img", tool_folder);
	assert_int_equal(
		tool_run("genisoimage -quiet -udf -o '%s' '%s/tests/data' 2>/dev/null", path, top),
		0);
	struct fs_found found = fs_find(&sp_fs_udf, path);
	assert_int_equal(found.status, 0);
	assert_int_equal(found.damage, 0);
	assert_int_equal(found.errors, 0);
	snprintf(path, sizeof(path), "%s/tests/data", top);
	fs_is_folder(&found, path);
	fs_found_free(&found);
}

static void volumes_of_other_writers_have_what_udfinfo_and_7zz_see(void **state)
{
	static const struct {
		const char *name, *label, *list;
	} expect[] = {
		{"libcdio/udf102.iso", "FéжΘvrier", "f 0555 10 a684c7c6 FéжΘvrier\n"},
		{"util-linux/udf.img", "test-udf", ""},
		/* these two 7zz 26.02 cannot open */
		{"util-linux/udf-bdr-2.60-nero.img", "Label", "f 0777 0 00000000 test.txt\n"},
		{"util-linux/udf-cd-mkudfiso-20100208.img", "Volume Label", ""},
		{"util-linux/udf-hdd-macosx-2.60-4096.img.xz", "Untitled UDF Volume", ""},
		{"util-linux/udf-hdd-mkudffs-1.0.0-1.img.xz", "LinuxUDF",
		 "d 0755 0 00000000 lost+found\n"},
		{"util-linux/udf-hdd-mkudffs-1.0.0-2.img.xz", "Label",
		 "d 0755 0 00000000 lost+found\n"},
		{"util-linux/udf-hdd-mkudffs-1.3-2.img.xz", "Label", ""},
		{"util-linux/udf-hdd-mkudffs-1.3-3.img.xz", "Ã¿", ""},
		{"util-linux/udf-hdd-mkudffs-1.3-4.img.xz", "Label", ""},
		{"util-linux/udf-hdd-mkudffs-1.3-6.img.xz", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""},
		/* with a leftover of another volume in blocks of 512 */
		{"util-linux/udf-hdd-mkudffs-1.3-7.img.xz", "Label4096", ""},
		{"util-linux/udf-hdd-mkudffs-1.3-8.img.xz", "LinuxUDF", ""},
		{"util-linux/udf-hdd-udfclient-0.7.5.img.xz", "discname", ""},
		{"util-linux/udf-hdd-udfclient-0.7.7.img.xz", "discname", ""},
		{"util-linux/udf-hdd-win7.img.xz", "My volume label", ""},
		{"util-linux/udf-multi-0-417-834-genisoimage.img", "first session", ""},
	};
	const char *corpus = getenv("SPINDLE_CORPUS");

	(void)state;
	if (!corpus || !*corpus || !tool_has("xz")) {
		print_message("skipped: there is no corpus\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/corpus.img", tool_folder);
		assert_int_equal(tool_run("case '%s' in *.xz) xz -dc ;; *) cat ;; esac "
					  "<'%s/udf/%s' >'%s'",
					  expect[i].name, corpus, expect[i].name, path),
				 0);
		struct fs_found found = fs_find(&sp_fs_udf, path);
		assert_int_equal(found.status, 0);
		assert_string_equal(found.label, expect[i].label);
		assert_string_equal(found.list, expect[i].list);
		assert_int_equal(found.damage, 0);
		assert_int_equal(found.errors, 0);
		fs_found_free(&found);
	}
}

/* Cut short, a volume either has lost its end's anchor, or says what is missing. */
static void a_volume_cut_anywhere_is_never_told_whole(void **state)
{
	char path[512], list[512];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/anchor-256.udf", tool_folder);
	snprintf(list, sizeof(list), "%s/anchor-256.list", tool_folder);
	char *whole = fs_load(list);
	if (!whole || stat(path, &st) != 0) {
		print_message("skipped: there is no python3 here\n");
		free(whole);
		skip();
	}
	for (off_t size = st.st_size; size >= 512; size -= 7 * 512) {
		assert_int_equal(truncate(path, size), 0);
		struct fs_found found = fs_find(&sp_fs_udf, path);
		const bool same = found.status == 0 && !strcmp(found.list, whole);

		assert_true(same || found.status < 0 || found.damage || found.errors);
		assert_true(!same || !found.damage);
		fs_found_free(&found);
	}
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			every_kind_of_partition_and_entry_is_read_as_a_second_writer_has_them),
		cmocka_unit_test(whatever_its_blocks_an_image_is_known_by_content_and_told_whole),
		cmocka_unit_test(volumes_of_the_second_writer_are_udf_to_udfinfo_too),
		cmocka_unit_test(
			trimming_takes_no_anchor_no_spare_packet_and_nothing_of_an_open_disc),
		cmocka_unit_test(a_volume_cut_anywhere_is_never_told_whole),
		cmocka_unit_test(what_mkudffs_makes_opens),
		cmocka_unit_test(what_genisoimage_makes_of_a_folder_is_that_folder),
		cmocka_unit_test(volumes_of_other_writers_have_what_udfinfo_and_7zz_see),
	};

	return cmocka_run_group_tests(tests, tool_begin, tool_end);
}
