/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the codecs are on a file in chunks of 1 MiB, beside zlib's own deflate and inflate.
 * Prints "decode NAME RATE…" and "encode NAME RATE…", bytes of the file a second in each round, and
 * "size NAME BYTES", what it packs to. */
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { CHUNK = 1 << 20, CHUNKS_MAX = 32, ROUNDS = 9 };

enum { METHODS = 6 };

struct chunk {
	uint8_t *data, *packed; /* the latter of the method that is at work, as its size */
	size_t size, packed_size;
	struct {
		uint8_t *packed;
		size_t size;
	} by[METHODS];
};

static struct chunk chunk[CHUNKS_MAX];
static size_t chunks, total;
static uint8_t out[CHUNK];

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what else runs here does not count */
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* One way to pack and unpack a chunk; 0 as of struct sp_codec. */
struct method {
	const char *name;
	const struct sp_codec *codec;
	size_t (*encode)(const struct method *, void **work, const struct chunk *, size_t room);
	int (*decode)(const struct method *, void **work, const struct chunk *);
};

static size_t codec_encode(const struct method *m, void **work, const struct chunk *c, size_t room)
{
	return m->codec->encode(work, 0, c->data, c->size, c->packed, room);
}

static int codec_decode(const struct method *m, void **work, const struct chunk *c)
{
	size_t done;

	return m->codec->decode(work, c->packed, c->packed_size, out, c->size, &done);
}

static size_t zlib_encode(const struct method *m, void **work, const struct chunk *c, size_t room)
{
	uLongf size = room;

	(void)m;
	(void)work;
	return compress2(c->packed, &size, c->data, c->size, 9) == Z_OK ? size : 0;
}

static int zlib_decode(const struct method *m, void **work, const struct chunk *c)
{
	uLongf size = c->size;

	(void)m;
	(void)work;
	return uncompress(out, &size, c->packed, c->packed_size) == Z_OK ? 0 : -1;
}

/* Greedy, of the last place that began with the same three bytes: enough to have something. */
static size_t adc_encode(const struct method *m, void **work, const struct chunk *c, size_t room)
{
	static uint32_t last[1 << 16];
	uint8_t *to = c->packed, *literals = NULL;
	const uint8_t *const in = c->data;

	(void)m;
	(void)work;
	memset(last, 0, sizeof(last));
	for (size_t at = 0; at < c->size;) {
		size_t length = 0, distance = 0;

		if ((size_t)(to - c->packed) + 4 > room)
			return 0;
		if (at + 3 <= c->size) {
			const uint32_t three = (uint32_t)in[at] | (uint32_t)in[at + 1] << 8 |
					       (uint32_t)in[at + 2] << 16;
			uint32_t *const from = &last[three * 2654435761u >> 16];

			if (*from && at + 1 - *from <= 65536) {
				distance = at + 1 - *from;
				while (length < 67 && at + length < c->size &&
				       in[at + length] == in[at + length - distance])
					length++;
			}
			*from = (uint32_t)at + 1;
		}
		if (length >= 4) {
			*to++ = (uint8_t)(0x40 | (length - 4));
			*to++ = (uint8_t)((distance - 1) >> 8);
			*to++ = (uint8_t)(distance - 1);
			at += length;
			literals = NULL;
		} else {
			if (!literals || *literals == 0xff) {
				literals = to++;
				*literals = 0x7f;
			}
			++*literals;
			*to++ = in[at++];
		}
	}
	return (size_t)(to - c->packed);
}

static const struct method methods[METHODS] = {
	{"inflate", NULL, zlib_encode, zlib_decode}, /* the measure of all, so the first */
	{"zlib", &sp_codec_zlib, codec_encode, codec_decode},
	{"bzip2", &sp_codec_bzip2, codec_encode, codec_decode},
	{"xz", &sp_codec_xz, codec_encode, codec_decode},
	{"adc", &sp_codec_adc, adc_encode, codec_decode},
	{"lzfse", &sp_codec_lzfse, codec_encode, codec_decode},
};
static void *works[METHODS];

static int load(const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return -1;
	while (chunks < CHUNKS_MAX) {
		struct chunk *const c = &chunk[chunks];

		c->data = malloc(CHUNK);
		c->size = c->data ? fread(c->data, 1, CHUNK, file) : 0;
		if (!c->size)
			break;
		total += c->size;
		chunks++;
	}
	fclose(file);
	return chunks ? 0 : -1;
}

/* All chunks by method k, kept; and that they come back. */
static int pack(size_t k)
{
	static uint8_t packed[2 * CHUNK];
	const struct method *const m = &methods[k];
	size_t sum = 0;
	double seconds = 0;

	for (size_t i = 0; i < chunks; i++) {
		struct chunk *const c = &chunk[i];
		const double start = now();

		c->packed = packed;
		c->packed_size = m->encode(m, &works[k], c, sizeof(packed));
		seconds += now() - start;
		if (!c->packed_size || m->decode(m, &works[k], c) < 0 ||
		    memcmp(out, c->data, c->size) != 0)
			return -1;
		c->by[k].size = c->packed_size;
		c->by[k].packed = malloc(c->packed_size);
		if (!c->by[k].packed)
			return -1;
		memcpy(c->by[k].packed, packed, c->packed_size);
		sum += c->packed_size < c->size ? c->packed_size : c->size;
	}
	printf("size %s %zu\nencode %s %.0f\n", m->name, sum, m->name, (double)total / seconds);
	return 0;
}

static int unpack(size_t k, double *rate)
{
	const double start = now();

	for (size_t i = 0; i < chunks; i++) {
		chunk[i].packed = chunk[i].by[k].packed;
		chunk[i].packed_size = chunk[i].by[k].size;
		if (methods[k].decode(&methods[k], &works[k], &chunk[i]) < 0)
			return -1;
	}
	*rate = (double)total / (now() - start);
	return 0;
}

int main(int argc, char **argv)
{
	double rate[METHODS][ROUNDS];
	int r = argc == 2 ? load(argv[1]) : -1;

	if (r < 0) {
		fprintf(stderr, "usage: codec FILE\n");
		return EXIT_FAILURE;
	}
	printf("size none %zu\n", total);
	for (size_t k = 0; !r && k < METHODS; k++)
		r = pack(k);
	for (size_t round = 0; round < ROUNDS; round++)
		for (size_t k = 0; !r && k < METHODS; k++)
			r = unpack(k, &rate[k][round]);
	if (r < 0) {
		fprintf(stderr, "codec: a chunk did not come back\n");
		return EXIT_FAILURE;
	}
	for (size_t k = 0; k < METHODS; k++) {
		printf("decode %s", methods[k].name);
		for (size_t round = 0; round < ROUNDS; round++)
			printf(" %.0f", rate[k][round]);
		printf("\n");
	}
	return 0;
}
