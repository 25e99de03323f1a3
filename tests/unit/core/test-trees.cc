/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mounts that the supervisor has to make for a container in a user namespace. */
#include "base/check.h"

#include <string>

extern "C" {
#include "core/mounts/mounts.h"
#include "spec/oci/oci.h"
}

static std::string
config (const std::string &mounts, bool user)
{
  const std::string map = R"([{"containerID":0,"hostID":600000,"size":65536}])";

  return R"({"ociVersion":"1.0.2","root":{"path":"/srv/root"},"process":{"args":["a"],"cwd":"/"},)"
         R"("mounts":[)" +
         mounts + R"(],"linux":{"namespaces":[{"type":"pid"},{"type":"mount"})" +
         (user ? R"(,{"type":"user"}],"uidMappings":)" + map + R"(,"gidMappings":)" + map
               : std::string ("]")) +
         "}}";
}

static std::string
overlay (const std::string &options)
{
  return R"({"destination":"/","type":"overlay","source":"overlay","options":[)" + options + "]}";
}

class TreesTest : public testing::Test
{
protected:
  void TearDown () override
  {
    g_clear_pointer (&plan, quilt_mount_plan_free);
    g_clear_pointer (&spec, quilt_spec_free);
  }

  bool make (const std::string &mounts, bool user = true)
  {
    std::string text = config (mounts, user);

    TearDown ();
    spec = quilt_spec_parse (text.data (), text.size (), error.out ());
    EXPECT_TRUE (error.none ());
    plan = spec ? quilt_mounts_plan (spec, error.out ()) : nullptr;
    return plan != nullptr;
  }

  /* "PATH" or "(new TYPE)", "*" where ids are mapped; in order. */
  std::string trees () const
  {
    std::string text;

    for (guint i = 0; i < plan->trees->len; i++) {
      auto tree = &g_array_index (plan->trees, QuiltMountTree, i);

      text += (tree->path ? tree->path : "(new " + std::string (tree->op->type) + ")") +
              (tree->idmap ? "*|" : "|");
      EXPECT_EQ (plan->tree_fds[i], -1);
    }
    return text;
  }

  std::string settings () const
  {
    std::string text;

    for (guint i = 0; i < plan->root->settings->len; i++)
      text += std::string (g_array_index (plan->root->settings, QuiltMountSetting, i).key) + "|";
    return text;
  }

  QuiltSpec *spec = nullptr;
  QuiltMountPlan *plan = nullptr;
  Error error;
};

TEST_F (TreesTest, LayersThenTheUpperDirectoryThenTheRest)
{
  const std::string mounts =
      overlay (
          R"("lowerdir=/l/b:/l/a","upperdir=/c/x/upper","workdir=/c/x/work","idmap","volatile")") +
      R"(,{"destination":"/proc","type":"proc","source":"proc"})"
      R"(,{"destination":"/dev","type":"tmpfs","source":"tmpfs"})"
      R"(,{"destination":"/data","source":"/srv/data","options":["rbind","ridmap"]})"
      R"(,{"destination":"/host","source":"/srv/host","options":["bind"]})";

  ASSERT_TRUE (make (mounts)) << error.message ();
  EXPECT_EQ (trees (), "/l/b*|/l/a*|/c/x*|(new tmpfs)|/srv/data*|/srv/host|");
  EXPECT_EQ (join (plan->overlay.layers), "/l/b|/l/a|");
  EXPECT_STREQ (plan->overlay.dir, "/c/x");
  EXPECT_STREQ (plan->overlay.upper, "upper");
  EXPECT_STREQ (plan->overlay.work, "work");
  EXPECT_EQ (settings (), "volatile|userxattr|");
  EXPECT_EQ (plan->root->tree, -1);
  const int tree[] = {-1, 3, 4, 5};
  for (guint i = 0; i < 4; i++)
    EXPECT_EQ (static_cast<QuiltMountOp *> (plan->ops->pdata[i])->tree, tree[i]) << i;
}

TEST_F (TreesTest, WithoutAUserNamespaceThereAreNone)
{
  ASSERT_TRUE (make (overlay (R"("lowerdir=/l","upperdir=/c/u","workdir=/c/w")") +
                         R"(,{"destination":"/data","source":"/srv","options":["bind"]})",
                     false));
  EXPECT_EQ (trees (), "");
  EXPECT_EQ (plan->overlay.layers, nullptr);
  EXPECT_EQ (settings (), "lowerdir|upperdir|workdir|");
}

