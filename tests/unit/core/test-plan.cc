/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decisions before a container is cloned: mounts, credentials, its cgroup. */
#include <glib.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

extern "C" {
#include "base/error.h"
#include "core/identity/credentials.h"
#include "core/mounts/mounts.h"
#include "spec/oci/oci.h"
}

#include <sys/mount.h>
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

class PlanTest : public testing::Test
{
protected:
  void TearDown () override
  {
    quilt_mount_plan_free (plan);
    quilt_spec_free (spec);
    g_clear_error (&error);
  }

  bool make (const std::string &mounts, const std::string &more = "")
  {
    std::string text = config (mounts, more);

    quilt_mount_plan_free (plan);
    quilt_spec_free (spec);
    g_clear_error (&error);
    plan = nullptr;
    spec = quilt_spec_parse (text.data (), text.size (), &error);
    EXPECT_NE (spec, nullptr) << error->message;
    plan = spec ? quilt_mounts_plan (spec, &error) : nullptr;
    return plan != nullptr;
  }

  const QuiltMountOp *op (guint i) const
  {
    return i < plan->ops->len ? static_cast<QuiltMountOp *> (plan->ops->pdata[i]) : nullptr;
  }

  static std::string settings (const QuiltMountOp *op)
  {
    std::string text;

    for (guint i = 0; i < op->settings->len; i++) {
      auto setting = g_array_index (op->settings, QuiltMountSetting, i);

      text += std::string (text.empty () ? "" : ",") + setting.key +
              (setting.value ? std::string ("=") + setting.value : "");
    }
    return text;
  }

  QuiltSpec *spec = nullptr;
  QuiltMountPlan *plan = nullptr;
  GError *error = nullptr;
};

TEST_F (PlanTest, OptionsBecomeAttributesAndSettings)
{
  ASSERT_TRUE (
      make ("{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":"
            "[\"nosuid\",\"strictatime\",\"mode=755\",\"ro\",\"rw\",\"inode64\"]}"));
  ASSERT_EQ (plan->ops->len, 1u);
  EXPECT_EQ (op (0)->kind, QUILT_MOUNT_NEW);
  EXPECT_STREQ (op (0)->type, "tmpfs");
  EXPECT_EQ (op (0)->attr_set, (guint64)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME));
  EXPECT_EQ (settings (op (0)), "mode=755,inode64");
  EXPECT_TRUE (op (0)->devices);
  EXPECT_FALSE (op (0)->late);
}

TEST_F (PlanTest, OnlyDevGetsDevices)
{
  ASSERT_TRUE (make ("{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\"},"
                     "{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"shm\"}"));
  EXPECT_FALSE (op (0)->devices);
  EXPECT_FALSE (op (1)->devices);
}

/* Fault 37. */
TEST_F (PlanTest, DevicesAreMadeWhereNoTmpfsHasThem)
{
  const std::string dev = R"({"destination":"/dev","type":"tmpfs","source":"tmpfs"})";
  const std::string bound = R"({"destination":"/dev","type":"bind","source":"/dev"})";
  const char *outside = R"(,"devices":[{"type":"c","path":"/x","major":1,"minor":3}])";
  const char *inside = R"(,"devices":[{"type":"c","path":"/dev/x","major":1,"minor":3}])";
  const struct {
    std::string mounts;
    const char *devices;
    bool made, usual;
  } cases[] = {
      {"", "", true, true},        {dev, "", false, false},       {dev, inside, false, false},
      {dev, outside, true, false}, {bound, inside, false, false}, {bound, outside, true, false},
  };

  for (const auto &c : cases) {
    ASSERT_TRUE (make (c.mounts, c.devices)) << c.mounts << c.devices;
    const QuiltMountOp *last =
        plan->ops->len > 0 ? (const QuiltMountOp *)plan->ops->pdata[plan->ops->len - 1] : nullptr;
    EXPECT_EQ (last && last->kind == QUILT_MOUNT_NODES, c.made) << c.mounts << c.devices;
    if (c.made) {
      EXPECT_EQ (last->devices, (gboolean)c.usual) << c.mounts << c.devices;
    }
  }
}

