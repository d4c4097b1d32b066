/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every container that cannot be opened yet is recognised by its content, and nothing else is. */
#include "base/bytes.h"
#include "formats/formats.h"
#include "formats/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of zeros with a few bytes put in, so that 100 MB cost nothing. */
struct patch {
	int64_t at; /* negative: from the end */
	size_t size;
	const char *bytes;
};
struct vector {
	const char *name;
	uint64_t size;
	struct patch patch[4];
};
#define P(at, text)                                                                                \
	{                                                                                          \
		at, sizeof(text) - 1, text                                                         \
	}
#define SHEET(name, text)                                                                          \
	{                                                                                          \
		name, sizeof(text) - 1,                                                            \
		{                                                                                  \
			P(0, text)                                                                 \
		}                                                                                  \
	}
#define BINARY(name, size, ...)                                                                    \
	{                                                                                          \
		name, size,                                                                        \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

#define SYNC     "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0"
#define ENTRY(n) "\1\x14\0" n "\0\0\0\0\1\2\3"
#define MAP_ONES "\1\1\0\1"
#define MIB      0x100000

/* clang-format off */
static const struct vector vectors[] = {
	SHEET("toc", "// a comment\n\nCD_ROM_XA\n\nTRACK MODE2_FORM_MIX\nDATAFILE \"a.bin\"\n"),
	SHEET("toc", "CATALOG \"1234567890123\"\nTRACK AUDIO // no header\nSILENCE 1:0:0\n"),
	SHEET("gdi", "3\n1 0 4 2352 track01.bin 0\n2 756 0 2352 \"track 02.raw\" 0\n"),
	BINARY("readcd", 4 + 44 + 2, P(0, "\0\x2e\1\1" ENTRY("\xa0") ENTRY("\xa1") ENTRY("\xa2")
					  ENTRY("\1"))),
	BINARY("nrg", 40000, P(-12, "NER5\0\0\0\0\0\0\x80\0")),
	BINARY("nrg", 40000, P(-8, "NERO\0\0\x80\0")),
	BINARY("mds", 400, P(0, "MEDIA DESCRIPTOR\1\3\0\0\1\0")),
	BINARY("mdx", 400, P(0, "MEDIA DESCRIPTOR\2\1")),
	BINARY("cdi", 90000, P(-400, "\1\0\2"), P(-8, "\6\0\0\x80\x90\1\0\0")), /* from the end */
	BINARY("cdi", 90000, P(0x15000, "\2\0\1"), P(-8, "\4\0\0\x80\0\x50\1\0")),
	BINARY("b6t", 600, P(0, "BWT5 STREAM SIGN"), P(-16, "BWT5 STREAM FOOT")),
	BINARY("bwt", 600, P(0, "BLINDWRITE TOC FILE")),
	BINARY("c2d", 600, P(0, "Adaptec CeQuadrat VirtualCD File\xb0\0")),
	BINARY("c2d", 600, P(0, "Roxio Image File Format 3.0")),
	BINARY("cif", 600, P(0, "RIFF\x20\0\0\0imag")),
	BINARY("scram", 107 * MIB, P((45150 + 16) * 2352, SYNC "\1\x82\x16\x61")),
	BINARY("aaru", 5000, P(0, "AARUFRMT")),
	BINARY("aaru", 5000, P(0, "DICMFRMT")),
	BINARY("chd", 5000, P(0, "MComprHD\0\0\0\x7c\0\0\0\5")),
	BINARY("chd", 5000, P(0, "MComprHD\0\0\0\x4c\0\0\0\1")),
	BINARY("cso", 50000, P(0, "CISO\x18\0\0\0\0\0\1\0\0\0\0\0\0\x08\0\0\1")),
	BINARY("cso", 50000, P(0, "CISO\0\0\0\0\0\0\1\0\0\0\0\0\0\x08\0\0\2")),
	BINARY("ciso", 4 * MIB, P(0, "CISO\0\0\x20\0" MAP_ONES)),
	BINARY("zso", 5000, P(0, "ZISO\x18\0\0\0")),
	BINARY("dax", 5000, P(0, "DAX\0\0\0\0\0")),
	BINARY("jso", 5000, P(0, "JISO\3\1\0\x08")),
	BINARY("isz", 5000, P(0, "IsZ!\x30\1")),
	BINARY("daa", 5000, P(0, "DAA\0\0\0\0\0\0\0\0\0\0\0\0\0\x4c\0\0\0\0\1\0\0")),
	BINARY("daa", 5000, P(0, "DAA VOL\0\0\0\0\0\0\0\0\0")),
	BINARY("gbi", 5000, P(0, "GBI\0\0\0\0\0\0\0\0\0\0\0\0\0")),
	BINARY("gbi", 5000, P(0, "GBI VOL\0\0\0\0\0\0\0\0\0")),
	BINARY("ecm", 5000, P(0, "ECM\0\x3c")),
	BINARY("cloop", 5000, P(0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop\n")),
	BINARY("pbp", 5000, P(0, "\0PBP\0\0\1\0")),
	BINARY("rvz", 5000, P(0, "RVZ\1\1\0\0\0")),
	BINARY("wia", 5000, P(0, "WIA\1\1\0\0\0")),
	BINARY("gcz", 5000, P(0, "\x01\xc0\x0b\xb1\1\0\0\0")),
	BINARY("wbfs", 5000, P(0, "WBFS\0\0\x10\0\x09\x15")),
	BINARY("wux", 70000, P(0, "WUX0\x2e\xd0\x99\x10\0\x80\0\0")),
	BINARY("tgc", 70000, P(0, "\xae\x0f\x38\xa2\0\0\0\0\0\0\x80\0")),
	BINARY("nfs", 70000, P(0, "EGGS"), P(0x1fc, "SGGE")),
	BINARY("xdvdfs", 5 * MIB, P(0x10000, "MICROSOFT*XBOX*MEDIA")),
	BINARY("ndif", 128 + 512 + 256 + 60,
	       P(0, "\0\4disk"), P(65, "rohdddsk\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1\x3c"),
	       P(102, "mBIN"), P(640, "\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\x3c")),
	BINARY("macbinary", 128 + 512 + 256,
	       P(0, "\0\4text"), P(65, "TEXTttxt\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1\0"),
	       P(102, "mBIN")),
	BINARY("appledouble", 500, P(0, "\0\5\x16\7\0\2\0\0")),
	BINARY("appledouble", 500, P(0, "\0\5\x16\0\0\2\0\0")),
	BINARY("binhex", 500, P(0, "(This file must be converted with BinHex 4.0)\r\r:")),
	BINARY("dc42", 84 + 819200, P(0, "\4disk"), P(64, "\0\x0c\x80\0"), P(80, "\1\x22\1\0")),
	BINARY("gz", 5000, P(0, "\x1f\x8b\x08\0")),
	BINARY("bz2", 5000, P(0, "BZh91AY&SY")),
	BINARY("xz", 5000, P(0, "\xfd" "7zXZ\0\0\4")),
	BINARY("zst", 5000, P(0, "\x28\xb5\x2f\xfd")),
	BINARY("zip", 5000, P(0, "PK\3\4\x14")),
	BINARY("7z", 5000, P(0, "7z\xbc\xaf\x27\x1c\0\4")),
	BINARY("rar", 5000, P(0, "Rar!\x1a\7\1\0")),
	BINARY("wave", 5000, P(0, "RIFF\x80\x13\0\0WAVEfmt ")),
	BINARY("wave", 5000, P(0, "RF64\xff\xff\xff\xffWAVEds64")),
	BINARY("aiff", 5000, P(0, "FORM\0\0\x13\x80" "AIFF")),
	BINARY("aiff", 5000, P(0, "FORM\0\0\x13\x80" "AIFC")),
	BINARY("flac", 5000, P(0, "fLaC\0\0\0\x22")),
	BINARY("ogg", 5000, P(0, "OggS\0\2")),
	BINARY("mp3", 5000, P(0, "ID3\3\0\0\0\0\x0f\x76")),
	BINARY("mp3", 5000, P(0, "\xff\xfb\x90\x64"), P(417, "\xff\xfb\x90\x64")), /* 128 kbit/s */
};

/* What no entry of the table may claim. */
static const struct vector others[] = {
	BINARY("nothing", 0, {0}),
	BINARY("zeros", 100000, {0}),
	BINARY("an ISO", MIB, P(0x8000, "\1CD001\1")),
	BINARY("a High Sierra disc", MIB, P(0x8008, "\1CDROM\1")),
	SHEET("a cue sheet", "CATALOG 1234567890123\r\nFILE \"a.bin\" BINARY\r\n"
			     "  TRACK 01 AUDIO\r\n    INDEX 01 00:00:00\r\n"),
	SHEET("a cue sheet without FILE", "TRACK 01 AUDIO\n"),
	BINARY("CISO with a wild map", 4 * MIB, P(0, "CISO\0\0\x20\0\1\1\2")),
	BINARY("CISO with an empty map", 4 * MIB, P(0, "CISO\0\0\x20\0")),
	BINARY("half of a nero footer", 40000, P(-11, "NER5\0\0\0\0\0\0\x80")),
	BINARY("a CDI that points outside", 40000, P(-8, "\6\0\0\x80\0\0\1\0")),
	BINARY("RIFF of another kind", 5000, P(0, "RIFF\x80\x13\0\0AVI LIST")),
	BINARY("one MP3 frame header", 5000, P(0, "\xff\xfb\x90\x64")),
	BINARY("a MacBinary header that is too long", 500, P(0, "\0\4text"),
	       P(83, "\0\0\2\0\0\0\1\0"), P(102, "mBIN")),
};
/* clang-format on */
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* `ndif` needs the name of its block map's type inside the resource map, a fifth patch. */
static const struct patch bcem = {128 + 512 + 256 + 30, 4, "bcem"};

struct file {
	struct sp_io io;
	const struct vector *vector;
	FILE *stream; /* a real file instead */
};

static void file_patch(const struct patch *p, uint64_t size, uint64_t at, uint8_t *data, size_t len)
{
	uint64_t from = p->at < 0 ? size - (uint64_t)-p->at : (uint64_t)p->at;

	for (size_t i = 0; i < p->size; i++)
		if (from + i >= at && from + i - at < len)
			data[from + i - at] = (uint8_t)p->bytes[i];
}

static int file_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct file *f = (struct file *)io;

	if (f->stream)
		return fseeko(f->stream, (off_t)at, SEEK_SET) ||
				       fread(data, 1, size, f->stream) != size
			       ? sp_fail(err, SP_ERR_IO, "%s", io->name)
			       : 0;
	memset(data, 0, size);
	for (size_t i = 0; i < COUNT(f->vector->patch); i++)
		file_patch(&f->vector->patch[i], io->size, at, data, size);
	if (!strcmp(f->vector->name, "ndif"))
		file_patch(&bcem, io->size, at, data, size);
	return 0;
}

static void file_close(struct sp_io *io)
{
	(void)io;
}

static const struct sp_io_ops file_ops = {.read = file_read, .close = file_close};

static struct file file_of(const struct vector *v)
{
	return (struct file){.io = {.ops = &file_ops, .name = v->name, .size = v->size},
			     .vector = v};
}

/* Buffers of exactly the right size, so that a sanitizer sees one byte too many. */
static void probe_open(struct sp_probe *p, struct sp_io *io, uint64_t size)
{
	size_t head = size < SP_PROBE_HEAD ? (size_t)size : SP_PROBE_HEAD;
	size_t tail = size < SP_PROBE_TAIL ? (size_t)size : SP_PROBE_TAIL;
	uint8_t *h = malloc(head ? head : 1), *t = malloc(tail ? tail : 1);

	assert_non_null(h);
	assert_non_null(t);
	io->size = size;
	if (size) {
		assert_int_equal(sp_io_read(io, 0, h, head, NULL), 0);
		assert_int_equal(sp_io_read(io, size - tail, t, tail, NULL), 0);
	}
	*p = (struct sp_probe){h, head, t, tail, size, io};
}

static void probe_close(struct sp_probe *p)
{
	free((void *)p->head);
	free((void *)p->tail);
}

static int score_of(const struct sp_format *format, const struct sp_probe *p)
{
	return format->probe ? format->probe(p) : sp_magic_probe(format->magic, p);
}

/* The name of the best known format, "" when none has 50; a tie is a failure. */
static const char *best_of(const struct sp_probe *p, int *score)
{
	const char *name = "";

	*score = 49;
	for (size_t i = 0; sp_known_formats[i]; i++) {
		int n = score_of(sp_known_formats[i], p);

		assert_in_range(n, 0, 100);
		if (n == *score)
			fail_msg("%s: %s and %s both score %d", p->io->name, name,
				 sp_known_formats[i]->name, n);
		if (n > *score) {
			*score = n;
			name = sp_known_formats[i]->name;
		}
	}
	return name;
}

/* Among all formats, those that can be opened included. */
static void check_identified(struct sp_io *io, const char *want)
{
	const struct sp_format *format;
	struct sp_error err;

	if (sp_identify(&format, io, &err))
		fail_msg("%s: not identified: %s", io->name, err.text);
	if (strcmp(format->name, want) != 0)
		fail_msg("%s: identified as %s, not %s", io->name, format->name, want);
}

static void test_every_container_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct file f = file_of(&vectors[i]);
		struct sp_probe p;
		int score;

		check_identified(&f.io, vectors[i].name);

		probe_open(&p, &f.io, vectors[i].size);
		assert_string_equal(best_of(&p, &score), vectors[i].name);
		probe_close(&p);
	}
}

