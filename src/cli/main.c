/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: a table of commands. */
#include "cli/burn.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command *const main_command[] = {
	&cli_info,  &cli_rip,    &cli_convert, &cli_verify,  &cli_merge, &cli_hash,
	&cli_ls,    &cli_tree,   &cli_cat,     &cli_extract, &cli_mkiso, &cli_burn,
	&cli_blank, &cli_drives, &cli_formats, NULL,
};
enum { MAIN_COMMANDS = sizeof(main_command) / sizeof(*main_command) - 1 };

static const struct cli_command *main_find(const char *name)
{
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		if (!strcmp(main_command[i]->name, name))
			return main_command[i];
	return NULL;
}

static void main_overview(FILE *out)
{
	fputs("spindle: opens, converts, checks and hashes images of optical discs\n\n"
	      "Usage: spindle COMMAND [OPTION]... ARGUMENT...\n\n",
	      out);
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		fprintf(out, "  %-9s %-10s %s\n", main_command[i]->name, main_command[i]->usage,
			main_command[i]->summary);
	fputs("\nspindle COMMAND --help says more; spindle --version lists versions and "
	      "formats.\n\n"
	      "Exit codes: 0 done and whole; 1 verify: differs or damaged; 2 usage, or the output\n"
	      "exists; 3 not recognised or malformed; 4 input/output error; 5 not supported; 6 "
	      "done,\n"
	      "but unreadable sectors were filled; 7 drive or medium; 8 refused: something would "
	      "be\n"
	      "lost; 130 interrupted.\n\n"
	      "Example:\n  spindle convert disc.iso disc.cue\n",
	      out);
}

static int main_unknown(struct ui *ui, const char *name)
{
	const char *names[MAIN_COMMANDS + 2] = {"help"};

	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		names[i + 1] = main_command[i]->name;
	const char *near = cli_nearest(name, names);
	if (near)
		return ui_error(ui, SP_ERR_USAGE,
				"there is no command \"%s\"; did you mean \"%s\"?", name, near);
	return ui_error(ui, SP_ERR_USAGE, "there is no command \"%s\" (see: spindle help)", name);
}

static void main_formats(const char *what, bool writes)
{
	printf("%s", what);
	for (const struct sp_format *const *f = sp_formats(); *f; f++)
		if (writes ? (*f)->create != NULL : (*f)->open != NULL)
			printf(" %s", (*f)->name);
	putchar('\n');
}

static void main_formats_json(struct json *json, const char *key, bool writes)
{
	json_array(json, key);
	for (const struct sp_format *const *f = sp_formats(); *f; f++)
		if (writes ? (*f)->create != NULL : (*f)->open != NULL)
			json_string(json, NULL, (*f)->name);
	json_end_array(json);
}

static void main_version(bool as_json)
{
	if (!as_json) {
		printf("spindle %s\n", sp_version());
		main_formats("reads:", false);
		main_formats("writes:", true);
		return;
	}
	struct json json = {.out = stdout};
	json_object(&json, NULL);
	json_u64(&json, "schema", 1);
	json_string(&json, "version", sp_version());
	main_formats_json(&json, "reads", false);
	main_formats_json(&json, "writes", true);
	json_end_object(&json);
}

static int main_run(struct ui *ui, const struct cli_command *command, int argc, char **argv)
{
	struct cli_args args;
	struct sp_error err;
	int code = 0;

	const int r = cli_parse(&args, command, argc, argv, &err);
	ui_start(ui, &args);
	if (r < 0)
		code = ui_fail(ui, &err);
	else if (args.count[OPT_HELP])
		cli_help(stdout, command);
	else
		code = command->run(ui, &args);
	cli_args_free(&args);
	return code;
}

static int main_help(struct ui *ui, const char *name)
{
	const struct cli_command *command = name ? main_find(name) : NULL;

	if (name && !command)
		return main_unknown(ui, name);
	if (command)
		cli_help(stdout, command);
	else
		main_overview(stdout);
	return 0;
}

static bool main_is(const char *word, unsigned option)
{
	const char letter[3] = {'-', cli_options[option].letter, '\0'};

	return !strcmp(word, letter) ||
	       (!strncmp(word, "--", 2) && !strcmp(word + 2, cli_options[option].name));
}

static int main_dispatch(struct ui *ui, int argc, char **argv)
{
	if (argc < 2) {
		main_overview(stderr);
		return sp_status_exit(SP_ERR_USAGE);
	}
	const struct cli_command *command = main_find(argv[1]);
	if (command)
		return main_run(ui, command, argc - 1, argv + 1);
	if (main_is(argv[1], OPT_HELP) || !strcmp(argv[1], "help"))
		return main_help(ui, argc > 2 ? argv[2] : NULL);
	if (!strcmp(argv[1], "__complete")) {
		cli_complete(stdout, main_command, argc - 2, argv + 2);
		return 0;
	}
	if (!strcmp(argv[1], cli_burn_worker.name))
		return main_run(ui, &cli_burn_worker, argc - 1, argv + 1);
	if (!strcmp(argv[1], cli_recover_worker.name))
		return main_run(ui, &cli_recover_worker, argc - 1, argv + 1);
	if (!strcmp(argv[1], cli_blank_worker.name))
		return main_run(ui, &cli_blank_worker, argc - 1, argv + 1);
	const bool json = main_is(argv[1], OPT_JSON) && argc > 2; /* --json --version */
	if (main_is(argv[json ? 2 : 1], OPT_VERSION)) {
		main_version(json || (argc > 2 && main_is(argv[2], OPT_JSON)));
		return 0;
	}
	if (argv[1][0] == '-')
		return ui_error(ui, SP_ERR_USAGE,
				"a command comes first, not %s (see: spindle help)", argv[1]);
	return main_unknown(ui, argv[1]);
}

int main(int argc, char **argv)
{
	struct ui ui = {0};

	/* a file must not get the number of a standard stream that was closed */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0)
			return sp_status_exit(SP_ERR_IO);
	ui_signals();
	int code = main_dispatch(&ui, argc, argv);
	ui_end(&ui);
	return ui_finish(&ui, code);
}
