/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prepared starts (WarmStarts=): who gets one, who does not, and what is left of the others. */
#include "quiltd.h"

#include <sys/wait.h>

using std::string;

namespace
{

class Warm : public Quiltd
{
protected:
  void SetUp () override
  {
    Quiltd::SetUp ();
    add_image ('a', "web");
  }

  QuiltWarm *warm ()
  {
    return quilt_containers_parts (containers)->warm;
  }

  void configure (guint wanted)
  {
    const QuiltJournalShare share = daemon->config->journal_share;

    ASSERT_TRUE (quilt_containers_configure (containers, &daemon->config->defaults, &share, wanted,
                                             error.out ()))
        << error.message ();
    quilt_warm_begin (warm ());
  }

  /* Until systemd was asked for so many scopes, and nothing is being prepared. */
  void wait_scopes (size_t n)
  {
    wait ([=] { return scopes.size () == n && quilt_hub_is_idle (daemon->hub); });
  }

  static string scope_of (const QuiltContainer *container)
  {
    return string ("quilt-") + container->record->options->name + ".scope";
  }

  /* A container that runs; NULL: remote_text says why not. */
  QuiltContainer *run (const string &options = "", const char *method = "RunContainer")
  {
    g_autoptr (GVariant) arguments =
        variant (("('web', @a{sv} {'command': <[b'sleep']>" + options + "})").c_str ());
    g_autoptr (GVariant) answer = call (method, arguments);
    const char *path_on_bus, *its_id;

    if (!answer)
      return nullptr;
    g_variant_get (answer, "(&o&s)", &path_on_bus, &its_id);
    return static_cast<QuiltContainer *> (quilt_containers_get (containers, its_id));
  }

  static void wait_dead (guint32 pid)
  {
    wait ([=] {
      /* a timer, so that this looks again */
      g_timeout_add (
          5, [] (gpointer) -> gboolean { return G_SOURCE_REMOVE; }, nullptr);
      return kill ((pid_t)pid, 0) < 0;
    });
  }

  bool is_free (const string &scope)
  {
    const string name = name_of (scope);
    g_autofree char *copy = g_strdup (name.c_str ());
    g_autoptr (GError) why = nullptr;

    if (quilt_containers_find (containers, name.c_str (), nullptr) ||
        !quilt_containers_reserve_name (containers, &copy, &why))
      return false;
    quilt_containers_release_name (containers, copy);
    return true;
  }

  static string name_of (const string &scope)
  {
    return scope.substr (strlen ("quilt-"), scope.size () - strlen ("quilt-.scope"));
  }
};

} // namespace

TEST_F (Warm, NothingIsPreparedUnlessItIsAskedFor)
{
  quilt_warm_begin (warm ());
  settle ();
  EXPECT_EQ (scopes.size (), 0u);
  EXPECT_EQ (daemon->config->warm_starts, 0u);
}

/* Before that, a name that is drawn could be that of a container. */
TEST_F (Warm, NothingIsPreparedBeforeAllContainersAreKnown)
{
  quilt_warm_set (warm (), 2, &daemon->config->defaults);
  settle ();
  EXPECT_EQ (scopes.size (), 0u);
  quilt_warm_begin (warm ());
  wait_scopes (2);
}

TEST_F (Warm, ARunWithoutANameTakesIt)
{
  QuiltContainer *container;

  configure (1);
  wait_scopes (1);
  container = run ();
  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (scope_of (container), scopes[0]);
  EXPECT_EQ (container->state, QUILT_STATE_RUNNING);
  EXPECT_EQ (container->pid, supervisors[0]); /* the supervisor of this level runs nothing else */
  ASSERT_EQ (changes.size (), 1u);
  EXPECT_EQ (changes[0],
             scopes[0] + " [('Description', <'Quilt container " + name_of (scopes[0]) + "'>)]");
  wait_scopes (2); /* another one is prepared */
  EXPECT_NE (scopes[0], scopes[1]);
  end (container);
}

