/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCI runtime configuration as values: config.json of runtime-spec 1.0 to 1.2, Linux. */
#pragma once

#include "spec/id-map.h"
#include "spec/namespaces.h"
#include "spec/oci/resources.h"
#include "spec/options/options.h"
#include "spec/seccomp/filter.h"
#include "spec/seccomp/seccomp.h"

#include <glib.h>

/* A namespace that is there already. */
typedef struct {
  QuiltNamespaces type; /* one of them */
  char *path;           /* absolute, on the host, as in /proc/PID/ns */
} QuiltNamespaceJoin;

/* An option of a bind mount of Quilt's own: of a copy of the file, which lives in memory, has at
 * most a mebibyte, belongs to the container's root and goes with the mount. */
#define QUILT_MOUNT_COPY "x-quilt.copy"

typedef struct {
  char *destination; /* absolute, inside the container */
  char *type;        /* "overlay", "proc", "tmpfs", …; NULL for a bind */
  char *source;
  char **options; /* as mount(8) spells them; NULL-terminated, may be NULL. "idmap": with the ids of
                   * the user namespace, of the root overlay its layers and its upper directory */
  /* Of QuiltIdMap: the mount's own, instead of the user namespace's; NULL or empty: none. */
  GArray *uid_map, *gid_map;
} QuiltMount;

/* A program that runs at a point of the container's life. One of startContainer is a step that runs
 * inside the container before its command. */
typedef struct {
  char *path; /* absolute; of a step argv[0] is resolved by its PATH when path has no '/' */
  char **args;
  char **env;     /* NULL: the process's own */
  gint64 timeout; /* seconds; 0: none */
} QuiltHook;

/* sched_setattr(2). */
typedef struct {
  gboolean is_set;
  gint64 policy, nice, priority;
  guint64 flags;
  guint64 runtime, deadline, period; /* ns */
} QuiltScheduler;

/* ioprio_set(2). */
typedef struct {
  gint64 io_class; /* 0: not set */
  gint64 priority;
} QuiltIoPriority;

/* How far a clock of a time namespace is ahead of the host's; all zero: it is the host's. */
typedef struct {
  gint64 secs, nanosecs;
} QuiltTimeOffset;

/* A network interface of the host that the container gets. */
typedef struct {
  char *name;
  char *new_name; /* inside; NULL: the same */
} QuiltNetDevice;

/* Sets of capabilities as masks of 1 << CAP_… (capabilities(7)). */
typedef struct {
  guint64 bounding, effective, permitted, inheritable, ambient;
} QuiltCapabilities;

typedef struct {
  char **args;
  char **env;
  char *cwd;
  char *apparmor_profile; /* NULL, "" or "unconfined": none */
  char *selinux_label;    /* NULL or "": none */
  guint64 uid;
  guint64 gid;
  GArray *additional_gids; /* of guint32 */
  GArray *rlimits;         /* of QuiltRlimit */
  gint64 umask;            /* -1: leave */
  gboolean terminal;
  gboolean has_console_size;
  guint16 console_width, console_height;
  QuiltScheduler scheduler;
  QuiltIoPriority io_priority;
  /* Lists of CPUs for what is executed in the container later, before and after it is in its
   * cgroup; NULL: leave. */
  char *exec_cpus_initial, *exec_cpus_final;
  gint64 oom_score_adj;
  gboolean has_oom_score_adj;
  gboolean no_new_privileges;
  gboolean keeps_groups;     /* of whoever starts it; no field of a configuration */
  gboolean has_capabilities; /* absent in the file means: none at all */
  QuiltCapabilities capabilities;
} QuiltProcess;

/* A mount with destination "/" makes the root file system (Quilt writes an overlay there):
 * root_path is then only the place it is put on. Without one, root_path is the root, bound onto
 * itself. */