static void test_every_format_has_a_vector_a_name_and_a_summary(void **state)
{
	(void)state;
	for (size_t i = 0; sp_known_formats[i]; i++) {
		const struct sp_format *f = sp_known_formats[i];
		size_t seen = 0;

		assert_int_equal(strspn(f->name, "abcdefghijklmnopqrstuvwxyz0123456789"),
				 strlen(f->name));
		assert_true(f->summary && *f->summary && f->extension);
		assert_true(!f->open && !f->create && !f->probe != !f->magic);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(sp_known_formats[k]->name, f->name);
		for (size_t k = 0; k < COUNT(vectors); k++)
			seen += !strcmp(vectors[k].name, f->name);
		if (!seen)
			fail_msg("%s is never recognised here", f->name);
	}
}

static void test_nothing_else_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct file f = file_of(&others[i]);
		struct sp_probe p;
		int score;

		probe_open(&p, &f.io, others[i].size);
		const char *name = best_of(&p, &score);
		if (*name)
			fail_msg("%s is taken for %s", others[i].name, name);
		probe_close(&p);
	}
}

static void test_noise_and_samples_are_not_named(void **state)
{
	static const struct vector none = {.name = "noise"};
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 64; round++) {
		uint8_t *data = malloc(SP_PROBE_HEAD);
		struct file f = file_of(&none);
		int score;

		assert_non_null(data);
		for (size_t i = 0; i < SP_PROBE_HEAD; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			data[i] = (uint8_t)(seed >> 56);
			if (round % 2 && i % 2) /* quiet samples: high bytes near zero */
				data[i] = data[i] & 1 ? 0xff : 0;
		}
		struct sp_probe p = {
			data,          SP_PROBE_HEAD, data + SP_PROBE_HEAD - SP_PROBE_TAIL,
			SP_PROBE_TAIL, SP_PROBE_HEAD, &f.io};
		assert_string_equal(best_of(&p, &score), "");
		free(data);
	}
}

