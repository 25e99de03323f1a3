/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image as quiltd's object. */
#pragma once

#include "daemon/images/images.h"
#include "dbus/quilt-bus.h"
#include "store/images.h"

#define QUILT_TYPE_IMAGE (quilt_image_get_type ())
G_DECLARE_FINAL_TYPE (QuiltImage, quilt_image, QUILT, IMAGE, QuiltBusImageSkeleton)

/* Makes an image that is in the store, and puts it into the table and onto the bus. It takes its
 * names, which may be other images' still. Takes record over; returns the image, borrowed. */
QuiltImage *quilt_image_add (QuiltImages *images, QuiltImageRecord *record);

/* Borrowed, until the image's names change. */
const QuiltImageRecord *quilt_image_get_record (const QuiltImage *self);
const char *quilt_image_get_digest (const QuiltImage *self);
/* Paths of the layers' trees, lowest last, as overlayfs takes them. */
const char *const *quilt_image_get_layers (const QuiltImage *self);
/* Its path on the bus. */
const char *quilt_image_get_path (const QuiltImage *self);
/* The digits of its digest: its ID. */
const char *quilt_image_get_hex (const QuiltImage *self);

/* The names that a polkit rule may know it by: the one that it was asked for by. If that was its
 * digest or a part of it, a rule about any of its names is about it: all, or without a name the
 * digest. */
char **quilt_image_get_rule_names (const QuiltImage *self, const char *asked);

/* Nothing can be made of it any more. */
gboolean quilt_image_is_being_removed (const QuiltImage *self);

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

/* For this room alone. */

QuiltImages *quilt_image_get_images (const QuiltImage *self);
/* Out of the table and off the bus. */
void quilt_image_unpublish (QuiltImage *self);

/* Its record is on its way to the disk or, if removal, off it. Nobody else changes it meanwhile. */
void quilt_image_begin_change (QuiltImage *self, gboolean removal);
void quilt_image_end_change (QuiltImage *self);
gboolean quilt_image_is_changing (const QuiltImage *self);

/* Replaces the record after a change of names. Takes record over. */
void quilt_image_set_record (QuiltImage *self, QuiltImageRecord *record);
/* The record with name added (NULL: none) and without_name taken out (NULL: none). */
QuiltImageRecord *
quilt_image_with_names (const QuiltImage *self, const char *name, const char *without_name);
