/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a drive's tables say of a disc, decoded from their bytes: TOC, full TOC, DVD and BD
 * structures. No commands here. MMC-6 6.26, 6.23. */
#ifndef SP_DRIVE_TOC_H
#define SP_DRIVE_TOC_H

#include <spindle/disc.h>

struct sp_toc_session {
	unsigned number, type; /* type: PSEC of A0 */
	sp_lba lead_out;       /* SP_LBA_NONE: not told */
};
struct sp_toc_track {
	unsigned number, session, control;
	sp_lba start;
};
/* Ascending by number. */
struct sp_toc {
	struct sp_toc_session session[SP_TRACK_MAX];
	unsigned sessions;
	struct sp_toc_track track[SP_TRACK_MAX];
	unsigned tracks;
	bool bcd; /* a full TOC whose numbers were BCD */
};

/* Reply of READ TOC format 0 (LBA form): one session. SP_ERR_FORMAT: not a TOC; the text has no
 * name in front. */
int sp_toc_tracks(struct sp_toc *toc, const uint8_t *data, size_t size, struct sp_error *err);
/* Reply of READ TOC format 2. Its numbers are binary, but BCD from some drives: whichever gives
 * valid times, and where both do, whichever agrees more with `plain` (NULL: binary). Of an entry
 * that comes twice the last one counts. */
int sp_toc_full(struct sp_toc *toc, const uint8_t *data, size_t size, const struct sp_toc *plain,
		struct sp_error *err);
/* One from both, either may be NULL: sessions and lead-outs are the full one's, starts and control
 * the plain one's, which old drives get right more often. Differences go to notes. */
int sp_toc_join(struct sp_toc *toc, const struct sp_toc *plain, const struct sp_toc *full,
		const char *name, const struct sp_notes *notes, struct sp_error *err);
/* The last session's first track, of a reply of READ TOC format 1; 0: none. */
unsigned sp_toc_last_session(const uint8_t *data, size_t size, sp_lba *start);

/* Regions and tracks as the TOC has them; mode[i] is track i's (SP_MODE_AUDIO where control says
 * so). NULL: no memory. See sp_reader_disc for the shape. */
struct sp_disc *sp_toc_disc(const struct sp_toc *toc, const unsigned *mode);

/* CD-Text packs of a READ TOC format 5 reply: *packs is set to them inside data. Packs with a wrong
 * CRC are kept; the decoder judges. Returns their bytes, a multiple of 18. */
size_t sp_toc_text(const uint8_t *data, size_t size, const uint8_t **packs);

struct sp_physical {        /* what a DVD's PFI or a BD's disc information says of size */
	uint64_t sectors;   /* 0: not told */
	sp_lba layer_break; /* SP_LBA_NONE: one layer, or parallel ones */
	unsigned layers;
	bool opposite; /* opposite track path */
};
/* PFI, ECMA-267 16.3 (physical sector numbers). False: not plausible. */
bool sp_pfi_decode(const uint8_t *pfi, size_t size, struct sp_physical *physical);
/* BD disc information unit, first one (BD-ROM: last PSN of the data zone in its body). */
bool sp_di_decode(const uint8_t *di, size_t size, struct sp_physical *physical);

#endif
