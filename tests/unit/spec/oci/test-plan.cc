/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From options and image to the OCI configuration. */
#include "base/check.h"

#include <cstring>
#include <map>
#include <sys/resource.h>

extern "C" {
#include "spec/capabilities.h"
#include "spec/oci/etc.h"
#include "spec/oci/oci.h"
#include "spec/quantities.h"
#include "spec/rlimits.h"
}

using std::string;
using Spec = std::unique_ptr<QuiltSpec, void (*) (QuiltSpec *)>;

static const char id[] = "0123456789abcdef0123456789abcdef";

static char **
strv (std::initializer_list<const char *> strings)
{
  char **copy = g_new0 (char *, strings.size () + 1);
  gsize n = 0;

  for (const char *s : strings)
    copy[n++] = g_strdup (s);
  return copy;
}

class Plan : public testing::Test
{
protected:
  QuiltOptions *options = quilt_options_new ();
  QuiltImageConfig image = {};
  const char *layers[3] = {"/layers/top/fs", "/layers/base/fs", nullptr};
  QuiltRootfs rootfs = {layers, "/c/upper", "/c/work", "/c/root", FALSE};
  Error error;

  Plan ()
  {
    options->name = g_strdup ("web");
    options->command = strv ({"sh", "-c", "echo \xff"});
  }

  ~Plan () override
  {
    quilt_options_free (options);
    quilt_image_config_clear (&image);
  }

  Spec plan ()
  {
    return Spec (quilt_spec_new_for_container (id, options, &image, &rootfs, error.out ()),
                 quilt_spec_free);
  }

  /* The options of the mount at destination, or "(none)". */
  static string mount (const Spec &spec, const char *destination)
  {
    string found = "(none)";

    for (guint i = 0; i < spec->mounts->len; i++) {
      const auto *m = (const QuiltMount *)spec->mounts->pdata[i];

      if (g_str_equal (m->destination, destination))
        found = string (m->type) + " " + m->source + " " + join (m->options);
    }
    return found;
  }

  static string annotation (const Spec &spec, const char *key)
  {
    const char *value = (const char *)g_hash_table_lookup (spec->annotations, key);

    return value ? value : "(none)";
  }
};

TEST_F (Plan, IsAContainer)
{
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->namespaces, (guint)(QUILT_NS_PID | QUILT_NS_NETWORK | QUILT_NS_MOUNT |
                                       QUILT_NS_IPC | QUILT_NS_UTS | QUILT_NS_CGROUP));
  EXPECT_STREQ (spec->root_path, "/c/root");
  EXPECT_FALSE (spec->root_readonly);
  EXPECT_STREQ (spec->hostname, "web");
  EXPECT_EQ (join (spec->process.args), "sh|-c|echo \xff|");
  EXPECT_STREQ (spec->process.cwd, "/");
  EXPECT_EQ (spec->process.umask, 022);
  EXPECT_EQ (spec->process.uid, 0u);
  EXPECT_TRUE (spec->process.no_new_privileges);
  EXPECT_EQ (join (spec->process.env),
             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|container=quilt|"
             "HOME=/root|HOSTNAME=web|");
  EXPECT_TRUE (spec->process.has_capabilities);
  EXPECT_EQ (spec->process.capabilities.bounding, quilt_capabilities_default ());
  EXPECT_EQ (spec->process.capabilities.effective, quilt_capabilities_default ());
  EXPECT_EQ (spec->process.capabilities.permitted, quilt_capabilities_default ());
  EXPECT_EQ (spec->process.capabilities.inheritable, 0u);
  EXPECT_EQ (spec->process.capabilities.ambient, 0u);
  EXPECT_EQ (spec->start_container->len, 0u);
  for (const char *path : {"/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/interrupts"})
    EXPECT_TRUE (g_strv_contains (spec->masked_paths, path)) << path;
  EXPECT_TRUE (g_strv_contains (spec->readonly_paths, "/proc/sys"));
  EXPECT_TRUE (g_strv_contains (spec->readonly_paths, "/proc/sysrq-trigger"));
}

