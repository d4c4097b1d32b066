/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One burn on one drive, from the look at it to the comparison. */
#ifndef SP_DRIVE_BURNING_H
#define SP_DRIVE_BURNING_H

#include "drive/mmc.h"
#include "drive/transport.h"

#include <spindle/burn.h>

struct sp_burning {
	struct sp_burn burn;
	struct sp_transport *transport; /* NULL: the sink has the drive, or nobody */
	struct sp_sink *sink;           /* NULL: nothing is planned */
	struct sp_burn_report report;
};

/* Wait until the medium can be asked, a minute at most. */
int sp_burning_ready(struct sp_transport *transport, struct sp_error *err);
/* What the drive is and what is in it: an optical drive, a medium that can be written. */
int sp_burning_look(struct sp_burn_target *target, struct sp_transport *transport,
		    struct sp_error *err);
/* Sessions that have their end. */
unsigned sp_burning_closed(const struct sp_disc_info *info);
/* What became of the medium, in the report; where the burn failed or was stopped after sectors were
 * sent (report.sectors), what it left open is closed first. Whether no session is open; false too
 * where the drive cannot be asked. */
bool sp_burning_after(struct sp_burning *burning, bool failed);

/* What is asked of speed: burn.speed becomes one that the drive offers, with a note where it is
 * another. */
void sp_burning_speed(struct sp_burning *b);
/* Whether the layers can be parted as asked, of so many sectors; and do it, before the first of
 * them. */
int sp_burning_layers(struct sp_burning *b, uint64_t sectors, struct sp_error *err);
int sp_burning_part(struct sp_burning *b, struct sp_error *err);

#endif
