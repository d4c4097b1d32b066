/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MMC commands, one function for each: builds the CDB, bounds the answer. MMC-6, SPC-4. */
#ifndef SP_DRIVE_MMC_H
#define SP_DRIVE_MMC_H

#include "drive/sense.h"
#include "drive/transport.h"

#include <spindle/drive.h>

enum sp_profile { /* MMC-6 5.3.1, table 93 */
		  SP_PROFILE_NONE = 0x00,
		  SP_PROFILE_CD_ROM = 0x08,
		  SP_PROFILE_CD_R = 0x09,
		  SP_PROFILE_CD_RW = 0x0a,
		  SP_PROFILE_DVD_ROM = 0x10,
		  SP_PROFILE_DVD_R = 0x11,
		  SP_PROFILE_DVD_RAM = 0x12,
		  SP_PROFILE_DVD_RW_RO = 0x13, /* restricted overwrite */
		  SP_PROFILE_DVD_RW = 0x14,    /* sequential */
		  SP_PROFILE_DVD_R_DL = 0x15,
		  SP_PROFILE_DVD_R_DL_JUMP = 0x16,
		  SP_PROFILE_DVD_PLUS_RW = 0x1a,
		  SP_PROFILE_DVD_PLUS_R = 0x1b,
		  SP_PROFILE_DVD_PLUS_RW_DL = 0x2a,
		  SP_PROFILE_DVD_PLUS_R_DL = 0x2b,
		  SP_PROFILE_BD_ROM = 0x40,
		  SP_PROFILE_BD_R = 0x41,
		  SP_PROFILE_BD_R_RANDOM = 0x42,
		  SP_PROFILE_BD_RE = 0x43,
		  SP_PROFILE_HD_DVD_ROM = 0x50,
};
/* enum sp_medium of a profile; false: none of an optical disc. */
bool sp_profile_medium(unsigned profile, unsigned *medium);
/* kB/s of a medium's 1x, as drives count them: 2352 bytes of a CD's sector, 2048 of others'. 0: it
 * has no such speed. */
double sp_mmc_once(unsigned medium);

/* What became of a command. */
struct sp_answer {
	unsigned host; /* enum sp_host */
	uint8_t status;
	struct sp_sense sense;
	size_t done; /* bytes that came */
	uint64_t took_us;
};

#define SP_MMC_TIMEOUT      10000  /* ms: of a command that moves nothing */
#define SP_MMC_TIMEOUT_LONG 120000 /* of those that start a motor or load a disc */

/* Each returns 0 when the drive did it. SP_ERR_DEVICE: it did not; *answer (NULL is fine) says
 * why, *err in words with the sense fields set. Data that comes is never more than the buffer; what
 * is missing of it is zeros. */

/* Execute `command`, whose answer fields need not be set; `what` names it. */
int sp_mmc_execute(struct sp_transport *transport, const char *what, struct sp_command *command,
		   struct sp_answer *answer, struct sp_error *err);

/* *type is the peripheral device type, 5: a CD/DVD device. */
int sp_mmc_inquiry(struct sp_transport *transport, struct sp_drive_identity *identity,
		   unsigned *type, struct sp_error *err);
/* Serial number from VPD page 80h, else feature 108h; "" where the drive has neither. */
void sp_mmc_serial(struct sp_transport *transport, char serial[33]);
int sp_mmc_ready(struct sp_transport *transport, struct sp_answer *answer, struct sp_error *err);
enum sp_mmc_start { SP_START_STOP = 0, SP_START_SPIN = 1, SP_START_EJECT = 2, SP_START_LOAD = 3 };
int sp_mmc_start(struct sp_transport *transport, unsigned what, struct sp_error *err);
int sp_mmc_prevent(struct sp_transport *transport, bool locked, struct sp_error *err);
/* Media event (MMC-6 6.7.2.5): *event 0 none, 1 eject asked, 2 new, 3 removed, 4 changed. */
int sp_mmc_event(struct sp_transport *transport, unsigned *event, bool *open, bool *present,
		 struct sp_error *err);
/* GET CONFIGURATION: the current profile; and, with feature not 0 and data not NULL, that feature's
 * data behind its 4-byte head (zeros: the drive has it not; *current where it counts now). */
int sp_mmc_configuration(struct sp_transport *transport, unsigned feature, unsigned *profile,
			 uint8_t *data, size_t size, bool *current, struct sp_error *err);
/* Blocks there are (last LBA + 1) and their size. */
int sp_mmc_capacity(struct sp_transport *transport, uint64_t *blocks, uint32_t *size,
		    struct sp_error *err);

