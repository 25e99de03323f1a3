/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions before and around the clone of a container's first process, or of another process in
 * it. */
#include <glib.h>
#include <gtest/gtest.h>

#include <string>

extern "C" {
#include "base/error.h"
#include "base/fd.h"
#include "runtime/guest.h"
#include "runtime/payload.h"
#include "spec/oci/oci.h"
}

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static std::string
config (const std::string &mounts, const std::string &more = "")
{
  return "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"/srv/"
         "root\"},\"process\":{\"args\":[\"a\"],"
         "\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0}},\"mounts\":[" +
         mounts + "],\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"}]" + more +
         "}}";
}

/* Such values are always refused: without these namespaces the host itself would be changed. */
TEST (PayloadTest, RefusesUnsupportedNamespacesBeforeTheClone)
{
  const struct {
    guint namespaces;
    int code;
    const char *join; /* as a network namespace */
  } cases[] = {
      {QUILT_NS_PID | QUILT_NS_UTS, QUILT_ERROR_NOT_SUPPORTED, nullptr},
      {QUILT_NS_PID | QUILT_NS_MOUNT, QUILT_ERROR_INVALID_ARGUMENT, nullptr},
      {QUILT_NS_PID | QUILT_NS_MOUNT | QUILT_NS_UTS, QUILT_ERROR_FAILED, "/no/such/namespace"},
      {QUILT_NS_PID | QUILT_NS_MOUNT | QUILT_NS_UTS, QUILT_ERROR_INVALID_ARGUMENT, "/dev/null"},
      {QUILT_NS_PID | QUILT_NS_MOUNT | QUILT_NS_UTS, QUILT_ERROR_INVALID_ARGUMENT,
       "/proc/self/ns/uts"},
  };
  std::string text = config ("");
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);

  ASSERT_NE (spec, nullptr);
  spec->hostname = g_strdup ("web");
  for (const auto &c : cases) {
    g_autoptr (GError) error = nullptr;
    QuiltPayload payload = QUILT_PAYLOAD_NONE;
    const QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;

    spec->namespaces = c.namespaces;
    g_ptr_array_set_size (spec->joins, 0);
    if (c.join)
      quilt_spec_join (spec, QUILT_NS_NETWORK, c.join);
    EXPECT_FALSE (quilt_payload_start (spec, &setup, &payload, &error));
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, c.code)) << error->message;
    EXPECT_EQ (payload.pid, 0);
    EXPECT_EQ (payload.channel, -1);
  }
}

/* They would be ended by killing all that there is. */
TEST (PayloadTest, StepsInAForeignPidNamespaceAreRefused)
{
  std::string text = config ("");
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);
  g_autoptr (GError) error = nullptr;
  QuiltPayload payload = QUILT_PAYLOAD_NONE;
  const QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;
  auto *hook = g_new0 (QuiltHook, 1);

  hook->path = g_strdup ("true");
  g_ptr_array_add (spec->start_container, hook);
  spec->namespaces = QUILT_NS_MOUNT;
  EXPECT_FALSE (quilt_payload_start (spec, &setup, &payload, &error));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED));
  EXPECT_NE (strstr (error->message, "startContainer"), nullptr);
}

static pid_t
fork_and (bool end)
{
  pid_t pid = fork ();

  if (pid == 0 && !end)
    pause ();
  if (pid == 0)
    _exit (0);
  return pid;
}

/* Another container in the pid namespace that is joined may have sent the report: what we send
 * signals to is the child that its pidfd is of, whatever number stands there. */
TEST (PayloadTest, ABirthIsReportedOnce)
{
  std::string text = config ("");
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);
  pid_t init = fork_and (true), child = fork_and (false);
  QuiltPayload payload = {init, (int)syscall (SYS_pidfd_open, init, 0), -1};
  QuiltReport report;

  quilt_report_init (&report, QUILT_REPORT_BORN);
  for (bool again : {false, true}) {
    g_autoptr (GError) error = nullptr;

    report.status = getpid ();
    report.error = (int)syscall (SYS_pidfd_open, child, 0);
    EXPECT_EQ (quilt_payload_take_over (&payload, spec, &report, &error), !again);
    EXPECT_EQ (payload.pid, child);
  }
  quilt_payload_clear (&payload);
}

