/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated drive: its table of commands, its tray, and what every command goes through. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_US 60      /* what any command takes at least */
#define CHANGE_US  3000000 /* and a hand, to take a disc out and put another one in */

void sim_fail(struct sp_command *c, uint32_t sense)
{
	if (sense == SIM_HOST_RESET) {
		c->host = SP_HOST_RESET;
		c->done = 0;
		return;
	}
	c->status = SP_SCSI_CHECK_CONDITION;
	memset(c->sense, 0, sizeof(c->sense));
	c->sense[0] = 0x70; /* fixed format, current */
	c->sense[2] = (uint8_t)(sense >> 16);
	c->sense[7] = 10; /* bytes that follow */
	c->sense[12] = (uint8_t)(sense >> 8);
	c->sense[13] = (uint8_t)sense;
	c->sense_size = 18;
}

void sim_fail_at(struct sp_command *c, uint32_t sense, sp_lba lba)
{
	sim_fail(c, sense);
	if (c->host != SP_HOST_OK)
		return;
	c->sense[0] |= 0x80; /* information is valid */
	put_be32(c->sense + 3, (uint32_t)lba);
}

void sim_reply(struct sp_command *c, const void *data, size_t size, size_t room)
{
	size = size < room ? size : room;
	size = size < c->size ? size : c->size;
	if (c->direction != SP_DATA_IN)
		size = 0;
	if (size)
		memcpy(c->data, data, size);
	c->done = size;
}

const uint8_t *sim_sent(struct sp_command *c, size_t size)
{
	if (c->direction == SP_DATA_OUT && c->size >= size) {
		c->done = size;
		return c->data;
	}
	sim_fail(c, SIM_LIST_LENGTH);
	return NULL;
}

uint32_t sim_ready(const struct sp_sim *sim)
{
	return sim->open                    ? SIM_NO_MEDIUM_OPEN
	       : !sim->kind                 ? SIM_NO_MEDIUM_CLOSED
	       : sim->clock < sim->ready_at ? SIM_NOT_READY_BECOMING
					    : 0;
}

/* A disc has come within reach, or has gone. */
enum { EVENT_NONE, EVENT_EJECT_REQUEST, EVENT_NEW_MEDIUM, EVENT_REMOVAL };

void sim_eject(struct sp_sim *sim)
{
	if (sim->open)
		return;
	sim->open = true;
	sim->opened = sim->clock;
	if (sim->kind)
		sim->event = EVENT_REMOVAL;
}

void sim_insert(struct sp_sim *sim)
{
	sim->open = false;
	sim->at = 0;
	sim->window.count = 0;
	memset(sim->cached, 0, sizeof(sim->cached));
	if (!sim->kind)
		return;
	sim->attention = SIM_MEDIUM_CHANGED;
	sim->event = EVENT_NEW_MEDIUM;
	sim->speed = sim_speed_max(sim);
}

static void sim_test_unit_ready(struct sp_sim *sim, struct sp_command *c)
{
	if (sim->busy) { /* the table asks for the rest */
		sim->busy--;
		sim_fail(c, sim->busy_sense);
	}
}

static void sim_request_sense(struct sp_sim *sim, struct sp_command *c)
{
	const uint32_t sense = sim->attention ? sim->attention : sim_ready(sim);
	uint8_t reply[18] = {0x70, [7] = 10};
	size_t size = sizeof(reply);

	sim->attention = 0;
	reply[2] = (uint8_t)(sense >> 16);
	reply[12] = (uint8_t)(sense >> 8);
	reply[13] = (uint8_t)sense;
	if (c->cdb[1] & 1) { /* descriptor format without descriptors */
		const uint8_t descriptor[8] = {0x72, reply[2], reply[12], reply[13]};

		memset(reply, 0, sizeof(reply));
		memcpy(reply, descriptor, sizeof(descriptor));
		size = sizeof(descriptor);
	}
	sim_reply(c, reply, size, c->cdb[4]);
}

/* MMC-6 6.42: with LoEj the tray moves; a power condition takes the place of both bits. */
static void sim_start_stop(struct sp_sim *sim, struct sp_command *c)
{
	const bool start = c->cdb[4] & 1, tray = c->cdb[4] & 2;

	if (c->cdb[4] & 0xf0 || !tray)
		return;
	if (start && sim->open && !sim->profile.tray)
		sim_fail(c, SIM_NO_MEDIUM_OPEN);
	else if (start && sim->open)
		sim_insert(sim);
	else if (!start && sim->locked)
		sim_fail(c, SIM_LOCKED);
	else if (!start)
		sim_eject(sim);
}

static void sim_prevent(struct sp_sim *sim, struct sp_command *c)
{
	sim->locked = c->cdb[4] & 1;
}

