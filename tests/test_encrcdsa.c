/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encrypted disk images: ciphers by published vectors, files by a writer that is not ours
 * (tests/dmg_write.py, whose images lie in tests/data/encrcdsa), headers that lie. */
#include "base/bytes.h"
#include "formats/encrcdsa.h"
#include "formats/formats.h"
#include "formats/unwrap.h"
#include "io/crypt.h"
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

enum { PLAIN = 10 * 512, FILE_MAX = 16384 };

static void from_hex(uint8_t *out, const char *hex)
{
	for (; *hex; hex += 2) {
		unsigned byte;

		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		*out++ = (uint8_t)byte;
	}
}

/* RFC 6070, without the 16 million iterations. */
static void keys_from_passwords_are_those_of_rfc_6070(void **unused)
{
	static const struct {
		const char *password, *salt, *key;
		size_t password_size, salt_size, key_size;
		uint32_t iterations;
	} vector[] = {
		{"password", "salt", "0c60c80f961f0e71f3a9b524af6012062fe037a6", 8, 4, 20, 1},
		{"password", "salt", "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957", 8, 4, 20, 2},
		{"password", "salt", "4b007901b765489abead49d926f721d065a429c1", 8, 4, 20, 4096},
		{"passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt",
		 "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038", 24, 36, 25, 4096},
		{"pass\0word", "sa\0lt", "56fa6aa75548099dcc37d7f03425e0c3", 9, 5, 16, 4096},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(vector); i++) {
		uint8_t key[32], want[32];

		from_hex(want, vector[i].key);
		assert_true(sp_pbkdf2(vector[i].password, vector[i].password_size,
				      (const uint8_t *)vector[i].salt, vector[i].salt_size,
				      vector[i].iterations, key, vector[i].key_size));
		assert_memory_equal(key, want, vector[i].key_size);
	}
}

