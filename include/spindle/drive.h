/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Optical drives: which there are, what each one is and can, and what is in it. */
#ifndef SPINDLE_DRIVE_H
#define SPINDLE_DRIVE_H

#include <spindle/disc.h>
#include <spindle/error.h>
#include <spindle/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a drive says it is (INQUIRY, SPC-4 6.4): printable, without trailing spaces. */
struct sp_drive_identity {
	char vendor[9], model[17], firmware[5];
	char serial[33]; /* VPD page 80h or feature 108h; "": not told */
};

/* In which order a block's parts come when several are asked for; main is always first. */
enum sp_drive_order {
	SP_ORDER_C2_SUB,   /* main, C2, sub-channel: as MMC has it */
	SP_ORDER_SUB_C2,   /* main, sub-channel, C2 */
	SP_ORDER_SUB_ONLY, /* not both: C2 is zeros when sub-channel is asked for too */
};

enum sp_drive_c2 {
	SP_C2_NONE,    /* READ CD with C2 is refused */
	SP_C2_294,     /* a bit for each byte */
	SP_C2_296,     /* the same, a byte that sums them up, and one of padding */
	SP_C2_USELESS, /* answered, but errors are reported where there are none */
};

enum sp_drive_sub {
	SP_SUB_NONE,
	SP_SUB_RAW,     /* P-W, 96 bytes */
	SP_SUB_Q,       /* formatted Q alone, 16 bytes */
	SP_SUB_USELESS, /* answered, but what comes is no Q */
};

/* How the drive is made to forget what it has in its cache. */
enum sp_drive_flush {
	SP_FLUSH_NONE, /* nothing is known to do it: reads far away are what is left */
	SP_FLUSH_FUA,  /* READ(12) with FUA and length 0 */
};

/* What a drive can, found by executing, never by asking. */
struct sp_drive_abilities {
	bool probed; /* false: none of what follows was tried, for want of a CD */
	unsigned order, c2, sub, flush;
	bool q_hex;          /* formatted Q counts in binary where BCD is due */
	bool q_crc;          /* its CRC is there */
	int q_shift;         /* sectors by which Q comes late (negative: early) */
	bool data_as_audio;  /* sectors of a data track can be read as CD-DA, scrambled */
	uint32_t max_blocks; /* of a READ CD with all parts */
	unsigned lead_in;    /* sectors before LBA 0 that can be read */
	unsigned lead_out;   /* and beyond the last session's lead-out: both looked for up to 150 */
	unsigned speed_max, speed_now; /* kB/s, 0: not told */
};

enum sp_drive_state {
	SP_DRIVE_READY,
	SP_DRIVE_EMPTY, /* no disc, tray closed or not known */
	SP_DRIVE_OPEN,
	SP_DRIVE_BUSY,       /* becoming ready */
	SP_DRIVE_UNREADABLE, /* a disc the drive cannot make out */
};

/* Why sectors do not come in the clear. */
enum sp_drive_protection {
	SP_PROTECTED_NOT,
	SP_PROTECTED_CSS,  /* or CPPM: copyright structure type 1 (MMC-6 6.22.3.2.2) */
	SP_PROTECTED_CPRM, /* type 2 */
	SP_PROTECTED_AACS,
	SP_PROTECTED_OTHER, /* a type not known here */
};

/* "CD-R", "DVD+RW" of an MMC profile (MMC-6 table 93); "" where there is no medium or none known.
 */
SP_API const char *sp_profile_name(unsigned profile);

/* What `drives` tells of one drive. */
struct sp_drive_report {
	struct sp_drive_identity identity;
	unsigned state, profile, protection; /* enum sp_drive_state …; profile of the medium */
	struct sp_drive_abilities able;      /* probed on a CD that can be read */
	struct sp_disc *disc;                /* NULL: none that can be read … */
	char trouble[240];                   /* … and why, else "" */
};

/* Whether a name means a drive: "sim:" and what follows, or a device file of an optical drive. */
SP_API bool sp_drive_is_name(const char *name);
/* Device files of the drives there are, "/dev/sr0" first, a NULL-ended list. NULL: no memory. */
SP_API char **sp_drives_find(void);
SP_API void sp_drives_free(char **names);
/* Look at a drive and what is in it. With `probe`, what it can is tried out on a CD. 0 when the
 * drive answered, be there a disc or not. Clear *report afterwards in any case. */
SP_API int sp_drive_look(struct sp_drive_report *report, const char *name, bool probe,
			 const struct sp_notes *notes, struct sp_error *err);
SP_API void sp_drive_report_clear(struct sp_drive_report *report);
/* The disc in a drive as a source, for looking, hashing and comparing. */
SP_API int sp_drive_source(struct sp_source **out, const char *name, const struct sp_notes *notes,
			   struct sp_error *err);
/* Where the next session of the disc in a drive will begin, as the drive says. SP_ERR_DEVICE: it
 * takes none, as it is closed, blank, or written over. */
SP_API int sp_drive_next(sp_lba *next, const char *name, const struct sp_notes *notes,
			 struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
