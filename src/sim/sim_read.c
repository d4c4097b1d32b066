/* SPDX-License-Identifier: GPL-3.0-or-later */
/* READ CD and its kin: which sectors, which of their parts, and in which order they come. */
#include "sim/sim_drive.h"

#include "base/bytes.h"
#include "disc/subchannel.h"

#include <string.h>

#define READ_STATES 1024 /* sectors of one span straight into the command's buffer */
#define SEEK_US     100000

enum read_sub { READ_SUB_NONE = 0, READ_SUB_PW = 1, READ_SUB_Q = 2, READ_SUB_RW = 4 };

/* Kinds of sectors as a set of bits 1 << enum sp_mode */
#define READ_AUDIO (1u << SP_MODE_AUDIO)
#define READ_MODE1 (1u << SP_MODE_MODE1)
#define READ_MODE2 (1u << SP_MODE_MODE2)
#define READ_FORM1 (1u << SP_MODE_XA_FORM1)
#define READ_FORM2 (1u << SP_MODE_XA_FORM2)
#define READ_DATA  (READ_MODE1 | READ_MODE2 | READ_FORM1 | READ_FORM2)

struct read_plan {
	sp_lba lba;
	uint32_t count;
	unsigned modes; /* that may come */
	unsigned main;  /* MMC's bits of byte 9, 7…3 */
	unsigned c2;    /* bytes: 0, 294, 296 */
	enum read_sub sub;
};

/* READ CD's expected sector type, MMC-6 table 442 */
static const unsigned read_types[8] = {
	READ_AUDIO | READ_DATA, READ_AUDIO, READ_MODE1, READ_MODE2, READ_FORM1, READ_FORM2};

/* Selections of main channel parts that no sector, and that XA sectors do not have: bits of
 * sync 16, sub-header 8, header 4, user data 2, EDC/ECC 1. MMC-6 table 445 */
static bool read_is_selection(unsigned mode, unsigned main)
{
	const uint32_t never = 1u << 0x01 | 1u << 0x05 | 1u << 0x09 | 1u << 0x0d | 1u << 0x11 |
			       1u << 0x12 | 1u << 0x13 | 1u << 0x15 | 1u << 0x18 | 1u << 0x19 |
			       1u << 0x1a | 1u << 0x1b | 1u << 0x1d;
	const uint32_t not_xa = 1u << 0x06 | 1u << 0x07 | 1u << 0x16 | 1u << 0x17;
	const bool xa = mode == SP_MODE_XA || mode == SP_MODE_XA_FORM1 || mode == SP_MODE_XA_FORM2;

	return mode == SP_MODE_AUDIO || !((never | (xa ? not_xa : 0)) >> main & 1);
}

/* The same as the model's parts. Audio comes whole or not at all, and the user data of form 2
 * includes its EDC. */
static unsigned read_parts(unsigned mode, unsigned main)
{
	if (mode == SP_MODE_AUDIO)
		return main ? SP_PART_USER : 0;
	return (main & 16 ? SP_PART_SYNC : 0) | (main & 4 ? SP_PART_HEADER : 0) |
	       (main & 8 ? SP_PART_SUBHEADER : 0) | (main & 2 ? SP_PART_USER : 0) |
	       (main & 1 || (main & 2 && mode == SP_MODE_XA_FORM2) ? SP_PART_ECC : 0);
}

/* R-W without P and Q, taken out of the order in which it lies on the disc: a symbol of a pack
 * comes up to seven packs late, and three pairs have changed places. ECMA-130 does not say; it is
 * Red Book's, as MMC-6 4.2.3.6 sums it up. */
static uint32_t read_rw(struct sp_sim *sim, const struct sim_sector *sector, uint8_t out[96])
{
	static const uint8_t place[24] = {0,  18, 5,  23, 4,  2,  6, 7,  8,  9,  10, 11,
					  12, 13, 14, 15, 16, 17, 1, 19, 20, 21, 22, 3};
	uint8_t packs[3 * SP_SUB_SIZE];
	struct sim_sector next;

	memcpy(packs, sector->sub, SP_SUB_SIZE);
	for (unsigned i = 1; i < 3; i++) {
		memset(next.sub, 0, sizeof(next.sub));
		sim_sector_load(sim, sector->lba + i, true, false, &next);
		memcpy(packs + (size_t)i * SP_SUB_SIZE, next.sub, SP_SUB_SIZE);
	}
	for (unsigned i = 0; i < SP_SUB_SIZE; i++) {
		const unsigned from = place[i % 24];

		out[i] = packs[(i / 24 + from % 8) * 24 + from] & 0x3f;
	}
	return 0;
}

