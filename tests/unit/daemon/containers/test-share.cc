/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that share namespaces: whom an option means, and when it can be joined. */
#include "quiltd.h"

#include "base/cgroups.h"

extern "C" {
#include "base/fd.h"
#include "daemon/containers/share.h"
}

using std::string;

namespace
{

class Share : public Quiltd
{
protected:
  GPtrArray *others = nullptr;
  QuiltOptions *options = nullptr;

  void SetUp () override
  {
    Quiltd::SetUp ();
    others = g_ptr_array_new_with_free_func (g_object_unref);
    options = quilt_options_new ();
  }

  void TearDown () override
  {
    g_ptr_array_unref (others);
    quilt_options_free (options);
    Quiltd::TearDown ();
  }

  /* A container, with one option set. */
  QuiltContainer *
  add (char digit, const char *name, char *QuiltOptions::*option = nullptr, const string &mode = "")
  {
    QuiltContainerRecord *record = new_record (digit, name);

    if (option)
      set (&(record->options->*option), mode);
    g_autoptr (QuiltContainer) container = quilt_container_new (containers, record, nullptr);

    quilt_container_publish (container);
    return container;
  }

  bool bind ()
  {
    return quilt_share_bind (containers, options, others, error.out ());
  }

  static void set (char **option, const string &mode)
  {
    g_free (*option);
    *option = g_strdup (mode.c_str ());
  }

  bool open_all ()
  {
    g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
    const bool done = quilt_share_open (containers, options, fds, error.out ());

    EXPECT_EQ (fds->len, 0u);
    return done;
  }

  /* Lets the container run, with this first process. */
  void run (QuiltContainer *container, pid_t pid)
  {
    const fs::path directory = path / "run/containers" / container->record->id;

    fs::create_directories (directory);
    fs::create_symlink ("quilt-web.scope", directory / "scope");
    container->run = quilt_run_adopt (
        containers, container->record->id,
        [] (QuiltRunEvent, const QuiltMessage *, const GError *, gpointer) {}, nullptr);
    ASSERT_NE (container->run, nullptr);
    container->state = QUILT_STATE_RUNNING;
    container->pid = (guint32)pid;
  }
};

} // namespace

TEST_F (Share, NothingIsSharedByDefault)
{
  const string network = options->network ? options->network : "private";

  EXPECT_TRUE (bind ()) << error.message ();
  EXPECT_EQ (network, options->network ? options->network : "private");
  EXPECT_EQ (others->len, 0u);
  EXPECT_TRUE (open_all ());
}

/* Its name may become another container's. */
TEST_F (Share, ANameIsBoundToTheID)
{
  QuiltContainer *web = add ('1', "web");

  for (const string &name : {string ("web"), string ("1111"), id ('1')}) {
    g_ptr_array_set_size (others, 0);
    set (&options->network, "container:" + name);
    ASSERT_TRUE (bind ()) << error.message ();
    EXPECT_EQ (options->network, "container:" + id ('1'));
    ASSERT_EQ (others->len, 1u);
    EXPECT_EQ (others->pdata[0], web);
  }
}

/* To whose it is. The caller has to be allowed to manage both. */
TEST_F (Share, ASharedOneIsFollowed)
{
  QuiltContainer *owner = add ('1', "owner");
  QuiltContainer *middle = add ('2', "middle", &QuiltOptions::network, "container:" + id ('1'));

  set (&options->network, "container:middle");
  set (&options->pid, "container:owner");
  ASSERT_TRUE (bind ()) << error.message ();
  EXPECT_EQ (options->network, "container:" + id ('1'));
  EXPECT_EQ (options->pid, "container:" + id ('1'));
  ASSERT_EQ (others->len, 2u); /* each once */
  EXPECT_TRUE (g_ptr_array_find (others, owner, nullptr));
  EXPECT_TRUE (g_ptr_array_find (others, middle, nullptr));
}

/* Then that needs the same privilege as the host's own. */
TEST_F (Share, JoiningAContainerOnTheHostsNamespaceMeansTheHosts)
{
  add ('1', "host", &QuiltOptions::network, "host");
  add ('2', "middle", &QuiltOptions::network, "container:" + id ('1'));
  set (&options->network, "container:middle");
  ASSERT_TRUE (bind ()) << error.message ();
  EXPECT_STREQ (options->network, "host");
  EXPECT_EQ (others->len, 2u);
}

TEST_F (Share, IpcIsSharedOnlyIfItsOwnerSaysSo)
{
  add ('1', "private");
  add ('2', "shareable", &QuiltOptions::ipc, "shareable");
  set (&options->ipc, "container:private");
  EXPECT_FALSE (bind ());
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "'private' does not share its own"));
  set (&options->ipc, "container:shareable");
  EXPECT_TRUE (bind ()) << error.message ();
  EXPECT_EQ (options->ipc, "container:" + id ('2'));
}

TEST_F (Share, RefusesUnknownAndAmbiguousContainers)
{
  add ('1', "one");
  g_autoptr (QuiltContainer) like_it =
      quilt_container_new (containers, new_record ('2', "two"), nullptr);

  set (&options->uts, "container:nobody");
  EXPECT_FALSE (bind ());
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "Failed to set option 'uts': "));
  set (&options->uts, "container:two"); /* which is not published */
  EXPECT_FALSE (bind ());
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "two"));
}

/* A damaged record must not lead quiltd around for ever. */
TEST_F (Share, ACircleEnds)
{
  add ('1', "one", &QuiltOptions::network, "container:" + id ('2'));
  add ('2', "two", &QuiltOptions::network, "container:" + id ('1'));
  set (&options->network, "container:one");
  bind ();
  EXPECT_EQ (others->len, 2u);
}

TEST_F (Share, OnlyWhatRunsCanBeJoined)
{
  QuiltContainer *web = add ('1', "web");

  set (&options->network, "container:" + id ('2'));
  EXPECT_FALSE (open_all ());
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "that container was removed"));
  set (&options->network, "container:" + id ('1'));
  EXPECT_FALSE (open_all ());
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_STATE, "'web': that container is not running"));

  /* It says that it runs, and its pid is another process's by now: ours, which is not in its
   * cgroup. */
  run (web, getpid ());
  EXPECT_FALSE (open_all ());
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_STATE, "'web': that container is not running"));
}

/* A user may name cgroups of a delegated slice like the container's. */
TEST_F (Share, AUsersCgroupOfTheSameNameIsNotJoined)
{
  TestCgroups cgroups;

  if (geteuid () != 0)
    GTEST_SKIP () << "needs root";
  if (!cgroups.can_make ())
    GTEST_SKIP () << "needs a cgroup2 and a static /bin/busybox";
  QuiltContainer *web = add ('1', "web");

  set (&options->network, "container:" + id ('1'));
  run (web, cgroups.add ("/user.slice/quilt.slice/quilt-web.scope/payload"));
  EXPECT_FALSE (open_all ());
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_STATE, "'web': that container is not running"));
}
