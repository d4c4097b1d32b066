/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of spindle convert have of each other. */
#ifndef SP_CLI_CONVERT_H
#define SP_CLI_CONVERT_H

#include "cli/cli.h"

/* Refuse for what would be lost; returns the exit code. */
int convert_refused(struct ui *ui, const struct sp_losses *losses);
/* Read back what was written, before it has its name. What was knowingly left out may be missing.
 */
int convert_verify(struct ui *ui, struct sp_output *out, struct sp_source *source, bool lossy,
		   struct sp_error *err);
/* --dry-run: read all, write nothing, print what would be. Returns the exit code. */
int convert_plan(struct ui *ui, const struct cli_args *args, struct sp_input *in,
		 const struct sp_target *target, const struct sp_repairs *repairs);
/* Print what was made of a committed output. `repairs` (NULL: not asked) as for the plan. */
void convert_made(struct ui *ui, const struct cli_args *args, const struct sp_input *in,
		  const struct sp_output *out, const struct sp_copy *copy,
		  const struct sp_repairs *repairs);

#endif
