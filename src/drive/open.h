/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A drive by name, real or simulated. */
#ifndef SP_DRIVE_OPEN_H
#define SP_DRIVE_OPEN_H

#include "drive/reader.h"

/* "/dev/sr0" or "sim:…" taken in hand; its disc is not loaded yet. */
int sp_drive_open_reader(struct sp_reader **out, const char *name, const struct sp_notes *notes,
			 struct sp_error *err);

#endif
