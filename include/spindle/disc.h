/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model every format shares: a disc is sessions, tracks and regions of sectors. */
#ifndef SPINDLE_DISC_H
#define SPINDLE_DISC_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A sector's address as MMC counts: LBA 0 is MSF 00:02:00, the pregap of track 1 is negative. */
typedef int64_t sp_lba;

#define SP_LBA_NONE   INT64_MIN
#define SP_TRACK_MAX  99
#define SP_INDEX_MAX  99
#define SP_MSF_OFFSET 150 /* frames of 00:02:00 */
/* First LBA with no MSF: 99:59:74 is 449849 (ECMA-130 14.3 limits minutes to two BCD digits) */
#define SP_LBA_MSF_END 449850

enum sp_medium { SP_MEDIUM_CD, SP_MEDIUM_GD, SP_MEDIUM_DVD, SP_MEDIUM_BD, SP_MEDIUM_BLOCK };

/* How a region's sectors are laid out. XA_FORM1/2: every sector has that form, and only then is the
 * size of its user data fixed; XA: each sector's sub-header says its form. */
enum sp_mode {
	SP_MODE_AUDIO,    /* 2352 */
	SP_MODE_MODE1,    /* 2048 of 2352 */
	SP_MODE_MODE2,    /* formless: 2336 of 2352 */
	SP_MODE_XA,       /* 2328 after the sub-header, form 1 and 2 mixed */
	SP_MODE_XA_FORM1, /* 2048 */
	SP_MODE_XA_FORM2, /* 2324 */
	SP_MODE_DATA2048, /* 2048, no framing: .iso, DVD, BD */
	SP_MODE_BLOCK512, /* 512: hard disk, floppy */
	SP_MODES
};

/* Parts of a sector, as MMC READ CD selects them; in memory they follow one another in this order.
 */
enum sp_part {
	SP_PART_SYNC = 1,      /* 12 bytes */
	SP_PART_HEADER = 2,    /* 4: MSF and mode */
	SP_PART_SUBHEADER = 4, /* 8, XA only */
	SP_PART_USER = 8,
	SP_PART_ECC = 16, /* EDC, intermediate, P/Q parity: what follows the user data */
	SP_PART_C2 = 32,  /* 294: a bit for each main channel byte */
	SP_PART_Q = 64,   /* 16: formatted Q */
	SP_PART_PW = 128, /* 96: raw P-W, interleaved: each byte has bits P Q R S T U V W */
	SP_PART_MAIN = 31,
	SP_PART_FORM1 = 256, /* asked of mixed XA: as if every sector were form 1, for sinks whose
				sectors have one size; a form 2 sector is then lost */
};

/* What is known of one sector, a set of bits that travels beside its data. 0: as good as read. */
enum sp_state {
	SP_STATE_C2 = 1,          /* the drive reported C2 errors */
	SP_STATE_EDC = 2,         /* the EDC does not match */
	SP_STATE_ECC = 4,         /* the P/Q parity does not match */
	SP_STATE_HEADER = 8,      /* sync, MSF or mode differ from the place it was found in */
	SP_STATE_Q = 16,          /* Q's CRC does not match */
	SP_STATE_UNREAD = 32,     /* could not be read; the data is filler */
	SP_STATE_PADDED = 64,     /* cut short in the source, zeros added */
	SP_STATE_GENERATED = 128, /* not stored in the source: made from the layout */
};

/* What EDC and P/Q parity say of a sector, and can do for it. */
enum sp_repair_verdict {
	SP_REPAIR_GOOD,        /* they fit */
	SP_REPAIR_NONE,        /* there are none: audio, formless mode 2, form 2 without EDC */
	SP_REPAIR_CORRECTABLE, /* damaged; the parity gives a sector whose EDC is right */
	SP_REPAIR_PARITY,      /* the EDC is right, only the parity behind it is not */
	SP_REPAIR_BEYOND,      /* damaged beyond what they can correct */
	SP_REPAIR_VERDICTS
};

enum sp_region_kind {
	SP_REGION_PREGAP,  /* index 00 of `track` */
	SP_REGION_TRACK,   /* index 01 and up */
	SP_REGION_POSTGAP, /* silence after a track, part of it */
	SP_REGION_GAP,     /* between sessions: lead-out and lead-in; track 0 */
};

