/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real drive as a transport: Linux SG_IO. */
#ifndef SP_DRIVE_SGIO_H
#define SP_DRIVE_SGIO_H

#include "drive/transport.h"

enum sp_sgio_flags {
	SP_SGIO_EXCLUSIVE =
		1, /* to write: O_RDWR and O_EXCL, so nobody else has it, mounted or not */
};
/* Whether `path` is a device file of the kinds optical drives have: a SCSI CD (major 11) or SCSI
 * generic (21), or a name only drives have. No command is sent. */
bool sp_sgio_is_drive(const char *path);
/* For reading the drive is opened O_RDONLY; commands that change it (speed, mode pages, the tray's
 * lock) go by a second descriptor, opened when the first one comes. SP_ERR_DEVICE in one line that
 * says what to do: no such drive, no permission, busy, no drive at all. */
int sp_sgio_open(struct sp_transport **out, const char *path, unsigned flags, struct sp_error *err);

#endif
