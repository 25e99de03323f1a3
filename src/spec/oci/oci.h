/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCI runtime configuration as values: config.json of runtime-spec 1.0 to 1.2 for Linux. */
#pragma once

#include "spec/id-map.h"
#include "spec/namespaces.h"
#include "spec/oci/resources.h"
#include "spec/options/options.h"
#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"

#include <glib.h>

/* An existing namespace to join. */
typedef struct {
  QuiltNamespaces type; /* exactly one type */
  char *path;           /* absolute path on the host, like those in /proc/PID/ns */
} QuiltNamespaceJoin;

/* Quilt's own option of a bind mount: mounts a copy of the file. The copy is in memory, may grow to
 * a mebibyte, belongs to the container's root, and vanishes with the mount. */
#define QUILT_MOUNT_COPY "x-quilt.copy"

typedef struct {
  char *destination; /* absolute path inside the container */
  char *type;        /* "overlay", "proc", "tmpfs", …; NULL for a bind mount */
  char *source;
  /* options of mount(8), NULL-terminated; may be NULL. "idmap" maps ids as in the user namespace;
   * for the root overlay, those of its layers and its upper directory */
  char **options;
  /* Of QuiltIdMap: the mount's own maps, used instead of the user namespace's. NULL or empty:
   * none. */
  GArray *uid_map, *gid_map;
} QuiltMount;

/* A program that runs at a certain point of the container's life. Those of startContainer may be
 * setup steps, which run inside the container before its command. */
typedef struct {
  char *path; /* absolute; for a setup step, argv[0] is searched in PATH if path contains no '/' */
  char **args;
  char **env;     /* NULL: the environment of the process */
  gint64 timeout; /* seconds; 0: no timeout */
} QuiltHook;

/* Scheduling, as for sched_setattr(2). */
typedef struct {
  gboolean is_set;
  gint64 policy, nice, priority;
  guint64 flags;
  guint64 runtime, deadline, period; /* ns */
} QuiltScheduler;

/* IO priority, as for ioprio_set(2). */
typedef struct {
  gint64 io_class; /* 0: not set */
  gint64 priority;
} QuiltIoPriority;

/* The offset of a clock in a time namespace from the host's clock; all zero: no offset. */
typedef struct {
  gint64 secs, nanosecs;
} QuiltTimeOffset;

/* A network interface of the host to move into the container. */
typedef struct {
  char *name;
  char *new_name; /* name in the container; NULL: unchanged */
} QuiltNetDevice;

/* Sets of capabilities as masks of 1 << CAP_… (capabilities(7)). */
typedef struct {
  guint64 bounding, effective, permitted, inheritable, ambient;
} QuiltCapabilities;

typedef struct {
  char **args;
  char **env;
  char *cwd;
  /* a login of the user: see QuiltSession. Without cwd it begins in the user's home, without args
   * it is the user's shell; never read from a configuration */
  gboolean login;
  char *apparmor_profile; /* NULL, "" or "unconfined": none */
  char *selinux_label;    /* NULL or "": none */
  guint64 uid;
  guint64 gid;
  GArray *additional_gids; /* of guint32 */
  GArray *rlimits;         /* of QuiltRlimit */
  gint64 umask;            /* -1: unchanged */
  gboolean terminal;
  gboolean has_console_size;
  guint16 console_width, console_height;
  QuiltScheduler scheduler;
  QuiltIoPriority io_priority;
  /* Lists of CPUs for processes that are executed in the container later: before and after they
   * enter its cgroup. NULL: unchanged. */
  char *exec_cpus_initial, *exec_cpus_final;
  gint64 oom_score_adj;
  gboolean has_oom_score_adj;
  gboolean no_new_privileges;
  /* keep the groups of the process that starts the container; not a field of config.json */
  gboolean keeps_groups;
  gboolean has_capabilities; /* if FALSE, the container has no capabilities */
  QuiltCapabilities capabilities;
} QuiltProcess;

/* A mount with destination "/" makes the root file system; Quilt writes an overlay there. root_path
 * is then only its mount point. Without such a mount, root_path itself is the root, bind-mounted
 * onto itself. */
