/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all images, by which other rooms look them up, and the limits of an import and of
 * the results of setup steps. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/helpers/programs.h"
#include "store/store.h"

typedef struct QuiltImages QuiltImages;
typedef struct _QuiltImage QuiltImage; /* daemon/images/image.h */

typedef struct {
  guint64 max_bytes; /* of the unpacked archive */
  guint64 max_entries;
} QuiltImportLimits;

/* Of what is kept of setup steps. */
typedef struct {
  gboolean is_set;   /* max_bytes was set; otherwise a tenth of the store's file system limits it */
  guint64 max_bytes; /* of all results; 0: none is kept */
  guint64 timeout_usec; /* for keeping one; QUILT_INFINITY: none */
} QuiltSetupLimits;

/* Borrows hub, programs and methods, the handlers of org.quilt.Image. */
QuiltImages *quilt_images_new (QuiltHub *hub,
                               QuiltStore *store,
                               const QuiltPrograms *programs,
                               const QuiltMethodHandler *methods);
/* Waits for a change that is under way. Once quiltd has finished all operations, no use and no
 * change may be left; if one is, logs that. */
void quilt_images_free (QuiltImages *self);

/* Applies to imports and to results of setup steps that begin from now on. */
void quilt_images_set_limits (QuiltImages *self,
                              const QuiltImportLimits *limits,
                              const QuiltSetupLimits *setup_limits);
/* With the limit that is in force as max_bytes. Borrowed. */
const QuiltSetupLimits *quilt_images_get_setup_limits (const QuiltImages *self);
/* The records of all containers and images were read. Before this call, quiltd does not know which
 * results of setup steps are in use, and removes none by itself. */
void quilt_images_allow_collection (QuiltImages *self);

/* Finds an image by name, by digest or by a unique prefix of the digest. Borrowed; NULL with
 * NOT_FOUND or AMBIGUOUS. */
QuiltImage *quilt_images_find (const QuiltImages *self, const char *text, GError **error);
/* Finds an image by digest, also one that is being removed. Borrowed; NULL if there is none. */
QuiltImage *quilt_images_get (const QuiltImages *self, const char *digest);
guint quilt_images_size (const QuiltImages *self);

/* Borrowed. */
QuiltAuthority *quilt_images_get_authority (const QuiltImages *self);
const QuiltPrograms *quilt_images_get_programs (const QuiltImages *self);