static size_t read_put_c2(const struct read_plan *plan, const struct sim_sector *sector,
			  uint8_t *out)
{
	uint8_t any = 0;

	if (!plan->c2)
		return 0;
	memcpy(out, sector->c2, SP_C2_SIZE);
	if (plan->c2 > SP_C2_SIZE) {
		for (unsigned i = 0; i < SP_C2_SIZE; i++)
			any |= sector->c2[i];
		out[SP_C2_SIZE] = any;
		out[SP_C2_SIZE + 1] = 0;
	}
	return plan->c2;
}

/* Formatted Q in the drive's own way: plain numbers, no CRC. */
static void read_own_q(const struct sp_sim *sim, uint8_t q[SP_Q_SIZE])
{
	if (sim->profile.q_hex && (q[0] & 15) == 1)
		for (unsigned i = 1; i < 10; i++)
			q[i] = (uint8_t)(sp_bcd_valid(q[i]) ? sp_from_bcd(q[i]) : q[i]);
	if (!sim->profile.q_crc)
		put_be16(q + 10, 0);
}

static size_t read_put_sub(struct sp_sim *sim, const struct read_plan *plan,
			   const struct sim_sector *sector, uint8_t *out)
{
	switch (plan->sub) {
	case READ_SUB_NONE:
		break;
	case READ_SUB_PW:
		memcpy(out, sector->sub, SP_SUB_SIZE);
		return SP_SUB_SIZE;
	case READ_SUB_Q:
		memset(out, 0, SP_Q_SIZE);
		sp_sub_get_q(sector->sub, out);
		out[SP_Q_SIZE - 1] = sector->sub[SP_SUB_SIZE / 2] & 0x80; /* P */
		read_own_q(sim, out);
		return SP_Q_SIZE;
	case READ_SUB_RW:
		read_rw(sim, sector, out);
		return SP_SUB_SIZE;
	}
	return 0;
}

/* The largest a sector can come as */
#define READ_MOST (SP_RAW_SIZE + SP_C2_SIZE + 2 + SP_SUB_SIZE)

/* One sector in the parts asked for; *size is how long it came. */
static uint32_t read_sector(struct sp_sim *sim, const struct read_plan *plan, sp_lba lba,
			    unsigned *kind, uint8_t out[READ_MOST], size_t *size)
{
	struct sim_sector sector;
	const uint32_t sense = sim_sector_load(sim, lba, plan->sub != READ_SUB_NONE,
					       plan->modes == READ_AUDIO, &sector);

	if (sense)
		return sense;
	const unsigned group = 1u << sector.mode & READ_DATA ? READ_DATA : READ_AUDIO;
	if (!(plan->modes >> sector.mode & 1) ||
	    (*kind && *kind != group && sim->profile.transition))
		return SIM_ILLEGAL_MODE;
	*kind = group;
	if (!read_is_selection(sector.mode, plan->main))
		return SIM_INVALID_FIELD;
	const unsigned parts = read_parts(sector.mode, plan->main);
	size_t at = sp_sector_size(sector.mode, parts);
	if (at && sp_sector_convert(NULL, sector.mode, SP_PART_MAIN, parts, lba, 1, sector.main,
				    out, NULL, NULL, NULL) < 0)
		return SIM_INTERNAL;
	const unsigned order = sim->profile.order;
	if (order == SIM_C2_SUB || order == SIM_ONLY_C2)
		at += read_put_c2(plan, &sector, out + at);
	if (order != SIM_ONLY_C2 || !plan->c2)
		at += read_put_sub(sim, plan, &sector, out + at);
	if (order == SIM_SUB_C2 || (order == SIM_ONLY_SUB && !plan->sub))
		at += read_put_c2(plan, &sector, out + at);
	*size = at;
	return 0;
}

/* What comes behind a sector's main channel, when it is no more than what is the same of every good
 * sector. */
struct read_behind {
	size_t c2, sub; /* bytes */
	bool sub_first;
};

