/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sector as it lies on the disc: whole, whatever parts of it the image stores. */
#include "sim/sim_drive.h"

#include "disc/scramble.h"
#include "disc/subchannel.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR_STORED (SP_RAW_SIZE + SP_C2_SIZE + SP_Q_SIZE + SP_SUB_SIZE)

int sim_window_make(struct sim_window *window, struct sp_error *err)
{
	window->data = malloc((size_t)SIM_WINDOW * SECTOR_STORED);
	window->state = calloc(SIM_WINDOW, sizeof(window->state[0]));
	if (window->data && window->state)
		return 0;
	sim_window_clear(window);
	return sp_fail_memory(err);
}

void sim_window_clear(struct sim_window *window)
{
	free(window->data);
	free(window->state);
	*window = (struct sim_window){0};
}

/* The sectors from `lba` on that one reading of the source gives. */
static int sector_window(struct sp_sim *sim, const struct sp_region *region, sp_lba lba)
{
	struct sim_window *window = &sim->window;
	const uint64_t left = region->count - (uint64_t)(lba - region->lba);
	struct sp_error err = {0};

	if (window->count && window->region == region && lba >= window->lba &&
	    lba - window->lba < (sp_lba)window->count)
		return 0;
	struct sp_span span = {.lba = lba,
			       .count = left < SIM_WINDOW ? (uint32_t)left : SIM_WINDOW,
			       .mode = region->mode,
			       .parts = region->parts,
			       .stride = sp_sector_size(region->mode, region->parts),
			       .data = window->data,
			       .state = window->state};
	window->count = 0;
	memset(window->state, 0, SIM_WINDOW * sizeof(window->state[0]));
	const int rc = sp_source_read(sim->src, &span, &err);
	if (rc < 0) {
		sp_note(sim->notes, "%s", err.text);
		return rc;
	}
	window->lba = lba;
	window->count = span.count;
	window->region = region;
	return 0;
}

/* What a region's sector is on the disc: of mixed XA each says it itself. */
static unsigned sector_mode(const struct sp_region *region, const struct sim_sector *sector)
{
	const uint8_t *raw = sector->main;

	if (region->mode == SP_MODE_DATA2048)
		return SP_MODE_MODE1;
	if (region->mode == SP_MODE_XA || region->mode == SP_MODE_XA_FORM1 ||
	    region->mode == SP_MODE_XA_FORM2)
		return raw[18] & SP_SUBMODE_FORM2 ? SP_MODE_XA_FORM2 : SP_MODE_XA_FORM1;
	return region->mode;
}

/* A sector without contents: silence, or zeros with the framing of its track. */
static uint32_t sector_empty(struct sim_sector *sector, unsigned mode)
{
	static const uint8_t zeros[SP_RAW_SIZE];

	mode = mode == SP_MODE_XA ? SP_MODE_XA_FORM2 : mode;
	memset(sector->main, 0, sizeof(sector->main));
	sector->mode = mode == SP_MODE_DATA2048 ? SP_MODE_MODE1 : mode;
	if (mode != SP_MODE_AUDIO)
		sp_sector_convert(NULL, mode, SP_PART_USER, SP_PART_MAIN, sector->lba, 1, zeros,
				  sector->main, NULL, NULL, NULL);
	return 0;
}

static uint32_t sector_stored(struct sp_sim *sim, const struct sp_region *region, bool sub,
			      struct sim_sector *sector)
{
	const unsigned has_c2 = region->parts & SP_PART_C2;
	const unsigned parts = SP_PART_MAIN | has_c2 | (sub ? SP_PART_PW : 0);
	uint8_t whole[SECTOR_STORED];
	const uint8_t *at = whole + SP_RAW_SIZE;

	if (sector_window(sim, region, sector->lba) < 0)
		return SIM_INTERNAL;
	const struct sim_window *window = &sim->window;
	const size_t i = (size_t)(sector->lba - window->lba);
	const uint8_t *data = window->data + i * sp_sector_size(region->mode, region->parts);
	sector->state = window->state[i];
	if (sector->state & SP_STATE_UNREAD)
		return SIM_UNREADABLE;
	if (sim->kind->family != SIM_CD) { /* no framing there, nor an MSF to frame it with */
		memcpy(sector->main + SP_USER_OFFSET1, data, 2048);
		sector->mode = SP_MODE_MODE1;
		return 0;
	}
	if (sp_sector_size(region->mode, region->parts) == SP_RAW_SIZE &&
	    !(region->parts & ~(unsigned)SP_PART_MAIN)) { /* nothing is made but the sub-channel */
		memcpy(sector->main, data, SP_RAW_SIZE);
		memset(sector->c2, sector->state & SP_STATE_C2 ? 0xff : 0, SP_C2_SIZE);
		if (sub && !sp_sub_generate(sim->disc, sector->lba, sector->sub))
			return SIM_UNREADABLE;
		sector->mode = sector_mode(region, sector);
		return 0;
	}
	if (sp_sector_convert(sim->disc, region->mode, region->parts, parts, sector->lba, 1, data,
			      whole, NULL, NULL, NULL) < 0)
		return SIM_UNREADABLE;
	memcpy(sector->main, whole, SP_RAW_SIZE);
	if (has_c2) {
		memcpy(sector->c2, at, SP_C2_SIZE);
		at += SP_C2_SIZE;
	} else {
		memset(sector->c2, sector->state & SP_STATE_C2 ? 0xff : 0, SP_C2_SIZE);
	}
	if (sub)
		memcpy(sector->sub, at, SP_SUB_SIZE);
	sector->mode = sector_mode(region, sector);
	return 0;
}

