/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spindle formats: what can be opened, made, or at least named. */
#include "cli/cli.h"

#include <string.h>

static void formats_extensions(char *text, size_t size, const struct sp_format *format)
{
	const char *const *const list[] = {format->extension, format->data_extension};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < 2; i++)
		for (const char *const *e = list[i]; e && *e && used < size; e++)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "",
						 *e);
}

static void formats_text(void)
{
	char extensions[64];

	printf("%-13s  %-16s  %-5s  %-5s  %s\n", "Format", "Extensions", "Reads", "Makes",
	       "What it is");
	for (const struct sp_format *const *f = sp_formats(); *f; f++) {
		formats_extensions(extensions, sizeof(extensions), *f);
		printf("%-13s  %-16s  %-5s  %-5s  %s\n", (*f)->name, extensions,
		       (*f)->open ? "yes" : "-", (*f)->create ? "yes" : "-", (*f)->summary);
		for (const struct sp_format_option *o = (*f)->option; o && o->key; o++)
			printf("%15s-O %s=%s: %s\n", "", o->key, o->values, o->help);
	}
	printf("\nRecognised by name, not opened yet:\n");
	for (const struct sp_format *const *f = sp_formats_known(); *f; f++) {
		formats_extensions(extensions, sizeof(extensions), *f);
		printf("%-13s  %-16s  %s\n", (*f)->name, extensions, (*f)->summary);
	}
}

static void formats_json_list(struct json *json, const char *key, const char *const *list)
{
	json_array(json, key);
	for (; list && *list; list++)
		json_string(json, NULL, *list);
	json_end_array(json);
}

static void formats_json(struct json *json, const struct sp_format *const *list)
{
	for (; *list; list++) {
		const struct sp_format *f = *list;
		json_object(json, NULL);
		json_string(json, "name", f->name);
		json_string(json, "summary", f->summary);
		formats_json_list(json, "extensions", f->extension);
		formats_json_list(json, "data_extensions", f->data_extension);
		json_bool(json, "reads", f->open != NULL);
		json_bool(json, "writes", f->create != NULL);
		json_bool(json, "streams", (f->flags & SP_FORMAT_STREAMS) != 0);
		json_array(json, "options");
		for (const struct sp_format_option *o = f->option; o && o->key; o++) {
			json_object(json, NULL);
			json_string(json, "key", o->key);
			json_string(json, "values", o->values);
			json_string(json, "help", o->help);
			json_end_object(json);
		}
		json_end_array(json);
		json_end_object(json);
	}
}

static int formats_run(struct ui *ui, const struct cli_args *args)
{
	struct json json = {.out = stdout};

	(void)args;
	if (!ui->json) {
		formats_text();
		return 0;
	}
	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_array(&json, "formats");
	formats_json(&json, sp_formats());
	formats_json(&json, sp_formats_known());
	json_end_array(&json);
	json_end_object(&json);
	return 0;
}

const struct cli_command cli_formats = {
	.name = "formats",
	.summary = "List the formats and their options",
	.usage = "",
	.example = "spindle formats",
	.least = 0,
	.most = 0,
	.option = (const unsigned char[]){OPT_NONE},
	.run = formats_run,
};