/* Fault 25. */
TEST_F (Plan, MountsFilesOfItsOwnInEtc)
{
  EXPECT_EQ (mount (plan (), "/etc/hosts"), "(none)");
  rootfs.etc = "/c/etc";
  Spec spec = plan ();
  EXPECT_EQ (mount (spec, "/etc/hosts"),
             "bind /c/etc/hosts bind|x-quilt.copy|nosuid|nodev|noexec|rw|");
  EXPECT_EQ (mount (spec, "/etc/hostname"),
             "bind /c/etc/hostname bind|x-quilt.copy|nosuid|nodev|noexec|rw|");
  EXPECT_EQ (mount (spec, "/etc/resolv.conf"), "(none)");
  g_free (options->network);
  options->network = g_strdup ("host");
  EXPECT_EQ (mount (plan (), "/etc/resolv.conf"),
             "bind /c/etc/resolv.conf bind|x-quilt.copy|nosuid|nodev|noexec|rw|");
}

static string
text (QuiltEtcFile file, const QuiltOptions *options, const char *host)
{
  g_autofree char *text = quilt_etc_text (file, options, "harbour", host);

  return text;
}

TEST_F (Plan, WritesFilesOfEtc)
{
  EXPECT_EQ (text (QUILT_ETC_HOSTS, options, nullptr),
             "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
             "127.0.1.1\tharbour web\n");
  EXPECT_EQ (text (QUILT_ETC_HOSTS, options, "192.0.2.1 a"),
             "192.0.2.1 a\n127.0.1.1\tharbour web\n");
  EXPECT_EQ (text (QUILT_ETC_HOSTNAME, options, nullptr), "harbour\n");
  EXPECT_EQ (text (QUILT_ETC_RESOLV_CONF, options, nullptr), "");
  EXPECT_EQ (text (QUILT_ETC_RESOLV_CONF, options, "nameserver 192.0.2.1\n"),
             "nameserver 192.0.2.1\n");
  g_free (options->name);
  options->name = g_strdup ("harbour");
  EXPECT_EQ (text (QUILT_ETC_HOSTS, options, ""), "127.0.1.1\tharbour\n");
}

TEST_F (Plan, MountsTheUsual)
{
  Spec spec = plan ();

  EXPECT_STREQ (((QuiltMount *)spec->mounts->pdata[0])->destination, "/");
  EXPECT_EQ (mount (spec, "/"), "overlay overlay lowerdir=/layers/top/fs:/layers/base/fs|"
                                "upperdir=/c/upper|workdir=/c/work|");
  EXPECT_EQ (mount (spec, "/proc"), "proc proc nosuid|noexec|nodev|");
  EXPECT_EQ (mount (spec, "/dev/pts"),
             "devpts devpts nosuid|noexec|newinstance|ptmxmode=0666|mode=0620|gid=5|");
  EXPECT_EQ (mount (spec, "/sys"), "sysfs sysfs nosuid|noexec|nodev|ro|");
  EXPECT_EQ (mount (spec, "/sys/fs/cgroup"), "cgroup2 cgroup2 nosuid|noexec|nodev|relatime|ro|");
  EXPECT_EQ (mount (spec, "/tmp"), "(none)");

  options->read_only = TRUE;
  rootfs.is_volatile = TRUE;
  spec = plan ();
  EXPECT_TRUE (spec->root_readonly);
  EXPECT_NE (mount (spec, "/").find ("|volatile|"), string::npos);
  EXPECT_EQ (mount (spec, "/run"), "tmpfs tmpfs nosuid|nodev|mode=755|");
  EXPECT_EQ (mount (spec, "/tmp"), "tmpfs tmpfs nosuid|nodev|mode=1777|");
  EXPECT_EQ (mount (spec, "/var/tmp"), "tmpfs tmpfs nosuid|nodev|mode=1777|");
}