TEST_F (PlanTest, TheRootIsBoundOrMounted)
{
  ASSERT_TRUE (make (""));
  EXPECT_EQ (plan->root->kind, QUILT_MOUNT_BIND);
  EXPECT_STREQ (plan->root->source, "/srv/root");
  EXPECT_TRUE (plan->root->recursive);
  ASSERT_TRUE (make ("{\"destination\":\"/\",\"type\":\"overlay\",\"source\":\"overlay\","
                     "\"options\":[\"lowerdir=/a:/b\",\"volatile\",\"nodev\"]}"));
  EXPECT_EQ (plan->root->kind, QUILT_MOUNT_NEW);
  ASSERT_EQ (plan->ops->len, 1u);
  EXPECT_EQ (op (0)->kind, QUILT_MOUNT_NODES);
  EXPECT_EQ (settings (plan->root), "lowerdir=/a:/b,volatile");
  EXPECT_EQ (plan->root->attr_set, (guint64)MOUNT_ATTR_NODEV);
  EXPECT_EQ (plan->root->legacy_data, nullptr);
  const std::string root = "{\"destination\":\"/\",\"type\":\"tmpfs\",\"source\":\"x\"}";
  EXPECT_FALSE (make (root + "," + root));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
}

TEST_F (PlanTest, ManyLayersGoTheOldWay)
{
  std::string layers = "lowerdir=";

  for (int i = 0; i < 5; i++)
    layers += (i ? ":" : "") + std::string ("/layers/") + std::string (64, (char)('a' + i));
  ASSERT_TRUE (make ("{\"destination\":\"/\",\"type\":\"overlay\",\"source\":\"overlay\","
                     "\"options\":[\"" +
                     layers + "\",\"ro\",\"upperdir=/u\"]}"));
  EXPECT_EQ (plan->root->legacy_data, layers + ",upperdir=/u");
  EXPECT_FALSE (make ("{\"destination\":\"/x\",\"type\":\"overlay\",\"source\":\"overlay\","
                      "\"options\":[\"" +
                      layers + "\"]}"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED));
}

