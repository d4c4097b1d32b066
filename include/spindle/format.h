/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container of disc images: how it is recognised, opened and created. */
#ifndef SPINDLE_FORMAT_H
#define SPINDLE_FORMAT_H

#include <spindle/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sp_option {
	const char *key;
	const char *value; /* NULL: "yes" of an option whose values have it */
};
#define SP_PASSWORD_ROOM 1024
/* Asked when an encrypted image is met: puts its password, *size bytes and no NUL, into `text`,
 * which is wiped after use. `name` is the image's. Fails with SP_ERR_USAGE when there is none. */
typedef int sp_password_fn(void *user, const char *name, char text[SP_PASSWORD_ROOM], size_t *size,
			   struct sp_error *err);
/* Settings of one open or create (-O key=value), where its notes go, and who knows passwords. All
 * may be NULL or 0. */
struct sp_options {
	const struct sp_option *option;
	size_t options;
	const struct sp_notes *notes;
	sp_password_fn *password; /* NULL: encrypted images stay closed */
	void *user;               /* password's */
};
/* The value of `key`, NULL when it is not given; the last one given counts. */
SP_API const char *sp_options_get(const struct sp_options *options, const char *key);
struct sp_format;
/* Every key is known to one of the two formats (NULL: none); SP_ERR_USAGE names the one that is
 * not. Opening and creating take the options their format knows, check those values, and leave the
 * rest. */
SP_API int sp_options_check(const struct sp_options *options, const struct sp_format *a,
			    const struct sp_format *b, struct sp_error *err);
/* Where notes of these options go; NULL-safe. */
SP_API const struct sp_notes *sp_options_notes(const struct sp_options *options);

#define SP_PROBE_HEAD 67584 /* through sector 32 of 2048, and XDVDFS at 0x10000 */
#define SP_PROBE_TAIL 65536 /* what pads a file to whole clusters may follow a trailer */

/* What probes look at: the beginning and the end, read once, and the file for the rare deeper look.
 */
struct sp_probe {
	const uint8_t *head;
	size_t head_size;
	const uint8_t *tail; /* the last bytes of the file */
	size_t tail_size;
	uint64_t size;
	struct sp_io *io;
};

struct sp_format_option {
	const char *key;
	const char *values; /* "2048|2352", or a word for free text; the first is the default */
	const char *help;
};

enum sp_format_flags {
	SP_FORMAT_STREAMS = 1, /* can be created on a sequential io */
	SP_FORMAT_SHEET = 2,   /* a descriptor with data files beside it */
	SP_FORMAT_FOLDER = 4,  /* all of them in a folder that is the image */
};

/* A condition of a magic: `size` bytes at `offset`, which counts from the end when negative. The
 * conditions up to the next one with a score must all hold to earn it; several such groups are
 * alternatives. A list ends with size 0. */
struct sp_magic {
	int64_t offset;
	uint8_t size;
	uint8_t score; /* 0: and the next one too */
	const char *bytes;
};

#define SP_WRAPPING_TEXT 128

struct sp_format {
	const char *name;             /* one word, lower case */
	const char *summary;          /* a few words for a person */
	const char *const *extension; /* with dot, NULL-ended; the first is used for new files */
	const char *const *data_extension; /* of a sheet's data files; NULL: none */
	unsigned flags;
	const struct sp_format_option *option; /* of create and open, key-NULL-ended; NULL: none */
	/* SP_CARRY bits a new image with these options can hold; NULL: it cannot be created */
	unsigned (*carries)(const struct sp_options *options);
	/* 0 not this … 100 certainly, by content. NULL: by `magic` alone */
	int (*probe)(const struct sp_probe *probe);
	/* what is looked at when probe is NULL */
	const struct sp_magic *magic;
	/* NULL: recognised only. Takes io on success. */
	int (*open)(struct sp_source **out, struct sp_io *io, const struct sp_options *options,
		    struct sp_error *err);
	/* NULL: cannot be written. Takes io on success. The sink's finish leaves the io whole. */
	int (*create)(struct sp_sink **out, struct sp_io *io, const struct sp_options *options,
		      struct sp_error *err);
	/* Not NULL: a wrapping, such as encryption. *out is the file that comes out of it, which is
	 * identified in its turn; `text` says of the wrapping what there is to say. Takes io on
	 * success. Such a format's `open` opens what is in it. */
	int (*unwrap)(struct sp_io **out, struct sp_io *io, const struct sp_options *options,
		      char text[SP_WRAPPING_TEXT], struct sp_error *err);
	/* Not NULL: a folder that is named together with this format is opened so. */
	int (*open_folder)(struct sp_source **out, const char *folder,
			   const struct sp_options *options, struct sp_error *err);
};

/* What an image was wrapped in, the outermost first. */
#define SP_WRAPPINGS 3
struct sp_wrapping {
	const struct sp_format *format;
	char text[SP_WRAPPING_TEXT]; /* "AES-256, version 2, a password of 250000 iterations" */
};
struct sp_wrappings {
	struct sp_wrapping wrapping[SP_WRAPPINGS];
	size_t count;
};

/* Every format that can be opened or created, NULL-ended; and those that are only recognised. */
SP_API const struct sp_format *const *sp_formats(void);
SP_API const struct sp_format *const *sp_formats_known(void);
/* NULL when there is none of that name. */
SP_API const struct sp_format *sp_format_named(const char *name);
/* Whether a folder holds sound files, and nothing else but what lies beside such (pictures, texts,
 * lists): it may be meant as an audio CD, which format m3u makes of it. */
SP_API bool sp_folder_is_sound(const char *folder);
/* A format to create, by the extension of a path, also of data files; NULL when none has it. */
SP_API const struct sp_format *sp_format_for_path(const char *path);

/* Which format `io` holds; extensions decide only between equals. SP_ERR_FORMAT: none. */
SP_API int sp_identify(const struct sp_format **out, struct sp_io *io, struct sp_error *err);

#ifdef __cplusplus
}
#endif
#endif
