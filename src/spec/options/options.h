/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user asks of one container, as a value: from D-Bus options, to and from the record on
 * disk. */
#pragma once

#include "spec/words.h"

#include <glib.h>
#include <json-c/json.h>

/* Of the option seccomp; anything else is the text of a profile. */
#define QUILT_SECCOMP_DEFAULT "default"
#define QUILT_SECCOMP_UNCONFINED "unconfined"

/* Strings that become argv or environment are bytes; the rest is UTF-8. */
typedef struct {
  char *name;               /* container name; NULL: the manager invents one */
  char **command;           /* argv; NULL or empty: the image's own */
  char **entrypoint;        /* what the command is given to; NULL or empty: the image's; "": none */
  guint64 runtime_max_usec; /* from a start until it is stopped; QUILT_INFINITY: no limit */
  char **env;               /* "NAME=value", later wins over the image's */
  char *working_directory;  /* absolute; NULL: the image's, or "/" */
  char *hostname;           /* NULL: made of the container's name */
  char *domainname;         /* NULL: none */
  char *timezone;           /* "local", or a name of zoneinfo; NULL: the image's */
  char **labels;            /* "key=value", sorted, unique keys */
  char **setup;             /* the --setup steps as typed, in order */
  guint64 setup_timeout_usec; /* of each step, whole seconds; QUILT_INFINITY: none */
  guint64 memory_max;         /* bytes; QUILT_INFINITY: no limit */
  guint64 cpu_quota_usec;     /* CPU time per second of wall clock, µs; QUILT_INFINITY: no limit */
  guint64 pids_max;           /* QUILT_INFINITY: no limit */
  guint64 memory_high;        /* bytes from which it is slowed down; QUILT_INFINITY: none */
  guint64 memory_low;         /* bytes that are not taken from it while others have some; 0: none */
  guint64 memory_swap;        /* bytes of memory and swap together, podman's meaning; 0: twice
                                 memory_max; QUILT_INFINITY: as much swap as there is */
  guint64 cpu_weight;         /* 1..10000; QUILT_INFINITY: systemd's default */
  guint64 io_weight;          /* likewise */
  char *cpuset_cpus;          /* "0-3,8"; NULL or empty: all */
  char *cpuset_mems;
  /* Lists of structures are as on the bus (spec/options/entries.h), NULL as an empty one. */
  GVariant *device_read_bps; /* a(st): device, rate in a second; a device once */
  GVariant *device_write_bps;
  GVariant *device_read_iops;
  GVariant *device_write_iops;
  char **ip_allow; /* ranges of addresses, see spec/options/resources.h */
  char **ip_deny;
  char *apparmor;            /* profile; NULL or empty: quilt-default where that is loaded */
  char **label;              /* SELinux, see spec/labels.h; NULL or empty: labels of its own */
  guint64 stop_timeout_usec; /* from the stop signal to SIGKILL */
  gint64 stop_signal;        /* 1..64; 0: the image's, or SIGTERM */
  gint64 log_rate_burst;     /* lines per log_rate_interval_usec; 0: no limit */
  guint64 log_rate_interval_usec;
  /* Whose namespaces: NULL or "private", "host", "container:ID" (spec/options/sharing.h). */
  char *pid;
  char *ipc; /* or "shareable" */
  char *uts;
  char *network; /* or "none" */
  char *cgroupns;
  GVariant *devices; /* a(sss), see spec/options/devices.h */
  gboolean init;     /* our own first process, which reaps and passes signals on */
  char *userns;      /* QUILT_USERNS_… or a map; NULL: auto, or made before there was a choice */
  gboolean strict_limits; /* a limit that can't be in force is an error */
  char *slice;            /* a unit below quilt.slice (spec/slice.h); NULL: that itself */
  gboolean auto_remove;   /* --rm */
  gboolean read_only;     /* --read-only: the root file system */
  char **cap_add;         /* names of capabilities, "CAP_…" or "ALL" */
  char **cap_drop;
  gboolean no_new_privileges; /* nothing that is executed gains a privilege */
  char **ulimits;             /* "NAME=SOFT[:HARD]" */
  char **sysctls;             /* "KEY=VALUE" */
  GVariant *tmpfs;            /* a(sas), see spec/options/tmpfs.h */
  GVariant *volumes;          /* a(ssas), see spec/options/volume.h */
  guint64 shm_size;           /* of /dev/shm, bytes; 0: no limit */
  gint64 oom_score_adj;       /* -1000 to 1000 */
  gint64 umask;
  char *user;       /* "USER[:GROUP]"; NULL: the container's root */
  char **group_add; /* names or numbers */
  gboolean privileged;
  char *seccomp; /* NULL as QUILT_SECCOMP_DEFAULT, or _UNCONFINED, or a profile */
  /* Options of a newer Quilt, as a JSON object, only of a record: they are kept, and a container
   * that has them can't be started. NULL: none. */
  char *more;
} QuiltOptions;