TEST_F (TreesTest, OtherRoots)
{
  ASSERT_TRUE (make (""));
  EXPECT_EQ (trees (), "/srv/root|");
  EXPECT_EQ (plan->root->tree, 0);
  ASSERT_TRUE (make (R"({"destination":"/","type":"tmpfs","source":"x"})"));
  EXPECT_EQ (trees (), "");
  ASSERT_TRUE (make (overlay (R"("lowerdir=/l/b:/l/a")")));
  EXPECT_EQ (trees (), "/l/b|/l/a|");
  EXPECT_EQ (plan->overlay.dir, nullptr);
}

TEST_F (TreesTest, RefusesInvalidMounts)
{
  std::string many = "/l";

  for (int i = 0; i < 500; i++)
    many += ":/l";
  const struct {
    std::string mounts;
    bool user;
    int code;
    const char *why;
  } cases[] = {
      {overlay (R"("upperdir=/c/u","workdir=/c/w")"), true, QUILT_ERROR_INVALID_ARGUMENT,
       "lowerdir"},
      {overlay (R"("lowerdir=/a::/b")"), true, QUILT_ERROR_INVALID_ARGUMENT, "lowerdir"},
      {overlay (R"("lowerdir=a")"), true, QUILT_ERROR_INVALID_ARGUMENT, "lowerdir"},
      {overlay (R"("lowerdir=/a\\:b")"), true, QUILT_ERROR_INVALID_ARGUMENT, "lowerdir"},
      {overlay ("\"lowerdir=" + many + "\""), true, QUILT_ERROR_INVALID_ARGUMENT, "500 layers"},
      {overlay (R"("lowerdir=/a","upperdir=/c/u")"), true, QUILT_ERROR_INVALID_ARGUMENT, "workdir"},
      {overlay (R"("lowerdir=/a","upperdir=/c/u","workdir=/d/w")"), true,
       QUILT_ERROR_INVALID_ARGUMENT, "in the same directory"},
      {overlay (R"("lowerdir=/a","idmap")"), false, QUILT_ERROR_INVALID_ARGUMENT,
       "'/': the option 'idmap' needs"},
      {R"({"destination":"/d","source":"/s","options":["bind","idmap"]})", false,
       QUILT_ERROR_INVALID_ARGUMENT, "'/d': the option 'idmap' needs"},
      {R"({"destination":"/d","type":"tmpfs","source":"x","options":["idmap"]})", true,
       QUILT_ERROR_NOT_SUPPORTED, "'/d': only a bind mount"},
  };

  for (const auto &c : cases) {
    EXPECT_FALSE (make (c.mounts, c.user)) << c.mounts;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.mounts;
  }
}

/* Only root of a namespace may mount what shows it. No process inside is root of the host's
 * namespaces. */
TEST_F (TreesTest, MakesFileSystemsOfTheKernelOutside)
{
  const std::string mounts = R"({"destination":"/proc","type":"proc","source":"proc"},)"
                             R"({"destination":"/sys","type":"sysfs","source":"sysfs"},)"
                             R"({"destination":"/run","type":"tmpfs","source":"tmpfs"},)"
                             R"({"destination":"/sys/fs/cgroup","type":"cgroup","source":"x"},)"
                             R"({"destination":"/mq","type":"mqueue","source":"mqueue"})";

  ASSERT_TRUE (make (mounts)); /* a pid namespace of its own, and nothing else */
  ASSERT_EQ (plan->trees->len, 4u);
  for (guint i = 1; i < 4; i++)
    EXPECT_EQ (g_array_index (plan->trees, QuiltMountTree, i).path, nullptr);
  EXPECT_STREQ (g_array_index (plan->trees, QuiltMountTree, 1).op->type, "sysfs");
  EXPECT_STREQ (g_array_index (plan->trees, QuiltMountTree, 2).op->type, "cgroup2");
  EXPECT_STREQ (g_array_index (plan->trees, QuiltMountTree, 3).op->type, "mqueue");
  EXPECT_LT (static_cast<QuiltMountOp *> (plan->ops->pdata[0])->tree, 0);

  quilt_spec_join (spec, QUILT_NS_NETWORK, "/proc/7/ns/net");
  g_clear_pointer (&plan, quilt_mount_plan_free);
  plan = quilt_mounts_plan (spec, error.out ());
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (plan->trees->len, 4u) << "a new user namespace has no power over one that was there";

  /* With the user namespace that it belongs to, the init can do it. */
  spec->namespaces &= ~(guint)QUILT_NS_USER;
  quilt_spec_join (spec, QUILT_NS_USER, "/proc/7/ns/user");
  g_clear_pointer (&plan, quilt_mount_plan_free);
  plan = quilt_mounts_plan (spec, error.out ());
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (plan->trees->len, 3u);
}
