/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by all images: their table, the store, the limits of an import. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/bus/index.h"
#include "daemon/helpers/programs.h"
#include "store/store.h"

typedef struct {
  guint64 max_bytes; /* unpacked */
  guint64 max_entries;
} QuiltImportLimits;

typedef struct {
  QuiltHub *hub;
  QuiltStore *store;
  const QuiltPrograms *programs;
  QuiltIndex *index; /* of QuiltImage */
  QuiltImportLimits limits;
  GQueue imports;       /* whose archive is unpacked, see import.c */
  GThreadPool *in_turn; /* one thread: changes of images, one after the other */
  guint uses;           /* held, of all images */
  guint changes;        /* under way */
} QuiltImages;

/* Borrows hub and programs. */
QuiltImages *quilt_images_new (QuiltHub *hub, QuiltStore *store, const QuiltPrograms *programs);
/* Waits for the change of an image that is under way. If quiltd has finished all operations, no use
 * of an image and no change may be left; if one is, that is said in the log. */
void quilt_images_free (QuiltImages *self);
