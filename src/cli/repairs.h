/* SPDX-License-Identifier: GPL-3.0-or-later */
/* -O repair, and how commands tell what the parity corrected. */
#ifndef SP_CLI_REPAIRS_H
#define SP_CLI_REPAIRS_H

#include "cli/cli.h"

/* Take `repair` out of the -O options, which are the formats' otherwise; *asked: it says yes. */
int repairs_asked(struct cli_args *args, bool *asked, struct sp_error *err);
/* From here on `in` gives corrected sectors; *repairs must outlive it. */
int repairs_wrap(struct sp_input *in, struct sp_repairs *repairs, struct sp_error *err);
/* Notes, by LBA; with -v all of them. */
void repairs_note(struct ui *ui, const struct sp_disc *disc, const struct sp_repairs *repairs);
/* {sectors, parity, bytes, beyond, runs[] {lba, count, verdict, bytes}}; null for NULL. */
void repairs_json(struct json *json, const char *key, const struct sp_repairs *repairs);
/* Runs of one verdict, at most `most`: "LBA 17 (00:02:17, track 1), 20-23". Returns text. */
#define REPAIRS_LIST 512
char *repairs_list(char text[REPAIRS_LIST], const struct sp_disc *disc, const struct sp_runs *runs,
		   unsigned what, size_t most);

#endif
