/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans a container: turns options and image into the OCI configuration. No other file does. */
#include "spec/oci/private.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/capabilities.h"
#include "spec/oci/environment.h"
#include "spec/options/sharing.h"
#include "spec/provide.h"
#include "spec/users.h"
#include "spec/names.h"
#include "spec/quantities.h"
#include "spec/setup.h"
#include "spec/signals.h"

#include <string.h>

#define OCI_VERSION "1.0.2"
#define OPTIONS_MAX 8
/* The group in "gid=5" below. */
#define GROUP_TTY 5

typedef struct {
  const char *destination, *type, *source;
  const char *options[OPTIONS_MAX];
} Mount;

/* podman's mounts. A mount comes after the mounts that it is on. */
static const Mount standard_mounts[] = {
    {"/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}},
    {"/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}},
    {"/dev/pts",
     "devpts",
     "devpts",
     {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
    {"/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
    {"/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}},
    {"/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}},
    {"/sys/fs/cgroup", "cgroup2", "cgroup2", {"nosuid", "noexec", "nodev", "relatime", "ro"}},
};

/* To share the host's memory, a container needs System V's namespace and POSIX's files. */
static const Mount hosts_shm = {
    "/dev/shm", "bind", "/dev/shm", {"bind", "nosuid", "noexec", "nodev"}};

/* Directories that programs expect to be writable on a read-only root, as with podman's
 * --read-only-tmpfs. */
static const Mount scratch_mounts[] = {
    {"/run", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=755"}},
    {"/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=1777"}},
    {"/var/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=1777"}},
};

/* The init fills it, and makes it read-only. It has room for two files of 16 MiB, and for names. */
static const Mount provided_mount = {"/" QUILT_PROVIDE_DIRECTORY,
                                     "tmpfs",
                                     "tmpfs",
                                     {"nosuid", "nodev", "mode=755", "size=40m", "nr_inodes=4096"}};

/* Files that show the host's memory, keys, devices and sensors. */
static const char *const masked_paths[] = {
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/dev/block",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
    "/sys/fs/selinux",
    "/sys/devices/virtual/thermal",
    NULL,
};

static const char *const readonly_paths[] = {
    "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", NULL,
};

static void
add_mount (QuiltSpec *spec,
           const char *destination,
           const char *type,
           const char *source,
           const char *const *options)
{
  QuiltMount *mount = g_new0 (QuiltMount, 1);

  mount->destination = g_strdup (destination);
  mount->type = g_strdup (type);
  mount->source = g_strdup (source);
  mount->options = g_strdupv ((char **)options);
  g_ptr_array_add (spec->mounts, mount);
}

static void
add_mounts (QuiltSpec *spec, const Mount *mounts, gsize n)
{
  for (gsize i = 0; i < n; i++)
    add_mount (spec, mounts[i].destination, mounts[i].type, mounts[i].source, mounts[i].options);
}

/* A privileged container gets the kernel's file systems read-write. Only the user namespace
 * separates it from them. */
static void
unlock_mounts (QuiltSpec *spec)
{
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];

    for (char **option = mount->options; option && *option; option++)
      if (strcmp (*option, "ro") == 0)
        (*option)[1] = 'w';
  }
}

/* A mount must come after the mounts that it is on. */
static void
add_standard_mounts (QuiltSpec *spec, const QuiltOptions *options)
{
  const gboolean host = g_strcmp0 (options->ipc, "host") == 0;

  for (gsize i = 0; i < G_N_ELEMENTS (standard_mounts); i++) {
    const Mount *mount = &standard_mounts[i];

    if (host && strcmp (mount->destination, hosts_shm.destination) == 0)
      mount = &hosts_shm;
    add_mounts (spec, mount, 1);
  }
}

/* These characters have a meaning in overlayfs's options. */
static gboolean
check_overlay_path (const char *path, GError **error)
{
  if (*path == '/' && !strpbrk (path, ":,\\"))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to use directory '%s': must be an absolute path without ':', ',' and '\\'",
               path);
  return FALSE;
}

static gboolean
add_root (QuiltSpec *spec, const QuiltRootfs *rootfs, GError **error)
{
  g_autofree char *layers = g_strjoinv (":", (char **)rootfs->layers);
  g_autofree char *lower = g_strconcat ("lowerdir=", layers, NULL);
  g_autofree char *upper = g_strconcat ("upperdir=", rootfs->upper, NULL);
  g_autofree char *work = g_strconcat ("workdir=", rootfs->work, NULL);
  const char *options[OPTIONS_MAX] = {lower, upper, work};
  guint n = 3;

  if (rootfs->uid_map)
    options[n++] = "idmap";
  if (rootfs->is_volatile)
    options[n++] = "volatile";
  for (const char *const *layer = rootfs->layers; *layer; layer++)
    if (!check_overlay_path (*layer, error))
      return FALSE;
  if (!check_overlay_path (rootfs->upper, error) || !check_overlay_path (rootfs->work, error))
    return FALSE;
  add_mount (spec, "/", "overlay", "overlay", options);
  return TRUE;
}

typedef struct {
  GPtrArray *entries;
  GHashTable *places; /* name → index in entries */
} Env;

/* Sets NAME=value. A later entry replaces an earlier one in its position. */
static void
set_env (Env *env, const char *entry)
{
  g_autofree char *name = g_strndup (entry, strcspn (entry, "="));
  gpointer place;

  if (g_hash_table_lookup_extended (env->places, name, NULL, &place)) {
    char **old = (char **)&env->entries->pdata[GPOINTER_TO_UINT (place)];

    g_free (*old);
    *old = g_strdup (entry);
    return;
  }
  g_hash_table_insert (env->places, g_steal_pointer (&name), GUINT_TO_POINTER (env->entries->len));
  g_ptr_array_add (env->entries, g_strdup (entry));
}

static gboolean
set_image_env (Env *env, char **entries, GError **error)
{
  for (; entries && *entries; entries++) {
    if (!strchr (*entries, '=') || **entries == '=') {
      g_autofree char *quoted = quilt_text_quote (*entries);

      g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                   "Failed to use the image's environment '%s': must be NAME=VALUE", quoted);
      return FALSE;
    }
    set_env (env, *entries);
  }
  return TRUE;
}

static gboolean
plan_env (QuiltSpec *spec,
          const QuiltOptions *options,
          const QuiltImageConfig *image,
          GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Env env = {entries, places};
  g_autofree char *hostname =
      spec->hostname ? g_strconcat ("HOSTNAME=", spec->hostname, NULL) : NULL;

  set_env (&env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  set_env (&env, "container=quilt");
  if (!options->user) /* a user's home is looked up later */
    set_env (&env, "HOME=/root");
  if (hostname)
    set_env (&env, hostname);
  if (options->terminal)
    set_env (&env, "TERM=xterm");
  if (!set_image_env (&env, image->env, error))
    return FALSE;
  for (char **entry = options->env; entry && *entry; entry++)
    set_env (&env, *entry);
  g_ptr_array_add (entries, NULL);
  spec->process.env = (char **)g_ptr_array_free (g_steal_pointer (&entries), FALSE);
  return TRUE;
}

/* Combines the image's entrypoint and command as other engines do: the user's command replaces the
 * image's command. */
static gboolean
plan_args (QuiltSpec *spec,
           const QuiltOptions *options,
           const QuiltImageConfig *image,
           GError **error)
{
  g_autoptr (GStrvBuilder) args = g_strv_builder_new ();
  char **command = options->command && *options->command ? options->command : image->cmd;

  /* The image's command is meant for the image's entrypoint, so do not pass it to the user's. */
  if (options->entrypoint && *options->entrypoint) {
    if (**options->entrypoint)
      g_strv_builder_addv (args, (const char **)options->entrypoint);
    if (command == image->cmd)
      command = NULL;
  } else if (image->entrypoint) {
    g_strv_builder_addv (args, (const char **)image->entrypoint);
  }
  if (command)
    g_strv_builder_addv (args, (const char **)command);
  spec->process.args = g_strv_builder_end (args);
  if (spec->process.args[0] && *spec->process.args[0])
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to choose a command: the image names no command; give one after the image");
  return FALSE;
}

static gboolean
plan_process (QuiltSpec *spec,
              const QuiltOptions *options,
              const QuiltImageConfig *image,
              GError **error)
{
  QuiltProcess *process = &spec->process;
  const char *cwd =
      options->working_directory ? options->working_directory : image->working_directory;
  guint64 capabilities;
  guint provide = 0;

  if (cwd && *cwd && *cwd != '/') {
    g_autofree char *quoted = quilt_text_quote (cwd);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use the image's working directory '%s': must be an absolute path",
                 quoted);
    return FALSE;
  }
  if (!quilt_options_get_capabilities (options, &capabilities, error))
    return FALSE;
  process->cwd = g_strdup (cwd && *cwd ? cwd : "/");
  process->terminal = options->terminal;
  process->no_new_privileges = options->no_new_privileges;
  process->has_capabilities = TRUE;
  process->capabilities.bounding = capabilities;
  if (quilt_user_is_root (options->user)) {
    /* Inheritable and ambient stay empty, so that a program without file capabilities gains
     * nothing. */
    process->capabilities.effective = capabilities;
    process->capabilities.permitted = capabilities;
  } else {
    /* As in podman: a user other than root gets the capabilities that were added by name, and keeps
     * them in every program. */
    guint64 added = quilt_capabilities_added (options->cap_add) & capabilities;

    process->capabilities.effective = added;
    process->capabilities.permitted = added;
    process->capabilities.inheritable = added;
    process->capabilities.ambient = added;
  }
  if (!plan_args (spec, options, image, error) || !plan_env (spec, options, image, error) ||
      (options->provide && !quilt_provide_parse (options->provide, &provide, error)))
    return FALSE;
  quilt_environment_provide (process, provide);
  return TRUE;
}

static gboolean
plan_setup (QuiltSpec *spec, const QuiltOptions *options, GError **error)
{
  for (char **step = options->setup; step && *step; step++) {
    char **argv = quilt_setup_step_argv (*step, error);
    QuiltHook *hook;

    if (!argv)
      return FALSE;
    hook = g_new0 (QuiltHook, 1);
    hook->path = g_strdup (argv[0]);
    hook->args = argv;
    if (options->setup_timeout_usec != QUILT_INFINITY)
      hook->timeout = (gint64)(options->setup_timeout_usec / G_USEC_PER_SEC);
    g_ptr_array_add (spec->start_container, hook);
  }
  return TRUE;
}

static void
annotate (QuiltSpec *spec, const char *key, char *value)
{
  g_hash_table_insert (spec->annotations, g_strdup (key), value);
}

static gboolean
plan_annotations (QuiltSpec *spec,
                  const char *id,
                  const QuiltOptions *options,
                  const QuiltImageConfig *image,
                  GError **error)
{
  int signal = options->stop_signal ? (int)options->stop_signal : 15;

  if (!options->stop_signal && image->stop_signal && *image->stop_signal &&
      !quilt_parse_signal (image->stop_signal, &signal, error))
    return FALSE;
  annotate (spec, QUILT_ANNOTATION_ID, g_strdup (id));
  annotate (spec, QUILT_ANNOTATION_NAME, g_strdup (options->name ? options->name : id));
  annotate (spec, QUILT_ANNOTATION_STOP_SIGNAL, quilt_signal_to_string (signal));
  annotate (spec, QUILT_ANNOTATION_STOP_TIMEOUT,
            g_strdup_printf ("%" G_GUINT64_FORMAT, options->stop_timeout_usec));
  if (options->privileged || quilt_capabilities_has_all (options->cap_add))
    annotate (spec, QUILT_ANNOTATION_ALL_CAPABILITIES, g_strdup ("true"));
  if (options->init)
    annotate (spec, QUILT_ANNOTATION_INIT, g_strdup ("true"));
  if (options->interactive)
    annotate (spec, QUILT_ANNOTATION_INTERACTIVE, g_strdup ("true"));
  if (options->provide)
    annotate (spec, QUILT_ANNOTATION_PROVIDE, g_strdup (options->provide));
  if (options->log_rate_burst > 0) {
    annotate (spec, QUILT_ANNOTATION_LOG_RATE_BURST,
              g_strdup_printf ("%" G_GINT64_FORMAT, options->log_rate_burst));
    annotate (spec, QUILT_ANNOTATION_LOG_RATE_INTERVAL,
              g_strdup_printf ("%" G_GUINT64_FORMAT, options->log_rate_interval_usec));
  }
  return TRUE;
}

/* The group of terminals (tty) may not be mapped in the container. */
static void
drop_group_of_terminals (QuiltSpec *spec)
{
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];
    guint kept = 0;

    if (g_strcmp0 (mount->type, "devpts") != 0)
      continue;
    for (char **option = mount->options; *option; option++) {
      if (g_str_has_prefix (*option, "gid="))
        g_free (*option);
      else
        mount->options[kept++] = *option;
    }
    mount->options[kept] = NULL;
  }
}

