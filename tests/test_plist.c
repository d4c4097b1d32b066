/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Property lists and resource forks: what they hold comes out, and what is none is refused. */
#include "base/bytes.h"
#include "formats/plist.h"
#include "formats/rsrc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sp_memory *mem;

static int setup(void **state)
{
	(void)state;
	mem = sp_memory_new();
	return !mem;
}

static int teardown(void **state)
{
	(void)state;
	sp_memory_free(mem);
	return 0;
}

static struct sp_io *file(const void *data, size_t size)
{
	struct sp_error err;
	struct sp_io *io;

	assert_int_equal(sp_memory_put(mem, "f", data, size), 0);
	assert_int_equal(sp_memory_open(mem, "f", false, &io, &err), 0);
	return io;
}

static int parse(struct sp_plist_node **out, const char *text, size_t size, struct sp_error *err)
{
	struct sp_io *io = file(text, size);
	const int r = sp_plist_read(out, io, 0, size, err);

	sp_io_close(io);
	assert_true((r == 0) == (*out != NULL));
	return r;
}

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define TYPE                                                                                       \
	"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "                                  \
	"\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"

static void what_a_plist_holds_comes_out(void **state)
{
	static const char text[] = XML TYPE
		"<plist version=\"1.0\">\n<dict>\n "
		"<key>n</key><integer>18446744073709551615</integer>"
		"<key>big</key><integer>18446744073709551616</integer><key>neg</key><integer>-1</"
		"integer>"
		"<key>s</key><string>a &lt;&amp;&#x41; b</string><key>none</key><string></string>"
		"<key>d</key><data>\n\tAAEC\n\tAwQ=\n</data><key>one</key><data>/w==</data>"
		"<key>bare</key><data>AAE</data><key>empty</key><data/>"
		"<key>t</key><true/><key>date</key><date>2026-01-01T00:00:00Z</date>"
		"<key>list</key><array><dict><key>x</key><string>1</string></dict><string>2</"
		"string>"
		"<array/></array></dict></plist>\n";
	struct sp_plist_node *root;
	struct sp_error err;
	uint64_t n;

	(void)state;
	if (parse(&root, text, sizeof(text) - 1, &err))
		fail_msg("%s", err.text);
	assert_true(sp_plist_number(root, "n", &n));
	assert_true(n == UINT64_MAX);
	assert_false(sp_plist_number(root, "big", &n));
	assert_false(sp_plist_number(root, "neg", &n));
	assert_false(sp_plist_number(root, "s", &n));
	assert_false(sp_plist_number(root, "nothing", &n));
	assert_string_equal(sp_plist_text(root, "s"), "a <&A b");
	assert_string_equal(sp_plist_text(root, "none"), "");
	assert_null(sp_plist_text(root, "n"));
	assert_null(sp_plist_text(NULL, "n"));
	const struct sp_plist_node *data = sp_plist_get(root, "d", SP_PLIST_DATA);
	assert_int_equal(data->size, 5);
	assert_memory_equal(data->data, "\0\1\2\3\4", 6);
	data = sp_plist_get(root, "one", SP_PLIST_DATA);
	assert_int_equal(data->size, 1);
	assert_int_equal(data->data[0], 0xff);
	assert_int_equal(sp_plist_get(root, "bare", SP_PLIST_DATA)->size, 2);
	assert_int_equal(sp_plist_get(root, "empty", SP_PLIST_DATA)->size, 0);
	const struct sp_plist_node *list = sp_plist_get(root, "list", SP_PLIST_ARRAY);
	assert_string_equal(sp_plist_text(list->child, "x"), "1");
	assert_int_equal(list->child->next->kind, SP_PLIST_STRING);
	assert_int_equal(list->child->next->next->kind, SP_PLIST_ARRAY);
	assert_null(list->child->next->next->next);
	sp_plist_free(root);
}

