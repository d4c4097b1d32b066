/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, sizes, times and speeds as a person reads them. */
#include "report/units.h"

#include <inttypes.h>
#include <stdio.h>

char *units_msf(char text[UNITS_TEXT], sp_lba lba)
{
	struct sp_msf msf;

	if (sp_lba_to_msf(lba, &msf))
		snprintf(text, UNITS_TEXT, "%02u:%02u:%02u", msf.m, msf.s, msf.f);
	else
		snprintf(text, UNITS_TEXT, "%" PRId64, lba);
	return text;
}

char *units_frames(char text[UNITS_TEXT], uint64_t frames)
{
	struct sp_msf msf;

	if (sp_frames_to_msf(frames, &msf))
		snprintf(text, UNITS_TEXT, "%02u:%02u:%02u", msf.m, msf.s, msf.f);
	else
		snprintf(text, UNITS_TEXT, "%" PRIu64, frames);
	return text;
}

char *units_size(char text[UNITS_TEXT], uint64_t bytes)
{
	static const char prefix[] = "kMGTPE";
	uint64_t unit = 1000;
	unsigned i = 0;

	if (bytes < 1000) {
		snprintf(text, UNITS_TEXT, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return text;
	}
	while (bytes / unit >= 1000) {
		unit *= 1000;
		i++;
	}
	snprintf(text, UNITS_TEXT, "%" PRIu64 ".%" PRIu64 " %cB", bytes / unit,
		 bytes % unit / (unit / 10), prefix[i]);
	return text;
}

char *units_seconds(char text[UNITS_TEXT], uint64_t seconds)
{
	const uint64_t h = seconds / 3600;
	const unsigned m = (unsigned)(seconds / 60 % 60), s = (unsigned)(seconds % 60);

	if (h)
		snprintf(text, UNITS_TEXT, "%" PRIu64 ":%02u:%02u", h, m, s);
	else
		snprintf(text, UNITS_TEXT, "%u:%02u", m, s);
	return text;
}

double units_speed(unsigned medium, double sectors, double bytes)
{
	switch (medium) {
	case SP_MEDIUM_CD:
	case SP_MEDIUM_GD:
		return sectors / 75;
	case SP_MEDIUM_DVD:
		return bytes / 1385e3;
	case SP_MEDIUM_BD:
		return bytes / 4496e3;
	default:
		return 0;
	}
}
