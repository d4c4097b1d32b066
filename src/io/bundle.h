/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An output that is a folder: its files are written under a temporary name of the folder, which
 * gets its own when all are on the disk. */
#ifndef SP_IO_BUNDLE_H
#define SP_IO_BUNDLE_H

#include <spindle/io.h>

/* What the descriptor in it is called. */
#define SP_BUNDLE_FILE "Info.plist"

struct sp_bundle;
/* Begin one that will be called `path`. SP_ERR_USAGE: something has that name, and it is no bundle
 * or `force` is not set. Leavings of killed ones are removed. */
int sp_bundle_create(struct sp_bundle **out, const char *path, bool force, struct sp_error *err);
/* The descriptor, writable. Its siblings are further files, also one folder deep ("bands/0"). The
 * caller closes these ios; closed files are not held open. */
int sp_bundle_io(struct sp_bundle *bundle, struct sp_io **out, struct sp_error *err);
/* The descriptor for reading back, siblings too. */
int sp_bundle_view(struct sp_bundle *bundle, struct sp_io **out, struct sp_error *err);
/* Bring all to the disk and give it its name; an old bundle goes when the new one is there. */
int sp_bundle_commit(struct sp_bundle *bundle, struct sp_error *err);
/* Where it will be, and bytes written. */
const char *sp_bundle_path(const struct sp_bundle *bundle, uint64_t *size);
int sp_bundle_dir(const struct sp_bundle *bundle); /* descriptor of the folder it lies in */
/* Without a commit before: removes it. NULL is fine. */
void sp_bundle_close(struct sp_bundle *bundle);

#endif
