/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One burn on one drive, from the look at it to the comparison. */
#ifndef SP_DRIVE_BURNING_H
#define SP_DRIVE_BURNING_H

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

#endif
