/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET CONFIGURATION: the features of the drive, and which of them the medium makes current. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

#define CONFIG_MAX 1024

/* Rows of sim_kinds as bits: media that make a feature current. */
enum {
	BD_RE = 1 << 0,
	BD_R = 1 << 1,
	BD_ROM = 1 << 2,
	PLUS_R_DL = 1 << 3,
	PLUS_R = 1 << 4,
	PLUS_RW = 1 << 5,
	DVD_RW = 1 << 6,
	DVD_RW_RO = 1 << 7,
	DVD_R = 1 << 8,
	DVD_ROM = 1 << 9,
	CD_RW = 1 << 10,
	CD_R = 1 << 11,
	CD_ROM = 1 << 12,
	ALWAYS = 1 << 13, /* whether or not there is a medium: persistent */
	ANY_BD = BD_RE | BD_R | BD_ROM,
	ANY_DVD = PLUS_R_DL | PLUS_R | PLUS_RW | DVD_RW | DVD_RW_RO | DVD_R | DVD_ROM,
	ANY_CD = CD_RW | CD_R | CD_ROM,
	ANY = ANY_BD | ANY_DVD | ANY_CD,
};

struct config_feature {
	uint16_t code;
	uint8_t version;
	uint16_t current;
	bool writes;  /* only drives that write have it */
	uint8_t size; /* of what follows the four bytes of its head */
	uint8_t data[28];
};

/* MMC-6 5.3; the list of profiles and what depends on the medium are filled in. */
/* clang-format off */
static const struct config_feature config_features[] = {
	{0x0000, 0, ALWAYS, false, 0, {0}},
	{0x0001, 2, ALWAYS, false, 8, {0, 0, 0, 7, 1}}, /* core: serial ATA; DBE */
	{0x0002, 1, ALWAYS, false, 4, {0x02}}, /* morphing: operational change events */
	{0x0003, 0, ALWAYS, false, 4, {0x29}}, /* removable: tray, eject, lock */
	{0x0010, 0, ANY, false, 8, {0, 0, 8, 0, 0, 1, 1}}, /* random readable */
	{0x001d, 0, ANY_CD, false, 0, {0}}, /* multi-read */
	{0x001e, 2, ANY_CD, false, 4, {0x03}}, /* CD read: C2, CD-Text */
	{0x001f, 1, ANY_DVD, false, 4, {1, 0, 3}}, /* DVD read: all of MMC's media, -RW DL */
	{0x0020, 1, PLUS_RW | DVD_RW_RO | BD_RE, true, 12, {[6] = 8, [9] = 1, 1}}, /* random write */
	/* incremental: data types by mode page; buffer under-run free; links of 16 blocks */
	{0x0021, 3, DVD_R | DVD_RW | PLUS_R | PLUS_R_DL, true, 8, {0xff, 0xff, 1, 1, 0x10}},
	{0x0023, 1, PLUS_RW | DVD_RW | DVD_RW_RO | BD_RE | BD_R, true, 8, {0x0f, [4] = 1}}, /* formattable */
	{0x0024, 0, BD_RE, true, 4, {0}}, /* defect management */
	{0x0026, 0, DVD_RW_RO, true, 0, {0}}, /* restricted overwrite */
	{0x002a, 0, PLUS_RW, true, 4, {1}},
	{0x002b, 0, PLUS_R, true, 4, {1}},
	/* track at once: buffer under-run free, test, CD-RW, R-W raw and packed */
	{0x002d, 2, CD_R | CD_RW, true, 4, {0x5f, 0, 0x3f, 0x01}},
	/* session at once and raw: the same; a cue sheet of 4096 lines */
	{0x002e, 0, CD_R | CD_RW, true, 4, {0x7f, 0, 0x80, 0}},
	{0x002f, 2, DVD_R | DVD_RW | DVD_RW_RO, true, 4, {0x46}}, /* under-run free, test, DVD-RW */
	{0x0037, 0, CD_RW, true, 4, {0, 0x3f}}, /* CD-RW of all speeds */
	{0x003b, 0, PLUS_R_DL, true, 4, {1}},
	{0x0040, 0, ANY_BD, false, 28, {[5] = 0x0e, [9] = 0x0e, [13] = 0x0e, [21] = 2}}, /* BD read */
	{0x0041, 0, BD_RE | BD_R, true, 24, {[5] = 0x0e, [9] = 0x0e, [17] = 2}}, /* BD write */
	{0x0100, 0, ALWAYS, false, 0, {0}}, /* power management */
	{0x0105, 1, ALWAYS, false, 4, {0}}, /* timeout */
	{0x0107, 4, ANY, false, 4, {0x1f}}, /* real-time streaming: buffer, speeds, and page 2A */
	{0x0108, 0, ALWAYS, false, 16, {0}}, /* serial number */
};
/* clang-format on */

