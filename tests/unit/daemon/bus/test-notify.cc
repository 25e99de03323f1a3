/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages to the service manager: the test is the service manager. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/notify.h"
}

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace
{

class Notify : public testing::Test
{
protected:
  void SetUp () override
  {
    struct sockaddr_un address = {};

    address.sun_family = AF_UNIX;
    ASSERT_NE (g_mkdtemp (directory), nullptr);
    path = std::string (directory) + "/notify";
    path.copy (address.sun_path, sizeof address.sun_path - 1);
    fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ (bind (fd, reinterpret_cast<struct sockaddr *> (&address), sizeof address), 0);
    g_setenv ("NOTIFY_SOCKET", path.c_str (), TRUE);
  }

  void TearDown () override
  {
    for (const char *name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      g_unsetenv (name);
    close (fd);
    unlink (path.c_str ());
    rmdir (directory);
  }

  std::string next ()
  {
    char buffer[4096];
    ssize_t n = recv (fd, buffer, sizeof buffer, 0);

    return std::string (buffer, n > 0 ? n : 0);
  }

  char directory[32] = "/tmp/quilt-test-XXXXXX";
  std::string path;
  int fd = -1;
};

TEST_F (Notify, EachSaysItsWord)
{
  quilt_notify_ready ();
  EXPECT_EQ (next (), "READY=1");
  quilt_notify_status ("%d containers", 3);
  EXPECT_EQ (next (), "STATUS=3 containers");
  quilt_notify_reloading ();
  EXPECT_EQ (next ().find ("RELOADING=1\nMONOTONIC_USEC="), 0u);
  quilt_notify_stopping ();
  EXPECT_EQ (next (), "STOPPING=1");
}

TEST_F (Notify, TheWatchdogIsFedTwicePerItsTime)
{
  gint64 begin, end;
  guint source;

  g_setenv ("WATCHDOG_USEC", "200000", TRUE);
  g_setenv ("WATCHDOG_PID", std::to_string (getpid ()).c_str (), TRUE);
  begin = g_get_monotonic_time ();
  source = quilt_notify_watchdog ();
  ASSERT_NE (source, 0u);
  g_main_context_iteration (nullptr, TRUE);
  end = g_get_monotonic_time ();
  EXPECT_EQ (next (), "WATCHDOG=1");
  EXPECT_GE (end - begin, 90000);
  g_main_context_iteration (nullptr, TRUE);
  EXPECT_EQ (next (), "WATCHDOG=1");
  g_source_remove (source);
}

TEST_F (Notify, NoWatchdogNoTimer)
{
  EXPECT_EQ (quilt_notify_watchdog (), 0u);
  g_setenv ("WATCHDOG_USEC", "200000", TRUE);
  g_setenv ("WATCHDOG_PID", "1", TRUE); /* meant for another process */
  EXPECT_EQ (quilt_notify_watchdog (), 0u);
}

} // namespace