/* A mode page, its header stripped; *length is what the drive has of it. MODE SENSE(10). */
int sp_mmc_mode_sense(struct sp_transport *transport, unsigned page, uint8_t *data, size_t size,
		      size_t *length, struct sp_error *err);
/* MODE SELECT(10) of one page as sense gave it (the PS bit is cleared). Needs a writable
 * transport. */
int sp_mmc_mode_select(struct sp_transport *transport, const uint8_t *page, size_t size,
		       struct sp_error *err);
/* SET CD SPEED, kB/s; 0: the fastest. Needs a writable transport. */
int sp_mmc_speed(struct sp_transport *transport, unsigned speed, struct sp_error *err);
/* The greatest and the current read speed in kB/s, of mode page 2Ah; zeros: not told. */
void sp_mmc_speeds(struct sp_transport *transport, unsigned *most, unsigned *now);

enum sp_toc_format {
	SP_TOC_TRACKS,
	SP_TOC_SESSIONS,
	SP_TOC_FULL,
	SP_TOC_PMA,
	SP_TOC_ATIP,
	SP_TOC_TEXT
};
/* READ TOC/PMA/ATIP; `start` is the first track or session. *data is malloc'd and as long as the
 * reply says (its first two bytes, at most 65535), *size with it: asked for twice, first 4 bytes.
 */
int sp_mmc_toc(struct sp_transport *transport, unsigned format, unsigned start, uint8_t **data,
	       size_t *size, struct sp_error *err);

struct sp_disc_info {    /* MMC-6 6.22 READ DISC INFORMATION */
	unsigned status; /* 0 empty, 1 incomplete, 2 complete, 3 others (random access) */
	bool erasable;
	unsigned session_status; /* of the last one: 0 empty, 1 incomplete, 3 complete */
	unsigned sessions, first_track, last_first, last_last; /* tracks; of the last session */
	unsigned type;                                         /* PSEC of A0; 0xff: not told */
};
int sp_mmc_disc_info(struct sp_transport *transport, struct sp_disc_info *info,
		     struct sp_error *err);
struct sp_track_info { /* MMC-6 6.27 READ TRACK INFORMATION */
	unsigned number, session, track_mode, data_mode;
	bool blank, damage, has_next;
	sp_lba start, next;
	uint64_t size, free;
};
/* `lba`: the track that holds it; else a track's number (0: the lead-in). */
int sp_mmc_track_info(struct sp_transport *transport, bool by_lba, sp_lba at,
		      struct sp_track_info *info, struct sp_error *err);

enum sp_structure {                               /* MMC-6 6.23, of DVD unless said */
		    SP_STRUCTURE_PHYSICAL = 0x00, /* PFI; on BD: disc information */
		    SP_STRUCTURE_COPYRIGHT = 0x01,
		    SP_STRUCTURE_BCA = 0x03,
		    SP_STRUCTURE_MANUFACTURER = 0x04, /* DMI */
		    SP_STRUCTURE_LAYERS =
			    0x20, /* of DVD+R DL: bit 7 of byte 0: it cannot be set any
				     more; bytes 4 to 7: sectors of the first layer */
};
/* READ DISC STRUCTURE: *length bytes behind its 4-byte head, at most `size`. */
int sp_mmc_structure(struct sp_transport *transport, bool bd, unsigned format, unsigned layer,
		     uint8_t *data, size_t size, size_t *length, struct sp_error *err);
/* READ SUB-CHANNEL format 2 (MCN) or 3 (ISRC of `track`): "" where its valid bit is not set. */
int sp_mmc_code(struct sp_transport *transport, unsigned track, char text[14],
		struct sp_error *err);

/* READ CD. `type`: expected sector type 0…5; `select`: byte 9; `sub`: byte 10. */
struct sp_read_cd {
	sp_lba lba;
	uint32_t count;
	unsigned type, select, sub;
	unsigned timeout_ms;
	uint8_t *data;
	size_t size; /* count × a block's bytes */
};
int sp_mmc_read_cd(struct sp_transport *transport, const struct sp_read_cd *read,
		   struct sp_answer *answer, struct sp_error *err);
/* READ(10), or READ(12) with FUA: blocks of 2048 bytes. */
int sp_mmc_read(struct sp_transport *transport, bool fua, sp_lba lba, uint32_t count, uint8_t *data,
		unsigned timeout_ms, struct sp_answer *answer, struct sp_error *err);
/* READ(12) with FUA and no blocks, after which drives read from the disc again. */
int sp_mmc_flush(struct sp_transport *transport, sp_lba lba, struct sp_error *err);

#endif