/* False: that takes more. */
static bool read_is_plain(const struct sp_sim *sim, const struct read_plan *plan,
			  struct read_behind *behind)
{
	const unsigned order = sim->profile.order;
	const bool sub = plan->sub && !(order == SIM_ONLY_C2 && plan->c2);
	const bool c2 = plan->c2 && !(order == SIM_ONLY_SUB && plan->sub);

	*behind = (struct read_behind){.c2 = c2 ? plan->c2 : 0,
				       .sub = sub ? SP_SUB_SIZE : 0,
				       .sub_first = order == SIM_SUB_C2};
	return !(sub && (plan->sub != READ_SUB_PW || sim->profile.q_late)) &&
	       !(c2 && sim->profile.c2 == SIM_C2_DIRTY);
}

/* Good sectors that were read as the image has them, with what comes behind each. False: one has no
 * sub-channel. */
static bool read_put(const struct sp_sim *sim, const struct sp_span *span,
		     const struct read_behind *behind, uint8_t *out)
{
	bool done = true;

	for (uint32_t i = 0; i < span->count; i++) {
		memcpy(out, span->data + i * span->stride, span->stride);
		out += span->stride;
		memset(out + (behind->sub_first ? behind->sub : 0), 0, behind->c2);
		if (behind->sub)
			done &= sp_sub_generate(sim->disc, span->lba + i,
						out + (behind->sub_first ? 0 : behind->c2));
		out += behind->c2 + behind->sub;
	}
	return done;
}

/* Whole stored sectors from `lba` on, when they are wanted as they lie in the image, or with what
 * has to be made for each of them: straight to where they go. How many, 0: the long way. */
static uint32_t read_span(struct sp_sim *sim, const struct read_plan *plan, sp_lba lba,
			  uint32_t count, unsigned *kind, uint8_t *out, size_t room, size_t *size)
{
	const struct sp_region *r = sim->disc ? sp_disc_region(sim->disc, lba) : NULL;
	struct read_behind behind;
	uint16_t state[READ_STATES];

	if (!r || !r->stored || r->kind == SP_REGION_POSTGAP ||
	    !read_is_plain(sim, plan, &behind) || r->mode == SP_MODE_XA_FORM2 ||
	    (r->mode == SP_MODE_XA && plan->main != 0x1f))
		return 0;
	const bool blocks = r->mode == SP_MODE_DATA2048;
	const unsigned mode = blocks ? SP_MODE_MODE1 : r->mode;
	const unsigned is = mode == SP_MODE_XA ? READ_FORM1 | READ_FORM2 : 1u << mode;
	const unsigned parts = read_parts(r->mode, plan->main);
	const unsigned group = is & READ_DATA ? READ_DATA : READ_AUDIO;
	const size_t stride = sp_sector_size(r->mode, parts);
	const bool bare = !behind.c2 && !behind.sub;
	*size = stride + behind.c2 + behind.sub;
	if ((plan->modes & is) != is || !stride ||
	    (*kind && *kind != group && sim->profile.transition) ||
	    (sim->profile.read_offset && group == READ_AUDIO) ||
	    (sim->profile.lec && group == READ_DATA) ||
	    stride != sp_sector_size(r->mode, r->parts) || !read_is_selection(mode, plan->main) ||
	    ((r->parts ^ parts) & sp_mode_parts(r->mode)))
		return 0;
	const uint64_t left = r->count - (uint64_t)(lba - r->lba);
	const sp_lba fault = sim_fault_next(sim, lba);
	uint64_t n = left < count ? left : count;
	/* INT64_MAX is no fault, and the LBA may be negative */
	const uint64_t good = (uint64_t)fault - (uint64_t)lba;
	n = good < n ? good : n;
	n = n < READ_STATES ? n : READ_STATES;
	n = n < room / *size ? n : room / *size;
	n = !bare && n > SIM_WINDOW ? SIM_WINDOW : n;
	struct sp_span span = {.lba = lba,
			       .count = (uint32_t)n,
			       .mode = r->mode,
			       .parts = r->parts,
			       .stride = stride,
			       .data = bare ? out : sim->window.data,
			       .state = state};
	memset(state, 0, sizeof(state[0]) * n);
	sim->window.count = bare ? sim->window.count : 0;
	if (!n || sp_source_read(sim->src, &span, NULL) < 0)
		return 0;
	const unsigned bad = SP_STATE_UNREAD | (behind.c2 ? SP_STATE_C2 : 0u);
	for (uint32_t i = 0; i < span.count; i++)
		if (state[i] & bad)
			span.count = i;
	if (!bare && !read_put(sim, &span, &behind, out))
		return 0;
	*kind = span.count ? group : *kind;
	return span.count;
}

