/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A source whose checksums are written down as they are proven. */
#include "cli/verify.h"

#include "report/printable.h"

#include <stdlib.h>
#include <string.h>

struct proofs_view {
	struct sp_source source;
	struct sp_source *inner;
	struct proofs *proofs;
	/* of the prove that runs */
	sp_proof_fn *fn;
	void *user;
	bool failed;
};

static int proofs_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	return sp_source_read(((struct proofs_view *)src)->inner, span, err);
}

static void proofs_take(void *user, const struct sp_proof *proof)
{
	struct proofs_view *view = user;
	struct proofs *proofs = view->proofs;
	struct proof *list = realloc(proofs->proof, (proofs->count + 1) * sizeof(*list));

	view->fn(view->user, proof);
	proofs->wrong += !proof->ok;
	if (!list) {
		view->failed = true;
		return;
	}
	proofs->proof = list;
	list[proofs->count] = (struct proof){strdup(proof->what), strdup(proof->expected),
					     strdup(proof->found), proof->ok};
	const struct proof *kept = &list[proofs->count++];
	view->failed = view->failed || !kept->what || !kept->expected || !kept->found;
}

static int proofs_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	struct proofs_view *view = (struct proofs_view *)src;

	view->fn = fn;
	view->user = user;
	const int r = sp_source_prove(view->inner, proofs_take, view, err);
	return !r && view->failed ? sp_fail_memory(err) : r;
}

static void proofs_close(struct sp_source *src)
{
	free(src);
}

int proofs_watch(struct sp_source **out, struct sp_source *source, struct proofs *proofs,
		 struct sp_error *err)
{
	static const struct sp_source_ops proving = {
		.read = proofs_read, .prove = proofs_prove, .close = proofs_close};
	static const struct sp_source_ops plain = {.read = proofs_read, .close = proofs_close};
	struct proofs_view *view = calloc(1, sizeof(*view));

	if (!view)
		return sp_fail_memory(err);
	*view = (struct proofs_view){
		.source = {source->ops->prove ? &proving : &plain, source->disc, source->caps},
		.inner = source,
		.proofs = proofs,
	};
	*out = &view->source;
	return 0;
}

void proofs_text(FILE *out, const struct proofs *proofs)
{
	for (size_t i = 0; i < proofs->count; i++) {
		const struct proof *p = &proofs->proof[i];
		fputs("  ", out);
		printable_put(out, p->what);
		fputs(p->ok ? ": right, " : ": wrong, the image says ", out);
		printable_put(out, p->expected);
		if (!p->ok) {
			fputs(", its data gives ", out);
			printable_put(out, p->found);
		}
		fputc('\n', out);
	}
}

void proofs_json(struct json *json, const char *key, const struct proofs *proofs)
{
	json_array(json, key);
	for (size_t i = 0; i < proofs->count; i++) {
		const struct proof *p = &proofs->proof[i];
		json_object(json, NULL);
		json_string(json, "what", p->what);
		json_string(json, "expected", p->expected);
		json_string(json, "found", p->found);
		json_bool(json, "ok", p->ok);
		json_end_object(json);
	}
	json_end_array(json);
}

void proofs_free(struct proofs *proofs)
{
	for (size_t i = 0; i < proofs->count; i++) {
		free(proofs->proof[i].what);
		free(proofs->proof[i].expected);
		free(proofs->proof[i].found);
	}
	free(proofs->proof);
	*proofs = (struct proofs){0};
}
