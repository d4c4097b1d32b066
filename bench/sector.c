/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the sector engine is: sectors a second of each job in one thread, a figure for each of
 * the rounds that take the jobs in turn. */
#include "disc/sector.h"
#include "disc/edc.h"
#include "disc/repair.h"
#include "sim/sim.h"

#include <spindle/disc.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECTORS 1024 /* raw and user data together lie in a second-level cache's reach */
#define REPEAT  24   /* times a round goes over them */
#define ROUNDS  15
#define USER    2048
#define EDC_END 2064 /* what the EDC of mode 1 covers, ECMA-130 14.3 */

static uint8_t user[SECTORS * USER], raw[SECTORS * SP_RAW_SIZE], out[SECTORS * SP_RAW_SIZE];
static volatile uint32_t seen; /* keeps results alive */

static int run_memcpy(void)
{
	memcpy(out, raw, sizeof(raw));
	seen += out[SP_RAW_SIZE];
	return 0;
}

static int run_edc(void)
{
	for (size_t i = 0; i < SECTORS; i++)
		seen += sp_edc(0, raw + i * SP_RAW_SIZE, EDC_END);
	return 0;
}

static int run_build(void)
{
	return sp_sector_convert(NULL, SP_MODE_MODE1, SP_PART_USER, sp_mode_parts(SP_MODE_MODE1), 0,
				 SECTORS, user, raw, NULL, NULL, NULL);
}

static int run_strip(void)
{
	return sp_sector_convert(NULL, SP_MODE_MODE1, sp_mode_parts(SP_MODE_MODE1), SP_PART_USER, 0,
				 SECTORS, raw, out, NULL, NULL, NULL);
}

static int run_strip_checked(void)
{
	struct sp_drops drops = {0};
	int r = sp_sector_convert(NULL, SP_MODE_MODE1, sp_mode_parts(SP_MODE_MODE1), SP_PART_USER,
				  0, SECTORS, raw, out, NULL, &drops, NULL);
	for (size_t i = 0; i < SP_DROPS; i++)
		if (drops.count[i])
			return -1; /* what was built here must be found right here */
	return r;
}

static int run_check(void)
{
	static uint16_t state[SECTORS];

	sp_sector_check(SP_MODE_MODE1, SP_PART_MAIN, 0, SECTORS, raw, state);
	for (size_t i = 0; i < SECTORS; i++)
		if (state[i])
			return -1;
	return 0;
}

/* Of sectors that need none: what every copy with -O repair pays. */
static int run_repair(void)
{
	for (size_t i = 0; i < SECTORS; i++)
		if (sp_repair_raw(SP_MODE_MODE1, raw + i * SP_RAW_SIZE, NULL, NULL) !=
		    SP_REPAIR_GOOD)
			return -1;
	return 0;
}

/* Of sectors that all have a scratch of 60 bytes. */
static int run_repair_damaged(void)
{
	for (size_t i = 0; i < SECTORS; i++) {
		uint8_t *sector = raw + i * SP_RAW_SIZE;

		for (size_t j = 0; j < 60; j++)
			sector[700 + j] ^= (uint8_t)(j + 1);
		if (sp_repair_raw(SP_MODE_MODE1, sector, NULL, NULL) != SP_REPAIR_CORRECTABLE)
			return -1;
	}
	return 0;
}

static int image_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	(void)src;
	(void)err;
	memcpy(span->data, raw + (size_t)span->lba * SP_RAW_SIZE, span->count * span->stride);
	return 0;
}

static void image_close(struct sp_source *src)
{
	sp_disc_free(src->disc);
}

/* A simulated drive with `raw` as its disc. */
static struct sp_sim *drive_make(void)
{
	static const struct sp_source_ops ops = {.read = image_read, .close = image_close};
	static struct sp_source src = {.ops = &ops};
	const struct sp_region region = {.count = SECTORS,
					 .session = 1,
					 .track = 1,
					 .kind = SP_REGION_TRACK,
					 .mode = SP_MODE_MODE1,
					 .parts = SP_PART_MAIN,
					 .stored = true};
	struct sp_sim *sim = NULL;
	struct sp_disc *disc = src.disc = sp_disc_new();
	struct sp_session *session = disc ? sp_disc_add_session(disc) : NULL;
	struct sp_track *track = session ? sp_disc_add_track(disc) : NULL;

	if (!track || !sp_disc_add_region(disc, &region))
		return NULL;
	session->lead_out = SECTORS;
	track->session = 1;
	track->control = SP_CONTROL_DATA;
	track->mode = SP_MODE_MODE1;
	track->start = track->index[1] = 0;
	track->length = SECTORS;
	if (sp_sim_new(&sim, NULL, NULL) || sp_sim_load(sim, &src, NULL))
		return NULL;
	return sim;
}

/* As many sectors a command as 64 KiB hold. */
static int run_read_cd(void)
{
	static struct sp_sim *sim;
	uint32_t at = 0;

	if (!sim) {
		struct sp_command attention = {.cdb_size = 6};

		if (!(sim = drive_make()))
			return -1;
		sp_sim_execute(sim, &attention); /* that of the disc that came */
	}
	while (at < SECTORS) {
		const uint32_t n = SECTORS - at < 27 ? SECTORS - at : 27;
		struct sp_command c = {.cdb = {0xbe, 0, 0, 0, (uint8_t)(at >> 8), (uint8_t)at, 0, 0,
					       (uint8_t)n, 0xf8},
				       .cdb_size = 12,
				       .direction = SP_DATA_IN,
				       .data = out + (size_t)at * SP_RAW_SIZE,
				       .size = (size_t)n * SP_RAW_SIZE};

		sp_sim_execute(sim, &c);
		if (c.status || c.done != c.size)
			return -1;
		at += n;
	}
	return memcmp(out, raw, SP_RAW_SIZE) ? -1 : 0;
}

static const struct {
	const char *name;
	int (*run)(void);
	int less; /* does this part of the sectors only, of REPEAT times all */
} jobs[] = {
	{"build", run_build, 1},
	{"edc", run_edc, 1},
	{"strip", run_strip, 1},
	{"strip-checked", run_strip_checked, 1},
	{"check", run_check, 1},
	{"repair", run_repair, 1},
	{"repair-damaged", run_repair_damaged, REPEAT},
	{"read-cd", run_read_cd, 1},
	{"memcpy", run_memcpy, 1},
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what else runs here does not count */
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(void)
{
	double rate[JOBS][ROUNDS];
	uint32_t random = 1;
	for (size_t i = 0; i < sizeof(user); i++) {
		random = random * 1664525u + 1013904223u;
		user[i] = (uint8_t)(random >> 24);
	}
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t j = 0; j < JOBS; j++) {
			double start = now();
			for (int i = 0; i < REPEAT / jobs[j].less; i++) {
				if (jobs[j].run() < 0) {
					fprintf(stderr, "sector: %s failed\n", jobs[j].name);
					return EXIT_FAILURE;
				}
			}
			rate[j][round] =
				(double)SECTORS * (REPEAT / jobs[j].less) / (now() - start);
		}
	}
	for (size_t j = 0; j < JOBS; j++) {
		printf("%s", jobs[j].name);
		for (size_t round = 0; round < ROUNDS; round++)
			printf(" %.0f", rate[j][round]);
		printf("\n");
	}
	return 0;
}
