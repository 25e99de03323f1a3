/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CreateContainer and RunContainer: what a container is made of, and that a refusal leaves
 * nothing. */
#include "quiltd.h"

#include <gio/gunixfdlist.h>

using std::string;

namespace
{

class Create : public Quiltd
{
protected:
  QuiltImage *image = nullptr;

  void SetUp () override
  {
    Quiltd::SetUp ();
    image = add_image ('a', "web");
  }

  /* The container, with a command if options names none; or NULL, and remote_error and remote_text
   * say why. */
  QuiltContainer *
  create (string options, const char *method = "CreateContainer", const char *name = "web")
  {
    if (options.find ("'command'") == string::npos)
      options = "'command': <[b'sleep']>" + (options.empty () ? "" : ", " + options);
    g_autoptr (GVariant) arguments =
        variant (("('" + string (name) + "', @a{sv} {" + options + "})").c_str ());
    g_autoptr (GVariant) answer = call (method, arguments);
    const char *path_on_bus, *its_id;

    if (!answer)
      return nullptr;
    g_variant_get (answer, "(&o&s)", &path_on_bus, &its_id);
    EXPECT_EQ (path_on_bus, string ("/org/quilt/container/") + its_id);
    return static_cast<QuiltContainer *> (quilt_containers_get (containers, its_id));
  }

  string record_of (const QuiltContainer *container)
  {
    gchar *text = nullptr;

    EXPECT_TRUE (g_file_get_contents (
        (path / "state/containers" / container->record->id / "record.json").c_str (), &text,
        nullptr, nullptr));
    return take (text);
  }

  /* Of a container that was not made. */
  void expect_nothing (const char *name)
  {
    EXPECT_EQ (count_uses (image), 0u);
    EXPECT_EQ (quilt_containers_size (containers), 0u);
    EXPECT_TRUE (fs::is_empty (path / "run/containers"));
    EXPECT_TRUE (!fs::exists (path / "state/containers") ||
                 fs::is_empty (path / "state/containers"));
    EXPECT_TRUE (quilt_hub_is_idle (daemon->hub));
    if (name) {
      g_autofree char *copy = g_strdup (name);

      EXPECT_TRUE (quilt_containers_reserve_name (containers, &copy, error.out ()))
          << error.message ();
      quilt_containers_release_name (containers, name);
    }
  }
};

} // namespace

TEST_F (Create, AContainerIsOnTheDiskWhenTheCallIsAnswered)
{
  QuiltContainer *container = create ("'name': <'one'>, 'hostname': <'box'>");

  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (container, quilt_containers_find (containers, "one", nullptr));
  EXPECT_EQ (container->state, QUILT_STATE_PENDING);
  EXPECT_EQ (container->record->owner, getuid ());
  EXPECT_EQ (container->record->image_digest, digest ('a'));
  EXPECT_EQ (count_uses (image), 1u);
  EXPECT_NE (record_of (container).find ("\"box\""), string::npos);
  EXPECT_TRUE (quilt_hub_is_idle (daemon->hub));
}

/* Unless its creator asked for the host's ids, each container has ids of its own, and no two have
 * the same. */
TEST_F (Create, EachHasIdsOfItsOwn)
{
  const QuiltContainer *one = create (""), *two = create (""),
                       *host = create ("'userns': <'host'>");

  ASSERT_TRUE (one && two && host) << remote_text;
  ASSERT_TRUE (one->record->uid_map && two->record->uid_map);
  EXPECT_NE (g_array_index (one->record->uid_map, QuiltIdMap, 0).outside,
             g_array_index (two->record->uid_map, QuiltIdMap, 0).outside);
  EXPECT_EQ (host->record->uid_map, nullptr);
}

TEST_F (Create, ANameIsInventedWhereNoneIsGiven)
{
  const QuiltContainer *one = create (""), *two = create ("");

  ASSERT_TRUE (one && two) << remote_text;
  EXPECT_STRNE (one->record->options->name, "");
  EXPECT_STRNE (one->record->options->name, two->record->options->name);
}

TEST_F (Create, ANameIsOneContainers)
{
  ASSERT_NE (create ("'name': <'one'>"), nullptr) << remote_text;
  EXPECT_EQ (create ("'name': <'one'>"), nullptr);
  EXPECT_EQ (remote_error, "org.quilt.Error.Exists");
  EXPECT_EQ (count_uses (image), 1u);
}

TEST_F (Create, TheImagesNameIsKept)
{
  const QuiltContainer *container = create ("", "CreateContainer", string (8, 'a').c_str ());

  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_STREQ (container->record->image, "web");
}

TEST_F (Create, ARefusalLeavesNothing)
{
  const struct {
    const char *image, *options, *name, *text;
  } cases[] = {
      {"nothing", "", "NotFound", "nothing"},
      {"web", "'colour': <'red'>", "NotSupported", "colour"},
      {"web", "'memory-max': <'much'>", "InvalidArgument", "memory-max"},
      {"web", "'name': <'a/b'>", "InvalidArgument", "name"},
      {"web", "'pid': <'container:nobody'>", "NotFound", "nobody"},
      {"web", "'userns': <'0:0:nonsense'>", "InvalidArgument", "userns"},
      /* Only the compiler of filters finds this fault, when the container's name is already
       * reserved. */
      {"web", "'seccomp': <'{\"defaultAction\": \"SCMP_ACT_NONSENSE\"}'>", "InvalidArgument",
       "SCMP_ACT_NONSENSE"},
  };

  for (const auto &c : cases) {
    EXPECT_EQ (create ((*c.options ? string (c.options) + ", " : "") +
                           (strstr (c.options, "'name'") ? "'init': <false>" : "'name': <'one'>"),
                       "CreateContainer", c.image),
               nullptr)
        << c.options;
    EXPECT_EQ (remote_error, string ("org.quilt.Error.") + c.name) << c.options << remote_text;
    EXPECT_NE (remote_text.find (c.text), string::npos) << remote_text;
    expect_nothing ("one");
  }
}

/* The image is in use from the first moment, and no longer if nothing came of that. */
TEST_F (Create, AFullDiskLeavesNothing)
{
  fs::remove (path / "state/containers");
  std::ofstream (path / "state/containers") << "in the way";
  EXPECT_EQ (create ("'name': <'one'>"), nullptr);
  fs::remove (path / "state/containers");
  expect_nothing ("one");
}

TEST_F (Create, AnImageThatIsBeingRemovedIsNotThere)
{
  quilt_image_begin_change (image, TRUE);
  EXPECT_EQ (create ("'name': <'one'>"), nullptr);
  EXPECT_EQ (remote_error, "org.quilt.Error.NotFound");
  quilt_image_end_change (image);
  expect_nothing ("one");
}

TEST_F (Create, RunContainerAnswersWhenTheCommandRuns)
{
  QuiltContainer *container = create ("'command': <[b'sleep']>", "RunContainer");

  ASSERT_NE (container, nullptr) << remote_text;
  EXPECT_EQ (container->state, QUILT_STATE_RUNNING);
  end (container);
}

/* --rm: the caller is told why once nothing is left. */
TEST_F (Create, RemovesAFailedRunWithAutoRemove)
{
  EXPECT_EQ (create ("'name': <'one'>, 'command': <[b'fail', b'no such command']>, "
                     "'auto-remove': <true>",
                     "RunContainer"),
             nullptr);
  EXPECT_EQ (remote_error, "org.quilt.Error.CommandNotFound");
  EXPECT_NE (remote_text.find ("no such command"), string::npos) << remote_text;
  expect_nothing ("one");
}
