/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that write: what all media have in common, before each family's own way. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

#define BUFFER_SIZE (2u << 20)
#define WRITE_BUSY  1 /* how often a command that returned at once is found to go on */

static const uint32_t write_senses[] = {
	[SIM_FAULT_WRITE] = SIM_WRITE_ERROR,      [SIM_FAULT_FULL] = SIM_END_OF_USER_AREA,
	[SIM_FAULT_UNDERRUN] = SIM_UNDERRUN,      [SIM_FAULT_WRITE_ATTENTION] = SIM_RESET,
	[SIM_FAULT_WRITE_RESET] = SIM_HOST_RESET,
};

static uint32_t write_sense(const struct sim_fault *fault)
{
	return fault->kind < sizeof(write_senses) / sizeof(*write_senses)
		       ? write_senses[fault->kind]
		       : 0;
}

/* Sectors that can be written before a fault; sense, 0: all. */
uint32_t sim_write_fault(struct sp_sim *sim, sp_lba lba, uint32_t count, uint32_t *good)
{
	struct sim_fault *hit = NULL;

	*good = count;
	for (size_t i = 0; i < sim->faults.count; i++) {
		struct sim_fault *fault = &sim->faults.fault[i];
		const sp_lba at = fault->first > lba ? fault->first : lba;

		if (!write_sense(fault) || at - lba >= (sp_lba)*good ||
		    (fault->last < at && fault->kind != SIM_FAULT_FULL) ||
		    sim_fault_spent(fault, at))
			continue;
		*good = (uint32_t)(at - lba);
		hit = fault;
	}
	if (!hit)
		return 0;
	sim_fault_spend(hit, lba + *good);
	if (hit->kind == SIM_FAULT_WRITE_ATTENTION)
		*good = 0; /* the command is not begun */
	return write_sense(hit);
}

/* The laser's power is calibrated when it is first on. */
static uint32_t write_calibration(const struct sp_sim *sim)
{
	for (size_t i = 0; i < sim->faults.count; i++)
		if (sim->faults.fault[i].kind == SIM_FAULT_CALIBRATION)
			return SIM_CALIBRATION;
	return 0;
}

static bool write_is_on(const struct sim_medium *m)
{
	return m->writing && (m->writing != SIM_WRITING_SESSION || m->ruined || m->test);
}

/* The bus was reset: what was not written is gone, and all settings. */
static void write_reset(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;

	sim->locked = false;
	sim->attention = SIM_RESET;
	for (unsigned i = 0; i < SIM_PAGES; i++)
		memcpy(sim->page[i].now, sim->page[i].made, sizeof(sim->page[i].now));
	if (m->writing > SIM_WRITING_TRACK)
		sim_medium_forget(m);
	sim_medium_end(sim);
}

static void write_blocks(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	const uint32_t sense = write_is_on(sim->medium) ? 0 : write_calibration(sim);

	if (sim->medium->finished || (sim->medium->ruined && !sim->medium->writing))
		sim_fail(c, SIM_NOT_WRITABLE);
	else if (sense && count)
		sim_fail(c, sense);
	else if (count)
		sim->kind->writer->write(sim, c, lba, count);
	if (c->host == SP_HOST_RESET)
		write_reset(sim);
	if (!c->status) {
		sim->clock += (uint64_t)c->done * 1000 / (sim->speed ? sim->speed : 1);
		sim->at = lba + count;
		memset(sim->cached, 0, sizeof(sim->cached));
	}
}

void sim_write_10(struct sp_sim *sim, struct sp_command *c)
{
	write_blocks(sim, c, (int32_t)get_be32(c->cdb + 2), get_be16(c->cdb + 7));
}

void sim_write_12(struct sp_sim *sim, struct sp_command *c)
{
	write_blocks(sim, c, (int32_t)get_be32(c->cdb + 2), get_be32(c->cdb + 6));
}

/* After a command with IMMED: what TEST UNIT READY finds for a while. */
static void write_goes_on(struct sp_sim *sim, const struct sp_command *c, bool immediately,
			  uint32_t sense)
{
	if (!immediately || c->status)
		return;
	sim->busy = WRITE_BUSY;
	sim->busy_sense = sense;
}

void sim_sync_cache(struct sp_sim *sim, struct sp_command *c)
{
	if (!sim->medium)
		return; /* nothing can wait to be written */
	sim->kind->writer->sync(sim, c);
	if (!c->status && sim->medium->dirty) {
		const uint32_t sense = sim_medium_record(sim);

		if (sense)
			sim_fail(c, sense);
	}
	write_goes_on(sim, c, c->cdb[1] & 2, SIM_LONG_WRITE);
}

void sim_close_track(struct sp_sim *sim, struct sp_command *c)
{
	sim->kind->writer->close(sim, c, c->cdb[2] & 7, get_be16(c->cdb + 4));
	if (!c->status && sim->medium->dirty) {
		const uint32_t sense = sim_medium_record(sim);

		if (sense)
			sim_fail(c, sense);
	}
	write_goes_on(sim, c, c->cdb[1] & 1, SIM_LONG_WRITE);
}

void sim_blank(struct sp_sim *sim, struct sp_command *c)
{
	if (!(sim->kind->flags & SIM_ERASABLE) || !sim->kind->writer->blank) {
		sim_fail(c, SIM_NOT_WRITABLE);
		return;
	}
	sim->kind->writer->blank(sim, c, c->cdb[1] & 7);
	if (!c->status) {
		const uint32_t sense = sim_medium_record(sim);

		if (sense)
			sim_fail(c, sense);
	}
	write_goes_on(sim, c, c->cdb[1] & 0x10, SIM_OPERATION);
}

void sim_reserve_track(struct sp_sim *sim, struct sp_command *c)
{
	if (!sim->kind->writer->reserve)
		sim_fail(c, SIM_INVALID_OPCODE);
	else if (sim->medium->finished)
		sim_fail(c, SIM_NOT_WRITABLE);
	else
		sim->kind->writer->reserve(sim, c, get_be32(c->cdb + 5));
}

/* SEND OPC, MMC-6 6.37: a calibration of the laser's power is done or told. */
void sim_send_opc(struct sp_sim *sim, struct sp_command *c)
{
	const uint32_t sense = write_calibration(sim);
	const unsigned size = get_be16(c->cdb + 7);

	if (size && !sim_sent(c, size))
		return;
	if (sense && c->cdb[1] & 1)
		sim_fail(c, sense);
}

void sim_buffer_capacity(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[12] = {0, 10};
	const bool blocks = c->cdb[1] & 1;

	(void)sim;
	reply[3] = blocks;
	put_be32(reply + 4, blocks ? 0 : BUFFER_SIZE);
	/* in blocks there is but one number: of those that are free */
	put_be32(reply + 8, blocks ? BUFFER_SIZE / 2048 : BUFFER_SIZE);
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}
