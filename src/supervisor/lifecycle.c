/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of one container: reactions to messages of quiltd, reports of the init, and kernel
 * events. */
#include "supervisor/supervisor.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/state.h"
#include "supervisor/confine.h"
#include "supervisor/place.h"
#include "supervisor/turns.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <syslog.h>

/* The limit for reports of the init, not counting those about steps. Most are warnings. */
#define REPORTS_MAX 256
/* Time limit for writing the last lines to the journal before the exit is recorded. It only passes
 * if journald is down or stuck. */
#define DRAIN_USEC (2 * G_USEC_PER_SEC)
/* At our end we wait for journald and readers: LINGER_USEC until we tell quiltd that we linger,
 * then READER_USEC for readers. */
#define LINGER_USEC (1 * G_USEC_PER_SEC)
#define READER_USEC (60 * G_USEC_PER_SEC)
/* The container counts as held back for this long after it was last held back. */
#define HELD_USEC (5 * G_USEC_PER_SEC)
/* Intervals for polling where the kernel sends no event: at first, and after a while. */
#define LOOK_USEC (G_USEC_PER_SEC / 1000)
#define LOOK_AGAIN_USEC (G_USEC_PER_SEC / 10)
/* The interval between attempts to save the result on a full disk. */
#define KEEP_AGAIN_USEC (1 * G_USEC_PER_SEC)

/* A stop must not wait for the journal's budget. Only the contents of the pipes are left to log. */
static void
lift_budget (QuiltSupervisor *self)
{
  self->log.budget.lifted = TRUE;
  self->log.held_usec = 0;
}

static void
send_signal (QuiltSupervisor *self, int signal)
{
  if (self->payload.pid_fd >= 0)
    pidfd_send_signal (self->payload.pid_fd, signal, NULL, 0);
}

static void
cancel (QuiltSupervisor *self, const char *what)
{
  g_autoptr (GError) why =
      g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED, "%s before the command was executed", what);

  quilt_supervisor_fail (self, why, self->step);
}

/* From here on the supervisor needs no privileges. The container already runs, but the supervisor
 * reads nothing from it before being confined. AddressSanitizer needs privileges to look for leaks,
 * so its build is not confined. */
static void
confine_if_due (QuiltSupervisor *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->built || self->phase == QUILT_SUPERVISOR_BUILDING)
    return;
  quilt_journal_socket_prepare (&self->log.journal);
#ifndef __SANITIZE_ADDRESS__
  if (!quilt_supervisor_confine (&error))
    quilt_supervisor_fail (self, error, 0);
#endif
}

/* The scope exists. Log nothing before: journald remembers the unit of a sender, and must see the
 * right one. */
static void
go (QuiltSupervisor *self)
{
  const char *id = g_hash_table_lookup (self->spec->annotations, QUILT_ANNOTATION_ID);
  g_autoptr (GError) error = NULL;

  if (self->phase != QUILT_SUPERVISOR_BUILDING || self->result.type != 0)
    return;
  self->phase = QUILT_SUPERVISOR_SETTING_UP;
  self->scope_fd = quilt_place_open (self->prepared, &error);
  if (self->scope_fd < 0 || (!self->placed && !quilt_place_divide (self->scope_fd, id ? id : "",
                                                                   self->payload.pid, &error)))
    quilt_supervisor_fail (self, error, 0);
  else
    quilt_payload_continue (&self->payload);
  /* Done only now, so that the start does not wait for it. Memory does not run out that soon. */
  if (self->scope_fd >= 0)
    quilt_oom_init (&self->oom, self->scope_fd, self->payload.pid, g_steal_fd (&self->kernel_log));
  confine_if_due (self);
}

static void
stop (QuiltSupervisor *self, int signal, guint64 grace_usec)
{
  gint64 now = g_get_monotonic_time ();
  gint64 deadline = grace_usec < (guint64)(G_MAXINT64 - now) ? now + (gint64)grace_usec : 0;

  self->flags |= QUILT_MESSAGE_FLAG_STOPPING;
  if (self->phase < QUILT_SUPERVISOR_RUNNING) {
    cancel (self, "The container was stopped");
    return;
  }
  quilt_place_thaw (self->scope_fd);
  send_signal (self, signal);
  if (deadline > 0 && (self->kill_usec == 0 || deadline < self->kill_usec) && !self->killed)
    self->kill_usec = deadline;
}

