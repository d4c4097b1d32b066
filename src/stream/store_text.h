/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text of a work store: its layout, identity and the shape of its data files. */
#ifndef SP_STREAM_STORE_TEXT_H
#define SP_STREAM_STORE_TEXT_H

#include <spindle/disc.h>

/*
 * Of version 1, or a later one where there is what version 1 had no words for. Lines of words,
 * parted by a space. The file is a row of versions, each whole, the last one counts; a version is
 * never written over, so that a crash leaves the one before:
 *
 *   spindle-store 1
 *   stem disc                                       names of the data files: disc.main, …
 *   identity PLEXTOR PX-W5224A, TOC 1f2e3d            free text; \xNN for what a line cannot hold
 *   records -150 2352 sub                           LBA of record 0, bytes of one in main, sub|-
 *   medium cd
 *   profile 8
 *   layer-break 1913760                             only where known, as are the next three
 *   mcn 4006381333931
 *   session 1 type 0 lead-out 13000
 *   track 1 session 1 control 4 mode mode1 start 0 length 13000 isrc - index 0:-150 2:500
 *   region -150 150 session 1 track 1 kind pregap mode mode1 parts 8 -|stored
 *   text 1 128 Some words                           track and type
 *   block 1 language 8 charset 0 genre 5            from here to block-text: of version 2
 *   block-text 1 3 128 Andere Worte                 block, track and type
 *   cdtext|full-toc|pfi|dmi HEX                     up to 32 bytes a line
 *   recorder kind cd-rw                             lines that a recorder keeps with a medium it
 *                                                   writes to: of version 3, which may lack all
 *                                                   from the sessions to the regions
 *   end 1234 89abcdef                               bytes before this line, and their CRC-32
 */
#define SP_STORE_MAGIC     "spindle-store "
#define SP_STORE_TEXT_MAX  (64u << 20) /* bytes of all versions */
#define SP_STORE_LBA_LIMIT (INT64_C(1) << 44)

struct sp_store_text {
	char *stem, *identity;
	char *recorder; /* lines, NULL: no medium of a recorder */
	sp_lba origin;
	unsigned stride;
	bool sub;
	struct sp_disc *disc;
};

/* One version, malloc'd. SP_ERR_UNSUPPORTED: the disc has something the text cannot say. */
int sp_store_print(const struct sp_store_text *store, char **text, size_t *size,
		   struct sp_error *err);
/* The last whole version within `size` bytes of `data`; *end is where the next one goes. `name` is
 * for messages. Clear *store afterwards, also when it failed. */
int sp_store_parse(struct sp_store_text *store, const char *name, const uint8_t *data, size_t size,
		   uint64_t *end, struct sp_error *err);
void sp_store_text_clear(struct sp_store_text *store);
/* 1 to 200 bytes, no folder, not hidden, printable. */
bool sp_store_stem_valid(const char *stem);

#endif