typedef struct {
  char *oci_version;
  char *root_path;
  gboolean root_readonly;
  char *hostname;
  char *domainname; /* as setdomainname(2) has it; NULL: none */
  QuiltProcess process;
  GPtrArray *mounts; /* of QuiltMount, in order */
  /* Of QuiltHook, in order; of the first two and the last two the path is the host's, as it is of
   * create_container, which runs in the container's namespaces. */
  GPtrArray *prestart, *create_runtime, *create_container, *start_container, *poststart, *poststop;
  guint namespaces; /* QuiltNamespaces to create */
  GArray *uid_map;  /* of QuiltIdMap; empty in the host's user namespace */
  GArray *gid_map;
  GPtrArray *joins;   /* of QuiltNamespaceJoin, no two of a type; the rest is the host's */
  gboolean is_guest;  /* one process more in a container that is there: no root is built; never read
                       * from a configuration */
  char *mount_label;  /* SELinux label of the files in what is mounted new; NULL or "": none */
  GArray *devices;    /* of QuiltDevice (spec/options/devices.h), beside the usual ones */
  gint64 personality; /* PER_… of personality(2); -1: leave */
  QuiltTimeOffset monotonic, boottime;
  GPtrArray *net_devices;   /* of QuiltNetDevice */
  char *rootfs_propagation; /* "shared", …, or with r; NULL: private */
  char *cgroups_path; /* as the file has it, NULL: none; of the supervisor it is the scope's */
  char **masked_paths;
  char **readonly_paths;
  QuiltSeccomp *seccomp; /* NULL: no filter, or one that is only compiled */
  /* compiled, of whoever starts it: no part of the file; see spec/seccomp/filter.h */
  GBytes *filter;
  GHashTable *sysctls;          /* char * → char *: as typed; see spec/sysctl.h */
  GHashTable *annotations;      /* char * → char * */
  QuiltOciResources *resources; /* NULL: none */
} QuiltSpec;

/* Annotations for what OCI has no word for. Numbers are decimal; QUILT_INFINITY is its decimal
 * value. */
#define QUILT_ANNOTATION_ID "org.quilt.id"
#define QUILT_ANNOTATION_NAME "org.quilt.name"
#define QUILT_ANNOTATION_IMAGE                                                                     \
  "org.quilt.image" /* as the user named it: whoever knows it adds it */
/* Instead of linux.seccomp, which would take long to read at each start: its filter, compiled,
 * comes beside the configuration. The value is for readers. */
#define QUILT_ANNOTATION_SECCOMP "org.quilt.seccomp"
#define QUILT_ANNOTATION_INIT "org.quilt.init" /* "true": pid 1 is ours, the command its child */
#define QUILT_ANNOTATION_STOP_SIGNAL "org.opencontainers.image.stopSignal" /* "SIGTERM" */
#define QUILT_ANNOTATION_STOP_TIMEOUT "org.quilt.stop-timeout"             /* µs */
#define QUILT_ANNOTATION_LOG_RATE_BURST "org.quilt.log-rate-burst" /* lines; absent: no limit */
#define QUILT_ANNOTATION_LOG_RATE_INTERVAL "org.quilt.log-rate-interval" /* µs */

#define QUILT_ANNOTATION_ALL_CAPABILITIES                                                          \
  "org.quilt.all-capabilities" /* present: of those asked for, what the runtime itself has */
#define QUILT_ANNOTATION_USER                                                                      \
  "org.quilt.user" /* USER[:GROUP], looked up inside; process.user is then the steps' */
#define QUILT_ANNOTATION_GROUPS "org.quilt.groups" /* more groups, by commas */
#define QUILT_ANNOTATION_NOFILE_DEFAULT                                                            \
  "org.quilt.nofile-default" /* present: nobody asked for RLIMIT_NOFILE; as much as there is */

/* Of other runtimes, which engines write. */
#define QUILT_ANNOTATION_KEEP_GROUPS                                                               \
  "run.oci.keep_original_groups" /* present: the groups of whoever starts it, and no others */
#define QUILT_ANNOTATION_FAIL_UNKNOWN_CALL                                                         \
  "run.oci.seccomp_fail_unknown_syscall" /* present and not "0": one in linux.seccomp is an error  \
                                          */
#define QUILT_ANNOTATION_CONTEXT_TYPE                                                              \
  "run.oci.mount_context_type" /* mount option that linux.mountLabel is given by */

/* The number of an annotation, fallback if it is absent; INVALID_ARGUMENT if it is no number. */
gboolean quilt_spec_annotation_uint64 (
    const QuiltSpec *spec, const char *key, guint64 fallback, guint64 *ret_value, GError **error);

