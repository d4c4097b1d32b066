/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Property lists in XML. Expat gives the tokens; the tree, its bounds and base64 are here. */
#include "formats/plist.h"

#include "base/bytes.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PLIST_PIECE = 64 << 10 };

struct plist_reader {
	XML_Parser parser;
	struct sp_plist_node *root, *open[SP_PLIST_DEPTH];
	struct sp_plist_node *last[SP_PLIST_DEPTH]; /* child of each of them */
	unsigned depth, nodes;
	bool plist;     /* within <plist> */
	bool key, text; /* within <key>; within a value of text */
	char *name;     /* the key that was read last */
	uint8_t *data;  /* of the element that is open */
	size_t size, room;
	unsigned bits, held; /* of base64: a group's bits so far */
	unsigned pad;        /* '=' seen */
	const char *wrong;   /* why the parser was stopped */
	bool memory;
};

static void plist_stop(struct plist_reader *r, const char *why)
{
	if (!r->wrong)
		r->wrong = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static void plist_no_memory(struct plist_reader *r)
{
	r->memory = true;
	plist_stop(r, "no memory");
}

static void plist_put(struct plist_reader *r, const void *bytes, size_t size)
{
	if (r->room - r->size <= size) { /* one more for the NUL */
		const size_t room = 2 * (r->size + size) + 64;
		uint8_t *data = realloc(r->data, room);

		if (!data) {
			plist_no_memory(r);
			return;
		}
		r->data = data;
		r->room = room;
	}
	memcpy(r->data + r->size, bytes, size);
	r->size += size;
}

static void plist_base64(struct plist_reader *r, const char *text, size_t size)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static int8_t const none = -1;

	for (size_t i = 0; i < size; i++) {
		const char c = text[i];
		int value = none;

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c == '=') {
			r->pad++;
			continue;
		}
		if (c >= 'A' && c <= 'Z')
			value = c - 'A';
		else if (c >= 'a' && c <= 'z')
			value = c - 'a' + 26;
		else if (c >= '0' && c <= '9')
			value = c - '0' + 52;
		else if (c == digit[62] || c == digit[63])
			value = c == digit[62] ? 62 : 63;
		if (value < 0 || r->pad) {
			plist_stop(r, "data is not base64");
			return;
		}
		r->bits = r->bits << 6 | (unsigned)value;
		if (++r->held == 4) {
			plist_put(r,
				  (const uint8_t[]){(uint8_t)(r->bits >> 16),
						    (uint8_t)(r->bits >> 8), (uint8_t)r->bits},
				  3);
			r->bits = r->held = 0;
		}
	}
}

/* What is left of an incomplete group (RFC 4648 4): 2 or 3 digits are 1 or 2 bytes. */
static void plist_base64_end(struct plist_reader *r)
{
	if (r->held == 1 || r->pad > 2)
		plist_stop(r, "data is not base64");
	else if (r->held == 2)
		plist_put(r, &(uint8_t){(uint8_t)(r->bits >> 4)}, 1);
	else if (r->held == 3)
		plist_put(r, (const uint8_t[]){(uint8_t)(r->bits >> 10), (uint8_t)(r->bits >> 2)},
			  2);
	r->bits = r->held = r->pad = 0;
}

/* A value begins: hang it into what is open. */
static struct sp_plist_node *plist_add(struct plist_reader *r, unsigned kind)
{
	struct sp_plist_node *parent = r->depth ? r->open[r->depth - 1] : NULL;

	if (!parent && r->root) {
		plist_stop(r, "a second value");
		return NULL;
	}
	if (parent && parent->kind == SP_PLIST_DICT && !r->name) {
		plist_stop(r, "a value without a key");
		return NULL;
	}
	if (++r->nodes > SP_PLIST_NODES) {
		plist_stop(r, "too many values");
		return NULL;
	}
	struct sp_plist_node *node = calloc(1, sizeof(*node));
	if (!node) {
		plist_no_memory(r);
		return NULL;
	}
	node->kind = kind;
	if (parent && parent->kind == SP_PLIST_DICT) {
		node->key = r->name;
		r->name = NULL;
	}
	if (!parent)
		r->root = node;
	else if (r->last[r->depth - 1])
		r->last[r->depth - 1]->next = node;
	else
		parent->child = node;
	if (parent)
		r->last[r->depth - 1] = node;
	return node;
}

