/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the drive can write and how much the disc holds: found out by trying mode pages. */
#include "drive/recorder_own.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_WRITE      0x05
#define PAGE_LEAST      16
#define FEATURE_MASTER  0x002e /* CD mastering: session at once and raw, MMC-6 5.3.26 */
#define WRITE_TYPE      0x0f
#define WRITE_TEST      0x10
#define WRITE_UNDERRUN  0x40
#define MULTI_OPEN      0xc0
#define AUDIO_PAUSE     150
#define TRACK_INVISIBLE 0xff /* MMC-6 6.27.2: the one that is yet to be written */

enum { TYPE_SAO = 2, TYPE_RAW = 3 };

/* Select page 05h with that type, and see that it is what was selected. */
static int drive_try(const struct recorder_drive *drive, unsigned flags, unsigned block,
		     const struct recorder_way *way, struct sp_error *err)
{
	uint8_t page[RECORDER_PAGE], now[RECORDER_PAGE];
	const unsigned type = way->raw ? TYPE_RAW : TYPE_SAO;
	size_t length;

	memcpy(page, drive->page, sizeof(page));
	page[2] = (uint8_t)((page[2] & ~(WRITE_TYPE | WRITE_TEST | WRITE_UNDERRUN)) | type | flags);
	page[3] = way->open ? MULTI_OPEN : 0;
	page[4] = (uint8_t)((page[4] & 0xf0) | block);
	page[8] = (uint8_t)way->session;
	put_be16(page + 14, AUDIO_PAUSE);
	/* MCN and ISRC are the cue sheet's or Q's: none here, which some drives would add */
	if (drive->page_size >= 48)
		memset(page + 16, 0, 32);
	int r = sp_mmc_mode_select(drive->transport, page, drive->page_size, err);
	if (!r)
		r = sp_mmc_mode_sense(drive->transport, PAGE_WRITE, now, sizeof(now), &length, err);
	if (!r && (((now[2] ^ page[2]) & (WRITE_TYPE | WRITE_TEST)) || ((now[4] ^ page[4]) & 15)))
		r = sp_fail(err, SP_ERR_DEVICE,
			    "%s: mode page 05h does not stay as it was selected",
			    drive->transport->name);
	return r;
}

int recorder_select(const struct recorder_drive *drive, const struct recorder_way *way,
		    struct sp_error *err)
{
	const unsigned test = way->test ? WRITE_TEST : 0;
	const unsigned block = way->raw ? drive->raw_block : 0;

	/* drives of old do not know the bit, or not of this way of writing */
	if (drive->underrun && !drive_try(drive, test | WRITE_UNDERRUN, block, way, NULL))
		return 0;
	return drive_try(drive, test, block, way, err);
}

/* Ways of writing, each tried with the page as it was put back afterwards. */
static void drive_probe(struct recorder_drive *drive)
{
	const struct recorder_way sao = {.raw = false}, raw = {.raw = true};

	drive->sao = !drive_try(drive, 0, 0, &sao, NULL);
	drive->raw_block = RECORDER_RAW_PW;
	drive->raw = !drive_try(drive, 0, RECORDER_RAW_PW, &raw, NULL);
	if (!drive->raw) {
		drive->raw_block = RECORDER_RAW_PQ;
		drive->raw = !drive_try(drive, 0, RECORDER_RAW_PQ, &raw, NULL);
	}
	sp_mmc_mode_select(drive->transport, drive->page, drive->page_size, NULL);
}

/* ATIP: MMC-6 6.26.3.6, whose descriptor begins at byte 4. */
static int drive_atip(struct recorder_drive *drive, struct sp_error *err)
{
	uint8_t *data;
	size_t size;
	int r = sp_mmc_toc(drive->transport, SP_TOC_ATIP, 0, &data, &size, err);

	if (r < 0)
		return r;
	if (size < 15 ||
	    !sp_msf_to_lba((struct sp_msf){data[8], data[9], data[10]}, true, &drive->lead_in) ||
	    !sp_msf_to_lba((struct sp_msf){data[12], data[13], data[14]}, false,
			   &drive->capacity) ||
	    drive->lead_in >= -SP_MSF_OFFSET || drive->capacity <= 0)
		r = sp_fail(err, SP_ERR_DEVICE,
			    "%s: the disc does not say where its lead-in begins and how much it "
			    "holds (ATIP)",
			    drive->transport->name);
	free(data);
	return r;
}

/* Where the disc begins, or goes on. */
static int drive_place(struct recorder_drive *drive, bool append, struct sp_error *err)
{
	struct sp_transport *transport = drive->transport;
	struct sp_track_info track;
	struct sp_disc_info info;
	int r = sp_mmc_disc_info(transport, &info, err);

	drive->place = (struct recorder_place){.first = -SP_MSF_OFFSET};
	if (r < 0 || info.status == 0)
		return r;
	if (info.status != 1 || !append)
		return sp_fail(err, SP_ERR_DEVICE, "%s: the %s in it is not blank%s",
			       transport->name, sp_profile_name(drive->profile),
			       info.erasable ? "; spindle blank makes it so" : "");
	if (info.session_status != 0 || info.sessions < 2)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: the last session of the %s in it is not closed",
			       transport->name, sp_profile_name(drive->profile));
	r = sp_mmc_track_info(transport, false, TRACK_INVISIBLE, &track, err);
	if (!r && !track.has_next)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: the drive does not say where the %s goes on",
			    transport->name, sp_profile_name(drive->profile));
	drive->place = (struct recorder_place){track.next - SP_MSF_OFFSET, info.sessions - 1,
					       info.last_first};
	return r;
}

int recorder_look(struct recorder_drive *drive, struct sp_transport *transport, bool append,
		  struct sp_error *err)
{
	struct sp_drive_identity identity;
	uint8_t feature[4];
	bool current;
	unsigned type;
	int r = sp_mmc_inquiry(transport, &identity, &type, err);

	*drive = (struct recorder_drive){.transport = transport};
	if (r < 0)
		return r;
	if (type != 5)
		return sp_fail(err, SP_ERR_DEVICE, "%s: no drive of optical discs",
			       transport->name);
	if ((r = sp_mmc_settle(transport, "TEST UNIT READY", SP_MMC_WRITE_LIMIT, NULL, err)) < 0 ||
	    (r = sp_mmc_configuration(transport, FEATURE_MASTER, &drive->profile, feature,
				      sizeof(feature), &current, err)) < 0)
		return r;
	if (drive->profile != SP_PROFILE_CD_R && drive->profile != SP_PROFILE_CD_RW)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: this way of writing is for CD-R and CD-RW, not for a %s",
			       transport->name,
			       *sp_profile_name(drive->profile) ? sp_profile_name(drive->profile)
								: "disc of another kind");
	drive->test = feature[0] & 0x04;
	drive->underrun = feature[0] & 0x40;
	drive->cue_most = get_be32(feature) & 0xffffff;
	r = sp_mmc_mode_sense(transport, PAGE_WRITE, drive->page, sizeof(drive->page),
			      &drive->page_size, err);
	if (!r && drive->page_size < PAGE_LEAST)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: mode page 05h has %zu bytes", transport->name,
			    drive->page_size);
	if (r < 0 || (r = drive_place(drive, append, err)) < 0 || (r = drive_atip(drive, err)) < 0)
		return r;
	drive_probe(drive);
	return 0;
}