/* A run of sectors of one kind, one mode, one set of stored parts. */
struct sp_region {
	sp_lba lba;
	uint64_t count; /* sectors, never 0 */
	unsigned session, track, kind, mode;
	unsigned parts; /* what a source gives; SP_PART_USER where nothing is stored */
	bool stored;    /* false: exists on the disc but not in the image: silence or zeros */
};

enum sp_control { /* control nibble of TOC and Q, ECMA-130 22.3.1 */
		  SP_CONTROL_PREEMPHASIS = 1,
		  SP_CONTROL_COPY = 2,
		  SP_CONTROL_DATA = 4,
		  SP_CONTROL_FOUR_CHANNEL = 8,
};

struct sp_track {
	unsigned number; /* 1…99 */
	unsigned session;
	unsigned control;
	unsigned mode;   /* of index 01 */
	sp_lba start;    /* index 01 */
	uint64_t length; /* index 01 to the next track's index 00 or the session's lead-out */
	sp_lba index[SP_INDEX_MAX + 1]; /* SP_LBA_NONE: absent; index[1] == start */
	char isrc[13];                  /* "" or 12 characters */
};

enum sp_session_type { SP_SESSION_CDROM = 0x00, SP_SESSION_CDI = 0x10, SP_SESSION_XA = 0x20 };

struct sp_session {
	unsigned number; /* 1… */
	unsigned type;   /* PSEC of point A0 */
	sp_lba lead_out;
};

enum sp_text_type { /* CD-Text pack types, MMC annex J; and what only sheets hold */
		    SP_TEXT_TITLE = 0x80,
		    SP_TEXT_PERFORMER = 0x81,
		    SP_TEXT_SONGWRITER = 0x82,
		    SP_TEXT_COMPOSER = 0x83,
		    SP_TEXT_ARRANGER = 0x84,
		    SP_TEXT_MESSAGE = 0x85,
		    SP_TEXT_DISC_ID = 0x86,
		    SP_TEXT_GENRE = 0x87,
		    SP_TEXT_CLOSED = 0x8D, /* for the maker, players do not show it */
		    SP_TEXT_UPC_EAN = 0x8E,
		    SP_TEXT_REMARK = 0x100, /* a comment line of a sheet, kept for the next sheet;
					       no fact of the disc */
};

/* CD-Text has room for so many languages, each in a block of packs. */
#define SP_TEXT_BLOCKS 8

enum sp_text_charset { /* of a block's packs; the model has UTF-8 */
		       SP_TEXT_LATIN1 = 0x00,
		       SP_TEXT_ASCII = 0x01,
		       SP_TEXT_MSJIS = 0x80, /* two bytes a letter, as the next two */
		       SP_TEXT_KOREAN = 0x81,
		       SP_TEXT_MANDARIN = 0x82,
};

/* What a block says of itself. 0: not said. */
struct sp_text_block {
	unsigned language; /* EBU Tech 3264 appendix 3: 0x08 German, 0x09 English, 0x69 Japanese */
	unsigned charset;  /* a wish: packs are made in another one where this lacks letters */
	unsigned genre;    /* code, 2…28, beside the text of that type; alone it is
			    read as its name */
};

/* One text in UTF-8: of the disc (track 0) or a track. Remarks may repeat, others may not. */
struct sp_text {
	unsigned track, type;
	char *text;
	unsigned block; /* language: 0…7; remarks have 0 */
};

/* A disc. Lists ascend: sessions and tracks by number, regions by LBA, and the regions cover every
 * LBA that exists from the first to the last without a hole. Everything is owned by the disc; build
 * it with the functions below. */
struct sp_disc {
	unsigned medium;
	unsigned profile; /* MMC profile, 0 unknown */
	struct sp_session *session;
	size_t sessions;
	struct sp_track *track;
	size_t tracks;
	struct sp_region *region;
	size_t regions;
	struct sp_text *text;
	size_t texts;
	struct sp_text_block block[SP_TEXT_BLOCKS];
	char mcn[14];    /* "" or 13 digits */
	uint8_t *cdtext; /* packs of 18 bytes as in the lead-in, when the source has them; what
			    text says counts where they differ */
	size_t cdtext_size;
	uint8_t *full_toc; /* reply of READ TOC format 2, when known */
	size_t full_toc_size;
	uint8_t *pfi, *dmi; /* 2048 bytes each, or NULL */
	sp_lba layer_break; /* SP_LBA_NONE: one layer or unknown */
};

