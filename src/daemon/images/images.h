/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All images: the table in which other rooms look them up, and the limits of an import. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/bus/index.h"
#include "daemon/bus/work.h"
#include "daemon/helpers/programs.h"
#include "store/store.h"

typedef struct QuiltImages QuiltImages;
typedef struct _QuiltImage QuiltImage; /* daemon/images/image.h */

typedef struct {
  guint64 max_bytes; /* unpacked */
  guint64 max_entries;
} QuiltImportLimits;

/* Borrows hub and programs. */
QuiltImages *quilt_images_new (QuiltHub *hub, QuiltStore *store, const QuiltPrograms *programs);
/* Waits for the change of an image that is under way. If quiltd has finished all operations, no use
 * of an image and no change may be left; if one is, that is said in the log. */
void quilt_images_free (QuiltImages *self);

/* For imports that begin from now on. */
void quilt_images_set_limits (QuiltImages *self, const QuiltImportLimits *limits);

/* By name, by digest or by a unique prefix of the digest. Borrowed; NULL with NOT_FOUND or
 * AMBIGUOUS. */
QuiltImage *quilt_images_find (const QuiltImages *self, const char *text, GError **error);
/* By digest; also an image that is being removed. Borrowed; NULL: there is none. */
QuiltImage *quilt_images_get (const QuiltImages *self, const char *digest);
guint quilt_images_size (const QuiltImages *self);

/* For this room alone. All is borrowed. */

QuiltHub *quilt_images_get_hub (const QuiltImages *self);
QuiltAuthority *quilt_images_get_authority (const QuiltImages *self);
QuiltStore *quilt_images_get_store (const QuiltImages *self);
QuiltIndex *quilt_images_get_index (const QuiltImages *self);
const QuiltPrograms *quilt_images_get_programs (const QuiltImages *self);
const QuiltImportLimits *quilt_images_get_limits (const QuiltImages *self);
/* import.c's: whose archive is unpacked. */
GQueue *quilt_images_get_imports (QuiltImages *self);

/* Adds to the numbers of uses held and of changes under way. */
void quilt_images_count (QuiltImages *self, int uses, int changes);

/* Works on the disk as quilt_work_run() does, one change after the other. */
void quilt_images_work (QuiltImages *self,
                        QuiltWorkFunc func,
                        gpointer data,
                        GDestroyNotify free_data,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
