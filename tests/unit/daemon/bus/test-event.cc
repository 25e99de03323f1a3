/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Journal entries: their fields, and that the catalog has one text for each. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/event.h"
#include "daemon/bus/log.h"
}

#include <fcntl.h>
#include <map>
#include <set>
#include <syslog.h>
#include <unistd.h>

namespace
{

using Fields = std::map<std::string, std::string>;

GLogWriterOutput
capture (GLogLevelFlags, const GLogField *fields, gsize n, gpointer data)
{
  auto *to = static_cast<Fields *> (data);

  to->clear ();
  for (gsize i = 0; i < n; i++) {
    auto *value = static_cast<const char *> (fields[i].value);

    (*to)[fields[i].key] = fields[i].length < 0 ? value : std::string (value, fields[i].length);
  }
  return G_LOG_WRITER_HANDLED;
}

/* GLib lets a program set its writer once, so a child of its own tests each. */
template <typename Test>
void
in_child (Test test)
{
  EXPECT_EXIT (
      {
        test ();
        _exit (testing::Test::HasFailure () ? 1 : 0);
      },
      testing::ExitedWithCode (0), "");
}

TEST (Event, FieldsThatAreThere)
{
  in_child ([] {
    static Fields entry;
    QuiltEventFields fields = {};

    g_log_set_writer_func (capture, &entry, nullptr);
    fields.container_id = "0123456789abcdef0123456789abcdef";
    fields.container_name = "web";
    fields.image_name = "debian";
    fields.state = "exited";
    fields.old_state = "running";
    fields.reason = "exited";
    fields.exit_code = 42;
    quilt_event_log (QUILT_EVENT_CONTAINER_STATE, &fields, "Container '%s' is %s", "web", "exited");
    EXPECT_EQ (entry, (Fields{
                          {"MESSAGE", "Container 'web' is exited"},
                          {"MESSAGE_ID", "7f8b114f75514224b97793e16e804c40"},
                          {"PRIORITY", "6"},
                          {"CONTAINER_ID", "0123456789ab"},
                          {"CONTAINER_ID_FULL", "0123456789abcdef0123456789abcdef"},
                          {"CONTAINER_NAME", "web"},
                          {"IMAGE_NAME", "debian"},
                          {"QUILT_STATE", "exited"},
                          {"QUILT_OLD_STATE", "running"},
                          {"QUILT_REASON", "exited"},
                          {"QUILT_EXIT_CODE", "42"},
                      }));
    quilt_event_log (QUILT_EVENT_DAEMON_STARTED, nullptr, "Started");
    EXPECT_EQ (entry.size (), 3u);
  });
}

TEST (Event, EachHasAnIdOfItsOwn)
{
  in_child ([] {
    static Fields entry;
    std::set<std::string> ids;

    g_log_set_writer_func (capture, &entry, nullptr);
    for (int event = 0; event < QUILT_N_EVENTS; event++) {
      quilt_event_log (static_cast<QuiltEvent> (event), nullptr, "x");
      ids.insert (entry["MESSAGE_ID"]);
    }
    EXPECT_EQ (ids.size (), QUILT_N_EVENTS + 0u);
  });
}

/* The text on stderr, if stderr is not the journal, with this LogLevel=. */
std::string
logged (int level)
{
  char path[] = "/tmp/quilt-test-XXXXXX";
  int fd = g_mkstemp (path);
  g_autofree char *text = nullptr;

  dup2 (fd, STDERR_FILENO);
  quilt_daemon_log_init (&level);
  quilt_event_log (QUILT_EVENT_DAEMON_STARTED, nullptr, "an info");
  quilt_event_log (QUILT_EVENT_OBJECT_BROKEN, nullptr, "an error");
  g_warning ("a warning");
  g_debug ("a debug message");
  g_file_get_contents (path, &text, nullptr, nullptr);
  unlink (path);
  close (fd);
  return text;
}

TEST (Event, TheLevelDecidesWhatIsLogged)
{
  const struct {
    int level;
    bool debug, info, warning, error;
  } cases[] = {
      {LOG_DEBUG, true, true, true, true},    {LOG_INFO, false, true, true, true},
      {LOG_NOTICE, false, false, true, true}, {LOG_WARNING, false, false, true, true},
      {LOG_ERR, false, false, false, true},   {LOG_CRIT, false, false, false, false},
  };

  for (const auto &c : cases)
    in_child ([&c] {
      std::string text = logged (c.level);

      EXPECT_EQ (text.find ("a debug message") != std::string::npos, c.debug);
      EXPECT_EQ (text.find ("an info") != std::string::npos, c.info);
      EXPECT_EQ (text.find ("a warning") != std::string::npos, c.warning);
      EXPECT_EQ (text.find ("an error") != std::string::npos, c.error);
    });
}

} // namespace
