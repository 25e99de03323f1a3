/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sessions of all containers: processes that callers have started in them (exec). */
#include "daemon/sessions/sessions.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "daemon/containers/container.h"
#include "daemon/helpers/helper.h"
#include "daemon/sessions/file.h"
#include "spec/names.h"
#include "systemd/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Time for which the end of a session is remembered for callers that ask later. */
#define REMEMBER_SECONDS 60
/* The interval between attempts to connect to a supervisor. */
#define LOOK_AGAIN_MS 100
/* Ended sessions of a container that are remembered. */
#define REMEMBERED_MAX 256

typedef struct {
  QuiltSessionEvent event;
  void (*func) (const QuiltSessionNews *news, gpointer data);
  gpointer data;
} Waiter;

/* The number of a session in the messages of its supervisor, which has no other session. */
#define NUMBER 1

struct QuiltSessionRun {
  QuiltSessions *sessions;
  char *container; /* its ID */
  QuiltSession values;
  guint32 pid;
  guint64 started_usec;
  int terminal; /* the master, until a caller takes it; -1: none */
  QuiltHelper *helper;
  gboolean is_unknown; /* its supervisor has not answered this quiltd yet; holds the hub */
  gboolean is_over;
  GError *failure; /* why the command was never executed */
  int exit_code;
  char *reason;
  GArray *waiters;  /* of Waiter */
  guint forgetting; /* the timer, once the session is over */
  guint looking;    /* the timer until the next attempt to connect to its supervisor */
};

struct QuiltSessions {
  QuiltContainers *containers;
  const QuiltContainersParts *parts; /* of containers */
  GHashTable *all; /* ID of a container → GPtrArray of QuiltSessionRun, the oldest first */
};

/* Its supervisor has answered, or is gone. */
static void
become_known (QuiltSessionRun *self)
{
  if (!self->is_unknown)
    return;
  self->is_unknown = FALSE;
  quilt_hub_release (self->sessions->parts->hub);
}

/* The session itself goes on. If it has ended, its supervisor keeps the exit for a later quiltd. */
static void
session_free (gpointer data)
{
  QuiltSessionRun *self = data;

  become_known (self);
  g_clear_handle_id (&self->forgetting, g_source_remove);
  g_clear_handle_id (&self->looking, g_source_remove);
  g_clear_pointer (&self->helper, quilt_helper_free);
  g_array_unref (self->waiters);
  quilt_fd_clear (&self->terminal);
  quilt_session_clear (&self->values);
  g_clear_error (&self->failure);
  g_free (self->reason);
  g_free (self->container);
  g_free (self);
}

QuiltSessions *
quilt_sessions_new (QuiltContainers *containers)
{
  QuiltSessions *self = g_new0 (QuiltSessions, 1);

  self->containers = containers;
  self->parts = quilt_containers_parts (containers);
  self->all =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  return self;
}

void
quilt_sessions_free (QuiltSessions *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->all);
  g_free (self);
}

QuiltContainers *
quilt_sessions_get_containers (const QuiltSessions *self)
{
  return self->containers;
}

/* Opens the directory of the container's sessions. Returns -1 with an error. */
static int
open_sessions (const QuiltSessions *self, const char *container, GError **error)
{
  g_autofd int run = quilt_run_dir_open (self->parts->run_dirs, container, error);

  return run < 0 ? -1 : quilt_dir_open (run, QUILT_SESSIONS_DIR, error);
}

static void
remove_directory (const QuiltSessionRun *self)
{
  g_autofd int sessions = open_sessions (self->sessions, self->container, NULL);

  if (sessions >= 0)
    quilt_tree_remove (sessions, self->values.id, NULL);
}

/* Calls all functions that wait for one of the events up to last. They may begin new waits. */
static void
tell (QuiltSessionRun *self, QuiltSessionEvent last, QuiltSessionNews news)
{
  g_autoptr (GArray) told = g_array_new (FALSE, FALSE, sizeof (Waiter));

  for (guint i = 0; i < self->waiters->len;) {
    const Waiter waiter = g_array_index (self->waiters, Waiter, i);

    if (waiter.event > last) {
      i++;
      continue;
    }
    g_array_append_val (told, waiter);
    g_array_remove_index (self->waiters, i);
  }
  for (guint i = 0; i < told->len; i++) {
    const Waiter *waiter = &g_array_index (told, Waiter, i);

    news.terminal = waiter->event == QUILT_SESSION_EXECUTED ? g_steal_fd (&self->terminal) : -1;
    waiter->func (&news, waiter->data);
  }
}