static gboolean
plan_ids (QuiltSpec *spec, const QuiltRootfs *rootfs, GError **error)
{
  guint32 outside;

  if (!rootfs->uid_map)
    return TRUE;
  spec->namespaces |= QUILT_NS_USER;
  g_array_append_vals (spec->uid_map, rootfs->uid_map->data, rootfs->uid_map->len);
  g_array_append_vals (spec->gid_map, rootfs->gid_map->data, rootfs->gid_map->len);
  if (!quilt_id_map_find (spec->gid_map, GROUP_TTY, &outside))
    drop_group_of_terminals (spec);
  return quilt_oci_check_ids (spec, error);
}

static void
plan_namespaces (const QuiltOptions *options, QuiltSpec *spec)
{
  guint fd = QUILT_SHARING_FD;

  spec->namespaces = quilt_sharing_own_namespaces (options);
  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++) {
    g_autofree char *path = NULL;

    if (!quilt_sharing_get_container (sharing, options))
      continue;
    path = g_strdup_printf ("/proc/self/fd/%u", fd++);
    quilt_spec_join (spec, sharing->flag, path);
  }
}

QuiltSpec *
quilt_spec_new_for_container (const char *id,
                              const QuiltOptions *options,
                              const QuiltImageConfig *image,
                              const QuiltRootfs *rootfs,
                              GError **error)
{
  static const QuiltImageConfig no_config = {NULL};
  g_autoptr (QuiltSpec) spec = quilt_spec_new ();
  guint standard;

  if (!image)
    image = &no_config;
  spec->oci_version = g_strdup (OCI_VERSION);
  spec->root_path = g_strdup (rootfs->mount_point);
  spec->root_readonly = options->read_only;
  plan_namespaces (options, spec);
  if (spec->namespaces & QUILT_NS_UTS)
    spec->hostname = options->hostname
                         ? g_strdup (options->hostname)
                         : quilt_hostname_from_name (options->name ? options->name : id);
  spec->domainname = g_strdup (options->domainname);
  if (!options->privileged) {
    spec->masked_paths = g_strdupv ((char **)masked_paths);
    spec->readonly_paths = g_strdupv ((char **)readonly_paths);
  }
  if (!add_root (spec, rootfs, error) || !plan_process (spec, options, image, error) ||
      !quilt_plan_limits (spec, options, error) || !plan_setup (spec, options, error) ||
      !plan_annotations (spec, id, options, image, error))
    return NULL;
  add_standard_mounts (spec, options);
  if (options->privileged)
    unlock_mounts (spec);
  if (rootfs->etc)
    quilt_plan_etc (spec, options, rootfs->etc);
  standard = spec->mounts->len;
  if (options->read_only)
    add_mounts (spec, scratch_mounts, G_N_ELEMENTS (scratch_mounts));
  quilt_plan_timezone (spec, options);
  if (!quilt_plan_mounts (spec, options, rootfs->uid_map != NULL, error) ||
      !plan_ids (spec, rootfs, error))
    return NULL;
  quilt_plan_order (spec, standard);
  if (options->provide) /* last, so that no other mount is below it */
    add_mounts (spec, &provided_mount, 1);
  return g_steal_pointer (&spec);
}