typedef struct {
  char *oci_version;
  char *root_path;
  gboolean root_readonly;
  char *hostname;
  char *domainname; /* for setdomainname(2); NULL: none */
  QuiltProcess process;
  GPtrArray *mounts; /* of QuiltMount, in order */
  /* Of QuiltHook, in order. The path of startContainer is in the container; all others are on the
   * host, also that of createContainer, which runs in the container's namespaces. */
  GPtrArray *prestart, *create_runtime, *create_container, *start_container, *poststart, *poststop;
  guint namespaces; /* QuiltNamespaces to create */
  GArray *uid_map;  /* of QuiltIdMap; empty in the host's user namespace */
  GArray *gid_map;
  /* of QuiltNamespaceJoin, at most one of each type; other namespaces are the host's */
  GPtrArray *joins;
  /* another process of an existing container: no root is built. Never read from a configuration */
  gboolean is_guest;
  char *mount_label;  /* SELinux label of files in new file systems; NULL or "": none */
  GArray *devices;    /* of QuiltDevice (spec/options/devices.h), in addition to the usual ones */
  gint64 personality; /* PER_… of personality(2); -1: unchanged */
  QuiltTimeOffset monotonic, boottime;
  GPtrArray *net_devices;   /* of QuiltNetDevice */
  char *rootfs_propagation; /* "shared", … or "rshared", …; NULL: private */
  /* as in the file; NULL: none. The supervisor's container uses its scope instead */
  char *cgroups_path;
  char **masked_paths;
  char **readonly_paths;
  QuiltSeccomp *seccomp; /* NULL: no filter, or only a compiled one */
  /* compiled filter, set by the process that starts the container; not part of the file; see
   * spec/seccomp/filter.h */
  GBytes *filter;
  GHashTable *sysctls;          /* char * → char *, as typed; see spec/sysctl.h */
  GHashTable *annotations;      /* char * → char * */
  QuiltOciResources *resources; /* NULL: none */
} QuiltSpec;

/* Annotations for settings that OCI lacks. Numbers are decimal, also QUILT_INFINITY. */
#define QUILT_ANNOTATION_ID "org.quilt.id"
#define QUILT_ANNOTATION_NAME "org.quilt.name"
/* The name that the user gave for the image. quiltd adds it. */
#define QUILT_ANNOTATION_IMAGE "org.quilt.image"
/* Replaces linux.seccomp, which would take long to read at each start: the compiled filter comes
 * separately. The value is only for people who read the file. */
#define QUILT_ANNOTATION_SECCOMP "org.quilt.seccomp"
/* "true": our init is pid 1, and the command is its child. */
#define QUILT_ANNOTATION_INIT "org.quilt.init"
/* "true": the command reads what attached clients write */
#define QUILT_ANNOTATION_INTERACTIVE "org.quilt.interactive"
/* Words of spec/provide.h: the init fills the mount on their directory. */
#define QUILT_ANNOTATION_PROVIDE "org.quilt.provide"
#define QUILT_ANNOTATION_STOP_SIGNAL "org.opencontainers.image.stopSignal" /* "SIGTERM" */
#define QUILT_ANNOTATION_STOP_TIMEOUT "org.quilt.stop-timeout"             /* µs */
#define QUILT_ANNOTATION_LOG_RATE_BURST "org.quilt.log-rate-burst" /* lines; absent: no limit */
#define QUILT_ANNOTATION_LOG_RATE_INTERVAL "org.quilt.log-rate-interval" /* µs */
/* Present: of the requested capabilities, grant those that the runtime itself has. */
#define QUILT_ANNOTATION_ALL_CAPABILITIES "org.quilt.all-capabilities"
/* USER[:GROUP], looked up inside. process.user then applies to the setup steps. */
#define QUILT_ANNOTATION_USER "org.quilt.user"
#define QUILT_ANNOTATION_GROUPS "org.quilt.groups" /* additional groups, separated by commas */
/* Present: RLIMIT_NOFILE is only a default, so a lower limit is accepted. */
#define QUILT_ANNOTATION_NOFILE_DEFAULT "org.quilt.nofile-default"

/* Annotations of other runtimes, which engines write. */
/* Present: keep the groups of the process that starts the container, and add none. */
#define QUILT_ANNOTATION_KEEP_GROUPS "run.oci.keep_original_groups"
/* Present and not "0": an unknown system call in linux.seccomp is an error. */
#define QUILT_ANNOTATION_FAIL_UNKNOWN_CALL "run.oci.seccomp_fail_unknown_syscall"
/* The mount option that sets linux.mountLabel. */
#define QUILT_ANNOTATION_CONTEXT_TYPE "run.oci.mount_context_type"

/* The number in an annotation, or fallback if it is absent. Sets INVALID_ARGUMENT if it is not
 * a number. */
gboolean quilt_spec_annotation_uint64 (
    const QuiltSpec *spec, const char *key, guint64 fallback, guint64 *ret_value, GError **error);