/* Probes may not read past a file that ends anywhere, nor trust what they read. */
static void test_truncated_files_are_harmless(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		uint64_t step = vectors[i].size / 97 + 1;

		for (uint64_t size = 0; size < vectors[i].size; size += size < 160 ? 1 : step) {
			struct file f = file_of(&vectors[i]);
			struct sp_probe p;

			probe_open(&p, &f.io, size);
			for (size_t k = 0; sp_known_formats[k]; k++)
				assert_in_range(score_of(sp_known_formats[k], &p), 0, 100);
			p.io = NULL; /* a probe without a file to look deeper */
			for (size_t k = 0; sp_known_formats[k]; k++)
				assert_in_range(score_of(sp_known_formats[k], &p), 0, 100);
			probe_close(&p);
		}
	}
}

static void test_wild_bytes_are_harmless(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++)
		for (unsigned round = 0; round < 60; round++) {
			struct file f = file_of(&vectors[i]);
			struct sp_probe p;

			probe_open(&p, &f.io, vectors[i].size < 70000 ? vectors[i].size : 70000);
			for (unsigned k = 0; k < 8; k++) {
				seed = seed * 1664525u + 1013904223u;
				size_t limit = k < 5 && p.head_size > 128 ? 128 : p.head_size;
				((uint8_t *)p.head)[seed % limit] = (uint8_t)(seed >> 24);
			}
			for (size_t k = 0; sp_known_formats[k]; k++)
				assert_in_range(score_of(sp_known_formats[k], &p), 0, 100);
			probe_close(&p);
		}
}

