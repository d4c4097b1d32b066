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

/* A copy of the proof at the list's end. */
static bool proofs_add(struct proofs *proofs, const struct sp_proof *proof, const char *where)
{
	struct proof *list = realloc(proofs->proof, (proofs->count + 1) * sizeof(*list));

	proofs->wrong += !proof->ok;
	if (!list)
		return false;
	proofs->proof = list;
	list[proofs->count] =
		(struct proof){strdup(proof->what), strdup(proof->expected), strdup(proof->found),
			       where ? strdup(where) : NULL, proof->ok};
	const struct proof *kept = &list[proofs->count++];
	return kept->what && kept->expected && kept->found && (!where || kept->where);
}

static void proofs_take(void *user, const struct sp_proof *proof)
{
	struct proofs_view *view = user;

	view->fn(view->user, proof);
	view->failed = !proofs_add(view->proofs, proof, NULL) || view->failed;
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

int proofs_checksums(struct proofs *proofs, const struct sp_checksums *list, struct sp_error *err)
{
	char what[64];
	bool fine = true;

	for (size_t i = 0; i < list->count && fine; i++) {
		const struct sp_checksum *sum = &list->checksum[i];

		snprintf(what, sizeof(what), "%s MD5 (LBA %lld)", sum->what, (long long)sum->lba);
		const struct sp_proof proof = {what, sum->expected, sum->found, sum->ok};
		fine = proofs_add(proofs, &proof, sum->where[0] ? sum->where : NULL);
	}
	if (fine && list->damaged) {
		snprintf(what, sizeof(what), "libisofs tag (LBA %lld)", (long long)list->first);
		const struct sp_proof proof = {what, "", "", false};
		fine = proofs_add(proofs, &proof, "the tag itself is damaged");
	}
	return fine ? 0 : sp_fail_memory(err);
}

void proofs_text(FILE *out, const struct proofs *proofs)
{
	for (size_t i = 0; i < proofs->count; i++) {
		const struct proof *p = &proofs->proof[i];
		fputs("  ", out);
		printable_put(out, p->what);
		fputs(p->ok ? ": right" : ": wrong", out);
		if (p->expected[0]) {
			fputs(p->ok ? ", " : ", the image says ", out);
			printable_put(out, p->expected);
		}
		if (!p->ok && p->found[0]) {
			fputs(", its data gives ", out);
			printable_put(out, p->found);
		}
		if (p->where)
			fprintf(out, "; %s", p->where);
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
		if (p->where)
			json_string(json, "where", p->where);
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
		free(proofs->proof[i].where);
	}
	free(proofs->proof);
	*proofs = (struct proofs){0};
}
