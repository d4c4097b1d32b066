/* SPDX-License-Identifier: GPL-3.0-or-later */
/* .sbi and .lsd: the few Q frames of a disc that are not what its layout implies, beside a sheet
 * that has no sub-channel. */
#ifndef SP_FORMATS_SBI_H
#define SP_FORMATS_SBI_H

#include <spindle/format.h>

enum {
	SP_SBI_FRAME_MAX = 65536,
	SP_SBI_SIZE_MAX = 4 + SP_SBI_FRAME_MAX * 15, /* bytes of either kind of file */
	SP_SBI_CRC = 0x8001, /* by which the CRC is wrong of a frame whose CRC is not stored */
};

enum sp_sbi_kind {
	SP_SBI, /* "SBI", 0, then 14 bytes each: time in BCD, 1, Q without its CRC */
	SP_LSD, /* 15 bytes each: time in BCD, Q */
};

struct sp_sbi_frame {
	sp_lba lba;
	uint8_t q[12];
};

/* Ascending, no LBA twice. */
struct sp_sbi {
	struct sp_sbi_frame *frame;
	size_t frames;
};

/* The bytes of a file of either kind, told by its magic. Frames out of order are sorted. On failure
 * the list is empty. */
int sp_sbi_parse(struct sp_sbi *sbi, const char *name, const uint8_t *data, size_t size,
		 struct sp_error *err);
/* The bytes of a file, malloc'd. */
int sp_sbi_print(const struct sp_sbi *sbi, unsigned kind, uint8_t **data, size_t *size,
		 struct sp_error *err);
void sp_sbi_clear(struct sp_sbi *sbi);

/* What stands beside `io`'s sheet under its name. Without -O sbi=yes a file is only noted; with it,
 * *src becomes a view with sub-channel, generated but for the listed frames. What `src` stores of
 * sub-channel itself goes first. On failure *src is as it was. */
int sp_sbi_beside(struct sp_source **src, struct sp_io *io, const struct sp_options *options,
		  struct sp_error *err);
/* The view alone; takes src and moves the list on success. */
int sp_sbi_view(struct sp_source **out, struct sp_source *src, struct sp_sbi *sbi,
		struct sp_error *err);

/* The other way: note the frames of a span with P-W that are not as `disc` implies. What `kind`
 * cannot hold of them is counted as lost sub-channel. */
int sp_sbi_collect(struct sp_sbi *sbi, unsigned kind, const struct sp_disc *disc,
		   const struct sp_span *span, struct sp_losses *losses, struct sp_error *err);
/* A file beside `io` of its name, none where no frame is listed. */
int sp_sbi_write(const struct sp_sbi *sbi, unsigned kind, struct sp_io *io, struct sp_error *err);

#endif
