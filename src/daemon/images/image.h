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
  guint users;       /* containers made of it */
  gboolean changing; /* its record is on its way to the disk, or off it */
  gboolean removing; /* off it: nothing can be made of it any more */
};

/* Takes record over. */
QuiltImage *quilt_image_new (QuiltImages *images, QuiltImageRecord *record);
/* A container is made of it, and is gone: in between the image can't be removed. */
void quilt_image_add_user (QuiltImage *self);
void quilt_image_drop_user (QuiltImage *self);
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
