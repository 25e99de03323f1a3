/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of a container, for the files that are its object and its life. tests/style/style.py
 * lists these files; all others use the functions of container.h and lifecycle.h. */
#pragma once

#include "base/error.h"
#include "daemon/containers/containers.h"
#include "daemon/containers/life.h"
#include "daemon/containers/run.h"
#include "daemon/images/image.h"
#include "dbus/quilt-bus.h"
#include "store/containers.h"

struct _QuiltContainer {
  QuiltBusContainerSkeleton parent_instance;
  QuiltContainers *containers;
  const QuiltContainersParts *parts; /* of containers */
  QuiltContainerRecord *record;
  QuiltImage *image;        /* NULL: it is missing */
  QuiltImageUse *image_use; /* until the container is removed */
  QuiltResult result;
  QuiltLife life;
  QuiltState state;
  guint32 pid;
  gboolean log_held; /* the journal's budget slows it down */
  guint64 log_used;  /* of that budget by its last run, and when: a new run begins with it */
  gint64 log_used_usec;
  char *command_line;                /* for lists: one line of text */
  GVariant *rows[2];                 /* list.c's, without and with detail; NULL: to be made anew */
  char *path;                        /* on the bus */
  char *scope_path;                  /* of the cgroup of a run whose limits were asked for */
  const QuiltOptions *options_shown; /* by the properties */
  GDBusInterfaceVTable vtable;       /* the generated one, with a look at the kernel */

  QuiltRun *run;       /* until no process of it is left, which is after its end */
  char *left_scope;    /* its place, of the last run: systemd may not have collected it yet */
  gboolean unrecorded; /* how the last run ended could not be written */
  gboolean forced;     /* somebody wants it removed though output is lost */

  GPtrArray *start_waiters;  /* of GTask: until the command is executed */
  GPtrArray *end_waiters;    /* until the run is over, and the container with it if auto-remove */
  GPtrArray *settle_waiters; /* starts that have to wait until the last run has settled */
  GPtrArray *remove_waiters; /* until the container is gone */
};

/* Sets the property LimitsNotInForce by its options and what this host has. */
void quilt_container_look_for_limits (QuiltContainer *self);

/* Off the bus and out of the tables. */
void quilt_container_unpublish (QuiltContainer *self);

/* Sets the properties that follow from result, run and record, and if the state is a new one, says
 * so: PropertiesChanged, StateChanged, one entry in the journal. */
void quilt_container_enter (QuiltContainer *self, QuiltState state);
/* The same without a change of state. */
void quilt_container_refresh (QuiltContainer *self);

/* Its own, the image's, or SIGTERM. */
int quilt_container_get_stop_signal (const QuiltContainer *self);

/* Returns and releases a task; error NULL: success. If the task has data, it is a QuiltEnding, and
 * is filled in. */
void quilt_container_answer_one (GTask *task, const GError *error);
/* Answers all tasks of a list and empties it. */
void quilt_container_answer (GPtrArray *waiters, const GError *error);

/* The data of an event of a container's life. */
typedef struct {
  guint64 timeout_usec; /* STOP: until SIGKILL */
  const GError *error;  /* UNMARKED, UNDELETED: why */
  gboolean unrecorded;  /* RECORDED: it could not be written */
} QuiltHappening;

/* The event has happened, or is to happen: does what the table of daemon/containers/life.h says.
 * how may be NULL. */
void quilt_container_happen (QuiltContainer *self, QuiltLifeEvent event, const QuiltHappening *how);

/* self->result says how the run, which has ended or could not begin, went. */

/* Writes that a run has begun, then MARKED or UNMARKED happens. */
void quilt_container_mark (QuiltContainer *self);
/* Writes how it ended, then RECORDED happens; also if that is impossible, and tries on. */
void quilt_container_record (QuiltContainer *self);
/* How its run ended, as the supervisor has kept it in the store while quiltd was away. */
gboolean quilt_container_find_kept_end (const QuiltContainer *self, QuiltMessage *ret_message);
/* Takes the state that the last result gives, without a signal. */
void quilt_container_take_state (QuiltContainer *self);
/* Takes over the run that an earlier quiltd has left; see quilt_run_adopt(). FALSE: there is none.
 */
gboolean quilt_container_resume (QuiltContainer *self);
/* It runs: if the record says otherwise, the record is wrong. */
void quilt_container_reopen (QuiltContainer *self, guint64 started_usec);

/* Deletes its files, then DELETED or UNDELETED happens. */
void quilt_container_delete_files (QuiltContainer *self);
/* Nothing is left of it: takes the object away. */
void quilt_container_vanish (QuiltContainer *self);

/* Refuses task while a slice that the container is in is frozen: its supervisor does not run. TRUE:
 * task was answered. */
gboolean quilt_container_refuse_while_frozen (GTask *task, const QuiltContainer *self);
/* Refuses an operation until the last output is taken. TRUE. */
gboolean quilt_container_refuse_while_lingering (GTask *task, const QuiltContainer *self);
/* Returns task with an error, "Container 'NAME' WHY". TRUE. */
gboolean
quilt_container_refuse (GTask *task, QuiltError code, const QuiltContainer *self, const char *why);

/* Its run has ended, but its supervisor stays for the sake of its last output. */
gboolean quilt_container_is_lingering (const QuiltContainer *self);
