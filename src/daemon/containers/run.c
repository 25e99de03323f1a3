/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of a container: its supervisor, its scope, its directory in /run. */
#include "daemon/containers/run.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/containers/run-dir.h"
#include "daemon/containers/run-stage.h"
#include "spec/slice.h"
#include "systemd/cgroup.h"

#include <signal.h>

/* Time limit for a supervisor to act. Afterwards it counts as hung, and is killed. */
#define PATIENCE_SECONDS 10

/* The next spare supervisor is made shortly after a run has settled, when its waiting callers are
 * served, or while the run continues, if it takes longer than SPARE_MEANWHILE_MS. */
#define SPARE_AFTER_MS 4
#define SPARE_MEANWHILE_MS 50

/* The interval between attempts to look at a run. */
#define LOOK_AGAIN_MS 100

struct QuiltRun {
  const QuiltContainersParts *parts;
  char *id;
  /* place of its scope; NULL: an adopted run had none yet, or another scope has the name */
  char *place;
  /* kept after its end, so that its pid is not reused while systemd needs it */
  QuiltHelper *helper;
  QuiltRunFunc callback;
  gpointer data;
  guint timer; /* the time limit for the supervisor */
  guint idle;  /* a pending event */
  guint settling;
  guint asking; /* pending answers of systemd */
  QuiltRunState state;
  gboolean building; /* the timer waits for the root file system */
  gboolean adopted;
  gboolean recorded;   /* its end is on the disk */
  gboolean complained; /* looking at it has failed, and that was logged */
  QuiltRunClients clients;
  GQueue orders;   /* of QuiltMessage, for a supervisor to which we are not connected yet */
  GError *verdict; /* why we ended it before its command was executed */
};

/* Data of an event. */
typedef struct {
  const QuiltMessage *message; /* from the supervisor, or for it */
  const GError *error;
} QuiltRunNews;

static gboolean happen (QuiltRun *self, QuiltRunStageEvent event, const QuiltRunNews *news);

static void
stop_timer (QuiltRun *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
}

/* Kills all processes of the run. A scope without its mark contains no process of the container
 * except the init, which ends with its supervisor. */
static gboolean
destroy (QuiltRun *self)
{
  g_autoptr (GError) error = NULL;

  if (self->helper)
    quilt_helper_kill (self->helper);
  if (!self->place || quilt_scope_kill (self->place, self->id, &error))
    return TRUE;
  g_warning ("%s", error->message);
  return FALSE;
}

static gboolean
on_out_of_patience (gpointer data)
{
  QuiltRun *self = data;

  if (self->place && quilt_systemd_thaw_scope (self->parts->systemd, self->place)) {
    g_warning ("The supervisor of container %s does not respond: it was frozen", self->id);
    return G_SOURCE_CONTINUE;
  }
  g_warning ("The supervisor of container %s does not respond; quiltd kills it", self->id);
  if (!happen (self, QUILT_RUN_ON_TIMEOUT, NULL))
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  return G_SOURCE_REMOVE;
}

static void
wait_patiently (QuiltRun *self, guint64 more_usec)
{
  stop_timer (self);
  self->building = FALSE;
  if (more_usec / G_USEC_PER_SEC < G_MAXUINT - PATIENCE_SECONDS)
    self->timer = g_timeout_add_seconds ((guint)(more_usec / G_USEC_PER_SEC) + PATIENCE_SECONDS,
                                         on_out_of_patience, self);
}

static void
send (QuiltRun *self, const QuiltMessage *message)
{
  /* A failure means that the helper is gone, which closed() reports. */
  if (self->helper)
    quilt_helper_send (self->helper, message);
  else if (self->idle)
    g_queue_push_tail (&self->orders, g_memdup2 (message, sizeof *message));
}

static void
send_plain (QuiltRun *self, QuiltMessageType type)
{
  QuiltMessage message;

  quilt_message_init (&message, type);
  send (self, &message);
}