SP_API struct sp_disc *sp_disc_new(void); /* NULL: no memory */
SP_API struct sp_disc *sp_disc_copy(const struct sp_disc *disc);
SP_API void sp_disc_free(struct sp_disc *disc); /* NULL is fine */

/* Append; NULL when there is no memory or the list is full (99 sessions, 99 tracks, 65536 regions).
 * The pointer is valid until the next one of its kind is added. A new session's and track's number
 * is the last one's + 1; all indexes are absent. */
SP_API struct sp_session *sp_disc_add_session(struct sp_disc *disc);
SP_API struct sp_track *sp_disc_add_track(struct sp_disc *disc);
SP_API struct sp_region *sp_disc_add_region(struct sp_disc *disc, const struct sp_region *region);
/* Set a text (copied); an older one of the same track and type is replaced, remarks append. NULL or
 * "" removes (a remark may be ""). SP_ERR_MEMORY, or SP_ERR_USAGE for a track beyond 99. */
SP_API int sp_disc_set_text(struct sp_disc *disc, unsigned track, unsigned type, const char *text);
SP_API const char *sp_disc_text(const struct sp_disc *disc, unsigned track, unsigned type);
/* The same in a block of another language; the two above are of block 0. SP_ERR_USAGE also for a
 * block beyond 7 or a remark that is not in block 0. */
SP_API int sp_disc_set_block_text(struct sp_disc *disc, unsigned block, unsigned track,
				  unsigned type, const char *text);
SP_API const char *sp_disc_block_text(const struct sp_disc *disc, unsigned block, unsigned track,
				      unsigned type);
/* Copy raw packs; SP_ERR_USAGE where size is no multiple of 18; size 0 removes. */
SP_API int sp_disc_set_cdtext(struct sp_disc *disc, const uint8_t *packs, size_t size);

/* The region that holds `lba`, NULL when none. */
SP_API const struct sp_region *sp_disc_region(const struct sp_disc *disc, sp_lba lba);
SP_API const struct sp_track *sp_disc_track(const struct sp_disc *disc, unsigned number);
/* Sectors of all regions, and of the stored ones. */
SP_API uint64_t sp_disc_sectors(const struct sp_disc *disc);
SP_API uint64_t sp_disc_stored(const struct sp_disc *disc);
/* Every rule of the model above, and that tracks, indexes, sessions and regions agree: a track's
 * regions cover it whole (a view may begin within the first track's pregap), its length ends where
 * the next one's index 00 or the lead-out is, DVD, BD and block media are one track of blocks.
 * Readers call it last; SP_ERR_FORMAT names what is wrong. */
SP_API int sp_disc_check(const struct sp_disc *disc, struct sp_error *err);

SP_API const char *sp_medium_name(unsigned medium);    /* cd gd dvd bd block */
SP_API const char *sp_mode_name(unsigned mode);        /* audio mode1 mode2 xa data2048 block512 */
SP_API const char *sp_region_kind_name(unsigned kind); /* pregap track postgap gap */
SP_API const char *sp_text_language_name(unsigned code);   /* English; NULL: no such code */
SP_API const char *sp_text_charset_name(unsigned charset); /* ISO 8859-1; NULL: no such code */

/* What lies in a run of blocks, by its signature. */
enum sp_filesystem {
	SP_FS_UNKNOWN,
	SP_FS_FAT12,
	SP_FS_FAT16,
	SP_FS_FAT32,
	SP_FS_EXFAT,
	SP_FS_NTFS,
	SP_FS_EXT2,
	SP_FS_EXT3,
	SP_FS_EXT4,
	SP_FS_HFS,
	SP_FS_HFSPLUS,
	SP_FS_HFSX,
	SP_FS_APFS,
	SP_FS_ISO9660, /* from here … */
	SP_FS_HIGH_SIERRA,
	SP_FS_CDI,
	SP_FS_UDF, /* … to here: an optical disc's volume; UDF beside ISO 9660 is ISO 9660 */
	SP_FS_BTRFS,
	SP_FS_XFS,
	SP_FS_F2FS,
	SP_FS_SQUASHFS,
	SP_FS_SWAP,
	SP_FS_LUKS,
	SP_FS_LVM,
	SP_FS_BITLOCKER,
	SP_FILESYSTEMS
};