static void XMLCALL plist_begin(void *user, const XML_Char *name, const XML_Char **attribute)
{
	static const struct {
		const char *name;
		unsigned kind;
	} known[] = {
		{"dict", SP_PLIST_DICT},     {"array", SP_PLIST_ARRAY},
		{"string", SP_PLIST_STRING}, {"integer", SP_PLIST_INTEGER},
		{"data", SP_PLIST_DATA},     {"real", SP_PLIST_OTHER},
		{"date", SP_PLIST_OTHER},    {"true", SP_PLIST_OTHER},
		{"false", SP_PLIST_OTHER},
	};
	struct plist_reader *r = user;
	size_t i = 0;

	(void)attribute;
	if (!r->plist && !strcmp(name, "plist")) {
		r->plist = true;
		return;
	}
	const bool in_dict = r->depth && r->open[r->depth - 1]->kind == SP_PLIST_DICT;
	if (!r->plist || r->text || r->key) {
		plist_stop(r, "not a property list");
		return;
	}
	r->size = 0;
	if (!strcmp(name, "key")) {
		r->key = true;
		if (!in_dict || r->name)
			plist_stop(r, "a key where none can be");
		return;
	}
	while (i < sizeof(known) / sizeof(known[0]) && strcmp(name, known[i].name) != 0)
		i++;
	if (i == sizeof(known) / sizeof(known[0])) {
		plist_stop(r, "an element no property list has");
		return;
	}
	struct sp_plist_node *node = plist_add(r, known[i].kind);
	if (r->depth == SP_PLIST_DEPTH)
		plist_stop(r, "nested too deep");
	if (!node || r->depth == SP_PLIST_DEPTH)
		return;
	r->text = known[i].kind > SP_PLIST_ARRAY;
	r->open[r->depth] = node;
	r->last[r->depth++] = NULL;
}

static void XMLCALL plist_end(void *user, const XML_Char *name)
{
	struct plist_reader *r = user;

	if (r->wrong) /* a stopped parser may end an element all the same */
		return;
	if (r->key) {
		plist_put(r, "", 0);
		r->key = false;
		if (r->data)
			r->data[r->size] = '\0';
		r->name = r->data ? strdup((const char *)r->data) : NULL;
		if (!r->name)
			plist_no_memory(r);
		return;
	}
	if (!r->depth) { /* </plist> */
		r->plist = false;
		return;
	}
	struct sp_plist_node *node = r->open[--r->depth];
	if (!r->text) {
		if (r->name)
			plist_stop(r, "a key without a value");
		return;
	}
	(void)name;
	r->text = false;
	if (node->kind == SP_PLIST_DATA)
		plist_base64_end(r);
	plist_put(r, "", 0);
	if (r->wrong)
		return;
	r->data[r->size] = '\0';
	uint8_t *fit = realloc(r->data, r->size + 1);
	node->data = fit ? fit : r->data;
	node->size = r->size;
	r->data = NULL;
	r->size = r->room = 0;
}

static void XMLCALL plist_characters(void *user, const XML_Char *text, int size)
{
	struct plist_reader *r = user;

	if (r->text && r->open[r->depth - 1]->kind == SP_PLIST_DATA)
		plist_base64(r, text, (size_t)size);
	else if (r->text || r->key)
		plist_put(r, text, (size_t)size);
	else
		for (int i = 0; i < size; i++)
			if (!strchr(" \t\r\n", text[i]))
				plist_stop(r, "text outside of values");
}

static void XMLCALL plist_doctype(void *user, const XML_Char *name, const XML_Char *system,
				  const XML_Char *id, int internal)
{
	(void)name, (void)system, (void)id;
	if (internal)
		plist_stop(user, "a DOCTYPE that declares something");
}