/* Time passes: a seek when the pick-up stands elsewhere, and turns of the disc. */
static void read_spend(struct sp_sim *sim, sp_lba lba, uint32_t count)
{
	if (!sim_cache_has(sim, lba)) {
		if (lba != sim->at)
			sim->clock += SEEK_US;
		sim->clock += (uint64_t)count * SP_RAW_SIZE * 1000 / (sim->speed ? sim->speed : 1);
	}
	sim_cache_add(sim, lba, count);
	sim->at = lba + count;
}

static bool read_in_range(const struct sp_sim *sim, sp_lba lba, uint32_t count)
{
	const sp_lba end = sim_end(sim) + (sim->kind->family == SIM_CD ? sim->profile.lead_out : 0);

	return lba >= sim->profile.lead_in && lba <= end && (sp_lba)count <= end - lba;
}

static void read_run(struct sp_sim *sim, struct sp_command *c, const struct read_plan *plan)
{
	uint8_t *out = c->data;
	const size_t room = c->direction == SP_DATA_IN ? c->size : 0;
	unsigned kind = 0; /* the group the first sector belongs to */
	uint32_t done = 0;

	if (!read_in_range(sim, plan->lba, plan->count)) {
		sim_fail_at(c, SIM_OUT_OF_RANGE, plan->lba);
		return;
	}
	while (done < plan->count &&
	       (c->done < room || !done)) { /* what nobody takes is not read */
		uint8_t sector[READ_MOST];
		size_t size = 0;
		const sp_lba lba = plan->lba + done;
		const uint32_t n = read_span(sim, plan, lba, plan->count - done, &kind,
					     out + c->done, room - c->done, &size);

		if (n) {
			c->done += n * size;
			done += n;
			continue;
		}
		const bool fits = room - c->done >= READ_MOST;
		uint8_t *to = fits ? out + c->done : sector;
		const uint32_t sense = read_sector(sim, plan, lba, &kind, to, &size);
		if (sense) {
			sim_fail_at(c, sense, lba);
			break;
		}
		size = size < room - c->done ? size : room - c->done;
		if (!fits)
			memcpy(out + c->done, sector, size);
		c->done += size;
		done++;
	}
	read_spend(sim, plan->lba, done);
}

static bool read_has_c2(const struct sp_sim *sim, unsigned size)
{
	const unsigned c2 = sim->profile.c2;

	return !size || (c2 != SIM_C2_NONE && !(c2 == SIM_C2_294 && size != SP_C2_SIZE) &&
			 !(c2 == SIM_C2_296 && size == SP_C2_SIZE));
}

/* Bytes 9 and 10 of READ CD; the byte before says the type. */
static void read_cd(struct sp_sim *sim, struct sp_command *c, sp_lba lba, uint32_t count)
{
	static const uint16_t c2_size[4] = {0, SP_C2_SIZE, SP_C2_SIZE + 2, 0};
	const unsigned error = c->cdb[9] >> 1 & 3, type = c->cdb[1] >> 2 & 7;
	struct read_plan plan = {.lba = lba,
				 .count = count,
				 .modes = read_types[type],
				 .main = c->cdb[9] >> 3,
				 .sub = c->cdb[10] & 7};

	plan.c2 = c2_size[error];
	if (!plan.modes || error == 3 || !read_has_c2(sim, plan.c2) ||
	    (plan.sub != READ_SUB_NONE && plan.sub != READ_SUB_PW && plan.sub != READ_SUB_Q &&
	     plan.sub != READ_SUB_RW)) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (plan.main || plan.c2 || plan.sub)
		read_run(sim, c, &plan);
}

void sim_read_cd(struct sp_sim *sim, struct sp_command *c)
{
	read_cd(sim, c, (int32_t)get_be32(c->cdb + 2), get_be32(c->cdb + 5) & 0xffffff);
}

