/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which sectors to try next, and what is known of each: the phases of a rescue, without a drive. */
#ifndef SP_DRIVE_RESCUE_H
#define SP_DRIVE_RESCUE_H

#include "drive/map.h"

#include <spindle/disc.h>

/*
 * GNU ddrescue's strategy ("Algorithm" of its manual) on sectors: five passes of copying in large
 * reads that alternate in direction and skip more and more where there is trouble; the edges of
 * what failed are trimmed sector by sector; what lies between is scraped; then what is bad is
 * retried. Until the retries no sector is asked for alone more than once.
 *
 * Sectors have one byte each; those between areas do not exist.
 */
enum sp_rescue_status {
	SP_RESCUE_ABSENT,
	SP_RESCUE_UNTRIED,   /* ddrescue's ? */
	SP_RESCUE_UNTRIMMED, /* * */
	SP_RESCUE_UNSCRAPED, /* / */
	SP_RESCUE_BAD,       /* - */
	SP_RESCUE_DOUBTFUL,  /* -, but something is there: a retry may give something better */
	SP_RESCUE_DONE,      /* + */
	SP_RESCUE_STATUSES
};
enum sp_rescue_phase {
	SP_RESCUE_COPY,
	SP_RESCUE_TRIM,
	SP_RESCUE_SCRAPE,
	SP_RESCUE_RETRY,
	SP_RESCUE_FINISHED,
};

/* One thing to try. */
struct sp_rescue_try {
	sp_lba lba;
	uint32_t count;
	unsigned phase; /* enum sp_rescue_phase */
	unsigned pass;  /* of it, from 1 */
	unsigned turn;  /* of a retry of one doubtful sector in a row, from 1; else 0 */
	bool backward;
	/* the answer */
	uint8_t *status; /* count bytes: DONE, DOUBTFUL or BAD for each sector */
	bool slow;       /* it took so long that there is trouble, whatever came */
};
/* 0: tried, status is filled. Negative: stop here; sectors of this try stay as they were. */
typedef int sp_rescue_fn(void *user, struct sp_rescue_try *attempt, struct sp_error *err);

/* Sectors that exist; no try crosses the end of one. */
struct sp_rescue_area {
	sp_lba lba;
	uint64_t count;
};

struct sp_rescue_setup {
	const struct sp_rescue_area *area; /* ascending, apart or touching */
	size_t areas;
	uint32_t cluster; /* most sectors of a try, of a 64 KiB read or so; not 0 */
	uint32_t align;   /* tries of several begin and end at multiples of it (an ECC block) where
			     they can; not 0, at most cluster */
	unsigned retries; /* passes over what is bad, and turns at what is doubtful */
	sp_rescue_fn *attempt;
	void *user;
};

struct sp_rescue_tally {
	uint64_t sectors[SP_RESCUE_STATUSES]; /* of each status; kept up to date */
	uint64_t tries, asked;                /* of this run: tries, and sectors asked for in all */
	uint64_t failed;                      /* tries in which a sector was bad */
};

struct sp_rescue;

/* All sectors untried. SP_ERR_UNSUPPORTED: too many sectors for one byte each. */
int sp_rescue_new(struct sp_rescue **out, const struct sp_rescue_setup *setup,
		  struct sp_error *err);
void sp_rescue_free(struct sp_rescue *rescue); /* NULL is fine */
/* What an earlier run or the caller knows; sectors that do not exist are passed over. */
void sp_rescue_set(struct sp_rescue *rescue, sp_lba lba, uint64_t count, unsigned status);
unsigned sp_rescue_status(const struct sp_rescue *rescue, sp_lba lba);
/* Go on from the state of the sectors to the end of the phases; 0 or what `attempt` returned. Can
 * be called again after either. */
int sp_rescue_run(struct sp_rescue *rescue, struct sp_error *err);
const struct sp_rescue_tally *sp_rescue_tally(const struct sp_rescue *rescue);
unsigned sp_rescue_phase(const struct sp_rescue *rescue, unsigned *pass);

/* The sectors from `lba` on as a map of an image that begins there, `size` bytes a sector; those
 * that do not exist are told as done (there is nothing to rescue). Clear *map afterwards, also when
 * it failed. */
int sp_rescue_to_map(const struct sp_rescue *rescue, sp_lba lba, size_t size, struct sp_map *map,
		     struct sp_error *err);
/* Take over what such a map tells, but done only where the sector is done already: a map does not
 * bring data. Sectors it does not reach stay. */
void sp_rescue_from_map(struct sp_rescue *rescue, sp_lba lba, size_t size,
			const struct sp_map *map);

#endif
