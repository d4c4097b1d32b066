/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every file system that is read. */
#include "tree/fs.h"

const struct sp_fs_format *const sp_fs_formats[] = {
	&sp_fs_rockridge, &sp_fs_udf, &sp_fs_joliet, &sp_fs_iso9660, &sp_fs_hfsplus, NULL,
};