/* What the corpus' index calls a format, and what that is here: one of the known, or one that can
 * be opened; "" when it may be either of them or nothing. */
static const struct {
	const char *format, *suffix, *known, *opens;
} kinds[] = {
	{"iso", "/apm-prodos-hfs.iso", "", "iso"}, /* a Macintosh disc: no ISO volume on it */
	{"nrg", ".nrg", "nrg", ""},
	{"toc", ".toc", "toc", ""},
	{"dmg", ".dmg", "", "dmg"},
	{"bad", ".toc", "toc", ""},
	{"cloop", ".cloop", "cloop", ""},
	{"cue", "/image.cue", "toc", ""},
	{"cue", ".cue", "", "cue"},
	{"bad", ".cue", "", ""},
	{"iso", ".iso", "", "iso"},
	{"iso-boot", ".iso", "", "iso"},
	{"bad", ".iso", "", "iso"},
	{"udf", ".iso", "", "iso"},
	{"udf", ".img.xz", "xz", ""},
	{"udf", ".img", "", "iso"},
	{"hfs", ".xz", "xz", ""},
	{"sectors", "_valid_sync_valid_mode1.bin", "", "raw"},
	{"apfs", ".bin", "", "img"},
	{"apfs", ".xz", "xz", ""},
	{"hfs", ".po", "", "img"},
	{"hfsplus", ".xz", "xz", ""},
	{"hfsplus", ".bin", "", "img"},
};

