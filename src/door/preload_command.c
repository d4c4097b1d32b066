/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SG_IO and its kin, as the kernel's sr and sg have them. */
#include "preload.h"

#include <errno.h>
#include <limits.h>
#include <scsi/scsi.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

enum {
	SG_BLOCK_VERSION = 30527, /* of the block layer's SG_IO; sg itself is newer */
	SG_CHAR_VERSION = 30536,
	SG_LARGEST = 1 << 20,
	SG_DRIVER_SENSE = 8, /* driver_status */
	HOST_TIMEOUT = 3,    /* host_status: DID_TIME_OUT, DID_RESET, DID_NO_CONNECT */
	HOST_RESET = 8,
	HOST_GONE = 1,
};

int preload_packet(const struct handle *handle, struct packet *packet)
{
	struct door_request request = {
		.what = DOOR_COMMAND,
		.drive = handle->drive,
		.access = handle->access,
		.handle = handle->number,
		.size = (uint32_t)packet->size,
		.direction = packet->size ? packet->direction : DOOR_NONE,
		.timeout_ms = packet->timeout_ms,
		.cdb_size = packet->cdb_size,
	};

	memcpy(request.cdb, packet->cdb, sizeof(request.cdb));
	return preload_ask(&request, packet->data, &packet->answer, packet->data,
			   request.direction == DOOR_IN ? packet->size : 0);
}

/* A sense's key and codes, of either format (SPC-4 4.5). */
static void command_sense(const struct door_answer *answer, unsigned *key, unsigned *asc)
{
	const uint8_t *s = answer->sense;
	const bool descriptors = (s[0] & 0x7f) >= 0x72;

	*key = s[descriptors ? 1 : 2] & 15;
	*asc = descriptors ? s[2] : s[12];
}

int preload_simple(const struct handle *handle, struct packet *packet)
{
	unsigned key, asc;

	for (unsigned tries = 0; tries < 10; tries++) {
		if (preload_packet(handle, packet) < 0)
			return -1;
		if (packet->answer.host) {
			errno = EIO;
			return -1;
		}
		if (packet->answer.status == 0)
			return 0;
		command_sense(&packet->answer, &key, &asc);
		if (key == UNIT_ATTENTION)
			continue;
		errno = key == NOT_READY && asc == 0x3a         ? ENOMEDIUM
			: key == ILLEGAL_REQUEST && asc == 0x20 ? EOPNOTSUPP
								: EIO;
		return -1;
	}
	errno = EIO;
	return -1;
}

/* Between the caller's buffer or buffers and one. */
static void command_scatter(const sg_io_hdr_t *sg, uint8_t *data, size_t size, bool out)
{
	struct iovec one = {sg->dxferp, sg->dxfer_len};
	const struct iovec *part = sg->iovec_count ? sg->dxferp : &one;
	const unsigned parts = sg->iovec_count ? sg->iovec_count : 1;

	for (unsigned i = 0; i < parts && size; i++) {
		const size_t n = part[i].iov_len < size ? part[i].iov_len : size;

		if (n && out)
			memcpy(data, part[i].iov_base, n);
		else if (n)
			memcpy(part[i].iov_base, data, n);
		data += n;
		size -= n;
	}
}

static int command_check(const sg_io_hdr_t *sg)
{
	if (sg->interface_id != 'S')
		return EINVAL;
	if (!sg->cmdp || sg->cmd_len < 6 || sg->cmd_len > DOOR_MAX_CDB)
		return EMSGSIZE;
	if (sg->dxfer_len > SG_LARGEST || (sg->dxfer_len && !sg->dxferp) || sg->iovec_count > 1024)
		return EINVAL;
	if (!sg->dxfer_len) /* the direction is not looked at then, and cdrdao sends 0 */
		return 0;
	switch (sg->dxfer_direction) {
	case SG_DXFER_NONE:
	case SG_DXFER_TO_DEV:
	case SG_DXFER_FROM_DEV:
	case SG_DXFER_TO_FROM_DEV:
		return 0;
	default:
		return EINVAL;
	}
}

