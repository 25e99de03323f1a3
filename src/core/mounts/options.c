/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount options that all file systems share: those of mount(8), and those of OCI runtimes. */
#include "core/mounts/options.h"

#include <string.h>
#include <sys/mount.h>

#define RELATIME .set = MOUNT_ATTR_RELATIME, .clear = MOUNT_ATTR__ATIME
#define NOATIME .set = MOUNT_ATTR_NOATIME, .clear = MOUNT_ATTR__ATIME
#define STRICTATIME .set = MOUNT_ATTR_STRICTATIME, .clear = MOUNT_ATTR__ATIME

/* The options with a leading r come from OCI runtimes, and also apply to the mounts below. */
static const QuiltMountOption options[] = {
    {"defaults"},
    {"bind", .kind = QUILT_OPTION_BIND},
    {"rbind", .kind = QUILT_OPTION_RBIND},
    {"ro", .set = MOUNT_ATTR_RDONLY},
    {"rw", .clear = MOUNT_ATTR_RDONLY},
    {"nosuid", .set = MOUNT_ATTR_NOSUID},
    {"suid", .clear = MOUNT_ATTR_NOSUID},
    {"nodev", .set = MOUNT_ATTR_NODEV},
    {"dev", .clear = MOUNT_ATTR_NODEV},
    {"noexec", .set = MOUNT_ATTR_NOEXEC},
    {"exec", .clear = MOUNT_ATTR_NOEXEC},
    {"nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW},
    {"symfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW},
    {"relatime", RELATIME},
    {"atime", RELATIME}, /* the kernel's default */
    {"norelatime"},      /* also the kernel's default */
    {"nostrictatime", RELATIME},
    {"noatime", NOATIME},
    {"strictatime", STRICTATIME},
    {"nodiratime", .set = MOUNT_ATTR_NODIRATIME},
    {"diratime", .clear = MOUNT_ATTR_NODIRATIME},
    {"rro", .set = MOUNT_ATTR_RDONLY, .below = TRUE},
    {"rrw", .clear = MOUNT_ATTR_RDONLY, .below = TRUE},
    {"rnosuid", .set = MOUNT_ATTR_NOSUID, .below = TRUE},
    {"rsuid", .clear = MOUNT_ATTR_NOSUID, .below = TRUE},
    {"rnodev", .set = MOUNT_ATTR_NODEV, .below = TRUE},
    {"rdev", .clear = MOUNT_ATTR_NODEV, .below = TRUE},
    {"rnoexec", .set = MOUNT_ATTR_NOEXEC, .below = TRUE},
    {"rexec", .clear = MOUNT_ATTR_NOEXEC, .below = TRUE},
    {"rnosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW, .below = TRUE},
    {"rsymfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW, .below = TRUE},
    {"rrelatime", RELATIME, .below = TRUE},
    {"ratime", RELATIME, .below = TRUE},
    {"rnorelatime"},
    {"rnostrictatime", RELATIME, .below = TRUE},
    {"rnoatime", NOATIME, .below = TRUE},
    {"rstrictatime", STRICTATIME, .below = TRUE},
    {"rnodiratime", .set = MOUNT_ATTR_NODIRATIME, .below = TRUE},
    {"rdiratime", .clear = MOUNT_ATTR_NODIRATIME, .below = TRUE},
    {"private", .propagation = MS_PRIVATE},
    {"rprivate", .propagation = MS_PRIVATE},
    {"slave", .propagation = MS_SLAVE},
    {"rslave", .propagation = MS_SLAVE},
    {"shared", .propagation = MS_SHARED},
    {"rshared", .propagation = MS_SHARED},
    {"unbindable", .propagation = MS_UNBINDABLE},
    {"runbindable", .propagation = MS_UNBINDABLE},
    {"idmap", .kind = QUILT_OPTION_IDMAP},
    {"ridmap", .kind = QUILT_OPTION_RIDMAP},
    {"tmpcopyup", .kind = QUILT_OPTION_COPY_UP},
    {QUILT_MOUNT_COPY, .kind = QUILT_OPTION_COPY},
};

const QuiltMountOption *
quilt_mount_option_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (strcmp (options[i].name, name) == 0)
      return &options[i];
  return NULL;
}

const char *
quilt_mount_option_name (guint index)
{
  return index < G_N_ELEMENTS (options) ? options[index].name : NULL;
}

static void
change (guint64 *set, guint64 *clear, const QuiltMountOption *option)
{
  *set = (*set & ~option->clear) | option->set;
  *clear = (*clear & ~option->set) | option->clear;
}

void
quilt_mount_option_apply (const QuiltMountOption *option, QuiltMountOp *op)
{
  change (&op->attr_set, &op->attr_clear, option);
  if (option->below)
    change (&op->below_set, &op->below_clear, option);
  op->has_below = op->has_below || option->below;
  if (option->propagation)
    op->propagation = option->propagation;
  op->idmap =
      op->idmap || option->kind == QUILT_OPTION_IDMAP || option->kind == QUILT_OPTION_RIDMAP;
  op->idmap_below = op->idmap_below || option->kind == QUILT_OPTION_RIDMAP;
  op->copy_up = op->copy_up || option->kind == QUILT_OPTION_COPY_UP;
  op->copy = op->copy || option->kind == QUILT_OPTION_COPY;
}
