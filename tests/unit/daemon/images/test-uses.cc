/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The uses of an image: with one it can't be removed, and none is left when quiltd ends. */
#include "quiltd.h"

using std::string;

namespace
{

class Uses : public Quiltd
{
protected:
  QuiltImage *image = nullptr;

  void SetUp () override
  {
    Quiltd::SetUp ();
    image = add_image ('a', "web");
  }

  QuiltContainer *create (const string &name)
  {
    g_autoptr (GVariant) dict =
        variant (("@a{sv} {'command': <[b'sleep']>, 'name': <'" + name + "'>}").c_str ());
    g_autoptr (GVariant) answer =
        call ("CreateContainer", g_variant_new ("(s@a{sv})", "web", dict));
    const char *its_id;

    if (!answer)
      return nullptr;
    g_variant_get (answer, "(&o&s)", nullptr, &its_id);
    return quilt_containers_get (containers, its_id);
  }

  /* The rows of those that failed. */
  string remove (const char *method, const char *name)
  {
    const char *const names[] = {name};
    g_autoptr (GVariant) answer =
        call (method,
              g_variant_new ("(@as@a{sv})", g_variant_new_strv (names, 1), variant ("@a{sv} {}")));

    return answer ? take (g_variant_print (answer, FALSE)) : remote_text;
  }
};

const char *
get_name (gconstpointer user)
{
  return static_cast<const char *> (user);
}

} // namespace

/* The error of the removal names a container to remove first. */
TEST_F (Uses, AnImageInUseIsNotRemoved)
{
  ASSERT_NE (create ("one"), nullptr) << remote_text;
  EXPECT_NE (remove ("RemoveImages", "web").find ("in use by container 'one': remove that"),
             string::npos);
  ASSERT_NE (create ("two"), nullptr) << remote_text;
  EXPECT_EQ (count_uses (image), 2u);
  EXPECT_NE (remove ("RemoveImages", "web").find ("and 1 more: remove them first"), string::npos);
  EXPECT_EQ (remove ("RemoveContainers", "one"), "([],)");
  EXPECT_EQ (remove ("RemoveContainers", "two"), "([],)");
  EXPECT_EQ (count_uses (image), 0u);
  EXPECT_EQ (remove ("RemoveImages", "web"), "([],)");
  EXPECT_EQ (quilt_images_size (daemon->images), 0u);
}

TEST_F (Uses, EachUseIsReleasedByItself)
{
  QuiltImageUse *one = quilt_image_use_new (image, get_name, (gpointer) "one");
  QuiltImageUse *two = quilt_image_use_new (image, get_name, (gpointer) "two");
  const char *name;

  EXPECT_EQ (quilt_image_count_uses (image, &name), 2u);
  quilt_image_use_release (one);
  EXPECT_EQ (quilt_image_count_uses (image, &name), 1u);
  EXPECT_STREQ (name, "two");
  quilt_image_use_release (two);
  EXPECT_EQ (count_uses (image), 0u);
}

/* A call that waits still holds its container then, but not the image. */
TEST_F (Uses, ContainersReleaseTheirImagesWhenQuiltdEnds)
{
  static QuiltContainer *held; /* never released, as by such a call */

  held = create ("one");
  ASSERT_NE (held, nullptr) << remote_text;
  g_object_ref (held);
  stop ();
  EXPECT_TRUE (criticals.empty ());
}

TEST_F (Uses, AUseThatIsLeftIsSaid)
{
  quilt_image_use_new (image, get_name, (gpointer) "forgotten");
  stop ();
  ASSERT_EQ (criticals.size (), 1u);
  EXPECT_NE (criticals[0].find ("1 uses and 0 changes of images"), string::npos);
  criticals.clear ();
}

TEST_F (Uses, AChangeThatIsLeftIsSaid)
{
  quilt_image_begin_change (image, FALSE);
  stop ();
  ASSERT_EQ (criticals.size (), 1u);
  EXPECT_NE (criticals[0].find ("0 uses and 1 changes of images"), string::npos);
  criticals.clear ();
}
