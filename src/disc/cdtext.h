/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CD-Text: packs of the lead-in ↔ the texts of a disc. MMC annex J. */
#ifndef SP_DISC_CDTEXT_H
#define SP_DISC_CDTEXT_H

#include <spindle/disc.h>

/* Texts of block 0 (ISO 8859-1, ASCII) from disc->cdtext into disc->text, where no text is set
 * already; call it when the disc has its tracks, as texts of others are left out and noted. So are
 * packs with a wrong CRC and other character sets. A genre without text is its code's name. */
int sp_cdtext_decode(struct sp_disc *disc, const struct sp_notes *notes, struct sp_error *err);

/* Packs of one block of English in ISO 8859-1 from disc->text, with sequence numbers, block sizes
 * (pack 0x8F) and CRC; *packs is the caller's to free, *size 0 when the disc has no texts. Letters
 * ISO 8859-1 does not have, and control characters, are written as '?' and counted in *lost (NULL
 * is fine), and so are a track's genre and disc id, which have no place. SP_ERR_UNSUPPORTED: more
 * than a block's 256 packs. */
int sp_cdtext_encode(const struct sp_disc *disc, uint8_t **packs, size_t *size, unsigned *lost,
		     struct sp_error *err);

#endif