TEST_F (PlanTest, BindsHaveOptionsOfTheirOwn)
{
  ASSERT_TRUE (make ("{\"destination\":\"/data\",\"source\":\"/srv\",\"options\":"
                     "[\"rbind\",\"ro\",\"rslave\",\"noatime\"]},"
                     "{\"destination\":\"/one\",\"type\":\"bind\",\"source\":\"/srv\"}"));
  EXPECT_EQ (op (0)->kind, QUILT_MOUNT_BIND);
  EXPECT_TRUE (op (0)->recursive);
  EXPECT_EQ (op (0)->propagation, (guint64)MS_SLAVE);
  EXPECT_EQ (op (0)->attr_set, (guint64)(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME));
  EXPECT_EQ (op (0)->attr_clear & MOUNT_ATTR__ATIME, (guint64)MOUNT_ATTR__ATIME);
  EXPECT_EQ (op (1)->kind, QUILT_MOUNT_BIND);
  EXPECT_FALSE (op (1)->recursive);
  EXPECT_FALSE (make ("{\"destination\":\"/d\",\"source\":\"/srv\",\"options\":[\"bind\",\"U\"]}"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED));
  EXPECT_STREQ (error->message, "Failed to mount '/d': a bind mount has no option 'U'");
  EXPECT_FALSE (make ("{\"destination\":\"/d\",\"source\":\"srv\",\"options\":[\"bind\"]}"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
}

/* Mounts below also lose permissions that are taken away, but get them back only by the options
 * with r. */
TEST_F (PlanTest, AttributesOfWhatIsMountedBelow)
{
  const struct {
    const char *options;
    guint64 set, below_set, below_clear;
    bool deep;
  } cases[] = {
      {R"("bind","ro")", MOUNT_ATTR_RDONLY, 0, 0, false},
      {R"("rbind","ro")", MOUNT_ATTR_RDONLY, 0, 0, true},
      {R"("rbind","rw")", 0, 0, 0, true},
      {R"("rbind","ro","rw")", 0, 0, 0, true},
      {R"("rbind","rro","rw")", 0, MOUNT_ATTR_RDONLY, 0, true},
      {R"("rbind","rrw")", 0, 0, MOUNT_ATTR_RDONLY, true},
      {R"("bind","rro","rnosuid")", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, true},
      {R"("bind","rnoatime")", MOUNT_ATTR_NOATIME, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME, true},
      {R"("bind","noatime","atime")", 0, 0, 0, false},
  };

  for (const auto &c : cases) {
    ASSERT_TRUE (make (std::string (R"({"destination":"/d","source":"/srv","options":[)") +
                       c.options + "]}"));
    EXPECT_EQ (op (0)->attr_set, c.set) << c.options;
    EXPECT_EQ (op (0)->below_set, c.below_set) << c.options;
    EXPECT_EQ (op (0)->below_clear & ~op (0)->below_set, c.below_clear & ~c.below_set) << c.options;
    EXPECT_EQ (op (0)->recursive || op (0)->has_below, c.deep) << c.options;
  }
}

TEST_F (PlanTest, OptionsOfRuntimesBelongToTheirMounts)
{
  ASSERT_TRUE (
      make (R"({"destination":"/t","type":"tmpfs","source":"t","options":["tmpcopyup"]})"));
  EXPECT_TRUE (op (0)->copy_up);
  EXPECT_EQ (settings (op (0)), "");
  for (const char *bad : {R"({"destination":"/t","source":"/s","options":["bind","tmpcopyup"]})",
                          R"({"destination":"/t","type":"proc","options":["tmpcopyup"]})",
                          R"({"destination":"/t","type":"tmpfs","options":["x-quilt.copy"]})",
                          R"({"destination":"/t","source":"/s","options":["bind","sync"]})"}) {
    EXPECT_FALSE (make (bad)) << bad;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED)) << bad;
  }
  ASSERT_TRUE (make (R"({"destination":"/t","source":"/s","options":["bind","x-quilt.copy"]})"));
  EXPECT_TRUE (op (0)->copy);
  EXPECT_EQ (op (0)->tree, 0);
  EXPECT_FALSE (make (R"({"destination":"/t","source":"/s","options":["bind","idmap"]})"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
  const std::string maps = R"("uidMappings":[{"containerID":0,"hostID":5,"size":9}],)"
                           R"("gidMappings":[{"containerID":0,"hostID":6,"size":9}])";
  ASSERT_TRUE (make (R"({"destination":"/t","source":"/s","options":["bind"],)" + maps + "}"));
  EXPECT_TRUE (op (0)->idmap);
  EXPECT_EQ (op (0)->tree, 0);
  EXPECT_FALSE (make (R"({"destination":"/t","type":"tmpfs","source":"t",)" + maps + "}"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED));
}

TEST_F (PlanTest, TheCgroupComesLateAndSoDoesWhatIsBelow)
{
  const std::string mounts =
      "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\"},"
      "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\"},"
      "{\"destination\":\"/sys/fs/cgroup/x\",\"type\":\"tmpfs\",\"source\":\"x\"},"
      "{\"destination\":\"/sys/fs/cgroups\",\"type\":\"tmpfs\",\"source\":\"x\"}";

  ASSERT_TRUE (make (mounts, ",\"maskedPaths\":[\"/sys/firmware\"],\"readonlyPaths\":"
                             "[\"/proc/sys\",\"/sys/fs/cgroup/y\"]"));
  ASSERT_EQ (plan->ops->len, 8u);
  EXPECT_STREQ (op (1)->type, "cgroup2");
  const bool late[] = {false, true, true, false, false, false, false, true};
  for (guint i = 0; i < 8; i++)
    EXPECT_EQ (op (i)->late, (gboolean)late[i]) << op (i)->target;
  EXPECT_EQ (op (4)->kind, QUILT_MOUNT_NODES);
  EXPECT_EQ (op (5)->kind, QUILT_MOUNT_MASK);
  EXPECT_EQ (op (6)->kind, QUILT_MOUNT_READONLY);
  EXPECT_FALSE (make (mounts, ",\"maskedPaths\":[\"/sys/fs/cgroup/y\"]"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED));
}

TEST (CredentialsTest, ContradictionsAreRefused)
{
  const struct {
    const char *what;
    guint64 uid, bounding, effective, permitted, inheritable, ambient;
    bool good;
  } cases[] = {
      {"none", 0, 0, 0, 0, 0, 0, true},
      {"usual", 0, 7, 7, 7, 0, 0, true},
      {"all", 1000, 7, 7, 7, 7, 7, true},
      {"effective beyond permitted", 0, 7, 3, 1, 0, 0, false},
      {"ambient not inheritable", 0, 7, 7, 7, 1, 3, false},
      {"inheritable beyond bounding", 0, 1, 1, 1, 2, 0, false},
      {"no uid", G_MAXUINT32, 0, 0, 0, 0, 0, false},
      {"uid of 33 bits", G_GUINT64_CONSTANT (1) << 32, 0, 0, 0, 0, 0, false},
  };

  for (const auto &c : cases) {
    g_autoptr (GError) error = nullptr;
    g_autoptr (GHashTable) annotations = g_hash_table_new (g_str_hash, g_str_equal);
    g_autoptr (GArray) gids = g_array_new (FALSE, FALSE, sizeof (guint32));
    QuiltSpec spec = {};
    QuiltProcess &process = spec.process;

    spec.annotations = annotations;
    process.additional_gids = gids;
    process.uid = c.uid;
    process.has_capabilities = TRUE;
    process.capabilities = {c.bounding, c.effective, c.permitted, c.inheritable, c.ambient};
    EXPECT_EQ (quilt_credentials_check (&spec, &error), (gboolean)c.good) << c.what;
    EXPECT_EQ (error == nullptr, c.good) << c.what;
  }
}

TEST (CredentialsTest, RefusesInvalidNames)
{
  for (const char *more :
       {R"("org.quilt.user":"a b")", R"("org.quilt.user":"")", R"("org.quilt.groups":"a,,b")"}) {
    std::string text = config ("");
    g_autoptr (GError) error = nullptr;

    text.replace (text.rfind ('}'), 1, std::string (",\"annotations\":{") + more + "}}");
    g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), &error);
    ASSERT_NE (spec, nullptr) << error->message;
    EXPECT_FALSE (quilt_credentials_check (spec, &error)) << more;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT)) << more;
  }
}

