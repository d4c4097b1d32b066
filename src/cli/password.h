/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where passwords of encrypted images come from. */
#ifndef SP_CLI_PASSWORD_H
#define SP_CLI_PASSWORD_H

#include "cli/cli.h"

struct cli_password {
	struct ui *ui;
	const char *file; /* of --password-file; NULL: the terminal is asked */
};
/* The password function of struct sp_options; user is a struct cli_password. */
sp_password_fn cli_password;

#endif