/* clang-format off */
const struct sim_command sim_commands[] = {
	{0x00, 6, SP_DATA_NONE, SIM_READY, SIM_ANY, sim_test_unit_ready},
	{0x01, 6, SP_DATA_NONE, SIM_READY, SIM_ANY, sim_test_unit_ready}, /* REZERO UNIT */
	{0x03, 6, SP_DATA_IN, SIM_PASSING, SIM_ANY, sim_request_sense},
	{0x04, 6, SP_DATA_OUT, SIM_READY | SIM_WRITES, SIM_ANY, sim_format_unit},
	{0x12, 6, SP_DATA_IN, SIM_PASSING, SIM_ANY, sim_inquiry},
	{0x15, 6, SP_DATA_OUT, 0, SIM_ANY, sim_mode_select_6},
	{0x1a, 6, SP_DATA_IN, 0, SIM_ANY, sim_mode_sense_6},
	{0x1b, 6, SP_DATA_NONE, 0, SIM_ANY, sim_start_stop},
	{0x1e, 6, SP_DATA_NONE, 0, SIM_ANY, sim_prevent},
	{0x23, 10, SP_DATA_IN, 0, SIM_ANY, sim_read_format_capacities},
	{0x25, 10, SP_DATA_IN, SIM_READY, SIM_ANY, sim_read_capacity},
	{0x28, 10, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_ANY, sim_read_10},
	{0x2a, 10, SP_DATA_OUT, SIM_READY | SIM_WRITES, SIM_ANY, sim_write_10},
	{0x2b, 10, SP_DATA_NONE, SIM_READY | SIM_RECORDED, SIM_ANY, sim_seek},
	{0x2f, 10, SP_DATA_NONE, SIM_READY | SIM_RECORDED, SIM_ANY, sim_verify},
	{0x35, 10, SP_DATA_NONE, SIM_READY, SIM_ANY, sim_sync_cache},
	{0x42, 10, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_CD, sim_read_subchannel},
	{0x43, 10, SP_DATA_IN, SIM_READY, SIM_ANY, sim_read_toc},
	{0x44, 10, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_CD, sim_read_header},
	{0x46, 10, SP_DATA_IN, SIM_PASSING, SIM_ANY, sim_configuration},
	{0x4a, 10, SP_DATA_IN, SIM_PASSING, SIM_ANY, sim_event_status},
	{0x51, 10, SP_DATA_IN, SIM_READY, SIM_ANY, sim_read_disc_info},
	{0x52, 10, SP_DATA_IN, SIM_READY, SIM_ANY, sim_read_track_info},
	{0x53, 10, SP_DATA_NONE, SIM_READY | SIM_WRITES, SIM_ANY, sim_reserve_track},
	{0x54, 10, SP_DATA_OUT, SIM_READY | SIM_WRITES, SIM_ANY, sim_send_opc},
	{0x55, 10, SP_DATA_OUT, 0, SIM_ANY, sim_mode_select_10},
	{0x5a, 10, SP_DATA_IN, 0, SIM_ANY, sim_mode_sense_10},
	{0x5b, 10, SP_DATA_NONE, SIM_READY | SIM_WRITES, SIM_ANY, sim_close_track},
	{0x5c, 10, SP_DATA_IN, SIM_READY, SIM_ANY, sim_buffer_capacity},
	{0x5d, 10, SP_DATA_OUT, SIM_READY | SIM_WRITES, SIM_CD, sim_send_cue_sheet},
	{0xa1, 12, SP_DATA_NONE, SIM_READY | SIM_WRITES, SIM_ANY, sim_blank},
	{0xa8, 12, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_ANY, sim_read_12},
	{0xaa, 12, SP_DATA_OUT, SIM_READY | SIM_WRITES, SIM_ANY, sim_write_12},
	{0xac, 12, SP_DATA_IN, SIM_READY, SIM_ANY, sim_performance},
	{0xad, 12, SP_DATA_IN, SIM_READY, SIM_ANY, sim_read_structure},
	{0xb6, 12, SP_DATA_OUT, SIM_READY, SIM_ANY, sim_set_streaming},
	{0xb9, 12, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_CD, sim_read_cd_msf},
	{0xbf, 12, SP_DATA_OUT, SIM_READY | SIM_WRITES, SIM_DVD | SIM_BD, sim_send_structure},
	{0xbb, 12, SP_DATA_NONE, 0, SIM_ANY, sim_set_speed},
	{0xbd, 12, SP_DATA_IN, 0, SIM_ANY, sim_mechanism},
	{0xbe, 12, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_CD, sim_read_cd},
	{0xd8, 12, SP_DATA_IN, SIM_READY | SIM_RECORDED, SIM_CD, sim_plextor_d8},
	{0, 0, 0, 0, 0, NULL},
};
/* clang-format on */

static const struct sim_command *sim_command_find(uint8_t opcode)
{
	for (const struct sim_command *command = sim_commands; command->run; command++)
		if (command->opcode == opcode)
			return command;
	return NULL;
}

