/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a reader, shared by the files that make it. */
#ifndef SP_DRIVE_READER_OWN_H
#define SP_DRIVE_READER_OWN_H

#include "drive/mmc.h"
#include "drive/reader.h"

#include "disc/sector.h"

#define READER_NAME    80
#define READER_EDGES   32 /* sectors outside of tracks that were tried and refused */
#define READER_OFFSET  5880
#define READER_SAMPLES 588  /* of a sector */
#define READER_TB      0x20 /* of mode page 01h: transfer a block that could not be corrected */

/* Refusals that are told once. */
enum reader_told { READER_TOLD_SPEED = 1, READER_TOLD_RECOVERY = 2, READER_TOLD_LOCK = 4 };

struct sp_reader {
	struct sp_transport *transport;
	struct sp_drive_identity identity;
	struct sp_notes notes;

	/* the disc; what follows is forgotten by the next load */
	struct sp_disc *disc; /* NULL: not loaded */
	char *disc_identity;
	unsigned profile, protection;
	unsigned data_type; /* READ CD's expected type that data was last read with */
	struct sp_drive_abilities able;
	sp_lba edge[READER_EDGES]; /* a ring */
	unsigned edges;

	/* settings */
	int offset;
	bool speed_set, locked;
	unsigned told;
	uint8_t recovery[32], found[32]; /* mode page 01h: as set, as found */
	size_t recovery_size;            /* 0: not known yet */
	bool recovery_set;

	uint8_t *bounce; /* what commands give before it is put in order */
	size_t bounce_size;
};

/* reader.c: `size` bytes at reader->bounce. */
int reader_room(struct sp_reader *reader, size_t size, struct sp_error *err);

/* reader_disc.c: reader->disc and what belongs to it. */
int reader_disc_load(struct sp_reader *reader, struct sp_error *err);
sp_lba reader_end(const struct sp_disc *disc); /* the last session's lead-out */

/* reader_block.c: what a READ CD's blocks look like, and one command. */
struct reader_block {
	unsigned c2, sub;           /* bytes, 0: not asked for */
	size_t c2_at, sub_at, size; /* in the block */
};
void reader_block_plan(const struct sp_drive_abilities *able, unsigned parts,
		       struct reader_block *block);
enum reader_kind { READER_AUDIO, READER_DATA, READER_SCRAMBLED };
/* A command for `count` sectors into `raw` (blocks as planned); *good sectors at its beginning are
 * as the drive gave them, the last of them *damaged where that is told (NULL is fine). Fallbacks of
 * the type are tried. Fills the answer fields of *read. */
void reader_command(struct sp_reader *reader, struct sp_read *read, unsigned kind, sp_lba lba,
		    uint32_t count, const struct reader_block *block, uint8_t *raw, uint32_t *good,
		    bool *damaged);
unsigned reader_outcome(const struct sp_answer *answer);
/* Q out of a block's sub-channel bytes, as it is on the disc; CRC computed where the drive gives
 * none. */
void reader_block_sub(const struct sp_drive_abilities *able, const struct reader_block *block,
		      const uint8_t *raw, uint8_t pw[SP_SUB_SIZE]);

#endif