static void
kill_by_order (QuiltSupervisor *self, int signal)
{
  if (self->phase < QUILT_SUPERVISOR_RUNNING) {
    if (signal == SIGKILL)
      cancel (self, "The container was killed");
    return;
  }
  self->killed = self->killed || signal == SIGKILL;
  send_signal (self, signal);
}

void
quilt_supervisor_handle_message (QuiltSupervisor *self, const QuiltMessage *message)
{
  if (message->session != 0) { /* of a newer quiltd: not about the container, so never obey it */
    quilt_control_refuse (&self->control, message);
    return;
  }
  switch (message->type) {
  case QUILT_MESSAGE_GO:
    go (self);
    break;
  case QUILT_MESSAGE_STOP:
    stop (self, message->signal, message->time_usec);
    break;
  case QUILT_MESSAGE_KILL:
    kill_by_order (self, message->signal);
    break;
  case QUILT_MESSAGE_CLOSE:
    for (guint i = 0; i < QUILT_N_STREAMS; i++)
      quilt_output_finish (&self->outputs[i]);
    if (self->clients.is_terminal)
      quilt_clients_end_input (&self->clients);
    break;
  case QUILT_MESSAGE_RENAME:
    if (*message->text)
      quilt_log_set_name (&self->log, message->text);
    break;
  case QUILT_MESSAGE_RESIZE:
    quilt_supervisor_resize (self, message);
    break;
  case QUILT_MESSAGE_CONTINUE:
    quilt_supervisor_release (self);
    break;
  case QUILT_MESSAGE_STOP_SETTINGS:
    self->stop_signal = message->signal;
    self->stop_timeout_usec = message->time_usec;
    break;
  case QUILT_MESSAGE_BYE:
    self->released = self->phase == QUILT_SUPERVISOR_RECORDED;
    if (self->lingering)
      quilt_supervisor_send (self, QUILT_MESSAGE_LINGERING);
    break;
  default:
    quilt_control_refuse (&self->control, message); /* from a quiltd newer than this supervisor */
  }
}

void
quilt_supervisor_handle_lost (QuiltSupervisor *self)
{
  /* quiltd reports a failed start to its caller, or has done so. */
  if (self->phase == QUILT_SUPERVISOR_BUILDING)
    cancel (self, "quiltd ended");
  quilt_supervisor_release (self); /* the next quiltd does not know what this one was doing */
}

void
quilt_supervisor_tell (QuiltSupervisor *self)
{
  if (self->phase == QUILT_SUPERVISOR_RECORDED)
    quilt_control_send (&self->control, &self->result);
  else if (self->phase >= QUILT_SUPERVISOR_RUNNING)
    quilt_supervisor_send (self, QUILT_MESSAGE_RUNNING);
  else if (self->phase == QUILT_SUPERVISOR_SETTING_UP)
    quilt_supervisor_send (
        self, QUILT_MESSAGE_STEP); /* also if step is 0: quiltd waits for a first message */
}

void
quilt_supervisor_handle_terminate (QuiltSupervisor *self)
{
  self->terminated = TRUE;
  if (self->phase >= QUILT_SUPERVISOR_ENDED)
    lift_budget (self);
  stop (self, self->stop_signal, self->stop_timeout_usec);
  /* this message carries the flag, so that quiltd learns of the stop */
  if (self->phase == QUILT_SUPERVISOR_RUNNING)
    quilt_supervisor_send (self, QUILT_MESSAGE_RUNNING);
}

/* If the container joins a pid namespace, its first process is a different one from here on. */
static void
take_over (QuiltSupervisor *self, const QuiltReport *report)
{
  g_autoptr (GError) error = NULL;

  if (quilt_payload_take_over (&self->payload, self->spec, report, &error))
    quilt_payload_continue (&self->payload);
  else
    quilt_supervisor_fail (self, error, 0);
  self->oom.first = self->payload.pid;
}

