/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The setup steps that run and that other containers have too, which wait for their end. */
#pragma once

#include <glib-object.h>

typedef struct QuiltSetups QuiltSetups;

QuiltSetups *quilt_setups_new (void);
void quilt_setups_free (QuiltSetups *self);

/* The steps with this key begin in a container. If they run in another already, nobody waits for
 * this container. */
void quilt_setups_begin (QuiltSetups *self, const char *key, gconstpointer container);
/* Keeps container until the steps with this key end. Returns FALSE if they don't run. */
gboolean quilt_setups_wait (QuiltSetups *self, const char *key, GObject *container);
/* The steps have ended. Returns the containers that have waited for this one, which the array owns;
 * NULL: none. */
GPtrArray *quilt_setups_end (QuiltSetups *self, const char *key, gconstpointer container);
