/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The front door: a name becomes a source or a sink. */
#ifndef SPINDLE_SPINDLE_H
#define SPINDLE_SPINDLE_H

#include <spindle/disc.h>
#include <spindle/error.h>
#include <spindle/format.h>
#include <spindle/io.h>
#include <spindle/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "0.1.0". */
SP_API const char *sp_version(void);

struct sp_input {
	struct sp_source *source;
	const struct sp_format *format;
	char *path; /* what was opened: the sheet when a data file beside one was named */
	struct sp_wrappings wrappings; /* that were taken off before it was the format's */
};
/* Open an image by name ("-": standard input), or the disc in a drive ("/dev/sr0", "sim:…"; its
 * format is then one called "drive", which is in no list). The format is found by content, or is
 * `format` when not NULL; wrappings are taken off first. A data file beside its sheet opens the
 * sheet and says so in a note; a directory that is a work store or a sparse bundle opens it, any
 * other one is the ISO 9660 image of its files (its format is then one called "folder", in no
 * list). SP_ERR_FORMAT: not recognised; SP_ERR_UNSUPPORTED: recognised and named, but cannot be
 * opened. */
SP_API int sp_input_open(struct sp_input *in, const char *path, const char *format,
			 const struct sp_options *options, struct sp_error *err);
SP_API void sp_input_close(struct sp_input *in);

/* What a name to write means. */
struct sp_target {
	const struct sp_format *format;
	char *path;                /* of the descriptor, "-": standard output */
	unsigned flags;            /* SP_OUTSET_FOLDER: its folder is made when it is not there */
	struct sp_options options; /* those the format knows, their values looked at */
};
/* The format is the one named `to`, or that of the path's extension when NULL (a data file's
 * extension: the descriptor is the sheet beside it); one that files of several formats have (.img)
 * is SP_ERR_USAGE without `to`. A path that ends in '/', or is a directory and
 * has no format's extension, is a folder: the descriptor in it is called `name`, or as the folder
 * when NULL, and without `to` it is a cue sheet with a tagged FLAC file for each audio track,
 * unless the options say otherwise. Options other formats know are left to them: see
 * sp_options_check. The values of *target's options belong to the caller. */
SP_API int sp_target_find(struct sp_target *target, const char *path, const char *to,
			  const char *name, const struct sp_options *options, struct sp_error *err);
SP_API void sp_target_clear(struct sp_target *target);

struct sp_output {
	struct sp_sink *sink;
	const struct sp_format *format;
	struct sp_outset *set; /* NULL on standard output */
	const char *path;      /* of the descriptor; owned by the output */
};
/* Begin an image at `path` ("-": standard output, for formats that stream), as sp_target_find
 * understands it. `flags`: SP_OUTSET_FORCE, SP_OUTSET_FOLDER. */
SP_API int sp_output_create(struct sp_output *out, const char *path, const char *to, unsigned flags,
			    const struct sp_options *options, struct sp_error *err);
/* Before anything is written: whether there is room for what the sink wants of `disc`. SP_ERR_IO
 * tells both; where the sink packs, or the file system does not say, only writing will tell. */
SP_API int sp_output_room(const struct sp_output *out, const struct sp_disc *disc,
			  struct sp_error *err);
/* Read back, before it has its name, what a finished sink wrote. */
SP_API int sp_output_view(struct sp_output *out, struct sp_source **view,
			  const struct sp_options *options, struct sp_error *err);
/* The finished image gets its final names. */
SP_API int sp_output_commit(struct sp_output *out, struct sp_error *err);
SP_API void sp_output_close(struct sp_output *out); /* uncommitted: nothing stays */

#ifdef __cplusplus
}
#endif
#endif
