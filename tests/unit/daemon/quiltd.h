/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's parts in this process, on directories and a bus of their own. The test plays systemd and
 * polkit there; the supervisors are those of the level bus, which run nothing. */
#pragma once

#include "base/check.h"

extern "C" {
#include "base/file.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/container.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/daemon.h"
#include "daemon/images/image-private.h"
#include "daemon/manager.h"
#include "dbus/open.h"
#include "store/digest.h"
}

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

/* Tests end quiltd while jobs and containers are at work. The count of that work is then left to
 * the end of the process. */
extern "C" const char *__lsan_default_suppressions ();
extern "C" const char *
__lsan_default_suppressions ()
{
  return "leak:quilt_hub_new\n";
}

class Quiltd : public testing::Test
{
protected:
  fs::path path;
  GTestDBus *bus = nullptr;
  QuiltDbus *ours = nullptr;
  GDBusConnection *theirs = nullptr, *caller = nullptr;
  QuiltDaemon *daemon = nullptr;
  QuiltManager *manager = nullptr;
  QuiltContainers *containers = nullptr;
  Error error;

  std::string scope_result = "done"; /* of a scope's job; "": systemd thinks */
  std::string thinking;              /* the scope that systemd thinks about */
  std::vector<guint32> supervisors;
  std::vector<std::string> scopes;    /* whose start systemd was asked for */
  bool forgets_scopes = false;        /* systemd has collected them when it is to change them */
  std::vector<std::string> changes;   /* of properties: UNIT and the properties as text */
  std::vector<std::string> criticals; /* in quiltd's log: none is expected */

  void SetUp () override
  {
    std::string name = "/tmp/quilt-test-XXXXXX";
    const std::string source = getenv ("QUILT_SOURCE");

    g_log_set_default_handler (on_log, this);
    ASSERT_NE (mkdtemp (name.data ()), nullptr);
    path = name;
    for (const char *part : {"state", "run", "libexec", "cache", "etc"})
      fs::create_directory (path / part);
    link ("quilt-supervisor", source + "/tests/bus/quilt-supervisor");
    link ("quilt-seccomp", getenv ("QUILT_SECCOMP"));
    link ("quilt-transfer", getenv ("QUILT_TRANSFER"));
    bus = g_test_dbus_new (G_TEST_DBUS_NONE);
    g_test_dbus_up (bus);
    for (GDBusConnection **connection : {&theirs, &caller})
      *connection = connect ();
    ours = quilt_dbus_open (g_test_dbus_get_bus_address (bus), error.out ());
    ASSERT_NE (ours, nullptr) << error.message ();
    ask_bus ("RequestName", g_variant_new ("(su)", "org.quilt", 0));
    play_services ();
    start ();
  }

  void TearDown () override
  {
    stop ();
    g_clear_pointer (&ours, quilt_dbus_close);
    for (guint32 pid : supervisors)
      kill ((pid_t)pid, SIGKILL);
    for (GDBusConnection *connection : {theirs, caller}) {
      g_dbus_connection_close_sync (connection, nullptr, nullptr);
      g_object_unref (connection);
    }
    g_test_dbus_stop (bus);
    g_object_unref (bus);
    fs::remove_all (path);
    g_log_set_default_handler (g_log_default_handler, nullptr);
    EXPECT_EQ (criticals, std::vector<std::string> ());
  }

