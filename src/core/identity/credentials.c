/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The credentials of the container's processes: ids, groups, capabilities, no_new_privs. */
#include "core/identity/credentials.h"

#include "base/error.h"
#include "spec/capabilities.h"
#include "spec/users.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* capabilities(7). The kernel itself refuses numbers that it does not have yet. */
#define LAST_CAPABILITY 63

gboolean
quilt_credentials_check (const QuiltSpec *spec, GError **error)
{
  const QuiltProcess *process = &spec->process;
  const QuiltCapabilities *caps = &process->capabilities;
  const char *user = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_USER);
  const char *groups = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_GROUPS);
  g_auto (GStrv) list = groups ? g_strsplit (groups, ",", -1) : NULL;

  if ((user && !quilt_user_check (user, error)) ||
      !quilt_user_check_groups ("group-add", list, error))
    return FALSE;
  if (process->additional_gids->len > QUILT_GROUPS_MAX) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use process.user.additionalGids: there are more than %d",
                 QUILT_GROUPS_MAX);
    return FALSE;
  }

  if (process->uid >= G_MAXUINT32 || process->gid >= G_MAXUINT32) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use process.user: ids are numbers from 0 to 4294967294");
    return FALSE;
  }
  if (process->has_capabilities && ((caps->effective & ~caps->permitted) ||
                                    (caps->ambient & ~(caps->permitted & caps->inheritable)) ||
                                    (caps->inheritable & ~(caps->bounding | caps->permitted)))) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use process.capabilities: effective must be within permitted, "
                 "inheritable within bounding, and ambient within both permitted and inheritable");
    return FALSE;
  }
  return TRUE;
}

/* Without CAP_SETPCAP, the kernel refuses to drop even a capability that is not in the set. */
static gboolean
is_dropped (unsigned long cap, int error)
{
  gboolean dropped = error == EPERM && prctl (PR_CAPBSET_READ, cap, 0, 0, 0) != 1;

  errno = error;
  return dropped;
}

static int
drop_bounding (guint64 keep)
{
  for (unsigned long cap = 0; cap <= LAST_CAPABILITY; cap++) {
    if (keep & (G_GUINT64_CONSTANT (1) << cap))
      continue;
    if (prctl (PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && !is_dropped (cap, errno))
      return errno == EINVAL ? 0 : -errno; /* EINVAL: this kernel has no more capabilities */
  }
  return 0;
}

static int
set_capabilities (const QuiltCapabilities *caps)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];

  for (guint i = 0; i < 2; i++)
    data[i] = (struct __user_cap_data_struct){
        .effective = (guint32)(caps->effective >> (32 * i)),
        .permitted = (guint32)(caps->permitted >> (32 * i)),
        .inheritable = (guint32)(caps->inheritable >> (32 * i)),
    };
  if (syscall (SYS_capset, &header, data) < 0)
    return -errno;
  if (prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return -errno;
  for (unsigned long cap = 0; cap <= LAST_CAPABILITY; cap++)
    if ((caps->ambient >> cap & 1) && prctl (PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
      return -errno;
  return 0;
}

gboolean
quilt_credentials_keep_groups (const QuiltSpec *spec)
{
  return spec->process.keeps_groups ||
         g_hash_table_contains (spec->annotations, QUILT_ANNOTATION_KEEP_GROUPS);
}

static int
set_ids (const QuiltSpec *spec, const QuiltIdentity *identity)
{
  gboolean keep = quilt_credentials_keep_groups (spec);
  uid_t uid = identity->uid;
  gid_t gid = identity->gid;

  /* Otherwise always set the groups, so that the container does not inherit ours. */
  if (!keep && setgroups (identity->n_groups, identity->groups) < 0)
    return -errno;
  if (setresgid (gid, gid, gid) < 0 || setresuid (uid, uid, uid) < 0)
    return -errno;
  return 0;
}

int
quilt_credentials_keep (guint64 keep)
{
  const QuiltCapabilities caps = {.effective = keep, .permitted = keep};

  return set_capabilities (&caps);
}

int
quilt_credentials_keep_for_good (guint64 keep)
{
  int r = drop_bounding (keep);

  return r < 0 ? r : quilt_credentials_keep (keep);
}

int
quilt_credentials_drop (guint64 capabilities)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];

  if (syscall (SYS_capget, &header, data) < 0)
    return -errno;
  for (guint i = 0; i < 2; i++) {
    data[i].effective &= ~(guint32)(capabilities >> (32 * i));
    data[i].permitted &= ~(guint32)(capabilities >> (32 * i));
  }
  return syscall (SYS_capset, &header, data) < 0 ? -errno : 0;
}

int
quilt_credentials_lower (const QuiltCapabilities *caps, guint64 keep)
{
  int r = drop_bounding (caps->bounding);

  return r < 0 ? r : quilt_credentials_drop (~(caps->bounding | caps->permitted | keep));
}

/* Chooses the capability sets to apply. "All" means all that we have. If we lack a capability that
 * is given by name, fails instead of running the container without it. */
static int
choose_capabilities (const QuiltSpec *spec,
                     QuiltCapabilities caps,
                     guint64 keep,
                     QuiltCapabilities *ret_caps,
                     const char **ret_detail)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  guint64 ours, missing;

  if (syscall (SYS_capget, &header, data) < 0)
    return -errno;
  ours = (guint64)data[1].permitted << 32 | data[0].permitted;
  missing = (caps.bounding | caps.permitted | caps.inheritable) & ~ours;
  if (missing && !g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_ALL_CAPABILITIES)) {
    *ret_detail = quilt_capability_to_name ((guint)__builtin_ctzll (missing));
    return -EPERM;
  }
  *ret_caps = (QuiltCapabilities){
      .bounding = caps.bounding & ours,
      .effective = (caps.effective | keep) & ours,
      .permitted = (caps.permitted | keep) & ours,
      .inheritable = caps.inheritable & ours,
      .ambient = caps.ambient & ours,
  };
  return 0;
}

int
quilt_credentials_apply (const QuiltSpec *spec,
                         const QuiltIdentity *identity,
                         guint64 keep,
                         const char **ret_detail)
{
  QuiltCapabilities chosen = {0};
  const QuiltCapabilities *caps = &chosen;
  int r;

  *ret_detail = "";
  r = choose_capabilities (spec, identity->capabilities, keep, &chosen, ret_detail);
  if (r < 0)
    return r;
  r = drop_bounding (caps->bounding);
  if (r < 0)
    return r;
  /* Keep the permitted set across the change of uid; execve() resets this flag. */
  if (identity->uid != 0 && prctl (PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
    return -errno;
  r = set_ids (spec, identity);
  if (r < 0)
    return r;
  r = set_capabilities (caps);
  if (r < 0)
    return r;
  if (spec->process.no_new_privileges && prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return -errno;
  return 0;
}
