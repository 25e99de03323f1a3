/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd: manages containers and images of this host, with an interface on D-Bus. */
#include <config.h> /* of the build: "config.h" would be daemon/config.h */

#include "daemon/bus/event.h"
#include "daemon/bus/idle.h"
#include "daemon/bus/log.h"
#include "daemon/bus/notify.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/recovery.h"
#include "daemon/daemon.h"
#include "daemon/manager.h"
#include "daemon/summary.h"
#include "dbus/open.h"
#include "spec/capabilities.h"
#include "spec/quantities.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

/* Time limit for calls under way when quiltd is asked to end. */
#define DRAIN_SECONDS 5
/* Time limit for what begins while quiltd exits as idle. With DRAIN_SECONDS, it is shorter than
 * TimeoutStopSec= in quiltd.service. */
#define LEAVE_SECONDS 60

/* Answers and signals to us are smaller; any user may send us larger signals. */
#define MESSAGE_MAX (64 * 1024)

/* Of RequestName (D-Bus Specification, "Message Bus Messages"). */
#define DO_NOT_QUEUE 4u
#define PRIMARY_OWNER 1u
#define ALREADY_OWNER 4u

typedef struct {
  GMainLoop *loop;
  QuiltDbus *bus;
  QuiltDaemon *daemon;
  QuiltManager *manager;
  const char *const *config_dirs;
  int log_level;
  QuiltDbusPending name_request; /* the call for our bus name */
  gboolean wants_name;           /* we own the bus name, or have asked for it */
  gboolean owns_name;
  void (*on_name) (gpointer data); /* called when we own it */
  QuiltIdle *idle;
  gboolean leaving; /* quiltd exits as idle */
  gboolean left;    /* the bus name was released for good */
  int exit_code;
} Main;

static void
quit (gpointer data)
{
  Main *self = data;

  g_main_loop_quit (self->loop);
}

static void
fail (Main *self, const char *why)
{
  g_critical ("%s", why);
  if (!self->exit_code)
    self->exit_code = EXIT_FAILURE;
  quit (self);
}

static gboolean
on_drained (gpointer data)
{
  quit (data);
  return G_SOURCE_REMOVE;
}

static QuiltDbusCall
make_bus_call (const char *method, GVariant *args, const char *reply_type)
{
  return (QuiltDbusCall){.destination = QUILT_DBUS_BUS,
                         .path = QUILT_DBUS_BUS_PATH,
                         .interface = QUILT_DBUS_BUS,
                         .method = method,
                         .args = args,
                         .reply_type = reply_type};
}

/* When this returns, all earlier calls have arrived, since the bus answers after them. */
static void
release_name (Main *self)
{
  g_auto (QuiltDbusReply) reply = {0};
  QuiltDbusCall call;

  if (!self->wants_name)
    return;
  call = make_bus_call ("ReleaseName", g_variant_new ("(s)", QUILT_BUS_NAME), "(u)");
  quilt_dbus_call_sync (self->bus, &call, -1, &reply);
  quilt_dbus_pending_clear (&self->name_request);
  self->wants_name = FALSE;
  self->owns_name = FALSE;
}

/* Answers the calls under way. Later calls wait for the next quiltd. */
static gboolean
on_terminate (gpointer data)
{
  Main *self = data;

  quilt_notify_stopping ();
  quilt_idle_set (self->idle, QUILT_INFINITY);
  release_name (self);
  g_timeout_add_seconds (DRAIN_SECONDS, on_drained, self);
  quilt_hub_when_idle (self->daemon->hub, quit, self);
  return G_SOURCE_CONTINUE;
}

/* Something still goes on, and only a running quiltd can end it: systemd starts quiltd again. */
static gboolean
on_left_overdue (gpointer data)
{
  Main *self = data;

  self->exit_code = EX_TEMPFAIL;
  quit (self);
  return G_SOURCE_REMOVE;
}

/* Calls keep coming, or one takes long, or a container runs. Calls from now on wait for the next
 * quiltd. */
static gboolean
on_leaving_overdue (gpointer data)
{
  Main *self = data;

  release_name (self);
  self->left = TRUE;
  g_timeout_add_seconds (DRAIN_SECONDS, on_left_overdue, self);
  quilt_idle_set (self->idle, 0);
  return G_SOURCE_REMOVE;
}

/* Tell systemd first: from then on, a start that the bus asks for waits until this process has
 * exited. Before, such a start would do nothing, since quiltd runs. */
static void
begin_leaving (Main *self)
{
  g_info ("quiltd exits: nothing runs, and nobody has called it for ExitIdleSec=");
  self->leaving = TRUE;
  quilt_notify_stopping ();
  g_timeout_add_seconds (LEAVE_SECONDS, on_leaving_overdue, self);
  quilt_idle_set (self->idle, 0);
}