QuiltOptions *quilt_options_new (void); /* the defaults */
void quilt_options_free (QuiltOptions *options);
QuiltOptions *quilt_options_copy (const QuiltOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltOptions, quilt_options_free)

/* Consumes the keys that are options of a container from a D-Bus a{sv} (dbus/org.quilt.xml names
 * each with its type). Unknown keys: NOT_SUPPORTED naming the key; a wrong type, or a value out of
 * its grammar or range: INVALID_ARGUMENT naming key, value and what is allowed. */
QuiltOptions *quilt_options_from_variant (GVariant *dict, GError **error);

/* Applies the keys that may change while a container lives (limits, stop-timeout, stop-signal): all
 * or nothing. Errors as above; a key that is fixed at creation is
 * NOT_SUPPORTED. */
gboolean quilt_options_update (QuiltOptions *options, GVariant *dict, GError **error);

/* The record's form. quilt_options_from_json() checks everything again but options of a newer
 * Quilt.
 */
json_object *quilt_options_to_json (const QuiltOptions *options);
QuiltOptions *quilt_options_from_json (json_object *object, GError **error);

/* How far the stop timeout of a running container can be raised (µs): its scope has at least this
 * much, and systemd lets nobody change that. */
#define QUILT_LIVE_STOP_TIMEOUT ((guint64)90 * G_USEC_PER_SEC)

/* The properties of the container's scope for StartTransientUnit, type a(sv), floating:
 * Description, Slice, PIDs, Delegate, Controller, KillMode, KillSignal, TimeoutStopUSec,
 * CollectMode, the accounting switches, where it needs one a DevicePolicy with DeviceAllow, and
 * every limit that is set. devices is of QuiltDevice, or NULL. pid is the supervisor's; controller
 * a bus name. See org.freedesktop.systemd1(5), systemd.scope(5), systemd.resource-control(5). */
GVariant *quilt_options_scope_properties (const QuiltOptions *options,
                                          const GArray *devices,
                                          guint32 pid,
                                          const char *controller);

/* The limits alone, as SetUnitProperties takes them, type a(sv), floating; "no limit" is spelled
 * out. before: what is in force. */
GVariant *quilt_options_limit_properties (const QuiltOptions *options, const QuiltOptions *before);

/* Whether options make the container, or its user, equivalent to root on the host, so that whoever
 * asks for it needs the polkit action org.quilt.privileged. *ret_why is the first option that
 * does: its key on the bus, a static string. */
gboolean quilt_options_need_privilege (const QuiltOptions *options, const char **ret_why);

/* The keys of all that do; NULL-terminated, owned by the caller, the strings static. */
const char **quilt_options_privileges (const QuiltOptions *options);

/* The capabilities that a container of these options has, which is root. INVALID_ARGUMENT for what
 * contradicts. */
gboolean
quilt_options_get_capabilities (const QuiltOptions *options, guint64 *ret_mask, GError **error);

/* The file of the host that describes its time zone; NULL: none was asked for. Owned by the caller.
 */
char *quilt_options_get_timezone_file (const QuiltOptions *options);

/* What to filter its system calls by, as the option seccomp; options' own. */
const char *quilt_options_get_seccomp (const QuiltOptions *options);
