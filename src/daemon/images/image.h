/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image as an object of quiltd, as other rooms see it: its record, its layers and its uses. */
#pragma once

#include "daemon/images/images.h"
#include "store/images.h"

#include <glib-object.h>

#define QUILT_TYPE_IMAGE (quilt_image_get_type ())
G_DECLARE_FINAL_TYPE (QuiltImage, quilt_image, QUILT, IMAGE, GObject)

/* The table that the image is in. Borrowed. */
QuiltImages *quilt_image_get_images (const QuiltImage *self);
/* Refuses an image that keeps the result of setup steps, which may contain secrets of the user who
 * gave them: nobody may look into it or make containers of it. asked: as the caller named it. */
gboolean quilt_image_check_base (const QuiltImage *self, const char *asked, GError **error);

/* Finds the image that keeps what setup steps with this key have left behind; of several, the
 * newest. Borrowed; NULL if there is none, or it is being removed. */
QuiltImage *quilt_image_find_setup (const QuiltImages *images, const char *key);

/* Borrowed; valid until the image's names change. */
const QuiltImageRecord *quilt_image_get_record (const QuiltImage *self);
/* A copy of the record with name added (NULL: none) and without_name removed (NULL: none). */
QuiltImageRecord *
quilt_image_with_names (const QuiltImage *self, const char *name, const char *without_name);
const char *quilt_image_get_digest (const QuiltImage *self);
/* Paths of the layers' trees, lowest last, as overlayfs takes them. */
const char *const *quilt_image_get_layers (const QuiltImage *self);
/* Its path on the bus. */
const char *quilt_image_get_path (const QuiltImage *self);
/* The hexadecimal digits of its digest, which are its ID. */
const char *quilt_image_get_hex (const QuiltImage *self);

/* The names by which a polkit rule may know the image: the name by which it was requested. If it
 * was requested by its digest or a prefix of that, returns all its names, or the digest if it has
 * none. */
char **quilt_image_get_rule_names (const QuiltImage *self, const char *asked);

/* Whether the image is being removed, so that nothing can use it any more. */
gboolean quilt_image_is_being_removed (const QuiltImage *self);

/* A use of an image. While it is held, the image can't be removed. Each use has one holder, which
 * releases it. */
typedef struct QuiltImageUse QuiltImageUse;

/* get_name(user), borrowed, names the holder in the error of a removal. */
QuiltImageUse *quilt_image_use_new (QuiltImage *image,
                                    const char *(*get_name) (gconstpointer user),
                                    gpointer user);
void quilt_image_use_release (QuiltImageUse *use);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltImageUse, quilt_image_use_release)
