/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-supervisor: starts one container and stays until its exit is recorded. */
#include "base/error.h"
#include "base/file.h"
#include "core/namespaces/join.h"
#include "spec/options/sharing.h"
#include "supervisor/spare.h"
#include "supervisor/supervisor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* See docs/architecture.md, "Descriptors of a helper". */
enum {
  FD_CONTROL = 3,
  FD_RUN_DIR = 4,
  FD_JOINS = QUILT_SHARING_FD,
};

/* The run directory, the namespaces to join, the filter, two streams, the journal budget and the
 * store. */
#define FDS_MAX (1 + QUILT_JOINS_MAX + 5)

#define CONFIG_MAX (4 * 1024 * 1024)

/* The descriptors that quiltd sends with BEGIN. */
typedef struct {
  QuiltSupervisorFds fds;
  int filter;
  guint joins;
} Begin;

static gboolean
take_descriptors (const QuiltMessage *message, const int *fds, guint n, Begin *ret_begin)
{
  Begin begin = {.fds = {.control_fd = FD_CONTROL,
                         .version = message->version,
                         .run_dir_fd = FD_RUN_DIR,
                         .attached = {-1, -1},
                         .kernel_log = -1,
                         .budget = -1,
                         .store_fd = -1},
                 .filter = -1};
  const struct {
    guint32 flag;
    int *fd;
  } wanted[] = {
      {QUILT_MESSAGE_FLAG_FILTER, &begin.filter},
      {QUILT_MESSAGE_FLAG_STDOUT, &begin.fds.attached[QUILT_STREAM_STDOUT]},
      {QUILT_MESSAGE_FLAG_STDERR, &begin.fds.attached[QUILT_STREAM_STDERR]},
      {QUILT_MESSAGE_FLAG_BUDGET, &begin.fds.budget},
      {QUILT_MESSAGE_FLAG_STORE, &begin.fds.store_fd},
  };
  guint next;

  if (message->type != QUILT_MESSAGE_BEGIN || message->total > QUILT_JOINS_MAX)
    return FALSE;
  begin.joins = (guint)message->total;
  begin.fds.used = message->done;
  begin.fds.caller = (guint32)message->code;
  begin.fds.used_sec = message->time_usec / G_USEC_PER_SEC;
  next = 1 + begin.joins;
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    if ((message->flags & wanted[i].flag) && next < n)
      *wanted[i].fd = fds[next++];
    else if (message->flags & wanted[i].flag)
      return FALSE;
  /* No other descriptors are open, so these must have consecutive numbers. */
  for (guint i = 0; i < n; i++)
    if (fds[i] != FD_RUN_DIR + (int)i)
      return FALSE;
  *ret_begin = begin;
  return next == n;
}

/* Returns FALSE with errno set; errno is 0 if quiltd needs no supervisor any more. */
static gboolean
wait_for_begin (Begin *ret_begin)
{
  QuiltMessage message;
  int fds[FDS_MAX];
  guint n;
  gboolean prepared;
  int r = quilt_spare_wait (FD_CONTROL, &message, fds, FDS_MAX, &n, &prepared);

  if (r > 0 && take_descriptors (&message, fds, n, ret_begin)) {
    ret_begin->fds.prepared = prepared;
    return TRUE;
  }
  if (r >= 0)
    errno = r == 0 ? 0 : EBADMSG;
  return FALSE;
}

/* Read the filter before the clone, so that the child need not read it. */
static gboolean
load_filter (QuiltSpec *spec, int fd, GError **error)
{
  g_autofree guint8 *data = g_malloc (QUILT_FILTER_SIZE_MAX);
  ssize_t n = pread (fd, data, QUILT_FILTER_SIZE_MAX, 0);

  close (fd);
  if (n < 0)
    return quilt_set_error_errno (error, errno, "Failed to read the system call filter");
  spec->filter = g_bytes_new_take (g_steal_pointer (&data), (gsize)n);
  return TRUE; /* the core checks that the filter is there */
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
report_failure (guint32 version, const GError *error)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_FAILED);
  message.version = version;
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
  QuiltSupervisor supervisor;
  Begin begin;

  if (argc > 1 || !wait_for_begin (&begin)) {
    if (argc == 1 && errno == 0)
      return EXIT_SUCCESS;
    g_printerr ("quilt-supervisor is internal: quiltd starts it\n");
    return EXIT_FAILURE;
  }
  umask (022); /* independent of the unit of quiltd */
  begin.fds.kernel_log = quilt_oom_open_log ();
  spec = load_spec (begin.fds.run_dir_fd, begin.filter, &error);
  if (!spec || !quilt_supervisor_init (&supervisor, spec, &begin.fds, &error)) {
    report_failure (begin.fds.version, error);
    return EXIT_FAILURE;
  }
  if (begin.joins > 0) /* the container holds the namespaces now, and they must not outlive it */
    close_range (FD_JOINS, FD_JOINS + begin.joins - 1, 0);
  quilt_supervisor_run (&supervisor);
  quilt_supervisor_clear (&supervisor);
  return EXIT_SUCCESS;
}
