/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which optical drives the system has. */
#ifndef SP_DRIVE_DISCOVER_H
#define SP_DRIVE_DISCOVER_H

#include <stddef.h>

/* Device files, each drive once, "/dev/sr0" first, as a NULL-ended list that is one allocation to
 * free with its texts by sp_discover_free. NULL: no memory. */
char **sp_discover(void);
void sp_discover_free(char **names);

#endif