/* Whether pid 1 is to be ours, with the command as its child. */
gboolean quilt_spec_has_init (const QuiltSpec *spec);

/* Whether it joins a namespace of this type. */
gboolean quilt_spec_joins (const QuiltSpec *spec, QuiltNamespaces type);

/* Whether its namespace of this type is not the host's: a new one, or one that is joined. */
gboolean quilt_spec_leaves_host (const QuiltSpec *spec, QuiltNamespaces type);

/* Whether it has a root built, in a mount namespace that is new or joined. */
gboolean quilt_spec_builds_root (const QuiltSpec *spec);

/* How the container sees it. */
const char *quilt_net_device_get_new_name (const QuiltNetDevice *device);

/* Adds a namespace to join. */
void quilt_spec_join (QuiltSpec *spec, QuiltNamespaces type, const char *path);

/* The path of a user namespace that is joined and whose maps the configuration leaves out; NULL if
 * there is nothing to learn. */
const char *quilt_spec_get_unknown_users (const QuiltSpec *spec);
/* Adds those maps (of QuiltIdMap, neither empty). INVALID_ARGUMENT if an id of the spec is not in
 * them. */
gboolean quilt_spec_learn_id_maps (QuiltSpec *spec,
                                   const GArray *uid_map,
                                   const GArray *gid_map,
                                   GError **error);

void quilt_spec_free (QuiltSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSpec, quilt_spec_free)

/* Parses a config.json of at most 4 MiB. Every field is applied, refused by its JSON path
 * (NOT_SUPPORTED, INVALID_ARGUMENT), or ignored for a reason that stands in the table. */
QuiltSpec *quilt_spec_parse (const char *data, gsize length, GError **error);

/* Likewise a stranger's, as the specification has it: leaves out the keys and the capabilities that
 * it does not know, and names them in *ret_unknown ("linux.x, process.y"; NULL if there are none;
 * the caller's). */
QuiltSpec *
quilt_spec_parse_lenient (const char *data, gsize length, char **ret_unknown, GError **error);

/* Parses an object "process" alone, of at most QUILT_PROCESS_SIZE_MAX bytes, as exec takes it, and
 * puts it in the place of spec's, which stays as it is on error. As lenient. */
#define QUILT_PROCESS_SIZE_MAX (1 << 20)
gboolean quilt_spec_replace_process (
    QuiltSpec *spec, const char *data, gsize length, char **ret_unknown, GError **error);

/* Prints it; quilt_spec_parse() of the result gives the same values. Owned by the caller. */
char *quilt_spec_print (const QuiltSpec *spec, gboolean pretty);

/* What an image says about how to run it (a rootfs tarball says nothing: all NULL). */
typedef struct {
  char **entrypoint;
  char **cmd;
  char **env;
  char *working_directory;
  char *stop_signal;
} QuiltImageConfig;

void quilt_image_config_clear (QuiltImageConfig *config);

/* Where the container's root file system comes from, and whose it is; every path absolute, on the
 * host. */
typedef struct {
  const char *const *layers; /* lowest last, as overlayfs's lowerdir */
  const char *upper;
  const char *work;
  const char *mount_point;
  gboolean is_volatile; /* overlayfs "volatile": thrown away after its one run */
  /* Of QuiltIdMap: whose its files and processes are on the host. NULL: as inside. */
  const GArray *uid_map;
  const GArray *gid_map;
  const char *etc; /* the directory of the files of spec/oci/etc.h; NULL: the image's files stay */
} QuiltRootfs;

/* The one place that turns image and options into an OCI configuration: namespaces pid, mount, uts,
 * ipc, cgroup, network; /proc, /dev, /sys and friends; podman's default capabilities,
 * no_new_privileges, masked and read-only paths; annotations org.quilt.* for what OCI has no word
 * for (see spec/oci/oci.c). INVALID_ARGUMENT if neither image nor options name a command. */
QuiltSpec *quilt_spec_new_for_container (const char *id,
                                         const QuiltOptions *options,
                                         const QuiltImageConfig *image,
                                         const QuiltRootfs *rootfs,
                                         GError **error);

/* Nothing set, no namespace, umask left alone. */
QuiltSpec *quilt_spec_new (void);

void quilt_process_init (QuiltProcess *process);
void quilt_process_clear (QuiltProcess *process);
