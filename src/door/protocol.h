/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program with the preloaded library and the drives' process say to each other.
 *
 * An open descriptor of a drive is a connection that said DOOR_OPEN, bound to a name of its own
 * (DOOR_HANDLE); it carries nothing more, and its end is the closing of the last copy, in whatever
 * process. All else is one request and one answer over a connection of its own. Both sides come
 * from one build and run on one machine, so the structs below are the bytes. */
#ifndef SP_DOOR_PROTOCOL_H
#define SP_DOOR_PROTOCOL_H

#include <stdint.h>

/* In the environment: how many drives there are, ':', the directory of DOOR_SOCKET. */
#define DOOR_ENVIRONMENT "SPINDLE_SIM"
#define DOOR_SOCKET      "socket"
/* Beneath that directory, what /proc/sys/dev/cdrom/info and /sys have. */
#define DOOR_INFO "cdrom-info"
#define DOOR_SYS  "sys"
/* A handle's name in that directory: drive, access, process and count, each in hex. */
#define DOOR_HANDLE "h.%x.%x.%lx.%lx"

enum {
	DOOR_MAGIC = 0x53504401, /* the last byte is the version */
	DOOR_MAX_DRIVES = 16,
	DOOR_MAX_DATA = 8 << 20,  /* in one command */
	DOOR_TRANSFER = 64 << 10, /* bytes in one command, as programs are told */
	DOOR_MAX_CDB = 16,
	DOOR_MAX_SENSE = 64,
};

enum door_what {
	DOOR_OPEN = 1, /* drive, access, handle: from now on there is one of that number */
	DOOR_COMMAND, /* cdb … timeout_ms; data that go out follow. Came in: they follow the answer
		       */
	DOOR_READ,    /* size bytes from offset, or from where the handle stands when it is -1 */
	DOOR_SEEK,    /* offset from whence (SEEK_SET …): the new place in the answer's */
	DOOR_SIZE,    /* bytes of the disc, as a block device has them, in the answer's offset */
};

enum door_direction { DOOR_NONE, DOOR_IN, DOOR_OUT }; /* as enum sp_direction has them */
enum door_access { DOOR_WRITE = 1, DOOR_EXCLUSIVE = 2, DOOR_NONBLOCK = 4, DOOR_GENERIC = 8 };

struct door_request {
	uint32_t magic, what;
	uint32_t drive, access;
	uint64_t handle; /* its number: process << 32 | count */
	int64_t offset;
	uint32_t whence;
	uint32_t size; /* bytes to send, or room for what comes */
	uint32_t direction;
	uint32_t timeout_ms;
	uint32_t cdb_size;
	uint8_t cdb[DOOR_MAX_CDB];
	uint32_t padding;
};

struct door_answer {
	uint32_t magic;
	int32_t error; /* errno of what could not be done at all; 0: the rest is there */
	uint32_t host; /* enum sp_host */
	uint32_t status;
	uint32_t done; /* bytes moved; those that came in follow */
	uint32_t sense_size;
	uint64_t took_us;
	int64_t offset;
	uint8_t sense[DOOR_MAX_SENSE];
};

#endif