/* Frees self. */
static void
forget (QuiltSessionRun *self)
{
  GHashTable *all = self->sessions->all;
  GPtrArray *its = g_hash_table_lookup (all, self->container);

  if (its->len > 1)
    g_ptr_array_remove (its, self);
  else
    g_hash_table_remove (all, self->container);
}

static gboolean
on_forgotten (gpointer data)
{
  QuiltSessionRun *self = data;

  self->forgetting = 0;
  forget (self);
  return G_SOURCE_REMOVE;
}

static void
tell_end (QuiltSessionRun *self)
{
  tell (self, QUILT_SESSION_OVER,
        (QuiltSessionNews){.error = self->failure,
                           .terminal = -1,
                           .exit_code = self->exit_code,
                           .reason = self->reason});
}

static void
forget_oldest (QuiltSessionRun *self)
{
  const GPtrArray *its = g_hash_table_lookup (self->sessions->all, self->container);
  QuiltSessionRun *oldest = NULL;
  guint n = 0;

  for (guint i = 0; i < its->len; i++) {
    QuiltSessionRun *other = its->pdata[i];

    if (!other->is_over)
      continue;
    oldest = oldest ? oldest : other;
    n++;
  }
  if (n > REMEMBERED_MAX && oldest != self)
    forget (oldest);
}

/* Only what a later caller may ask for is kept: arguments may be large. */
static void
drop_values (QuiltSessionRun *self)
{
  char *id = g_steal_pointer (&self->values.id);

  quilt_session_clear (&self->values);
  self->values = (QuiltSession){.id = id};
}

/* end: EXITED or FAILED */
static void
finish (QuiltSessionRun *self, const QuiltMessage *end)
{
  QuiltMessage bye;

  if (self->is_over)
    return;
  self->is_over = TRUE;
  if (end->type == QUILT_MESSAGE_FAILED)
    self->failure = g_error_new_literal (QUILT_ERROR, end->code, end->text);
  self->exit_code = end->exit_code;
  self->reason = g_strdup (end->text);
  if (self->helper) {
    quilt_message_init (&bye, QUILT_MESSAGE_BYE);
    bye.session = NUMBER;
    quilt_helper_send (self->helper, &bye);
  }
  self->forgetting = g_timeout_add_seconds (REMEMBER_SECONDS, on_forgotten, self);
  tell_end (self);
  remove_directory (self);
  drop_values (self);
  forget_oldest (self);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  QuiltSessionRun *self = data;

  if (message->session != NUMBER)
    return;
  if (message->type == QUILT_MESSAGE_RUNNING && !self->is_over) {
    self->pid = (guint32)message->pid;
    self->started_usec = message->time_usec;
    tell (self, QUILT_SESSION_EXECUTED, (QuiltSessionNews){.terminal = -1});
  } else if (message->type == QUILT_MESSAGE_EXITED || message->type == QUILT_MESSAGE_FAILED)
    finish (self, message);
  become_known (self);
}

static void
on_descriptor (const QuiltMessage *message, int fd, gpointer data)
{
  QuiltSessionRun *self = data;

  quilt_fd_clear (&self->terminal);
  self->terminal = fd;
  on_message (message, self);
}

/* A process of the session may have outlived the supervisor. */
static void
kill_rest (const QuiltSessionRun *self)
{
  const QuiltContainer *container =
      quilt_containers_get (self->sessions->containers, self->container);
  const char *place = container ? quilt_container_get_place (container) : NULL;

  if (place)
    quilt_scope_kill_session (place, self->container, self->values.id);
}

/* The supervisor is gone. Before its last message, that is the end of the session. */
static void
on_closed (gpointer data)
{
  QuiltSessionRun *self = data;
  const gboolean was_executed = self->started_usec > 0;
  QuiltMessage lost;

  g_clear_pointer (&self->helper, quilt_helper_free);
  if (self->is_over)
    return;
  kill_rest (self);
  quilt_message_init (&lost, was_executed ? QUILT_MESSAGE_EXITED : QUILT_MESSAGE_FAILED);
  lost.code = QUILT_ERROR_FAILED;
  lost.exit_code = 255;
  quilt_message_set_text (&lost, was_executed
                                     ? "lost"
                                     : "The supervisor of the session was killed, or the container "
                                       "ended, before the command was executed");
  finish (self, &lost);
  become_known (self);
}

static const QuiltHelperEvents events = {
    .message = on_message, .closed = on_closed, .descriptor = on_descriptor};

