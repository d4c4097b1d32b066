/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated drive by name: what the name says, what is refused, what the trace has. */
#include "layouts.h"
#include "sim/open.h"

#include <spindle/spindle.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_sim_open.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *in_folder(const char *name)
{
	static char path[8][128];
	static unsigned next;
	char *p = path[next++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static void put_file(const char *name, const void *data, size_t size)
{
	FILE *f = fopen(in_folder(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void a_name_is_taken_apart_wrongly(void **state)
{
	static const struct {
		const char *text;
		struct sp_sim_name want;
	} names[] = {
		{"a.cue", {.disc = "a.cue"}},
		{"a,b.cue", {.disc = "a,b.cue"}},
		{"a,,x=1.cue,seed=7", {.disc = "a,,x=1.cue", .seed = 7}},
		{"d,medium=cd-rw,profile=p,q,faults=f=1,trace=t,seed=18",
		 {.disc = "d",
		  .medium = "cd-rw",
		  .profile = "p,q",
		  .faults = "f=1",
		  .trace = "t",
		  .seed = 18}},
		{"d,next=e,f,next=g=,medium=cd-r",
		 {.disc = "d", .medium = "cd-r", .next = {"e,f", "g="}, .nexts = 2}},
		{"d,seed=1,medium=dvd+r", {.disc = "d", .medium = "dvd+r", .seed = 1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct sp_sim_name got;
		struct sp_error err;

		assert_int_equal(sp_sim_name_parse(&got, names[i].text, &err), 0);
		bool other = got.nexts != names[i].want.nexts;
		for (size_t n = 0; !other && n < got.nexts; n++)
			other = !same(got.next[n], names[i].want.next[n]);
		if (other || !same(got.disc, names[i].want.disc) ||
		    !same(got.medium, names[i].want.medium) ||
		    !same(got.profile, names[i].want.profile) ||
		    !same(got.faults, names[i].want.faults) ||
		    !same(got.trace, names[i].want.trace) || got.seed != names[i].want.seed)
			fail_msg("%s", names[i].text);
		sp_sim_name_clear(&got);
	}
	static const char *const wrong[] = {"",          ",medium=cd-r",
					    "a,seed=",   "a,seed=1x",
					    "a,seed=-1", "a,seed=99999999999999999999"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct sp_sim_name got;
		struct sp_error err;

		if (sp_sim_name_parse(&got, wrong[i], &err) != SP_ERR_USAGE || got.text)
			fail_msg("`%s' is taken", wrong[i]);
	}
}

static void a_drive_that_cannot_be_is_opened(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *says;
	} refused[] = {
		{"none.cue", SP_ERR_IO, "is not there; medium= says"},
		{"text", SP_ERR_FORMAT, "text"},
		{"disc.iso,trace=text", SP_ERR_USAGE, "text: is there already"},
		{"disc.iso,faults=nothing", SP_ERR_IO, "nothing"},
		{"disc.iso,faults=zero", SP_ERR_FORMAT, "zero: is no text"},
	};

	(void)state;
	put_file("text", "no image\n", 9);
	put_file("zero", "\0\0", 2);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char name[256];
		struct sp_transport *transport = NULL;
		struct sp_error err;
		const char *comma = strstr(refused[i].name, "=");

		if (comma)
			snprintf(name, sizeof(name), "sim:%s/%.*s%s/%s", folder,
				 (int)(comma + 1 - refused[i].name), refused[i].name, folder,
				 comma + 1);
		else
			snprintf(name, sizeof(name), "sim:%s/%s", folder, refused[i].name);
		const int r = sp_sim_open_transport(&transport, name, NULL, &err);
		if (r != refused[i].status || !strstr(err.text, refused[i].says))
			fail_msg("%s: %d %s", name, r, r ? err.text : "");
	}
	struct sp_transport *transport;
	assert_int_equal(sp_sim_open_transport(&transport, "/dev/sr0", NULL, NULL), SP_ERR_USAGE);
}

static void the_trace_has_other_commands(void **state)
{
	char name[256], text[400] = "";
	struct sp_transport *transport;
	struct sp_error err;
	uint8_t data[2048], want[2048];

	(void)state;
	snprintf(name, sizeof(name), "sim:%s,trace=%s", in_folder("disc.iso"), in_folder("trace"));
	assert_int_equal(sp_sim_open_transport(&transport, name, NULL, &err), 0);
	assert_string_equal(transport->name, name);
	struct sp_command ready = {.cdb_size = 6};
	for (unsigned i = 0; i < 2; i++) { /* the first one learns of the new medium */
		assert_int_equal(transport->ops->execute(transport, &ready, &err), 0);
		assert_int_equal(ready.status, i ? SP_SCSI_GOOD : SP_SCSI_CHECK_CONDITION);
	}
	struct sp_command read = {.cdb = {0x28, [5] = 17, [8] = 1},
				  .cdb_size = 10,
				  .direction = SP_DATA_IN,
				  .data = data,
				  .size = sizeof(data)};
	assert_int_equal(transport->ops->execute(transport, &read, &err), 0);
	assert_int_equal(read.done, sizeof(data));
	memset(want, 17, sizeof(want));
	assert_memory_equal(data, want, sizeof(want));
	transport->ops->close(transport);

	FILE *f = fopen(in_folder("trace"), "r");
	assert_non_null(f);
	static const char changed[] = " 00 00 00 00 00 00 = 02 70 00 06 00 00 00 00 0a "
				      "00 00 00 00 28 00 00 00 00 00\n";
	static const char *const lines[] = {changed, " 00 00 00 00 00 00 = 00\n",
					    " 28 00 00 00 00 11 00 00 01 00 < 2048/2048 = 00\n"};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_non_null(fgets(text, sizeof(text), f));
		const char *rest = strchr(text, '+');
		assert_non_null(rest);
		assert_string_equal(strchr(rest, ' '), lines[i]);
	}
	assert_null(fgets(text, sizeof(text), f));
	fclose(f);
}

/* 40 sectors of a volume, each full of its own number but for the descriptor. */
static int make_disc(void **state)
{
	static uint8_t iso[40 * 2048];

	if (make_folder(state))
		return -1;
	for (unsigned i = 0; i < 40; i++)
		memset(iso + i * 2048, (int)i, 2048);
	memcpy(iso + 16 * 2048, "\1CD001\1", 7);
	memcpy(iso + 16 * 2048 + 80, "\50\0\0\0\0\0\0\50", 8);
	memcpy(iso + 16 * 2048 + 128, "\0\10\10\0", 4);
	put_file("disc.iso", iso, sizeof(iso));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_taken_apart_wrongly),
		cmocka_unit_test(a_drive_that_cannot_be_is_opened),
		cmocka_unit_test(the_trace_has_other_commands),
	};

	return cmocka_run_group_tests(tests, make_disc, remove_folder);
}
