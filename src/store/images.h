/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image records: images/HEX.json, and the layers that they use. */
#pragma once

#include "spec/oci/oci.h"
#include "store/layers.h"
#include "store/store.h"

typedef struct {
  char *digest;  /* "sha256:HEX" */
  char **names;  /* sorted, may be empty. The daemon ensures that each name belongs to one image */
  char **layers; /* digests, lowest first */
  guint64 size;  /* bytes on disk */
  guint64 entries;
  guint64 created_usec;
  QuiltLeftOut left_out; /* the parts of the archive that were left out */
  char *author;          /* as given to a commit; NULL: none */
  char *comment;
  QuiltImageConfig config;
  /* of an image that keeps what setup steps have left behind: the key of that, and the digest of
   * the image that the steps ran on; otherwise NULL */
  char *setup_key, *base;
  guint64 setup_bytes; /* of such an image: what its own layer takes, see QuiltMadeLayer.stored */
  guint64 setup_owner; /* of such an image: the uid of the user whose container has made it */
  guint64 used_usec;   /* of such an image: its last use. The time of the file, not in the record */
  char *more;          /* unknown keys, written by a newer Quilt, as JSON; NULL: none */
} QuiltImageRecord;

void quilt_image_record_free (QuiltImageRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltImageRecord, quilt_image_record_free)

/* Loads all records, in no particular order. Reports an unreadable record by on_broken and leaves
 * it alone, so that one broken record does not hide the others. If a record can't be read now
 * (BUSY), returns an error. The elements are QuiltImageRecord; the array frees them. */
GPtrArray *
quilt_images_load (QuiltStore *store,
                   void (*on_broken) (const char *file, const GError *why, gpointer data),
                   gpointer data,
                   GError **error);

/* Saves the record durably. */
gboolean quilt_image_save (QuiltStore *store, const QuiltImageRecord *record, GError **error);

/* Removes layers that no record in images uses. A crash between the creation of a layer and of its
 * image leaves such a layer. */
gboolean quilt_images_sweep_layers (QuiltStore *store, GPtrArray *images, GError **error);

/* Removes the record durably, then those of its layers that no record in remaining uses. */
gboolean quilt_image_remove (QuiltStore *store,
                             const QuiltImageRecord *record,
                             GPtrArray *remaining,
                             GError **error);
/* As quilt_image_remove(), for all records of the array, with one sync. *ret_gone says, also after
 * an error, whether all records are removed: then only layers may be left. */
gboolean quilt_images_remove (QuiltStore *store,
                              GPtrArray *records,
                              GPtrArray *remaining,
                              gboolean *ret_gone,
                              GError **error);

/* Notes the time of a use, for used_usec. Syncs nothing: a power cut may lose the time. */
gboolean
quilt_image_note_use (QuiltStore *store, const char *digest, guint64 used_usec, GError **error);

/* The record as JSON, as in its file. Owned by the caller. */
json_object *quilt_image_record_to_json (const QuiltImageRecord *record);