static void sim_dispatch(struct sp_sim *sim, struct sp_command *c)
{
	const struct sim_command *command = c->cdb_size ? sim_command_find(c->cdb[0]) : NULL;
	const uint32_t attention = sim->attention;
	uint32_t settled;

	if (!command || sim->profile.refused[c->cdb[0] / 32] >> c->cdb[0] % 32 & 1 ||
	    (c->cdb[0] == 0xd8 && !sim->profile.d8)) {
		sim_fail(c, SIM_INVALID_OPCODE);
	} else if (c->cdb_size < command->size) {
		sim_fail(c, SIM_INVALID_FIELD);
	} else if (attention && !(command->flags & SIM_PASSING)) {
		sim->attention = 0;
		sim_fail(c, attention);
	} else if (command->flags & SIM_READY && sim_ready(sim)) {
		sim_fail(c, sim_ready(sim));
	} else if (command->flags & SIM_READY && !(command->family & sim->kind->family)) {
		sim_fail(c, SIM_INCOMPATIBLE);
	} else if (command->flags & SIM_WRITES && !sim->medium) {
		sim_fail(c, SIM_NOT_WRITABLE);
	} else if (command->flags & SIM_WRITES && sim->profile.reader) {
		sim_fail(c, SIM_INVALID_OPCODE);
	} else if (command->flags & SIM_READY && sim->medium && sim->medium->dirty &&
		   !(command->flags & SIM_WRITES) && (settled = sim_medium_record(sim))) {
		sim_fail(c, settled);
	} else if (command->flags & SIM_RECORDED && sim_end(sim) == 0) {
		sim_fail(c, SIM_OUT_OF_RANGE); /* blank: there is nothing within its range */
	} else {
		command->run(sim, c);
	}
}

void sp_sim_execute(struct sp_sim *sim, struct sp_command *c)
{
	const uint64_t before = sim->clock;

	if (sim->open && sim->user && before - sim->opened >= CHANGE_US)
		sim->user(sim->user_data, sim);
	c->done = 0;
	c->host = SP_HOST_OK;
	c->status = SP_SCSI_GOOD;
	c->sense_size = 0;
	if (c->size > (uint64_t)sim->profile.transfer)
		c->host = SP_HOST_TOO_BIG;
	else
		sim_dispatch(sim, c);
	sim->clock += COMMAND_US;
	c->took_us = sim->clock - before;
	if (sim->trace)
		sim->trace(sim->trace_user, c, sim->clock);
}

static void sim_unload(struct sp_sim *sim)
{
	sim_medium_close(sim);
	sp_source_close(sim->src);
	sp_disc_free(sim->disc);
	sim->src = NULL;
	sim->disc = NULL;
	sim->kind = NULL;
	sim->window.count = 0;
}

void sp_sim_free(struct sp_sim *sim)
{
	if (!sim)
		return;
	sim_unload(sim);
	sim_window_clear(&sim->window);
	sim_faults_clear(&sim->faults);
	free(sim);
}

int sp_sim_new(struct sp_sim **out, const struct sp_sim_setup *setup, struct sp_error *err)
{
	struct sp_sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return sp_fail_memory(err);
	int rc = sim_profile_parse(&sim->profile, setup ? setup->profile_name : NULL,
				   setup ? setup->profile : NULL, err);
	if (!rc)
		rc = sim_faults_parse(&sim->faults, setup ? setup->faults_name : NULL,
				      setup ? setup->faults : NULL, err);
	if (!rc)
		rc = sim_window_make(&sim->window, err);
	if (rc < 0) {
		sp_sim_free(sim);
		return rc;
	}
	sim->seed = setup ? setup->seed : 0;
	sim->notes = setup ? setup->notes : NULL;
	sim_mode_make(sim);
	*out = sim;
	return 0;
}

int sp_sim_load(struct sp_sim *sim, struct sp_source *src, struct sp_error *err)
{
	const struct sim_kind *kind = sim_kind_of(src->disc);
	struct sp_disc *disc;

	if (!kind)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "an image of a medium “%s” is no disc that a drive reads",
			       sp_medium_name(src->disc->medium));
	if (!(sim->profile.media >> (kind - sim_kinds) & 1))
		return sp_fail(err, SP_ERR_USAGE, "this drive does not read %s", kind->name);
	if (src->caps & SP_SOURCE_ONCE)
		return sp_fail(err, SP_ERR_USAGE, "a drive reads in any order");
	const int rc = sim_disc_make(&disc, src->disc, err);
	if (rc < 0)
		return rc;
	sim_unload(sim);
	sim->src = src;
	sim->disc = disc;
	sim->kind = kind;
	sim_insert(sim);
	return 0;
}

uint64_t sp_sim_clock(const struct sp_sim *sim)
{
	return sim->clock;
}

void sp_sim_wait(struct sp_sim *sim, uint64_t us)
{
	sim->clock += us;
}

void sp_sim_trace(struct sp_sim *sim, sp_sim_trace_fn *fn, void *user)
{
	sim->trace = fn;
	sim->trace_user = user;
}

void sp_sim_user(struct sp_sim *sim, sp_sim_user_fn *fn, void *user)
{
	sim->user = fn;
	sim->user_data = user;
}

int sp_sim_load_disc(struct sp_sim *sim, struct sp_io *io, const char *medium, struct sp_error *err)
{
	sim_unload(sim);
	const int rc = sim_medium_open(sim, io, medium, err);
	if (rc < 0)
		sim_unload(sim);
	else
		sim_insert(sim);
	return rc;
}
