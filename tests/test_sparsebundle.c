/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparse bundles in a folder in memory: bands that are missing, short or too long, descriptions
 * that lie, encrypted ones (of the keys and blocks in tests/data/encrcdsa). */
#include "formats/formats.h"
#include "tests/doubles.h"

#include <spindle/spindle.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum { BAND = 1024, PLAIN = 10 * 512 };

#define INFO(type, version, band, size)                                                            \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD "      \
	"PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist "             \
	"version=\"1.0\">\n<dict>\n<key>CFBundleInfoDictionaryVersion</key>\n<string>6.0"          \
	"</string>\n" type version band size "</dict>\n</plist>\n"
#define TYPE               "<key>diskimage-bundle-type</key>\n<string>com.apple.diskimage.sparsebundle</string>\n"
#define NUMBER(key, value) "<key>" key "</key><integer>" value "</integer>\n"
#define VERSION            NUMBER("bundle-backingstore-version", "1")
#define BANDS              NUMBER("band-size", "1024")

/* A bundle and what opening it said. */
struct bundle {
	struct sp_memory *mem;
	char notes[400];
	struct sp_notes sink;
	unsigned asked;
	const char *password;
};

static void bundle_note(void *user, const char *text)
{
	struct bundle *b = user;

	snprintf(b->notes + strlen(b->notes), sizeof(b->notes) - strlen(b->notes), "%s\n", text);
}

static int bundle_password(void *user, const char *name, char text[SP_PASSWORD_ROOM], size_t *size,
			   struct sp_error *err)
{
	struct bundle *b = user;

	(void)name, (void)err;
	b->asked++;
	*size = strlen(b->password);
	memcpy(text, b->password, *size);
	return 0;
}

static void bundle_begin(struct bundle *b, const char *info, bool token)
{
	*b = (struct bundle){.mem = sp_memory_new(), .password = "secret"};
	b->sink = (struct sp_notes){bundle_note, b};
	assert_non_null(b->mem);
	assert_int_equal(sp_memory_put(b->mem, "Info.plist", info, strlen(info)), 0);
	if (token)
		assert_int_equal(sp_memory_put(b->mem, "token", "", 0), 0);
}

static void bundle_band(struct bundle *b, const char *number, uint8_t byte, size_t size)
{
	uint8_t data[2 * BAND];
	char name[32];

	memset(data, byte, sizeof(data));
	snprintf(name, sizeof(name), "bands/%s", number);
	assert_int_equal(sp_memory_put(b->mem, name, data, size), 0);
}

static int bundle_open(struct bundle *b, struct double_faults *faults, struct sp_io **out,
		       struct sp_error *err)
{
	const struct sp_options options = {
		.notes = &b->sink, .password = bundle_password, .user = b};
	char text[SP_WRAPPING_TEXT] = "";
	const struct sp_format *format;
	struct sp_io *io;

	assert_int_equal(sp_memory_open(b->mem, "Info.plist", false, &io, err), 0);
	if (faults)
		io = double_io(io, faults);
	int r = sp_identify(&format, io, err);
	if (!r) {
		assert_string_equal(format->name, "sparsebundle");
		r = format->unwrap(out, io, &options, text, err);
	}
	if (r < 0)
		sp_io_close(io);
	else
		assert_true(text[0]);
	return r;
}

