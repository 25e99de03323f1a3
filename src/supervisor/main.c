/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-supervisor: starts one container and stays with it until its exit is on record. */
#include "base/error.h"
#include "base/file.h"
#include "core/join.h"
#include "spec/sharing.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* docs/architecture.md, "Descriptors of a helper". */
enum {
  FD_CONTROL = 3,
  FD_RUN_DIR = 4,
  FD_STDOUT = 5,
  FD_STDERR = 6,
  FD_FILTER = 7,
  FD_JOINS = QUILT_SHARING_FD,
};

#define CONFIG_MAX (4 * 1024 * 1024)

/* Of what it joins, n descriptors. */
static gboolean
parse_joins (const char *argument, guint *ret_n)
{
  const char *prefix = "--joins=";
  guint64 n;

  if (!g_str_has_prefix (argument, prefix) ||
      !g_ascii_string_to_unsigned (argument + strlen (prefix), 10, 1, QUILT_JOINS_MAX, &n, NULL))
    return FALSE;
  *ret_n = (guint)n;
  return TRUE;
}

static gboolean
parse_arguments (
    int argc, char **argv, QuiltSupervisorFds *ret_fds, int *ret_filter, guint *ret_joins)
{
  QuiltSupervisorFds fds = {FD_CONTROL, FD_RUN_DIR, {-1, -1}, -1};
  int filter = -1;

  *ret_joins = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp (argv[i], "--attach-stdout") == 0)
      fds.attached[QUILT_STREAM_STDOUT] = FD_STDOUT;
    else if (strcmp (argv[i], "--attach-stderr") == 0)
      fds.attached[QUILT_STREAM_STDERR] = FD_STDERR;
    else if (strcmp (argv[i], "--seccomp") == 0)
      filter = FD_FILTER;
    else if (!parse_joins (argv[i], ret_joins))
      return FALSE;
  }
  *ret_fds = fds;
  *ret_filter = filter;
  return TRUE;
}

/* What quiltd did not mean to give us: open here, it would stay open as long as the container. */
static void
close_strays (const QuiltSupervisorFds *fds, int filter, guint joins)
{
  for (int fd = FD_STDOUT; fd <= FD_STDERR; fd++)
    if (fds->attached[fd - FD_STDOUT] < 0)
      close (fd);
  if (filter < 0)
    close (FD_FILTER);
  close_range (FD_JOINS + joins, ~0U, 0);
}

/* Before the clone: the child has it then without having to read. */
static gboolean
load_filter (QuiltSpec *spec, int fd, GError **error)
{
  g_autofree guint8 *data = g_malloc (QUILT_FILTER_SIZE_MAX);
  ssize_t n = pread (fd, data, QUILT_FILTER_SIZE_MAX, 0);

  close (fd);
  if (n < 0)
    return quilt_set_error_errno (error, errno, "Failed to read the system call filter");
  spec->filter = g_bytes_new_take (g_steal_pointer (&data), (gsize)n);
  return TRUE; /* core checks it */
}

static QuiltSpec *
load_spec (int run_dir_fd, int filter, GError **error)
{
  g_autoptr (GBytes) bytes = quilt_file_read (run_dir_fd, "config.json", CONFIG_MAX, error);
  g_autoptr (QuiltSpec) spec = NULL;
  gconstpointer data;
  gsize size;

  if (!bytes)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  spec = quilt_spec_parse (data, size, error);
  if (!spec || (filter >= 0 && !load_filter (spec, filter, error)))
    return NULL;
  return g_steal_pointer (&spec);
}

static void
report_failure (const GError *error)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_FAILED);
  message.code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
  message.time_usec = (guint64)g_get_real_time ();
  quilt_message_set_text (&message, error->message);
  quilt_message_send (FD_CONTROL, &message);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  QuiltSupervisorFds fds;
  QuiltSupervisor supervisor;
  guint joins;
  int filter;

  if (!parse_arguments (argc, argv, &fds, &filter, &joins)) {
    g_printerr ("quilt-supervisor is started by quiltd, and not meant for hands\n");
    return EXIT_FAILURE;
  }
  close_strays (&fds, filter, joins);
  umask (022); /* whatever the unit of quiltd says */
  fds.kernel_log = quilt_oom_open_log ();
  spec = load_spec (fds.run_dir_fd, filter, &error);
  if (!spec || !quilt_supervisor_init (&supervisor, spec, &fds, &error)) {
    report_failure (error);
    return EXIT_FAILURE;
  }
  if (joins > 0) /* the container holds them now, and nobody longer than it */
    close_range (FD_JOINS, FD_JOINS + joins - 1, 0);
  quilt_supervisor_run (&supervisor);
  quilt_supervisor_clear (&supervisor);
  return EXIT_SUCCESS;
}