static QuiltSessionRun *
add (QuiltSessions *sessions, const char *container)
{
  QuiltSessionRun *self = g_new0 (QuiltSessionRun, 1);
  GPtrArray *its = g_hash_table_lookup (sessions->all, container);

  self->sessions = sessions;
  self->container = g_strdup (container);
  self->terminal = -1;
  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  if (!its) {
    its = g_ptr_array_new_with_free_func (session_free);
    g_hash_table_insert (sessions->all, g_strdup (container), its);
  }
  g_ptr_array_add (its, self);
  return self;
}

/* Makes the session's directory with its plan. Returns -1 on error. */
static int
make_directory (const QuiltSessionRun *self, const char *plan, GError **error)
{
  const QuiltRunDirs *run_dirs = self->sessions->parts->run_dirs;
  g_autofd int run = quilt_run_dir_open (run_dirs, self->container, error);
  g_autofd int sessions = run < 0 ? -1 : quilt_dir_ensure (run, QUILT_SESSIONS_DIR, error);
  g_autofd int fd = sessions < 0 ? -1 : quilt_dir_ensure (sessions, self->values.id, error);

  return fd >= 0 && quilt_session_file_write (fd, plan, error) ? g_steal_fd (&fd) : -1;
}

static QuiltHelper *
enter (QuiltSessionRun *self,
       const QuiltSessionPlan *plan,
       int directory,
       GBytes *body,
       GError **error)
{
  const QuiltContainersParts *parts = self->sessions->parts;
  const struct {
    int fd;
    QuiltMessageFlags flag;
  } optional[] = {
      {plan->filter, QUILT_MESSAGE_FLAG_FILTER},   {plan->stdio[1], QUILT_MESSAGE_FLAG_STDOUT},
      {plan->stdio[2], QUILT_MESSAGE_FLAG_STDERR}, {plan->stdio[0], QUILT_MESSAGE_FLAG_STDIN},
      {plan->leash, QUILT_MESSAGE_FLAG_LEASH},
  };
  g_autofd int run = quilt_run_dir_open (parts->run_dirs, self->container, error);
  int fds[2 + G_N_ELEMENTS (optional)] = {run, directory};
  g_autofree char *scope = quilt_scope_cgroup (plan->place);
  g_autofd int cgroup = quilt_scope_open_supervisor (plan->place);
  QuiltMessage message;
  guint n = 2;

  if (run < 0)
    return NULL;
  quilt_message_init (&message, QUILT_MESSAGE_ENTER);
  message.session = NUMBER;
  message.pid = plan->first;
  quilt_message_set_text (&message, scope);
  for (guint i = 0; i < G_N_ELEMENTS (optional); i++) {
    if (optional[i].fd < 0)
      continue;
    message.flags |= optional[i].flag;
    fds[n++] = optional[i].fd;
  }
  return quilt_spare_begin_in (parts->spare, cgroup, &message, fds, n, body, &events, self, error);
}

gboolean
quilt_sessions_has (const QuiltSessions *self, const char *container, const char *id)
{
  const GPtrArray *its = g_hash_table_lookup (self->all, container);

  for (guint i = 0; its && i < its->len; i++)
    if (g_str_equal (((const QuiltSessionRun *)its->pdata[i])->values.id, id))
      return TRUE;
  return FALSE;
}

QuiltSessionRun *
quilt_session_begin (QuiltSessions *sessions, const QuiltSessionPlan *plan, GError **error)
{
  const char *id = plan->session->id;
  QuiltSessionRun *self;
  g_autofd int directory = -1;
  g_autoptr (GBytes) body = NULL;
  g_autofree char *text = NULL;

  if (id && quilt_sessions_has (sessions, plan->container, id)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS, "The container already has a session '%s'",
                 id);
    return NULL;
  }
  self = add (sessions, plan->container);
  quilt_session_clone (plan->session, &self->values);
  if (!id)
    self->values.id = quilt_id_new ();
  text = quilt_session_print (&self->values);
  body = g_bytes_new (text, strlen (text));
  directory = make_directory (self, text, error);
  if (directory >= 0)
    self->helper = enter (self, plan, directory, body, error);
  if (self->helper)
    return self;
  remove_directory (self);
  forget (self);
  return NULL;
}

QuiltSessionRun *
quilt_sessions_find (const QuiltSessions *self,
                     const char *container,
                     const char *id,
                     GError **error)
{
  const GPtrArray *its = g_hash_table_lookup (self->all, container);
  QuiltSessionRun *found = NULL;
  guint n = 0;

  for (guint i = 0; its && i < its->len; i++) {
    QuiltSessionRun *session = its->pdata[i];

    if (g_str_equal (session->values.id, id))
      return session;
    if (*id && g_str_has_prefix (session->values.id, id)) {
      found = session;
      n++;
    }
  }
  if (n == 1)
    return found;
  g_set_error (error, QUILT_ERROR, n == 0 ? QUILT_ERROR_NOT_FOUND : QUILT_ERROR_AMBIGUOUS,
               n == 0 ? "The container has no session '%s'"
                      : "More than one session of the container begins with '%s'",
               id);
  return NULL;
}