  static void on_log (const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
  {
    if (level & G_LOG_LEVEL_CRITICAL)
      static_cast<Quiltd *> (data)->criticals.push_back (text);
    else
      g_log_default_handler (domain, level, text, nullptr);
  }

  void link (const char *name, const std::string &program)
  {
    fs::remove (path / "libexec" / name);
    fs::create_symlink (program, path / "libexec" / name);
  }

  /* A quiltd, before its recovery. */
  void start ()
  {
    const std::string state = path / "state", run = path / "run", libexec = path / "libexec",
                      cache = path / "cache", etc = path / "etc";
    const QuiltDaemonPaths paths = {state.c_str (), run.c_str (), libexec.c_str (), cache.c_str ()};
    const char *const etcs[] = {etc.c_str (), nullptr};

    /* A thread of the last quiltd may still hold the store. */
    do {
      QuiltConfig *config = quilt_config_load (etcs, error.out ());

      ASSERT_NE (config, nullptr) << error.message ();
      daemon = quilt_daemon_new (ours, &paths, config, error.out ());
    } while (!daemon && error.message ().find ("another quiltd uses it") != std::string::npos &&
             (g_main_context_iteration (nullptr, FALSE), TRUE));
    ASSERT_NE (daemon, nullptr) << error.message ();
    containers = daemon->containers;
    manager = quilt_manager_new (daemon, nullptr, nullptr);
    quilt_hub_show (daemon->hub);
    settle ();
  }

  /* quiltd goes, and the supervisors stay. */
  void stop ()
  {
    g_clear_pointer (&manager, quilt_manager_free);
    g_clear_pointer (&daemon, quilt_daemon_free);
    containers = nullptr;
  }

  static void wait (const std::function<bool ()> &done)
  {
    while (!done ())
      g_main_context_iteration (nullptr, TRUE);
  }

  /* quiltd asks the bus who owns systemd's name, and drops what comes before the answer. The bus
   * answers in order, so that has come when this has. */
  void settle ()
  {
    ask_bus ("GetId", nullptr);
    while (g_main_context_iteration (nullptr, FALSE))
      ;
  }

  /* The answer's arguments, or NULL and error. */
  GVariant *call (const char *method, GVariant *arguments, GUnixFDList *fds = nullptr)
  {
    Answer answer;

    g_dbus_connection_call_with_unix_fd_list (
        caller, "org.quilt", QUILT_BUS_PATH, "org.quilt.Manager", method, arguments, nullptr,
        G_DBUS_CALL_FLAGS_NONE, -1, fds, nullptr, on_answer, &answer);
    wait ([&] { return answer.came; });
    remote_error = answer.error ? take (g_dbus_error_get_remote_error (answer.error)) : "";
    remote_text = answer.error ? answer.error->message : "";
    g_clear_error (&answer.error);
    return answer.arguments;
  }

  std::string remote_error, remote_text; /* of the last call; "" if it was answered */

  static std::string digest (char digit)
  {
    return "sha256:" + std::string (64, digit);
  }

  static std::string id (char digit)
  {
    return std::string (32, digit);
  }

  /* A record in the store, whose layer has an empty tree. */
  QuiltImageRecord *new_image (char digit, const char *image_name)
  {
    const std::string text = digest (digit);
    const char *const layers[] = {text.c_str (), nullptr};
    const char *const names[] = {image_name, nullptr};
    auto *record = g_new0 (QuiltImageRecord, 1);

    record->digest = g_strdup (text.c_str ());
    record->names = g_strdupv ((char **)names);
    record->layers = g_strdupv ((char **)layers);
    fs::create_directories (path / "state/layers" / std::string (64, digit) / "fs");
    EXPECT_TRUE (quilt_image_save (daemon->store, record, error.out ())) << error.message ();
    return record;
  }

  /* The same as quiltd's object. */
  QuiltImage *add_image (char digit, const char *image_name)
  {
    return quilt_image_add (daemon->images, new_image (digit, image_name));
  }

  static guint count_uses (const QuiltImage *image)
  {
    const char *holder;

    return quilt_image_count_uses (image, &holder);
  }

  /* A record that is not in the store. */
  static QuiltContainerRecord *
  new_record (char digit, const char *container_name, char image_digit = 'a')
  {
    auto *record = g_new0 (QuiltContainerRecord, 1);

    record->id = g_strdup (id (digit).c_str ());
    record->image = g_strdup ("web");
    record->image_digest = g_strdup (digest (image_digit).c_str ());
    record->created_usec = 1;
    record->options = quilt_options_new ();
    record->options->name = g_strdup (container_name);
    record->options->userns = g_strdup ("host");
    return record;
  }

  /* Starts a container with this command, and waits until it runs. */
  static void start_command (QuiltContainer *container, const char *command)
  {
    const char *const words[] = {command, nullptr};

    g_strfreev (container->record->options->command);
    container->record->options->command = g_strdupv ((char **)words);
    quilt_container_start (container, nullptr, g_task_new (container, nullptr, nullptr, nullptr));
    wait ([&] { return container->state == QUILT_STATE_RUNNING; });
  }

  /* Kills what runs of it, and waits until nothing is left. */
  static void end (QuiltContainer *container)
  {
    quilt_container_happen (container, QUILT_LIFE_KILL, nullptr);
    wait ([&] { return container->life.phase == QUILT_PHASE_IDLE; });
  }

private:
  struct Answer {
    bool came = false;
    GVariant *arguments = nullptr;
    GError *error = nullptr;
  };

  static void on_answer (GObject *source, GAsyncResult *result, gpointer data)
  {
    auto *answer = static_cast<Answer *> (data);

    answer->arguments = g_dbus_connection_call_with_unix_fd_list_finish (
        G_DBUS_CONNECTION (source), nullptr, result, &answer->error);
    if (answer->error) {
      g_autofree char *name = g_dbus_error_get_remote_error (answer->error);

      g_dbus_error_strip_remote_error (answer->error);
      g_prefix_error (&answer->error, "GDBus.Error:%s: ", name ? name : "");
    }
    answer->came = true;
  }

  GDBusConnection *connect ()
  {
    return g_dbus_connection_new_for_address_sync (
        g_test_dbus_get_bus_address (bus),
        (GDBusConnectionFlags)(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                               G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, nullptr, nullptr);
  }

  /* Over quiltd's connection. */
  void ask_bus (const char *method, GVariant *arguments)
  {
    const QuiltDbusCall call = {QUILT_DBUS_BUS, QUILT_DBUS_BUS_PATH, QUILT_DBUS_BUS, method,
                                arguments};
    g_auto (QuiltDbusReply) reply = {};

    quilt_dbus_call_sync (ours, &call, -1, &reply);
    ASSERT_NE (reply.body, nullptr) << reply.error->message;
  }

  static void ask_bus (GDBusConnection *connection, const char *method, GVariant *arguments)
  {
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
        arguments, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr);

    ASSERT_NE (reply, nullptr);
  }

  void play_services ()
  {
    static const char introspection[] =
        "<node><interface name='org.freedesktop.systemd1.Manager'>"
        "<method name='StartTransientUnit'><arg type='s' direction='in'/>"
        "<arg type='s' direction='in'/><arg type='a(sv)' direction='in'/>"
        "<arg type='a(sa(sv))' direction='in'/><arg type='o' direction='out'/></method>"
        "<method name='SetUnitProperties'><arg type='s' direction='in'/>"
        "<arg type='b' direction='in'/><arg type='a(sv)' direction='in'/></method>"
        "<method name='AbandonScope'><arg type='s' direction='in'/></method>"
        "</interface><interface name='org.freedesktop.PolicyKit1.Authority'>"
        "<method name='CheckAuthorization'><arg type='(sa{sv})' direction='in'/>"
        "<arg type='s' direction='in'/><arg type='a{ss}' direction='in'/>"
        "<arg type='u' direction='in'/><arg type='s' direction='in'/>"
        "<arg type='(bba{ss})' direction='out'/></method></interface></node>";
    static const GDBusInterfaceVTable vtable = {on_call, nullptr, nullptr, {nullptr}};
    g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, nullptr);
    const char *const paths[] = {"/org/freedesktop/systemd1",
                                 "/org/freedesktop/PolicyKit1/Authority"};

    for (int i = 0; i < 2; i++)
      ASSERT_NE (g_dbus_connection_register_object (theirs, paths[i], node->interfaces[i], &vtable,
                                                    this, nullptr, nullptr),
                 0u);
    for (const char *name : {"org.freedesktop.systemd1", "org.freedesktop.PolicyKit1"})
      ask_bus (theirs, "RequestName", g_variant_new ("(su)", name, 0));
  }