/* Like systemd's own stop, first thaw the unit: a frozen supervisor could not act. */
static void
ask (QuiltRun *self, const QuiltMessage *message)
{
  if (self->place)
    quilt_systemd_thaw_scope (self->parts->systemd, self->place);
  send (self, message);
}

static void
clear (QuiltRun *self)
{
  if (self->recorded)
    quilt_run_dir_remove (self->parts->run_dirs, self->id,
                          self->place ? quilt_run_get_scope (self) : NULL);
  else if (self->place)
    quilt_run_dir_forget_scope (self->parts->run_dirs, quilt_place_unit (self->place));
  quilt_spare_refill (self->parts->spare, SPARE_AFTER_MS);
}

static gboolean
on_nothing_left (gpointer data)
{
  ((QuiltRun *)data)->idle = 0;
  happen (data, QUILT_RUN_ON_LEFT, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_scope_left (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltRun *self = data;
  g_autoptr (GError) error = NULL;

  self->asking--;
  if (!quilt_systemd_wait_finish (self->parts->systemd, result, &error)) {
    g_warning ("%s",
               error->message); /* processes may still run, so release nothing that they use */
    return;
  }
  happen (self, QUILT_RUN_ON_LEFT, NULL);
}

static void settle (QuiltRun *self);

static gboolean
on_settle_again (gpointer data)
{
  QuiltRun *self = data;

  self->settling = 0;
  settle (self);
  return G_SOURCE_REMOVE;
}

static void
settle (QuiltRun *self)
{
  g_autoptr (GError) error = NULL;
  gboolean is_ours = self->place != NULL;

  if (self->asking > 0 || self->settling)
    return;
  /* The scope of an earlier quiltd may be gone, and another scope may have its name. */
  if (is_ours && self->adopted &&
      !quilt_scope_belongs_to (self->place, self->id, &is_ours, &error)) {
    if (!self->complained)
      g_warning ("%s; quiltd tries again until it succeeds", error->message);
    self->complained = TRUE;
    self->settling = g_timeout_add (LOOK_AGAIN_MS, on_settle_again, self);
    return;
  }
  if (is_ours) {
    self->asking++;
    /* Before GO, the scope may be empty because no process has entered it yet. */
    if (quilt_run_stage_is_ahead (self->state))
      quilt_systemd_wait_empty_async (self->parts->systemd, self->place, NULL, on_scope_left, self);
    else
      quilt_systemd_wait_gone_async (self->parts->systemd, self->place, NULL, on_scope_left, self);
    return;
  }
  if (self->idle)
    g_source_remove (self->idle); /* look() need not run any more */
  self->idle = g_idle_add (on_nothing_left, self);
}

static gboolean look (gpointer data);

/* A temporary failure (no free descriptor, the supervisor's backlog is full) says nothing about the
 * run, so try again later. */
static void
look_later (QuiltRun *self, const GError *why)
{
  if (!self->complained)
    g_warning ("%s; until that is possible, the container counts as running", why->message);
  self->complained = TRUE;
  self->idle = g_timeout_add (LOOK_AGAIN_MS, look, self);
}

static void
read_exit (QuiltRun *self)
{
  g_autoptr (GError) error = NULL;
  QuiltMessage message;

  if (quilt_run_dir_get_exit (self->parts->run_dirs, self->id, &message, &error))
    happen (self, QUILT_RUN_ON_EXIT, &(QuiltRunNews){.message = &message});
  else if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_BUSY))
    look_later (self, error);
  else
    happen (self, QUILT_RUN_ON_LOST, NULL);
}

/* If the supervisor still runs, so does the container. */
static void
look_again (QuiltRun *self)
{
  g_clear_pointer (&self->helper, quilt_helper_free);
  quilt_run_clients_fail (&self->clients, QUILT_ERROR_BUSY, "The container's supervisor hung up");
  self->idle = g_timeout_add (self->complained ? LOOK_AGAIN_MS : 1, look, self);
  self->complained = TRUE;
}

