/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a layer of what a container has changed, by a quilt-transfer.
 *
 * The result is an unfinished layer, layers/TEMPORARY, which belongs to nobody: it is synced, and
 * the next start of quiltd removes it. To keep it, call quilt_layer_publish() with its digest and
 * save the record that needs it, in one function that quilt_images_work() runs: then no removal of
 * an image comes between. If the digest has no temporary, the layer existed when quilt-transfer
 * looked; look again in that function (quilt_layer_exists()), since an image may be removed
 * meanwhile. quilt_image_sweep_layers() removes layers that no image has. */
#pragma once

#include "daemon/images/images.h"
#include "store/left-out.h"

typedef struct {
  int upper_fd;              /* the directory that overlayfs writes to */
  const char *const *lowers; /* paths of the layers below, uppermost first, as of an image */
  char *const *places;       /* of the container's mounts: quilt_container_plan_places() */
  gboolean has_ids;          /* the container has its own ids, see QuiltContainerRecord */
  int scope_fd;              /* the scope's cgroup, to pause the container; -1: don't */
  guint64 pause_usec;        /* at most so long */
  gboolean salted;           /* the digest must tell nothing about the content */
  guint64 max_stored;        /* limit for `stored` of the layer; 0: none */
} QuiltLayerSource;

typedef struct {
  char *digest;    /* "sha256:HEX"; NULL: the container has changed nothing */
  char *temporary; /* the name of the unfinished layer; NULL: the layer exists */
  guint64 size;    /* bytes of its files */
  guint64 entries;
  guint64 stored; /* with max_stored: data without holes, attributes, and 4 KiB for each entry */
} QuiltMadeLayer;

void quilt_made_layer_clear (QuiltMadeLayer *made);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltMadeLayer, quilt_made_layer_clear)

typedef struct QuiltLayerMaking QuiltLayerMaking;

typedef struct {
  /* NULL: not called. bytes: read of files; with max_stored, those that `stored` counts so far. */
  void (*progress) (guint64 bytes, gpointer data);
  /* The last event, never called by quilt_layer_make() itself. With an error, nothing is left in
   * the store, and made is NULL. Otherwise the function may take the members of made. Frees the
   * QuiltLayerMaking afterwards. A container that was paused goes on. */
  void (*made) (QuiltMadeLayer *made, const GError *error, gpointer data);
} QuiltLayerEvents;

/* Begins. The caller keeps what source has; the descriptors may be closed after this. The container
 * may run, and what it changes meanwhile is in the layer or not. Its files must not be removed: the
 * caller checks in made() that they were not. Returns NULL on error. */
QuiltLayerMaking *quilt_layer_make (QuiltImages *images,
                                    const QuiltLayerSource *source,
                                    const QuiltLayerEvents *events,
                                    gpointer data,
                                    GError **error);
/* Ends early: made() follows with CANCELLED. Returns FALSE if it is too late. */
gboolean quilt_layer_making_cancel (QuiltLayerMaking *self);
/* Removes an unfinished layer that made() has taken, and that is not wanted any more. Takes
 * temporary. */
void quilt_layer_drop (QuiltImages *images, char *temporary);