TEST_F (Plan, TakesTheImagesWord)
{
  image.entrypoint = strv ({"/entry"});
  image.cmd = strv ({"default", "args"});
  image.env = strv ({"PATH=/image", "A=image", "B=image"});
  image.working_directory = g_strdup ("/app");
  image.stop_signal = g_strdup ("SIGQUIT");
  options->env = strv ({"B=user", "C=1", "C=2"});
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (join (spec->process.args), "/entry|sh|-c|echo \xff|");
  EXPECT_EQ (join (spec->process.env),
             "PATH=/image|container=quilt|HOME=/root|HOSTNAME=web|A=image|B=user|C=2|");
  EXPECT_STREQ (spec->process.cwd, "/app");
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_STOP_SIGNAL), "SIGQUIT");

  g_strfreev (options->command);
  options->command = strv ({});
  EXPECT_EQ (join (plan ()->process.args), "/entry|default|args|");

  g_clear_pointer (&options->command, g_strfreev);
  options->working_directory = g_strdup ("/mine");
  options->stop_signal = 37;
  spec = plan ();
  EXPECT_EQ (join (spec->process.args), "/entry|default|args|");
  EXPECT_STREQ (spec->process.cwd, "/mine");
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_STOP_SIGNAL), "SIGRTMIN+3");
}

TEST_F (Plan, Hostnames)
{
  options->hostname = g_strdup ("host.example");
  options->env = strv ({"HOSTNAME=other"});
  Spec spec = plan ();
  EXPECT_STREQ (spec->hostname, "host.example");
  EXPECT_NE (join (spec->process.env).find ("|HOSTNAME=other|"), string::npos);

  g_clear_pointer (&options->hostname, g_free);
  g_free (options->name);
  options->name = g_strdup ("bright_maple");
  spec = plan ();
  EXPECT_STREQ (spec->hostname, "bright-maple");

  g_clear_pointer (&options->name, g_free);
  EXPECT_STREQ (plan ()->hostname, id);
}

TEST_F (Plan, Annotations)
{
  guint64 value = 77;
  Spec spec = plan ();

  EXPECT_EQ (annotation (spec, "org.quilt.id"), id);
  EXPECT_EQ (annotation (spec, "org.quilt.name"), "web");
  EXPECT_EQ (annotation (spec, "org.opencontainers.image.stopSignal"), "SIGTERM");
  EXPECT_EQ (annotation (spec, "org.quilt.stop-timeout"), "10000000");
  EXPECT_EQ (annotation (spec, "org.quilt.log-rate-burst"), "(none)");

  options->log_rate_burst = 100;
  options->log_rate_interval_usec = 30;
  options->stop_timeout_usec = QUILT_INFINITY;
  spec = plan ();
  EXPECT_TRUE (quilt_spec_annotation_uint64 (spec.get (), QUILT_ANNOTATION_LOG_RATE_BURST, 0,
                                             &value, error.out ()));
  EXPECT_EQ (value, 100u);
  EXPECT_TRUE (quilt_spec_annotation_uint64 (spec.get (), QUILT_ANNOTATION_STOP_TIMEOUT, 0, &value,
                                             error.out ()));
  EXPECT_EQ (value, QUILT_INFINITY);
  EXPECT_TRUE (quilt_spec_annotation_uint64 (spec.get (), "absent", 5, &value, error.out ()));
  EXPECT_EQ (value, 5u);
  EXPECT_FALSE (
      quilt_spec_annotation_uint64 (spec.get (), QUILT_ANNOTATION_NAME, 0, &value, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT,
                         "'annotations.org.quilt.name': 'web' is not a decimal number"));
  EXPECT_EQ (value, 5u);
}

TEST_F (Plan, SetupStepsAreHooks)
{
  options->setup = strv ({"gem: rake", "echo $HOME"});
  Spec spec = plan ();
  ASSERT_EQ (spec->start_container->len, 2u);
  const auto *first = (const QuiltHook *)spec->start_container->pdata[0];
  const auto *second = (const QuiltHook *)spec->start_container->pdata[1];
  EXPECT_STREQ (first->path, "gem");
  EXPECT_EQ (join (first->args), "gem|install|--no-document|rake|");
  EXPECT_EQ (first->env, nullptr);
  EXPECT_EQ (first->timeout, 0);
  EXPECT_EQ (join (second->args), "/bin/sh|-c|echo $HOME|");

  options->setup_timeout_usec = 90 * G_USEC_PER_SEC;
  spec = plan ();
  EXPECT_EQ (((QuiltHook *)spec->start_container->pdata[1])->timeout, 90);
}