/* Must be the last effect: the owner may release the run, or free it. */
static void
tell (QuiltRun *self, QuiltRunStageEvent event, const QuiltMessage *message)
{
  QuiltRunEvent told = event == QUILT_RUN_ON_STEP       ? QUILT_RUN_STEP
                       : event == QUILT_RUN_ON_EXECUTED ? QUILT_RUN_RUNNING
                       : event == QUILT_RUN_ON_HANG_UP  ? QUILT_RUN_CLOSING
                       : event == QUILT_RUN_ON_LINGER   ? QUILT_RUN_LINGERING
                                                        : QUILT_RUN_SETTLED;

  self->callback (told, message, NULL, self->data);
}

/* Carries out effects in the order of QuiltRunEffects. Returns FALSE if a process that should have
 * been killed may still run. */
static gboolean
carry_out (QuiltRun *self,
           const QuiltRunStageStep *step,
           QuiltRunStageEvent event,
           const QuiltRunNews *news)
{
  gboolean done = TRUE;

  if (step->verdict != QUILT_RUN_VERDICT_NONE)
    self->verdict = news->error ? g_error_copy (news->error) : quilt_verdict_new (step->verdict);
  if (step->effects & QUILT_RUN_DO_CALM)
    stop_timer (self);
  if (step->effects & QUILT_RUN_DO_BUILT && self->building)
    stop_timer (self);
  if (step->effects & QUILT_RUN_DO_DESTROY)
    done = destroy (self);
  if (step->effects & QUILT_RUN_DO_GO)
    send_plain (self, QUILT_MESSAGE_GO);
  if (step->effects & QUILT_RUN_DO_ASK)
    ask (self, news->message);
  if (step->effects & QUILT_RUN_DO_BYE)
    send_plain (self, QUILT_MESSAGE_BYE);
  if (step->effects & QUILT_RUN_DO_WAIT)
    wait_patiently (self, news->message ? news->message->time_usec : 0);
  if (step->effects & QUILT_RUN_DO_SETTLE)
    settle (self);
  if (step->effects & QUILT_RUN_DO_LOOK)
    look_again (self);
  if (step->effects & QUILT_RUN_DO_CLEAR)
    clear (self);
  if (step->effects & QUILT_RUN_DO_TELL)
    tell (self, event, news->message);
  if (step->effects & QUILT_RUN_DO_END)
    self->callback (QUILT_RUN_ENDED, self->verdict ? NULL : news->message, self->verdict,
                    self->data);
  if (step->effects & QUILT_RUN_DO_READ_EXIT)
    read_exit (self);
  return done;
}

static gboolean
happen (QuiltRun *self, QuiltRunStageEvent event, const QuiltRunNews *news)
{
  static const QuiltRunNews none = {0};
  QuiltRunStageStep step;

  if (!quilt_run_stage_step (self->state, event, &step)) {
    g_critical ("The run of container %s is %s: '%s' can't happen then", self->id,
                quilt_run_stage_to_string (self->state.stage),
                quilt_run_stage_event_to_string (event));
    return TRUE;
  }
  self->state = step.next;
  return carry_out (self, &step, event, news ? news : &none);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  static const struct {
    QuiltMessageType type;
    QuiltRunStageEvent event;
  } events[] = {{QUILT_MESSAGE_READY, QUILT_RUN_ON_READY},
                {QUILT_MESSAGE_STEP, QUILT_RUN_ON_STEP},
                {QUILT_MESSAGE_RUNNING, QUILT_RUN_ON_EXECUTED},
                {QUILT_MESSAGE_FAILED, QUILT_RUN_ON_EXIT},
                {QUILT_MESSAGE_EXITED, QUILT_RUN_ON_EXIT},
                {QUILT_MESSAGE_LINGERING, QUILT_RUN_ON_LINGER}};
  QuiltRun *self = data;

  if (quilt_run_clients_answer (&self->clients, message))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    if (events[i].type == message->type && message->session == 0) {
      happen (self, events[i].event, &(QuiltRunNews){.message = message});
      return;
    }
  g_warning ("The supervisor of container %s sent an unknown message %u", self->id, message->type);
}

static void
on_closed (gpointer data)
{
  happen (data, QUILT_RUN_ON_CLOSED, NULL);
}

