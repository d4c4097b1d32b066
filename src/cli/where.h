/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Naming the files that damaged sectors are part of. */
#ifndef SP_CLI_WHERE_H
#define SP_CLI_WHERE_H

#include "cli/cli.h"
#include "report/where.h"

/* Sectors with framing are mended as they are read, and held against their EDC: in->source becomes
 * such a view, where it has any. */
int where_mend(struct sp_input *in, struct sp_repairs *repairs, struct sp_error *err);

/* What runs of a source belong to. Where that cannot be told a note says why, and false is
 * returned; where not all can be, another one. Clear *where in any case. */
bool where_look(struct sp_where *where, struct ui *ui, struct sp_source *source,
		const struct sp_runs *runs);
/* The same, looked up in the mended view, which in->source becomes. */
bool where_look_in(struct sp_where *where, struct ui *ui, struct sp_input *in,
		   const struct sp_runs *runs);
/* A line for each thing that is hit, `most` of them; nothing where none is in a file system. */
void where_text(const struct sp_disc *disc, const struct sp_where *where, size_t most);

#endif