TEST_F (PlanTest, FilesOfNewMountsHaveTheMountLabel)
{
  const std::string mounts = R"({"destination":"/","type":"overlay","source":"overlay","options":[
    "lowerdir=/a","upperdir=/u","workdir=/w"]},
    {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]},
    {"destination":"/proc","type":"proc","source":"proc"},
    {"destination":"/srv","type":"bind","source":"/srv"})";
  const std::string label = "system_u:object_r:container_file_t:s0:c1,c2";

  ASSERT_TRUE (make (mounts, ",\"mountLabel\":\"" + label + "\""));
  EXPECT_NE (settings (plan->root).find ("context=" + label), std::string::npos);
  EXPECT_EQ (settings (op (0)), "mode=755,context=" + label);
  EXPECT_EQ (settings (op (1)), "");
  EXPECT_EQ (settings (op (2)), "");

  std::string text = config (R"({"destination":"/tmp","type":"tmpfs","source":"t"})",
                             R"(,"mountLabel":")" + label + "\"");
  text.replace (text.rfind ('}'), 1,
                R"(,"annotations":{"run.oci.mount_context_type":"rootcontext"}})");
  g_autoptr (QuiltSpec) other = quilt_spec_parse (text.data (), text.size (), nullptr);
  g_autoptr (QuiltMountPlan) rooted = quilt_mounts_plan (other, nullptr);
  ASSERT_NE (rooted, nullptr);
  EXPECT_EQ (settings (static_cast<QuiltMountOp *> (rooted->ops->pdata[0])),
             "rootcontext=" + label);

  /* Where the layers are many, one text for mount(2) has it in quotes. */
  ASSERT_TRUE (
      make (R"({"destination":"/","type":"overlay","source":"overlay","options":["lowerdir=/)" +
                std::string (300, 'a') + R"("]})",
            ",\"mountLabel\":\"" + label + "\""));
  EXPECT_NE (std::string (plan->root->legacy_data).find (",context=\"" + label + "\""),
             std::string::npos);
}
