/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetManagedObjects returns all objects with all properties, which takes long. */
#pragma once

#include "daemon/bus/objects.h"

typedef struct QuiltManagedObjects QuiltManagedObjects;

/* Borrows objects, which must outlive it. */
QuiltManagedObjects *quilt_managed_objects_new (QuiltObjects *objects);
/* Answers waiting calls with an error. */
void quilt_managed_objects_free (QuiltManagedObjects *self);

/* Answers the call of uid: root's at once. Other users' calls get a tenth of the main thread's time
 * and wait in turn by user. Takes over a reference to call. */
void quilt_managed_objects_answer (QuiltManagedObjects *self, QuiltCall *call, guint32 uid);