/* As it lies there, with what goes wrong with it. */
static uint32_t sector_load(struct sp_sim *sim, sp_lba lba, bool sub, struct sim_sector *sector)
{
	const struct sp_region *last =
		sim->disc ? &sim->disc->region[sim->disc->regions - 1] : NULL;
	sp_lba instead;
	uint32_t sense = sim_fault_before(sim, lba, &instead);
	const struct sp_region *region = sim->disc ? sp_disc_region(sim->disc, instead) : NULL;

	sector->lba = instead;
	sector->state = 0;
	if (sense)
		return sense;
	if (sim->kind->family != SIM_CD && !(region && region->stored)) {
		/* formatted and never written: zeros; between tracks: nothing */
		if (!(sim->kind->flags & SIM_OVERWRITE))
			return SIM_UNREADABLE;
		memset(sector->main, 0, sizeof(sector->main));
		sector->mode = SP_MODE_MODE1;
		return 0;
	}
	if (sim->medium && region && region->kind == SP_REGION_POSTGAP &&
	    region->mode != SP_MODE_AUDIO)
		return SIM_ILLEGAL_MODE; /* run-out is no data */
	if (region && region->stored) {
		sense = sector_stored(sim, region, sub, sector);
	} else if (!region && (!last || instead < last->lba)) {
		return SIM_OUT_OF_RANGE;
	} else {
		memset(sector->c2, 0, sizeof(sector->c2));
		memset(sector->sub, 0, sizeof(sector->sub));
		if (sub && !sp_sub_generate(sim->disc, instead, sector->sub))
			return SIM_OUT_OF_RANGE;
		sense = sector_empty(sector, region ? region->mode : last->mode);
	}
	sector->lba = lba;
	if (!sense && sim->profile.lec && sector->mode != SP_MODE_AUDIO &&
	    sim->kind->family == SIM_CD &&
	    sp_sector_verify(sp_sector_protection(sector->mode, sector->main), sector->main) &
		    SP_STATE_EDC)
		sense = SIM_UNREADABLE;
	return sense ? sense : sim_fault_after(sim, sector);
}

/* The same as the stream of samples that data is a part of, scrambled. */
static uint32_t sector_as_audio(struct sp_sim *sim, sp_lba lba, struct sim_sector *sector)
{
	const uint32_t sense = sector_load(sim, lba, false, sector);

	if (sense == SIM_OUT_OF_RANGE) { /* beyond what there is: silence */
		memset(sector->main, 0, sizeof(sector->main));
		memset(sector->c2, 0, sizeof(sector->c2));
		return 0;
	}
	if (!sense && sector->mode != SP_MODE_AUDIO)
		sp_scramble(sector->main);
	return sense;
}

static void sector_copy_bits(uint8_t *to, const uint8_t *from, size_t at, size_t count)
{
	for (size_t i = 0; i < count; i++, at++)
		if (from[at / 8] >> (7 - at % 8) & 1)
			to[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* A drive that reads with an offset gives a piece of two sectors. */
static uint32_t sector_offset(struct sp_sim *sim, struct sim_sector *sector)
{
	const int64_t back = sim->profile.read_offset * 4; /* bytes */
	const int64_t whole =
		back >= 0 ? (back + SP_RAW_SIZE - 1) / SP_RAW_SIZE : -(-back / SP_RAW_SIZE);
	const size_t skip = (size_t)(whole * SP_RAW_SIZE - back);
	uint8_t main[2 * SP_RAW_SIZE], c2[2 * SP_C2_SIZE];
	struct sim_sector piece;

	for (unsigned i = 0; i < 2; i++) {
		const uint32_t sense = sector_as_audio(sim, sector->lba - whole + i, &piece);

		if (sense)
			return sense;
		memcpy(main + (size_t)i * SP_RAW_SIZE, piece.main, SP_RAW_SIZE);
		memcpy(c2 + (size_t)i * SP_C2_SIZE, piece.c2, SP_C2_SIZE);
	}
	memcpy(sector->main, main + skip, SP_RAW_SIZE);
	memset(sector->c2, 0, SP_C2_SIZE);
	sector_copy_bits(sector->c2, c2, skip, SP_RAW_SIZE);
	return 0;
}

/* Q comes from elsewhere when the drive is late with it. */
static void sector_late_sub(struct sp_sim *sim, struct sim_sector *sector)
{
	struct sim_sector other;

	if (!sector_load(sim, sector->lba - sim->profile.q_late, true, &other))
		memcpy(sector->sub, other.sub, sizeof(sector->sub));
}

uint32_t sim_sector_load(struct sp_sim *sim, sp_lba lba, bool sub, bool as_audio,
			 struct sim_sector *sector)
{
	uint32_t sense = sector_load(sim, lba, sub, sector);

	if (!sense && as_audio && sector->mode != SP_MODE_AUDIO && sim->profile.scrambled) {
		sp_scramble(sector->main);
		sector->mode = SP_MODE_AUDIO;
	}
	if (!sense && sim->profile.read_offset && sector->mode == SP_MODE_AUDIO)
		sense = sector_offset(sim, sector);
	if (!sense && sub && sim->profile.q_late)
		sector_late_sub(sim, sector);
	if (sim->profile.c2 == SIM_C2_CLEAN)
		memset(sector->c2, 0, sizeof(sector->c2));
	if (sim->profile.c2 == SIM_C2_DIRTY)
		sector->c2[(uint64_t)lba % SP_C2_SIZE] |= 0x10;
	return sense;
}