static bool ends_with(const char *text, const char *suffix)
{
	size_t a = strlen(text), b = strlen(suffix);

	return a >= b && !strcmp(text + a - b, suffix);
}

static void check_file(const char *path, const char *want, const char *opens)
{
	struct file f = {.io = {.ops = &file_ops, .name = path}, .stream = fopen(path, "rb")};
	struct sp_probe p;
	int score;

	if (!f.stream)
		fail_msg("%s: not there", path);
	fseeko(f.stream, 0, SEEK_END);
	f.io.size = (uint64_t)ftello(f.stream);
	probe_open(&p, &f.io, f.io.size);
	const char *name = best_of(&p, &score);
	/* what can be opened may look like something else besides (the data of a .dmg), if it wins
	 */
	if (strcmp(name, want) != 0 && !*opens)
		fail_msg("%s is taken for '%s', not '%s'", path, name, want);
	if (*want || *opens)
		check_identified(&f.io, *want ? want : opens);
	probe_close(&p);
	fclose(f.stream);
}

static void test_corpus(void **state)
{
	const char *corpus = getenv("SPINDLE_CORPUS");
	char line[4096], path[4200];
	size_t seen[COUNT(kinds)] = {0};

	(void)state;
	if (!corpus) {
		print_message("SPINDLE_CORPUS is not set\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/INDEX.tsv", corpus);
	FILE *index = fopen(path, "r");
	assert_non_null(index);
	while (fgets(line, sizeof(line), index)) {
		char *save = NULL;
		const char *file = strtok_r(line, "\t", &save);
		const char *format = strtok_r(NULL, "\t", &save);

		for (size_t i = 0; file && format && i < COUNT(kinds); i++) {
			if (strcmp(format, kinds[i].format) != 0 ||
			    !ends_with(file, kinds[i].suffix))
				continue;
			snprintf(path, sizeof(path), "%s/%s", corpus, file);
			check_file(path, kinds[i].known, kinds[i].opens);
			seen[i]++;
			break;
		}
	}
	fclose(index);
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (!seen[i])
			fail_msg("no %s file of %s in the corpus", kinds[i].suffix,
				 kinds[i].format);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_container_is_named),
		cmocka_unit_test(test_every_format_has_a_vector_a_name_and_a_summary),
		cmocka_unit_test(test_nothing_else_is_named),
		cmocka_unit_test(test_noise_and_samples_are_not_named),
		cmocka_unit_test(test_truncated_files_are_harmless),
		cmocka_unit_test(test_wild_bytes_are_harmless),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