static void command_answer(sg_io_hdr_t *sg, const struct packet *packet)
{
	static const uint8_t hosts[] = {0, HOST_TIMEOUT, HOST_RESET, 0, 0, HOST_GONE};
	const struct door_answer *answer = &packet->answer;
	const size_t done = answer->done < sg->dxfer_len ? answer->done : sg->dxfer_len;

	sg->status = answer->host ? 0 : (uint8_t)answer->status;
	sg->masked_status = (sg->status >> 1) & 0x1f;
	sg->msg_status = 0;
	sg->host_status = answer->host < sizeof(hosts) ? hosts[answer->host] : HOST_GONE;
	sg->driver_status = 0;
	sg->sb_len_wr = 0;
	sg->resid = (int)(sg->dxfer_len - done);
	sg->duration = (unsigned)(answer->took_us / 1000);
	if (!answer->host && answer->status && answer->sense_size) {
		sg->driver_status = SG_DRIVER_SENSE;
		if (sg->sbp && sg->mx_sb_len) {
			sg->sb_len_wr = answer->sense_size < sg->mx_sb_len
						? (uint8_t)answer->sense_size
						: sg->mx_sb_len;
			memcpy(sg->sbp, answer->sense, sg->sb_len_wr);
		}
	}
	sg->info = sg->status || sg->host_status || sg->driver_status ? SG_INFO_CHECK : SG_INFO_OK;
}

static int command_io(const struct handle *handle, sg_io_hdr_t *sg)
{
	struct packet packet = {.cdb_size = sg->cmd_len, .timeout_ms = sg->timeout};
	const int wrong = command_check(sg);

	if (wrong) {
		errno = wrong;
		return -1;
	}
	if (sg->dxfer_len && sg->dxfer_direction != SG_DXFER_NONE) {
		packet.direction = sg->dxfer_direction == SG_DXFER_TO_DEV ? DOOR_OUT : DOOR_IN;
		packet.size = sg->dxfer_len;
		if (!(packet.data = calloc(1, packet.size)))
			return -1;
		command_scatter(sg, packet.data, packet.size, true);
	}
	memcpy(packet.cdb, sg->cmdp, sg->cmd_len);
	int r = preload_packet(handle, &packet);
	if (!r && packet.answer.host == 3) { /* SP_HOST_REFUSED */
		errno = EPERM;
		r = -1;
	} else if (!r && packet.answer.host == 4) { /* SP_HOST_TOO_BIG */
		errno = EINVAL;
		r = -1;
	}
	if (!r) {
		command_answer(sg, &packet);
		if (packet.direction == DOOR_IN)
			command_scatter(sg, packet.data, packet.answer.done, false);
	}
	free(packet.data);
	return r;
}

/* The address sg and sr give a device: host 0, one target for each drive. */
static void command_address(const struct handle *handle, int *idlun)
{
	idlun[0] = (int)handle->drive; /* target | lun << 8 | channel << 16 | host << 24 */
	idlun[1] = 0;
}

int preload_sg_ioctl(const struct handle *handle, unsigned long request, void *argument)
{
	int *const number = argument;
	const bool generic = handle->access & DOOR_GENERIC;

	switch (request) {
	case SG_IO:
		return command_io(handle, argument);
	case SG_GET_VERSION_NUM:
		*number = generic ? SG_CHAR_VERSION : SG_BLOCK_VERSION;
		return 0;
	case SG_SET_TIMEOUT:
	case SG_SET_RESERVED_SIZE:
	case SG_SET_COMMAND_Q:
	case SG_SET_FORCE_PACK_ID:
	case SG_SET_KEEP_ORPHAN:
	case SG_SET_DEBUG:
		return 0;
	case SG_GET_TIMEOUT: /* clock ticks, as the result */
		return 6000;
	case SG_GET_RESERVED_SIZE:
		*number = DOOR_TRANSFER;
		return 0;
	case SG_GET_SG_TABLESIZE:
		*number = DOOR_TRANSFER / 4096;
		return 0;
	case SG_EMULATED_HOST:
		*number = generic ? 0 : 1;
		return 0;
	case SCSI_IOCTL_GET_IDLUN:
		command_address(handle, argument);
		return 0;
	case SCSI_IOCTL_GET_BUS_NUMBER:
		*number = 0;
		return 0;
	case SCSI_IOCTL_PROBE_HOST:
		return 1;
	case SG_GET_SCSI_ID:
		if (generic) {
			const struct sg_scsi_id id = {.scsi_id = (int)handle->drive,
						      .scsi_type = 5};

			memcpy(argument, &id, sizeof(id));
			return 0;
		}
		break;
	default:
		break;
	}
	errno = ENOTTY;
	return -1;
}
