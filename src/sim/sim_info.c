/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the drive tells of itself: INQUIRY, events, mechanism, speeds. */
#include "sim/sim_drive.h"

#include "base/bytes.h"

#include <string.h>

#define INFO_SPEEDS 4 /* of writing: the fastest, and each half of the one before */

/* Text in a field that is padded with spaces. */
static void info_put_text(uint8_t *to, const char *text, size_t size)
{
	const size_t length = strlen(text);

	memset(to, ' ', size);
	memcpy(to, text, length < size ? length : size);
}

/* Vital product data pages, SPC-4 7.8: the list, the serial number, the identification. */
static size_t info_vital(const struct sp_sim *sim, unsigned page, uint8_t *reply)
{
	static const uint8_t pages[] = {0x00, 0x80, 0x83};
	const struct sim_profile *p = &sim->profile;
	size_t size;

	reply[0] = 5; /* MMC device */
	reply[1] = (uint8_t)page;
	switch (page) {
	case 0x00:
		size = sizeof(pages);
		memcpy(reply + 4, pages, size);
		break;
	case 0x80:
		size = strlen(p->serial);
		memcpy(reply + 4, p->serial, size);
		break;
	case 0x83:
		reply[4] = 2; /* ASCII */
		reply[5] = 1; /* T10 vendor identification */
		info_put_text(reply + 8, p->vendor, 8);
		info_put_text(reply + 16, p->product, 16);
		info_put_text(reply + 32, p->serial, strlen(p->serial));
		size = 28 + strlen(p->serial);
		reply[7] = (uint8_t)(size - 4);
		break;
	default:
		return 0;
	}
	reply[3] = (uint8_t)size;
	return 4 + size;
}

void sim_inquiry(struct sp_sim *sim, struct sp_command *c)
{
	const unsigned room = get_be16(c->cdb + 3);
	uint8_t reply[96] = {0};
	size_t size = 36;

	if (c->cdb[1] & 1) {
		size = info_vital(sim, c->cdb[2], reply);
	} else if (c->cdb[2]) {
		size = 0;
	} else {
		reply[0] = 5;
		reply[1] = 0x80; /* removable */
		reply[2] = 5;    /* SPC-3 */
		reply[3] = 2;    /* response data format */
		reply[4] = 31;
		info_put_text(reply + 8, sim->profile.vendor, 8);
		info_put_text(reply + 16, sim->profile.product, 16);
		info_put_text(reply + 32, sim->profile.revision, 4);
	}
	if (size)
		sim_reply(c, reply, size, room);
	else
		sim_fail(c, SIM_INVALID_FIELD);
}

/* MMC-6 6.6, polled: of the classes asked for, the first one that has an event, else the first one
 * there is. Classes here: operational change, external request, media. */
void sim_event_status(struct sp_sim *sim, struct sp_command *c)
{
	enum { OPERATIONAL = 1, EXTERNAL = 3, MEDIA = 4 };
	const unsigned classes = 1u << OPERATIONAL | 1u << EXTERNAL | 1u << MEDIA;
	const unsigned asked = c->cdb[4] & classes;
	uint8_t reply[8] = {0, 2, 0x80, (uint8_t)classes}; /* no event available */

	if (!(c->cdb[1] & 1)) { /* not polled: never was in use */
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (!asked) {
		sim_reply(c, reply, 4, get_be16(c->cdb + 7));
		return;
	}
	const bool media = asked & 1u << MEDIA && (sim->event || asked == 1u << MEDIA);
	reply[1] = 6;
	reply[2] = (uint8_t)(media ? MEDIA : __builtin_ctz(asked));
	if (media) {
		reply[4] = (uint8_t)sim->event;
		reply[5] = (uint8_t)((sim->open ? 1 : 0) | (sim->kind && !sim->open ? 2 : 0));
		if (get_be16(c->cdb + 7) >= 8)
			sim->event = 0;
	}
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 7));
}

void sim_mechanism(struct sp_sim *sim, struct sp_command *c)
{
	uint8_t reply[8] = {0};

	put_be32(reply + 1, sim->at > 0 ? (uint32_t)sim->at & 0xffffff : 0);
	reply[1] = sim->open ? 0x10 : 0; /* the door is open; nothing moves */
	sim_reply(c, reply, sizeof(reply), get_be16(c->cdb + 8));
}

unsigned sim_speed_max(const struct sp_sim *sim)
{
	switch (sim->kind ? sim->kind->family : SIM_CD) {
	case SIM_DVD:
		return 16 * SIM_DVD_1X;
	case SIM_BD:
		return 8 * SIM_BD_1X;
	default:
		return (unsigned)sim->profile.speed * SIM_CD_1X;
	}
}

/* FFFFh and FFFFFFFFh: as fast as can be. */
static void info_speed(struct sp_sim *sim, uint32_t speed)
{
	const unsigned most = sim_speed_max(sim);

	sim->speed = !speed || speed > most ? most : speed;
}

void sim_set_speed(struct sp_sim *sim, struct sp_command *c)
{
	info_speed(sim, get_be16(c->cdb + 2));
}

/* A performance descriptor, MMC-6 table 638: so many kB in so many ms. */
void sim_set_streaming(struct sp_sim *sim, struct sp_command *c)
{
	const unsigned size = get_be16(c->cdb + 9);
	const uint8_t *data = size ? sim_sent(c, size) : NULL;

	if (!size || !data)
		return;
	if (size < 28) {
		sim_fail(c, SIM_LIST_LENGTH);
		return;
	}
	const uint64_t kb = get_be32(data + 12), ms = get_be32(data + 16);
	if (data[0] & 4) /* restore defaults */
		info_speed(sim, 0);
	else if (!ms)
		sim_fail(c, SIM_INVALID_PARAMETER);
	else
		info_speed(sim, kb * 1000 / ms > UINT32_MAX ? 0 : (uint32_t)(kb * 1000 / ms));
}

/* GET PERFORMANCE, MMC-6 6.7: nominal performance, and the speeds of writing. */
void sim_performance(struct sp_sim *sim, struct sp_command *c)
{
	const unsigned type = c->cdb[10], most = get_be16(c->cdb + 8);
	const size_t room = 8 + (size_t)most * 16;
	const sp_lba end = sim->medium ? (sp_lba)sim->medium->capacity : sim_disc_end(sim->disc);
	uint8_t reply[8 + INFO_SPEEDS * 16] = {0};
	size_t size = 8;

	if (type != 0 && type != 3) {
		sim_fail(c, SIM_INVALID_FIELD);
		return;
	}
	if (type == 0) {
		/* from inside to outside no difference: constant linear velocity */
		reply[4] = c->cdb[1] & 4 ? 2 : 0; /* of writing */
		put_be32(reply + 12, sim_speed_max(sim));
		put_be32(reply + 16, end > 0 ? (uint32_t)(end - 1) : 0);
		put_be32(reply + 20, sim_speed_max(sim));
		size += 16;
	}
	for (unsigned i = 0; type == 3 && sim->medium && i < INFO_SPEEDS; i++, size += 16) {
		put_be32(reply + size + 4, (uint32_t)(end > 0 ? end - 1 : 0));
		put_be32(reply + size + 8, sim_speed_max(sim));
		put_be32(reply + size + 12, sim_speed_max(sim) >> i);
	}
	put_be32(reply, (uint32_t)(size - 4));
	sim_reply(c, reply, size, room);
}
