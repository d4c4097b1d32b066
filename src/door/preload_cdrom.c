/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's CD-ROM ioctls, made of the commands it makes them of. */
#include "preload.h"

#include <errno.h>
#include <linux/cdrom.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

unsigned preload_be(const uint8_t *p, unsigned bytes)
{
	unsigned value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

int preload_in(const struct handle *handle, const uint8_t *cdb, unsigned cdb_size, void *data,
	       size_t size)
{
	struct packet packet = {
		.cdb_size = cdb_size, .direction = DOOR_IN, .data = data, .size = size};

	memset(data, 0, size);
	memcpy(packet.cdb, cdb, cdb_size);
	return preload_simple(handle, &packet);
}

static int cdrom_none(const struct handle *handle, const uint8_t *cdb, unsigned cdb_size)
{
	struct packet packet = {.cdb_size = cdb_size};

	memcpy(packet.cdb, cdb, cdb_size);
	return preload_simple(handle, &packet);
}

static int cdrom_fail(int number)
{
	errno = number;
	return -1;
}

/* --- table of contents ----------------------------------------------------------------------- */

static int cdrom_toc(const struct handle *handle, unsigned format, bool msf, unsigned track,
		     uint8_t *data, unsigned size)
{
	const uint8_t cdb[10] = {0x43,           msf ? 2 : 0,          (uint8_t)format, 0, 0, 0,
				 (uint8_t)track, (uint8_t)(size >> 8), (uint8_t)size,   0};

	return preload_in(handle, cdb, sizeof(cdb), data, size);
}

static int cdrom_toc_header(const struct handle *handle, struct cdrom_tochdr *header)
{
	uint8_t data[12];

	if (cdrom_toc(handle, 0, false, 0, data, sizeof(data)) < 0)
		return -1;
	header->cdth_trk0 = data[2];
	header->cdth_trk1 = data[3];
	return 0;
}

/* The kernel asks for the address form that is wanted. */
static int cdrom_toc_entry(const struct handle *handle, struct cdrom_tocentry *entry)
{
	const bool msf = entry->cdte_format == CDROM_MSF;
	uint8_t data[12];

	if (entry->cdte_format != CDROM_MSF && entry->cdte_format != CDROM_LBA)
		return cdrom_fail(EINVAL);
	if (cdrom_toc(handle, 0, msf, entry->cdte_track, data, sizeof(data)) < 0)
		return -1;
	entry->cdte_ctrl = data[5] & 15;
	entry->cdte_adr = data[5] >> 4;
	entry->cdte_datamode = entry->cdte_ctrl & 4 ? 1 : 0;
	if (msf)
		entry->cdte_addr.msf = (struct cdrom_msf0){data[9], data[10], data[11]};
	else
		entry->cdte_addr.lba = (int)preload_be(data + 8, 4);
	return 0;
}

static void cdrom_address(union cdrom_addr *address, unsigned format, int lba)
{
	if (format == CDROM_MSF) {
		lba += 150;
		address->msf = (struct cdrom_msf0){(uint8_t)(lba / 4500), (uint8_t)(lba / 75 % 60),
						   (uint8_t)(lba % 75)};
	} else {
		address->lba = lba;
	}
}

static int cdrom_multisession(const struct handle *handle, struct cdrom_multisession *info)
{
	uint8_t data[12];

	if (info->addr_format != CDROM_MSF && info->addr_format != CDROM_LBA)
		return cdrom_fail(EINVAL);
	if (cdrom_toc(handle, 1, false, 0, data, sizeof(data)) < 0)
		return -1;
	info->xa_flag = data[2] != data[3]; /* more than one session */
	cdrom_address(&info->addr, info->addr_format,
		      info->xa_flag ? (int)preload_be(data + 8, 4) : 0);
	return 0;
}

/* What kinds of track there are. The kernel would say XA or CD-i where entries say so in their
 * address form, which none do. */
static int cdrom_disc_status(const struct handle *handle)
{
	struct cdrom_tochdr header;
	bool audio = false, data = false;

	if (cdrom_toc_header(handle, &header) < 0)
		return errno == ENOMEDIUM ? CDS_NO_DISC : CDS_NO_INFO;
	for (unsigned track = header.cdth_trk0; track <= header.cdth_trk1; track++) {
		struct cdrom_tocentry entry = {.cdte_track = (uint8_t)track,
					       .cdte_format = CDROM_MSF};

		if (cdrom_toc_entry(handle, &entry) < 0)
			return CDS_NO_INFO;
		*(entry.cdte_ctrl & CDROM_DATA_TRACK ? &data : &audio) = true;
	}
	if (audio)
		return data ? CDS_MIXED : CDS_AUDIO;
	return data ? CDS_DATA_1 : CDS_NO_INFO;
}

/* --- state -------------------------------------------------------------------------------------
 */

static int cdrom_event(const struct handle *handle, uint8_t event[8])
{
	const uint8_t cdb[10] = {0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8, 0};

	if (preload_in(handle, cdb, sizeof(cdb), event, 8) < 0)
		return -1;
	return (event[2] & 7) == 4 && preload_be(event, 2) >= 4 ? 0 : cdrom_fail(EIO);
}

static int cdrom_drive_status(const struct handle *handle)
{
	const uint8_t ready[6] = {0};
	uint8_t event[8];

	if (cdrom_none(handle, ready, sizeof(ready)) == 0)
		return CDS_DISC_OK;
	if (errno != ENOMEDIUM)
		return CDS_DRIVE_NOT_READY;
	if (cdrom_event(handle, event) == 0 && event[5] & 1)
		return CDS_TRAY_OPEN;
	return CDS_NO_DISC;
}

static int cdrom_media_changed(const struct handle *handle)
{
	uint8_t event[8];

	if (cdrom_event(handle, event) < 0)
		return 0;
	return (event[4] & 15) == 2 || (event[4] & 15) == 3;
}

static int cdrom_capability(const struct handle *handle)
{
	const uint8_t cdb[10] = {0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 128, 0};
	const int always = CDC_MULTI_SESSION | CDC_MEDIA_CHANGED | CDC_DRIVE_STATUS | CDC_MCN |
			   CDC_GENERIC_PACKET | CDC_RESET;
	uint8_t data[128];

	if (preload_in(handle, cdb, sizeof(cdb), data, sizeof(data)) < 0)
		return always | CDC_LOCK | CDC_OPEN_TRAY | CDC_SELECT_SPEED;
	const uint8_t *page = data + 8 + preload_be(data + 6, 2);
	if (page > data + sizeof(data) - 16)
		return always;
	return always | (page[6] & 1 ? CDC_LOCK : 0) | (page[6] & 8 ? CDC_OPEN_TRAY : 0) |
	       (page[6] >> 5 ? CDC_CLOSE_TRAY : 0) | (page[4] & 1 ? CDC_PLAY_AUDIO : 0) |
	       CDC_SELECT_SPEED | (page[2] & 8 ? CDC_DVD : 0) | (page[3] & 1 ? CDC_CD_R : 0) |
	       (page[3] & 2 ? CDC_CD_RW : 0) | (page[3] & 0x10 ? CDC_DVD_R : 0) |
	       (page[3] & 0x20 ? CDC_DVD_RAM : 0);
}

static int cdrom_tray(const struct handle *handle, unsigned action)
{
	const uint8_t cdb[6] = {0x1b, 0, 0, 0, (uint8_t)action, 0};

	return cdrom_none(handle, cdb, sizeof(cdb));
}

static int cdrom_lock(const struct handle *handle, bool lock)
{
	const uint8_t cdb[6] = {0x1e, 0, 0, 0, lock, 0};

	return cdrom_none(handle, cdb, sizeof(cdb));
}

static int cdrom_speed(const struct handle *handle, uintptr_t speed)
{
	const unsigned kbs = speed && speed < 0xffff / 177 ? (unsigned)speed * 177 : 0xffff;
	const uint8_t cdb[12] = {0xbb, 0, (uint8_t)(kbs >> 8), (uint8_t)kbs, 0xff, 0xff};

	return cdrom_none(handle, cdb, sizeof(cdb));
}

/* --- sub-channel -------------------------------------------------------------------------------
 */

static int cdrom_sub(const struct handle *handle, bool msf, unsigned format, uint8_t *data,
		     unsigned size)
{
	const uint8_t cdb[10] = {0x42, msf ? 2 : 0, 0x40, (uint8_t)format, 0,
				 0,    0,           0,    (uint8_t)size,   0};

	return preload_in(handle, cdb, sizeof(cdb), data, size);
}

static int cdrom_mcn(const struct handle *handle, struct cdrom_mcn *mcn)
{
	uint8_t data[24];

	memset(mcn, 0, sizeof(*mcn));
	if (cdrom_sub(handle, false, 2, data, sizeof(data)) < 0)
		return -1;
	memcpy(mcn->medium_catalog_number, data + 9, 13);
	return 0;
}

static int cdrom_position(const struct handle *handle, struct cdrom_subchnl *sub)
{
	uint8_t data[16];

	if (sub->cdsc_format != CDROM_MSF && sub->cdsc_format != CDROM_LBA)
		return cdrom_fail(EINVAL);
	if (cdrom_sub(handle, sub->cdsc_format == CDROM_MSF, 1, data, sizeof(data)) < 0)
		return -1;
	sub->cdsc_audiostatus = data[1];
	sub->cdsc_ctrl = data[5] & 15;
	sub->cdsc_adr = data[5] >> 4;
	sub->cdsc_trk = data[6];
	sub->cdsc_ind = data[7];
	if (sub->cdsc_format == CDROM_MSF) {
		sub->cdsc_absaddr.msf = (struct cdrom_msf0){data[9], data[10], data[11]};
		sub->cdsc_reladdr.msf = (struct cdrom_msf0){data[13], data[14], data[15]};
	} else {
		sub->cdsc_absaddr.lba = (int)preload_be(data + 8, 4);
		sub->cdsc_reladdr.lba = (int)preload_be(data + 12, 4);
	}
	return 0;
}

/* --- sectors -----------------------------------------------------------------------------------
 */

static int cdrom_read_cd(const struct handle *handle, int lba, unsigned count, unsigned type,
			 unsigned parts, uint8_t *data, size_t size)
{
	const uint8_t cdb[12] = {0xbe,
				 (uint8_t)(type << 2),
				 (uint8_t)((unsigned)lba >> 24),
				 (uint8_t)((unsigned)lba >> 16),
				 (uint8_t)((unsigned)lba >> 8),
				 (uint8_t)lba,
				 (uint8_t)(count >> 16),
				 (uint8_t)(count >> 8),
				 (uint8_t)count,
				 (uint8_t)parts};

	return preload_in(handle, cdb, sizeof(cdb), data, size);
}

/* The argument is the address and then the place of the sector (struct cdrom_msf). */
static int cdrom_read_one(const struct handle *handle, unsigned long request, uint8_t *argument)
{
	struct cdrom_msf msf;

	memcpy(&msf, argument, sizeof(msf));
	const int lba = (msf.cdmsf_min0 * 60 + msf.cdmsf_sec0) * 75 + msf.cdmsf_frame0 - 150;
	if (lba < 0)
		return cdrom_fail(EINVAL);
	switch (request) {
	case CDROMREADRAW:
		return cdrom_read_cd(handle, lba, 1, 0, 0xf8, argument, CD_FRAMESIZE_RAW);
	case CDROMREADMODE2:
		return cdrom_read_cd(handle, lba, 1, 0, 0x58, argument, CD_FRAMESIZE_RAW0);
	default:
		return cdrom_read_cd(handle, lba, 1, 0, 0x10, argument, CD_FRAMESIZE);
	}
}

static int cdrom_read_audio(const struct handle *handle, const struct cdrom_read_audio *read)
{
	enum { AT_ONCE = 26 };
	int lba = read->addr.lba;

	if (read->addr_format == CDROM_MSF)
		lba = (read->addr.msf.minute * 60 + read->addr.msf.second) * 75 +
		      read->addr.msf.frame - 150;
	else if (read->addr_format != CDROM_LBA)
		return cdrom_fail(EINVAL);
	if (lba < 0 || read->nframes <= 0 || read->nframes > 75)
		return cdrom_fail(EINVAL);
	for (int done = 0; done < read->nframes; done += AT_ONCE) {
		const int n = read->nframes - done < AT_ONCE ? read->nframes - done : AT_ONCE;

		if (cdrom_read_cd(handle, lba + done, (unsigned)n, 1, 0xf8,
				  read->buf + (size_t)done * CD_FRAMESIZE_RAW,
				  (size_t)n * CD_FRAMESIZE_RAW) < 0)
			return -1;
	}
	return 0;
}

/* --- what is recorded --------------------------------------------------------------------------
 */

static int cdrom_last_track(const struct handle *handle, uint8_t info[36])
{
	const uint8_t disc[10] = {0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0};
	uint8_t data[34];

	if (preload_in(handle, disc, sizeof(disc), data, sizeof(data)) < 0)
		return -1;
	const uint8_t track[10] = {0x52, 1, 0, 0, data[11], data[6], 0, 0, 36, 0};
	return preload_in(handle, track, sizeof(track), info, 36);
}

static int cdrom_next_writable(const struct handle *handle, long *next)
{
	uint8_t info[36];

	if (cdrom_last_track(handle, info) < 0)
		return -1;
	if (info[7] & 1)
		*next = (int)preload_be(info + 12, 4);
	else
		*next = (int)(preload_be(info + 8, 4) + preload_be(info + 24, 4));
	return 0;
}

static int cdrom_last_written(const struct handle *handle, long *last)
{
	uint8_t info[36];

	if (cdrom_last_track(handle, info) < 0)
		return -1;
	if (info[7] & 2)
		*last = (int)preload_be(info + 28, 4);
	else
		*last = (int)(preload_be(info + 8, 4) + preload_be(info + 24, 4) -
			      preload_be(info + 16, 4));
	return 0;
}

/* --- packets -----------------------------------------------------------------------------------
 */

static int cdrom_packet(const struct handle *handle, struct cdrom_generic_command *cgc)
{
	struct packet packet = {
		.cdb_size = cgc->cmd[0] < 0x20   ? 6
			    : cgc->cmd[0] < 0x80 ? 10
						 : 12,
		.timeout_ms = cgc->timeout > 0 ? (unsigned)cgc->timeout * 10 : 0,
	};

	if (cgc->buflen > 1 << 20)
		return cdrom_fail(EINVAL);
	memcpy(packet.cdb, cgc->cmd, CDROM_PACKET_SIZE);
	switch (cgc->data_direction) {
	case CGC_DATA_WRITE:
		packet.direction = DOOR_OUT;
		break;
	case CGC_DATA_READ:
	case CGC_DATA_UNKNOWN:
		packet.direction = DOOR_IN;
		break;
	case CGC_DATA_NONE:
		break;
	default:
		return cdrom_fail(EINVAL);
	}
	if (packet.direction && cgc->buflen) {
		packet.data = cgc->buffer;
		packet.size = cgc->buflen;
	}
	if (preload_packet(handle, &packet) < 0)
		return -1;
	cgc->buflen = (unsigned)(packet.size - packet.answer.done);
	cgc->stat = 0;
	if (!packet.answer.host && !packet.answer.status)
		return 0;
	cgc->stat = -EIO;
	if (cgc->sense && packet.answer.sense_size)
		memcpy(cgc->sense, packet.answer.sense,
		       packet.answer.sense_size < sizeof(*cgc->sense) ? packet.answer.sense_size
								      : sizeof(*cgc->sense));
	return cdrom_fail(EIO);
}

/* --- the block device --------------------------------------------------------------------------
 */

static int cdrom_size(const struct handle *handle, uint64_t *bytes)
{
	struct door_request request = {
		.what = DOOR_SIZE, .drive = handle->drive, .handle = handle->number};
	struct door_answer answer;

	if (preload_ask(&request, NULL, &answer, NULL, 0) < 0)
		return -1;
	*bytes = (uint64_t)answer.offset;
	return 0;
}

static int cdrom_block_ioctl(const struct handle *handle, unsigned long request, void *argument)
{
	uint64_t bytes;

	if (handle->access & DOOR_GENERIC)
		return cdrom_fail(ENOTTY);
	switch (request) {
	case BLKGETSIZE64:
		return cdrom_size(handle, argument);
	case BLKGETSIZE:
		if (cdrom_size(handle, &bytes) < 0)
			return -1;
		*(unsigned long *)argument = (unsigned long)(bytes / 512);
		return 0;
	case BLKSSZGET:
	case BLKBSZGET:
		*(int *)argument = 2048;
		return 0;
	case BLKROGET:
		*(int *)argument = 1;
		return 0;
	case BLKRAGET:
		*(long *)argument = 256;
		return 0;
	case BLKSECTGET:
		*(unsigned short *)argument = DOOR_TRANSFER / 512;
		return 0;
	case BLKFLSBUF:
	case BLKRASET:
	case BLKBSZSET:
		return 0;
	default:
		return cdrom_fail(ENOTTY);
	}
}

int preload_cdrom_ioctl(const struct handle *handle, unsigned long request, void *argument)
{
	const uintptr_t number = (uintptr_t)argument;

	switch (request) {
	case CDROMREADTOCHDR:
		return cdrom_toc_header(handle, argument);
	case CDROMREADTOCENTRY:
		return cdrom_toc_entry(handle, argument);
	case CDROMMULTISESSION:
		return cdrom_multisession(handle, argument);
	case CDROM_DISC_STATUS:
		return cdrom_disc_status(handle);
	case CDROM_DRIVE_STATUS:
		return cdrom_drive_status(handle);
	case CDROM_MEDIA_CHANGED:
		return cdrom_media_changed(handle);
	case CDROM_GET_CAPABILITY:
		return cdrom_capability(handle);
	case CDROM_GET_MCN:
		return cdrom_mcn(handle, argument);
	case CDROMSUBCHNL:
		return cdrom_position(handle, argument);
	case CDROM_SELECT_SPEED:
		return cdrom_speed(handle, number);
	case CDROMEJECT:
		return cdrom_lock(handle, false) < 0 ? -1 : cdrom_tray(handle, 2);
	case CDROMCLOSETRAY:
		return cdrom_tray(handle, 3);
	case CDROMSTART:
		return cdrom_tray(handle, 1);
	case CDROMSTOP:
		return cdrom_tray(handle, 0);
	case CDROM_LOCKDOOR:
		return cdrom_lock(handle, number != 0);
	case CDROMREADRAW:
	case CDROMREADMODE1:
	case CDROMREADMODE2:
	case CDROMREADCOOKED:
		return cdrom_read_one(handle, request, argument);
	case CDROMREADAUDIO:
		return cdrom_read_audio(handle, argument);
	case CDROM_NEXT_WRITABLE:
		return cdrom_next_writable(handle, argument);
	case CDROM_LAST_WRITTEN:
		return cdrom_last_written(handle, argument);
	case CDROM_SEND_PACKET:
		return cdrom_packet(handle, argument);
	case DVD_READ_STRUCT:
		return preload_dvd_ioctl(handle, argument);
	case DVD_AUTH:
		return cdrom_fail(EIO);
	case CDROM_CHANGER_NSLOTS:
		return 1;
	case CDROM_SET_OPTIONS:
	case CDROM_CLEAR_OPTIONS:
	case CDROMEJECT_SW:
	case CDROMRESET:
	case CDROM_DEBUG:
	case CDROMRESUME:
	case CDROMPAUSE:
		return 0;
	case CDROM_SELECT_DISC:
	case CDROMAUDIOBUFSIZ:
	case CDROMPLAYMSF:
	case CDROMPLAYTRKIND:
	case CDROMVOLCTRL:
	case CDROMVOLREAD:
	case CDROMREADALL:
	case CDROMSEEK:
	case CDROMPLAYBLK:
		return cdrom_fail(ENOSYS);
	default:
		return cdrom_block_ioctl(handle, request, argument);
	}
}