static void own_name (Main *self, void (*on_name) (gpointer data));

static void
on_name_back (gpointer data)
{
  Main *self = data;

  quilt_idle_set (self->idle, 0);
}

/* Answer a call that arrived before the name was released while quiltd still owns the name: its
 * caller may wait for signals that follow the answer. */
static void
on_idle (gpointer data)
{
  Main *self = data;

  if (!self->leaving) {
    begin_leaving (self);
    return;
  }
  if (self->owns_name)
    release_name (self);
  else if (!self->left)
    return; /* the bus has not released the name yet */
  if (quilt_idle_is_quiet (self->idle))
    quit (self);
  else if (!self->left)
    own_name (self, on_name_back);
}

static gboolean
reload (gpointer data, GError **error)
{
  Main *self = data;
  g_autoptr (GError) failure = NULL;
  QuiltConfig *config;

  quilt_notify_reloading ();
  config = quilt_config_load (self->config_dirs, &failure);
  if (config) {
    quilt_daemon_set_config (self->daemon, config);
    quilt_manager_look_for_limits (self->manager);
    self->log_level = config->log_level;
    if (self->owns_name && !self->leaving)
      quilt_idle_set (self->idle, config->exit_idle_usec);
    quilt_event_log (QUILT_EVENT_DAEMON_RELOADED, NULL, "Reloaded the configuration");
  } else {
    quilt_event_log (QUILT_EVENT_DAEMON_RELOAD_FAILED, NULL, "Kept the old configuration: %s",
                     failure->message);
    g_propagate_error (error, g_steal_pointer (&failure));
  }
  quilt_notify_ready ();
  return config != NULL;
}

static gboolean
on_hangup (gpointer data)
{
  reload (data, NULL);
  return G_SOURCE_CONTINUE;
}

static void
on_bus_closed (gpointer data)
{
  fail (data, "The connection to the bus was lost");
}

static void
fail_without_name (Main *self)
{
  fail (self, "The bus name " QUILT_BUS_NAME " is not available: another quiltd runs, or the bus's "
              "policy does not allow quiltd to own it");
}

/* The bus also sends it after release_name(). */
static void
on_name_lost (const char *path, GVariant *args, gpointer data)
{
  Main *self = data;

  if (self->owns_name)
    fail_without_name (self);
}

static gboolean
connect_bus (Main *self, GError **error)
{
  const QuiltDbusMatch lost = {.sender = QUILT_DBUS_BUS,
                               .interface = QUILT_DBUS_BUS,
                               .member = "NameLost",
                               .path = QUILT_DBUS_BUS_PATH,
                               .arg0 = QUILT_BUS_NAME};

  self->bus = quilt_dbus_open (g_getenv ("DBUS_SYSTEM_BUS_ADDRESS"), error);
  if (!self->bus)
    return FALSE;
  quilt_dbus_set_message_max (self->bus, MESSAGE_MAX);
  quilt_dbus_on_closed (self->bus, on_bus_closed, self);
  quilt_dbus_subscribe (self->bus, &lost, on_name_lost, self);
  return TRUE;
}

static void
on_filter_made (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_filters_make_finish (result, &error))
    g_warning ("%s", error->message);
  quilt_activity_end (data);
}

/* Made early, so that the first container does not wait for it. */
static gboolean
make_filter (gpointer data)
{
  QuiltDaemon *daemon = data;
  QuiltActivity *work = quilt_hub_get_work (daemon->hub);

  quilt_activity_begin (work);
  quilt_filters_make_async (quilt_containers_parts (daemon->containers)->filters,
                            QUILT_SECCOMP_DEFAULT, quilt_capabilities_default (), on_filter_made,
                            work);
  return G_SOURCE_REMOVE;
}

static void
on_name_acquired (gpointer data)
{
  Main *self = data;

  quilt_event_log (QUILT_EVENT_DAEMON_STARTED, NULL,
                   "quiltd " QUILT_VERSION " is ready: %u containers, %u images",
                   quilt_containers_size (self->daemon->containers),
                   quilt_images_size (self->daemon->images));
  quilt_summary_tell (self->daemon);
  quilt_notify_ready ();
  quilt_idle_set (self->idle, self->daemon->config->exit_idle_usec);
  quilt_warm_begin (quilt_containers_parts (self->daemon->containers)->warm);
  g_idle_add_full (G_PRIORITY_LOW, make_filter, self->daemon, NULL);
}