TEST_F (Plan, GoesRoundThroughJson)
{
  options->setup = strv ({"true"});
  options->setup_timeout_usec = G_USEC_PER_SEC;
  options->read_only = TRUE;
  Spec spec = plan ();

  for (bool pretty : {false, true}) {
    string text = take (quilt_spec_print (spec.get (), pretty));
    Spec again (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);

    ASSERT_TRUE (error.none ());
    EXPECT_EQ (take (quilt_spec_print (again.get (), pretty)), text);
    EXPECT_EQ (join (again->process.args), "sh|-c|echo \xff|");
  }
}

TEST_F (Plan, NoCommandIsRefused)
{
  g_clear_pointer (&options->command, g_strfreev);
  EXPECT_EQ (plan (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT,
                         "the image names no command; give one after the image"));

  image.cmd = strv ({""});
  EXPECT_EQ (plan (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "give one"));
}

TEST_F (Plan, AnImageWithoutAConfigIsFine)
{
  Spec spec (quilt_spec_new_for_container (id, options, nullptr, &rootfs, error.out ()),
             quilt_spec_free);

  EXPECT_NE (spec, nullptr) << error.message ();
}

TEST_F (Plan, HostileImagesAreRefused)
{
  image.env = strv ({"A=1", "NONSENSE\x1b"});
  EXPECT_EQ (plan (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "'NONSENSE\\x1b': must be NAME=VALUE"));
  quilt_image_config_clear (&image);

  image.working_directory = g_strdup ("proc/self/fd/7");
  EXPECT_EQ (plan (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "must be an absolute path"));
  quilt_image_config_clear (&image);

  image.stop_signal = g_strdup ("99");
  EXPECT_EQ (plan (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "signal '99'"));
}

TEST_F (Plan, PathsThatOverlayfsWouldSplitAreRefused)
{
  for (const char *path : {"/a:b", "/a,upperdir=x", "/a\\b", "relative", ""}) {
    layers[1] = path;
    EXPECT_EQ (plan (), nullptr) << path;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, path)) << path;
    layers[1] = "/layers/base/fs";
    rootfs.upper = path;
    EXPECT_EQ (plan (), nullptr) << path;
    rootfs.upper = "/c/upper";
    rootfs.work = path;
    EXPECT_EQ (plan (), nullptr) << path;
    rootfs.work = "/c/work";
  }
  EXPECT_NE (plan (), nullptr);
}

TEST_F (Plan, GivesTheCapabilitiesThatAreAskedFor)
{
  options->cap_add = strv ({"CAP_SYS_ADMIN"});
  options->cap_drop = strv ({"ALL"});
  options->no_new_privileges = FALSE;
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  const QuiltCapabilities &caps = spec->process.capabilities;
  const guint64 admin = quilt_capability_from_name ("CAP_SYS_ADMIN");
  EXPECT_EQ (caps.bounding, admin);
  EXPECT_EQ (caps.effective, admin);
  EXPECT_EQ (caps.permitted, admin);
  EXPECT_EQ (caps.inheritable | caps.ambient, 0u);
  EXPECT_FALSE (spec->process.no_new_privileges);
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_ALL_CAPABILITIES), "(none)");

  g_strfreev (options->cap_drop);
  options->cap_drop = nullptr;
  g_strfreev (options->cap_add);
  options->cap_add = strv ({"ALL"});
  spec = plan ();
  EXPECT_EQ (spec->process.capabilities.bounding, quilt_capabilities_all ());
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_ALL_CAPABILITIES), "true");
}

TEST_F (Plan, LimitsProcesses)
{
  Spec spec = plan ();

  ASSERT_EQ (spec->process.rlimits->len, 1u);
  EXPECT_EQ (g_array_index (spec->process.rlimits, QuiltRlimit, 0).resource, RLIMIT_NOFILE);
  EXPECT_EQ (g_array_index (spec->process.rlimits, QuiltRlimit, 0).hard, 1048576u);
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_NOFILE_DEFAULT), "true");
  EXPECT_EQ (spec->process.oom_score_adj, 0);

  options->ulimits = strv ({"nproc=5", "nofile=6:7"});
  options->sysctls = strv ({"net.ipv4.ip_forward=1"});
  options->oom_score_adj = -7;
  options->umask = 077;
  spec = plan ();
  ASSERT_EQ (spec->process.rlimits->len, 2u);
  EXPECT_EQ (g_array_index (spec->process.rlimits, QuiltRlimit, 1).soft, 6u);
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_NOFILE_DEFAULT), "(none)");
  EXPECT_STREQ ((char *)g_hash_table_lookup (spec->sysctls, "net.ipv4.ip_forward"), "1");
  EXPECT_TRUE (spec->process.has_oom_score_adj);
  EXPECT_EQ (spec->process.oom_score_adj, -7);
  EXPECT_EQ (spec->process.umask, 077);
}

