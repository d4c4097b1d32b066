/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disc that is one track of data without framing: what an .iso, a DVD, a disk image is of. */
#include "disc/data.h"

/* Sectors of the largest media of each kind, to guess the medium by: 99:59:74 less the pregap, and
 * a DVD of two layers (ECMA-267: 8.54 GB). */
#define DATA_CD_MAX  SP_LBA_MSF_END
#define DATA_DVD_MAX 4173824

static unsigned data_medium(uint64_t sectors)
{
	return sectors < DATA_CD_MAX    ? SP_MEDIUM_CD
	       : sectors < DATA_DVD_MAX ? SP_MEDIUM_DVD
					: SP_MEDIUM_BD;
}

void sp_disc_data_resize(struct sp_disc *disc, uint64_t sectors)
{
	disc->medium = data_medium(sectors);
	disc->session[0].lead_out = (sp_lba)sectors;
	disc->track[0].length = sectors;
	disc->region[0].count = sectors;
}

struct sp_disc *sp_disc_plain(unsigned medium, unsigned mode, uint64_t sectors)
{
	struct sp_disc *disc = sp_disc_new();
	const struct sp_region region = {.count = sectors,
					 .session = 1,
					 .track = 1,
					 .kind = SP_REGION_TRACK,
					 .mode = mode,
					 .parts = SP_PART_USER,
					 .stored = true};
	struct sp_track *track = disc && sp_disc_add_session(disc) ? sp_disc_add_track(disc) : NULL;

	if (!track || !sp_disc_add_region(disc, &region)) {
		sp_disc_free(disc);
		return NULL;
	}
	disc->medium = medium;
	disc->session[0].lead_out = (sp_lba)sectors;
	track->session = 1;
	track->control = SP_CONTROL_DATA;
	track->mode = mode;
	track->start = track->index[1] = 0;
	track->length = sectors;
	return disc;
}

struct sp_disc *sp_disc_data(uint64_t sectors)
{
	return sp_disc_plain(data_medium(sectors), SP_MODE_DATA2048, sectors);
}
