// SPDX-License-Identifier: LGPL-2.1-or-later
// The features document says what the parser does: each word of it is tried.
#include <functional>
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "base/json.h"
#include "spec/oci/features.h"
#include "spec/oci/oci.h"
}

namespace
{
const char *const options[] = {"bind", "ro", nullptr};

json_object *
at (json_object *object, std::initializer_list<const char *> path)
{
  for (const char *key : path)
    if (!json_object_object_get_ex (object, key, &object))
      return nullptr;
  return object;
}

std::string
config (const std::string &version,
        const std::string &process,
        const std::string &linux_more,
        const std::string &more)
{
  return "{\"ociVersion\":\"" + version +
         "\",\"root\":{\"path\":\"/r\"},\"process\":{\"cwd\":\"/\"," + process +
         "\"args\":[\"a\"]},\"linux\":{" + linux_more + "}" + more + "}";
}

const std::string mount_namespace = "\"namespaces\":[{\"type\":\"mount\"}]";

bool
parses (const std::string &text)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (QuiltSpec) spec = quilt_spec_parse (text.data (), text.size (), &error);

  return spec != nullptr;
}

// Each word of the list makes a configuration that is read, and a changed one does not.
void
try_each (json_object *list, const std::function<std::string (const std::string &)> &make)
{
  ASSERT_NE (list, nullptr);
  ASSERT_GT (json_object_array_length (list), 0u);
  for (gsize i = 0; i < json_object_array_length (list); i++) {
    const std::string word = json_object_get_string (json_object_array_get_idx (list, i));

    EXPECT_TRUE (parses (make (word))) << make (word);
    EXPECT_FALSE (parses (make (word + "_NO"))) << word;
  }
}
} // namespace

TEST (Features, EveryWordIsRead)
{
  g_autoptr (json_object) features = quilt_features_to_json (options);

  try_each (at (features, {"hooks"}), [] (const std::string &kind) {
    return config ("1.2.0", "", mount_namespace,
                   ",\"hooks\":{\"" + kind + "\":[{\"path\":\"/bin/a\"}]}");
  });
  try_each (at (features, {"linux", "namespaces"}), [] (const std::string &type) {
    const std::string ids = type == "user" ? ",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,"
                                             "\"size\":1}],\"gidMappings\":[{\"containerID\":0,"
                                             "\"hostID\":1,\"size\":1}]"
                                           : "";
    const std::string other = type == "mount" ? "" : ",{\"type\":\"mount\"}";

    return config ("1.2.0", "", "\"namespaces\":[{\"type\":\"" + type + "\"}" + other + "]" + ids,
                   "");
  });
  try_each (at (features, {"linux", "capabilities"}), [] (const std::string &name) {
    return config ("1.2.0", "\"capabilities\":{\"bounding\":[\"" + name + "\"]},", mount_namespace,
                   "");
  });
}

TEST (Features, Seccomp)
{
  g_autoptr (json_object) features = quilt_features_to_json (options);
  const auto seccomp = [] (const std::string &text) {
    return config ("1.2.0", "", mount_namespace + ",\"seccomp\":{" + text + "}", "");
  };

  EXPECT_TRUE (json_object_get_boolean (at (features, {"linux", "seccomp", "enabled"})));
  try_each (at (features, {"linux", "seccomp", "archs"}), [&] (const std::string &name) {
    return seccomp ("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"" + name + "\"]");
  });
  try_each (at (features, {"linux", "seccomp", "knownFlags"}), [&] (const std::string &name) {
    return seccomp ("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"" + name + "\"]");
  });
  try_each (at (features, {"linux", "seccomp", "operators"}), [&] (const std::string &name) {
    return seccomp ("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
                    "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":1,\"op\":\"" +
                    name + "\"}]}]");
  });
  /* As a rule's: not each is a default. */
  try_each (at (features, {"linux", "seccomp", "actions"}), [&] (const std::string &name) {
    return seccomp ("\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/s\","
                    "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"" +
                    name + "\"}]");
  });
}

TEST (Features, VersionsAndTheRest)
{
  g_autoptr (json_object) features = quilt_features_to_json (options);

  for (const char *key : {"ociVersionMin", "ociVersionMax"}) {
    const char *version = json_object_get_string (at (features, {key}));

    EXPECT_TRUE (parses (config (version, "", mount_namespace, ""))) << version;
  }
  EXPECT_FALSE (parses (config ("0.9.9", "", mount_namespace, "")));
  EXPECT_FALSE (parses (config ("2.0.0", "", mount_namespace, "")));
  EXPECT_STREQ (json_object_to_json_string_ext (at (features, {"mountOptions"}), 0),
                "[\"bind\",\"ro\"]");
  EXPECT_FALSE (json_object_get_boolean (at (features, {"linux", "cgroup", "v1"})));
  EXPECT_FALSE (json_object_get_boolean (at (features, {"linux", "intelRdt", "enabled"})));
  EXPECT_TRUE (json_object_get_boolean (at (features, {"linux", "netDevices", "enabled"})));
  EXPECT_STREQ (json_object_get_string (
                    at (features, {"annotations", "org.opencontainers.runc.checkpoint.enabled"})),
                "false");
}
