/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One disc's way through one format: create over memory, identify, open, compare. */
#ifndef TEST_TRIAL_H
#define TEST_TRIAL_H

#include "tests/doubles.h"
#include "tests/layouts.h"

#include <spindle/format.h>

enum { TRIAL_SEED = 11 };

/* A format with its options, and the folder in memory its files lie in. */
struct trial {
	const struct sp_format *format;
	const struct layout *layout;
	struct sp_option option; /* key NULL: none */
	struct sp_memory *mem;
	char name[40];  /* of the descriptor */
	unsigned notes; /* how many came */
	uint64_t told;  /* sectors that came as unread or padded when last compared */
	struct double_source_plan plan; /* of the pattern; all 0: as it is */
	struct sp_losses losses;
	unsigned finishes; /* calls of the sink's finish */
};

void trial_init(struct trial *trial, const struct sp_format *format, const struct layout *layout,
		const struct sp_option *option);
void trial_clear(struct trial *trial);
/* Everything the pattern of the layout makes; `faults` may be NULL. The memory is emptied first. */
int trial_create(struct trial *trial, struct double_faults *faults, bool scan,
		 struct sp_error *err);
/* Identify and open. */
int trial_open(struct trial *trial, struct double_faults *faults, struct sp_source **out,
	       struct sp_error *err);
/* What `source` (closed) gives beside the pattern. */
int trial_compare(struct trial *trial, struct sp_source *source, struct sp_compared *compared,
		  struct sp_error *err);
/* A copy of the folder with one file cut to `size` bytes. */
struct sp_memory *trial_cut(const struct trial *trial, const char *name, uint64_t size);
/* The i-th option value beyond the default of a format; false: there is none. */
bool trial_option(const struct sp_format *format, unsigned i, struct sp_option *option,
		  char value[32]);
/* "format -O key=value, layout" for messages; valid until the next call. */
const char *trial_text(const struct trial *trial);

#endif
