/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a burn besides its content: how fast, and where a second layer begins. */
#include "drive/burning.h"
#include "drive/mmc.h"
#include "drive/mmc_write.h"

#include "base/bytes.h"

#include <stdio.h>
#include <string.h>

#define UNIT 16 /* sectors: an ECC block of DVD */

/* --- speed --------------------------------------------------------------------------------- */

static void ask_list(char *text, size_t size, const unsigned *speed, size_t speeds, double once)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = speeds; i-- && used < size;) {
		const int n = snprintf(text + used, size - used, "%s%.2gx", used ? ", " : "",
				       speed[i] / once);

		used += n > 0 ? (size_t)n : 0;
	}
}

/* The fastest that is offered and not beyond what is asked; else the slowest. A tenth is no
 * difference: drives round. */
void sp_burning_speed(struct sp_burning *b)
{
	const double once = sp_mmc_once(b->report.target.medium);
	unsigned speed[SP_MMC_SPEEDS], asked = b->burn.speed;
	size_t speeds = 0, i = 0;
	char text[120];

	if (!asked)
		return;
	if (b->burn.times)
		asked = (unsigned)(asked * once + 0.5);
	b->burn.times = false;
	if (sp_mmc_write_speeds(b->transport, speed, &speeds, NULL) < 0 || !speeds) {
		b->report.plan.speed = b->burn.speed = asked;
		sp_note(b->burn.notes,
			"%s: does not tell which speeds it has: it takes what is "
			"nearest",
			b->burn.drive);
		return;
	}
	while (i + 1 < speeds && speed[i] > (double)asked * 1.1)
		i++;
	if (asked != SP_SPEED_MIN && asked < SP_SPEED_MAX &&
	    (speed[i] > asked * 1.1 || speed[i] < asked * 0.9)) {
		ask_list(text, sizeof(text), speed, speeds, once);
		sp_note(b->burn.notes,
			"%s: %.2gx is not offered for this %s, but %s: %.2gx is taken",
			b->burn.drive, asked / once, sp_profile_name(b->report.target.profile),
			text, speed[i] / once);
	}
	b->report.plan.speed = b->burn.speed = speed[i];
}

/* --- layers -------------------------------------------------------------------------------- */

/* What the drive says of the layers: *set, it cannot be set any more; *first, sectors of the first
 * one. */
static int ask_layers(struct sp_transport *transport, bool *set, sp_lba *first,
		      struct sp_error *err)
{
	uint8_t data[8];
	size_t length;
	const int r = sp_mmc_structure(transport, false, SP_STRUCTURE_LAYERS, 0, data, sizeof(data),
				       &length, err);

	if (r < 0)
		return r;
	if (length < sizeof(data))
		return sp_fail(err, SP_ERR_UNSUPPORTED, "%s: does not tell where its layers part",
			       transport->name);
	*set = data[0] & 0x80;
	*first = get_be32(data + 4);
	return 0;
}

/* The second layer is no longer than the first, and has something in it. */
static int ask_fits(const struct sp_burning *b, sp_lba at, sp_lba sectors, sp_lba most,
		    struct sp_error *err)
{
	const sp_lba least = (sectors + 2 * UNIT - 1) / (2 * UNIT) * UNIT;

	if (at % UNIT)
		return sp_fail(err, SP_ERR_USAGE, "--layer-break %lld: is no multiple of %d",
			       (long long)at, UNIT);
	if (at < least || at > most || at >= sectors)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a break at %lld: %lld sectors can be parted from %lld to %lld",
			       b->burn.drive, (long long)at, (long long)sectors, (long long)least,
			       (long long)(most < sectors ? most : sectors - UNIT));
	return 0;
}

int sp_burning_layers(struct sp_burning *b, uint64_t sectors, struct sp_error *err)
{
	const char *name = sp_profile_name(b->report.target.profile);
	const sp_lba whole = (sp_lba)((sectors + UNIT - 1) / UNIT * UNIT);
	sp_lba at = b->burn.layer_break, most;
	bool set;

	if (!at)
		return 0;
	if (b->report.target.profile != SP_PROFILE_DVD_PLUS_R_DL)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a layer break can be set on DVD+R DL, not on this %s",
			       b->burn.drive, name);
	const int r = ask_layers(b->transport, &set, &most, err);
	if (r < 0)
		return r;
	if (set)
		return sp_fail(err, SP_ERR_DEVICE,
			       "%s: its layers part at %lld already, which cannot be changed",
			       b->burn.drive, (long long)most);
	if (b->burn.simulate)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: a layer break is set for good, and cannot be simulated",
			       b->burn.drive);
	if (at == SP_BREAK_HALF)
		at = (whole / UNIT + 1) / 2 * UNIT;
	b->report.plan.layer_break = at;
	return ask_fits(b, at, whole, most, err);
}

int sp_burning_part(struct sp_burning *b, struct sp_error *err)
{
	uint8_t data[8] = {0};
	sp_lba now = 0;
	bool set;

	put_be32(data + 4, (uint32_t)b->report.plan.layer_break);
	int r = sp_mmc_send_structure(b->transport, SP_STRUCTURE_LAYERS, data, sizeof(data), err);
	if (!r)
		r = ask_layers(b->transport, &set, &now, err);
	if (!r && now != b->report.plan.layer_break)
		r = sp_fail(err, SP_ERR_DEVICE,
			    "%s: was told to part its layers at %lld, and parts them at %lld",
			    b->burn.drive, (long long)b->report.plan.layer_break, (long long)now);
	return r;
}
