/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drive as a thing that can be read: what it is, what is in it, and one attempt at sectors. */
#ifndef SP_DRIVE_READER_H
#define SP_DRIVE_READER_H

#include "drive/transport.h"

#include <spindle/drive.h>

struct sp_reader;

/* --- the drive ----------------------------------------------------------------------------- */

/* Take a drive in hand: only INQUIRY is executed, so there need be no disc. Takes transport on
 * success. SP_ERR_DEVICE: gone, or no optical drive. `notes` is copied; NULL is fine. */
int sp_reader_open(struct sp_reader **out, struct sp_transport *transport,
		   const struct sp_notes *notes, struct sp_error *err);
/* Puts back what was changed (speed, error recovery, tray lock). NULL is fine. */
void sp_reader_close(struct sp_reader *reader);
const char *sp_reader_name(const struct sp_reader *reader); /* for messages: /dev/sr0 */
const struct sp_drive_identity *sp_reader_identity(const struct sp_reader *reader);
struct sp_transport *sp_reader_transport(struct sp_reader *reader); /* borrowed */
/* What is in the drive now (enum sp_drive_state), by asking once. */
int sp_reader_state(struct sp_reader *reader, unsigned *state, struct sp_error *err);
/* Pause; simulated time passes where the drive is simulated. */
void sp_reader_wait(struct sp_reader *reader, unsigned ms);
int sp_reader_lock(struct sp_reader *reader, bool locked, struct sp_error *err);
int sp_reader_eject(struct sp_reader *reader, struct sp_error *err);

/* --- the disc ------------------------------------------------------------------------------ */

/* Wait until the disc is ready (a minute at most) and find out what it is. SP_ERR_DEVICE with one
 * line that says what to do: no disc, tray open, blank, not readable; SP_ERR_UNSUPPORTED: copy
 * protected, see sp_reader_protection. Afterwards sp_reader_disc is there. Again after
 * SP_READ_CHANGED: what was known is forgotten. */
int sp_reader_load(struct sp_reader *reader, struct sp_error *err);
/* The layout as far as TOC, disc information and a sector of each track tell: sessions, tracks,
 * lead-outs, gaps between sessions (not stored), each track's mode, CD-Text packs, full TOC, PFI,
 * DMI, layer break. Every LBA of a track is in a region of it; index 00 is only there for track 1
 * that begins after LBA 0. Regions: CD audio SP_PART_USER, data SP_PART_MAIN, both 2352; DVD and BD
 * SP_PART_USER, 2048. It passes sp_disc_check. The reader's: copy it to better it. NULL: not
 * loaded. */
const struct sp_disc *sp_reader_disc(const struct sp_reader *reader);
unsigned sp_reader_profile(const struct sp_reader *reader);    /* enum sp_profile of the medium */
unsigned sp_reader_protection(const struct sp_reader *reader); /* enum sp_drive_protection */
/* Text that is the same whenever this disc is in any drive: medium, sessions, every start in the
 * TOC, or what identifies a DVD or BD. For sp_store_create. */
const char *sp_reader_disc_identity(const struct sp_reader *reader);
/* MCN and ISRC as the drive tells them (READ SUB-CHANNEL): a hint, Q of many sectors is better.
 * "" where there is none. track 0: the MCN. */
int sp_reader_code(struct sp_reader *reader, unsigned track, char text[14], struct sp_error *err);

/* Better the layout by a few readings of Q: index 00 and 02 and on where they are, modes of
 * pregaps, MCN and ISRCs as the drive tells them. Each change is sought by halves, so it costs a
 * few seconds; what Q does not tell stays as the TOC has it. Nothing to do on DVD and BD. */
int sp_reader_survey(struct sp_reader *reader, struct sp_error *err);

/* --- what it can --------------------------------------------------------------------------- */

/* Try out what the drive can with the disc that is loaded; done once for a disc, at the latest by
 * the first read that needs to know (C2 or sub-channel). Nothing to try on DVD and BD. */
int sp_reader_probe(struct sp_reader *reader, struct sp_error *err);
const struct sp_drive_abilities *sp_reader_abilities(const struct sp_reader *reader);

/* Read offset correction in samples: sample i of what is given is sample i + offset of what the
 * drive gives, for audio. 0 until set; within ±5880. */
int sp_reader_set_offset(struct sp_reader *reader, int samples, struct sp_error *err);
int sp_reader_offset(const struct sp_reader *reader);
/* kB/s; 0: as fast as it can. A drive or system that refuses is told in a note, once, and is no
 * error. */