static void XMLCALL plist_skipped(void *user, const XML_Char *name, int parameter)
{
	(void)name, (void)parameter;
	plist_stop(user, "an entity that XML does not have");
}

static int plist_parse(struct plist_reader *r, struct sp_io *io, uint64_t at, uint64_t size,
		       struct sp_error *err)
{
	/* expat's own buffer: a second one would be copied into it */
	for (uint64_t done = 0; done < size;) {
		const int n = size - done < PLIST_PIECE ? (int)(size - done) : PLIST_PIECE;
		void *piece = XML_GetBuffer(r->parser, n);

		if (!piece)
			return sp_fail_memory(err);
		const int status = sp_io_read(io, at + done, piece, (size_t)n, err);
		if (status < 0)
			return status;
		done += (uint64_t)n;
		if (XML_ParseBuffer(r->parser, n, done == size) == XML_STATUS_OK)
			continue;
		if (r->memory || XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
			return sp_fail_memory(err);
		return sp_fail(err, SP_ERR_FORMAT, "%s: property list, line %lu: %s", io->name,
			       (unsigned long)XML_GetCurrentLineNumber(r->parser),
			       r->wrong ? r->wrong : XML_ErrorString(XML_GetErrorCode(r->parser)));
	}
	return r->root ? 0
		       : sp_fail(err, SP_ERR_FORMAT, "%s: property list without a value", io->name);
}

int sp_plist_read(struct sp_plist_node **out, struct sp_io *io, uint64_t at, uint64_t size,
		  struct sp_error *err)
{
	struct plist_reader r = {0};

	*out = NULL;
	if (size > SP_PLIST_SIZE)
		return sp_fail(err, SP_ERR_UNSUPPORTED,
			       "%s: property list of %llu bytes, more than %d", io->name,
			       (unsigned long long)size, SP_PLIST_SIZE);
	r.parser = XML_ParserCreate("UTF-8");
	if (!r.parser)
		return sp_fail_memory(err);
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, plist_begin, plist_end);
	XML_SetCharacterDataHandler(r.parser, plist_characters);
	XML_SetStartDoctypeDeclHandler(r.parser, plist_doctype);
	XML_SetSkippedEntityHandler(r.parser, plist_skipped);
	const int status = plist_parse(&r, io, at, size, err);
	XML_ParserFree(r.parser);
	free(r.name);
	free(r.data);
	if (status < 0)
		sp_plist_free(r.root);
	else
		*out = r.root;
	return status;
}

void sp_plist_free(struct sp_plist_node *root)
{
	/* children are put before what follows their parent, so that depth costs nothing */
	while (root) {
		struct sp_plist_node *node = root, *last = node->child;

		while (last && last->next)
			last = last->next;
		if (last)
			last->next = node->next;
		root = last ? node->child : node->next;
		free(node->key);
		free(node->data);
		free(node);
	}
}

const struct sp_plist_node *sp_plist_get(const struct sp_plist_node *dict, const char *key,
					 unsigned kind)
{
	if (!dict || dict->kind != SP_PLIST_DICT)
		return NULL;
	for (const struct sp_plist_node *node = dict->child; node; node = node->next)
		if (!strcmp(node->key, key))
			return node->kind == kind ? node : NULL;
	return NULL;
}

const char *sp_plist_text(const struct sp_plist_node *dict, const char *key)
{
	const struct sp_plist_node *node = sp_plist_get(dict, key, SP_PLIST_STRING);

	return node ? (const char *)node->data : NULL;
}

bool sp_plist_number(const struct sp_plist_node *dict, const char *key, uint64_t *value)
{
	const struct sp_plist_node *node = sp_plist_get(dict, key, SP_PLIST_INTEGER);
	uint64_t number = 0;

	if (!node || !node->size)
		return false;
	for (size_t i = 0; i < node->size; i++) {
		if (node->data[i] < '0' || node->data[i] > '9' || !sp_mul_ok(number, 10, &number) ||
		    !sp_add_ok(number, node->data[i] - '0', &number))
			return false;
	}
	*value = number;
	return true;
}