TEST_F (Plan, MountsFilesInMemory)
{
  options->tmpfs = variant ("[('/data', ['size=1k']), ('/tmp', ['mode=700'])]");
  options->shm_size = 4096;
  options->read_only = TRUE;
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (mount (spec, "/data"), "tmpfs tmpfs size=1024|nosuid|nodev|noexec|mode=1777|");
  EXPECT_EQ (mount (spec, "/tmp"), "tmpfs tmpfs mode=700|nosuid|nodev|noexec|");
  EXPECT_EQ (mount (spec, "/dev/shm"), "tmpfs shm nosuid|noexec|nodev|mode=1777|size=4096|");
  EXPECT_EQ (mount (spec, "/run"), "tmpfs tmpfs nosuid|nodev|mode=755|");
}

TEST_F (Plan, ProvidesFilesAboveAllMounts)
{
  options->provide = g_strdup ("shell,ca");
  options->env = strv ({"PATH=/mine", "GIT_SSL_CAINFO=/mine"});
  Spec spec = plan ();

  ASSERT_NE (spec, nullptr) << error.message ();
  const auto *last = (const QuiltMount *)spec->mounts->pdata[spec->mounts->len - 1];
  EXPECT_STREQ (last->destination, "/.quilt");
  EXPECT_STREQ (last->type, "tmpfs");
  EXPECT_STREQ ((char *)g_hash_table_lookup (spec->annotations, "org.quilt.provide"), "shell,ca");
  for (const char *entry : {"PATH=/mine:/.quilt/bin", "GIT_SSL_CAINFO=/mine",
                            "SSL_CERT_FILE=/.quilt/ca-certificates.crt"})
    EXPECT_TRUE (g_strv_contains (spec->process.env, entry)) << entry;
}

TEST_F (Plan, ShowsFilesOfTheHost)
{
  g_autoptr (GArray) ids = quilt_id_map_parse ("0:600000:65536", nullptr);

  options->tmpfs = variant ("[('/v/a/t', @as [])]");
  options->volumes = variant ("[('/srv/b', '/v/a', ['ro', 'bind']), ('/srv/a', '/v', []), "
                              "('/srv/c', '/c', ['noidmap', 'noexec']), "
                              "('/srv/d', '/tmp', ['suid'])]");
  options->read_only = TRUE;
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (mount (spec, "/v"), "bind /srv/a rbind|rnosuid|rnodev|rprivate|");
  EXPECT_EQ (mount (spec, "/v/a"), "bind /srv/b bind|ro|nosuid|nodev|rprivate|");
  EXPECT_EQ (mount (spec, "/tmp"), "bind /srv/d rbind|rnodev|rprivate|");
  rootfs.uid_map = rootfs.gid_map = ids;
  spec = plan ();
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (mount (spec, "/v"), "bind /srv/a rbind|rnosuid|rnodev|rprivate|ridmap|");
  EXPECT_EQ (mount (spec, "/v/a"), "bind /srv/b bind|ro|nosuid|nodev|rprivate|idmap|");
  EXPECT_EQ (mount (spec, "/c"), "bind /srv/c rbind|rnosuid|rnodev|rnoexec|rprivate|");
  string order;
  for (guint i = 0; i < spec->mounts->len; i++)
    order += string (((const QuiltMount *)spec->mounts->pdata[i])->destination) + " ";
  EXPECT_NE (order.find (" /c /run /tmp /v /v/a /v/a/t /var/tmp "), string::npos) << order;
  string text = take (quilt_spec_print (spec.get (), FALSE));
  Spec again (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (take (quilt_spec_print (again.get (), FALSE)), text);
}

TEST_F (Plan, LeavesNamesToTheContainer)
{
  options->user = g_strdup ("app:web");
  options->group_add = strv ({"log", "5"});
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_USER), "app:web");
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_GROUPS), "log,5");
  EXPECT_EQ (spec->process.uid, 0u);
  EXPECT_EQ (join (spec->process.env).find ("HOME="), string::npos);
  const QuiltCapabilities &caps = spec->process.capabilities;
  EXPECT_EQ (caps.bounding, quilt_capabilities_default ());
  EXPECT_EQ (caps.effective | caps.permitted | caps.inheritable | caps.ambient, 0u);
}