static void bands_are_found_by_hexadecimal_names(void **unused)
{
	struct sp_error err = {0};
	uint8_t got[28 * BAND];
	struct bundle b;
	struct sp_io *io;

	(void)unused;
	bundle_begin(&b, INFO(TYPE, VERSION, BANDS, NUMBER("size", "28160")), true);
	bundle_band(&b, "0", 1, BAND);
	bundle_band(&b, "2", 3, 700); /* short */
	bundle_band(&b, "a", 11, BAND);
	bundle_band(&b, "10", 17, BAND);
	bundle_band(&b, "1a", 27, 0); /* there, and empty */
	bundle_band(&b, "1b", 28, 512);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_string_equal(b.notes, "");
	assert_int_equal(io->size, 28160);
	assert_int_equal(sp_io_read(io, 0, got, 28160, &err), 0);
	for (size_t i = 0; i < 28160; i++) {
		const size_t band = i / BAND, at = i % BAND;
		const bool full = band == 0 || band == 10 || band == 16 || band == 27;
		const uint8_t want = full || (band == 2 && at < 700) ? (uint8_t)(band + 1) : 0;

		if (got[i] != want)
			fail_msg("byte %zu is %u, not %u", i, got[i], want);
	}
	/* back and forth over more bands than stay open */
	for (uint32_t k = 0, seed = 3; k < 500; k++) {
		uint8_t few[100];

		seed = seed * 1664525u + 1013904223u;
		const size_t at = (seed >> 8) % (28160 - sizeof(few));
		assert_int_equal(sp_io_read(io, at, few, sizeof(few), &err), 0);
		assert_memory_equal(few, got + at, sizeof(few));
	}
	sp_io_close(io);
	sp_memory_free(b.mem);
}

static void nothing_beside_it_is_no_empty_disk(void **unused)
{
	struct sp_error err = {0};
	uint8_t byte = 1;
	struct bundle b;
	struct sp_io *io;

	(void)unused;
	bundle_begin(&b, INFO(TYPE, VERSION, BANDS, NUMBER("size", "4096")), false);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "Info.plist: no band and no token lie beside it");
	/* an empty token is one; the first band has the partition table of every real disk */
	assert_int_equal(sp_memory_put(b.mem, "token", "", 0), 0);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_string_equal(b.notes,
			    "Info.plist: its first band is missing, as an empty disk's is\n");
	assert_int_equal(sp_io_read(io, 4095, &byte, 1, &err), 0);
	assert_int_equal(byte, 0);
	sp_io_close(io);
	sp_memory_free(b.mem);
	/* of a time when bundles had no token */
	bundle_begin(&b, INFO(TYPE, VERSION, BANDS, NUMBER("size", "4096")), false);
	bundle_band(&b, "0", 1, BAND);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_string_equal(b.notes, "");
	sp_io_close(io);
	sp_memory_free(b.mem);
}

static void a_band_that_is_too_long_is_told(void **unused)
{
	struct sp_error err = {0};
	uint8_t got[BAND];
	struct bundle b;
	struct sp_io *io;

	(void)unused;
	bundle_begin(&b, INFO(TYPE, VERSION, BANDS, NUMBER("size", "4096")), true);
	bundle_band(&b, "0", 1, BAND);
	bundle_band(&b, "3", 1, BAND + 1);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_int_equal(sp_io_read(io, 0, got, BAND, &err), 0);
	assert_int_equal(sp_io_read(io, 3 * BAND, got, 1, &err), SP_ERR_FORMAT);
	assert_string_equal(err.text, "bands/3: has 1025 bytes, more than the 1024 of a band");
	sp_io_close(io);
	sp_memory_free(b.mem);
}

/* Exabytes of missing bands: any byte of them at once. */
static void a_huge_bundle_is_opened_at_once(void **unused)
{
	struct sp_error err = {0};
	struct bundle b;
	struct sp_io *io;
	uint8_t got[2] = {1, 1};

	(void)unused;
	bundle_begin(&b,
		     INFO(TYPE, VERSION, NUMBER("band-size", "1099511627776"),
			  NUMBER("size", "9223372036854775807")),
		     true);
	bundle_band(&b, "7fffff", 9, 512);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_int_equal(sp_io_read(io, INT64_MAX - 2, got, 2, &err), 0);
	assert_int_equal(got[0] | got[1], 0);
	assert_int_equal(sp_io_read(io, (UINT64_C(0x7fffff) << 40) - 1, got, 2, &err), 0);
	assert_memory_equal(got, "\0\x09", 2);
	sp_io_close(io);
	sp_memory_free(b.mem);
}