  static void on_call (GDBusConnection *,
                       const gchar *,
                       const gchar *,
                       const gchar *,
                       const gchar *method,
                       GVariant *arguments,
                       GDBusMethodInvocation *invocation,
                       gpointer data)
  {
    auto *self = static_cast<Quiltd *> (data);

    if (g_str_equal (method, "StartTransientUnit"))
      self->start_scope (arguments, invocation);
    else if (g_str_equal (method, "SetUnitProperties"))
      self->set_properties (arguments, invocation);
    else if (g_str_equal (method, "CheckAuthorization"))
      g_dbus_method_invocation_return_value (invocation,
                                             g_variant_new ("((bba{ss}))", TRUE, FALSE, nullptr));
    else
      g_dbus_method_invocation_return_value (invocation, nullptr);
  }

  void set_properties (GVariant *arguments, GDBusMethodInvocation *invocation)
  {
    g_autoptr (GVariant) properties = g_variant_get_child_value (arguments, 2);
    const char *unit;

    g_variant_get_child (arguments, 0, "&s", &unit);
    changes.push_back (std::string (unit) + " " + take (g_variant_print (properties, FALSE)));
    if (forgets_scopes)
      g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.systemd1.NoSuchUnit",
                                                  "It is not loaded");
    else
      g_dbus_method_invocation_return_value (invocation, nullptr);
  }

  void start_scope (GVariant *arguments, GDBusMethodInvocation *invocation)
  {
    g_autoptr (GVariantIter) properties = nullptr;
    const char *unit, *key;
    GVariant *value;

    g_variant_get (arguments, "(&s&sa(sv)@a(sa(sv)))", &unit, nullptr, &properties, nullptr);
    while (g_variant_iter_loop (properties, "(&sv)", &key, &value))
      if (g_str_equal (key, "PIDs")) {
        guint32 pid;

        g_variant_get_child (value, 0, "u", &pid);
        supervisors.push_back (pid);
      }
    g_dbus_method_invocation_return_value (
        invocation, g_variant_new ("(o)", "/org/freedesktop/systemd1/job/1"));
    thinking = unit;
    scopes.push_back (unit);
    if (!scope_result.empty ())
      end_job (scope_result.c_str ());
  }

protected:
  void end_job (const char *result)
  {
    g_dbus_connection_emit_signal (
        theirs, nullptr, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
        "JobRemoved",
        g_variant_new ("(uoss)", 1, "/org/freedesktop/systemd1/job/1", thinking.c_str (), result),
        nullptr);
  }
};
