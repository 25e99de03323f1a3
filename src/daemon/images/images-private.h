/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state that images share, only for files of this room. */
#pragma once

#include "daemon/bus/index.h"
#include "daemon/bus/work.h"
#include "daemon/images/images.h"

/* Borrowed, as what the next four functions return. */
QuiltHub *quilt_images_get_hub (const QuiltImages *self);
QuiltStore *quilt_images_get_store (const QuiltImages *self);
QuiltIndex *quilt_images_get_index (const QuiltImages *self);
const QuiltMethodHandler *quilt_images_get_methods (const QuiltImages *self);
const QuiltImportLimits *quilt_images_get_limits (const QuiltImages *self);
/* For publish.c and remove.c: of QuiltPublication, the first of which is under way. */
GQueue *quilt_images_get_publications (QuiltImages *self);
/* For image.c: key of setup steps → QuiltImage in the index that keeps what they have left
 * behind. */
GHashTable *quilt_images_get_setups (const QuiltImages *self);

/* See quilt_images_allow_collection(). */
gboolean quilt_images_may_collect (const QuiltImages *self);
/* For collect.c: the bytes of the results of setup steps that are being made. */
guint64 quilt_images_get_making (const QuiltImages *self);
void quilt_images_set_making (QuiltImages *self, guint64 bytes);

/* Adds to the numbers of held uses and of changes under way. */
void quilt_images_count (QuiltImages *self, int uses, int changes);

/* As quilt_work_run(), but makes one change after the other. */
void quilt_images_work (QuiltImages *self,
                        QuiltWorkFunc func,
                        gpointer data,
                        GDestroyNotify free_data,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