/* The supervisor hung up, or sent an invalid message. */
static gboolean
on_hung_up (gpointer data)
{
  QuiltRun *self = data;

  happen (self, QUILT_RUN_ON_HANG_UP, NULL);
  return !self->helper;
}

static const QuiltHelperEvents helper_events = {on_message, on_closed, on_hung_up};

static gboolean
look (gpointer data)
{
  QuiltRun *self = data;
  g_autoptr (GError) error = NULL;
  int socket = quilt_run_dir_connect (self->parts->run_dirs, self->id, &error);

  self->idle = 0;
  if (socket >= 0) {
    self->helper = quilt_helper_adopt (socket, &helper_events, self);
    for (GList *order = self->orders.head; order; order = order->next)
      send (self, order->data);
    g_queue_clear_full (&self->orders, g_free);
  } else if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    on_closed (self);
  else
    look_later (self, error);
  return G_SOURCE_REMOVE;
}

static void
on_scoped (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltRun *self = data;
  g_autoptr (GError) error = NULL;

  self->asking--;
  if (quilt_systemd_start_scope_finish (self->parts->systemd, result, &error)) {
    /* Not earlier: the last scope of that name may have been ending. */
    quilt_run_dir_lift_limits (self->parts->run_dirs, quilt_place_unit (self->place));
    happen (self, QUILT_RUN_ON_SCOPED, NULL);
    return;
  }
  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_BUSY)) /* nothing in that scope is ours */
    g_clear_pointer (&self->place, g_free);
  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND)) {
    /* The prepared scope is gone, so its supervisor is too. */
    g_clear_error (&error);
    error = quilt_verdict_new (QUILT_RUN_VERDICT_BROKEN);
  }
  happen (self, QUILT_RUN_ON_UNSCOPED, &(QuiltRunNews){.error = error});
}

/* changes: the scope exists, but lacks these properties; NULL: it does not exist. */
static void
ask_for_scope (QuiltRun *self, const QuiltRunPlan *plan, GVariant *changes)
{
  const char *unit = quilt_place_unit (self->place);

  self->asking++;
  if (changes)
    quilt_systemd_turn_scope_async (self->parts->systemd, unit, changes, on_scoped, self);
  else
    quilt_systemd_start_scope_async (
        self->parts->systemd, unit,
        quilt_options_scope_properties (plan->options, plan->devices,
                                        quilt_helper_get_pid (self->helper), QUILT_BUS_NAME),
        NULL, on_scoped, self);
}

static QuiltRun *
run_new (const QuiltContainersParts *parts, const char *id, QuiltRunFunc callback, gpointer data)
{
  QuiltRun *self = g_new0 (QuiltRun, 1);

  self->parts = parts;
  self->id = g_strdup (id);
  self->callback = callback;
  self->data = data;
  self->state = (QuiltRunState){QUILT_RUN_STAGE_ASKED, QUILT_NEEDS_ALL};
  quilt_run_clients_init (&self->clients);
  return self;
}

QuiltRun *
quilt_run_start (QuiltContainers *containers,
                 const QuiltRunPlan *plan,
                 QuiltRunFunc callback,
                 gpointer data,
                 GError **error)
{
  const QuiltContainersParts *parts = quilt_containers_parts (containers);
  QuiltRun *self = run_new (parts, plan->id, callback, data);
  g_autofd int dir_fd =
      quilt_run_dir_make (parts->run_dirs, plan->id, plan->place, plan->config, plan->etc, error);
  g_autoptr (GVariant) changes = NULL;

  self->place = g_strdup (plan->place);
  if (dir_fd >= 0)
    self->helper = quilt_run_begin (parts, plan, dir_fd, &helper_events, self, &changes, error);
  if (!self->helper) {
    quilt_run_dir_remove (parts->run_dirs, plan->id, NULL);
    quilt_run_free (self);
    return NULL;
  }
  ask_for_scope (self, plan, changes);
  self->building = TRUE;
  self->timer = g_timeout_add_seconds (QUILT_RUN_READY_SECONDS, on_out_of_patience, self);
  quilt_spare_refill (parts->spare, SPARE_MEANWHILE_MS);
  return self;
}