static void every_lie_of_the_description_is_named(void **unused)
{
	static const struct {
		const char *info;
		int status;
		const char *said;
	} lies[] = {
		{INFO("<!-- com.apple.diskimage.sparsebundle -->", VERSION, BANDS,
		      NUMBER("size", "4096")),
		 SP_ERR_FORMAT, "nothing that has a diskimage-bundle-type"},
		{INFO("<!-- com.apple.diskimage.sparsebundle -->"
		      "<key>diskimage-bundle-type</key><string>x</string>",
		      VERSION, BANDS, NUMBER("size", "4096")),
		 SP_ERR_FORMAT, "Info.plist: is of x, not a sparse bundle"},
		{INFO(TYPE, "", BANDS, NUMBER("size", "4096")), SP_ERR_UNSUPPORTED,
		 "bundle-backingstore-version"},
		{INFO(TYPE, NUMBER("bundle-backingstore-version", "2"), BANDS,
		      NUMBER("size", "4096")),
		 SP_ERR_UNSUPPORTED, "bundle-backingstore-version"},
		{INFO(TYPE, VERSION, "", NUMBER("size", "4096")), SP_ERR_FORMAT, "band-size"},
		{INFO(TYPE, VERSION, NUMBER("band-size", "0"), NUMBER("size", "4096")),
		 SP_ERR_FORMAT, "band-size"},
		{INFO(TYPE, VERSION, NUMBER("band-size", "513"), NUMBER("size", "4096")),
		 SP_ERR_FORMAT, "band-size"},
		{INFO(TYPE, VERSION, NUMBER("band-size", "1099511628288"), NUMBER("size", "4096")),
		 SP_ERR_FORMAT, "band-size"},
		{INFO(TYPE, VERSION, NUMBER("band-size", "-512"), NUMBER("size", "4096")),
		 SP_ERR_FORMAT, "band-size"},
		{INFO(TYPE, VERSION, BANDS, ""), SP_ERR_FORMAT, "size is missing"},
		{INFO(TYPE, VERSION, BANDS, NUMBER("size", "9223372036854775808")), SP_ERR_FORMAT,
		 "size is missing or more than 2^63"},
		{INFO(TYPE, VERSION, BANDS, NUMBER("size", "99999999999999999999999999")),
		 SP_ERR_FORMAT, "size"},
		{"<?xml version=\"1.0\"?><plist>" TYPE, SP_ERR_FORMAT, "Info.plist"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct sp_error err = {0};
		struct bundle b;
		struct sp_io *io;

		bundle_begin(&b, lies[i].info, true);
		bundle_band(&b, "0", 1, BAND);
		const int r = bundle_open(&b, NULL, &io, &err);
		if (r != lies[i].status || !strstr(err.text, lies[i].said))
			fail_msg("lie %zu: %d, \"%s\"", i, r, err.text);
		sp_memory_free(b.mem);
	}
}

/* --- encrypted ------------------------------------------------------------------------------ */

/* An encrypted file of the other writer, as a bundle: its header is the token, and blocks are
 * numbered over all bands as they are over the whole of a file. */
static void bundle_encrypt(struct bundle *b, const char *band_size, size_t band)
{
	const char *top = getenv("top_srcdir");
	uint8_t data[1024 + PLAIN];
	char path[512], info[1000], name[32];

	snprintf(path, sizeof(path), "%s/tests/data/encrcdsa/aes128.encrcdsa", top ? top : ".");
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fread(data, 1, sizeof(data), file), sizeof(data));
	fclose(file);
	snprintf(info, sizeof(info),
		 INFO(TYPE, VERSION, "<key>band-size</key><integer>%s</integer>",
		      NUMBER("size", "5120")),
		 band_size);
	bundle_begin(b, info, false);
	assert_int_equal(sp_memory_put(b->mem, "token", data, 1024), 0);
	for (size_t at = 0; at < PLAIN; at += band) {
		snprintf(name, sizeof(name), "bands/%zx", at / band);
		assert_int_equal(sp_memory_put(b->mem, name, data + 1024 + at,
					       band < PLAIN - at ? band : PLAIN - at),
				 0);
	}
}