static void what_is_no_plist_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "without a value"},
		{"koly", "line 1"},
		{"<dict/>", "not a property list"},
		{"<plist></plist>", "without a value"},
		{"<plist><dict/><dict/></plist>", "a second value"},
		{"<plist><dict><key>a</key></dict></plist>", "a key without a value"},
		{"<plist><dict><string>a</string></dict></plist>", "a value without a key"},
		{"<plist><dict><key>a</key><key>b</key></dict></plist>", "a key where none can be"},
		{"<plist><array><key>a</key></array></plist>", "a key where none can be"},
		{"<plist><array>a</array></plist>", "text outside of values"},
		{"<plist><array><set/></array></plist>", "an element no property list has"},
		{"<plist><string><string/></string></plist>", "not a property list"},
		{"<plist><dict><key><key/></key></dict></plist>", "not a property list"},
		{"<plist>\n<array>\n</dict></plist>", "line 3"},
		{"<plist><data>*</data></plist>", "data is not base64"},
		{"<plist><data>AAAAA</data></plist>", "data is not base64"},
		{"<plist><data>AA=A</data></plist>", "data is not base64"},
		{"<plist><data>A===</data></plist>", "data is not base64"},
		{"<!DOCTYPE p [<!ENTITY a \"b\">]><plist><string>&a;</string></plist>",
		 "a DOCTYPE that declares something"},
		{"<!DOCTYPE p [<!ENTITY % a SYSTEM \"f\"> %a;]><plist><string/></plist>",
		 "a DOCTYPE that declares something"},
		{TYPE "<plist><string>&a;</string></plist>", "an entity that XML does not have"},
		{"<plist><string>&a;</string></plist>", "undefined entity"},
		{"<plist><string>\xff</string></plist>", "line 1"},
		{"<plist><dict/></plist><plist/>", "line 1"},
		{"<plist><plist><dict/></plist></plist>", "an element no property list has"},
	};
	struct sp_plist_node *root;
	struct sp_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(&root, bad[i].text, strlen(bad[i].text), &err) != SP_ERR_FORMAT)
			fail_msg("%s is taken", bad[i].text);
		if (!strstr(err.text, bad[i].why) || strncmp(err.text, "f: property list", 16) != 0)
			fail_msg("%s: %s, not \"%s\"", bad[i].text, err.text, bad[i].why);
	}
}

/* `count` times `text` between `begin` and `end`. */
static int parse_many(unsigned count, const char *begin, const char *text, const char *end,
		      struct sp_error *err)
{
	const size_t n = strlen(text), size = strlen(begin) + n * count + strlen(end);
	char *all = malloc(size + 1), *p;
	struct sp_plist_node *root;

	assert_non_null(all);
	p = all + sprintf(all, "%s", begin);
	for (unsigned i = 0; i < count; i++, p += n)
		memcpy(p, text, n);
	memcpy(p, end, strlen(end));
	const int r = parse(&root, all, size, err);
	free(all);
	sp_plist_free(root);
	return r;
}

static void caps_are_reached_and_not_passed(void **state)
{
	struct sp_plist_node *root;
	struct sp_error err;
	struct sp_io *io;
	char deep[SP_PLIST_DEPTH * 16 + 200], *p = deep;

	(void)state;
	for (unsigned more = 0; more < 2; more++) {
		p = deep + sprintf(deep, "<plist>");
		for (unsigned i = 0; i < SP_PLIST_DEPTH + more; i++)
			p += sprintf(p, "<array>");
		for (unsigned i = 0; i < SP_PLIST_DEPTH + more; i++)
			p += sprintf(p, "</array>");
		p += sprintf(p, "</plist>");
		assert_int_equal(parse(&root, deep, (size_t)(p - deep), &err),
				 more ? SP_ERR_FORMAT : 0);
		sp_plist_free(root);
	}
	assert_int_equal(parse_many(100000, "<plist>", "<array>", "", &err), SP_ERR_FORMAT);
	assert_non_null(strstr(err.text, "nested too deep"));
	assert_int_equal(parse_many(SP_PLIST_NODES - 1, "<plist><array>", "<true/>",
				    "</array></plist>", &err),
			 0);
	assert_int_equal(
		parse_many(SP_PLIST_NODES, "<plist><array>", "<true/>", "</array></plist>", &err),
		SP_ERR_FORMAT);
	assert_non_null(strstr(err.text, "too many values"));
	/* the size is looked at before anything is read */
	assert_int_equal(sp_memory_put(mem, "zeros", NULL, SP_PLIST_SIZE + 1), 0);
	assert_int_equal(sp_memory_open(mem, "zeros", false, &io, &err), 0);
	assert_int_equal(sp_plist_read(&root, io, 0, SP_PLIST_SIZE + 1, &err), SP_ERR_UNSUPPORTED);
	assert_int_equal(sp_plist_read(&root, io, 1, SP_PLIST_SIZE, &err), SP_ERR_FORMAT);
	sp_io_close(io);
}

static void a_plist_cut_anywhere_is_refused(void **state)
{
	static const char text[] = XML TYPE "<plist><dict><key>a</key><data>AAAA</data><key>b</key>"
					    "<array><string>x</string></array></dict></plist>";
	struct sp_plist_node *root;
	struct sp_error err;

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++)
		assert_int_equal(parse(&root, text, size, &err), SP_ERR_FORMAT);
	assert_int_equal(parse(&root, text, sizeof(text) - 1, &err), 0);
	sp_plist_free(root);
}

/* --- resource forks ------------------------------------------------------------------------ */

enum { DATA = 256, MAP = DATA + 4 + 5 + 4 + 300 };