static void
on_name_reply (QuiltDbusReply *reply, gpointer data)
{
  Main *self = data;
  guint32 code = 0;

  if (reply->body)
    g_variant_get (reply->body, "(u)", &code);
  if (code != PRIMARY_OWNER && code != ALREADY_OWNER) {
    fail_without_name (self);
    return;
  }
  self->owns_name = TRUE;
  self->on_name (self);
}

static void
own_name (Main *self, void (*on_name) (gpointer data))
{
  const QuiltDbusCall call =
      make_bus_call ("RequestName", g_variant_new ("(su)", QUILT_BUS_NAME, DO_NOT_QUEUE), "(u)");

  self->wants_name = TRUE;
  self->on_name = on_name;
  quilt_dbus_pending_clear (&self->name_request);
  quilt_dbus_call (self->bus, &call, on_name_reply, self, &self->name_request);
}

/* The state of every container and session is known, so publish the objects. */
static void
on_recovered (gpointer data)
{
  Main *self = data;

  quilt_hub_show (self->daemon->hub);
  own_name (self, on_name_acquired);
}

static gboolean
run (Main *self, const QuiltDaemonPaths *paths, GError **error)
{
  QuiltConfig *config = quilt_config_load (self->config_dirs, error);

  if (!config) {
    self->exit_code = EX_CONFIG;
    return FALSE;
  }
  self->log_level = config->log_level;
  if (!connect_bus (self, error)) {
    quilt_config_free (config);
    return FALSE;
  }
  self->daemon = quilt_daemon_new (self->bus, paths, config, error);
  if (!self->daemon)
    return FALSE;
  self->idle = quilt_idle_new (quilt_hub_get_calls (self->daemon->hub),
                               quilt_hub_get_work (self->daemon->hub), on_idle, self);
  quilt_summary_begin (self->daemon);
  self->manager = quilt_manager_new (self->daemon, reload, self);
  quilt_systemd_on_stop_request (self->daemon->systemd, quilt_container_on_stop_request,
                                 self->daemon->containers);
  g_unix_signal_add (SIGTERM, on_terminate, self);
  g_unix_signal_add (SIGINT, on_terminate, self);
  g_unix_signal_add (SIGHUP, on_hangup, self);
  quilt_notify_watchdog ();
  if (!quilt_recover (self->daemon->containers, error))
    return FALSE;
  quilt_sessions_recover (self->daemon->sessions);
  quilt_recovery_await (self->daemon->containers, on_recovered, self);
  g_main_loop_run (self->loop);
  return TRUE;
}

static void
main_clear (Main *self)
{
  if (self->daemon)
    quilt_container_retry_records (self->daemon->containers);
  g_clear_pointer (&self->idle, quilt_idle_free);
  g_clear_pointer (&self->manager, quilt_manager_free);
  g_clear_pointer (&self->daemon, quilt_daemon_free);
  quilt_dbus_pending_clear (&self->name_request);
  if (self->bus)
    quilt_dbus_drain (self->bus, DRAIN_SECONDS * 1000);
  g_clear_pointer (&self->bus, quilt_dbus_close);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

int
main (int argc, char **argv)
{
  QuiltDaemonPaths paths = {QUILT_STATEDIR, QUILT_RUNDIR, QUILT_LIBEXECDIR, QUILT_CACHEDIR};
  const char *config_dirs[] = {"/usr/lib/quilt", "/run/quilt", QUILT_SYSCONFDIR, NULL};
  Main self = {.config_dirs = config_dirs, .log_level = 6};
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
      {"state-dir", 0, 0, G_OPTION_ARG_FILENAME, &paths.state_dir, "State: images and containers",
       "DIR"},
      {"run-dir", 0, 0, G_OPTION_ARG_FILENAME, &paths.run_dir, "Runtime state, lost at a reboot",
       "DIR"},
      {"libexec-dir", 0, 0, G_OPTION_ARG_FILENAME, &paths.libexec_dir, "Helpers", "DIR"},
      {"cache-dir", 0, 0, G_OPTION_ARG_FILENAME, &paths.cache_dir, "Cache of compiled filters",
       "DIR"},
      {"config-dir", 0, 0, G_OPTION_ARG_FILENAME, &config_dirs[2], "Configuration", "DIR"},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Show the version", NULL},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_set_summary (context, "Puts containers and images on the system bus.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("quiltd: %s\n", error->message);
    return EXIT_FAILURE;
  }
  if (version) {
    g_print ("quiltd " QUILT_VERSION "\n");
    return EXIT_SUCCESS;
  }
  quilt_daemon_log_init (&self.log_level);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (!run (&self, &paths, &error))
    fail (&self, error->message);
  main_clear (&self);
  return self.exit_code;
}