void sim_read_cd_msf(struct sp_sim *sim, struct sp_command *c)
{
	sp_lba from, to;

	if (!sp_msf_to_lba((struct sp_msf){c->cdb[3], c->cdb[4], c->cdb[5]}, true, &from) ||
	    !sp_msf_to_lba((struct sp_msf){c->cdb[6], c->cdb[7], c->cdb[8]}, true, &to) ||
	    to < from)
		sim_fail(c, SIM_INVALID_FIELD);
	else
		read_cd(sim, c, from, (uint32_t)(to - from));
}

static void read_blocks(struct sp_sim *sim, struct sp_command *c, uint32_t lba, uint32_t count)
{
	const struct read_plan plan = {
		.lba = lba, .count = count, .modes = READ_MODE1 | READ_FORM1, .main = 2};

	if (c->cdb[1] & 8) /* FUA */
		sim_cache_flush(sim, SIM_FLUSH_FUA);
	if (count)
		read_run(sim, c, &plan);
}

void sim_read_10(struct sp_sim *sim, struct sp_command *c)
{
	read_blocks(sim, c, get_be32(c->cdb + 2), get_be16(c->cdb + 7));
}

void sim_read_12(struct sp_sim *sim, struct sp_command *c)
{
	if (!get_be32(c->cdb + 6))
		sim_cache_flush(sim, SIM_FLUSH_READ12);
	read_blocks(sim, c, get_be32(c->cdb + 2), get_be32(c->cdb + 6));
}

void sim_verify(struct sp_sim *sim, struct sp_command *c)
{
	const sp_lba lba = get_be32(c->cdb + 2);

	if (!read_in_range(sim, lba, get_be16(c->cdb + 7)))
		sim_fail_at(c, SIM_OUT_OF_RANGE, lba);
	else
		read_spend(sim, lba, get_be16(c->cdb + 7));
}

void sim_seek(struct sp_sim *sim, struct sp_command *c)
{
	const sp_lba lba = get_be32(c->cdb + 2);

	if (!read_in_range(sim, lba, 1))
		sim_fail_at(c, SIM_OUT_OF_RANGE, lba);
	else
		read_spend(sim, lba, 0);
}

/* READ HEADER, of MMC-1: mode, and where the sector says that it lies */
void sim_read_header(struct sp_sim *sim, struct sp_command *c)
{
	const sp_lba lba = (int32_t)get_be32(c->cdb + 2);
	struct sim_sector sector;
	struct sp_msf msf;
	uint8_t reply[8] = {0};

	if (!read_in_range(sim, lba, 1) || !sp_lba_to_msf(lba, &msf)) {
		sim_fail_at(c, SIM_OUT_OF_RANGE, lba);
		return;
	}
	const uint32_t sense = sim_sector_load(sim, lba, false, false, &sector);
	if (sense || sector.mode == SP_MODE_AUDIO) {
		sim_fail_at(c, sense ? sense : SIM_ILLEGAL_MODE, lba);
		return;
	}
	reply[0] = sector.main[15];
	if (c->cdb[1] & 2) {
		reply[5] = msf.m;
		reply[6] = msf.s;
		reply[7] = msf.f;
	} else {
		put_be32(reply + 4, (uint32_t)lba);
	}
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}

/* Plextor's READ CD-DA: data comes scrambled, whatever READ CD does. Byte 10: nothing more, Q, P-W
 * behind the samples, P-W alone, or C2 before P-W. */
void sim_plextor_d8(struct sp_sim *sim, struct sp_command *c)
{
	static const struct {
		uint8_t code, main, sub;
		uint16_t c2;
	} forms[] = {{0, 2, READ_SUB_NONE, 0},
		     {1, 2, READ_SUB_Q, 0},
		     {2, 2, READ_SUB_PW, 0},
		     {3, 0, READ_SUB_PW, 0},
		     {8, 2, READ_SUB_PW, SP_C2_SIZE}};
	struct read_plan plan = {.lba = (int32_t)get_be32(c->cdb + 2),
				 .count = get_be32(c->cdb + 6),
				 .modes = READ_AUDIO};

	for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].code != c->cdb[10])
			continue;
		plan.main = forms[i].main;
		plan.sub = forms[i].sub;
		plan.c2 = forms[i].c2;
		read_run(sim, c, &plan);
		return;
	}
	sim_fail(c, SIM_INVALID_FIELD);
}
