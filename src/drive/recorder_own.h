/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of our own writer of CDs: drive and medium, layout, cue sheet, what a raw disc is made
 * of. */
#ifndef SP_DRIVE_RECORDER_OWN_H
#define SP_DRIVE_RECORDER_OWN_H

#include "drive/recorder.h"

#include "disc/sector.h"

#include <spindle/burn.h>

#include <time.h>

/* --- recorder_drive.c: the drive, and the disc in it --------------------------------------- */

#define RECORDER_PAGE 64 /* bytes of mode page 05h that are looked at */

enum { RECORDER_RAW_PQ = 1, RECORDER_RAW_PW = 3 }; /* MMC-6 table 664: 16 bytes, and 96 */

/* Where what is sent comes to lie. */
struct recorder_place {
	sp_lba first;      /* LBA of the first sector that is sent: of a pause */
	unsigned sessions; /* that are on the disc already */
	unsigned track;    /* number of the first track, 0: its own */
};

struct recorder_drive {
	struct sp_transport *transport; /* borrowed */
	unsigned profile;
	sp_lba lead_in, capacity; /* of ATIP: where it begins, and the last place of a lead-out */
	bool sao, raw;            /* mode page 05h takes it … */
	unsigned raw_block;       /* … with blocks of this type */
	bool test;                /* it can write without the laser */
	bool underrun;            /* and goes on after its buffer ran empty */
	uint32_t cue_most;        /* bytes of a cue sheet, 0: not told */
	struct recorder_place place;
	uint8_t page[RECORDER_PAGE]; /* as it was found */
	size_t page_size;
};

/* Find all of that out; nothing is changed. SP_ERR_DEVICE or SP_ERR_UNSUPPORTED: no drive, no CD
 * that is blank or, with `append`, open for another session, none that is written to. */
int recorder_look(struct recorder_drive *drive, struct sp_transport *transport, bool append,
		  struct sp_error *err);
/* How the next session is written: MODE SELECT of page 05h, which is read back. */
struct recorder_way {
	bool raw, test, open; /* open: another session follows */
	unsigned session;     /* enum sp_session_type */
};
int recorder_select(const struct recorder_drive *drive, const struct recorder_way *way,
		    struct sp_error *err);

/* --- recorder_layout.c: the disc as it will be sent ---------------------------------------- */

/* A copy at `place`, of which every sector from there on is in a region, each later session where
 * drives begin it. SP_ERR_UNSUPPORTED: not a layout that a CD recorder makes. */
int recorder_layout(struct sp_disc **out, const struct sp_disc *disc,
		    const struct recorder_place *place, struct sp_error *err);
/* The first sector of session `i` (from 0) that is sent: of its pause. */
sp_lba recorder_session_first(const struct recorder_place *place, const struct sp_disc *disc,
			      size_t i);
const struct sp_track *recorder_session_track(const struct sp_disc *disc, size_t i, bool last);

#define RECORDER_CUE_LINE 8
/* SEND CUE SHEET's bytes for session `i`, *sheet malloc'd. `lead_in`: where CD-Text begins, NULL:
 * there is none. With no address for it where the drive wants none. SP_ERR_UNSUPPORTED: a cue sheet
 * cannot say that. */
int recorder_cue(uint8_t **sheet, size_t *size, const struct sp_disc *disc, size_t i, bool text,
		 const struct sp_msf *lead_in, struct sp_error *err);

/* --- recorder_sector.c: sectors that no source gives --------------------------------------- */

/* An empty sector of a region, in those parts. False: none can be made there. */
bool recorder_empty(const struct sp_disc *disc, const struct sp_region *region, unsigned parts,
		    sp_lba lba, uint8_t *out);
/* 24 symbols of R-W for each pack of 18 bytes. */
void recorder_symbols(const uint8_t *packs, size_t count, uint8_t *symbols);

#define RECORDER_BLOCK (SP_RAW_SIZE + SP_SUB_SIZE)
/* What a lead-in says over and over: the TOC in Q, CD-Text in R-W. */
struct recorder_lead_in {
	uint8_t q[SP_TRACK_MAX + 3][12];
	size_t count;
	bool data;              /* its sectors are those of a data track */
	const uint8_t *symbols; /* of CD-Text, borrowed */
	size_t symbols_size;    /* a multiple of 24 */
};
void recorder_lead_in(struct recorder_lead_in *lead_in, const struct sp_disc *disc);
/* Sector `n` of it, which lies at `lba`. */
bool recorder_lead_in_block(const struct recorder_lead_in *lead_in, size_t n, sp_lba lba,
			    uint8_t block[RECORDER_BLOCK]);
/* A sector of the lead-out of the whole disc. */
bool recorder_lead_out_block(const struct sp_disc *disc, sp_lba lba, uint8_t block[RECORDER_BLOCK]);
/* A sector of the program, whole and with P-W, as it goes to the drive. `made`: its sub-channel is
 * of the layout and not of the source. */
void recorder_program_block(const struct sp_disc *disc, const struct sp_region *region, bool made,
			    sp_lba lba, uint8_t block[RECORDER_BLOCK]);

/* --- recorder_session.c: what is sent ------------------------------------------------------ */

struct recorder {
	struct sp_sink sink;
	struct sp_burn burn;
	struct recorder_drive drive;
	struct sp_disc *disc;              /* as it is sent */
	const struct sp_disc *source_disc; /* borrowed of begin */
	sp_lba shift;                      /* LBA as it is sent minus LBA of the source */
	bool raw;
	uint8_t *symbols; /* of CD-Text */
	size_t symbols_size;
	struct recorder_lead_in lead_in;

	uint8_t *buffer; /* for one WRITE */
	size_t room;
	size_t session; /* that is being written … */
	bool open;      /* … now */
	bool began;
	bool wrote; /* something went to the medium */
	bool locked, told_buffer, done;
	sp_lba next;
	const char *phase;
	uint64_t sent, total;            /* sectors, of the phase … */
	uint64_t program, program_total; /* … and of all sessions' programs */
	struct timespec report;
};

/* Of the one that is being written, on the disc. */
unsigned recorder_session_number(const struct recorder *r);
/* Parts of a sector that go to the drive. */
unsigned recorder_parts(const struct recorder *r, unsigned mode);
/* Tell how far the phase is, now and then or always; SP_ERR_CANCELLED: it is to be stopped. */
int recorder_tell(struct recorder *r, bool always, struct sp_error *err);
/* Make of a sector's parts, in place, what the drive takes (of raw at most RECORDER_BLOCK); bytes.
 * `made`: see recorder_program_block. */
size_t recorder_block(const struct recorder *r, const struct sp_region *region, bool made,
		      sp_lba lba, uint8_t *block);
/* Sectors from r->next on, `size` bytes each, as many at once as the way to the drive takes. */
int recorder_send(struct recorder *r, const uint8_t *data, uint32_t count, size_t size,
		  struct sp_error *err);
/* Everything up to `end` that no source gives. */
int recorder_fill(struct recorder *r, sp_lba end, struct sp_error *err);
/* Session r->session: up to where its program begins; and its end, when all of it was sent. */
int recorder_session_begin(struct recorder *r, struct sp_error *err);
int recorder_session_end(struct recorder *r, struct sp_error *err);

#endif
