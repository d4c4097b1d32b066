/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every file system that is read. */
#include "tree/fs.h"

const struct sp_fs_format *const sp_fs_formats[] = {
	NULL,
};
