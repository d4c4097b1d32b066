/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes at absolute offsets: the one seam between this library and files, memory, pipes. */
#ifndef SPINDLE_IO_H
#define SPINDLE_IO_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sp_io;

/* An implementation. `read` and `write` are exact or an error; `read` is never asked beyond
 * io->size (sp_io_read checks). NULL write: read-only. NULL sibling: stands alone. */
struct sp_io_ops {
	int (*read)(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err);
	int (*write)(struct sp_io *io, uint64_t at, const void *data, size_t size,
		     struct sp_error *err);
	/* A file beside this one (cue → bin). On a readable io: opens it for reading; on a writable
	 * one: creates another member of the same output set. `name` is relative and stays inside
	 * the directory. SP_ERR_IO with sys_errno ENOENT when it is not there. The new io belongs
	 * to the caller. */
	int (*sibling)(struct sp_io *io, const char *name, struct sp_io **out,
		       struct sp_error *err);
	int (*sync)(struct sp_io *io, struct sp_error *err);
	void (*close)(struct sp_io *io);
	/* As sibling on a readable io, by the very name: other spellings are not looked for. NULL:
	 * sibling never does. */
	int (*exact)(struct sp_io *io, const char *name, struct sp_io **out, struct sp_error *err);
};

enum sp_io_flags {
	SP_IO_WRITABLE = 1,
	SP_IO_SEQUENTIAL = 2, /* only ascending, gap-free writes (a pipe) */
};

struct sp_io {
	const struct sp_io_ops *ops;
	const char *name; /* for messages: the path as the user gave it; owned by the io */
	uint64_t size;    /* bytes; grows with writes */
	unsigned flags;
};

/* Exact or an error that names the file and offset. Reading past io->size is SP_ERR_FORMAT
 * ("ends at …"): the file is shorter than what describes it says. */
SP_API int sp_io_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err);
SP_API int sp_io_write(struct sp_io *io, uint64_t at, const void *data, size_t size,
		       struct sp_error *err);
SP_API int sp_io_sibling(struct sp_io *io, const char *name, struct sp_io **out,
			 struct sp_error *err);
/* A file of that very name beside a readable io: for names that are computed, of which many may be
 * missing (the spelling of each would be looked for in the whole directory). */
SP_API int sp_io_sibling_exact(struct sp_io *io, const char *name, struct sp_io **out,
			       struct sp_error *err);
SP_API int sp_io_sync(struct sp_io *io, struct sp_error *err);
SP_API void sp_io_close(struct sp_io *io); /* NULL is fine */

/* A regular file for reading; "-" is standard input (a pipe is spooled to an unlinked temporary
 * file). Anything else (device, FIFO, directory) is refused. Siblings resolve beneath the file's
 * directory; a name that is not there is looked for without regard to case. */
SP_API int sp_io_open_file(struct sp_io **out, const char *path, struct sp_error *err);
/* An unlinked temporary file, readable and writable, in $TMPDIR or /var/tmp. */
SP_API int sp_io_open_temp(struct sp_io **out, struct sp_error *err);
/* A file to go on with in place, made when it is not there; its siblings are opened the same way.
 * For work stores, which a crash may leave half full: an image is made by an output set.
 * SP_ERR_USAGE: another process has it open so. */
SP_API int sp_io_open_update(struct sp_io **out, const char *path, struct sp_error *err);
/* Standard output, sequential; refused when it is a terminal. */
SP_API int sp_io_open_stdout(struct sp_io **out, struct sp_error *err);

/* A set of files in memory, a folder for tests and small work. Files are created by writing and
 * found by sibling; the set lives until sp_memory_free, whatever ios are closed before. */
struct sp_memory;
SP_API struct sp_memory *sp_memory_new(void);
SP_API void sp_memory_free(struct sp_memory *mem);
/* Put (copy) a file in; data NULL: `size` zero bytes, not stored (huge files are cheap). */
SP_API int sp_memory_put(struct sp_memory *mem, const char *name, const void *data, uint64_t size);
/* Borrow a file's bytes, NULL when it is not there (or was put without data). */
SP_API const uint8_t *sp_memory_get(const struct sp_memory *mem, const char *name, uint64_t *size);
/* Number of files, and the i-th one's name, in the order they were made. */
SP_API size_t sp_memory_count(const struct sp_memory *mem);
SP_API const char *sp_memory_name(const struct sp_memory *mem, size_t i);
/* Open for reading, or (create) for reading and writing, empty. */
SP_API int sp_memory_open(struct sp_memory *mem, const char *name, bool create, struct sp_io **out,
			  struct sp_error *err);

/* `size` bytes of `io` from `at`; siblings are io's. Takes io on success. */
SP_API int sp_io_slice(struct sp_io **out, struct sp_io *io, uint64_t at, uint64_t size,
		       struct sp_error *err);
/* `io` followed by zeros up to `size` bytes (a last sector cut short). Takes io on success. */
SP_API int sp_io_padded(struct sp_io **out, struct sp_io *io, uint64_t size, struct sp_error *err);

/* An output set: the files one conversion makes. They are written under temporary names beside the
 * target and appear under their final names, whole and fsynced, or not at all. */
struct sp_outset;
enum sp_outset_flags {
	SP_OUTSET_FORCE = 1,  /* replace an older set; its descriptor goes first */
	SP_OUTSET_FOLDER = 2, /* make the folder the set lies in when it is missing, though not what
				 that lies in; it goes again where nothing is committed */
	SP_OUTSET_BUNDLE = 4, /* a folder called `path`, one old bundle of which FORCE replaces; the
				 descriptor is a file in it, its siblings may lie a folder deeper,
				 and count as one */
};
/* Begin a set whose descriptor (or only file) will be `path`. SP_ERR_USAGE when it exists and is
 * not to be replaced, or is a device. Stale temporaries of the same name are removed. */
SP_API int sp_outset_create(struct sp_outset **out, const char *path, unsigned flags,
			    struct sp_error *err);
/* The descriptor, writable; its siblings are further members (SP_ERR_USAGE when one exists). The
 * caller closes these ios; closing commits nothing. */
SP_API int sp_outset_io(struct sp_outset *set, struct sp_io **out, struct sp_error *err);
/* A file of which nothing that is written once is changed any more: a member that turns out, byte
 * by byte, to equal it is not written anew, but becomes another name of it on commit, where the
 * file system has that. `path` has to stay until then. Once a set, before anything is written; a
 * bundle makes no use of it. */
SP_API int sp_outset_offer(struct sp_outset *set, const char *path, struct sp_error *err);
/* The descriptor for reading back what was written, before it has its final name: siblings resolve
 * to the set's own members and to nothing else. */
SP_API int sp_outset_view(struct sp_outset *set, struct sp_io **out, struct sp_error *err);
/* fsync every member, rename all, the descriptor last, fsync the directory. */
SP_API int sp_outset_commit(struct sp_outset *set, struct sp_error *err);
/* Members so far: count, and the i-th one's final path and size. */
SP_API size_t sp_outset_count(const struct sp_outset *set);
SP_API const char *sp_outset_path(const struct sp_outset *set, size_t i, uint64_t *size);
/* Bytes there is room for where the set lies; false: the file system does not say. */
SP_API bool sp_outset_room(const struct sp_outset *set, uint64_t *bytes);
/* Without a commit before: removes the temporaries. NULL is fine. */
SP_API void sp_outset_close(struct sp_outset *set);

#ifdef __cplusplus
}
#endif
#endif
