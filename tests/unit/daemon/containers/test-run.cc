/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One run of a container, with the supervisor of the level bus: what is told of it, and when. */
#include "quiltd.h"

extern "C" {
#include "daemon/containers/run-dir.h"
}

using std::string;

namespace
{

class Run : public Quiltd
{
protected:
  QuiltRun *run = nullptr;
  string told; /* a word for each event */
  string why;  /* of an end with an error */
  QuiltMessage last = {};
  bool ended = false, settled = false;

  void TearDown () override
  {
    /* A run is freed once it has settled: until then systemd may have an answer for it. */
    if (run) {
      quilt_run_release (run, TRUE);
      wait_settled ();
    }
    Quiltd::TearDown ();
  }

  static void
  on_run (QuiltRunEvent event, const QuiltMessage *message, const GError *error, gpointer data)
  {
    static const char *const words[] = {"step",    "running",   "ended",
                                        "closing", "lingering", "settled"};
    auto *self = static_cast<Run *> (data);

    if (event != QUILT_RUN_CLOSING) /* the run may settle first */
      self->told += string (self->told.empty () ? "" : " ") + words[event];
    if (message)
      self->last = *message;
    self->why = error ? string (quilt_error_to_name (error->code)) + ": " + error->message : "";
    self->ended = self->ended || event == QUILT_RUN_ENDED;
    self->settled = event == QUILT_RUN_SETTLED;
    if (self->settled)
      g_clear_pointer (&self->run, quilt_run_free);
  }

  bool begin (const string &command, const char *scope = "quilt-test.scope")
  {
    g_autoptr (QuiltOptions) options = quilt_options_new ();
    string config = "{\"process\": {\"args\": [" + command + "]}}";
    char *etc[QUILT_ETC_FILES] = {nullptr};
    QuiltRunPlan plan = {};

    plan.id = "0123456789abcdef0123456789abcdef";
    plan.place = scope;
    plan.config = config.c_str ();
    plan.etc = etc;
    options->name = g_strdup ("test");
    plan.options = options;
    plan.streams[0] = plan.streams[1] = plan.streams[2] = plan.filter = plan.store_fd = -1;
    run = quilt_run_start (containers, &plan, on_run, this, error.out ());
    return run != nullptr;
  }

  fs::path directory ()
  {
    return path / "run/containers/0123456789abcdef0123456789abcdef";
  }

  bool wait_end ()
  {
    wait ([this] { return ended; });
    return true;
  }

  void wait_settled ()
  {
    wait ([this] { return settled; });
  }
};

} // namespace

TEST_F (Run, ARunGoesFromItsCommandToNothing)
{
  ASSERT_TRUE (begin ("\"exit\", \"3\"")) << error.message ();
  quilt_run_allow (run);
  wait_end ();
  EXPECT_EQ (told, "running ended");
  EXPECT_EQ (last.type, QUILT_MESSAGE_EXITED);
  EXPECT_EQ (last.exit_code, 3);
  EXPECT_EQ (why, "");
  EXPECT_TRUE (fs::exists (directory () / "exit"));
  quilt_run_release (run, TRUE);
  wait_settled ();
  EXPECT_EQ (told, "running ended settled");
  EXPECT_FALSE (fs::exists (directory ()));
}

/* An exit that could not be recorded elsewhere stays in /run. */
TEST_F (Run, TheExitRecordOfWhatIsNotRecordedStays)
{
  ASSERT_TRUE (begin ("\"exit\", \"0\""));
  quilt_run_allow (run);
  wait_end ();
  quilt_run_release (run, FALSE);
  wait_settled ();
  EXPECT_TRUE (fs::exists (directory () / "exit"));
}

/* Neither without the scope, in which it would have no limits, nor without the owner's word. */
TEST_F (Run, NothingIsExecutedBeforeScopeAndAllowance)
{
  scope_result = "";
  ASSERT_TRUE (begin ("\"exit\", \"0\""));
  quilt_run_allow (run);
  wait ([this] { return !thinking.empty () && fs::exists (directory () / "supervisor"); });
  settle ();
  EXPECT_EQ (told, "");
  end_job ("done");
  wait_end ();
  EXPECT_EQ (told, "running ended");
  quilt_run_release (run, TRUE);
  wait_settled ();

  told = thinking = "";
  ended = false;
  scope_result = "done";
  ASSERT_TRUE (begin ("\"exit\", \"0\""));
  wait ([this] { return !thinking.empty () && fs::exists (directory () / "supervisor"); });
  settle ();
  EXPECT_EQ (told, "");
  quilt_run_allow (run);
  wait_end ();
}

TEST_F (Run, WithoutAScopeNothingRuns)
{
  scope_result = "failed";
  ASSERT_TRUE (begin ("\"sleep\""));
  quilt_run_allow (run);
  wait_end ();
  EXPECT_EQ (told, "ended");
  EXPECT_NE (why, "");
  quilt_run_release (run, TRUE);
  wait_settled ();
  EXPECT_FALSE (fs::exists (directory ()));
}