QuiltRun *
quilt_run_adopt (QuiltContainers *containers, const char *id, QuiltRunFunc callback, gpointer data)
{
  const QuiltContainersParts *parts = quilt_containers_parts (containers);
  QuiltRun *self;

  if (!quilt_run_dir_exists (parts->run_dirs, id))
    return NULL;
  self = run_new (parts, id, callback, data);
  self->adopted = TRUE;
  self->state.stage = QUILT_RUN_STAGE_FOUND;
  self->place = quilt_run_dir_get_place (parts->run_dirs, id);
  self->idle = g_idle_add (look, self);
  return self;
}

void
quilt_run_free (QuiltRun *self)
{
  if (!self)
    return;
  stop_timer (self);
  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_handle_id (&self->settling, g_source_remove);
  quilt_run_clients_clear (&self->clients);
  quilt_helper_free (self->helper);
  g_queue_clear_full (&self->orders, g_free);
  g_clear_error (&self->verdict);
  g_free (self->place);
  g_free (self->id);
  g_free (self);
}

void
quilt_run_allow (QuiltRun *self)
{
  happen (self, QUILT_RUN_ON_ALLOW, NULL);
}

void
quilt_run_call_off (QuiltRun *self, const GError *why)
{
  happen (self, QUILT_RUN_ON_CALL_OFF, &(QuiltRunNews){.error = why});
}

static void
signal_message (QuiltMessage *message, QuiltMessageType type, int signal, guint64 time_usec)
{
  quilt_message_init (message, type);
  message->signal = signal;
  message->time_usec = time_usec;
}

void
quilt_run_stop (QuiltRun *self, int signal, guint64 timeout_usec)
{
  QuiltMessage stop;

  signal_message (&stop, QUILT_MESSAGE_STOP, signal, timeout_usec);
  happen (self, QUILT_RUN_ON_STOP, &(QuiltRunNews){.message = &stop});
}

void
quilt_run_kill (QuiltRun *self, int signal)
{
  QuiltMessage kill;

  signal_message (&kill, QUILT_MESSAGE_KILL, signal, 0);
  happen (self, signal == SIGKILL ? QUILT_RUN_ON_STOP : QUILT_RUN_ON_SIGNAL,
          &(QuiltRunNews){.message = &kill});
}

void
quilt_run_set_stop (QuiltRun *self, int signal, guint64 timeout_usec)
{
  QuiltMessage settings;

  signal_message (&settings, QUILT_MESSAGE_STOP_SETTINGS, signal, timeout_usec);
  send (self, &settings);
}

void
quilt_run_order (QuiltRun *self, QuiltMessageType order)
{
  send_plain (self, order);
}

void
quilt_run_attach (QuiltRun *self, const QuiltRunClient *client, GTask *task)
{
  quilt_run_clients_attach (&self->clients, self->helper, client, task);
}

void
quilt_run_resize (QuiltRun *self, guint32 columns, guint32 rows)
{
  const QuiltMessage size = quilt_run_clients_size (columns, rows);

  send (self, &size);
}

void
quilt_run_rename (QuiltRun *self, const char *name)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_RENAME);
  quilt_message_set_text (&message, name);
  send (self, &message);
}

gboolean
quilt_run_is_clogged (const QuiltRun *self)
{
  return self->helper ? quilt_helper_is_clogged (self->helper) : self->orders.length > 0;
}

void
quilt_run_release (QuiltRun *self, gboolean recorded)
{
  self->recorded = recorded;
  happen (self, QUILT_RUN_ON_RELEASE, NULL);
}

void
quilt_run_give_up (QuiltRun *self)
{
  happen (self, QUILT_RUN_ON_GIVE_UP, NULL);
}

const char *
quilt_run_get_scope (const QuiltRun *self)
{
  return self->place ? quilt_place_unit (self->place) : "";
}

const char *
quilt_run_get_place (const QuiltRun *self)
{
  return self->place ? self->place : "";
}
