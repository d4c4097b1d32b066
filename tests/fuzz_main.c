/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target without a fuzzer: every seed as it is, cut at every byte, and mutated. Any
 * crash, sanitizer report or hang ends the program. */
#include "tests/sweep.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Which files of tests/data and of the corpus are seeds. */
extern const char fuzz_extension[];

enum {
	FUZZ_SEED_MAX = 1 << 20,
	FUZZ_CUTS = 4096,    /* bytes of a seed's beginning that it is cut at */
	FUZZ_SHARED = 40000, /* cuts of all seeds together; a tenth as many mutants */
	FUZZ_ROOM = 4096,    /* by which mutants may be longer */
	FUZZ_MUTANTS = 200,  /* of a seed */
	FUZZ_SECONDS = 300,  /* for a seed, and again for so many of its mutants: more is a hang */
	FUZZ_ROUND = 1000,
	FUZZ_SLOW = 5,     /* for one input, where mutants were asked for … */
	FUZZ_MEMORY = 512, /* … and MB for all */
};

static char **fuzz_seed;
static size_t fuzz_seeds;
static double fuzz_slowest; /* seconds one input took */

static uint32_t fuzz_random(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13; /* xorshift64 */
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return below ? (uint32_t)(*state >> 32) % below : 0;
}

static void fuzz_add(const char *path)
{
	char **list = realloc(fuzz_seed, (fuzz_seeds + 1) * sizeof(list[0]));

	if (!list || !(list[fuzz_seeds] = strdup(path)))
		abort();
	fuzz_seed = list;
	fuzz_seeds++;
}

static int fuzz_visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const size_t len = strlen(path), tail = strlen(fuzz_extension);

	(void)st;
	(void)ftw;
	if (type == FTW_F && len > tail && !strcmp(path + len - tail, fuzz_extension))
		fuzz_add(path);
	return 0;
}

static int fuzz_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void fuzz_find(void)
{
	const char *top = getenv("top_srcdir"), *corpus = getenv("SPINDLE_CORPUS");
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data", top ? top : ".");
	nftw(path, fuzz_visit, 16, FTW_PHYS);
	if (corpus && *corpus)
		nftw(corpus, fuzz_visit, 16, FTW_PHYS);
	if (fuzz_seeds)
		qsort(fuzz_seed, fuzz_seeds, sizeof(fuzz_seed[0]), fuzz_compare);
}

/* One input in memory of its very size, so that a byte read beyond it is seen. */
static void fuzz_run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct timespec begin, end;

	if (!copy)
		abort();
	/* of the processor: others may load the machine, or stop it */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	const double took =
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	if (took > fuzz_slowest)
		fuzz_slowest = took;
}

/* Move data[from…] to data[to…]; the new size. */
static size_t fuzz_shift(uint8_t *data, size_t size, size_t from, size_t to)
{
	memmove(data + to, data + from, size - from);
	return size - from + to;
}

static size_t fuzz_change(uint8_t *data, size_t size, size_t room, uint64_t *state)
{
	static const char odd[] = "\0\xff\x7f\x80 \t\r\n\"':/\\-09";
	const size_t at = fuzz_random(state, (uint32_t)size);
	const size_t run = 1 + fuzz_random(state, size - at < 64 ? (uint32_t)(size - at) : 64);
	const size_t other = fuzz_random(state, (uint32_t)size);
	uint8_t bytes[64];

	switch (fuzz_random(state, 8)) {
	case 0: /* a bit */
		data[at] ^= (uint8_t)(1u << fuzz_random(state, 8));
		break;
	case 1: /* any byte */
		data[at] = (uint8_t)fuzz_random(state, 256);
		break;
	case 2: /* a telling byte */
		data[at] = (uint8_t)odd[fuzz_random(state, sizeof(odd) - 1)];
		break;
	case 3: /* one up or down: digits stay digits */
		data[at] = (uint8_t)(data[at] + (fuzz_random(state, 2) ? 1 : -1));
		break;
	case 4: /* less */
		return at + run <= size ? fuzz_shift(data, size, at + run, at) : size;
	case 5: /* something twice */
		if (size + run > room)
			break;
		memcpy(bytes, data + at, run);
		size = fuzz_shift(data, size, other, other + run);
		memcpy(data + other, bytes, run);
		break;
	case 6: /* something in another's place */
		memmove(data + other, data + at, run < size - other ? run : size - other);
		break;
	default: /* the same byte again and again */
		memset(data + at, data[other], run < size - at ? run : size - at);
	}
	return size;
}