TEST_F (Plan, AUserOtherThanRootKeepsAddedCapabilities)
{
  const guint64 kill = quilt_capability_from_name ("CAP_KILL");

  options->user = g_strdup ("1000");
  options->cap_add = strv ({"CAP_KILL"});
  Spec spec = plan ();
  EXPECT_EQ (spec->process.capabilities.ambient, kill);
  EXPECT_EQ (spec->process.capabilities.effective, kill);
  EXPECT_EQ (spec->process.capabilities.inheritable, kill);
  EXPECT_EQ (spec->process.capabilities.bounding, quilt_capabilities_default ());

  g_free (options->user);
  options->user = g_strdup ("root");
  spec = plan ();
  EXPECT_EQ (spec->process.capabilities.ambient, 0u);
  EXPECT_EQ (spec->process.capabilities.effective, quilt_capabilities_default ());
}

TEST_F (Plan, TakesTheWallsInsideDownForWhoIsPrivileged)
{
  const guint64 admin = quilt_capability_from_name ("CAP_SYS_ADMIN");

  options->privileged = TRUE;
  options->cap_drop = strv ({"CAP_SYS_ADMIN"});
  Spec spec = plan ();

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->process.capabilities.effective, quilt_capabilities_all () & ~admin);
  EXPECT_EQ (annotation (spec, QUILT_ANNOTATION_ALL_CAPABILITIES), "true");
  EXPECT_EQ (spec->masked_paths, nullptr);
  EXPECT_EQ (spec->readonly_paths, nullptr);
  EXPECT_EQ (mount (spec, "/sys"), "sysfs sysfs nosuid|noexec|nodev|rw|");
  EXPECT_EQ (mount (spec, "/sys/fs/cgroup"), "cgroup2 cgroup2 nosuid|noexec|nodev|relatime|rw|");
  EXPECT_TRUE (spec->process.no_new_privileges);
}

TEST_F (Plan, GivesTheIdsOfItsMaps)
{
  g_autoptr (GArray) uids = quilt_id_map_parse ("0:600000:1000,1000:1000:1", nullptr);
  g_autoptr (GArray) gids = quilt_id_map_parse ("0:700000:65536", nullptr);
  g_autoptr (GArray) few = quilt_id_map_parse ("0:700000:5", nullptr);

  rootfs.uid_map = uids;
  rootfs.gid_map = gids;
  rootfs.is_volatile = TRUE;
  Spec spec = plan ();
  ASSERT_TRUE (error.none ());
  EXPECT_TRUE (spec->namespaces & QUILT_NS_USER);
  EXPECT_EQ (take (quilt_id_map_print (spec->uid_map)), "0:600000:1000,1000:1000:1");
  EXPECT_EQ (take (quilt_id_map_print (spec->gid_map)), "0:700000:65536");
  EXPECT_EQ (mount (spec, "/"), "overlay overlay lowerdir=/layers/top/fs:/layers/base/fs|"
                                "upperdir=/c/upper|workdir=/c/work|idmap|volatile|");
  EXPECT_EQ (mount (spec, "/dev/pts"),
             "devpts devpts nosuid|noexec|newinstance|ptmxmode=0666|mode=0620|gid=5|");
  string text = take (quilt_spec_print (spec.get (), FALSE));
  Spec again (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (take (quilt_spec_print (again.get (), FALSE)), text);

  rootfs.gid_map = few;
  spec = plan ();
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (mount (spec, "/dev/pts"),
             "devpts devpts nosuid|noexec|newinstance|ptmxmode=0666|mode=0620|");
}