int sp_reader_set_speed(struct sp_reader *reader, unsigned speed, struct sp_error *err);
/* The drive's own error recovery (mode page 01h): `retries` 0…255 before it gives up, -1: as it was
 * found; `transfer`: give a data sector also where its L-EC fails (the TB bit), so that damaged
 * data comes as it is, with SP_STATE_EDC. Refusal: as above. */
int sp_reader_set_recovery(struct sp_reader *reader, int retries, bool transfer,
			   struct sp_error *err);

/* --- sectors ------------------------------------------------------------------------------- */

enum sp_read_flags {
	SP_READ_FLUSH = 1,     /* make the drive forget its cache first, if it is known how */
	SP_READ_CHECK = 2,     /* check EDC and P/Q parity of data sectors that were read */
	SP_READ_SCRAMBLED = 4, /* ask for data sectors as CD-DA and unscramble them here, where the
				  drive can: damage comes as it is. The state is HEADER where no
				  sync is found. */
	SP_READ_PARTIAL = 8, /* with an offset, of what is UNREAD the samples that can be read, one
				drive's sector after the other; zeros in the place of others */
};

/* What an attempt came to. */
enum sp_read_outcome {
	SP_READ_DONE,      /* all of it, wrong sectors included (their state says so) */
	SP_READ_MEDIUM,    /* medium or hardware error, timeout: sectors that could not be read */
	SP_READ_REFUSED,   /* the drive does not do that here: beyond its limits, another kind of
			      track, parts it cannot give */
	SP_READ_PROTECTED, /* scrambled sector without authentication (05/6F) */
	SP_READ_NOT_READY, /* becoming ready, or a reset came between: wait and ask again */
	SP_READ_CHANGED,   /* the disc may be another one: load again and compare identities */
	SP_READ_GONE,      /* no disc any more, or no drive */
};

/* One attempt. `data` holds count × stride bytes, stride being 2352 for a CD in any mode (2048 for
 * DVD and BD), + 294 with SP_PART_C2, + 96 with SP_PART_PW, in this order, whatever order the drive
 * has; P-W is interleaved. */
struct sp_read {
	sp_lba lba;
	uint32_t count; /* more than sp_reader_max_count of these parts take several commands */
	unsigned parts; /* CD: SP_PART_MAIN and maybe SP_PART_C2, SP_PART_PW; else SP_PART_USER.
			   A part the drive cannot give comes as zeros: abilities say which */
	unsigned mode;  /* SP_MODE_AUDIO: CD-DA, the offset applies (to C2 too); SP_MODES: by the
			   loaded disc's region at `lba`; any other: data, as a 2352-byte sector */
	unsigned flags; /* SP_READ_… */
	unsigned timeout_ms; /* of each command; 0: 10 s */
	uint8_t *data;
	/* The answer. state[i] is set for every sector, not added to: UNREAD (data is zeros), C2,
	 * Q (its CRC is wrong; not where the drive tells none), HEADER (the sector says it is
	 * another one, by its header or by Q: what came is in data), PADDED, and with SP_READ_CHECK
	 * EDC, ECC.
	 */
	uint16_t *state;
	unsigned outcome;
	uint32_t good;          /* sectors without UNREAD */
	unsigned host;          /* of the last command: enum sp_host … */
	uint8_t key, asc, ascq; /* … and its sense, zeros: none */
	sp_lba bad;             /* where the drive says it failed, SP_LBA_NONE: it does not say */
	unsigned padded;  /* samples that lie beyond what the drive can read, given as zeros */
	uint64_t took_us; /* all commands of this attempt */
	unsigned commands;
};
/* No retry and no policy: what fails is told. With an offset, neighbours are read along in the same
 * command; sectors that no track has (before LBA 0, behind a lead-out) are tried once and then
 * padded. 0 whenever the drive gave an answer of some kind: look at outcome. Negative: a wrong
 * call, no memory, or a transport that can no longer be asked. */
int sp_reader_read(struct sp_reader *reader, struct sp_read *read, struct sp_error *err);
/* Most sectors of one command with these parts, 1 at least; less may be known after probing. */
uint32_t sp_reader_max_count(const struct sp_reader *reader, unsigned parts);
/* The outcome in words for a person: "medium error: unrecovered read error (03/11/05)". Returns
 * text. */
char *sp_reader_reason(const struct sp_read *read, char *text, size_t size);

/* The loaded disc as a source for info, hash and verify: the reader's layout, sectors read in any
 * order with a few retries; what cannot be read is zeros with SP_STATE_UNREAD. Takes reader on
 * success. */
int sp_reader_source(struct sp_source **out, struct sp_reader *reader, struct sp_error *err);

#endif
