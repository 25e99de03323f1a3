/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The digest of a stream of bytes. */
#pragma once

#include <glib.h>

typedef struct evp_md_ctx_st QuiltHash;

/* NULL on error. */
QuiltHash *quilt_hash_new (GError **error);
void quilt_hash_free (QuiltHash *hash);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltHash, quilt_hash_free)

void quilt_hash_update (QuiltHash *hash, gconstpointer bytes, gsize length);

/* The digest "sha256:HEX" of all bytes. Call it once. Owned by the caller. */
char *quilt_hash_digest (QuiltHash *hash);
