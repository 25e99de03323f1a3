/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gets the compiled filter of linux.seccomp. */
#include <config.h>

#include "oci/launch/filter.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "proto/message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM QUILT_LIBEXECDIR "/quilt-seccomp"
/* See docs/architecture.md, "Descriptors of a helper". */
enum { HELPER_SOCKET = 3, HELPER_RULES = 4, HELPER_CACHE = 5, HELPER_FILTER = 6 };

/* The cache does not survive a reboot, so that filters are compiled anew after an upgrade of
 * libseccomp. Returns -1 if filters can't be cached. */
static int
open_cache (const QuiltOci *oci)
{
  const char *runtime = oci->rootless ? g_getenv ("XDG_RUNTIME_DIR") : NULL;
  g_autofd int run_fd =
      open (runtime && *runtime ? runtime : "/run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat st;
  int fd = run_fd < 0 ? -1 : quilt_dir_ensure (run_fd, "quilt-seccomp", NULL);

  if (fd >= 0 && (fstat (fd, &st) < 0 || st.st_uid != geteuid () || (st.st_mode & 022)))
    quilt_fd_clear (&fd);
  return fd;
}

/* The name includes whether unknown calls were skipped: a container that wants an error for such a
 * call must not get a filter without them. */
static char *
name_of (const char *rules, gboolean skips)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  struct utsname host;

  uname (&host);
  g_checksum_update (sum, (const guchar *)QUILT_VERSION, sizeof QUILT_VERSION);
  g_checksum_update (sum, (const guchar *)host.machine, (gssize)strlen (host.machine) + 1);
  g_checksum_update (sum, (const guchar *)(skips ? "skips" : "takes all"), -1);
  g_checksum_update (sum, (const guchar *)rules, -1);
  return g_strconcat (g_checksum_get_string (sum), ".bpf", NULL);
}

/* Returns NULL if the filter is not cached, or invalid. It is compiled then. */
static GBytes *
load (int cache_fd, const char *name)
{
  g_autoptr (GBytes) filter =
      cache_fd < 0 ? NULL : quilt_file_read (cache_fd, name, QUILT_FILTER_SIZE_MAX, NULL);

  return filter && quilt_filter_check (filter, NULL) ? g_steal_pointer (&filter) : NULL;
}

static pid_t
spawn_helper (int socket_fd, int rules_fd, int filter_fd, gboolean skips, GError **error)
{
  static char program[] = PROGRAM, option[] = "--skip-unknown";
  char *argv[] = {program, skips ? option : NULL, NULL};
  posix_spawn_file_actions_t actions;
  pid_t pid;
  int r;

  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2 (&actions, socket_fd, HELPER_SOCKET);
  posix_spawn_file_actions_adddup2 (&actions, rules_fd, HELPER_RULES);
  posix_spawn_file_actions_adddup2 (&actions, filter_fd, HELPER_FILTER);
  posix_spawn_file_actions_addclose (&actions, HELPER_CACHE); /* the cache is managed here */
  posix_spawn_file_actions_addclosefrom_np (&actions, HELPER_FILTER + 1);
  r = posix_spawn (&pid, program, &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy (&actions);
  if (r == 0)
    return pid;
  quilt_set_error_errno (error, r, "Failed to execute '%s'", program);
  return -1;
}

static gboolean
hear (int fd, QuiltMessage *ret_message, GError **error)
{
  struct pollfd answer = {fd, POLLIN, 0};

  while (poll (&answer, 1, -1) < 0 && errno == EINTR)
    ;
  if (quilt_message_receive (fd, ret_message) != 1) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "quilt-seccomp ended before linux.seccomp was compiled");
    return FALSE;
  }
  if (ret_message->type == QUILT_MESSAGE_DONE)
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, ret_message->code, ret_message->text);
  return FALSE;
}

static GBytes *
read_filter (int fd, GError **error)
{
  g_autofree guint8 *data = g_malloc (QUILT_FILTER_SIZE_MAX + 1);
  ssize_t n = pread (fd, data, QUILT_FILTER_SIZE_MAX + 1, 0);
  g_autoptr (GBytes) filter = NULL;

  if (n < 0) {
    quilt_set_error_errno (error, errno, "Failed to read a compiled filter");
    return NULL;
  }
  filter = g_bytes_new_take (g_steal_pointer (&data), (gsize)n);
  return quilt_filter_check (filter, error) ? g_steal_pointer (&filter) : NULL;
}

/* Use numbers above the helper's descriptors, so that none is overwritten. */
static int
new_memory (const char *name, GError **error)
{
  g_autofd int low = memfd_create (name, MFD_CLOEXEC);
  int fd = low < 0 ? -1 : fcntl (low, F_DUPFD_CLOEXEC, HELPER_FILTER + 1);

  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to make a file in memory");
  return fd;
}

static GBytes *
compile (const QuiltOci *oci, const char *rules, gboolean skips, GError **error)
{
  g_autofd int rules_fd = new_memory ("rules", error);
  g_autofd int filter_fd = rules_fd < 0 ? -1 : new_memory ("filter", error);
  g_autofd int ours = -1;
  g_autofd int theirs = -1;
  QuiltMessage answer;
  gboolean ok;
  int fds[2];
  pid_t pid;

  if (filter_fd < 0)
    return NULL;
  if (!quilt_fd_write_all (rules_fd, rules, strlen (rules)) ||
      socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
    quilt_set_error_errno (error, errno, "Failed to hand linux.seccomp to quilt-seccomp");
    return NULL;
  }
  ours = fds[0];
  theirs = fcntl (fds[1], F_DUPFD_CLOEXEC, HELPER_FILTER + 1);
  close (fds[1]);
  pid = spawn_helper (theirs, rules_fd, filter_fd, skips, error);
  if (pid < 0)
    return NULL;
  quilt_fd_clear (&theirs);
  ok = hear (ours, &answer, error);
  waitpid (pid, NULL, 0);
  if (ok && skips && *answer.text)
    quilt_oci_log_warning (oci->log, "Left out of linux.seccomp the unknown system calls: %s",
                           answer.text);
  return ok ? read_filter (filter_fd, error) : NULL;
}

/* Skips unknown calls, as other users of libseccomp do, unless the annotation forbids it. */
static gboolean
skips_unknown (const QuiltSpec *spec)
{
  const char *text = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_FAIL_UNKNOWN_CALL);

  return !text || strcmp (text, "0") == 0;
}

gboolean
quilt_oci_filter_get (const QuiltOci *oci, QuiltSpec *spec, GError **error)
{
  g_autoptr (json_object) object = NULL;
  g_autofree char *rules = NULL;
  g_autofree char *name = NULL;
  g_autofd int cache_fd = -1;
  gconstpointer data;
  gsize size;

  if (!spec->seccomp)
    return TRUE;
  object = quilt_seccomp_to_json (spec->seccomp);
  rules = quilt_json_print (object, FALSE);
  name = name_of (rules, skips_unknown (spec));
  cache_fd = open_cache (oci);
  spec->filter = load (cache_fd, name);
  if (spec->filter)
    return TRUE;
  spec->filter = compile (oci, rules, skips_unknown (spec), error);
  if (!spec->filter)
    return FALSE;
  data = g_bytes_get_data (spec->filter, &size);
  if (cache_fd >= 0) /* without a cache, each start compiles it */
    quilt_file_replace (cache_fd, name, data, size, QUILT_FILE_VOLATILE, NULL);
  return TRUE;
}
