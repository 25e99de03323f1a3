/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts an image for reading, and confines this process to that. */
#include "look/verify/enter.h"

#include "base/call-filter.h"
#include "base/error.h"
#include "core/identity/credentials.h"
#include "core/mounts/parts.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY_MAX ((rlim_t)512 * 1024 * 1024)
#define CPU_SECONDS_MAX 10
#define FILES_MAX 1024

/* The longest value that fsconfig(2) accepts. */
#define SETTING_MAX 255

/* Reads files of any owner and mode. */
#define KEPT (G_GUINT64_CONSTANT (1) << CAP_DAC_READ_SEARCH)

/* The process executes no program, makes no process, socket or mount, and writes only its
 * answer. */
static const QuiltAllowedCall calls[] = {
    {SYS_openat, QUILT_CALL_IF_NONE, 2, O_WRONLY | O_RDWR | O_CREAT},
    {SYS_openat2},
    {SYS_newfstatat},
    {SYS_fstat},
    {SYS_statx},
    {SYS_readlinkat},
    {SYS_getdents64},
    {SYS_read},
    {SYS_pread64},
    {SYS_lseek},
    {SYS_close},
    {SYS_fcntl},
    /* The answer; a large one is a memory file. */
    {SYS_sendmsg},
    {SYS_memfd_create},
    {SYS_write},
    /* Memory, time, and exiting. */
    {SYS_brk},
    {SYS_mmap, QUILT_CALL_IF_NONE, 2, PROT_EXEC},
    {SYS_mprotect, QUILT_CALL_IF_NONE, 2, PROT_EXEC},
    {SYS_mremap},
    {SYS_munmap},
    {SYS_madvise},
    {SYS_futex},
    {SYS_getrandom},
    {SYS_clock_gettime},
    {SYS_clock_nanosleep},
    {SYS_gettimeofday},
    {SYS_getpid},
    {SYS_gettid},
    {SYS_rt_sigaction},
    {SYS_rt_sigprocmask},
    {SYS_rt_sigreturn},
    {SYS_tgkill, QUILT_CALL_IF_OUR_PID, 0, 0},
    {SYS_restart_syscall},
    {SYS_exit},
    {SYS_exit_group},
};

static void
setting_clear (gpointer data)
{
  QuiltMountSetting *setting = data;

  g_free (setting->key);
  g_free (setting->value);
}

static void
add_setting (GArray *settings, const char *key, const char *value)
{
  QuiltMountSetting setting = {.key = g_strdup (key), .value = g_strdup (value)};

  g_array_append_val (settings, setting);
}

/* Names our descriptors relative to /proc/self/fd. A long list needs Linux 6.8. */
static GArray *
list_layers (const int *layers, guint n_layers)
{
  GArray *settings = g_array_new (FALSE, FALSE, sizeof (QuiltMountSetting));
  g_autoptr (GString) list = g_string_new (NULL);

  g_array_set_clear_func (settings, setting_clear);
  for (guint i = 0; i < n_layers; i++)
    g_string_append_printf (list, "%s%d", i > 0 ? ":" : "", layers[i]);
  if (list->len <= SETTING_MAX)
    add_setting (settings, "lowerdir", list->str);
  for (guint i = 0; list->len > SETTING_MAX && i < n_layers; i++) {
    g_autofree char *layer = g_strdup_printf ("%d", layers[i]);

    add_setting (settings, "lowerdir+", layer);
  }
  return settings;
}

int
quilt_verify_mount (const int *layers, guint n_layers, GError **error)
{
  g_autoptr (GArray) settings = list_layers (layers, n_layers);
  const QuiltMountOp op = {.type = (char *)"overlay",
                           .settings = settings,
                           .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID |
                                       MOUNT_ATTR_NOEXEC};
  char detail[256] = "";
  int fd = -1, r;

  r = chdir ("/proc/self/fd") < 0 ? -errno : quilt_mount_new (&op, detail, sizeof detail, &fd);
  if (r == 0 && chdir ("/") == 0)
    return fd;
  quilt_set_error_errno (error, r < 0 ? -r : errno, "Failed to mount the image%s%s",
                         *detail ? ": " : "", detail);
  return -1;
}

static gboolean
limit (__rlimit_resource_t resource, rlim_t max)
{
  struct rlimit current, wanted;

  if (getrlimit (resource, &current) < 0)
    return FALSE;
  wanted = (struct rlimit){MIN (current.rlim_cur, max), MIN (current.rlim_max, max)};
  return setrlimit (resource, &wanted) == 0;
}

gboolean
quilt_verify_confine (GError **error)
{
  int r = quilt_credentials_keep (KEPT);

  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to drop capabilities");
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is terabytes of address space */
  if (!limit (RLIMIT_AS, MEMORY_MAX))
    return quilt_set_error_errno (error, errno, "Failed to limit memory");
#endif
  return (limit (RLIMIT_CPU, CPU_SECONDS_MAX) && limit (RLIMIT_NOFILE, FILES_MAX) &&
          limit (RLIMIT_CORE, 0) && quilt_calls_restrict (calls, G_N_ELEMENTS (calls))) ||
         quilt_set_error_errno (error, errno, "Failed to filter system calls");
}