static void fuzz_mutate(const uint8_t *seed, size_t size, unsigned long mutants, uint64_t number)
{
	const size_t room = size + FUZZ_ROOM;
	uint8_t *data = malloc(room);

	if (!data)
		abort();
	for (unsigned long i = 0; size && i < mutants; i++) {
		uint64_t state = (number << 32 | i) * 0x9e3779b97f4a7c15u | 1u;
		size_t now = size;

		if (i % FUZZ_ROUND == 0)
			alarm(FUZZ_SECONDS);
		memcpy(data, seed, size);
		for (unsigned n = 1 + fuzz_random(&state, 8); n && now; n--)
			now = fuzz_change(data, now, room, &state);
		fuzz_run(data, now);
	}
	free(data);
}

static uint8_t *fuzz_load(const char *path, size_t *size)
{
	uint8_t *data = malloc(FUZZ_SEED_MAX);
	FILE *file = fopen(path, "rb");

	if (!data || !file) {
		free(data);
		if (file)
			fclose(file);
		return NULL;
	}
	*size = fread(data, 1, FUZZ_SEED_MAX, file);
	fclose(file);
	return data;
}

static long fuzz_peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024;
}

int main(int argc, char **argv)
{
	unsigned long mutants = getenv("SPINDLE_LONG") ? FUZZ_MUTANTS * 50 : FUZZ_MUTANTS;
	size_t share = FUZZ_CUTS; /* of a seed */
	int failed = 0;
	bool asked = false;

	for (int c; (c = getopt(argc, argv, "m:")) != -1;) {
		if (c != 'm') {
			fprintf(stderr, "usage: %s [-m MUTANTS] [FILE…]\n", argv[0]);
			return 2;
		}
		mutants = strtoul(optarg, NULL, 10);
		asked = true;
	}
	for (int i = optind; i < argc; i++)
		fuzz_add(argv[i]);
	if (optind == argc)
		fuzz_find();
	if (fuzz_seeds > FUZZ_SHARED / FUZZ_CUTS)
		share = FUZZ_SHARED / fuzz_seeds;
	if (!asked && mutants == FUZZ_MUTANTS && mutants > share / 10)
		mutants = share / 10;
	printf("1..%zu\n", fuzz_seeds ? fuzz_seeds : 1);
	if (!fuzz_seeds)
		printf("not ok 1 - no %s file to begin with\n", fuzz_extension);
	for (size_t i = 0; i < fuzz_seeds; i++) {
		size_t size = 0;
		uint8_t *data = fuzz_load(fuzz_seed[i], &size);
		const double before = fuzz_slowest;

		fuzz_slowest = 0;
		fflush(stdout);
		alarm(FUZZ_SECONDS);
		const size_t cuts = size < FUZZ_CUTS ? size : FUZZ_CUTS;
		for (size_t cut = 0; data && cut < cuts; cut += sweep_step(cuts, share))
			fuzz_run(data, cut);
		if (data) {
			fuzz_run(data, size);
			fuzz_mutate(data, size, mutants, i);
		}
		failed += !data;
		printf("%sok %zu - %s\n", data ? "" : "not ", i + 1, fuzz_seed[i]);
		if (asked)
			printf("# %lu mutants, slowest %.3f s, up to here %ld MB\n", mutants,
			       fuzz_slowest, fuzz_peak());
		fuzz_slowest = before > fuzz_slowest ? before : fuzz_slowest;
		free(data);
		free(fuzz_seed[i]);
	}
	free(fuzz_seed);
	printf("# slowest input %.3f s, peak memory %ld MB\n", fuzz_slowest, fuzz_peak());
	if (asked && (fuzz_slowest > FUZZ_SLOW || fuzz_peak() > FUZZ_MEMORY)) {
		printf("not ok - more than %d s or %d MB\n", FUZZ_SLOW, FUZZ_MEMORY);
		failed++;
	}
	return failed || !fuzz_seeds;
}