enum sp_scheme { SP_SCHEME_WHOLE, SP_SCHEME_MBR, SP_SCHEME_GPT, SP_SCHEME_APM, SP_SCHEMES };

/* Blocks are of 512 bytes, whatever the table counts in. */
struct sp_partition {
	unsigned number; /* as the system counts: MBR 1…4, logical ones 5…; else its entry from 1 */
	uint64_t first;      /* block */
	uint64_t count;      /* blocks, not 0; may go beyond the disc */
	unsigned filesystem; /* enum sp_filesystem */
	bool container;      /* MBR: extended, the logical ones lie in it */
	bool beyond;         /* it ends beyond the disc */
	char type[100];      /* a GUID, Apple's name, a byte as "0x0c"; "" of a whole disc */
	const char *kind;    /* the type in a person's words, "" when not known here; static */
	char name[110];      /* of the entry, UTF-8 */
};

#define SP_PARTITION_TROUBLES 8
/* The partitions of a block disc in the order of its table; without a table one that is all of it.
 */
struct sp_partitions {
	unsigned scheme;     /* enum sp_scheme */
	unsigned block_size; /* that the table counts in: 512, 2048, 4096 */
	uint64_t blocks;     /* of the disc */
	struct sp_partition *partition;
	size_t count;
	/* blocks of a GPT: its headers, its entries, both of the front and of the back; 0: none */
	uint64_t header[2], entries[2], entries_count;
	const char *trouble[SP_PARTITION_TROUBLES]; /* sentences without an end; static */
	size_t troubles;
};
SP_API void sp_partitions_free(struct sp_partitions *list); /* what it holds; NULL is fine */
/* The one with that number, NULL: none. */
SP_API const struct sp_partition *sp_partitions_number(const struct sp_partitions *list,
						       unsigned number);
SP_API const char *sp_filesystem_name(unsigned filesystem); /* FAT12 … HFS+ ISO 9660; "" unknown */
SP_API const char *sp_scheme_name(unsigned scheme);         /* whole mbr gpt apm */

/* Bytes of one sector with these parts in this mode; 0 when the mode has no such selection (user
 * data of mixed XA without what follows it, or the other way round). Parts the mode does not have
 * are ignored. Framing asked of DATA2048 is that of mode 1. */
SP_API size_t sp_sector_size(unsigned mode, unsigned parts);
/* All main channel parts of the mode: those whose sizes sum to 2352, or USER where there is no
 * framing. */
SP_API unsigned sp_mode_parts(unsigned mode);

struct sp_msf {
	uint8_t m, s, f; /* plain numbers, not BCD */
};
/* LBA -45150…-151 is 90:00:00…99:59:74 (lead-in), -150…449849 is 00:00:00…99:59:74 (MMC-6, table
 * "LBA to MSF translation"). Values beyond are false. */
SP_API bool sp_lba_to_msf(sp_lba lba, struct sp_msf *msf);
/* An absolute time; 90 minutes and up read as lead-in only when `lead_in`. False: not an MSF. */
SP_API bool sp_msf_to_lba(struct sp_msf msf, bool lead_in, sp_lba *lba);
/* A length or file-relative time: frames ↔ mm:ss:ff without the 150. */
SP_API bool sp_msf_to_frames(struct sp_msf msf, uint32_t *frames);
SP_API bool sp_frames_to_msf(uint64_t frames, struct sp_msf *msf);

/* 13 digits whose last is the EAN check digit; `strict` false accepts any 13 digits. */
SP_API bool sp_mcn_valid(const char *mcn, bool strict);
/* ISO 3901: 2 letters, 3 letters or digits, 7 digits; lower case is not valid. */
SP_API bool sp_isrc_valid(const char *isrc);

/* Identities of a disc; each buffer is filled with a terminated string. False: the disc has no such
 * id (no audio track, or too long). */
SP_API bool sp_disc_id_cddb(const struct sp_disc *disc, char id[9]);
SP_API bool sp_disc_id_musicbrainz(const struct sp_disc *disc, char id[29]);
SP_API bool sp_disc_id_accuraterip(const struct sp_disc *disc, char id[27]); /* id1-id2-cddb */
SP_API bool sp_disc_id_ctdb(const struct sp_disc *disc, char id[29]); /* CUETools' of the TOC */

#ifdef __cplusplus
}
#endif
#endif
