/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a rip, shared by the files that make it. */
#ifndef SP_DRIVE_RIP_OWN_H
#define SP_DRIVE_RIP_OWN_H

#include <spindle/rip.h>

#include "base/pool.h"
#include "drive/qlayout.h"
#include "drive/reader.h"
#include "drive/rescue.h"
#include "drive/rip_vote.h"
#include "stream/store.h"

#include <time.h>

#define RIP_RECORD (SP_RAW_SIZE + SP_C2_SIZE + SP_SUB_SIZE)

/* How a sector that came, or was stored, is to be taken. */
static inline uint8_t rip_status(uint16_t state)
{
	if (state & SP_STATE_UNREAD)
		return SP_RESCUE_BAD;
	return state & (SP_STATE_C2 | SP_STATE_EDC | SP_STATE_HEADER) ? SP_RESCUE_DOUBTFUL
								      : SP_RESCUE_DONE;
}

/* Where a read comes to. */
struct rip_room {
	uint8_t *raw;    /* 2 × cluster × RIP_RECORD */
	uint8_t *record; /* cluster × RIP_RECORD */
	uint16_t *state; /* 2 × cluster */
};

/* Records in a row of one region, which go into the store together: a thread that is woken for
 * every read costs more than the read. */
struct rip_batch {
	sp_lba lba;
	uint32_t count, most; /* sectors; most: what the region has room for, at most RIP_BATCH */
	uint8_t *main, *sub;  /* RIP_BATCH × 2352 or 2048, and × 96 */
	uint16_t *state;      /* RIP_BATCH */
	/* being written: */
	struct sp_rip *rip;
	struct sp_job job;
	bool busy;
	int rc; /* of the job */
	struct sp_error err;
};
#define RIP_BATCH   512
#define RIP_BATCHES 4 /* one fills up, the others wait for their turn */

struct rip_writer {
	struct sp_pool *pool; /* one thread; NULL: written at once */
	struct rip_batch batch[RIP_BATCHES];
	unsigned next; /* that fills up */
};

/* A sink that is given what is read meanwhile. */
struct rip_follow {
	struct sp_sink *sink; /* NULL: none */
	struct sp_disc *disc; /* what it was begun with */
	struct sp_losses losses;
	bool on, done;   /* done: it has had everything */
	sp_lba next;     /* that it is to be given, INT64_MAX: nothing more */
	size_t region;   /* of disc, which `next` lies in */
	uint8_t *room;   /* RIP_BATCH × RIP_RECORD */
	uint16_t *state; /* RIP_BATCH */
};

struct sp_rip {
	struct sp_rip_setup setup;
	struct sp_notes notes;
	char *drive, *folder; /* folder: of the store, NULL before there is one */
	struct sp_reader *reader;
	struct sp_disc *toc;  /* as the store has it */
	struct sp_disc *disc; /* bettered: after sp_rip_run; else NULL */
	char *identity;       /* of the disc */
	struct sp_rip_report report;

	struct sp_store *store;
	struct sp_rescue *rescue;
	struct sp_qlayout *ql; /* NULL: no CD */
	sp_lba origin;         /* of `state` */
	uint64_t count;
	uint16_t *state; /* SP_STATE bits of each sector of a CD that was stored; NULL: no CD */

	/* reading */
	bool sub, c2;  /* P-W comes, C2 too */
	size_t stride; /* of a record: main channel, sub-channel */
	uint32_t cluster, align;
	unsigned speed_now;
	struct rip_room room;
	struct rip_writer writer;
	struct rip_follow follow;
	struct sp_vote vote;
	struct timespec saved, shown;
};

/* rip.c: sp_rip_open with a reader that is open already; takes it on success. */
int rip_open_on(struct sp_rip **out, struct sp_reader *reader, const struct sp_rip_setup *setup,
		struct sp_error *err);

/* rip_try.c: one try of the rescue. */
sp_rescue_fn rip_try;
/* An attempt with waiting, media changes and counting; outcome DONE, MEDIUM or REFUSED. */
int rip_attempt(struct sp_rip *rip, struct sp_read *read, struct sp_error *err);

/* rip_write.c */
/* Sectors as room.record has them (stride bytes each), into the store, with these states. */
int rip_put(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *record,
	    const uint16_t *state, struct sp_error *err);
/* The same, copied, while the drive reads on. Its error comes with a later put or wait. */
int rip_put_later(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *record,
		  const uint16_t *state, struct sp_error *err);
/* All that was put is in the store, unless that failed. `err` may be NULL. */
int rip_put_wait(struct sp_rip *rip, struct sp_error *err);
/* Room for batches, and the thread. */
int rip_writer_make(struct sp_rip *rip, struct sp_error *err);
void rip_writer_clear(struct rip_writer *writer);
/* What was learnt of one sector that is stored; sub NULL: it has none. */
void rip_learn(struct sp_rip *rip, sp_lba lba, const uint8_t *main, const uint8_t *sub,
	       uint16_t state);

/* rip_follow.c: where its layout is known beforehand, the disc goes to the sink while it is read.
 */
void rip_follow_begin(struct sp_rip *rip);
/* Sectors that are in the store now, `stride` bytes apart. */
void rip_follow_take(struct sp_rip *rip, sp_lba lba, uint32_t count, const uint8_t *main,
		     size_t stride, const uint16_t *state);
/* All is read, and rip->disc is what it is. */
void rip_follow_end(struct sp_rip *rip);
void rip_follow_clear(struct rip_follow *follow);

/* rip_source.c: the layout that the source of a rip has of the disc; NULL: no memory. */
struct sp_disc *rip_layout(const struct sp_rip *rip, const struct sp_disc *disc);

/* rip_store.c: the work store and the map beside it. */
int rip_store_open(struct sp_rip *rip, const char *path, struct sp_error *err);
/* Everything to the disk, the map last. */
int rip_store_save(struct sp_rip *rip, struct sp_error *err);

#endif
