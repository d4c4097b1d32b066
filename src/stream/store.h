/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The work store: sectors, sub-channel, states and layout of a disc, written in any order. */
#ifndef SP_STREAM_STORE_H
#define SP_STREAM_STORE_H

#include <spindle/stream.h>

/*
 * A store is a text file (layout and identity, see sp_store_print) and three data files beside it,
 * `main` (one stride per LBA: the raw main channel, or 2048 or 512 bytes), `sub` (96 bytes a
 * sector, interleaved P-W, only if any region stores it) and `state` (one little-endian 16-bit word
 * a sector: SP_STATE bits, and bit 15 set once the sector is there). A sector counts as there only
 * when its state word says so, and state words are written after their data is on the disk: a crash
 * loses at most what came since the last checkpoint, never tells a sector is there that is not.
 */
struct sp_store;

#define SP_STORE_HAVE 0x8000u

/* Make a store for `disc` (copied) on `io` and siblings of it named after `stem` ("disc" gives
 * disc.main, disc.sub, disc.state); takes io on success. `identity` is free text that must be equal
 * when the store is opened again to go on (drive serial, TOC digest): the caller compares. C2 is
 * not kept, and a region's formatted Q is kept as P-W whose other bits are zero. */
int sp_store_create(struct sp_store **out, struct sp_io *io, const char *stem,
		    const struct sp_disc *disc, const char *identity, struct sp_error *err);
/* Open one to read or, on a writable io, to go on; takes io on success. To go on, the io's siblings
 * have to be those that are there, with their contents and writable. Reading never writes. */
int sp_store_open(struct sp_store **out, struct sp_io *io, struct sp_error *err);
const struct sp_disc *sp_store_disc(const struct sp_store *store);
const char *sp_store_identity(const struct sp_store *store);
/* Any order, inside one region, in the main channel parts the region stores, with P-W or formatted
 * Q where it stores sub-channel; span->state goes in with the data. A good sector that was there is
 * taken out first (one sync), so a crash may lose it, but mixes nothing. Checkpoints by itself
 * where much is waiting. */
int sp_store_write(struct sp_store *store, const struct sp_span *span, struct sp_error *err);
/* The same of sectors whose sub-channel lies apart, `sub` 96 bytes each (NULL: the region has
 * none); the span has the whole main channel, and nothing is copied. */
int sp_store_write_apart(struct sp_store *store, const struct sp_span *span, const uint8_t *sub,
			 struct sp_error *err);
/* As the region has them, or without the sub-channel. Sectors that are not there come as zeros with
 * SP_STATE_UNREAD. */
int sp_store_read(struct sp_store *store, struct sp_span *span, struct sp_error *err);
/* Data to the disk, then the states of what was written since. */
int sp_store_checkpoint(struct sp_store *store, struct sp_error *err);
/* Replace the layout's metadata (what was learnt while reading) and checkpoint. Regions may be cut
 * anew as long as no stored sector changes its size. A version is appended to the text. */
int sp_store_update(struct sp_store *store, const struct sp_disc *disc, struct sp_error *err);
void sp_store_close(struct sp_store *store); /* NULL is fine; does not checkpoint */
/* Close, but for the io, which is the caller's again. */
struct sp_io *sp_store_release(struct sp_store *store);

/* Media that a recorder writes to are stores too, with lines of its own that are kept with them
 * (`recorder`), and which may be blank: a disc without sessions, tracks and regions. */
struct sp_store_shape {
	unsigned medium, profile;
	sp_lba origin;   /* of record 0 */
	unsigned stride; /* bytes of a record */
	bool sub;        /* with P-W */
};
int sp_store_create_blank(struct sp_store **out, struct sp_io *io, const char *stem,
			  const struct sp_store_shape *shape, const char *recorder,
			  struct sp_error *err);
/* Of any store. */
struct sp_store_shape sp_store_shape(const struct sp_store *store);
const char *sp_store_recorder(const struct sp_store *store); /* NULL: it is no such medium */
/* Whole records, wherever they are; `sub` NULL: without P-W. */
int sp_store_put(struct sp_store *store, sp_lba lba, uint32_t count, const uint8_t *main,
		 const uint8_t *sub, struct sp_error *err);
/* Nothing is there any more. */
int sp_store_erase(struct sp_store *store, sp_lba lba, uint64_t count, struct sp_error *err);
/* As sp_store_update, for what was put: the disc may be blank, and its regions anything that
 * records can hold. */
int sp_store_record(struct sp_store *store, const struct sp_disc *disc, const char *recorder,
		    struct sp_error *err);
/* The stem for a store at `path`: its last name less the extension; malloc'd, NULL: no memory. */
char *sp_store_stem(const char *path);

/* A source over a store, which it takes on success. SP_ERR_FORMAT: it is blank. */
int sp_store_source(struct sp_source **out, struct sp_store *store, struct sp_error *err);

#endif
