/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container as quiltd's object. Its fields are in container-private.h. */
#pragma once

#include "daemon/containers/containers.h"
#include "daemon/containers/life.h"
#include "daemon/images/image.h"
#include "dbus/quilt-bus.h"
#include "store/containers.h"

#define QUILT_TYPE_CONTAINER (quilt_container_get_type ())
G_DECLARE_FINAL_TYPE (QuiltContainer, quilt_container, QUILT, CONTAINER, QuiltBusContainerSkeleton)

/* Takes record over. The object is neither in the tables nor on the bus yet. */
QuiltContainer *
quilt_container_new (QuiltContainers *containers, QuiltContainerRecord *record, QuiltImage *image);
/* Sets how its last run ended. Takes what result holds over, and clears it. */
void quilt_container_take_result (QuiltContainer *self, QuiltResult *result);
/* Into the tables and onto the bus; its name is reserved or free. */
void quilt_container_publish (QuiltContainer *self);
/* Gives up a container that was not published: its name and its image are free again. */
void quilt_container_discard (QuiltContainer *self);

/* Replaces the record after a change of its name or its options, and tells its supervisor. Takes
 * record over. A new name is reserved. */
void quilt_container_set_record (QuiltContainer *self, QuiltContainerRecord *record);

/* Lets the images of all containers be removed, when quiltd ends: a call may hold its container
 * longer than the table does. */
void quilt_container_release_images (QuiltContainers *containers);

QuiltContainers *quilt_container_get_containers (const QuiltContainer *self);
/* Decides about calls on the container. */
QuiltAuthority *quilt_container_get_authority (const QuiltContainer *self);
/* What a polkit rule may know about a call of verb on the container; see
 * quilt_authority_details_new(). */
GVariant *quilt_container_new_details (const QuiltContainer *self, const char *verb);

/* Both are borrowed, and valid until the container changes. */
const QuiltContainerRecord *quilt_container_get_record (const QuiltContainer *self);
const QuiltResult *quilt_container_get_result (const QuiltContainer *self);
/* Borrowed; NULL: the image is missing. */
QuiltImage *quilt_container_get_image (const QuiltContainer *self);
/* From the record: its current name. */
const char *quilt_container_get_name (const QuiltContainer *self);
/* On the bus. */
const char *quilt_container_get_path (const QuiltContainer *self);
QuiltState quilt_container_get_state (const QuiltContainer *self);
gboolean quilt_container_is_active (const QuiltContainer *self);
/* No object any more. */
gboolean quilt_container_is_gone (const QuiltContainer *self);
/* The scope of its run, which may have ended; NULL: there is no run. */
const char *quilt_container_get_scope (const QuiltContainer *self);
/* The process that executed its command; 0: it does not run, or quiltd does not know yet. */
pid_t quilt_container_get_pid (const QuiltContainer *self);

/* One line of text that shows the command. */
const char *quilt_container_get_command_line (const QuiltContainer *self);
/* A row of the list of containers, with detail or without. Borrowed. The container keeps the row
 * until it changes: of a thousand containers, few have changed since the last list. */
GVariant *quilt_container_get_row (QuiltContainer *self,
                                   gboolean detail,
                                   GVariant *(*make_row) (QuiltContainer *self, gboolean detail));

/* The command that it executes: its own, or else its image's; NULL: unknown. */
const char *const *quilt_container_get_command (const QuiltContainer *self);

/* When its command was executed; the mark of a run that begins is older. */
guint64 quilt_container_get_started (const QuiltContainer *self);

/* How a run ended, for a caller that waited: the next run may begin before that one is told. */
typedef struct {
  int exit_code;
  char *reason;
} QuiltEnding;
