/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's DVD_READ_STRUCT. */
#include "preload.h"

#include <errno.h>
#include <linux/cdrom.h>
#include <string.h>

static int dvd_fail(int number)
{
	errno = number;
	return -1;
}
/* --- DVD ---------------------------------------------------------------------------------------
 */

static int dvd_structure(const struct handle *handle, unsigned layer, unsigned format,
			 uint8_t *data, unsigned size)
{
	const uint8_t cdb[12] = {
		0xad,         0, 0, 0, 0, 0, (uint8_t)layer, (uint8_t)format, (uint8_t)(size >> 8),
		(uint8_t)size};

	return preload_in(handle, cdb, sizeof(cdb), data, size);
}

static void dvd_layer(struct dvd_layer *layer, const uint8_t *p)
{
	memset(layer, 0, sizeof(*layer));
	layer->book_version = p[0] & 15;
	layer->book_type = p[0] >> 4;
	layer->min_rate = p[1] & 15;
	layer->disc_size = p[1] >> 4;
	layer->layer_type = p[2] & 15;
	layer->track_path = (p[2] >> 4) & 1;
	layer->nlayers = (p[2] >> 5) & 3;
	layer->track_density = p[3] & 15;
	layer->linear_density = p[3] >> 4;
	layer->start_sector = preload_be(p + 5, 3);
	layer->end_sector = preload_be(p + 9, 3);
	layer->end_sector_l0 = preload_be(p + 13, 3);
	layer->bca = p[16] >> 7;
}

int preload_dvd_ioctl(const struct handle *handle, void *argument)
{
	dvd_struct *s = argument;
	uint8_t data[4 + 2048];
	const unsigned type = s->type;

	if (type == DVD_STRUCT_PHYSICAL && s->physical.layer_num < DVD_LAYERS) {
		const unsigned layer = s->physical.layer_num;

		if (dvd_structure(handle, layer, type, data, 21) < 0)
			return -1;
		dvd_layer(&s->physical.layer[layer], data + 4);
		return 0;
	}
	if (type == DVD_STRUCT_COPYRIGHT) {
		if (dvd_structure(handle, s->copyright.layer_num, type, data, 8) < 0)
			return -1;
		s->copyright.cpst = data[4];
		s->copyright.rmi = data[5];
		return 0;
	}
	if (type == DVD_STRUCT_BCA) {
		if (dvd_structure(handle, 0, type, data, 4 + 188) < 0)
			return -1;
		const unsigned n = preload_be(data, 2) - 2;
		if (n < 12 || n > 188)
			return dvd_fail(EIO);
		s->bca.len = (int)n;
		memcpy(s->bca.value, data + 4, n);
		return 0;
	}
	if (type == DVD_STRUCT_MANUFACT) {
		if (dvd_structure(handle, s->manufact.layer_num, type, data, sizeof(data)) < 0)
			return -1;
		const unsigned n = preload_be(data, 2) - 2;
		if (n > 2048)
			return dvd_fail(EIO);
		s->manufact.len = (int)n;
		memcpy(s->manufact.value, data + 4, n);
		return 0;
	}
	return dvd_fail(type == DVD_STRUCT_DISCKEY ? EIO : EINVAL);
}
