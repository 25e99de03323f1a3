/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the record of an image that is made of another image and one more layer. Pure. */
#pragma once

#include "store/images.h"

/* The layers of an image that a commit may be made of: without ids of its own, the paths of a
 * container's layers have to fit into a page. */
#define QUILT_COMMIT_LAYERS_MAX 32
/* Bytes of the author or the comment. */
#define QUILT_COMMIT_TEXT_MAX 4096

typedef struct {
  const char *layer; /* its digest; NULL: no layer is added */
  guint64 size;
  guint64 entries;
  const QuiltImageConfig *changes; /* NULL members leave the value of base; env adds or replaces */
  const char *author;              /* NULL: none */
  const char *comment;             /* NULL: none */
  guint64 created_usec;
} QuiltCommitPlan;

/* The record without names. Its digest is the SHA-256 of the record, so it names layers and
 * configuration. NOT_SUPPORTED if base has too many layers. */
QuiltImageRecord *
quilt_commit_record_new (const QuiltImageRecord *base, const QuiltCommitPlan *plan, GError **error);
