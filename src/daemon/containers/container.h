/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container as quiltd's object: its state, what it waits for, and its face on the bus. */
#pragma once

#include "daemon/containers/containers.h"
#include "daemon/containers/life.h"
#include "daemon/containers/run.h"
#include "daemon/images/image.h"
#include "dbus/quilt-bus.h"
#include "store/containers.h"

#define QUILT_TYPE_CONTAINER (quilt_container_get_type ())
G_DECLARE_FINAL_TYPE (QuiltContainer, quilt_container, QUILT, CONTAINER, QuiltBusContainerSkeleton)

/* Fields are read by all of the daemon, written by container*.c. */
struct _QuiltContainer {
  QuiltBusContainerSkeleton parent_instance;
  QuiltContainers *containers;
  const QuiltContainersParts *parts; /* of containers */
  QuiltContainerRecord *record;
  QuiltImage *image;
  QuiltResult result;
  QuiltLife life;
  QuiltState state;
  guint32 pid;
  gboolean log_held; /* the journal's budget slows it down */
  guint64 log_used;  /* of that budget by its last run, and when: a new run begins with it */
  gint64 log_used_usec;
  char *command_line;            /* for lists: one line of text */
  GVariant *rows[2];             /* list.c's, without and with detail; NULL: to be made anew */
  char *path;                    /* on the bus */
  char *scope_path;              /* of the cgroup of a run whose limits were asked for */
  const QuiltOptions *limits_of; /* whose limits the properties show */
  GDBusInterfaceVTable vtable;   /* the generated one, with a look at the kernel */

  QuiltRun *run;       /* until no process of it is left, which is after its end */
  char *left_scope;    /* its place, of the last run: systemd may not have collected it yet */
  gboolean unrecorded; /* how the last run ended could not be written */
  gboolean forced;     /* somebody wants it removed though output is lost */

  GPtrArray *start_waiters;  /* of GTask: until the command is executed */
  GPtrArray *end_waiters;    /* until the run is over, and the container with it if auto-remove */
  GPtrArray *settle_waiters; /* starts that have to wait until the last run has settled */
  GPtrArray *remove_waiters; /* until the container is gone */
};

/* Takes record over. The object is neither in the tables nor on the bus yet. */
QuiltContainer *
quilt_container_new (QuiltContainers *containers, QuiltContainerRecord *record, QuiltImage *image);
/* Sets the property Frozen by what the kernel says now. */
void quilt_container_look_whether_frozen (QuiltContainer *self);

/* Sets the property LimitsNotInForce by its options and what this host has. */
void quilt_container_look_for_limits (QuiltContainer *self);
/* Into the tables and onto the bus; its name is reserved or free. */
void quilt_container_publish (QuiltContainer *self);
/* Out of both; tells who waits. */
void quilt_container_unpublish (QuiltContainer *self);

/* A QuiltImageUsersFunc; data is the QuiltContainers. */
guint quilt_container_find_users (const char *digest, const char **ret_name, gpointer data);

gboolean quilt_container_is_active (const QuiltContainer *self);
/* No object any more. */
gboolean quilt_container_is_gone (const QuiltContainer *self);

/* Sets the properties that follow from result, run and record, and if the state is a new one, says
 * so: PropertiesChanged, StateChanged, one entry in the journal. */
void quilt_container_enter (QuiltContainer *self, QuiltState state);
/* The same without a change of state. */
void quilt_container_refresh (QuiltContainer *self);

/* The command that it executes: its own, or else its image's; NULL: unknown. */
const char *const *quilt_container_get_command (const QuiltContainer *self);

/* When its command was executed; the mark of a run that begins is older. */
guint64 quilt_container_get_started (const QuiltContainer *self);

/* The OCI configuration of the next run, from record and image. */
QuiltSpec *quilt_container_plan (QuiltContainer *self, GError **error);

/* How a run ended, for a caller that waited: the next run may begin before that one is told. */
typedef struct {
  int exit_code;
  char *reason;
} QuiltEnding;

/* Returns and releases a task; error NULL: success. If the task has data, it is a QuiltEnding, and
 * is filled in. */
void quilt_container_answer_one (GTask *task, const GError *error);
/* Answers all tasks of a list and empties it. */
void quilt_container_answer (GPtrArray *waiters, const GError *error);
