/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all images, by which other rooms look them up, and the limits of an import. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/bus/index.h"
#include "daemon/bus/work.h"
#include "daemon/helpers/programs.h"
#include "store/store.h"

typedef struct QuiltImages QuiltImages;
typedef struct _QuiltImage QuiltImage; /* daemon/images/image.h */

typedef struct {
  guint64 max_bytes; /* of the unpacked archive */
  guint64 max_entries;
} QuiltImportLimits;

/* Borrows hub, programs and methods, the handlers of org.quilt.Image. */
QuiltImages *quilt_images_new (QuiltHub *hub,
                               QuiltStore *store,
                               const QuiltPrograms *programs,
                               const QuiltMethodHandler *methods);
/* Waits for a change that is under way. Once quiltd has finished all operations, no use and no
 * change may be left; if one is, logs that. */
void quilt_images_free (QuiltImages *self);

/* Applies to imports that begin from now on. */
void quilt_images_set_limits (QuiltImages *self, const QuiltImportLimits *limits);

/* Finds an image by name, by digest or by a unique prefix of the digest. Borrowed; NULL with
 * NOT_FOUND or AMBIGUOUS. */
QuiltImage *quilt_images_find (const QuiltImages *self, const char *text, GError **error);
/* Finds an image by digest, also one that is being removed. Borrowed; NULL if there is none. */
QuiltImage *quilt_images_get (const QuiltImages *self, const char *digest);
guint quilt_images_size (const QuiltImages *self);

/* Borrowed. */
QuiltAuthority *quilt_images_get_authority (const QuiltImages *self);
const QuiltPrograms *quilt_images_get_programs (const QuiltImages *self);

/* Only for files of this room; everything is borrowed: */

QuiltHub *quilt_images_get_hub (const QuiltImages *self);
QuiltStore *quilt_images_get_store (const QuiltImages *self);
QuiltIndex *quilt_images_get_index (const QuiltImages *self);
const QuiltMethodHandler *quilt_images_get_methods (const QuiltImages *self);
const QuiltImportLimits *quilt_images_get_limits (const QuiltImages *self);
/* For import.c: the imports whose archive is unpacked. */
GQueue *quilt_images_get_imports (QuiltImages *self);

/* Adds to the numbers of held uses and of changes under way. */
void quilt_images_count (QuiltImages *self, int uses, int changes);

/* As quilt_work_run(), but makes one change after the other. */
void quilt_images_work (QuiltImages *self,
                        QuiltWorkFunc func,
                        gpointer data,
                        GDestroyNotify free_data,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
