/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System call filters as values: linux.seccomp of the OCI configuration (config-linux.md#seccomp),
 * and the profiles from which it is made. */
#pragma once

#include "base/json.h"

#include <glib.h>
#include <json-c/json.h>

/* The largest profile. Widely used profiles have a tenth of this size. */
#define QUILT_SECCOMP_PROFILE_MAX (256 * 1024)

typedef enum {
  QUILT_SECCOMP_KILL_THREAD,
  QUILT_SECCOMP_KILL_PROCESS,
  QUILT_SECCOMP_TRAP,
  QUILT_SECCOMP_ERRNO,
  QUILT_SECCOMP_TRACE,
  QUILT_SECCOMP_LOG,
  QUILT_SECCOMP_ALLOW,
  QUILT_SECCOMP_NOTIFY, /* the program at listener_path decides */
  QUILT_SECCOMP_N_ACTIONS,
} QuiltSeccompAction;

typedef enum {
  QUILT_SECCOMP_NE,
  QUILT_SECCOMP_LT,
  QUILT_SECCOMP_LE,
  QUILT_SECCOMP_EQ,
  QUILT_SECCOMP_GE,
  QUILT_SECCOMP_GT,
  QUILT_SECCOMP_MASKED_EQ, /* argument & value == value_two */
  QUILT_SECCOMP_N_OPERATORS,
} QuiltSeccompOperator;

/* A condition on an argument: an unsigned comparison of all 64 bits. */
typedef struct {
  guint64 index; /* 0..5 */
  guint64 value;
  guint64 value_two;
  QuiltSeccompOperator op;
} QuiltSeccompArg;

/* The condition for a rule of a profile. */
typedef struct {
  guint64 caps; /* 1 << CAP_…; includes needs all of them, any of them excludes */
  guint arches; /* 1 << index of quilt_seccomp_arches[]; any of them is enough */
  guint kernel; /* major << 16 | minor; 0: any version */
} QuiltSeccompCondition;

typedef struct {
  char **names; /* of system calls */
  QuiltSeccompAction action;
  guint errno_ret;                          /* for ERRNO and TRACE */
  GArray *args;                             /* of QuiltSeccompArg; all of them must hold */
  QuiltSeccompCondition includes, excludes; /* only in a profile */
} QuiltSeccompRule;

/* Only in a profile: sub_arches are added if arch is used. */
typedef struct {
  guint arch; /* index of quilt_seccomp_arches[] */
  guint sub_arches;
} QuiltSeccompArchMap;

typedef struct {
  QuiltSeccompAction default_action;
  guint default_errno_ret;
  guint arches;     /* 1 << index of quilt_seccomp_arches[] */
  guint flags;      /* SECCOMP_FILTER_FLAG_…, see seccomp(2) */
  GPtrArray *rules; /* of QuiltSeccompRule */
  GArray *arch_map; /* of QuiltSeccompArchMap; only in a profile */
  /* The socket of the listener, a process that decides about system calls, and a text for it; NULL:
   * none. Not in a profile. */
  char *listener_path, *listener_metadata;
} QuiltSeccomp;

void quilt_seccomp_free (QuiltSeccomp *seccomp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSeccomp, quilt_seccomp_free)

/* Whether it has rules that a listener decides about. */
gboolean quilt_seccomp_notifies (const QuiltSeccomp *seccomp);

typedef struct {
  const char *name;  /* "SCMP_ARCH_X86_64"; NULL ends the table */
  const char *alias; /* "amd64", in the conditions of profiles */
} QuiltSeccompArch;
extern const QuiltSeccompArch quilt_seccomp_arches[];

/* Reads linux.seccomp at path. Every key is applied, refused by its path, or ignored for the reason
 * in the table. Errors name unknown words (actions, operators, architectures, capabilities). The
 * compiler checks the names of system calls. */
QuiltSeccomp *quilt_seccomp_read (json_object *object, const char *path, GError **error);

/* Prints it as JSON. quilt_seccomp_read() reads that as the same values. Owned by the caller. */
json_object *quilt_seccomp_to_json (const QuiltSeccomp *seccomp);

/* Parses a profile of at most QUILT_SECCOMP_PROFILE_MAX bytes: as linux.seccomp, with archMap, and
 * with includes and excludes (caps, arches, minKernel) of rules. */
QuiltSeccomp *quilt_seccomp_profile_parse (const char *text, gsize length, GError **error);

/* The container, architecture and kernel for which a profile is resolved. */
typedef struct {
  guint64 caps; /* the container's bounding set */
  guint arch;   /* index of quilt_seccomp_arches[] */
  guint kernel; /* major << 16 | minor */
} QuiltSeccompTarget;

/* Sets architecture and kernel from the words of uname(2) ("x86_64", "6.1.0-18-amd64").
 * NOT_SUPPORTED if the machine has no filters. */
gboolean quilt_seccomp_target_init (QuiltSeccompTarget *ret_target,
                                    const char *machine,
                                    const char *release,
                                    guint64 caps,
                                    GError **error);

/* The rules of a profile that apply to target, without their conditions. A profile without
 * architectures applies to target's architecture, and to others that its kernel runs (i386, not
 * x32). */
QuiltSeccomp *quilt_seccomp_resolve (const QuiltSeccomp *profile, const QuiltSeccompTarget *target);

/* The default profile of containers (data/seccomp.json), a static string. */
const char *quilt_seccomp_default_profile (void);

/* EPERM, as in other runtimes: the errno of ERRNO if none is given. */
#define QUILT_SECCOMP_ERRNO_DEFAULT 1

QuiltSeccomp *quilt_seccomp_new (void);
/* Adds a rule, owned by seccomp. */
QuiltSeccompRule *quilt_seccomp_add_rule (QuiltSeccomp *seccomp);
gboolean quilt_seccomp_action_has_errno (QuiltSeccompAction action);
/* The index of the architecture with this name or alias; -1 if unknown. */
int quilt_seccomp_arch_find (const char *name);
extern const QuiltField quilt_seccomp_fields[];
