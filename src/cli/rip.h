/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of spindle rip have of each other. */
#ifndef SP_CLI_RIP_H
#define SP_CLI_RIP_H

#include "cli/cli.h"
#include "report/rip.h"

#include <spindle/rip.h>

/* What is asked of the drive, but for notes and progress, and which digests of the log. */
int rip_ask(struct sp_rip_setup *setup, unsigned *digests, const struct cli_args *args,
	    struct sp_error *err);

/* Read offset corrections of drive models, kept in $XDG_CONFIG_HOME/spindle/offsets (or
 * ~/.config/…): lines of "+102 VENDOR MODEL". False: this model is not in it. */
bool rip_offset_known(const struct sp_drive_identity *drive, int *offset);
/* Keep one; what goes wrong is a note. */
void rip_offset_keep(struct ui *ui, const struct sp_drive_identity *drive, int offset);

/* A saved AccurateRip response; cleared by the caller. */
int rip_response_open(struct sp_ar_response *response, const char *path, struct sp_error *err);

/* Of the image `path`, and its logs, one that is there already: malloc'd, NULL: none is. */
char *rip_in_the_way(const char *path, bool logs);
/* Write the logs, text and JSON, as further members of the output, beside the image. */
int rip_log_write(struct sp_output *out, const struct report_rip *report, struct sp_error *err);
/* And a map of what is bad in it, as GNU ddrescue reads it. */
int rip_map_write(struct sp_output *out, struct sp_rip *rip, struct sp_error *err);

/* "music/" and "disc.cue" have their stores in "music.spindle" and "disc.cue.spindle". */
char *rip_store_name(const char *dst);

#endif
