/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sector's parts: split, strip, build and check. ECMA-130 14, Yellow Book, XA. */
#ifndef SP_DISC_SECTOR_H
#define SP_DISC_SECTOR_H

#include <spindle/disc.h>

/*
 *  0      12   16          24
 *  | sync | hdr| user data 2048                    | EDC 4 | zero 8 | P 172 | Q 104 |  mode 1
 *  | sync | hdr| user data 2336                                                     |  mode 2
 *  | sync | hdr| sub-header 8 | user data 2048     | EDC 4 |          P 172 | Q 104 |  XA form 1
 *  | sync | hdr| sub-header 8 | user data 2324                              | EDC 4 |  XA form 2
 *  | samples 2352                                                                   |  audio
 */
#define SP_RAW_SIZE      2352
#define SP_SUB_SIZE      96
#define SP_Q_SIZE        16
#define SP_C2_SIZE       294
#define SP_USER_OFFSET1  16   /* of mode 1 and formless mode 2 */
#define SP_USER_OFFSET2  24   /* after an XA sub-header */
#define SP_SUBMODE_FORM2 0x20 /* bit of sub-header bytes 2 and 6 */

extern const uint8_t sp_sector_sync[12];

/* How a sector's bytes are protected, which says what is between its header and its end. */
enum sp_protection {
	SP_PROTECTION_NONE, /* audio, formless mode 2, mode 0 */
	SP_PROTECTION_MODE1,
	SP_PROTECTION_FORM1,
	SP_PROTECTION_FORM2, /* an EDC or none, no parity */
};

/* What was dropped and could not be rebuilt from what is kept. */
enum sp_drop {
	SP_DROP_SYNC,      /* sync pattern is not the standard one */
	SP_DROP_HEADER,    /* MSF or mode is not that of its place */
	SP_DROP_SUBHEADER, /* not 00 00 08 00 twice (form 1) or 00 00 20 00 twice (form 2) */
	SP_DROP_FORM,      /* a sector of the other form than asked for */
	SP_DROP_EDC,
	SP_DROP_PARITY, /* P/Q parity, or the 8 intermediate bytes of mode 1 */
	SP_DROP_SUB,    /* sub-channel that is not what the layout implies */
	SP_DROPS
};

struct sp_drops {
	uint64_t count[SP_DROPS];
	sp_lba first[SP_DROPS]; /* valid where count is not 0 */
};

/* Convert `count` sectors from the parts `from` to the parts `to`; `in` and `out` do not overlap
 * and hold count × sp_sector_size(mode, …) bytes. Missing parts are built (sync, header with the
 * MSF of `lba`, sub-header, EDC, P/Q parity; sub-channel from `disc`, which may be NULL when `to`
 * has none), dropped ones are compared with what would be built, and each difference is counted in
 * *drops (NULL: nothing is looked at, faster) and shown in state[] (NULL is fine). EDC and parity
 * are held against the sector's own sync and header, so a sector that is only in another place than
 * its header says counts as SP_DROP_HEADER alone; after SP_DROP_FORM no other kind is looked at.
 * Sectors whose state is GENERATED or UNREAD are not compared, nor is anything of the main channel
 * when `to` has no user data. Formatted Q and P-W are made from one another where one of them is
 * there. A header is only built where the LBA has an MSF: SP_ERR_UNSUPPORTED otherwise, as where
 * sub-channel is built for an LBA that has no track. SP_ERR_USAGE: the mode has no such selection,
 * or user data, mixed XA's sub-headers or sub-channel without a disc would have to be made up. */
int sp_sector_convert(const struct sp_disc *disc, unsigned mode, unsigned from, unsigned to,
		      sp_lba lba, uint32_t count, const uint8_t *in, uint8_t *out, uint16_t *state,
		      struct sp_drops *drops, struct sp_error *err);

/* Look at whole sectors (parts must be all of the main channel, or for XA all but sync and header;
 * others are ignored): sets SP_STATE_HEADER, SP_STATE_EDC, SP_STATE_ECC in state[], which it only
 * adds to. A sector of another mode than the region's is SP_STATE_HEADER and else judged by its own
 * mode. */
void sp_sector_check(unsigned mode, unsigned parts, sp_lba lba, uint32_t count, const uint8_t *data,
		     uint16_t *state);

/* How one raw sector of a region with this mode is protected, by its own header where that is
 * plausible. */
enum sp_protection sp_sector_protection(unsigned mode, const uint8_t raw[SP_RAW_SIZE]);
/* What of EDC and parity does not fit the sector's own bytes: SP_STATE_EDC, SP_STATE_ECC. */
unsigned sp_sector_verify(enum sp_protection protection, const uint8_t raw[SP_RAW_SIZE]);
/* Sync, MSF and mode are those of the place. */
bool sp_sector_placed(unsigned mode, sp_lba lba, const uint8_t raw[SP_RAW_SIZE]);

/* The mode of one raw 2352-byte sector by its own bytes: SP_MODE_MODE1, MODE2 (also where the mode
 * byte is none), XA; AUDIO when it has no sync. `form` (NULL is fine): 1 or 2 for XA, else 0. */
unsigned sp_sector_probe(const uint8_t raw[SP_RAW_SIZE], unsigned *form);
/* The same for the 2336 bytes after a header: SP_MODE_XA when both sub-header copies agree. */
unsigned sp_sector_probe_2336(const uint8_t data[2336], unsigned *form);

/* Swap the bytes of `size`/2 16-bit samples, in place. */
void sp_swap16(uint8_t *data, size_t size);

#endif
