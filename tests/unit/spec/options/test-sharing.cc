/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces are the container's own, the host's, another container's. */
#include "base/check.h"

#include <map>

extern "C" {
#include "spec/oci/oci.h"
#include "spec/options/sharing.h"
}

using std::string;
using Options = std::unique_ptr<QuiltOptions, void (*) (QuiltOptions *)>;

static const guint all = QUILT_NS_PID | QUILT_NS_NETWORK | QUILT_NS_MOUNT | QUILT_NS_IPC |
                         QUILT_NS_UTS | QUILT_NS_CGROUP;

static Options
read (const char *text, Error &error)
{
  GVariant *dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, nullptr, nullptr, nullptr);

  EXPECT_NE (dict, nullptr) << text;
  Options options (quilt_options_from_variant (dict, error.out ()), quilt_options_free);
  g_variant_unref (dict);
  return options;
}

static const QuiltSharing *
find (const string &key)
{
  const QuiltSharing *sharing = quilt_sharings;

  while (sharing->key && key != sharing->key)
    sharing++;
  return sharing;
}

TEST (Sharing, OwnIsWhatIsNotShared)
{
  const struct {
    const char *dict;
    guint own;
  } cases[] = {
      {"{}", all},
      {"{'pid': <'private'>, 'ipc': <'shareable'>, 'uts': <'private'>, 'network': <'none'>,"
       " 'cgroupns': <'private'>}",
       all},
      {"{'network': <'private'>}", all},
      {"{'pid': <'host'>}", all & ~(guint)QUILT_NS_PID},
      {"{'ipc': <'container:a'>}", all & ~(guint)QUILT_NS_IPC},
      {"{'uts': <'host'>}", all & ~(guint)QUILT_NS_UTS},
      {"{'network': <'host'>}", all & ~(guint)QUILT_NS_NETWORK},
      {"{'cgroupns': <'host'>}", all & ~(guint)QUILT_NS_CGROUP},
      {"{'pid': <'host'>, 'ipc': <'host'>, 'uts': <'host'>, 'network': <'container:b'>,"
       " 'cgroupns': <'host'>}",
       QUILT_NS_MOUNT},
  };

  for (const auto &c : cases) {
    Error error;
    Options options = read (c.dict, error);

    ASSERT_TRUE (error.none ()) << c.dict;
    EXPECT_EQ (quilt_sharing_own_namespaces (options.get ()), c.own) << c.dict;
  }
}

TEST (Sharing, AContainerIsNamedAndThenBound)
{
  Error error;
  Options options = read ("{'network': <'container:db'>, 'pid': <'host'>}", error);

  ASSERT_TRUE (error.none ());
  EXPECT_STREQ (quilt_sharing_get_container (find ("network"), options.get ()), "db");
  EXPECT_EQ (quilt_sharing_get_container (find ("pid"), options.get ()), nullptr);
  EXPECT_TRUE (quilt_sharing_is_host (find ("pid"), options.get ()));
  EXPECT_FALSE (quilt_sharing_is_host (find ("network"), options.get ()));
  quilt_sharing_set_container (find ("network"), options.get (), "0123");
  EXPECT_STREQ (options->network, "container:0123");
  quilt_sharing_set_host (find ("network"), options.get ());
  EXPECT_TRUE (quilt_sharing_is_host (find ("network"), options.get ()));
}

TEST (Sharing, PlansDescriptorsInOrder)
{
  Error error;
  Options options = read ("{'network': <'container:db'>, 'pid': <'container:db'>}", error);
  const char *layers[] = {"/l", nullptr};
  const QuiltRootfs rootfs = {layers, "/u", "/w", "/r", FALSE};
  const QuiltImageConfig image = {};

  ASSERT_TRUE (error.none ());
  options->command = g_strsplit ("true", " ", -1);
  QuiltSpec *spec =
      quilt_spec_new_for_container ("0123", options.get (), &image, &rootfs, error.out ());
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->namespaces, all & ~(guint)(QUILT_NS_PID | QUILT_NS_NETWORK));
  ASSERT_EQ (spec->joins->len, 2u);
  const auto *first = (const QuiltNamespaceJoin *)spec->joins->pdata[0];
  const auto *second = (const QuiltNamespaceJoin *)spec->joins->pdata[1];
  EXPECT_EQ (first->type, QUILT_NS_PID);
  EXPECT_STREQ (first->path, "/proc/self/fd/5");
  EXPECT_EQ (second->type, QUILT_NS_NETWORK);
  EXPECT_STREQ (second->path, "/proc/self/fd/6");
  quilt_spec_free (spec);
}

TEST (Sharing, TheHostsNameStaysUnsaid)
{
  Error error;
  Options options = read ("{'uts': <'host'>, 'command': <[b'true']>}", error);
  const char *layers[] = {"/l", nullptr};
  const QuiltRootfs rootfs = {layers, "/u", "/w", "/r", FALSE};
  const QuiltImageConfig image = {};
  QuiltSpec *spec =
      quilt_spec_new_for_container ("0123", options.get (), &image, &rootfs, error.out ());

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->hostname, nullptr);
  EXPECT_EQ (join (spec->process.env).find ("HOSTNAME="), string::npos);
  quilt_spec_free (spec);
}

TEST (Sharing, BadWordsAndContradictionsAreNamed)
{
  const struct {
    const char *dict, *why;
  } cases[] = {
      {"{'pid': <'shareable'>}", "'pid' to 'shareable': must be private, host or container:NAME"},
      {"{'pid': <''>}", "'pid' to ''"},
      {"{'pid': <'Host'>}", "'pid' to 'Host'"},
      {"{'pid': <'container:'>}", "'pid' to 'container:'"},
      {"{'ipc': <'none'>}", "'ipc' to 'none'"},
      {"{'uts': <'shareable'>}", "'uts' to 'shareable'"},
      {"{'network': <'bridge'>}", "'network' to 'bridge': bridges are not supported yet"},
      {"{'network': <'slirp4netns'>}", "'network' to 'slirp4netns'"},
      {"{'network': <'ns:/proc/1/ns/net'>}", "'network' to 'ns:/proc/1/ns/net'"},
      {"{'cgroupns': <'container:a'>}", "'cgroupns' to 'container:a': must be private or host"},
      {"{'hostname': <'h'>, 'uts': <'host'>}", "'hostname' to 'h': it would also change the name"},
      {"{'hostname': <'h'>, 'uts': <'container:a'>}",
       "'hostname' to 'h': it would also change the"},
      {"{'ipc': <'host'>, 'shm-size': <uint64 4096>}",
       "'shm-size': it has no effect with ipc 'host', where /dev/shm is the host's"},
      {"{'setup': <['true']>, 'pid': <'host'>}",
       "'setup' to 'true': setup steps need a pid namespace"},
      {"{'setup': <['true']>, 'pid': <'container:a'>}", "'setup' to 'true': setup steps need"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (read (c.dict, error), nullptr) << c.dict;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.dict;
  }
}

TEST (Sharing, TheHostsNeedsAPrivilege)
{
  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++) {
    Options options (quilt_options_new (), quilt_options_free);
    const char *why = "";

    EXPECT_FALSE (quilt_options_need_privilege (options.get (), &why)) << sharing->key;
    quilt_sharing_set_container (sharing, options.get (), "0123");
    EXPECT_FALSE (quilt_options_need_privilege (options.get (), &why)) << sharing->key;
    quilt_sharing_set_host (sharing, options.get ());
    EXPECT_TRUE (quilt_options_need_privilege (options.get (), &why)) << sharing->key;
    EXPECT_STREQ (why, sharing->key);
  }
}