/* Two types; the second is `blkx` with two resources, one of which has a name. */
static size_t fork_of(uint8_t out[1024])
{
	uint8_t *map = out + MAP;

	memset(out, 0, 1024);
	put_be32(out, DATA);
	put_be32(out + 4, MAP);
	put_be32(out + 8, MAP - DATA);
	put_be32(out + DATA, 5);
	memcpy(out + DATA + 4, "first", 5);
	put_be32(out + DATA + 9, 300);
	memset(out + DATA + 13, 'x', 300);
	put_be16(map + 24, 28);           /* types */
	put_be16(map + 26, 28 + 18 + 36); /* names */
	put_be16(map + 28, 1);
	memcpy(map + 30, "STR ", 4);
	put_be16(map + 34, 0);
	put_be16(map + 36, 18);
	memcpy(map + 38, "blkx", 4);
	put_be16(map + 42, 1);
	put_be16(map + 44, 30);
	put_be16(map + 46, 1); /* STR #1, the first resource too */
	put_be16(map + 48, 0xffff);
	put_be16(map + 58, 0xffff); /* blkx #-1 */
	put_be16(map + 60, 0);
	put_be32(map + 62, 0x50000000);
	put_be16(map + 70, 7); /* blkx #7 */
	put_be16(map + 72, 0xffff);
	put_be32(map + 74, 9);
	memcpy(map + 82, "\4name", 5);
	put_be32(out + 12, 87);
	return MAP + 87;
}

static int list(const uint8_t *data, size_t size, struct sp_resource **out, size_t *count,
		struct sp_error *err)
{
	struct sp_io *io = file(data, size);
	const int r = sp_rsrc_list(out, count, io, 3, size - 3, "blkx", err);

	sp_io_close(io);
	return r;
}

static void resources_of_one_type_are_listed(void **state)
{
	uint8_t data[1024 + 3] = {1, 2, 3};
	struct sp_resource *found;
	struct sp_error err;
	size_t count;

	(void)state;
	const size_t size = 3 + fork_of(data + 3);
	if (list(data, size, &found, &count, &err))
		fail_msg("%s", err.text);
	assert_int_equal(count, 2);
	assert_int_equal(found[0].id, -1);
	assert_int_equal(found[0].attributes, 0x50);
	assert_string_equal(found[0].name, "name");
	assert_int_equal(found[0].at, 3 + DATA + 4);
	assert_int_equal(found[0].size, 5);
	assert_int_equal(found[1].id, 7);
	assert_string_equal(found[1].name, "");
	assert_int_equal(found[1].at, 3 + DATA + 13);
	assert_int_equal(found[1].size, 300);
	free(found);
	memcpy(data + 3 + MAP + 38, "blky", 4);
	assert_int_equal(list(data, size, &found, &count, &err), 0);
	assert_int_equal(count, 0);
	assert_null(found);
}

static void a_fork_that_names_places_outside_is_refused(void **state)
{
	static const struct {
		size_t at;
		unsigned bytes;
		uint32_t value;
	} bad[] = {
		{0, 4, 0xffffffff},        {4, 4, 0xffffffff},    {8, 4, 0xffffffff},
		{12, 4, 0xffffffff},       {12, 4, 29},           {4, 4, MAP + 1},
		{8, 4, MAP - DATA + 88},   {MAP + 24, 2, 0xffff}, /* types */
		{MAP + 28, 2, 60},                                /* count of types */
		{MAP + 42, 2, 3},                                 /* count of resources */
		{MAP + 42, 2, 0xffff},     {MAP + 44, 2, 0xfff0}, /* their place */
		{MAP + 62, 4, 0x50ffffff}, {MAP + 74, 4, 310},    /* of data */
		{DATA + 9, 4, 301},        {DATA, 4, 0xffffffff}, /* its length */
	};
	uint8_t data[1024 + 3];
	struct sp_resource *found;
	struct sp_error err;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const size_t size = 3 + fork_of(data + 3);
		uint8_t *p = data + 3 + bad[i].at;

		if (bad[i].bytes == 2)
			put_be16(p, (uint16_t)bad[i].value);
		else
			put_be32(p, bad[i].value);
		/* names of more types than fit end the search only where none of them is it */
		if (bad[i].at == MAP + 28)
			memcpy(data + 3 + MAP + 38, "blky", 4);
		if (list(data, size, &found, &count, &err) != SP_ERR_FORMAT)
			fail_msg("%u at %zu is taken", bad[i].value, bad[i].at);
		assert_null(found);
	}
	const size_t whole = 3 + fork_of(data + 3);
	for (size_t size = 3; size < whole; size++)
		assert_int_equal(list(data, size, &found, &count, &err), SP_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(what_a_plist_holds_comes_out),
		TEST(what_is_no_plist_is_refused),
		TEST(caps_are_reached_and_not_passed),
		TEST(a_plist_cut_anywhere_is_refused),
		TEST(resources_of_one_type_are_listed),
		TEST(a_fork_that_names_places_outside_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
