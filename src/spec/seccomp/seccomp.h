/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which system calls a container may make, as values: linux.seccomp of the OCI configuration
 * (config-linux.md#seccomp), and the profiles from which it is made. */
#pragma once

#include "base/json.h"

#include <glib.h>
#include <json-c/json.h>

/* A profile may be this long: the widely used ones have a tenth of it. */
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

/* A condition on an argument, all 64 bits of it, unsigned. */
typedef struct {
  guint64 index; /* 0..5 */
  guint64 value;
  guint64 value_two;
  QuiltSeccompOperator op;
} QuiltSeccompArg;

/* Where a rule of a profile applies. */
typedef struct {
  guint64 caps; /* 1 << CAP_…; all are wanted, or any excludes */
  guint arches; /* 1 << index of quilt_seccomp_arches[]; any */
  guint kernel; /* major << 16 | minor; 0: any */
} QuiltSeccompCondition;

typedef struct {
  char **names; /* of system calls */
  QuiltSeccompAction action;
  guint errno_ret;                          /* of ERRNO and TRACE */
  GArray *args;                             /* of QuiltSeccompArg; the rule needs all of them */
  QuiltSeccompCondition includes, excludes; /* of a profile alone */
} QuiltSeccompRule;

/* Of a profile: with the first, the others too. */
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
  GArray *arch_map; /* of QuiltSeccompArchMap; of a profile alone */
  /* A socket of whoever is asked about system calls, and what it is told; NULL: none. Not of a
   * profile. */
  char *listener_path, *listener_metadata;
} QuiltSeccomp;

void quilt_seccomp_free (QuiltSeccomp *seccomp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSeccomp, quilt_seccomp_free)

/* Whether it has rules whose decision a listener makes. */
gboolean quilt_seccomp_notifies (const QuiltSeccomp *seccomp);

typedef struct {
  const char *name;  /* "SCMP_ARCH_X86_64"; NULL ends the table */
  const char *alias; /* "amd64", in the conditions of profiles */
} QuiltSeccompArch;
extern const QuiltSeccompArch quilt_seccomp_arches[];

/* Reads linux.seccomp, path being where it stands. Every key is applied, refused by its path, or
 * ignored for a written reason; a word that is none (an action, an operator, an architecture, a
 * capability) is named. Names of system calls are the compiler's to know. */
QuiltSeccomp *quilt_seccomp_read (json_object *object, const char *path, GError **error);

/* Prints it; quilt_seccomp_read() of the result gives the same values. Owned by the caller. */
json_object *quilt_seccomp_to_json (const QuiltSeccomp *seccomp);

/* Parses a profile: the same, with archMap, and rules that have includes and excludes (caps,
 * arches, minKernel). At most QUILT_SECCOMP_PROFILE_MAX bytes. */
QuiltSeccomp *quilt_seccomp_profile_parse (const char *text, gsize length, GError **error);

/* For what a profile is made concrete. */
typedef struct {
  guint64 caps; /* the container's bounding set */
  guint arch;   /* index of quilt_seccomp_arches[] */
  guint kernel; /* major << 16 | minor */
} QuiltSeccompTarget;

/* Arch and kernel by the words of uname(2) ("x86_64", "6.1.0-18-amd64"). NOT_SUPPORTED where there
 * are no filters for the machine. */
gboolean quilt_seccomp_target_init (QuiltSeccompTarget *ret_target,
                                    const char *machine,
                                    const char *release,
                                    guint64 caps,
                                    GError **error);

/* The rules that are left of a profile for target, without conditions on it. A profile without
 * architectures is for the target's family: itself, and what its kernel runs besides (i386, not
 * x32). */
QuiltSeccomp *quilt_seccomp_resolve (const QuiltSeccomp *profile, const QuiltSeccompTarget *target);

/* The profile that containers get (data/seccomp.json), a static string. */
const char *quilt_seccomp_default_profile (void);

/* EPERM, as everywhere: what ERRNO says when nothing else is given. */
#define QUILT_SECCOMP_ERRNO_DEFAULT 1

QuiltSeccomp *quilt_seccomp_new (void);
/* Owned by seccomp. */
QuiltSeccompRule *quilt_seccomp_add_rule (QuiltSeccomp *seccomp);
gboolean quilt_seccomp_action_has_errno (QuiltSeccompAction action);
/* The index of the architecture with this name or alias; -1 if there is none. */
int quilt_seccomp_arch_find (const char *name);
extern const QuiltField quilt_seccomp_fields[];
