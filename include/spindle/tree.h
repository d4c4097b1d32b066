/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files and folders of a disc: an ISO 9660 image made of a folder. */
#ifndef SPINDLE_TREE_H
#define SPINDLE_TREE_H

#include <spindle/error.h>
#include <spindle/stream.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sp_author_id { /* texts of the volume descriptors, ECMA-119 8.4 */
		    SP_AUTHOR_VOLUME,
		    SP_AUTHOR_VOLUME_SET,
		    SP_AUTHOR_PUBLISHER,
		    SP_AUTHOR_PREPARER,
		    SP_AUTHOR_APPLICATION,
		    SP_AUTHOR_SYSTEM,
		    SP_AUTHOR_COPYRIGHT, /* these three name files of the root */
		    SP_AUTHOR_ABSTRACT,
		    SP_AUTHOR_BIBLIOGRAPHY,
		    SP_AUTHOR_IDS
};

enum sp_author_checksum { /* embedded; each changes bytes the other one sums */
			  SP_AUTHOR_NO_CHECKSUM,
			  SP_AUTHOR_ISOMD5,   /* MD5 in the volume descriptor: checkisomd5 */
			  SP_AUTHOR_LIBISOFS, /* MD5 of the session, the tree and each file */
};

struct sp_graft {
	const char *to;   /* path in the image */
	const char *from; /* file or folder; NULL: an empty folder */
};
struct sp_author_weight {
	const char *pattern; /* of paths in the image, as fnmatch(3) */
	int weight;          /* heavier files lie nearer to the beginning */
};

/* What an image is to be made of. Zeroed: nothing; strings are borrowed until the open returns. */
struct sp_author {
	const char *folder; /* its content becomes the root; NULL: the grafts alone */
	const struct sp_graft *graft;
	size_t grafts;
	const char *const *exclude; /* glob(7) patterns of names, or of the last parts of paths */
	size_t excludes;
	const struct sp_author_weight *weight;
	size_t weights;
	const char *id[SP_AUTHOR_IDS]; /* NULL: the volume is called after the folder, the rest
					  stays empty */
	bool no_rock_ridge, no_joliet, hfsplus;
	bool follow_links; /* what symbolic links point to, not the links */

	const char *bios; /* El Torito image for BIOSes, a path in the image */
	const char *efi;  /* EFI system partition, a path in the image; "auto": made of its EFI/ */
	const char *mbr;  /* boot code of a USB disk, a file; NULL: the one that fits `bios` */
	bool no_hybrid;   /* boots as a CD alone */

	unsigned checksum;
	bool reproducible; /* dates, owners, modes and identifiers do not depend on the machine */
	int64_t epoch;     /* seconds since 1970 that everything in a reproducible image is dated */

	struct sp_source *append; /* borrowed while the image is open: the disc whose next session
				     this will be, with its files; NULL: a new disc */
	sp_lba next;              /* where that session begins; SP_LBA_NONE: as on a CD */

	bool lossy; /* names a tree cannot hold are changed, and said in a note */
	const struct sp_notes *notes;
};

/* The image as a once-only source of 2048-byte sectors, whose size is known at once. Files are read
 * while it is read: one that cannot be read, or has become shorter, is an error. SP_ERR_LOSSY names
 * what a tree cannot hold; SP_ERR_USAGE what was asked and is not there. */
SP_API int sp_author_open(struct sp_source **out, const struct sp_author *author,
			  struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