/* A hook that would not be run is refused, so that it does not look as if it had run. */
TEST (PayloadTest, HooksAndTerminalsAreRefused)
{
  const struct {
    const char *more, *word;
  } cases[] = {
      {R"("hooks":{"prestart":[{"path":"/x"}]})", "hooks.prestart"},
      {R"("hooks":{"createRuntime":[{"path":"/x"}]})", "hooks.createRuntime"},
      {R"("hooks":{"createContainer":[{"path":"/x"}]})", "hooks.createContainer"},
      {R"("hooks":{"poststart":[{"path":"/x"}]})", "hooks.poststart"},
      {R"("hooks":{"poststop":[{"path":"/x"}]})", "hooks.poststop"},
  };
  QuiltPayload payload = QUILT_PAYLOAD_NONE;
  const QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;

  for (const auto &c : cases) {
    std::string text = config ("");
    g_autoptr (GError) error = nullptr;

    text.replace (text.rfind ('}'), 1, std::string (",") + c.more + "}");
    g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), &error);
    ASSERT_NE (spec, nullptr) << error->message;
    EXPECT_FALSE (quilt_payload_start (spec, &setup, &payload, &error)) << c.more;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED)) << c.more;
    EXPECT_NE (strstr (error->message, c.word), nullptr) << error->message;
  }
  std::string text = config ("");
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);
  g_autoptr (GError) error = nullptr;

  spec->process.terminal = TRUE;
  EXPECT_FALSE (quilt_payload_start (spec, &setup, &payload, &error));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED));
}

static std::string
held_mounts (const std::string &mount)
{
  const std::string text = config (mount);
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);
  const QuiltPayload payload = {getpid (), -1, -1};
  g_autofd int fd = quilt_payload_hold_mounts (&payload, spec);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *target = g_file_read_link (path, nullptr);

  return target ? target : "";
}

/* Else the file system of a volume would be busy for a moment after the container has ended. */
TEST (PayloadTest, TheMountsAreHeldUnlessThereIsAVolume)
{
  EXPECT_EQ (held_mounts (R"({"destination":"/tmp","type":"tmpfs","source":"t"})").substr (0, 4),
             "mnt:");
  EXPECT_EQ (held_mounts (R"({"destination":"/etc/hosts","type":"bind","source":"/etc/hosts",)"
                          R"("options":["bind","x-quilt.copy"]})")
                 .substr (0, 4),
             "mnt:");
  EXPECT_EQ (
      held_mounts (R"({"destination":"/a","type":"bind","source":"/srv","options":["bind"]})"),
      "/");
}

static std::string
joins_of (const QuiltSpec *spec)
{
  std::string all;

  for (guint i = 0; i < spec->joins->len; i++)
    all +=
        static_cast<const QuiltNamespaceJoin *> (spec->joins->pdata[i])->path + std::string (" ");
  return all;
}

TEST (GuestTest, ItJoinsWhatTheContainerHasAndBuildsNothing)
{
  std::string text = config (R"({"destination":"/tmp","type":"tmpfs","source":"t"})",
                             R"(,"maskedPaths":["/proc/kcore"])");
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);
  const std::string ns = "/proc/" + std::to_string (getpid ()) + "/ns/";
  g_autoptr (GError) error = nullptr;
  int root = -1;

  ASSERT_NE (spec, nullptr);
  ASSERT_TRUE (quilt_guest_plan (spec, getpid (), &root, &error)) << error->message;
  EXPECT_EQ (root, -1);
  EXPECT_TRUE (spec->is_guest);
  EXPECT_EQ (joins_of (spec), ns + "pid " + ns + "mnt ");
  EXPECT_EQ (spec->namespaces, 0);
  EXPECT_EQ (spec->mounts->len, 0u);
  EXPECT_EQ (spec->masked_paths, nullptr);
}

TEST (GuestTest, AContainerInAnothersMountNamespaceHasARootOfItsOwn)
{
  std::string text = config ("");
  const std::string from = R"({"type":"mount"})";
  g_autofd int root = -1;

  text.replace (text.find (from), from.size (), R"({"type":"mount","path":"/proc/self/ns/mnt"})");
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), nullptr);
  ASSERT_NE (spec, nullptr);
  EXPECT_TRUE (quilt_guest_plan (spec, getpid (), &root, nullptr));
  EXPECT_GE (root, 0);
}

TEST (GuestTest, TheCgroupOfAProcessThatIsGoneIsAnError)
{
  g_autoptr (GError) error = nullptr;

  EXPECT_EQ (quilt_guest_open_cgroup (G_MAXINT - 1, &error), -1);
  EXPECT_NE (error, nullptr);
}
