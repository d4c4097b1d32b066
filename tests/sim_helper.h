/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive with a pattern disc in it, and commands by their bytes. */
#ifndef TEST_SIM_HELPER_H
#define TEST_SIM_HELPER_H

#include "base/bytes.h"
#include "sim/sim.h"
#include "tests/layouts.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

enum { no_sense = 0 };

struct drive {
	struct sp_sim *sim;
	struct sp_command c;
	uint8_t data[64 * 2800];
};

/* The script of a profile that is built in. */
static inline const char *profile_named(const char *name)
{
	const char *text = sp_sim_profile_named(name);

	if (!text)
		fail_msg("no profile %s", name);
	return text;
}

static inline struct drive *drive_made(const struct sp_sim_setup *setup, const char *layout)
{
	struct drive *d = calloc(1, sizeof(*d));
	struct sp_error err = {0};

	if (!d || sp_sim_new(&d->sim, setup, &err))
		fail_msg("%s", err.text);
	if (layout && sp_sim_load(d->sim, layout_source(layout_named(layout), 7), &err))
		fail_msg("%s: %s", layout, err.text);
	return d;
}

static inline struct drive *drive_with(const char *layout)
{
	return drive_made(NULL, layout);
}

static inline void drive_free(struct drive *d)
{
	sp_sim_free(d->sim);
	free(d);
}

/* Bytes of a CDB behind the opcode; the answer's sense, key ASC ASCQ. */
static inline uint32_t run(struct drive *d, size_t room, unsigned size, const uint8_t *cdb)
{
	if (sizeof(d->data) < room)
		fail_msg("no room for %zu bytes", room);
	d->c = (struct sp_command){.cdb_size = size,
				   .direction = room ? SP_DATA_IN : SP_DATA_NONE,
				   .data = d->data,
				   .size = room};
	memcpy(d->c.cdb, cdb, size);
	memset(d->data, 0xa5, room < sizeof(d->data) ? room + 1 : room);
	sp_sim_execute(d->sim, &d->c);
	if (d->c.host != SP_HOST_OK)
		return 0x800000 | d->c.host;
	assert_true(d->c.done <= room);
	if (room < sizeof(d->data))
		assert_int_equal(d->data[room], 0xa5);
	if (d->c.status == SP_SCSI_GOOD)
		return no_sense;
	assert_int_equal(d->c.status, SP_SCSI_CHECK_CONDITION);
	assert_int_equal(d->c.sense[0] & 0x7f, 0x70);
	return (uint32_t)d->c.sense[2] << 16 | (uint32_t)d->c.sense[12] << 8 | d->c.sense[13];
}
/* The same with data that goes to the drive. */
static inline uint32_t send(struct drive *d, const void *data, size_t length, unsigned size,
			    const uint8_t *cdb)
{
	d->c = (struct sp_command){.cdb_size = size,
				   .direction = length ? SP_DATA_OUT : SP_DATA_NONE,
				   .data = (void *)data,
				   .size = length};
	memcpy(d->c.cdb, cdb, size);
	sp_sim_execute(d->sim, &d->c);
	if (d->c.host != SP_HOST_OK)
		return 0x800000 | d->c.host;
	if (d->c.status == SP_SCSI_GOOD)
		return no_sense;
	return (uint32_t)d->c.sense[2] << 16 | (uint32_t)d->c.sense[12] << 8 | d->c.sense[13];
}
#define SEND(d, data, length, ...)                                                                 \
	send(d, data, length, sizeof((uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__})

#define RUN(d, room, ...)                                                                          \
	run(d, room, sizeof((uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__})

static inline void drive_ready(struct drive *d)
{
	assert_int_equal(RUN(d, 0, 0, 0, 0, 0, 0, 0), 0x062800);
	assert_int_equal(RUN(d, 0, 0, 0, 0, 0, 0, 0), no_sense);
}

static inline uint32_t read_cd(struct drive *d, unsigned type, sp_lba lba, uint32_t count,
			       unsigned main, unsigned sub)
{
	uint8_t cdb[12] = {0xbe, (uint8_t)(type << 2)};

	put_be32(cdb + 5, count); /* 24 bits, under the address */
	put_be32(cdb + 2, (uint32_t)lba);
	cdb[9] = (uint8_t)main;
	cdb[10] = (uint8_t)sub;
	return run(d, (size_t)count * 2800, sizeof(cdb), cdb);
}

static inline void answers(struct drive *d, const uint8_t *bytes, size_t size)
{
	assert_int_equal(d->c.done, size);
	assert_memory_equal(d->data, bytes, size);
}
#define ANSWERS(d, ...) answers(d, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

#endif
