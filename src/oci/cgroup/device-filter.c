/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attaches a device filter to a cgroup: bpf(2). */
#include "oci/cgroup/device-filter.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROGRAMS_MAX 64

static int
bpf (int command, union bpf_attr *attr)
{
  return (int)syscall (SYS_bpf, command, attr, sizeof *attr);
}

static int
load (const GArray *program)
{
  union bpf_attr attr = {
      .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
      .insns = (guint64)(gsize)program->data,
      .insn_cnt = program->len,
      .license = (guint64)(gsize) "GPL",
      .prog_name = "quilt_devices",
  };
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  int fd = bpf (BPF_PROG_LOAD, &attr);

  /* Before Linux 5.11, programs counted as locked memory, which has a low default limit. */
  if (fd < 0 && errno == EPERM && setrlimit (RLIMIT_MEMLOCK, &unlimited) == 0)
    fd = bpf (BPF_PROG_LOAD, &attr);
  return fd;
}

/* Finds the program that Quilt attached to the cgroup, by its name. A program of systemd stays: an
 * access needs the consent of both. Returns -1 if there is none. */
static int
find_ours (int cgroup_fd)
{
  guint32 ids[PROGRAMS_MAX];
  union bpf_attr attr = {.query = {.target_fd = (guint32)cgroup_fd,
                                   .attach_type = BPF_CGROUP_DEVICE,
                                   .prog_ids = (guint64)(gsize)ids,
                                   .prog_cnt = PROGRAMS_MAX}};

  if (bpf (BPF_PROG_QUERY, &attr) < 0)
    return -1;
  for (guint i = 0; i < attr.query.prog_cnt; i++) {
    union bpf_attr get = {.prog_id = ids[i]};
    struct bpf_prog_info info = {0};
    g_autofd int fd = bpf (BPF_PROG_GET_FD_BY_ID, &get);
    union bpf_attr ask = {
        .info = {.bpf_fd = (guint32)fd, .info_len = sizeof info, .info = (guint64)(gsize)&info}};

    if (fd >= 0 && bpf (BPF_OBJ_GET_INFO_BY_FD, &ask) == 0 &&
        g_str_equal (info.name, "quilt_devices"))
      return g_steal_fd (&fd);
  }
  return -1;
}

/* BPF_F_REPLACE (Linux 5.6) replaces a program atomically. */
gboolean
quilt_oci_device_filter_attach (int cgroup_fd,
                                const GArray *rules,
                                gboolean rootless,
                                GError **error)
{
  g_autoptr (GArray) program = quilt_oci_device_program (rules);
  g_autofd int old_fd = find_ours (cgroup_fd);
  g_autofd int fd = -1;
  union bpf_attr attr = {
      .target_fd = (guint32)cgroup_fd,
      .attach_type = BPF_CGROUP_DEVICE,
      .attach_flags = BPF_F_ALLOW_MULTI | (old_fd >= 0 ? BPF_F_REPLACE : 0),
      .replace_bpf_fd = old_fd >= 0 ? (guint32)old_fd : 0,
  };

  if (old_fd < 0 && quilt_oci_device_rules_allow_all (rules))
    return TRUE;
  fd = load (program);
  attr.attach_bpf_fd = (guint32)fd;
  if (fd >= 0 && bpf (BPF_PROG_ATTACH, &attr) == 0)
    return TRUE;
  return (rootless && (errno == EPERM || errno == EACCES)) ||
         quilt_set_error_errno (error, errno, "Failed to %s the filter of linux.resources.devices",
                                fd < 0 ? "load" : "attach");
}
