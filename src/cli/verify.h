/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of spindle verify: a container's own checksums, and the comparison of two images. */
#ifndef SP_CLI_VERIFY_H
#define SP_CLI_VERIFY_H

#include "cli/cli.h"

#include <spindle/tree.h>

struct proof {
	char *what, *expected, *found;
	char *where; /* it is wrong; NULL: nothing is known of that */
	bool ok;
};
struct proofs {
	struct proof *proof;
	size_t count, wrong;
};

/* A view of `source` (borrowed) that keeps in *proofs what it is told when it is proven. */
int proofs_watch(struct sp_source **out, struct sp_source *source, struct proofs *proofs,
		 struct sp_error *err);
/* What volumes say of themselves, summed, as more proofs. */
int proofs_checksums(struct proofs *proofs, const struct sp_checksums *list, struct sp_error *err);
void proofs_text(FILE *out, const struct proofs *proofs);
/* An array of {what, expected, found, ok, where}. */
void proofs_json(struct json *json, const char *key, const struct proofs *proofs);
void proofs_free(struct proofs *proofs);

/* Has any stored sector sub-channel? */
bool verify_sub_there(const struct sp_disc *disc);
/* Wrong CRCs of Q that no pattern explains are damage: into the tally, where it has none. */
void verify_sub_count(struct sp_tally *tally, const struct sp_subscan *scan);
/* Nothing of a scan without sectors. */
void verify_sub_text(const struct ui *ui, const struct sp_disc *disc,
		     const struct sp_subscan *scan);
void verify_sub_json(struct json *json, const struct sp_subscan *scan);

/* verify SRC REF; returns the exit code. */
int verify_against(struct ui *ui, struct sp_input *in, struct sp_input *ref);

#endif
