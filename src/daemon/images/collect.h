/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The results of setup steps in the store: how much they may take, and which of them go. */
#pragma once

#include "daemon/images/image.h"

/* Removes the images that keep what setup steps have left behind, and that nothing needs: their
 * base is gone or a newer result has their key, and no container uses them. If the others take more
 * than the limit, removes those that no container uses, until they don't: each time the least
 * recently used one of the user whose results take most. */
void quilt_image_collect_setups (QuiltImages *images);
/* A container that uses the result is gone. */
void quilt_image_note_setup_use (QuiltImage *image);

/* The room of a result that is being made. */
typedef struct QuiltSetupRoom QuiltSetupRoom;

/* Sets *ret_max to the bytes that the layer of the result may take, at least 1. owner: the uid of
 * the result's user. Returns NULL with QUOTA_EXCEEDED if there is no room. */
QuiltSetupRoom *
quilt_setup_room_new (QuiltImages *images, guint64 owner, guint64 *ret_max, GError **error);
/* The layer takes that many bytes so far (QuiltMadeLayer.stored). Sets QUOTA_EXCEEDED if results
 * that are in use, and all that are being made, take more than the limit. */
gboolean quilt_setup_room_grow (QuiltSetupRoom *self, guint64 stored, GError **error);
/* The result is complete, and is published next. Has others removed before, if there are too many,
 * as quilt_image_collect_setups() does. Sets QUOTA_EXCEEDED, and removes none, if that is not
 * enough, or if results of a user would have to go who has less than the result's user. */
gboolean quilt_setup_room_take (QuiltSetupRoom *self, GError **error);
void quilt_setup_room_free (QuiltSetupRoom *self);

/* Called when the images are removed, or with an error. */
typedef void (*QuiltCollectedFunc) (const GError *error, gpointer data);
/* Removes the images of the array, at least one, in one go: the layers of all others are listed
 * once. None may be in use or be changing. collected: NULL: an error is logged. */
void quilt_image_remove_all (QuiltImages *images,
                             GPtrArray *chosen,
                             QuiltCollectedFunc collected,
                             gpointer data);
/* Records that have only the digests and layers of all images that are not in the set without
 * (NULL: of all), also of those that are being published. Free the array with
 * g_ptr_array_unref(). */
GPtrArray *quilt_image_list_layers (QuiltImages *images, GHashTable *without);
/* The image is removed from the store: logs that, and removes it from the table and the bus. */
void quilt_image_end_removal (QuiltImage *image);
