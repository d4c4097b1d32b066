/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An EFI system partition made of a folder. */
#ifndef SP_TREE_ESP_H
#define SP_TREE_ESP_H

#include <spindle/error.h>

#include <stdint.h>

/* A FAT file system that holds `folder` (an EFI folder) as /EFI, in an unlinked temporary file, by
 * the programs of mtools. Dates are `epoch`, the serial number is `serial`, and names are sorted:
 * the same files give the same bytes. *fd is the caller's to close. SP_ERR_UNSUPPORTED: no mtools.
 */
int sp_esp_make(int *fd, const char *folder, int64_t epoch, uint32_t serial, struct sp_error *err);

#endif
