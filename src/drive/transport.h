/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One MMC command to one drive: the seam between drive code and what carries commands. */
#ifndef SP_DRIVE_TRANSPORT_H
#define SP_DRIVE_TRANSPORT_H

#include <spindle/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sp_direction { SP_DATA_NONE, SP_DATA_IN, SP_DATA_OUT };

enum sp_scsi_status { /* SAM-5 5.3.1 */
		      SP_SCSI_GOOD = 0x00,
		      SP_SCSI_CHECK_CONDITION = 0x02,
		      SP_SCSI_BUSY = 0x08,
};

/* What became of a command on its way. With anything but OK the drive's answer is not there. */
enum sp_host {
	SP_HOST_OK,
	SP_HOST_TIMEOUT, /* no answer within timeout_ms */
	SP_HOST_RESET,   /* the bus or a bridge was reset */
	SP_HOST_REFUSED, /* the system forbids this command to this user (EPERM) */
	SP_HOST_TOO_BIG, /* more data than the way allows in one command */
	SP_HOST_GONE,    /* the drive is no longer there */
};

#define SP_SENSE_SIZE 64

struct sp_command {
	uint8_t cdb[16];
	unsigned cdb_size; /* 6, 10, 12 or 16 */
	unsigned direction;
	void *data;
	size_t size; /* of data: what is sent, or room for what comes */
	unsigned timeout_ms;

	/* the answer */
	size_t done; /* bytes moved; never more than size */
	unsigned host;
	uint8_t status;
	uint8_t sense[SP_SENSE_SIZE]; /* fixed or descriptor format, SPC-4 4.5 */
	size_t sense_size;
	uint64_t took_us; /* time it took; of a simulated drive, its own time */
};

struct sp_transport;
struct sp_transport_ops {
	/* 0 whenever there is an answer of some kind, good or not: look at host, then status.
	 * Negative only where nothing can be asked any more. */
	int (*execute)(struct sp_transport *transport, struct sp_command *command,
		       struct sp_error *err);
	/* Pause: a retry loop waits here, so that simulated time passes instead of real time. */
	void (*wait)(struct sp_transport *transport, unsigned ms);
	void (*close)(struct sp_transport *transport);
};
struct sp_transport {
	const struct sp_transport_ops *ops;
	const char *name;    /* for messages: /dev/sr0, sim:old.cue; owned by the transport */
	size_t max_transfer; /* bytes in one command */
	bool writable;       /* opened for commands that change drive or medium */
};

#endif
