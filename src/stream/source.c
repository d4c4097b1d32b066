/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls every source and sink is used through. */
#include <spindle/stream.h>

int sp_source_read(struct sp_source *src, struct sp_span *span, struct sp_error *err)
{
	return src->ops->read(src, span, err);
}

int sp_source_prove(struct sp_source *src, sp_proof_fn *fn, void *user, struct sp_error *err)
{
	return src->ops->prove ? src->ops->prove(src, fn, user, err) : 0;
}

int sp_source_describe(struct sp_source *src, sp_fact_fn *fn, void *user, struct sp_error *err)
{
	return src->ops->describe ? src->ops->describe(src, fn, user, err) : 0;
}

void sp_source_close(struct sp_source *src)
{
	if (src)
		src->ops->close(src);
}

void sp_sink_close(struct sp_sink *sink)
{
	if (sink)
		sink->ops->close(sink);
}
