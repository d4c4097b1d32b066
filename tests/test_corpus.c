/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every cue sheet of the corpus opens with the layout tests/layout.py worked out, or is refused. */
#include "base/bytes.h"
#include "io/name.h"
#include "tests/disc_print.h"

#include <spindle/format.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WAVE_HEADER 44
#define FILES_MAX   128

/* A sheet's folder. Its files are real ones, or made here: zeros, for a WAVE after a header. They
 * may be half a gigabyte, so nothing is held in memory. */
struct folder {
	char corpus[2048], sheet[512]; /* the latter relative to the former */
	struct folder_file {
		enum { FOLDER_REAL, FOLDER_WAVE, FOLDER_ZEROS } kind;
		uint64_t size;
		char name[512];
	} file[FILES_MAX];
	size_t files;
	int status;            /* of the refusal, 0: none */
	char contains[4][256]; /* in its text */
	size_t contain;
	char *disc; /* what disc_print must give, to be freed */
};

struct folder_io {
	struct sp_io io;
	const struct folder *folder;
	const struct folder_file *file; /* NULL: `stream` alone */
	FILE *stream;
};

static int folder_open(struct sp_io **out, const struct folder *folder,
		       const struct folder_file *file, const char *name);

static void folder_wave(const struct folder_file *file, uint8_t header[WAVE_HEADER])
{
	memcpy(header, "RIFF    WAVEfmt \x10\0\0\0\1\0\2\0\x44\xac\0\0\x10\xb1\2\0\4\0\x10\0data",
	       40);
	put_le32(header + 4, (uint32_t)file->size - 8);
	put_le32(header + 40, (uint32_t)file->size - WAVE_HEADER);
}

static int folder_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct folder_io *f = (struct folder_io *)io;

	if (f->stream)
		return fseeko(f->stream, (off_t)at, SEEK_SET) ||
				       fread(data, 1, size, f->stream) != size
			       ? sp_fail(err, SP_ERR_IO, "%s: cannot be read", io->name)
			       : 0;
	memset(data, 0, size);
	if (f->file->kind == FOLDER_WAVE && at < WAVE_HEADER) {
		uint8_t header[WAVE_HEADER];
		size_t part = size < WAVE_HEADER - at ? size : WAVE_HEADER - (size_t)at;

		folder_wave(f->file, header);
		memcpy(data, header + at, part);
	}
	return 0;
}

static int folder_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			  struct sp_error *err)
{
	const struct folder *folder = ((struct folder_io *)io)->folder;
	char *clean = sp_name_clean(name, true);

	assert_non_null(clean);
	for (size_t i = 0; i < folder->files; i++)
		if (!strcasecmp(folder->file[i].name, clean)) {
			free(clean);
			return folder_open(out, folder, &folder->file[i], folder->file[i].name);
		}
	free(clean);
	return sp_fail_errno(err, ENOENT, "%s", name);
}

static void folder_close(struct sp_io *io)
{
	struct folder_io *f = (struct folder_io *)io;

	if (f->stream)
		fclose(f->stream);
	free(f);
}

static const struct sp_io_ops folder_ops = {
	.read = folder_read, .sibling = folder_sibling, .close = folder_close};

/* A file of the folder; NULL: the sheet itself. */
static int folder_open(struct sp_io **out, const struct folder *folder,
		       const struct folder_file *file, const char *name)
{
	struct folder_io *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->io = (struct sp_io){.ops = &folder_ops, .name = name, .size = file ? file->size : 0};
	f->folder = folder;
	f->file = file;
	if (!file || file->kind == FOLDER_REAL) {
		char path[4096];
		const char *base = strrchr(folder->sheet, '/');

		snprintf(path, sizeof(path), "%s/%.*s%s", folder->corpus,
			 (int)(base + 1 - folder->sheet), folder->sheet, name);
		f->stream = fopen(path, "rb");
		if (!f->stream)
			fail_msg("%s: %s", path, strerror(errno));
		fseeko(f->stream, 0, SEEK_END);
		f->io.size = (uint64_t)ftello(f->stream);
		if (file)
			assert_int_equal(f->io.size, file->size);
	}
	*out = &f->io;
	return 0;
}

static const char *after(const char *line, const char *word)
{
	size_t size = strlen(word);

	return !strncmp(line, word, size) && line[size] == ' ' ? line + size + 1 : NULL;
}

static void folder_sibling_line(struct folder *folder, const char *rest)
{
	struct folder_file *file = &folder->file[folder->files++];
	char kind[16];
	int at = 0;

	assert_true(folder->files <= FILES_MAX);
	assert_int_equal(sscanf(rest, "%15s %" SCNu64 " %n", kind, &file->size, &at), 2);
	snprintf(file->name, sizeof(file->name), "%s", rest + at);
	file->kind = !strcmp(kind, "real")   ? FOLDER_REAL
		     : !strcmp(kind, "wave") ? FOLDER_WAVE
					     : FOLDER_ZEROS;
}

static void folder_word(char *to, size_t room, const char *text)
{
	assert_true(strlen(text) < room);
	memcpy(to, text, strlen(text) + 1);
}

