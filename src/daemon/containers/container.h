/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The object of a container. Its fields are in container-private.h. */
#pragma once

#include "daemon/containers/containers.h"
#include "daemon/containers/life.h"
#include "daemon/images/image.h"
#include "store/containers.h"

#include <glib-object.h>

#define QUILT_TYPE_CONTAINER (quilt_container_get_type ())
G_DECLARE_FINAL_TYPE (QuiltContainer, quilt_container, QUILT, CONTAINER, GObject)

/* Takes ownership of record. The object is neither in the tables nor on the bus yet. */
QuiltContainer *
quilt_container_new (QuiltContainers *containers, QuiltContainerRecord *record, QuiltImage *image);
/* Sets the result of the last run. Takes the content of result, and clears it. */
void quilt_container_take_result (QuiltContainer *self, QuiltResult *result);
/* Adds the container to the tables and the bus. Its name must be reserved or free. */
void quilt_container_publish (QuiltContainer *self);
/* Drops a container that was not published: releases its name and its image. */
void quilt_container_discard (QuiltContainer *self);

/* Replaces the record after a change of name or options, and tells the supervisor. Takes ownership
 * of record. A new name must be reserved. */
void quilt_container_set_record (QuiltContainer *self, QuiltContainerRecord *record);

/* Releases the images of all containers when quiltd ends: a call may hold its container longer than
 * the table does. */
void quilt_container_release_images (QuiltContainers *containers);

QuiltContainers *quilt_container_get_containers (const QuiltContainer *self);
/* Decides about calls on the container. */
QuiltAuthority *quilt_container_get_authority (const QuiltContainer *self);
/* The details about a call of verb on the container that a polkit rule gets; see
 * quilt_authority_details_new(). */
GVariant *quilt_container_new_details (const QuiltContainer *self, const char *verb);

/* Borrowed; valid until the container changes. */
const QuiltContainerRecord *quilt_container_get_record (const QuiltContainer *self);
const QuiltResult *quilt_container_get_result (const QuiltContainer *self);
/* Borrowed; NULL if the image is missing. */
QuiltImage *quilt_container_get_image (const QuiltContainer *self);
/* Its current name, from the record. */
const char *quilt_container_get_name (const QuiltContainer *self);
/* Its path on the bus. */
const char *quilt_container_get_path (const QuiltContainer *self);
QuiltState quilt_container_get_state (const QuiltContainer *self);
/* Has func called after each change of the state; NULL: no more. Only one function at a time can
 * watch: that of the commit which has the lock of the container's files. */
typedef void (*QuiltStateFunc) (gpointer data);
void quilt_container_watch_state (QuiltContainer *self, QuiltStateFunc func, gpointer data);
gboolean quilt_container_is_active (const QuiltContainer *self);
/* Whether the object is gone. */
gboolean quilt_container_is_gone (const QuiltContainer *self);
/* Whether its files are removed, or will be when its run is over. */
gboolean quilt_container_is_doomed (const QuiltContainer *self);
/* The scope of its run, which may have ended. NULL if there is no run. */
const char *quilt_container_get_scope (const QuiltContainer *self);
/* Whether it is frozen, as quiltd last knew. */
gboolean quilt_container_is_frozen (const QuiltContainer *self);
/* The limits not in force, see LimitsNotInForce in dbus/org.quilt.xml. Borrowed until that
 * changes. */
const char *quilt_container_get_limits_not_in_force (const QuiltContainer *self);
/* The process that executed its command. 0 if it does not run, or that is still unknown. */
pid_t quilt_container_get_pid (const QuiltContainer *self);

/* The place of that scope; see spec/slice.h. NULL if there is no run. */
const char *quilt_container_get_place (const QuiltContainer *self);

/* One line of text that shows the command. */
const char *quilt_container_get_command_line (const QuiltContainer *self);
/* A row of the list of containers, with or without detail. Borrowed. The container caches the row
 * until it changes, since few of a thousand containers change between two lists. */
GVariant *quilt_container_get_row (QuiltContainer *self,
                                   gboolean detail,
                                   GVariant *(*make_row) (QuiltContainer *self, gboolean detail));

/* The command that it executes: its own or its image's. NULL if unknown. */
const char *const *quilt_container_get_command (const QuiltContainer *self);

/* The time when its command was executed. The mark of a run that begins is earlier. */
guint64 quilt_container_get_started (const QuiltContainer *self);

/* The end of a run, for a caller that waited: the next run may begin before the caller is
 * answered. */
typedef struct {
  int exit_code;
  char *reason;
} QuiltEnding;
