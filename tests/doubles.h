/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stand-ins for both ends of every seam: they do what a contract allows and callers like to forget,
 * and note when a caller breaks it. */
#ifndef TEST_DOUBLES_H
#define TEST_DOUBLES_H

#include <spindle/stream.h>

#include <stdatomic.h>

/* What a double saw. `broken` is not 0 once a caller broke the contract; `text` says how. */
struct double_seen {
	atomic_uint broken;
	char text[160];
	atomic_uint calls, inside; /* inside: more than one at a time is a break */
};

enum double_proof { DOUBLE_NO_PROOF, DOUBLE_PROOF_RIGHT, DOUBLE_PROOF_WRONG, DOUBLE_PROOF_ERROR };

struct double_source_plan {
	bool once;      /* one sequential pass: going back fails and is noted */
	bool late;      /* with its last stored sector track 1 gets an ISRC and INDEX 02 */
	unsigned proof; /* of enum double_proof */
	unsigned delay; /* µs a read */
	sp_lba fail_at; /* reads that touch these sectors fail with SP_ERR_IO */
	uint64_t fail_count;
	sp_lba damage_at; /* these sectors get one byte flipped and the state bits */
	uint64_t damage_count;
	size_t damage_byte;
	uint16_t damage_state;
};

/* `inner` (taken) as the plan has it. No memory ends the program. `seen` outlives it. */
struct sp_source *double_source(struct sp_source *inner, const struct double_source_plan *plan,
				struct double_seen *seen);

enum double_io_kind {
	DOUBLE_READ = 1,
	DOUBLE_WRITE = 2,
	DOUBLE_SIBLING = 4,
	DOUBLE_SYNC = 8,
	DOUBLE_CALLS = 15,
};

/* Which calls of a file and of all its siblings fail: the nth (from 1; 0: none) of these kinds,
 * or that and all later ones. */
struct double_faults {
	unsigned kinds, nth;
	bool forever;
	bool sequential;   /* a pipe: anything but gap-free ascending writes fails, and is noted */
	int sys_errno;     /* 0: EIO */
	atomic_uint count; /* out: calls of these kinds */
	atomic_uint failed;
	struct double_seen seen;
};

/* `inner` (taken) under these faults, which outlive it. */
struct sp_io *double_io(struct sp_io *inner, struct double_faults *faults);

struct double_sink_plan {
	unsigned flags, carries;
	uint64_t msf_end;
	unsigned parts;         /* wanted of stored regions; 0: what the region has */
	unsigned spared;        /* bits 1 << region kind that are not wanted */
	bool unstored;          /* wants regions that are not stored */
	bool keep;              /* keep what is written */
	uint64_t read_in_begin; /* sectors of the first stored region begin reads */
	unsigned delay;         /* µs a write */
	bool begin_fails, finish_fails;
	sp_lba fail_at; /* writes that touch these sectors fail */
	uint64_t fail_count;
};

struct double_record {
	struct double_seen seen;
	unsigned begins, writes, finishes, closes;
	uint64_t sectors, generated;
	sp_lba first, next; /* next: behind the last sector written */
	uint8_t *data;      /* with `keep`: the spans, one after another */
	size_t size;
	struct sp_disc *disc; /* a copy of what finish was given */
};

struct sp_sink *double_sink(const struct double_sink_plan *plan, struct double_record *record);
/* `inner` (taken) as it is, calls counted and held to the contract. */
struct sp_sink *double_sink_spy(struct sp_sink *inner, struct double_record *record);
void double_record_clear(struct double_record *record);

#endif
