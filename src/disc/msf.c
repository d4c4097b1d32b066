/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LBA ↔ minutes, seconds, frames. */
#include <spindle/disc.h>

#define FRAMES_PER_SECOND 75
#define FRAMES_PER_MINUTE (60 * FRAMES_PER_SECOND)
#define FRAMES            (100 * FRAMES_PER_MINUTE) /* 99:59:74 is the last */
#define LEAD_IN_MINUTE    90
/* 90:00:00 is this LBA: what lies before the program area counts up to 99:59:74 */
#define LEAD_IN_LBA (LEAD_IN_MINUTE * FRAMES_PER_MINUTE - SP_MSF_OFFSET - FRAMES)

bool sp_frames_to_msf(uint64_t frames, struct sp_msf *msf)
{
	if (frames >= FRAMES)
		return false;
	const unsigned n = (unsigned)frames;

	*msf = (struct sp_msf){.m = (uint8_t)(n / FRAMES_PER_MINUTE),
			       .s = (uint8_t)(n / FRAMES_PER_SECOND % 60),
			       .f = (uint8_t)(n % FRAMES_PER_SECOND)};
	return true;
}

bool sp_msf_to_frames(struct sp_msf msf, uint32_t *frames)
{
	if (msf.m > 99 || msf.s > 59 || msf.f >= FRAMES_PER_SECOND)
		return false;
	*frames = (uint32_t)(msf.m * FRAMES_PER_MINUTE + msf.s * FRAMES_PER_SECOND + msf.f);
	return true;
}

bool sp_lba_to_msf(sp_lba lba, struct sp_msf *msf)
{
	if (lba < LEAD_IN_LBA || lba >= SP_LBA_MSF_END)
		return false;
	lba += SP_MSF_OFFSET;
	return sp_frames_to_msf((uint64_t)(lba < 0 ? lba + FRAMES : lba), msf);
}

bool sp_msf_to_lba(struct sp_msf msf, bool lead_in, sp_lba *lba)
{
	uint32_t frames;

	if (!sp_msf_to_frames(msf, &frames))
		return false;
	*lba = (sp_lba)frames - SP_MSF_OFFSET;
	if (lead_in && msf.m >= LEAD_IN_MINUTE)
		*lba -= FRAMES;
	return true;
}