/* RFC 2202; each twice, as the state is used again. */
static void hmac_is_that_of_rfc_2202(void **unused)
{
	static const struct {
		int fill;
		const char *key;
		size_t key_size;
		const char *data, *sum;
	} vector[] = {
		{0x0b, NULL, 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
		{0, "Jefe", 4, "what do ya want for nothing?",
		 "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{0xaa, NULL, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
		 "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(vector); i++) {
		uint8_t key[80], sum[20], want[20];

		memset(key, vector[i].fill, sizeof(key));
		if (vector[i].key)
			memcpy(key, vector[i].key, vector[i].key_size);
		from_hex(want, vector[i].sum);
		struct sp_hmac *hmac = sp_hmac_new(key, vector[i].key_size);
		assert_non_null(hmac);
		for (unsigned round = 0; round < 2; round++) {
			assert_true(sp_hmac_sum(hmac, vector[i].data, strlen(vector[i].data), sum));
			assert_memory_equal(sum, want, 20);
		}
		sp_hmac_free(hmac);
	}
}

/* NIST SP 800-38A F.2.2, F.2.4, F.2.6; and DES's own example, which is 3DES with one key thrice. */
static void ciphers_are_those_of_the_standards(void **unused)
{
	static const struct {
		unsigned kind;
		const char *key, *iv, *in, *out;
	} vector[] = {
		{SP_CIPHER_AES128, "2b7e151628aed2a6abf7158809cf4f3c",
		 "000102030405060708090a0b0c0d0e0f",
		 "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
		 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"},
		{SP_CIPHER_AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
		 "000102030405060708090a0b0c0d0e0f", "4f021db243bc633d7178183a9fa071e8",
		 "6bc1bee22e409f96e93d7e117393172a"},
		{SP_CIPHER_AES256,
		 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		 "000102030405060708090a0b0c0d0e0f", "f58c4c04d6e5f1ba779eabfb5f7bfbd6",
		 "6bc1bee22e409f96e93d7e117393172a"},
		{SP_CIPHER_3DES, "133457799bbcdff1133457799bbcdff1133457799bbcdff1",
		 "0000000000000000", "85e813540f0ab405", "0123456789abcdef"},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(vector); i++) {
		const size_t size = strlen(vector[i].in) / 2;
		uint8_t key[32], iv[16], in[32], out[32], want[32];

		from_hex(key, vector[i].key);
		from_hex(iv, vector[i].iv);
		from_hex(in, vector[i].in);
		from_hex(want, vector[i].out);
		assert_int_equal(strlen(vector[i].key) / 2, sp_cipher_key_size(vector[i].kind));
		assert_int_equal(strlen(vector[i].iv) / 2, sp_cipher_block_size(vector[i].kind));
		struct sp_cipher *cipher = sp_cipher_new(vector[i].kind, key);
		assert_non_null(cipher);
		for (unsigned round = 0; round < 2; round++) { /* in place, too */
			assert_true(sp_cipher_decrypt(cipher, iv, in, round ? in : out, size));
			assert_memory_equal(round ? in : out, want, size);
		}
		sp_cipher_free(cipher);
	}
}

/* --- files ---------------------------------------------------------------------------------- */

static const char *const seeds[] = {"v1", "aes128", "aes256", "two_keys"};

static size_t load(const char *seed, uint8_t data[FILE_MAX])
{
	const char *top = getenv("top_srcdir");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/data/encrcdsa/%s.encrcdsa", top ? top : ".", seed);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	const size_t size = fread(data, 1, FILE_MAX, file);
	fclose(file);
	assert_true(size > PLAIN && size < FILE_MAX);
	return size;
}

/* What the writer was given. */
static void plain(uint8_t data[PLAIN])
{
	for (unsigned i = 0; i < PLAIN; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
}

struct key_holder {
	const char *password;
	unsigned asked;
	int fails;
};

static int tell_password(void *user, const char *name, char text[SP_PASSWORD_ROOM], size_t *size,
			 struct sp_error *err)
{
	struct key_holder *holder = user;

	assert_string_equal(name, "a.dmg");
	holder->asked++;
	if (holder->fails)
		return sp_fail(err, holder->fails, "nobody home");
	*size = strlen(holder->password);
	memcpy(text, holder->password, *size);
	return 0;
}

/* Unwrap `data`; on failure everything is closed. */
static int unwrapped(struct sp_memory *mem, const uint8_t *data, size_t size,
		     struct key_holder *holder, struct double_faults *faults, struct sp_io **out,
		     struct sp_error *err)
{
	const struct sp_options options = {.password = holder ? tell_password : NULL,
					   .user = holder};
	const struct sp_format *format;
	char text[SP_WRAPPING_TEXT];
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, "a.dmg", data, size), 0);
	assert_int_equal(sp_memory_open(mem, "a.dmg", false, &io, err), 0);
	if (faults)
		io = double_io(io, faults);
	int r = sp_identify(&format, io, err);
	if (!r && !format->unwrap)
		r = sp_fail(err, SP_ERR_FORMAT, "%s: not encrypted", io->name);
	if (!r)
		r = format->unwrap(out, io, &options, text, err);
	if (r < 0)
		sp_io_close(io);
	return r;
}

static void files_of_the_other_writer_give_what_it_was_given(void **unused)
{
	uint8_t data[FILE_MAX], want[PLAIN], got[PLAIN];
	struct sp_memory *mem = sp_memory_new();

	(void)unused;
	plain(want);
	for (size_t i = 0; i < COUNT(seeds); i++) {
		struct key_holder holder = {.password = "secret"};
		struct sp_error err = {0};
		struct sp_io *io;

		const size_t size = load(seeds[i], data);
		assert_int_equal(unwrapped(mem, data, size, &holder, NULL, &io, &err), 0);
		assert_int_equal(holder.asked, 1);
		assert_int_equal(io->size, PLAIN);
		assert_int_equal(sp_io_read(io, 0, got, PLAIN, &err), 0);
		assert_memory_equal(got, want, PLAIN);
		/* from anywhere to anywhere */
		for (uint32_t k = 0, seed = 7; k < 2000; k++) {
			seed = seed * 1664525u + 1013904223u;
			const size_t at = (seed >> 8) % PLAIN;
			seed = seed * 1664525u + 1013904223u;
			const size_t n = (seed >> 8) % (PLAIN - at + 1);
			memset(got, 0xee, PLAIN);
			assert_int_equal(sp_io_read(io, at, got, n, &err), 0);
			assert_memory_equal(got, want + at, n);
			assert_true(n == PLAIN || got[n] == 0xee);
		}
		assert_int_equal(sp_io_read(io, PLAIN - 1, got, 2, &err), SP_ERR_FORMAT);
		sp_io_close(io);
	}
	sp_memory_free(mem);
}

/* What it holds is nothing that is known: a plain disk. Through the front door's way in, too. */
static void a_wrapping_opens_as_the_disk_in_it(void **unused)
{
	uint8_t data[FILE_MAX], want[PLAIN], got[512];
	struct key_holder holder = {.password = "secret"};
	const struct sp_options options = {.password = tell_password, .user = &holder};
	struct sp_memory *mem = sp_memory_new();
	struct sp_source *src;
	struct sp_error err = {0};
	struct sp_io *io;
	uint16_t state = 0;
	struct sp_span span = {9, 1, SP_MODE_BLOCK512, SP_PART_USER, 512, got, &state};

	(void)unused;
	plain(want);
	const size_t size = load("aes128", data);
	assert_int_equal(sp_memory_put(mem, "a.dmg", data, size), 0);
	assert_int_equal(sp_memory_open(mem, "a.dmg", false, &io, &err), 0);
	assert_int_equal(sp_format_encrcdsa.open(&src, io, &options, &err), 0);
	assert_int_equal(sp_disc_sectors(src->disc), 10);
	assert_int_equal(sp_source_read(src, &span, &err), 0);
	assert_memory_equal(got, want + 9 * 512, 512);
	sp_source_close(src);
	/* a failure leaves the io to its owner, however far it came */
	holder.password = "Secret";
	assert_int_equal(sp_memory_open(mem, "a.dmg", false, &io, &err), 0);
	assert_int_equal(sp_format_encrcdsa.open(&src, io, &options, &err), SP_ERR_USAGE);
	assert_int_equal(sp_io_read(io, 0, got, 8, &err), 0);
	assert_memory_equal(got, "encrcdsa", 8);
	sp_io_close(io);
	sp_memory_free(mem);
}

static void a_wrong_password_is_told_as_such(void **unused)
{
	static const char *const wrong[] = {"", "secre", "secrets", "SECRET", "secret\n"};
	uint8_t data[FILE_MAX];
	struct sp_memory *mem = sp_memory_new();
	struct sp_error err;
	struct sp_io *io;

	(void)unused;
	for (size_t i = 0; i < COUNT(seeds); i++) {
		const size_t size = load(seeds[i], data);

		for (size_t k = 0; k < COUNT(wrong); k++) {
			struct key_holder holder = {.password = wrong[k]};

			assert_int_equal(unwrapped(mem, data, size, &holder, NULL, &io, &err),
					 SP_ERR_USAGE);
			assert_string_equal(err.text, "a.dmg: the password does not open it");
		}
		struct key_holder holder = {.fails = SP_ERR_CANCELLED};
		assert_int_equal(unwrapped(mem, data, size, &holder, NULL, &io, &err),
				 SP_ERR_CANCELLED);
		assert_string_equal(err.text, "nobody home");
		assert_int_equal(unwrapped(mem, data, size, NULL, NULL, &io, &err), SP_ERR_USAGE);
		assert_non_null(strstr(err.text, "a.dmg: is encrypted"));
	}
	sp_memory_free(mem);
}

struct lie {
	const char *seed;
	int at;
	size_t size;
	const char *bytes;
	int status;
	const char *said; /* part of the line */
};
#define LIE(seed, at, bytes, status, said)                                                         \
	{                                                                                          \
		seed, at, sizeof(bytes) - 1, bytes, status, said                                   \
	}

/* clang-format off */
static const struct lie lies[] = {
	LIE("aes128", 8, "\0\0\0\3", SP_ERR_UNSUPPORTED, "version 3, not 2"),
	LIE("aes128", 12, "\0\0\0\x08", SP_ERR_UNSUPPORTED, "an IV of bytes 8"),
	LIE("aes128", 16, "\0\0\0\6", SP_ERR_UNSUPPORTED, "mode 6"),
	LIE("aes128", 20, "\0\0\0\x11", SP_ERR_UNSUPPORTED, "method 17"),
	LIE("aes128", 24, "\0\0\0\x81", SP_ERR_UNSUPPORTED, "keys of 129 bits"),
	LIE("aes128", 28, "\0\0\0\x66", SP_ERR_UNSUPPORTED, "IVs by method 102"),
	LIE("aes128", 32, "\0\0\0\x80", SP_ERR_UNSUPPORTED, "an HMAC key of bits 128"),
	LIE("aes128", 52, "\0\0\0\0", SP_ERR_UNSUPPORTED, "blocks of 0 bytes"),
	LIE("aes128", 52, "\0\0\2\1", SP_ERR_UNSUPPORTED, "blocks of 513 bytes"),
	LIE("aes128", 52, "\0\2\0\0", SP_ERR_UNSUPPORTED, "blocks of 131072 bytes"),
	LIE("aes128", 56, "\0\0\0\0\0\0\x14\1", SP_ERR_FORMAT, "a.dmg: ends at byte 6144, 1 more"),
	LIE("aes128", 56, "\xff\xff\xff\xff\xff\xff\xff\xff", SP_ERR_FORMAT, "a.dmg: ends at byte 6144"),
	LIE("aes128", 64, "\xff\xff\xff\xff\xff\xff\xff\xff", SP_ERR_FORMAT, "a.dmg: ends at byte 6144"),
	LIE("aes128", 64, "\0\0\0\0\0\0\x04\1", SP_ERR_FORMAT, "a.dmg: ends at byte 6144, 1 more"),
	LIE("aes128", 72, "\0\0\0\0", SP_ERR_UNSUPPORTED, "has no password"),
	LIE("aes128", 72, "\xff\xff\xff\xff", SP_ERR_FORMAT, "says that it has 4294967295 keys"),
	LIE("aes128", 76, "\0\0\0\2", SP_ERR_UNSUPPORTED, "only a certificate opens it"),
	LIE("aes128", 80, "\xff\xff\xff\xff\xff\xff\xff\xff", SP_ERR_FORMAT, "ends at byte 6144"),
	LIE("aes128", 88, "\0\0\0\0\0\0\0\x67", SP_ERR_FORMAT, "a key of 103 bytes at byte 96"),
	LIE("aes128", 88, "\0\0\0\0\0\0\0\x80", SP_ERR_FORMAT, "a wrapped key of 48 bytes at byte 96"),
	LIE("aes128", 96, "\0\0\0\x43", SP_ERR_UNSUPPORTED, "a key derived by method 67"),
	LIE("aes128", 100, "\0\0\0\0\0\0\0\0", SP_ERR_FORMAT, "a key of 0 iterations"),
	LIE("aes128", 100, "\0\0\0\0\0\x4c\x4b\x41", SP_ERR_UNSUPPORTED, "takes 5000001 iterations; more than 5000000"),
	LIE("aes128", 100, "\0\0\0\1\0\0\0\1", SP_ERR_UNSUPPORTED, "takes 4294967297 iterations"),
	LIE("aes128", 108, "\0\0\0\x21", SP_ERR_FORMAT, "33 bytes of salt"),
	LIE("aes128", 108, "\0\0\0\0", SP_ERR_FORMAT, "0 bytes of salt"),
	LIE("aes128", 180, "\0\0\0\x80", SP_ERR_UNSUPPORTED, "a 3DES key of bits 128"),
	LIE("aes128", 184, "\0\0\0\x12", SP_ERR_UNSUPPORTED, "a key wrapped by method 18"),
	LIE("aes128", 188, "\0\0\0\1", SP_ERR_UNSUPPORTED, "padding 1"),
	LIE("aes128", 192, "\0\0\0\5", SP_ERR_UNSUPPORTED, "a key wrapped in mode 5"),
	LIE("aes128", 196, "\0\0\0\0", SP_ERR_FORMAT, "a wrapped key of 0 bytes"),
	LIE("aes128", 196, "\0\0\0\x31", SP_ERR_FORMAT, "a wrapped key of 49 bytes"),
	LIE("aes128", 196, "\0\0\2\x08", SP_ERR_FORMAT, "a wrapped key of 520 bytes"),
	/* the keys are another's: the mark at their end is not where it should be */
	LIE("aes128", 24, "\0\0\1\0", SP_ERR_USAGE, "the password does not open it"),
	LIE("aes128", 230, "\x55", SP_ERR_USAGE, "the password does not open it"),
	LIE("two_keys", 76, "\0\0\0\3", 0, NULL), /* a key bag beside it is none of ours */
	LIE("v1", -12, "\0\0\0\2", SP_ERR_UNSUPPORTED, "version 2, not 1"),
	LIE("v1", -20, "\0\0\0\0\0\0\x20\1", SP_ERR_FORMAT, "says that 8193 bytes are encrypted, and has 8192"),
	LIE("v1", -1260, "\0\0\0\7", SP_ERR_UNSUPPORTED, "blocks of 7 bytes"),
	LIE("v1", -1256, "\x80\0\0\1", SP_ERR_UNSUPPORTED, "a key wrapped by method 2147483649"),
	LIE("v1", -1236, "\0\0\0\1", SP_ERR_UNSUPPORTED, "a key derived by method 1"),
	LIE("v1", -1228, "\xff\xff\xff\xff", SP_ERR_UNSUPPORTED, "takes 4294967295 iterations"),
	LIE("v1", -1224, "\xff\xff\xff\xff", SP_ERR_FORMAT, "4294967295 bytes of salt"),
	LIE("v1", -1140, "\0\0\1\x08", SP_ERR_FORMAT, "a wrapped key of 264 bytes"),
	LIE("v1", -840, "\0\0\0\x2c", SP_ERR_FORMAT, "a wrapped key of 44 bytes"),
	LIE("v1", -1130, "\x55", SP_ERR_USAGE, "the password does not open it"),
	LIE("v1", -830, "\x55", SP_ERR_USAGE, "the password does not open it"),
};
/* clang-format on */

static void every_lie_of_a_header_is_named(void **unused)
{
	uint8_t data[FILE_MAX];
	struct sp_memory *mem = sp_memory_new();

	(void)unused;
	for (size_t i = 0; i < COUNT(lies); i++) {
		const struct lie *lie = &lies[i];
		struct key_holder holder = {.password = "secret"};
		struct sp_error err = {0};
		struct sp_io *io = NULL;

		const size_t size = load(lie->seed, data);
		memcpy(data + (lie->at < 0 ? (size_t)((int)size + lie->at) : (size_t)lie->at),
		       lie->bytes, lie->size);
		const int r = unwrapped(mem, data, size, &holder, NULL, &io, &err);
		if (r != lie->status || (lie->said && !strstr(err.text, lie->said)))
			fail_msg("lie %zu: %d, \"%s\"", i, r, err.text);
		if (!r)
			sp_io_close(io);
	}
	sp_memory_free(mem);
}

static void a_file_cut_anywhere_is_refused(void **unused)
{
	uint8_t data[FILE_MAX], want[PLAIN], got[PLAIN];
	struct sp_memory *mem = sp_memory_new();

	(void)unused;
	plain(want);
	for (size_t i = 0; i < COUNT(seeds); i++) {
		const size_t size = load(seeds[i], data);

		for (size_t cut = 0; cut < size; cut++) {
			struct key_holder holder = {.password = "secret"};
			struct sp_error err = {0};
			struct sp_io *io;

			if (unwrapped(mem, data, cut, &holder, NULL, &io, &err) < 0) {
				assert_true(err.text[0]);
				continue;
			}
			/* what is missing is what fills the last block up */
			assert_string_equal(seeds[i], "aes256");
			assert_int_equal(io->size, PLAIN);
			assert_int_equal(sp_io_read(io, 0, got, PLAIN, &err), 0);
			assert_memory_equal(got, want, PLAIN);
			sp_io_close(io);
		}
	}
	sp_memory_free(mem);
}

/* The cap is fine, and one key more is not. */
static void as_many_passwords_as_the_cap_and_no_more(void **unused)
{
	enum { AT = 2048, KEY = 616, ENTRIES = 76 };
	uint8_t data[FILE_MAX], *big = calloc(1, 65536);
	struct sp_memory *mem = sp_memory_new();

	(void)unused;
	assert_non_null(big);
	load("aes128", data);
	for (unsigned keys = SP_ENCRCDSA_KEYS; keys <= SP_ENCRCDSA_KEYS + 1; keys++) {
		struct key_holder holder = {.password = "secret"};
		struct sp_error err = {0};
		struct sp_io *io;

		memcpy(big, data, ENTRIES);
		put_be64(big + 64, 32768);
		put_be32(big + 72, keys);
		for (unsigned i = 0; i < keys; i++) {
			uint8_t *entry = big + ENTRIES + 20 * i;

			put_be32(entry, 1);
			put_be64(entry + 4, AT + KEY * (uint64_t)i);
			put_be64(entry + 12, KEY);
			memcpy(big + AT + KEY * i, data + 96, KEY);
			if (i + 1 < keys) /* only the last one is right */
				big[AT + KEY * i + 110] ^= 1;
		}
		const int r = unwrapped(mem, big, 65536, &holder, NULL, &io, &err);
		if (keys == SP_ENCRCDSA_KEYS) {
			assert_int_equal(r, 0);
			sp_io_close(io);
		} else {
			assert_int_equal(r, SP_ERR_UNSUPPORTED);
			assert_non_null(strstr(err.text, "has more than 16 passwords"));
		}
	}
	/* each within the bound, all of them not */
	for (unsigned i = 0; i < SP_ENCRCDSA_KEYS; i++)
		put_be64(big + AT + KEY * i + 4, SP_ENCRCDSA_ITERATIONS / 2);
	put_be32(big + 72, SP_ENCRCDSA_KEYS);
	struct key_holder holder = {.password = "secret"};
	struct sp_error err = {0};
	struct sp_io *io;
	assert_int_equal(unwrapped(mem, big, 65536, &holder, NULL, &io, &err), SP_ERR_UNSUPPORTED);
	assert_non_null(strstr(err.text, "its passwords take 40000000 iterations"));
	assert_int_equal(holder.asked, 0);
	sp_memory_free(mem);
	free(big);
}

/* Blocks over several threads come out as one by one, at a number that is no share of the size. */
static void many_threads_decrypt_as_one(void **unused)
{
	enum { SIZE = (4 << 20) + 3 * 512 + 48 };
	static const uint8_t key[32] = {1, 2, 3}, hmac[20] = {4, 5, 6};
	uint8_t *whole = malloc(SIZE), *part = malloc(SIZE);
	struct sp_memory *mem = sp_memory_new();
	struct sp_crypt *crypt;
	struct sp_error err;
	struct sp_io *io, *clear;

	(void)unused;
	assert_non_null(whole);
	assert_non_null(part);
	assert_int_equal(sp_memory_put(mem, "zeros", NULL, SIZE + 100), 0);
	assert_int_equal(sp_memory_open(mem, "zeros", false, &io, &err), 0);
	assert_int_equal(sp_crypt_new(&crypt, SP_CIPHER_AES256, key, hmac, 512, &err), 0);
	assert_int_equal(sp_io_crypt(&clear, io, crypt, true, UINT32_MAX - 5, 37, SIZE, &err), 0);
	assert_int_equal(sp_io_read(clear, 0, whole, SIZE, &err), 0);
	for (size_t at = 0; at < SIZE; at += 512)
		assert_int_equal(
			sp_io_read(clear, at, part + at, SIZE - at < 512 ? SIZE - at : 512, &err),
			0);
	assert_memory_equal(whole, part, SIZE);
	assert_int_equal(sp_io_read(clear, 700, part, SIZE - 1400, &err), 0);
	assert_memory_equal(whole + 700, part, SIZE - 1400);
	sp_io_close(clear);
	sp_memory_free(mem);
	free(whole);
	free(part);
}

static void a_read_that_fails_is_told_and_leaks_nothing(void **unused)
{
	uint8_t data[FILE_MAX], got[PLAIN];
	struct sp_memory *mem = sp_memory_new();

	(void)unused;
	for (size_t i = 0; i < COUNT(seeds); i++) {
		const size_t size = load(seeds[i], data);

		for (unsigned nth = 1;; nth++) {
			struct key_holder holder = {.password = "secret"};
			struct double_faults faults = {.kinds = DOUBLE_READ, .nth = nth};
			struct sp_error err = {0};
			struct sp_io *io;

			int r = unwrapped(mem, data, size, &holder, &faults, &io, &err);
			if (!r) {
				r = sp_io_read(io, 100, got, PLAIN - 200, &err);
				sp_io_close(io);
			}
			if (!faults.failed) {
				assert_int_equal(r, 0);
				assert_true(nth > 5);
				break;
			}
			assert_int_equal(r, SP_ERR_IO);
		}
	}
	sp_memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_from_passwords_are_those_of_rfc_6070),
		cmocka_unit_test(hmac_is_that_of_rfc_2202),
		cmocka_unit_test(ciphers_are_those_of_the_standards),
		cmocka_unit_test(files_of_the_other_writer_give_what_it_was_given),
		cmocka_unit_test(a_wrapping_opens_as_the_disk_in_it),
		cmocka_unit_test(a_wrong_password_is_told_as_such),
		cmocka_unit_test(every_lie_of_a_header_is_named),
		cmocka_unit_test(a_file_cut_anywhere_is_refused),
		cmocka_unit_test(as_many_passwords_as_the_cap_and_no_more),
		cmocka_unit_test(many_threads_decrypt_as_one),
		cmocka_unit_test(a_read_that_fails_is_told_and_leaks_nothing),
	};

	return cmocka_run_group_tests_name("encrcdsa", tests, NULL, NULL);
}