/* An expectation: what tests/layout.py writes. */
static void folder_load(struct folder *folder, const char *path)
{
	char line[1024];
	size_t size;
	FILE *in = fopen(path, "r"), *disc = NULL;

	if (!in)
		fail_msg("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), in)) {
		const char *rest;

		if (disc) {
			fputs(line, disc);
			continue;
		}
		line[strcspn(line, "\n")] = 0;
		if ((rest = after(line, "sheet")))
			folder_word(folder->sheet, sizeof(folder->sheet), rest);
		else if ((rest = after(line, "sibling")))
			folder_sibling_line(folder, rest);
		else if ((rest = after(line, "refused")))
			folder->status = -atoi(rest);
		else if ((rest = after(line, "contains")) && folder->contain < 4)
			folder_word(folder->contains[folder->contain++], 256, rest);
		else if (!strcmp(line, "disc"))
			disc = open_memstream(&folder->disc, &size);
		else
			fail_msg("%s: a line that means nothing: %s", path, line);
	}
	fclose(in);
	if (disc)
		fclose(disc);
	assert_true(*folder->sheet && !folder->disc != !folder->status);
}

static void check_contains(const struct folder *folder, const char *text)
{
	for (size_t i = 0; i < folder->contain; i++)
		if (!strstr(text, folder->contains[i]))
			fail_msg("refused as '%s', which lacks '%s'", text, folder->contains[i]);
}

/* The first line in which two texts differ says more than both. */
static void check_same(const char *found, const char *want)
{
	while (*want || *found) {
		size_t a = strcspn(found, "\n"), b = strcspn(want, "\n");

		if (a != b || memcmp(found, want, a) != 0)
			fail_msg("found '%.*s', expected '%.*s'", (int)a, found, (int)b, want);
		found += a + (found[a] == '\n');
		want += b + (want[b] == '\n');
	}
}

/* What the layout says is there can be read: the ends of every region. */
static void check_reads(struct sp_source *src)
{
	static uint8_t data[2352 + 96];
	struct sp_error err;

	for (size_t i = 0; i < src->disc->regions; i++) {
		const struct sp_region *r = &src->disc->region[i];
		uint16_t state = 0;
		struct sp_span span = {.lba = r->lba,
				       .count = 1,
				       .mode = r->mode,
				       .parts = r->parts,
				       .stride = sp_sector_size(r->mode, r->parts),
				       .data = data,
				       .state = &state};

		for (unsigned end = 0; end < 2; end++) {
			if (sp_source_read(src, &span, &err))
				fail_msg("LBA %" PRId64 ": %s", span.lba, err.text);
			assert_int_equal(!(state & SP_STATE_GENERATED), r->stored);
			assert_int_equal(state & (SP_STATE_UNREAD | SP_STATE_PADDED), 0);
			span.lba = r->lba + (sp_lba)r->count - 1;
			state = 0;
		}
	}
}

static void check_opens(struct folder *folder, const struct sp_format *cue, struct sp_io *io)
{
	struct sp_source *src;
	struct sp_error err = {0};

	if (cue->open(&src, io, NULL, &err))
		fail_msg("refused: %s", err.text);
	char *found = disc_print(src->disc);
	check_same(found, folder->disc);
	check_reads(src);
	free(found);
	sp_source_close(src);
}

static void check_refused(struct folder *folder, const struct sp_format *cue, struct sp_io *io)
{
	struct sp_source *src = NULL;
	struct sp_error err = {0};
	int status = cue->open(&src, io, NULL, &err);

	if (!status)
		fail_msg("%s was opened", folder->sheet);
	assert_int_equal(status, folder->status);
	assert_int_equal(err.status, status);
	check_contains(folder, err.text);
	sp_io_close(io);
}

static void check_sheet(void **state)
{
	const char *corpus = getenv("SPINDLE_CORPUS");
	const struct sp_format *cue = sp_format_named("cue"), *format = NULL;
	struct folder *folder = calloc(1, sizeof(*folder));
	struct sp_io *io;

	assert_non_null(folder);
	assert_non_null(cue);
	folder_load(folder, *state);
	if (!corpus || !*corpus) {
		print_message("%s: SPINDLE_CORPUS is not set\n", folder->sheet);
		free(folder->disc);
		free(folder);
		skip();
	}
	snprintf(folder->corpus, sizeof(folder->corpus), "%s", corpus);
	folder_open(&io, folder, NULL, strrchr(folder->sheet, '/') + 1);
	int status = sp_identify(&format, io, NULL);
	if (folder->status == SP_ERR_UNSUPPORTED) { /* another container under this name */
		assert_int_equal(status, 0);
		assert_null(format->open);
		check_contains(folder, format->name);
		sp_io_close(io);
	} else if (folder->status) {
		check_refused(folder, cue, io);
	} else {
		assert_int_equal(status, 0);
		assert_string_equal(format->name, "cue");
		check_opens(folder, cue, io);
	}
	free(folder->disc);
	free(folder);
}

static int is_expectation(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".txt");
}

int main(void)
{
	const char *dir = getenv("EXPECT"), *srcdir = getenv("srcdir");
	struct dirent **entry = NULL;
	char *where = dir ? sp_format_text("%s", dir)
			  : sp_format_text("%s/tests/expect", srcdir ? srcdir : ".");
	int count = scandir(where, &entry, is_expectation, alphasort);

	if (count <= 0) {
		fprintf(stderr, "%s: no expectations there\n", where);
		return 1;
	}
	struct CMUnitTest *tests = calloc((size_t)count, sizeof(*tests));
	for (int i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){
			.name = entry[i]->d_name,
			.test_func = check_sheet,
			.initial_state = sp_format_text("%s/%s", where, entry[i]->d_name)};
	int failed = _cmocka_run_group_tests("corpus", tests, (size_t)count, NULL, NULL);
	for (int i = 0; i < count; i++) {
		free(tests[i].initial_state);
		free(entry[i]);
	}
	free(tests);
	free(entry);
	free(where);
	return failed;
}