TEST_F (Run, AStopBeforeTheCommandCallsItOff)
{
  ASSERT_TRUE (begin ("\"sleep\""));
  quilt_run_stop (run, SIGTERM, 0);
  quilt_run_allow (run); /* too late */
  wait_end ();
  EXPECT_EQ (told, "ended");
  EXPECT_EQ (why, "Cancelled: The container was stopped before its command was executed");
}

TEST_F (Run, CanBeCalledOff)
{
  g_autoptr (GError) reason =
      g_error_new_literal (QUILT_ERROR, QUILT_ERROR_NO_SPACE, "The disk is full");

  ASSERT_TRUE (begin ("\"sleep\""));
  quilt_run_call_off (run, reason);
  wait_end ();
  EXPECT_EQ (told, "ended");
  EXPECT_EQ (why, "NoSpace: The disk is full");
}

TEST_F (Run, SignalsReachTheCommand)
{
  ASSERT_TRUE (begin ("\"ignore\""));
  quilt_run_allow (run);
  wait ([this] { return told == "running"; });
  quilt_run_stop (run, SIGTERM, G_USEC_PER_SEC); /* which this command ignores */
  quilt_run_kill (run, SIGKILL);
  wait_end ();
  EXPECT_EQ (last.signal, SIGKILL);
  EXPECT_STREQ (last.text, "signaled");
}

/* The exit is unknown, which is not an error of the start. */
TEST_F (Run, ASupervisorThatDiesIsALostRun)
{
  last.type = 0;
  ASSERT_TRUE (begin ("\"die\""));
  quilt_run_allow (run);
  wait_end ();
  EXPECT_EQ (told, "running ended");
  EXPECT_EQ (last.type, QUILT_MESSAGE_RUNNING);
  EXPECT_EQ (why, "");
}

TEST_F (Run, ASupervisorThatDiesBeforeTheCommandFailsTheStart)
{
  link ("quilt-supervisor", "/bin/false");
  stop ();
  start (); /* without a spare one */
  ASSERT_TRUE (begin ("\"sleep\"")) << error.message ();
  quilt_run_allow (run);
  wait_end ();
  EXPECT_EQ (told, "ended");
  EXPECT_NE (why.find ("failed or was killed before it executed the command"), string::npos) << why;
}

/* A root that is built is no longer waited for, however quiltd learns of it. Otherwise a run whose
 * supervisor hung up and came back would be killed after a minute. */
TEST_F (Run, ASupervisorThatComesBackRunningIsNotWaitedFor)
{
  ASSERT_TRUE (begin ("\"late\""));
  quilt_run_allow (run);
  EXPECT_NE (g_main_context_find_source_by_funcs_user_data (nullptr, &g_timeout_funcs, run),
             nullptr);
  wait ([this] { return told == "running"; });
  EXPECT_EQ (g_main_context_find_source_by_funcs_user_data (nullptr, &g_timeout_funcs, run),
             nullptr);
  quilt_run_stop (run, SIGTERM, 0);
  EXPECT_NE (g_main_context_find_source_by_funcs_user_data (nullptr, &g_timeout_funcs, run),
             nullptr);
  wait_end ();
}

/* quiltd goes and comes back while the container runs. */
TEST_F (Run, FindsARunOfAnEarlierQuiltd)
{
  ASSERT_TRUE (begin ("\"sleep\""));
  quilt_run_allow (run);
  wait ([this] { return told == "running"; });
  g_clear_pointer (&run, quilt_run_free);
  stop ();
  start ();
  told = "";
  run = quilt_run_adopt (containers, "0123456789abcdef0123456789abcdef", on_run, this);
  ASSERT_NE (run, nullptr);
  EXPECT_STREQ (quilt_run_get_scope (run), "quilt-test.scope");
  quilt_run_stop (run, SIGTERM, G_USEC_PER_SEC); /* waits for the connection */
  EXPECT_TRUE (quilt_run_is_clogged (run));
  wait_end ();
  EXPECT_EQ (told, "running ended");
  EXPECT_EQ (last.exit_code, 128 + SIGTERM);
  quilt_run_release (run, TRUE);
  wait_settled ();
  EXPECT_FALSE (fs::exists (directory ()));
}

/* The same, and the container ended meanwhile. */
TEST_F (Run, AnEndWhileQuiltdWasAwayIsFound)
{
  ASSERT_TRUE (begin ("\"exit\", \"7\""));
  quilt_run_allow (run);
  wait_end ();
  g_clear_pointer (&run, quilt_run_free);
  kill ((pid_t)supervisors.back (), SIGKILL);
  told = "";
  ended = false;
  last = {};
  run = quilt_run_adopt (containers, "0123456789abcdef0123456789abcdef", on_run, this);
  ASSERT_NE (run, nullptr);
  wait_end ();
  EXPECT_EQ (told, "ended");
  EXPECT_EQ (last.exit_code, 7);
}

TEST_F (Run, FindsNoRunWithoutADirectory)
{
  EXPECT_EQ (quilt_run_adopt (containers, "0123456789abcdef0123456789abcdef", on_run, this),
             nullptr);
}
