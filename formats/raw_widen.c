/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sectors of 2332 bytes seen as 2336: the end of the Q parity (form 1) or the EDC (form 2) is made.
 */
#include "base/bytes.h"
#include "disc/edc.h"
#include "disc/sector.h"
#include "formats/raw.h"

#include <stdlib.h>
#include <string.h>

enum { WIDEN_FROM = 2332, WIDEN_TO = 2336, WIDEN_HEAD = 16 };

struct widen {
	struct sp_io io;
	struct sp_io *inner;
	uint32_t sub;
};

/* raw: sync and header of zeros before the sector, as mode 2 leaves them out of its parity. */
static void widen_end(uint8_t raw[SP_RAW_SIZE])
{
	uint8_t *d = raw + WIDEN_HEAD, parity[276];

	if (d[2] & SP_SUBMODE_FORM2) {
		put_le32(d + WIDEN_FROM, sp_edc(0, d, WIDEN_FROM));
		return;
	}
	sp_ecc(raw, true, parity);
	memcpy(d + WIDEN_FROM, parity + sizeof(parity) - 4, 4);
}

/* One sector as it would lie in the wide file; one cut short ends in zeros. */
static int widen_sector(struct widen *w, uint64_t sector, uint8_t out[WIDEN_TO + SP_SUB_SIZE],
			struct sp_error *err)
{
	const uint64_t at = sector * (WIDEN_FROM + w->sub), rest = w->inner->size - at;
	const size_t size = rest < WIDEN_FROM + w->sub ? (size_t)rest : WIDEN_FROM + w->sub;
	uint8_t raw[WIDEN_HEAD + WIDEN_FROM + SP_SUB_SIZE + 4] = {0};
	const int r = sp_io_read(w->inner, at, raw + WIDEN_HEAD, size, err);

	if (r < 0)
		return r;
	memcpy(out + WIDEN_TO, raw + WIDEN_HEAD + WIDEN_FROM, w->sub);
	if (size >= WIDEN_FROM)
		widen_end(raw);
	else
		memset(raw + WIDEN_HEAD + WIDEN_FROM, 0, 4);
	memcpy(out, raw + WIDEN_HEAD, WIDEN_TO);
	return 0;
}

static int widen_read(struct sp_io *io, uint64_t at, void *data, size_t size, struct sp_error *err)
{
	struct widen *w = (struct widen *)io;
	const uint64_t stride = WIDEN_TO + w->sub;
	uint8_t sector[WIDEN_TO + SP_SUB_SIZE], *to = data;

	while (size) {
		const size_t skip = (size_t)(at % stride);
		const size_t n = size < stride - skip ? size : (size_t)(stride - skip);
		const int r = widen_sector(w, at / stride, sector, err);

		if (r < 0)
			return r;
		memcpy(to, sector + skip, n);
		to += n;
		at += n;
		size -= n;
	}
	return 0;
}

static void widen_close(struct sp_io *io)
{
	sp_io_close(((struct widen *)io)->inner);
	free(io);
}

int sp_raw_widen(struct sp_io **out, struct sp_io *io, uint32_t sub, struct sp_error *err)
{
	static const struct sp_io_ops ops = {.read = widen_read, .close = widen_close};
	const uint64_t stride = WIDEN_FROM + sub;
	uint64_t over = io->size % stride;
	struct widen *w = malloc(sizeof(*w));

	if (!w)
		return sp_fail_memory(err);
	over += over >= WIDEN_FROM ? WIDEN_TO - WIDEN_FROM : 0;
	*w = (struct widen){.io = {.ops = &ops,
				   .name = io->name,
				   .size = io->size / stride * (WIDEN_TO + sub) + over},
			    .inner = io,
			    .sub = sub};
	*out = &w->io;
	return 0;
}