TEST_F (Warm, LimitsAreSetBeforeTheCommand)
{
  QuiltContainer *container;

  configure (1);
  wait_scopes (1);
  container = run (", 'memory-max': <uint64 67108864>, 'userns': <'host'>");
  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (scope_of (container), scopes[0]);
  ASSERT_EQ (changes.size (), 1u);
  for (const char *property : {"('MemoryMax', <uint64 67108864>)", "('DevicePolicy', <'closed'>)"})
    EXPECT_NE (changes[0].find (property), string::npos) << changes[0];
  end (container);
}

TEST_F (Warm, OthersDoNotTakeIt)
{
  configure (1);
  wait_scopes (1);
  for (const char *options :
       {", 'name': <'one'>", ", 'slice': <'batch'>", ", 'stop-timeout': <uint64 100000000>",
        ", 'runtime-max': <uint64 100000000>", ", 'pids-max': <uint64 5>",
        ", 'memory-high': <uint64 8388608>", ", 'cpu-quota': <uint64 50000>"}) {
    QuiltContainer *container = run (options);

    ASSERT_NE (container, nullptr) << remote_text;
    EXPECT_NE (scope_of (container), scopes[0]) << options;
    end (container);
  }
  EXPECT_EQ (changes.size (), 0u);
  /* A created container may never be started. */
  EXPECT_NE (scope_of (run ("", "CreateContainer")), scopes[0]);
}

TEST_F (Warm, ACallerGetsTheNameThatItWants)
{
  QuiltContainer *container;

  configure (1);
  wait_scopes (1);
  container = run (", 'name': <'" + name_of (scopes[0]) + "'>", "CreateContainer");
  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (scope_of (container), scopes[0]);
  wait_dead (supervisors[0]);
  wait_scopes (2);
}

TEST_F (Warm, ASupervisorThatEndsIsReplaced)
{
  QuiltContainer *container;

  configure (1);
  wait_scopes (1);
  kill ((pid_t)supervisors[0], SIGKILL);
  wait_scopes (2);
  EXPECT_TRUE (is_free (scopes[0]));
  container = run ();
  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (scope_of (container), scopes[1]);
  end (container);
}

/* quiltd has not seen its end yet. */
TEST_F (Warm, AStartWhoseSupervisorHasJustEndedIsNotLost)
{
  const auto &defaults = daemon->config->defaults;
  g_autoptr (GVariant) none = variant ("@a{sv} {}");
  g_autoptr (GVariant) all = g_variant_ref_sink (quilt_defaults_complete (&defaults, none));
  QuiltContainerRecord *record = new_record ('1', nullptr);
  QuiltImage *image = quilt_images_find (daemon->images, "web", nullptr);
  QuiltContainer *container;

  configure (1);
  wait_scopes (1);
  quilt_options_free (record->options);
  record->options = quilt_options_from_variant (all, error.out ());
  ASSERT_NE (record->options, nullptr) << error.message ();
  record->options->userns = g_strdup ("host");
  record->options->seccomp = g_strdup ("unconfined"); /* so that the start waits for no filter */
  quilt_containers_draw_name (containers, record->options);
  EXPECT_EQ (name_of (scopes[0]), record->options->name);
  ASSERT_TRUE (quilt_container_create (daemon->store, record, error.out ())) << error.message ();
  container = quilt_container_new (containers, record, image);
  quilt_container_publish (container);
  kill ((pid_t)supervisors[0], SIGKILL);
  while (waitid (P_PID, supervisors[0], nullptr, WEXITED | WNOWAIT) < 0)
    ;
  start_command (container, "sleep");
  EXPECT_EQ (scopes[1], scopes[0]); /* by a scope of its own, with the name that it has */
  EXPECT_EQ (changes.size (), 0u);
  end (container);
  g_object_unref (container);
}

/* Its supervisor was killed after it had the container, as can happen to any start. */
TEST_F (Warm, AStartWhoseScopeIsGoneFailsAndSaysWhy)
{
  configure (1);
  wait_scopes (1);
  forgets_scopes = true;
  EXPECT_EQ (run (", 'auto-remove': <true>"), nullptr);
  EXPECT_NE (remote_text.find ("supervisor failed or was killed"), string::npos) << remote_text;
  wait_dead (supervisors[0]);
  forgets_scopes = false;
  wait_scopes (2);
  EXPECT_TRUE (is_free (scopes[0]));
}