const char **
quilt_sessions_list_containers (const QuiltSessions *self)
{
  return (const char **)g_hash_table_get_keys_as_array (self->all, NULL);
}

GPtrArray *
quilt_sessions_list (const QuiltSessions *self, const char *container)
{
  const GPtrArray *its = g_hash_table_lookup (self->all, container);
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; its && i < its->len; i++)
    if (!((const QuiltSessionRun *)its->pdata[i])->is_over)
      g_ptr_array_add (list, its->pdata[i]);
  return list;
}

const QuiltSession *
quilt_session_get_values (const QuiltSessionRun *self)
{
  return &self->values;
}

guint32
quilt_session_get_pid (const QuiltSessionRun *self)
{
  return self->pid;
}

guint64
quilt_session_get_started (const QuiltSessionRun *self)
{
  return self->started_usec;
}

void
quilt_session_kill (QuiltSessionRun *self, int signal)
{
  QuiltMessage message;

  if (!self->helper)
    return;
  quilt_message_init (&message, QUILT_MESSAGE_KILL);
  message.session = NUMBER;
  message.signal = signal;
  quilt_helper_send (self->helper, &message);
}

void
quilt_session_await (QuiltSessionRun *self,
                     QuiltSessionEvent event,
                     void (*func) (const QuiltSessionNews *news, gpointer data),
                     gpointer data)
{
  const Waiter waiter = {event, func, data};

  g_array_append_val (self->waiters, waiter);
  if (self->is_over)
    tell_end (self);
  else if (self->started_usec > 0)
    tell (self, QUILT_SESSION_EXECUTED, (QuiltSessionNews){.terminal = -1});
}

void
quilt_session_cancel (QuiltSessionRun *self, gpointer data)
{
  for (guint i = self->waiters->len; i-- > 0;)
    if (g_array_index (self->waiters, Waiter, i).data == data)
      g_array_remove_index (self->waiters, i);
}

static gboolean look (gpointer data);

/* Connects to the session's supervisor. If that is gone, nobody knows how the session ended. After
 * any other failure it may run, so try again. */
static void
connect_again (QuiltSessionRun *self)
{
  g_autoptr (GError) error = NULL;
  int socket = quilt_run_dir_connect_session (self->sessions->parts->run_dirs, self->container,
                                              self->values.id, &error);

  if (socket >= 0) {
    self->helper = quilt_helper_adopt (socket, &events, self);
    return;
  }
  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND)) {
    self->started_usec = 1; /* it may have been executed */
    on_closed (self);
  } else
    self->looking = g_timeout_add (LOOK_AGAIN_MS, look, self);
}

static gboolean
look (gpointer data)
{
  QuiltSessionRun *self = data;

  self->looking = 0;
  connect_again (self);
  return G_SOURCE_REMOVE;
}

static void
recover_one (QuiltSessions *sessions, const char *container, int directory, const char *name)
{
  g_auto (QuiltSession) values = {0};
  QuiltSessionRun *self;

  if (*name == '.')
    return;
  if (!quilt_session_file_read (directory, name, &values)) {
    quilt_tree_remove (directory, name, NULL);
    return;
  }
  self = add (sessions, container);
  self->values = values;
  values = (QuiltSession){0};
  self->is_unknown = TRUE;
  quilt_hub_hold (sessions->parts->hub);
  connect_again (self);
}

static void
recover_in (QuiltSessions *self, const char *container)
{
  g_autofd int fd = open_sessions (self, container, NULL);
  int copy = fd < 0 ? -1 : openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = copy < 0 ? NULL : fdopendir (copy);
  struct dirent *entry;

  while (directory && (entry = readdir (directory)))
    recover_one (self, container, fd, entry->d_name);
  if (directory)
    closedir (directory);
  else
    quilt_fd_clear (&copy);
}

void
quilt_sessions_recover (QuiltSessions *self)
{
  g_autoptr (GPtrArray) all = quilt_containers_list (self->containers);

  for (guint i = 0; i < all->len; i++)
    if (quilt_container_get_place (all->pdata[i]))
      recover_in (self, quilt_container_get_record (all->pdata[i])->id);
}