/* Everything that ended processes wrote is in the pipes now. */
static void
mark_outputs (QuiltSupervisor *self)
{
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_output_mark (&self->outputs[i]);
}

static void
handle_report (QuiltSupervisor *self, const QuiltReport *report)
{
  g_autofree char *text = NULL;

  switch (report->type) {
  case QUILT_REPORT_READY:
    self->mounts_fd = quilt_payload_hold_mounts (&self->payload, self->spec);
    self->built = TRUE;
    quilt_supervisor_send (self, QUILT_MESSAGE_READY);
    confine_if_due (self);
    break;
  case QUILT_REPORT_STEP:
  case QUILT_REPORT_STEPS_DONE:
    self->waiting = TRUE;
    mark_outputs (self);
    self->next_step = report->type == QUILT_REPORT_STEP ? report->step : 0;
    break;
  case QUILT_REPORT_EXEC:
    self->executing = TRUE;
    break;
  case QUILT_REPORT_BORN:
    take_over (self, report);
    break;
  case QUILT_REPORT_WARNING:
    text = quilt_report_to_warning (report);
    quilt_log_note (&self->log, LOG_WARNING, text);
    break;
  default:
    quilt_supervisor_fail_by_report (self, report);
  }
}

/* A setup step that can trace the init can send reports in its name. Each report costs us time, and
 * some cost quiltd and journald time, so their number is bounded. */
static gboolean
is_flooded (QuiltSupervisor *self)
{
  g_autoptr (GError) error = NULL;

  if (++self->n_reports <= REPORTS_MAX + 2 * self->spec->start_container->len)
    return FALSE;
  error = g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                       "Failed to run the container: a setup step sends reports in the name of the "
                       "container's init");
  quilt_supervisor_fail (self, error, self->step);
  return TRUE;
}

void
quilt_supervisor_handle_reports (QuiltSupervisor *self)
{
  QuiltReport report;
  int r;

  while ((r = quilt_report_receive (self->payload.channel, &report)) > 0 && !is_flooded (self))
    handle_report (self, &report);
  if (r < 0 && errno == EAGAIN)
    return;
  /* The channel is closed everywhere: either the command was executed or the init has died. The
   * last report tells which; if the init died, its end is handled next. */
  quilt_fd_clear (&self->payload.channel);
  if (r < 0 || !self->executing || self->result.type != 0)
    return;
  self->phase = QUILT_SUPERVISOR_RUNNING;
  quilt_clients_open (&self->clients);
  self->started_usec = (guint64)g_get_real_time ();
  quilt_supervisor_send (self, QUILT_MESSAGE_RUNNING);
}

static void
enter_end (QuiltSupervisor *self)
{
  quilt_fd_clear (&self->left_fd);
  self->phase = QUILT_SUPERVISOR_ENDED;
  mark_outputs (self);
  self->flags &= ~(guint)QUILT_MESSAGE_FLAG_HELD;
  if (self->killed || (self->flags & QUILT_MESSAGE_FLAG_STOPPING))
    lift_budget (self);
  else
    quilt_budget_credit (&self->log.budget);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_output_take_all (&self->outputs[i]);
  self->patience_usec = g_get_monotonic_time () + DRAIN_USEC;
}

void
quilt_supervisor_handle_left (QuiltSupervisor *self)
{
  if (self->left_fd < 0 || !quilt_cgroup_events_populated (self->left_fd))
    enter_end (self);
}

/* When the first process of a pid namespace ends, the kernel kills all others in it before we see
 * the end. If the container has no pid namespace of its own, we must kill them. */
static void
end_others (QuiltSupervisor *self)
{
  if ((self->spec->namespaces & QUILT_NS_PID) || self->scope_fd < 0) {
    enter_end (self);
    return;
  }
  self->left_fd = quilt_place_kill (self->scope_fd);
  if (self->left_fd < 0)
    g_printerr ("Failed to kill the processes that the container has left running: %s\n",
                g_strerror (errno));
  quilt_supervisor_handle_left (self);
}

