/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands from anywhere to a simulated drive: it neither crashes nor hangs, moves no more data
 * than there is room for, and leaves a disc that can be opened.
 *
 * A byte for the medium and one for the profile; then for each command its opcode and eleven more
 * bytes of its CDB, a byte, and so many bytes of data: of WRITE that byte is the block's length,
 * out of a table. */
#include "base/bytes.h"
#include "sim/sim.h"
#include "stream/pattern.h"
#include "stream/store.h"
#include "tests/layouts.h"

#include <stdlib.h>
#include <string.h>

#define ROOM     65536
#define COMMANDS 512
#define PROFILES 13

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern const char fuzz_extension[];
const char fuzz_extension[] = ".sim";

static const char *const media[] = {"cd-r",   "cd-rw",    "dvd-r", "dvd-rw", "dvd+r",
				    "dvd+rw", "dvd+r-dl", "bd-r",  "bd-re",  "dvd-rw-ro"};
static const char *const finished[] = {"mixed", "audio-hidden", "cd-extra",
				       "dvd",   "cd-text",      "sub-channel"};
enum {
	MEDIA = sizeof(media) / sizeof(media[0]),
	FINISHED = sizeof(finished) / sizeof(finished[0])
};

static unsigned fuzz_direction(uint8_t opcode)
{
	static const uint8_t out[] = {0x04, 0x15, 0x2a, 0x54, 0x55, 0x5d, 0xaa, 0xb6, 0xbf};

	return memchr(out, opcode, sizeof(out)) ? SP_DATA_OUT : SP_DATA_IN;
}

/* Few sectors at a time: no drive gives more in one command, and none takes a different number than
 * is said. A reserved track is filled up when it is closed, here in memory. */
static void fuzz_bound(struct sp_command *c, uint8_t block)
{
	static const uint16_t blocks[] = {2048, 2352, 2448, 2336, 96, 2368, 2332, 2056};

	switch (c->cdb[0]) {
	case 0x2a:
		c->cdb[7] = 0;
		c->cdb[8] &= 15;
		c->size = (size_t)blocks[block & 7] * c->cdb[8];
		break;
	case 0xaa:
		c->cdb[6] = c->cdb[7] = c->cdb[8] = 0;
		c->cdb[9] &= 15;
		c->size = (size_t)blocks[block & 7] * c->cdb[9];
		break;
	case 0x28:
		c->cdb[7] = 0;
		break;
	case 0xa8:
	case 0xd8:
		c->cdb[6] = c->cdb[7] = c->cdb[8] = 0;
		break;
	case 0xbe:
		c->cdb[6] = c->cdb[7] = 0;
		break;
	case 0x53:
		c->cdb[5] = c->cdb[6] = 0;
		c->cdb[7] &= 15;
		break;
	case 0xb9:
		c->cdb[6] = c->cdb[3];
		c->cdb[7] = c->cdb[4];
		break;
	default:
		break;
	}
}

static void fuzz_command(struct sp_sim *sim, const uint8_t *data, size_t size, uint8_t *room)
{
	struct sp_command c = {
		.cdb_size = 12, .direction = fuzz_direction(data[0]), .data = room, .size = ROOM};

	memcpy(c.cdb, data, 12);
	fuzz_bound(&c, data[12]);
	if (data[0] == 0x2a || data[0] == 0xaa) {
		for (size_t at = 0; at < c.size; at += 2048)
			sp_pattern_fill(data[12], (sp_lba)at, room + at, 2048);
	} else if (c.direction == SP_DATA_OUT) {
		c.size = size;
		memcpy(room, data + 13, size);
	}
	sp_sim_execute(sim, &c);
	if (c.done > c.size || (c.status && c.status != SP_SCSI_CHECK_CONDITION) ||
	    c.sense_size > sizeof(c.sense) || (c.status && !c.sense_size))
		abort();
	if (c.status && !c.sense[2] && !c.sense[12])
		abort(); /* refused without a reason */
	if (c.status && c.sense[2] == 4)
		abort(); /* the drive is not broken, nor does its disc lack anything */
}

/* What the drive left is a disc, and another drive takes it. */
static void fuzz_again(struct sp_memory *mem)
{
	struct sp_io *io;
	struct sp_sim *sim;
	struct sp_error err = {0};

	if (sp_memory_open(mem, "new.disc", false, &io, NULL) || sp_sim_new(&sim, NULL, NULL) ||
	    sp_sim_load_disc(sim, io, NULL, &err) < 0)
		abort();
	sp_sim_free(sim);
}

/* False: this drive does not take it. */
static bool fuzz_load(struct sp_sim *sim, struct sp_memory *mem, unsigned medium)
{
	struct sp_io *io;

	if (medium >= MEDIA) {
		struct sp_source *src = layout_source(layout_named(finished[medium - MEDIA]), 1);
		const bool loaded = !sp_sim_load(sim, src, NULL);

		if (!loaded)
			sp_source_close(src);
		return loaded;
	}
	if (sp_memory_open(mem, "new.disc", true, &io, NULL))
		abort();
	if (!sp_sim_load_disc(sim, io, media[medium], NULL))
		return true;
	sp_io_close(io);
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[ROOM + 2048];
	struct sp_memory *mem = sp_memory_new();
	struct sp_sim *sim;

	if (size < 2 || !mem) {
		sp_memory_free(mem);
		return 0;
	}
	const unsigned medium = data[0] % (MEDIA + FINISHED);
	const struct sp_sim_setup setup = {
		.profile = sp_sim_profiles[(data[1] & 0x7f) % PROFILES].text,
		.faults = data[1] & 0x80 ? "any c2 3\n20 unreadable\n30..40 write-error\n" : NULL};
	if (sp_sim_new(&sim, &setup, NULL))
		abort();
	const bool loaded = fuzz_load(sim, mem, medium);
	for (size_t at = 2, i = 0; i < COMMANDS && size - at >= 13; i++) {
		const bool write = data[at] == 0x2a || data[at] == 0xaa;
		const size_t most = size - at - 13, extra = write ? 0 : data[at + 12];

		fuzz_command(sim, data + at, extra < most ? extra : most, room);
		at += 13 + (extra < most ? extra : most);
	}
	sp_sim_free(sim);
	if (medium < MEDIA && loaded)
		fuzz_again(mem);
	sp_memory_free(mem);
	return 0;
}
