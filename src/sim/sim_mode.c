/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mode pages: what they are, what can be changed of them, and how they travel. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

#define CAPABILITIES      0x2a
#define CAPABILITIES_SIZE (32 + 4 * MODE_WRITE_SPEEDS)
#define MODE_WRITE_SPEEDS 4
#define MODE_MAX          512

#define MODE_CODES /* MCN and ISRC, 16 bytes each */                                               \
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,  \
		0xff

/* Pages as they are made; those that tell of the state of things are built when asked for. */
static const struct {
	uint8_t code, size;
	uint8_t made[50], mask[50]; /* from byte 2 on */
} mode_pages[SIM_PAGES] = {
	/* error recovery, MMC-6 7.3: all corrected; read retries 20 and write retries 1 */
	[SIM_PAGE_ERRORS] = {0x01, 12, {[1] = 20, [6] = 1}, {0xff, 0xff, [6] = 0xff}},
	/* writing, MMC-6 7.5: track at once of mode 1, pauses of 150 sectors */
	[SIM_PAGE_WRITE] = {0x05,
			    52,
			    {0x41, 4, 8, [13] = 150},
			    {0x7f, 0xff, 0x0f, 0xff, [5] = 0x3f, 0xff, [8] = 0xff, 0xff, 0xff, 0xff,
			     0xff, 0xff, MODE_CODES, MODE_CODES, 0xff, 0xff, 0xff, 0xff}},
	[SIM_PAGE_CACHING] = {0x08, 12, {0x04}, {0x05}}, /* write cache; RCD */
	[SIM_PAGE_POWER] = {0x1a,
			    12,
			    {0},
			    {[1] = 0x03, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	[SIM_PAGE_TIMEOUT] = {0x1d, 10, {[2] = 0x04, [5] = 60, [7] = 120}, {[2] = 0x07}},
};

void sim_mode_make(struct sp_sim *sim)
{
	for (unsigned i = 0; i < SIM_PAGES; i++) {
		struct sim_page *page = &sim->page[i];

		page->code = mode_pages[i].code;
		page->size = mode_pages[i].size;
		page->made[0] = page->mask[0] = page->code;
		page->made[1] = page->mask[1] = (uint8_t)(page->size - 2);
		memcpy(page->made + 2, mode_pages[i].made, (size_t)page->size - 2);
		memcpy(page->mask + 2, mode_pages[i].mask, (size_t)page->size - 2);
		memcpy(page->now, page->made, sizeof(page->now));
	}
}

/* Is there such a way of writing, and are these blocks one of its? */
static bool mode_writes(const struct sp_sim *sim, const uint8_t *page)
{
	static const uint16_t blocks[4] = {0x3f01, 0x3f01, 0x3f01,
					   0x000e}; /* bits, by write type */
	const unsigned type = page[2] & 15, block = page[4] & 15;

	if (type > 3 || !(blocks[type] >> block & 1))
		return false;
	return !((type == 1 && sim->profile.writes & SIM_REFUSE_TAO) ||
		 (type == 2 && sim->profile.writes & SIM_REFUSE_SAO) ||
		 (type == 3 && sim->profile.writes & SIM_REFUSE_RAW));
}

/* Of a drive that only reads there is no page of writing. */
static bool mode_has(const struct sp_sim *sim, unsigned code)
{
	bool writes = false;

	for (const struct sim_kind *kind = sim_kinds; kind->name; kind++)
		writes |= kind->writer && sim->profile.media >> (kind - sim_kinds) & 1;
	return code != 0x05 || (writes && !sim->profile.reader);
}

/* Capabilities and mechanical status, MMC-3 6.3.11: of MMC-6 only a shadow, yet every program asks
 * for it. */
static void mode_capabilities(const struct sp_sim *sim, uint8_t page[CAPABILITIES_SIZE])
{
	const unsigned most = (unsigned)sim->profile.speed * SIM_CD_1X;

	memset(page, 0, CAPABILITIES_SIZE);
	page[0] = CAPABILITIES;
	page[1] = CAPABILITIES_SIZE - 2;
	page[2] = 0x3f; /* reads CD-R, CD-RW, fixed packets, DVD-ROM, DVD-R, DVD-RAM */
	if (mode_has(sim, 0x05))
		page[3] = 0x17; /* writes CD-R, CD-RW, DVD-R; test writing */
	page[4] = 0x71;         /* multi-session, mode 2 forms 2 and 1, audio play */
	/* CD-DA accurate, R-W raw and corrected, C2, ISRC, UPC; no bar code */
	page[5] = sim->profile.c2 == SIM_C2_NONE ? 0x6f : 0x7f;
	page[6] = (uint8_t)(0x29 | (sim->locked ? 2 : 0)); /* tray, ejects, locks */
	if (!sim->profile.tray)
		page[6] &= 0x1f;
	put_be16(page + 8, (uint16_t)most);
	put_be16(page + 12, 2048); /* KiB of buffer */
	put_be16(page + 14, (uint16_t)(sim->speed && sim->speed < most ? sim->speed : most));
	put_be16(page + 22, 1); /* CSS is known of */
	if (!mode_has(sim, 0x05))
		return;
	put_be16(page + 18, (uint16_t)most);
	put_be16(page + 20, (uint16_t)most);
	put_be16(page + 28, (uint16_t)most);
	put_be16(page + 30, MODE_WRITE_SPEEDS);
	for (unsigned i = 0; i < MODE_WRITE_SPEEDS; i++) /* 48, 24, 12, 6 x */
		put_be16(page + 32 + (size_t)i * 4 + 2, (uint16_t)(most >> i));
}

/* A page in one of MMC's four ways; bytes, 0: there is no such page. */
static size_t mode_page(const struct sp_sim *sim, unsigned code, unsigned control, uint8_t *to)
{
	if (code == CAPABILITIES) {
		mode_capabilities(sim, to);
		if (control == 1)
			memset(to + 2, 0, CAPABILITIES_SIZE - 2);
		return CAPABILITIES_SIZE;
	}
	for (unsigned i = 0; i < SIM_PAGES; i++) {
		const struct sim_page *page = &sim->page[i];

		if (page->code != code || !mode_has(sim, code))
			continue;
		memcpy(to,
		       control == 1   ? page->mask
		       : control == 2 ? page->made
				      : page->now,
		       page->size);
		return page->size;
	}
	return 0;
}

/* The pages asked for behind a header of `head` bytes; bytes, 0: refused. */
static size_t mode_sense(struct sp_sim *sim, struct sp_command *c, size_t head,
			 uint8_t reply[MODE_MAX])
{
	const unsigned code = c->cdb[2] & 0x3f, control = c->cdb[2] >> 6;
	size_t size = head;

	memset(reply, 0, head);
	if (control == 3) {
		sim_fail(c, SIM_NOT_SAVED);
		return 0;
	}
	if (code == 0x3f) { /* all, in ascending order */
		for (unsigned i = 0; i < 0x3f; i++)
			size += mode_page(sim, i, control, reply + size);
		return size;
	}
	size += mode_page(sim, code, control, reply + size);
	if (size > head)
		return size;
	sim_fail(c, SIM_INVALID_FIELD);
	return 0;
}

void sim_mode_sense_6(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[MODE_MAX];
	const size_t size = mode_sense(sim, c, 4, reply);

	if (!size)
		return;
	reply[0] = (uint8_t)(size - 1 < 255 ? size - 1 : 255);
	sim_reply(c, reply, size, c->cdb[4]);
}

void sim_mode_sense_10(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[MODE_MAX];
	const size_t size = mode_sense(sim, c, 8, reply);

	if (!size)
		return;
	put_be16(reply, (uint16_t)(size - 2));
	sim_reply(c, reply, size, get_be16(c->cdb + 7));
}

/* One page sent: as long as ours, and nothing changed that cannot be. Sense, 0: taken. */
static uint32_t mode_take(struct sp_sim *sim, const uint8_t *data, size_t size)
{
	for (unsigned i = 0; i < SIM_PAGES; i++) {
		struct sim_page *page = &sim->page[i];

		if (page->code != (data[0] & 0x3f) || !mode_has(sim, page->code))
			continue;
		if (data[1] + 2u != page->size || size < page->size)
			return SIM_INVALID_PARAMETER;
		for (unsigned k = 2; k < page->size; k++)
			if ((data[k] ^ page->now[k]) & ~page->mask[k])
				return SIM_INVALID_PARAMETER;
		if (i == SIM_PAGE_WRITE && !mode_writes(sim, data))
			return SIM_INVALID_PARAMETER;
		memcpy(page->now + 2, data + 2, (size_t)page->size - 2);
		return 0;
	}
	return SIM_INVALID_PARAMETER;
}

static void mode_select(struct sp_sim *sim, struct sp_command *c, size_t head, size_t size)
{
	const uint8_t *data = size ? sim_sent(c, size) : NULL;

	if (!size || !data)
		return;
	if (!(c->cdb[1] & 0x10) || c->cdb[1] & 1) { /* page format; not to be saved */
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (size < head) {
		sim_fail(c, SIM_LIST_LENGTH);
		return;
	}
	const size_t descriptors = head == 8 ? get_be16(data + 6) : data[3];
	size_t at = head + descriptors;
	while (at < size) {
		if (size - at < 2 || size - at < data[at + 1] + 2u) {
			sim_fail(c, SIM_LIST_LENGTH);
			return;
		}
		const uint32_t sense = mode_take(sim, data + at, size - at);
		if (sense) {
			sim_fail(c, sense);
			return;
		}
		at += data[at + 1] + 2u;
	}
}

void sim_mode_select_6(struct sp_sim *sim, struct sp_command *c)
{
	mode_select(sim, c, 4, c->cdb[4]);
}

void sim_mode_select_10(struct sp_sim *sim, struct sp_command *c)
{
	mode_select(sim, c, 8, get_be16(c->cdb + 7));
}