void
quilt_supervisor_handle_end (QuiltSupervisor *self)
{
  siginfo_t info = {0};
  pid_t pid = self->payload.pid;
  int reaped;

  /* The last report may be BORN: then another process continues in the init's place. */
  if (self->payload.channel >= 0)
    quilt_supervisor_handle_reports (self);
  if (self->payload.pid != pid)
    return;
  reaped = quilt_turns_reap (self->payload.pid_fd, &info);
  if (reaped == 0)
    self->reap_usec = g_get_monotonic_time () + QUILT_REAP_USEC;
  if (reaped <= 0)
    return;
  quilt_fd_clear (&self->payload.pid_fd);
  quilt_oom_handle (&self->oom); /* the end may arrive before the OOM event */
  self->kill_usec = 0;
  quilt_supervisor_judge_end (self, &info);
  end_others (self);
}

/* Tells quiltd when the container begins to be held back, and when it has not been held back for a
 * while. */
static void
tell_held (QuiltSupervisor *self, gint64 now_usec)
{
  guint flags = self->flags & ~(guint)QUILT_MESSAGE_FLAG_HELD;

  if (self->log.held_usec > 0)
    self->was_held_usec = now_usec;
  if (self->was_held_usec > 0 && now_usec - self->was_held_usec < HELD_USEC)
    flags |= QUILT_MESSAGE_FLAG_HELD;
  if (flags == self->flags || self->phase != QUILT_SUPERVISOR_RUNNING)
    return;
  self->flags = flags;
  quilt_supervisor_send (self, QUILT_MESSAGE_RUNNING);
}

static void
pump (QuiltSupervisor *self)
{
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    quilt_output_pump (&self->outputs[i]);
  quilt_log_report_dropped (&self->log, g_get_monotonic_time (), FALSE);
  quilt_oom_report (&self->oom, &self->log);
  tell_held (self, g_get_monotonic_time ());
}

/* Ends the reader's copy as soon as all output was read; the reader does not wait for the log. */
static void
finish_output (QuiltSupervisor *self)
{
  gboolean drained;

  if (self->drained)
    return;
  drained = quilt_supervisor_drain (self);
  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    if (self->outputs[i].emptied)
      quilt_output_finish (&self->outputs[i]);
  self->drained = drained && quilt_oom_report (&self->oom, &self->log) &&
                  quilt_log_report_dropped (&self->log, g_get_monotonic_time (), TRUE);
}

/* Whether only journald is missing: it is away, or the log is held back, and nothing else delays
 * the exit. */
static gboolean
waits_for_journal (const QuiltSupervisor *self)
{
  gboolean waits = self->log.journal.retry_usec > 0 || self->log.held_usec > 0;

  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    waits = waits && (!quilt_output_has_readers (&self->outputs[i]) || self->outputs[i].emptied);
  return waits;
}

static gboolean
has_to_keep (const QuiltSupervisor *self)
{
  return self->phase == QUILT_SUPERVISOR_RECORDED && !self->released && self->control.fd < 0 &&
         self->store_fd >= 0;
}

static void
record (QuiltSupervisor *self)
{
  g_autoptr (GError) error = NULL;

  quilt_supervisor_complete_result (self);
  if (!quilt_message_save (self->run_dir_fd, "exit", &self->result, QUILT_FILE_VOLATILE, &error))
    g_printerr ("%s\n", error->message); /* quiltd still learns it over the connection */
  self->phase = QUILT_SUPERVISOR_RECORDED;
  self->patience_usec = 0;
  quilt_control_send (&self->control, &self->result);
}

/* The run directory does not survive a reboot. So while quiltd is away, saves the result in the
 * store. If the disk is full, tries again later. */
static void
keep_result (QuiltSupervisor *self, gint64 now_usec)
{
  g_autoptr (GError) error = NULL;

  if (!has_to_keep (self) || now_usec < self->keep_usec)
    return;
  if (quilt_message_save (self->store_fd, "exit", &self->result, QUILT_FILE_DURABLE, &error)) {
    quilt_fd_clear (&self->store_fd);
    return;
  }
  if (self->keep_usec == 0)
    g_printerr ("%s\n", error->message);
  self->keep_usec = now_usec + KEEP_AGAIN_USEC;
  if (!g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NO_SPACE) &&
      !g_error_matches (error, QUILT_ERROR, QUILT_ERROR_BUSY))
    quilt_fd_clear (&self->store_fd);
}