static uint8_t plain(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void encrypted_bands_are_decrypted(void **unused)
{
	struct sp_error err = {0};
	uint8_t got[PLAIN];
	struct bundle b;
	struct sp_io *io;

	(void)unused;
	bundle_encrypt(&b, "1536", 1536);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_int_equal(b.asked, 1);
	for (size_t step = 1; step < PLAIN; step += 333) {
		for (size_t at = 0; at < PLAIN; at += step)
			assert_int_equal(sp_io_read(io, at, got + at,
						    step < PLAIN - at ? step : PLAIN - at, &err),
					 0);
		for (size_t i = 0; i < PLAIN; i++)
			assert_int_equal(got[i], plain(i));
	}
	sp_io_close(io);
	sp_memory_free(b.mem);
}

static void what_is_missing_of_encrypted_bands_is_zeros(void **unused)
{
	struct sp_error err = {0};
	uint8_t got[PLAIN];
	struct bundle b;
	struct sp_io *io;
	uint64_t size;

	(void)unused;
	bundle_encrypt(&b, "1024", 1024);
	/* band 3 ends after a block and a part of one; band 4 does not end with a cipher's block */
	const uint8_t *band = sp_memory_get(b.mem, "bands/3", &size);
	uint8_t copy[1024];
	memcpy(copy, band, sizeof(copy));
	assert_int_equal(sp_memory_put(b.mem, "bands/3", copy, 512 + 160), 0);
	assert_int_equal(sp_memory_put(b.mem, "bands/4", copy, 512 + 161), 0);
	assert_int_equal(sp_memory_put(b.mem, "bands/1", copy, 0), 0);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), 0);
	assert_int_equal(sp_io_read(io, 0, got, 4096, &err), 0);
	for (size_t i = 0; i < 4096; i++) {
		const bool stored = i / 1024 != 1 && i < 3072 + 512 + 160;
		assert_int_equal(got[i], stored ? plain(i) : 0);
	}
	assert_int_equal(sp_io_read(io, 4096, got, 1, &err), SP_ERR_FORMAT);
	assert_non_null(strstr(err.text, "bands/4: ends at byte 673"));
	sp_io_close(io);
	sp_memory_free(b.mem);
}

static void keys_that_do_not_fit_are_told(void **unused)
{
	struct sp_error err = {0};
	struct bundle b;
	struct sp_io *io;

	(void)unused;
	bundle_encrypt(&b, "1024", 1024);
	b.password = "Secret";
	assert_int_equal(bundle_open(&b, NULL, &io, &err), SP_ERR_USAGE);
	assert_string_equal(err.text, "token: the password does not open it");
	assert_int_equal(sp_memory_put(b.mem, "token", "junk", 4), 0);
	assert_int_equal(bundle_open(&b, NULL, &io, &err), SP_ERR_FORMAT);
	assert_non_null(strstr(err.text, "token: ends at byte 4"));
	sp_memory_free(b.mem);
}

static void a_call_that_fails_is_told(void **unused)
{
	static const unsigned kinds[] = {DOUBLE_READ, DOUBLE_SIBLING};
	uint8_t got[PLAIN];

	(void)unused;
	for (size_t k = 0; k < COUNT(kinds); k++)
		for (unsigned nth = 1;; nth++) {
			struct double_faults faults = {.kinds = kinds[k], .nth = nth};
			struct sp_error err = {0};
			struct bundle b;
			struct sp_io *io;

			bundle_encrypt(&b, "512", 512);
			int r = bundle_open(&b, &faults, &io, &err);
			if (!r) {
				r = sp_io_read(io, 0, got, PLAIN, &err);
				sp_io_close(io);
			}
			sp_memory_free(b.mem);
			if (!faults.failed) {
				assert_int_equal(r, 0);
				assert_true(nth > 10);
				break;
			}
			assert_int_equal(r, SP_ERR_IO);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bands_are_found_by_hexadecimal_names),
		cmocka_unit_test(nothing_beside_it_is_no_empty_disk),
		cmocka_unit_test(a_band_that_is_too_long_is_told),
		cmocka_unit_test(a_huge_bundle_is_opened_at_once),
		cmocka_unit_test(every_lie_of_the_description_is_named),
		cmocka_unit_test(encrypted_bands_are_decrypted),
		cmocka_unit_test(what_is_missing_of_encrypted_bands_is_zeros),
		cmocka_unit_test(keys_that_do_not_fit_are_told),
		cmocka_unit_test(a_call_that_fails_is_told),
	};

	return cmocka_run_group_tests_name("sparsebundle", tests, NULL, NULL);
}
