/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of an image, only for files of this room. */
#pragma once

#include "daemon/images/image.h"

/* Makes an image that is in the store, and adds it to the table and the bus. It takes its names
 * from other images that still have them. Takes ownership of record; returns the image,
 * borrowed. */
QuiltImage *quilt_image_add (QuiltImages *images, QuiltImageRecord *record);

/* The number of uses held. *ret_name, borrowed, is the name of one holder. */
guint quilt_image_count_uses (const QuiltImage *self, const char **ret_name);

/* Removes the image from the table and the bus. */
void quilt_image_unpublish (QuiltImage *self);
/* The image was used until now, for the order of collection. */
void quilt_image_set_used (QuiltImage *self, guint64 used_usec);

/* Brackets a change: the record is being written, or removed if removal. No other call changes the
 * image meanwhile. */
void quilt_image_begin_change (QuiltImage *self, gboolean removal);
void quilt_image_end_change (QuiltImage *self);
gboolean quilt_image_is_changing (const QuiltImage *self);

/* Replaces the record after a change of names. Takes ownership of record. */
void quilt_image_set_record (QuiltImage *self, QuiltImageRecord *record);