/* Whether journald or a reader still has to take output. */
static gboolean
is_busy (const QuiltSupervisor *self)
{
  gboolean busy = !self->drained || quilt_journal_socket_is_unread (&self->log.journal);

  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    busy = busy || quilt_output_has_readers (&self->outputs[i]);
  return busy;
}

static gboolean
may_leave (const QuiltSupervisor *self)
{
  gboolean never_went = self->scope_fd < 0;

  return self->phase == QUILT_SUPERVISOR_RECORDED &&
         (self->released || (self->control.fd < 0 && (self->terminated || never_went)));
}

/* Waits for journald without limit. Waits for the reader for a limited time, and for followers only
 * for a moment, since all output is in the log. */
static gboolean
linger (QuiltSupervisor *self, gint64 now_usec)
{
  if (self->drained)
    quilt_journal_socket_seal (&self->log.journal);
  if (self->patience_usec == 0)
    self->patience_usec = now_usec + LINGER_USEC;
  if (now_usec < self->patience_usec)
    return is_busy (self);
  if (!self->lingering) {
    for (guint i = 0; i < QUILT_N_STREAMS; i++)
      quilt_output_drop_followers (&self->outputs[i]);
    if (!is_busy (self))
      return FALSE;
    self->lingering = TRUE;
    quilt_fd_clear (&self->mounts_fd);
    self->patience_usec = now_usec + READER_USEC;
    quilt_supervisor_send (self, QUILT_MESSAGE_LINGERING);
  } else {
    self->patience_usec = G_MAXINT64;
    for (guint i = 0; i < QUILT_N_STREAMS; i++)
      quilt_output_drop_readers (&self->outputs[i]);
  }
  return is_busy (self);
}

gboolean
quilt_supervisor_advance (QuiltSupervisor *self, gint64 now_usec)
{
  if (self->kill_usec > 0 && now_usec >= self->kill_usec) {
    self->flags |= QUILT_MESSAGE_FLAG_KILLED_BY_TIMEOUT;
    quilt_supervisor_kill_payload (self);
  }
  if (self->reap_usec > 0 && now_usec >= self->reap_usec) {
    self->reap_usec = 0;
    quilt_supervisor_handle_end (self);
  }
  if (self->phase >= QUILT_SUPERVISOR_ENDED)
    finish_output (self);
  else if (self->waiting)
    quilt_supervisor_continue_setup (self);
  else
    pump (self);
  if (self->phase == QUILT_SUPERVISOR_ENDED &&
      (self->drained || now_usec >= self->patience_usec || waits_for_journal (self)))
    record (self);
  keep_result (self, now_usec);
  return !may_leave (self) || linger (self, now_usec);
}

gint64
quilt_supervisor_get_deadline (const QuiltSupervisor *self, gint64 now_usec)
{
  gint64 deadline =
      quilt_turns_earlier (self->kill_usec, quilt_journal_socket_get_deadline (&self->log.journal));

  deadline = quilt_turns_earlier (deadline, quilt_rate_get_deadline (&self->log.rate));
  deadline = quilt_turns_earlier (deadline, self->patience_usec);
  deadline = quilt_turns_earlier (deadline, self->log.held_usec);
  if (self->flags & QUILT_MESSAGE_FLAG_HELD)
    deadline = quilt_turns_earlier (deadline, self->was_held_usec + HELD_USEC);
  deadline = quilt_turns_earlier (deadline, self->reap_usec);
  if (has_to_keep (self))
    deadline = quilt_turns_earlier (deadline, self->keep_usec);
  if (may_leave (self) && quilt_journal_socket_is_unread (&self->log.journal))
    deadline =
        quilt_turns_earlier (deadline, now_usec + (self->lingering ? LOOK_AGAIN_USEC : LOOK_USEC));
  return deadline;
}
