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

/* How many containers use the image of that digest; *ret_name, borrowed, is the name of one. */
typedef guint (*QuiltImageUsersFunc) (const char *digest, const char **ret_name, gpointer data);

typedef struct {
  QuiltHub *hub;
  QuiltStore *store;
  const QuiltPrograms *programs;
  QuiltIndex *index; /* of QuiltImage */
  QuiltImportLimits limits;
  GQueue imports;       /* whose archive is unpacked, see import.c */
  GThreadPool *in_turn; /* one thread: changes of images, one after the other */
  QuiltImageUsersFunc find_users;
  gpointer find_users_data;
} QuiltImages;

/* Borrows hub and programs. */
QuiltImages *quilt_images_new (QuiltHub *hub, QuiltStore *store, const QuiltPrograms *programs);
/* Waits for the change of an image that is under way. */
void quilt_images_free (QuiltImages *self);

/* Asked when an image that is in use can't be removed. */
void quilt_images_set_find_users (QuiltImages *self, QuiltImageUsersFunc find_users, gpointer data);
