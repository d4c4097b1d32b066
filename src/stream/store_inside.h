/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the work store share. */
#ifndef SP_STREAM_STORE_INSIDE_H
#define SP_STREAM_STORE_INSIDE_H

#include "disc/sector.h"
#include "stream/store.h"
#include "stream/store_state.h"
#include "stream/store_text.h"

struct sp_store {
	struct sp_store_text text;
	struct sp_io *io, *main, *sub, *state;
	uint64_t text_end; /* where the next version of the text goes */
	struct sp_states states;
	bool broken; /* a sync failed: what it was for is unknown for ever */
	uint8_t bounce[SP_STATES_CHUNK * SP_RAW_SIZE];
};

/* A disc as a store holds it: P-W for any sub-channel, no C2. */
struct sp_disc *sp_store_normal(const struct sp_disc *disc);
/* SP_ERR_UNSUPPORTED: it lies beyond what records can be counted for. */
int sp_store_limits(const struct sp_disc *disc, struct sp_error *err);
int sp_store_siblings(struct sp_store *store, struct sp_error *err);
/* All but the io, which is still the caller's when something failed. */
void sp_store_free(struct sp_store *store);
/* Append a version of the text and make it safe. */
int sp_store_describe(struct sp_store *store, const struct sp_store_text *text,
		      struct sp_error *err);
/* Would the new text be the old one? */
bool sp_store_unchanged(const struct sp_store_text *a, const struct sp_store_text *b);

#endif
