/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report of a burn as lines, and back: one table for both sides. */
#include "cli/burn.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum wire_kind { WIRE_UNSIGNED, WIRE_INT, WIRE_U64, WIRE_BOOL, WIRE_TEXT };

#define WIRE(name, kind, field)                                                                    \
	{                                                                                          \
		name, kind, offsetof(struct sp_burn_report, field),                                \
			sizeof(((struct sp_burn_report *)0)->field)                                \
	}
static const struct wire_field {
	const char *key;
	unsigned kind;
	size_t at, size;
} wire_field[] = {
	WIRE("vendor", WIRE_TEXT, target.identity.vendor),
	WIRE("model", WIRE_TEXT, target.identity.model),
	WIRE("firmware", WIRE_TEXT, target.identity.firmware),
	WIRE("profile", WIRE_UNSIGNED, target.profile),
	WIRE("medium", WIRE_UNSIGNED, target.medium),
	WIRE("before", WIRE_UNSIGNED, target.state),
	WIRE("erasable", WIRE_BOOL, target.erasable),
	WIRE("free", WIRE_U64, target.free),
	WIRE("next", WIRE_U64, target.next),
	WIRE("closed", WIRE_UNSIGNED, target.closed),
	WIRE("used", WIRE_BOOL, target.used),
	WIRE("holds", WIRE_TEXT, target.holds),
	WIRE("writer", WIRE_UNSIGNED, plan.writer),
	WIRE("mode", WIRE_UNSIGNED, plan.mode),
	WIRE("planned", WIRE_U64, plan.sectors),
	WIRE("pads", WIRE_BOOL, plan.pads),
	WIRE("speed", WIRE_UNSIGNED, plan.speed),
	WIRE("break", WIRE_U64, plan.layer_break),
	WIRE("written", WIRE_UNSIGNED, written),
	WIRE("after", WIRE_UNSIGNED, state),
	WIRE("sectors", WIRE_U64, sectors),
	WIRE("seconds", WIRE_U64, seconds),
	WIRE("sha256", WIRE_TEXT, sha256),
	WIRE("verified", WIRE_BOOL, verified),
	WIRE("differs", WIRE_BOOL, differs),
	WIRE("compared", WIRE_U64, compared),
	WIRE("different", WIRE_U64, different),
	WIRE("unread", WIRE_U64, unread),
	WIRE("offset", WIRE_INT, offset),
	WIRE("difference", WIRE_TEXT, difference),
};
enum { WIRE_FIELDS = sizeof(wire_field) / sizeof(*wire_field) };

void burn_report_tell(FILE *out, const struct sp_burn_report *report)
{
	for (size_t i = 0; i < WIRE_FIELDS; i++) {
		const struct wire_field *field = &wire_field[i];
		const void *at = (const char *)report + field->at;

		fprintf(out, "@set %s ", field->key);
		switch (field->kind) {
		case WIRE_UNSIGNED:
			fprintf(out, "%u\n", *(const unsigned *)at);
			break;
		case WIRE_INT:
			fprintf(out, "%d\n", *(const int *)at);
			break;
		case WIRE_U64:
			fprintf(out, "%" PRIu64 "\n", *(const uint64_t *)at);
			break;
		case WIRE_BOOL:
			fprintf(out, "%d\n", *(const bool *)at);
			break;
		default:
			fprintf(out, "%s\n", (const char *)at);
		}
	}
	fflush(out);
}

void burn_report_take(struct sp_burn_report *report, const char *key, const char *value)
{
	for (size_t i = 0; i < WIRE_FIELDS; i++) {
		const struct wire_field *field = &wire_field[i];
		void *at = (char *)report + field->at;

		if (strcmp(field->key, key) != 0)
			continue;
		switch (field->kind) {
		case WIRE_UNSIGNED:
			*(unsigned *)at = (unsigned)strtoul(value, NULL, 10);
			break;
		case WIRE_INT:
			*(int *)at = (int)strtol(value, NULL, 10);
			break;
		case WIRE_U64:
			*(uint64_t *)at = strtoull(value, NULL, 10);
			break;
		case WIRE_BOOL:
			*(bool *)at = *value == '1';
			break;
		default:
			snprintf(at, field->size, "%s", value);
		}
	}
}
