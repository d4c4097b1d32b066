/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Media are made blank or are formatted, with the tray locked; and the drive is asked whether they
 * are. */
#include "drive/recorder.h"

/* The medium that is to be changed: a drive of optical discs, and what is in it now. */
static int blank_medium(struct sp_transport *transport, unsigned *profile,
			struct sp_disc_info *info, struct sp_error *err)
{
	struct sp_drive_identity identity;
	unsigned type;
	int r = sp_mmc_inquiry(transport, &identity, &type, err);

	if (r < 0)
		return r;
	if (type != 5)
		return sp_fail(err, SP_ERR_DEVICE, "%s: no drive of optical discs",
			       transport->name);
	if ((r = sp_mmc_settle(transport, "TEST UNIT READY", SP_MMC_WRITE_LIMIT, NULL, err)) < 0)
		return r;
	r = sp_mmc_configuration(transport, 0, profile, NULL, 0, NULL, err);
	return r < 0 ? r : sp_mmc_disc_info(transport, info, err);
}

int sp_recorder_blank(struct sp_transport *transport, bool full, const struct sp_mmc_watch *watch,
		      struct sp_error *err)
{
	struct sp_disc_info info;
	unsigned profile;
	int r = blank_medium(transport, &profile, &info, err);

	if (r < 0)
		return r;
	if (profile == SP_PROFILE_DVD_PLUS_RW || profile == SP_PROFILE_DVD_PLUS_RW_DL ||
	    profile == SP_PROFILE_DVD_RAM || profile == SP_PROFILE_BD_RE)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a %s is never blank: it is written over, or formatted",
			       transport->name, sp_profile_name(profile));
	if (profile != SP_PROFILE_CD_RW && profile != SP_PROFILE_DVD_RW &&
	    profile != SP_PROFILE_DVD_RW_RO)
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: a %s cannot be made blank",
			       transport->name,
			       *sp_profile_name(profile) ? sp_profile_name(profile) : "medium");
	const bool locked = !sp_mmc_prevent(transport, true, NULL);
	r = sp_mmc_blank(transport, full ? SP_BLANKING_DISC : SP_BLANKING_MINIMAL, watch, err);
	if (!r)
		r = sp_mmc_disc_info(transport, &info, err);
	if (!r && info.status != 0)
		r = sp_fail(err, SP_ERR_DEVICE, "%s: BLANK was done, and the disc is not blank",
			    transport->name);
	if (locked)
		sp_mmc_prevent(transport, false, NULL);
	return r;
}

/* Types of FORMAT UNIT for each medium, the best first; MMC-6 6.5.4.2. `mask` and `parameter`: what
 * is set in those three bytes. */
#define FORMAT_ASKED UINT32_MAX /* as many blocks as there are */
static const struct format_choice {
	unsigned profile;
	bool full;
	struct sp_format format; /* blocks 0: as the drive tells of that type */
	uint32_t mask;
} format_choices[] = {
	{SP_PROFILE_DVD_PLUS_RW, false, {FORMAT_ASKED, 0x26, 0}, 0xffffff},
	{SP_PROFILE_DVD_PLUS_RW, true, {FORMAT_ASKED, 0x26, 0}, 0xffffff},
	{SP_PROFILE_DVD_PLUS_RW_DL, false, {FORMAT_ASKED, 0x26, 0}, 0xffffff},
	{SP_PROFILE_DVD_PLUS_RW_DL, true, {FORMAT_ASKED, 0x26, 0}, 0xffffff},
	{SP_PROFILE_DVD_RW, false, {0, 0x15, 0}, 0},
	{SP_PROFILE_DVD_RW, true, {0, 0x00, 0}, 0},
	{SP_PROFILE_DVD_RW_RO, false, {0, 0x15, 0}, 0},
	{SP_PROFILE_DVD_RW_RO, true, {0, 0x00, 0}, 0},
	{SP_PROFILE_DVD_RAM, false, {0, 0x00, 0}, 0},
	{SP_PROFILE_DVD_RAM, true, {0, 0x01, 0}, 0},
	{SP_PROFILE_DVD_RAM, true, {0, 0x00, 0}, 0},
	{SP_PROFILE_BD_RE, false, {0, 0x30, 3}, 3}, /* sub-type: quick certification … */
	{SP_PROFILE_BD_RE, true, {0, 0x30, 2}, 3},  /* … full */
	{SP_PROFILE_BD_RE, false, {0, 0x00, 0}, 0},
	{SP_PROFILE_BD_RE, true, {0, 0x00, 0}, 0},
	{SP_PROFILE_BD_R, false, {0, 0x32, 0}, 3}, /* sub-type: spare areas, sequential recording */
	{SP_PROFILE_BD_R, true, {0, 0x32, 0}, 3},
	{SP_PROFILE_BD_R, false, {0, 0x00, 0}, 0},
	{SP_PROFILE_BD_R, true, {0, 0x00, 0}, 0},
};

/* One that the drive offers. */
static bool format_choose(unsigned profile, bool full, const struct sp_format *offered,
			  size_t count, struct sp_format *format)
{
	for (size_t i = 0; i < sizeof(format_choices) / sizeof(format_choices[0]); i++) {
		const struct format_choice *choice = &format_choices[i];

		if (choice->profile != profile || choice->full != full)
			continue;
		for (size_t k = 0; k < count; k++) {
			if (offered[k].type != choice->format.type)
				continue;
			*format = offered[k];
			if (choice->format.blocks)
				format->blocks = choice->format.blocks;
			format->parameter = (format->parameter & ~choice->mask) |
					    (choice->format.parameter & choice->mask);
			return true;
		}
	}
	return false;
}

int sp_recorder_format(struct sp_transport *transport, bool full, const struct sp_mmc_watch *watch,
		       struct sp_error *err)
{
	struct sp_format offered[SP_FORMATS_MAX], format;
	struct sp_disc_info info;
	unsigned profile;
	bool formatted;
	size_t count;
	int r = blank_medium(transport, &profile, &info, err);

	if (r < 0 || (r = sp_mmc_formats(transport, offered, &count, &formatted, err)) < 0)
		return r;
	const char *name = *sp_profile_name(profile) ? sp_profile_name(profile) : "medium";
	if (profile == SP_PROFILE_BD_R && info.status != 0)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: this BD-R is not blank; it is formatted before the first write "
			       "or never",
			       transport->name);
	if (!format_choose(profile, full, offered, count, &format))
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: this drive does not format a %s",
			       transport->name, name);
	const bool locked = !sp_mmc_prevent(transport, true, NULL);
	r = sp_mmc_format(transport, &format, watch, err);
	if (!r && profile != SP_PROFILE_BD_R)
		r = sp_mmc_formats(transport, offered, &count, &formatted, err);
	if (!r && profile != SP_PROFILE_BD_R && !formatted)
		r = sp_fail(err, SP_ERR_DEVICE,
			    "%s: FORMAT UNIT was done, and the disc is not formatted",
			    transport->name);
	if (locked)
		sp_mmc_prevent(transport, false, NULL);
	return r;
}
