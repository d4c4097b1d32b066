/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a drive differs from an ordinary one, and what goes wrong with its medium. */
#ifndef SP_SIM_PROFILE_H
#define SP_SIM_PROFILE_H

#include <spindle/disc.h>

enum sim_order { SIM_C2_SUB, SIM_SUB_C2, SIM_ONLY_SUB, SIM_ONLY_C2 };
enum sim_c2 {
	SIM_C2_NONE, /* refused */
	SIM_C2_294,
	SIM_C2_296,
	SIM_C2_BOTH,
	SIM_C2_CLEAN, /* lies: never a bit */
	SIM_C2_DIRTY, /* lies: always some */
};
enum sim_flush { SIM_FLUSH_FUA = 1, SIM_FLUSH_READ12 = 2, SIM_FLUSH_SEEK = 4 };
/* Ways of writing that are refused. */
enum sim_refused {
	SIM_REFUSE_TAO = 1,
	SIM_REFUSE_SAO = 2,
	SIM_REFUSE_RAW = 4,
	SIM_REFUSE_CDTEXT = 8, /* a cue sheet whose lead-in has an address */
};

struct sim_profile {
	char vendor[9], product[17], revision[5], serial[17];
	unsigned order, c2;
	int64_t read_offset, write_offset; /* samples, as AccurateRip counts corrections */
	bool q_hex, q_crc;
	int64_t q_late;   /* sectors */
	sp_lba lead_in;   /* first LBA that can be read: 0, or down to -150 */
	int64_t lead_out; /* sectors of the lead-out that can be read */
	int64_t transfer; /* bytes of one command */
	int64_t cache;    /* sectors */
	unsigned flush;   /* what empties it */
	bool toc_bcd;
	bool scrambled;      /* data read as audio comes scrambled, instead of not at all */
	bool transition;     /* one READ CD does not go on from data to audio */
	bool lec;            /* data whose EDC and parity do not fit is an error */
	bool d8;             /* Plextor's READ CD-DA */
	bool tray;           /* closes by command */
	bool reader;         /* writes nothing */
	int64_t speed;       /* of a CD, × 1 */
	uint32_t media;      /* rows of sim_kinds, as bits */
	unsigned writes;     /* refused: SIM_REFUSE bits */
	uint32_t refused[8]; /* opcodes, as bits */
};

/* An ordinary drive, changed as the text says. `name` is for messages. */
int sim_profile_parse(struct sim_profile *profile, const char *name, const char *text,
		      struct sp_error *err);

enum sim_fault_kind {
	SIM_FAULT_UNREADABLE,
	SIM_FAULT_C2,    /* value: damaged bytes */
	SIM_FAULT_SLOW,  /* value: ms more for each sector */
	SIM_FAULT_WRONG, /* value: the sector that comes lies so many further on */
	SIM_FAULT_BAD_Q,
	SIM_FAULT_ATTENTION,
	SIM_FAULT_NOT_READY, /* value: ms */
	SIM_FAULT_RESET,
	SIM_FAULT_CHANGE,
	SIM_FAULT_WRITE,
	SIM_FAULT_CALIBRATION,
	SIM_FAULT_FULL,
	SIM_FAULT_UNDERRUN,
	SIM_FAULT_WRITE_ATTENTION,
	SIM_FAULT_WRITE_RESET,
};

struct sim_fault {
	unsigned kind;
	sp_lba first, last;
	int64_t value;
	int64_t times;   /* so often for each sector, 0: always */
	uint16_t *tries; /* how often each sector was read; NULL: not counted */
};
struct sim_faults {
	struct sim_fault *fault;
	size_t count;
};
int sim_faults_parse(struct sim_faults *faults, const char *name, const char *text,
		     struct sp_error *err);
void sim_faults_clear(struct sim_faults *faults);

#endif
