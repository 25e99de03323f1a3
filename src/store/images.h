/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image records: images/HEX.json, and the layers that they hold. */
#pragma once

#include "spec/oci/oci.h"
#include "store/layers.h"
#include "store/store.h"

typedef struct {
  char *digest;  /* "sha256:HEX" */
  char **names;  /* sorted, may be empty; a name belongs to one image at a time (the daemon sees to
                    it) */
  char **layers; /* digests, lowest first */
  guint64 size;  /* bytes on disk */
  guint64 entries;
  guint64 created_usec;
  QuiltLeftOut left_out; /* of the archive */
  QuiltImageConfig config;
  char *more; /* keys of a newer Quilt, as JSON; NULL: none */
} QuiltImageRecord;

void quilt_image_record_free (QuiltImageRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltImageRecord, quilt_image_record_free)

/* All records, in no order. A record that can't be read is reported by on_broken and left alone:
 * one bad object never hides the rest. An error if one can't be read now (BUSY). Element type
 * QuiltImageRecord, with a free function. */
GPtrArray *
quilt_images_load (QuiltStore *store,
                   void (*on_broken) (const char *file, const GError *why, gpointer data),
                   gpointer data,
                   GError **error);

/* Durable when it returns. */
gboolean quilt_image_save (QuiltStore *store, const QuiltImageRecord *record, GError **error);

/* Removes the layers that no record in images uses: a crash came between a layer and its image. */
gboolean quilt_images_sweep_layers (QuiltStore *store, GPtrArray *images, GError **error);

/* Removes the record, durably, then those of its layers that no record in remaining uses. */
gboolean quilt_image_remove (QuiltStore *store,
                             const QuiltImageRecord *record,
                             GPtrArray *remaining,
                             GError **error);

/* The record as its file holds it. Owned by the caller. */
json_object *quilt_image_record_to_json (const QuiltImageRecord *record);
