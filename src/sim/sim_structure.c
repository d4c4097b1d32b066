/* SPDX-License-Identifier: GPL-3.0-or-later */
/* READ and SEND DISC STRUCTURE: what the control data of DVD and BD say. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

#define STRUCTURE_MAX 2052
#define DVD_FIRST     0x030000 /* physical sector of LBA 0 */

/* Of recordable media all of the area for data counts. */
static sp_lba structure_sectors(const struct sp_sim *sim)
{
	return sim->medium ? (sp_lba)sim->medium->capacity : sim_disc_end(sim->disc);
}

/* Physical format information as it would be, ECMA-267 16.1 */
static void structure_pfi(const struct sp_sim *sim, uint8_t pfi[2048])
{
	const struct sp_disc *disc = sim->disc;
	const uint32_t sectors = (uint32_t)structure_sectors(sim);
	const sp_lba second = sim->medium ? sim->medium->layer_break : disc->layer_break;
	const bool two = second > 0;
	static const struct {
		unsigned profile, book;
	} books[] = {{0x11, 0x25}, {0x14, 0x32}, {0x13, 0x32},
		     {0x1b, 0xa1}, {0x1a, 0x92}, {0x2b, 0xe1}};

	pfi[0] = 0x01; /* DVD-ROM, version 1 */
	for (unsigned i = 0; i < sizeof(books) / sizeof(books[0]); i++)
		if (books[i].profile == sim->kind->profile)
			pfi[0] = (uint8_t)books[i].book;
	pfi[1] = 0x0f;                                /* 120 mm, no maximum rate */
	pfi[2] = (uint8_t)(two ? 0x20 | 0x10 : 0);    /* two layers, opposite track path */
	pfi[2] |= sim->kind->profile == 0x10 ? 1 : 2; /* embossed, recordable */
	put_be32(pfi + 4, DVD_FIRST);
	if (two) {
		const uint32_t layer0_end = DVD_FIRST + (uint32_t)second - 1;
		const uint32_t layer1 = sectors - (uint32_t)second;

		/* layer 1 begins at the complement of layer 0's end */
		put_be32(pfi + 8, ((~layer0_end & 0xffffff) + layer1 - 1) & 0xffffff);
		put_be32(pfi + 12, layer0_end);
	} else {
		put_be32(pfi + 8, DVD_FIRST + sectors - 1);
	}
}

/* BD disc information: one unit "DI", BD Format Specifications part 3 */
static void structure_di(const struct sp_sim *sim, uint8_t *di)
{
	memcpy(di, "DI", 2);
	di[2] = 1; /* format */
	di[5] = sim->kind->profile == 0x40 ? 64 : 112;
	memcpy(di + 8,
	       sim->kind->profile == 0x40   ? "BDO"
	       : sim->kind->profile == 0x41 ? "BDR"
					    : "BDW",
	       3);
	di[11] = 1;    /* version */
	di[12] = 0x11; /* one layer of 120 mm */
	di[16] = 1;
	put_be32(di + 24, 0x100000);
	put_be32(di + 28, (uint32_t)(0x100000 + structure_sectors(sim) - 1));
}

/* Layers part for good when they were told to, or when something is written. */
static bool structure_parted(const struct sim_medium *m)
{
	return m->tracks || m->capacity != m->layer_break * 2 || m->parted;
}

/* Bytes behind the head, 0: no such structure. */
static size_t structure_dvd(const struct sp_sim *sim, unsigned format, uint8_t *to)
{
	static const uint8_t list[][4] = {{0x00, 0x40, 0x08, 0x04},
					  {0x01, 0x40, 0x00, 0x08},
					  {0x04, 0x40, 0x08, 0x04},
					  {0xff, 0x40, 0x00, 0x14}};

	switch (format) {
	case 0x00:
		if (sim->disc && sim->disc->pfi)
			memcpy(to, sim->disc->pfi, 2048);
		else
			structure_pfi(sim, to);
		return 2048;
	case 0x01: /* no copyright protection, no region locked */
		return 4;
	case 0x04:
		if (sim->disc && sim->disc->dmi)
			memcpy(to, sim->disc->dmi, 2048);
		return 2048;
	case 0x20: /* where the layers of a DVD+R DL part, MMC-6 6.22.3.2 */
		if (sim->kind->profile != 0x2b || !sim->medium)
			return 0;
		to[0] = structure_parted(sim->medium) ? 0x80 : 0;
		put_be32(to + 4, sim->medium->layer_break);
		return 8;
	case 0xff:
		memcpy(to, list, sizeof(list));
		return sizeof(list);
	default:
		return 0;
	}
}

static size_t structure_bd(const struct sp_sim *sim, unsigned format, uint8_t *to)
{
	if (format != 0x00)
		return 0;
	if (sim->disc && sim->disc->pfi)
		memcpy(to, sim->disc->pfi, 2048);
	else
		structure_di(sim, to);
	return 2048;
}

void sim_read_structure(struct sp_sim *sim, struct sp_command *c)
{
	const bool bd = c->cdb[1] & 1;
	const unsigned format = c->cdb[7], layer = c->cdb[6];
	uint8_t reply[STRUCTURE_MAX] = {0};
	size_t size = 0;

	if (sim->kind->family == (bd ? SIM_BD : SIM_DVD) && layer <= 1)
		size = bd ? structure_bd(sim, format, reply + 4)
			  : structure_dvd(sim, format, reply + 4);
	if (!size) {
		sim_fail(c, sim->kind->family == SIM_CD ? SIM_INCOMPATIBLE : SIM_INVALID_FIELD);
		return;
	}
	put_be16(reply, (uint16_t)(size + 2));
	sim_reply(c, reply, 4 + size, get_be16(c->cdb + 8));
}

/* Where the layers of a DVD+R DL part: in the middle at the latest, and the second one is no longer
 * than the first. */
static void structure_part(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_medium *m = sim->medium;
	const uint8_t *data = sim_sent(c, 12);

	if (!data)
		return;
	const uint32_t first = get_be32(data + 8);
	if (sim->kind->profile != 0x2b || structure_parted(m) || !first || first % 16 ||
	    first > m->layer_break) {
		sim_fail(c, SIM_INVALID_PARAMETER);
		return;
	}
	m->parted = true;
	m->layer_break = first;
	m->capacity = first * 2;
	sim_medium_dirty(sim);
}

/* Time stamps and what else there is are taken note of by drives, and of no consequence here. */
void sim_send_structure(struct sp_sim *sim, struct sp_command *c)
{
	const unsigned size = get_be16(c->cdb + 8);

	if (c->cdb[7] == 0x20)
		structure_part(sim, c);
	else if (size)
		sim_sent(c, size);
}
