/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image as quiltd's object. */
#pragma once

#include "daemon/images/images.h"
#include "dbus/quilt-bus.h"
#include "spec/oci/oci.h"
#include "store/images.h"

#define QUILT_TYPE_IMAGE (quilt_image_get_type ())
G_DECLARE_FINAL_TYPE (QuiltImage, quilt_image, QUILT, IMAGE, QuiltBusImageSkeleton)

struct _QuiltImage {
  QuiltBusImageSkeleton parent_instance;
  QuiltImages *images;
  QuiltImageRecord *record;
  char **layers;     /* paths of the layers' trees, lowest last, as overlayfs takes them */
  char *path;        /* on the bus */
  GQueue uses;       /* of QuiltImageUse */
  gboolean changing; /* its record is on its way to the disk, or off it */
  gboolean removing; /* off it: nothing can be made of it any more */
};

/* Takes record over. */
QuiltImage *quilt_image_new (QuiltImages *images, QuiltImageRecord *record);

/* One use of an image: as long as one is held, the image can't be removed. Each use has one holder,
 * who releases it. */
typedef struct QuiltImageUse QuiltImageUse;

/* get_name(user), borrowed, names the holder in the error of a removal. */
QuiltImageUse *quilt_image_use_new (QuiltImage *image,
                                    const char *(*get_name) (gconstpointer user),
                                    gpointer user);
void quilt_image_use_release (QuiltImageUse *use);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltImageUse, quilt_image_use_release)

/* How many uses are held; *ret_name, borrowed, is the name of one's holder. */
guint quilt_image_count_uses (const QuiltImage *self, const char **ret_name);

/* Its record is on its way to the disk or, if removal, off it. Nobody else changes it meanwhile. */
void quilt_image_begin_change (QuiltImage *self, gboolean removal);
void quilt_image_end_change (QuiltImage *self);

/* Into the tables, with its names, which may be other images' still, and onto the bus. */
void quilt_image_publish (QuiltImage *self);
void quilt_image_unpublish (QuiltImage *self);

/* The names that a polkit rule may know it by: the one that it was asked for by. If that was its
 * digest or a part of it, a rule about any of its names is about it: all, or without a name the
 * digest. */
char **quilt_image_get_rule_names (const QuiltImage *self, const char *asked);

/* The digits of its digest: its ID. */
const char *quilt_image_get_hex (const QuiltImage *self);

/* Replaces the record after a change of names. Takes record over. */
void quilt_image_set_record (QuiltImage *self, QuiltImageRecord *record);
/* The record with name added (NULL: none) and without_name taken out (NULL: none). */
QuiltImageRecord *
quilt_image_with_names (const QuiltImage *self, const char *name, const char *without_name);
