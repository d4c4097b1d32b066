/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sense data: why a drive did not do a command. SPC-4 4.5, MMC-6 annex F. */
#ifndef SP_DRIVE_SENSE_H
#define SP_DRIVE_SENSE_H

#include <spindle/disc.h>

enum sp_sense_key { /* SPC-4 4.5.6; those that drives give */
		    SP_SENSE_NONE = 0x0,
		    SP_SENSE_RECOVERED = 0x1,
		    SP_SENSE_NOT_READY = 0x2,
		    SP_SENSE_MEDIUM = 0x3,
		    SP_SENSE_HARDWARE = 0x4,
		    SP_SENSE_ILLEGAL = 0x5,
		    SP_SENSE_ATTENTION = 0x6,
		    SP_SENSE_PROTECT = 0x7,
		    SP_SENSE_BLANK = 0x8,
		    SP_SENSE_ABORTED = 0xb,
		    SP_SENSE_MISCOMPARE = 0xe,
};

struct sp_sense {
	uint8_t key, asc, ascq;
	bool deferred;   /* of an earlier command */
	sp_lba lba;      /* INFORMATION where it is valid, SP_LBA_NONE: none */
	int progress;    /* 1/65536 of what it is busy with, -1: not told */
	bool bad_field;  /* in an illegal request: which byte is known … */
	bool in_command; /* … of the CDB, not of the data */
	unsigned field;
};

/* Read `size` bytes of sense data, fixed or descriptor format. False: there is none to read, *sense
 * is all zero and "not told" then. */
bool sp_sense_decode(const uint8_t *data, size_t size, struct sp_sense *sense);

/* "MEDIUM ERROR" of T10 in plain words: "medium error". Never NULL. */
const char *sp_sense_key_text(unsigned key);
/* What ASC and ASCQ say; the text of the ASC alone where the pair is not known; NULL: neither. */
const char *sp_sense_text(unsigned asc, unsigned ascq);
/* "medium error: unrecovered read error (03/11/05)". Returns text. */
char *sp_sense_describe(unsigned key, unsigned asc, unsigned ascq, char *text, size_t size);

#endif
