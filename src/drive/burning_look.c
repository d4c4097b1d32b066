/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands before a burn: is it an optical drive, can its medium be written, what is on it. */
#include "drive/burning.h"
#include "drive/mmc.h"
#include "drive/mmc_write.h"

#include <stdio.h>
#include <string.h>

#define TYPE_CD      5 /* peripheral device type, SPC-4 table 142 */
#define READY_MS     500
#define READY_TRIES  120
#define HEAD_SECTORS 32   /* 64 KiB: what file systems begin with lies in them */
#define INVISIBLE    0xff /* the track that is yet to be written, MMC-6 6.27.2 */

const char *sp_burn_state_name(unsigned state)
{
	static const char *const name[] = {"blank", "appendable", "complete", "overwritable"};

	return state < SP_DISC_STATES ? name[state] : "unknown";
}

/* MMC-6 table 93: those that are written. */
static bool look_writable(unsigned profile)
{
	static const uint16_t writable[] = {
		SP_PROFILE_CD_R,       SP_PROFILE_CD_RW,          SP_PROFILE_DVD_R,
		SP_PROFILE_DVD_RAM,    SP_PROFILE_DVD_RW_RO,      SP_PROFILE_DVD_RW,
		SP_PROFILE_DVD_R_DL,   SP_PROFILE_DVD_R_DL_JUMP,  SP_PROFILE_DVD_PLUS_RW,
		SP_PROFILE_DVD_PLUS_R, SP_PROFILE_DVD_PLUS_RW_DL, SP_PROFILE_DVD_PLUS_R_DL,
		SP_PROFILE_BD_R,       SP_PROFILE_BD_R_RANDOM,    SP_PROFILE_BD_RE,
	};

	for (size_t i = 0; i < sizeof(writable) / sizeof(*writable); i++)
		if (writable[i] == profile)
			return true;
	return false;
}

static bool look_random(unsigned profile)
{
	return profile == SP_PROFILE_DVD_RAM || profile == SP_PROFILE_DVD_RW_RO ||
	       profile == SP_PROFILE_DVD_PLUS_RW || profile == SP_PROFILE_DVD_PLUS_RW_DL ||
	       profile == SP_PROFILE_BD_R_RANDOM || profile == SP_PROFILE_BD_RE;
}

int sp_burning_ready(struct sp_transport *transport, struct sp_error *err)
{
	struct sp_answer answer;
	int r = 0;

	for (unsigned i = 0; i < READY_TRIES; i++) {
		r = sp_mmc_ready(transport, &answer, err);
		if (!r)
			return 0;
		const bool attention = answer.sense.key == SP_SENSE_ATTENTION;
		const bool becoming =
			answer.sense.key == SP_SENSE_NOT_READY && answer.sense.asc == 0x04;
		if (answer.sense.key == SP_SENSE_NOT_READY && answer.sense.asc == 0x3a)
			return sp_fail(err, SP_ERR_DEVICE, "%s: there is no disc in the drive",
				       transport->name);
		if (!attention && !becoming)
			return r;
		if (becoming)
			transport->ops->wait(transport, READY_MS);
	}
	return r;
}

/* What lies at the beginning of a medium that is never blank. What cannot be read was never
 * written. */
static void look_content(struct sp_burn_target *target, struct sp_transport *transport)
{
	static const char *const name[] = {"ISO 9660", "UDF"};
	uint8_t data[HEAD_SECTORS * 2048] = {0};
	char id[33];
	size_t n = 0;

	for (unsigned i = 0; i < HEAD_SECTORS; i += 16)
		if (sp_mmc_read(transport, false, i, 16, data + i * 2048, SP_MMC_TIMEOUT_LONG, NULL,
				NULL) < 0)
			memset(data + i * 2048, 0, 16 * 2048);
	for (size_t i = 0; i < sizeof(data) && !target->used; i++)
		target->used = data[i] != 0;
	const uint8_t *volume = data + 16 * 2048;
	if (!memcmp(volume, "\1CD001", 6)) {
		while (n < 32 && volume[40 + n] >= 0x20 && volume[40 + n] < 0x7f) {
			id[n] = (char)volume[40 + n];
			n++;
		}
		while (n && id[n - 1] == ' ')
			n--;
		id[n] = '\0';
		snprintf(target->holds, sizeof(target->holds), "%s%s%.24s", name[0], n ? ": " : "",
			 id);
	} else if (!memcmp(volume + 1, "BEA01", 5)) {
		snprintf(target->holds, sizeof(target->holds), "%s", name[1]);
	}
}

static int look_room(struct sp_burn_target *target, struct sp_transport *transport,
		     struct sp_error *err)
{
	struct sp_track_info track;
	uint64_t blocks;
	uint32_t size;

	if (target->state == SP_DISC_COMPLETE)
		return 0;
	if (target->state == SP_DISC_RANDOM) {
		/* DVD+RW is formatted while it is written */
		if (target->profile == SP_PROFILE_BD_RE || target->profile == SP_PROFILE_DVD_RAM) {
			struct sp_format offered[SP_FORMATS_MAX];
			size_t count;
			bool formatted;

			target->unformatted =
				!sp_mmc_formats(transport, offered, &count, &formatted, NULL) &&
				!formatted;
		}
		if (!sp_mmc_capacity(transport, &blocks, &size, NULL))
			target->free = blocks;
		look_content(target, transport);
		return 0;
	}
	const int r = sp_mmc_track_info(transport, false, INVISIBLE, &track, err);
	if (r < 0)
		return r;
	target->free = track.free;
	target->next = target->state == SP_DISC_BLANK ? 0
		       : track.has_next               ? track.next
						      : track.start;
	return 0;
}

int sp_burning_look(struct sp_burn_target *target, struct sp_transport *transport,
		    struct sp_error *err)
{
	struct sp_disc_info info;
	unsigned type;

	*target = (struct sp_burn_target){0};
	int r = sp_mmc_inquiry(transport, &target->identity, &type, err);
	if (!r && type != TYPE_CD)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: is no optical drive", transport->name);
	if (!r)
		r = sp_burning_ready(transport, err);
	if (!r)
		r = sp_mmc_configuration(transport, 0, &target->profile, NULL, 0, NULL, err);
	if (r < 0)
		return r;
	if (!look_writable(target->profile) || !sp_profile_medium(target->profile, &target->medium))
		return sp_fail(err, SP_ERR_DEVICE, "%s: the disc in it, %s, cannot be written",
			       transport->name,
			       *sp_profile_name(target->profile) ? sp_profile_name(target->profile)
								 : "of no known kind");
	if ((r = sp_mmc_disc_info(transport, &info, err)) < 0)
		return r;
	target->erasable = info.erasable;
	target->closed = sp_burning_closed(&info);
	target->state = look_random(target->profile) ? SP_DISC_RANDOM
			: info.status == 0           ? SP_DISC_BLANK
			: info.status == 1           ? SP_DISC_APPENDABLE
						     : SP_DISC_COMPLETE;
	return look_room(target, transport, err);
}