TEST_F (Warm, AStopOfItsScopeEndsIt)
{
  configure (1);
  wait_scopes (1);
  quilt_container_on_stop_request ("quilt-other.scope", containers);
  EXPECT_EQ (kill ((pid_t)supervisors[0], 0), 0);
  quilt_container_on_stop_request (scopes[0].c_str (), containers);
  wait_dead (supervisors[0]);
  EXPECT_TRUE (is_free (scopes[0]));
}

TEST_F (Warm, TheirNumberFollowsTheConfiguration)
{
  configure (3);
  wait_scopes (3);
  configure (1);
  for (guint32 pid : {supervisors[0], supervisors[1]})
    wait_dead (pid);
  EXPECT_EQ (kill ((pid_t)supervisors[2], 0), 0);
  configure (2);
  wait_scopes (4);
  configure (0);
  for (guint32 pid : supervisors)
    wait_dead (pid);
  for (const string &scope : scopes)
    EXPECT_TRUE (is_free (scope)) << scope;
}

/* Their scopes have the properties of the old defaults. */
TEST_F (Warm, OtherDefaultsMakeOthers)
{
  configure (1);
  wait_scopes (1);
  daemon->config->defaults.pids.max = 77;
  configure (1);
  wait_dead (supervisors[0]);
  wait_scopes (2);
}

/* The limit that the container has is the new default, and its scope has the old one. */
TEST_F (Warm, ChangesAreThoseOfItsOwnScope)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();
  g_autoptr (GVariant) wanted = nullptr;
  g_autoptr (GVariant) changed = nullptr;
  QuiltHelper *helper;

  configure (1);
  wait_scopes (1);
  options->userns = g_strdup ("auto");
  options->pids_max = 77;
  quilt_containers_draw_name (containers, options);
  EXPECT_EQ (name_of (scopes[0]), options->name);
  daemon->config->defaults.pids.max = 77;
  configure (0);
  wanted =
      g_variant_ref_sink (quilt_options_scope_properties (options, nullptr, 0, QUILT_BUS_NAME));
  helper = quilt_warm_take (warm (), options->name, wanted, &changed);
  ASSERT_NE (helper, nullptr);
  EXPECT_NE (take (g_variant_print (changed, FALSE)).find ("('TasksMax', <uint64 78>)"),
             string::npos);
  quilt_helper_kill (helper);
  quilt_helper_free (helper);
  quilt_containers_release_name (containers, options->name);
  EXPECT_TRUE (is_free (scopes[0]));
}

/* As while systemd stops everything: it is tried again later, and logged once. */
TEST_F (Warm, PreparesNoStartWithoutAScope)
{
  QuiltContainer *container;

  scope_result = "failed";
  configure (1);
  wait_scopes (1);
  wait_dead (supervisors[0]);
  EXPECT_TRUE (is_free (scopes[0]));
  scope_result = "done";
  container = run ();
  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (changes.size (), 0u);
  end (container);
}

/* A run that fails before it begins leaves none behind. */
TEST_F (Warm, ACreationThatFailsGivesItBack)
{
  configure (1);
  wait_scopes (1);
  EXPECT_EQ (run (", 'seccomp': <'{}'>"), nullptr);
  wait_scopes (1);
  if (!is_free (scopes[0]))
    FAIL () << scopes[0];
}

TEST_F (Warm, AllEndWithQuiltd)
{
  configure (2);
  wait_scopes (2);
  stop ();
  for (guint32 pid : supervisors)
    wait_dead (pid);
  start ();
}

/* systemd has not answered yet. */
TEST_F (Warm, AnUnfinishedPreparedStartEndsWithQuiltd)
{
  scope_result = "";
  configure (2);
  wait ([this] { return !scopes.empty (); });
  EXPECT_FALSE (quilt_hub_is_idle (daemon->hub));
  stop ();
  wait_dead (supervisors[0]);
  start ();
}
