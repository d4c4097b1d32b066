/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The write offset: samples go on the disc a little before or behind the sector they came for. */
#include "sim/sim_drive.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE       4
#define SAMPLES_ROOM (12 * SP_RAW_SIZE) /* the largest offset is ten sectors */

static uint32_t samples_put(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;
	uint32_t sense = 0;

	while (!sense && m->samples_have >= SP_RAW_SIZE && m->samples_out < m->samples_in) {
		sense = sim_medium_put(sim, m->samples_out++, 1, m->samples, NULL);
		m->samples_have -= SP_RAW_SIZE;
		memmove(m->samples, m->samples + SP_RAW_SIZE, m->samples_have);
	}
	return sense;
}

uint32_t sim_medium_samples(struct sp_sim *sim, sp_lba lba, const uint8_t raw[SP_RAW_SIZE])
{
	struct sim_medium *m = sim->medium;
	const int64_t offset = sim->profile.write_offset * SAMPLE;
	uint32_t sense = 0;

	if (!offset)
		return sim_medium_put(sim, lba, 1, raw, NULL);
	if (m->samples && lba != m->samples_in)
		sense = sim_medium_samples_end(sim);
	if (!m->samples) { /* silence comes first, or the first samples have no place */
		m->samples = calloc(1, SAMPLES_ROOM);
		if (!m->samples)
			return SIM_INTERNAL;
		m->samples_have = offset > 0 ? (size_t)offset : 0;
		m->samples_skip = offset < 0 ? (size_t)-offset : 0;
		m->samples_in = m->samples_out = lba;
	}
	const size_t skip = m->samples_skip < SP_RAW_SIZE ? m->samples_skip : SP_RAW_SIZE;
	memcpy(m->samples + m->samples_have, raw + skip, SP_RAW_SIZE - skip);
	m->samples_have += SP_RAW_SIZE - skip;
	m->samples_skip -= skip;
	m->samples_in++;
	return sense ? sense : samples_put(sim);
}

uint32_t sim_medium_samples_end(struct sp_sim *sim)
{
	struct sim_medium *m = sim->medium;
	uint32_t sense = 0;

	while (m->samples && m->samples_out < m->samples_in && !sense) {
		if (m->samples_have < SP_RAW_SIZE) {
			memset(m->samples + m->samples_have, 0, SP_RAW_SIZE - m->samples_have);
			m->samples_have = SP_RAW_SIZE;
		}
		sense = samples_put(sim);
	}
	free(m->samples);
	m->samples = NULL;
	return sense;
}