/* Whether our init is pid 1, and the command its child. */
gboolean quilt_spec_has_init (const QuiltSpec *spec);

/* Whether the container joins a namespace of this type. */
gboolean quilt_spec_joins (const QuiltSpec *spec, QuiltNamespaces type);

/* Whether the container's namespace of this type is not the host's: a new or a joined one. */
gboolean quilt_spec_leaves_host (const QuiltSpec *spec, QuiltNamespaces type);

/* Whether a root is built, in a new or a joined mount namespace. */
gboolean quilt_spec_builds_root (const QuiltSpec *spec);

/* The device's name in the container. */
const char *quilt_net_device_get_new_name (const QuiltNetDevice *device);

/* Adds a namespace to join. */
void quilt_spec_join (QuiltSpec *spec, QuiltNamespaces type, const char *path);

/* The path of a user namespace that is joined without maps in the configuration. NULL if there is
 * none. */
const char *quilt_spec_get_unknown_users (const QuiltSpec *spec);
/* Adds the maps of that namespace (of QuiltIdMap, neither empty). Sets INVALID_ARGUMENT if they
 * lack an id that spec uses. */
gboolean quilt_spec_learn_id_maps (QuiltSpec *spec,
                                   const GArray *uid_map,
                                   const GArray *gid_map,
                                   GError **error);

void quilt_spec_free (QuiltSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSpec, quilt_spec_free)

/* Parses a config.json of at most 4 MiB. Every field is applied, refused by its JSON path
 * (NOT_SUPPORTED, INVALID_ARGUMENT), or ignored for the reason in the table. */
QuiltSpec *quilt_spec_parse (const char *data, gsize length, GError **error);

/* As quilt_spec_parse(), for untrusted configurations. As the specification demands, ignores
 * unknown keys and capabilities, and lists them in *ret_unknown ("linux.x, process.y"; NULL if
 * there are none; owned by the caller). */
QuiltSpec *
quilt_spec_parse_lenient (const char *data, gsize length, char **ret_unknown, GError **error);

/* Parses an object "process" of at most QUILT_PROCESS_SIZE_MAX bytes, for exec. Replaces that of
 * spec, which stays unchanged on error. Treats unknown keys as quilt_spec_parse_lenient() does. */
#define QUILT_PROCESS_SIZE_MAX (1 << 20)
gboolean quilt_spec_replace_process (
    QuiltSpec *spec, const char *data, gsize length, char **ret_unknown, GError **error);

/* Prints the configuration. quilt_spec_parse() reads it as the same values. Owned by the caller. */
char *quilt_spec_print (const QuiltSpec *spec, gboolean pretty);

/* The image's configuration for running it. For an imported tarball everything is NULL. */
typedef struct {
  char **entrypoint;
  char **cmd;
  char **env;
  char *working_directory;
  char *stop_signal;
  char *user; /* of containers that are made without one */
} QuiltImageConfig;

void quilt_image_config_clear (QuiltImageConfig *config);
/* Copies to a config that is empty. */
void quilt_image_config_copy (QuiltImageConfig *copy, const QuiltImageConfig *config);

/* The container's root file system. All paths are absolute, on the host. */
typedef struct {
  const char *const *layers; /* topmost first, as in overlayfs's lowerdir */
  const char *upper;
  const char *work;
  const char *mount_point;
  /* overlayfs's option "volatile": the files are deleted after the only run */
  gboolean is_volatile;
  /* Of QuiltIdMap: maps of the container's files and processes. NULL: the host's ids. */
  const GArray *uid_map;
  const GArray *gid_map;
  const char *etc; /* directory of the files of spec/oci/etc.h; NULL: use the image's files */
} QuiltRootfs;

/* The only function that turns image and options into an OCI configuration: namespaces pid, mount,
 * uts, ipc, cgroup, network; /proc, /dev, /sys and others; podman's default capabilities,
 * no_new_privileges, masked and read-only paths; annotations org.quilt.* for settings that OCI
 * lacks (see spec/oci/oci.h). Sets INVALID_ARGUMENT if neither image nor options name a command. */
QuiltSpec *quilt_spec_new_for_container (const char *id,
                                         const QuiltOptions *options,
                                         const QuiltImageConfig *image,
                                         const QuiltRootfs *rootfs,
                                         GError **error);

/* A configuration with nothing set: no namespace, and an unchanged umask. */
QuiltSpec *quilt_spec_new (void);

void quilt_process_init (QuiltProcess *process);
void quilt_process_clear (QuiltProcess *process);