enum { CONFIG_FEATURES = sizeof(config_features) / sizeof(config_features[0]) };

static size_t config_profiles(const struct sp_sim *sim, uint8_t *to)
{
	size_t size = 0;

	for (const struct sim_kind *kind = sim_kinds; kind->name; kind++) {
		if (!(sim->profile.media >> (kind - sim_kinds) & 1))
			continue;
		put_be16(to + size, (uint16_t)kind->profile);
		to[size + 2] = sim_ready(sim) == 0 && kind == sim->kind;
		to[size + 3] = 0;
		size += 4;
	}
	return size;
}

/* Bytes of one feature at `to`. */
static size_t config_feature(const struct sp_sim *sim, const struct config_feature *f, bool current,
			     uint8_t *to)
{
	size_t size = f->size;

	memcpy(to + 4, f->data, size);
	if (f->code == 0x0000)
		size = config_profiles(sim, to + 4);
	if (f->code == 0x0010 && current)
		to[4 + 5] = sim->kind->family == SIM_CD    ? 1
			    : sim->kind->family == SIM_DVD ? 16
							   : 32;
	if (f->code == 0x0020 && current) {
		put_be32(to + 4, sim->medium ? sim->medium->capacity - 1 : 0);
		to[4 + 9] = sim->kind->family == SIM_BD ? 32 : 16;
	}
	if (f->code == 0x0108) {
		memset(to + 4, ' ', size);
		memcpy(to + 4, sim->profile.serial, strlen(sim->profile.serial));
	}
	put_be16(to, f->code);
	to[2] = (uint8_t)(f->version << 2 | (f->current & ALWAYS ? 2 : 0) | current);
	to[3] = (uint8_t)size;
	return 4 + size;
}

/* RT: all features, the current ones, or the one asked for alone; MMC-6 table 265 */
enum { CONFIG_ALL, CONFIG_CURRENT, CONFIG_ONE };

void sim_configuration(struct sp_sim *sim, struct sp_command *c)
{
	const unsigned which = c->cdb[1] & 3, from = get_be16(c->cdb + 2);
	const unsigned kind = sim_ready(sim) ? 0 : 1u << (sim->kind - sim_kinds);
	uint8_t reply[CONFIG_MAX] = {0};
	size_t size = 8;

	if (which > CONFIG_ONE) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	for (unsigned i = 0; i < CONFIG_FEATURES; i++) {
		const struct config_feature *f = &config_features[i];
		const bool current = f->current & (ALWAYS | kind);

		if ((f->writes && sim->profile.reader) || f->code < from ||
		    (which == CONFIG_CURRENT && !current) ||
		    (which == CONFIG_ONE && f->code != from))
			continue;
		size += config_feature(sim, f, current, reply + size);
	}
	put_be32(reply, (uint32_t)(size - 4));
	put_be16(reply + 6, (uint16_t)(kind ? sim->kind->profile : 0));
	sim_reply(c, reply, size, get_be16(c->cdb + 7));
}
