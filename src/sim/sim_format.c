/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FORMAT UNIT and READ FORMAT CAPACITIES: media that are made ready to be written at any place. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

enum format_type {
	FORMAT_FULL = 0x00,
	FORMAT_RW_QUICK = 0x15,  /* DVD-RW */
	FORMAT_PLUS_RW = 0x26,   /* DVD+RW, MMC-6 6.5.4.2.14 */
	FORMAT_BD_RE = 0x30,     /* with spare areas */
	FORMAT_BD_RE_ALL = 0x31, /* without */
	FORMAT_BD_R = 0x32,
};

/* What a medium can be formatted to: blocks, and the profile it has then. */
static const struct format_row {
	uint16_t from;
	uint8_t type;
	uint16_t to;
	uint32_t blocks;
	uint32_t parameter;
} format_rows[] = {
	{0x14, FORMAT_FULL, 0x13, 2297888, 16},   {0x14, FORMAT_RW_QUICK, 0x13, 2297888, 16},
	{0x13, FORMAT_FULL, 0x13, 2297888, 16},   {0x13, FORMAT_RW_QUICK, 0x13, 2297888, 16},
	{0x1a, FORMAT_PLUS_RW, 0x1a, 2295104, 0}, {0x43, FORMAT_FULL, 0x43, 11826176, 0},
	{0x43, FORMAT_BD_RE, 0x43, 11826176, 3},  {0x43, FORMAT_BD_RE_ALL, 0x43, 12219392, 0},
	{0x41, FORMAT_FULL, 0x41, 11826176, 0},   {0x41, FORMAT_BD_R, 0x41, 11826176, 0},
};
enum { FORMAT_ROWS = sizeof(format_rows) / sizeof(format_rows[0]) };

static bool format_fits(const struct sp_sim *sim, const struct format_row *row)
{
	/* a BD-R is formatted once, before anything is written */
	return row->from == sim->kind->profile &&
	       !(row->from == 0x41 && (sim->medium->formatted || sim->medium->tracks));
}

void sim_read_format_capacities(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[4 + 8 * (1 + FORMAT_ROWS)] = {0};
	const struct sim_medium *m = sim->medium;
	size_t size = 12;

	if (sim_ready(sim)) { /* no medium: the most there can be */
		put_be32(reply + 4, 12219392);
		reply[8] = 3;
	} else {
		const bool ready = !m || m->formatted || m->disc->regions;

		put_be32(reply + 4, m ? m->capacity : (uint32_t)sim_disc_end(sim->disc));
		reply[8] = ready ? 2 : 1; /* formatted, unformatted */
	}
	put_be32(reply + 8, (uint32_t)reply[8] << 24 | 2048);
	for (unsigned i = 0; m && !sim_ready(sim) && i < FORMAT_ROWS; i++) {
		const struct format_row *row = &format_rows[i];

		if (!format_fits(sim, row))
			continue;
		put_be32(reply + size, row->blocks);
		put_be32(reply + size + 4, (uint32_t)row->type << 26 | row->parameter);
		size += 8;
	}
	reply[3] = (uint8_t)(size - 4);
	sim_reply(c, reply, size, get_be16(c->cdb + 7));
}

static const struct format_row *format_row(const struct sp_sim *sim, unsigned type)
{
	for (unsigned i = 0; i < FORMAT_ROWS; i++)
		if (format_rows[i].type == type && format_fits(sim, &format_rows[i]))
			return &format_rows[i];
	return NULL;
}

static bool format_knows(const struct sp_sim *sim)
{
	for (unsigned i = 0; i < FORMAT_ROWS; i++)
		if (format_rows[i].from == sim->kind->profile)
			return true;
	return false;
}

void sim_format_unit(struct sp_sim *sim, struct sp_command *c)
{
	struct sim_medium *m = sim->medium;
	const uint8_t *data;

	if ((c->cdb[1] & 0x1f) != 0x11) { /* format code 1, with a list */
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (!(data = sim_sent(c, 12)))
		return;
	const struct format_row *row = format_row(sim, data[8] >> 2);
	if (get_be16(data + 2) != 8 || !row) {
		sim_fail(c, format_knows(sim) ? SIM_INVALID_PARAMETER : SIM_NOT_FORMATTABLE);
		return;
	}
	/* a DVD+RW that is formatted goes on as it is: only the rest would be formatted */
	const bool goes_on = row->type == FORMAT_PLUS_RW && m->formatted;
	uint32_t blocks = get_be32(data + 4);
	if (blocks > row->blocks)
		blocks = row->blocks;
	if (!goes_on) {
		uint32_t sense = sim_dvd_forget(sim, row->to);

		if (!sense && row->to != 0x41) {
			m->formatted = true;
			m->capacity = blocks ? blocks : row->blocks;
			sense = sim_dvd_whole(m);
		} else if (!sense) {
			m->formatted = true;
			m->capacity = row->blocks;
		}
		if (!sense)
			sense = sim_medium_record(sim);
		if (sense)
			sim_fail(c, sense);
	}
	if (data[1] & 2 && !c->status) {
		sim->busy = 1;
		sim->busy_sense = SIM_NOT_READY_FORMAT;
	}
}
