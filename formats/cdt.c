/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of CD-Text packs, as CDTEXTFILE of a sheet names them and burning programs write them. */
#include "formats/cdt.h"

#include "base/bytes.h"
#include "disc/cdtext.h"

#include <stdlib.h>

int sp_cdt_read(struct sp_io *io, struct sp_disc *disc, const struct sp_notes *notes,
		struct sp_error *err)
{
	const uint64_t room = SP_CDTEXT_MAX + 5; /* a header, and a zero at the end */
	size_t at = 0, size = 0;
	uint8_t *data = io->size && io->size <= room ? malloc((size_t)io->size) : NULL;
	int r = 0;

	if (io->size && io->size <= room && !data)
		return sp_fail_memory(err);
	if (data)
		r = sp_io_read(io, 0, data, (size_t)io->size, err);
	if (!r && data && sp_cdtext_find(data, (size_t)io->size, &at, &size))
		r = sp_disc_set_cdtext(disc, data + at, size) < 0
			    ? sp_fail_memory(err)
			    : sp_cdtext_decode(disc, notes, err);
	else if (!r)
		sp_note(notes, "%s: holds no packs of CD-Text: left out", io->name);
	free(data);
	return r;
}
