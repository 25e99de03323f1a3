/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a container, for the files that implement the object and its life.
 * tests/style/style.py lists these files; all others use the functions of container.h and
 * lifecycle.h. */
#pragma once

#include "base/error.h"
#include "daemon/containers/container.h"
#include "daemon/containers/run.h"
#include "daemon/containers/streams.h"

struct _QuiltContainer {
  GObject parent_instance;
  QuiltExport *exported; /* on the bus */
  QuiltContainers *containers;
  const QuiltContainersParts *parts; /* of containers */
  QuiltContainerRecord *record;
  QuiltImage *image;        /* NULL: it is missing */
  QuiltImageUse *image_use; /* until the container is removed */
  QuiltResult result;
  QuiltLife life;
  QuiltState state;
  guint32 pid;
  gboolean log_held; /* the journal budget slows the container down */
  guint64 log_used;  /* what the last run used of that budget, and when; a new run begins with it */
  gint64 log_used_usec;
  char *command_line; /* for lists: one line of text */
  GVariant *rows[2];  /* rows of list.c, without and with detail; NULL: to be made again */
  char *path;         /* on the bus */
  char *scope_path;   /* path of the cgroup of a run whose limits were requested */
  const QuiltOptions *options_shown; /* the options that the properties show */

  QuiltRun *run;       /* set until no process of the run is left, which is after its end */
  char *left_scope;    /* place of the last run's scope, which systemd may not have collected yet */
  gboolean unrecorded; /* the end of the last run could not be written */
  gboolean forced;     /* a caller has forced the removal, so output may be lost */

  QuiltStateFunc state_func; /* NULL: nobody watches the state */
  gpointer state_data;

  /* see setup.c */
  gboolean setup_unkept; /* what the run's steps have left behind could not be kept */
  gboolean setup_alone;  /* the next run keeps nothing and does not wait for others' steps */
  char *setup_key;       /* key of the run's steps, if what they leave behind is to be kept */
  struct QuiltSetupCopy *setup_copy; /* it is being kept */
  gboolean waits_for_setup;

  GPtrArray *start_waiters; /* of GTask: answered when the command is executed */
  /* answered when the run is over, and with auto-remove also the container is removed */
  GPtrArray *end_waiters;
  GPtrArray
      *settle_waiters; /* of QuiltStartWaiter: starts that wait until the last run has settled */
  GPtrArray *setup_waiters;  /* of QuiltStartWaiter: starts that wait, see setup.h */
  GPtrArray *rest_waiters;   /* others that wait for the same, but must not run then */
  GPtrArray *remove_waiters; /* answered when the container is gone */
  GPtrArray
      *scope_waiters; /* of QuiltStartWaiter: starts of other containers that need its scope */
};

/* Sets the property LimitsNotInForce, from the options and the controllers of this host. */
void quilt_container_look_for_limits (QuiltContainer *self);

/* Uses this image, which may be NULL, instead of the one that it has used. */
void quilt_container_set_image (QuiltContainer *self, QuiltImage *image);

/* A start that start_waiters wait for can't begin, for the reason why. */
void quilt_container_bar (QuiltContainer *self, const GError *why);

/* Removes the object from the bus and the tables. */
void quilt_container_unpublish (QuiltContainer *self);

/* Sets the properties that follow from result, run and record. If the state is new, announces it:
 * PropertiesChanged, StateChanged, one entry in the journal. */
void quilt_container_enter (QuiltContainer *self, QuiltState state);
/* As quilt_container_enter(), without a change of state. */
void quilt_container_refresh (QuiltContainer *self);

/* The container's stop signal: its own, the image's, or SIGTERM. */
int quilt_container_get_stop_signal (const QuiltContainer *self);

/* Returns and releases a task; error NULL means success. If the task has data, it is a QuiltEnding,
 * which is filled in. */
void quilt_container_answer_one (GTask *task, const GError *error);
/* Answers all tasks of a list, and empties it. */
void quilt_container_answer (GPtrArray *waiters, const GError *error);

/* The data of an event of a container's life. */
typedef struct {
  guint64 timeout_usec; /* STOP: the timeout until SIGKILL */
  const GError *error;  /* UNMARKED, UNDELETED: the reason */
  gboolean unrecorded;  /* RECORDED: the end could not be written */
} QuiltHappening;

/* Handles an event, as the table of daemon/containers/life.h says. how may be NULL. */
void quilt_container_happen (QuiltContainer *self, QuiltLifeEvent event, const QuiltHappening *how);

/* self->result has the result of the run, which has ended or could not begin. */

/* Writes that a run has begun. MARKED or UNMARKED follows. */
void quilt_container_mark (QuiltContainer *self);
/* Writes the end of the run. RECORDED follows, also if writing fails; it is tried again later. */
void quilt_container_record (QuiltContainer *self);
/* Reads the end of a run that the supervisor saved in the store while quiltd was away. */
gboolean quilt_container_find_kept_end (const QuiltContainer *self, QuiltMessage *ret_message);
/* Adopts the run that an earlier quiltd left; see quilt_run_adopt(). Returns FALSE if there is
 * none. */
gboolean quilt_container_resume (QuiltContainer *self);
/* The run continues: if the record says that it has ended, corrects the record. */
void quilt_container_reopen (QuiltContainer *self, guint64 started_usec);

/* Deletes the container's files. DELETED or UNDELETED follows. */
void quilt_container_delete_files (QuiltContainer *self);
/* Removes the object. At most a supervisor that exits is left of the container. */
void quilt_container_vanish (QuiltContainer *self);
/* Ends the removal: nothing of the container is left. */
void quilt_container_end_removal (QuiltContainer *self);

/* A start that waits. Nothing about its container has changed yet. */
typedef struct {
  QuiltContainer *container;
  QuiltStreams *streams; /* the caller keeps it until the start is answered */
  GTask *task;
} QuiltStartWaiter;

/* Takes ownership of task. streams may be NULL. quilt_start_waiter_continue() frees the waiter. */
QuiltStartWaiter *
quilt_start_waiter_new (QuiltContainer *container, QuiltStreams *streams, GTask *task);
void quilt_start_waiter_continue (QuiltStartWaiter *self);
/* Frees the waiter, and returns its task. */
GTask *quilt_start_waiter_cancel (QuiltStartWaiter *self);

/* Answers task with an error while a slice above the container is frozen, since the supervisor
 * can't act then. Returns whether task was answered. */
gboolean quilt_container_refuse_while_frozen (GTask *task, const QuiltContainer *self);
/* Answers task with an error, since the last output was not taken yet. Returns TRUE. */
gboolean quilt_container_refuse_while_lingering (GTask *task, const QuiltContainer *self);
/* Answers task with the error "Container 'NAME' WHY". Returns TRUE. */
gboolean
quilt_container_refuse (GTask *task, QuiltError code, const QuiltContainer *self, const char *why);

/* Whether the run has ended, but its supervisor stays for its last output. */
gboolean quilt_container_is_lingering (const QuiltContainer *self);
