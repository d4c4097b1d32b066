/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of a rip: what was read, how, and what proves it; as text with a seal and as JSON. */
#ifndef SP_REPORT_RIP_H
#define SP_REPORT_RIP_H

#include "report/json.h"
#include "report/where.h"

#include <spindle/accuraterip.h>
#include <spindle/rip.h>

/* All borrowed. */
struct report_rip {
	const struct sp_rip_report *rip;
	const struct sp_disc *disc; /* as ripped */
	const struct sp_disc *toc;  /* with full TOC, PFI, DMI, where known */
	const struct sp_hashes *hashes;
	const struct sp_ar *ar;                /* no tracks: no music */
	const struct sp_ar_response *response; /* NULL: none was given */
	const struct sp_ar_verdict *verdict;   /* of ar's tracks, where there is a response */
	const struct sp_where *where;          /* of rip's runs; NULL: not known */
	char *const *note;
	size_t notes;
};

/* The same rip of the same disc gives the same text: no date, no path. malloc'd, NULL: no memory.
 * The last line is "sha256: " and the digest of all before it. */
char *report_rip_text(const struct report_rip *report, size_t *size);
/* One object at the top of `json`, schema 1; keys are only ever added. */
void report_rip_json(struct json *json, const struct report_rip *report);
/* "not accurate: 2 of 12 tracks …": the outcome of a comparison in a few words. Returns text. */
char *report_rip_verdict(char *text, size_t size, const struct report_rip *report);

extern const char *const report_rip_trouble[SP_RIP_TROUBLES]; /* words for a person */

#endif
