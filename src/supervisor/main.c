/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-supervisor: starts one container, or one more process in a container that runs, and stays
 * until its exit is recorded. */
#include "base/error.h"
#include "base/file.h"
#include "core/namespaces/join.h"
#include "spec/options/sharing.h"
#include "supervisor/session.h"
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
  FD_SESSION_DIR = 5, /* of ENTER */
  FD_JOINS = QUILT_SHARING_FD,
};

/* The run directory, the namespaces to join, the filter, three streams, the journal budget and the
 * store. */
#define FDS_MAX (1 + QUILT_JOINS_MAX + 6)

#define CONFIG_MAX (4 * 1024 * 1024)

/* The first message, and what comes with it. */
typedef struct {
  QuiltMessage message;
  int fds[FDS_MAX];
  guint n_fds;
  gboolean prepared; /* see quilt_spare_wait() */
  GBytes *body;      /* NULL: none */
} First;

/* Where the descriptor goes that comes with a flag. */
typedef struct {
  guint32 flag;
  int *fd;
} Flagged;

/* Takes the descriptors from `next` on, which the message's flags name. Returns FALSE if there are
 * more or less. */
static gboolean
take_flagged (const First *first, const Flagged *wanted, guint n_wanted, guint next)
{
  for (guint i = 0; i < n_wanted; i++)
    if ((first->message.flags & wanted[i].flag) && next < first->n_fds)
      *wanted[i].fd = first->fds[next++];
    else if (first->message.flags & wanted[i].flag)
      return FALSE;
  return next == first->n_fds;
}

/* The descriptors that quiltd sends with BEGIN. */
typedef struct {
  QuiltSupervisorFds fds;
  int filter;
  guint joins;
} Begin;

static gboolean
take_begin (const First *first, Begin *ret_begin)
{
  const QuiltMessage *message = &first->message;
  Begin begin = {.fds = {.control_fd = FD_CONTROL,
                         .version = message->version,
                         .run_dir_fd = FD_RUN_DIR,
                         .input = -1,
                         .attached = {-1, -1},
                         .kernel_log = -1,
                         .budget = -1,
                         .store_fd = -1},
                 .filter = -1};
  const Flagged wanted[] = {
      {QUILT_MESSAGE_FLAG_FILTER, &begin.filter},
      {QUILT_MESSAGE_FLAG_STDOUT, &begin.fds.attached[QUILT_STREAM_STDOUT]},
      {QUILT_MESSAGE_FLAG_STDERR, &begin.fds.attached[QUILT_STREAM_STDERR]},
      {QUILT_MESSAGE_FLAG_BUDGET, &begin.fds.budget},
      {QUILT_MESSAGE_FLAG_STORE, &begin.fds.store_fd},
      {QUILT_MESSAGE_FLAG_STDIN, &begin.fds.input},
  };

  if (message->total > QUILT_JOINS_MAX)
    return FALSE;
  begin.joins = (guint)message->total;
  begin.fds.used = message->done;
  begin.fds.caller = (guint32)message->code;
  begin.fds.used_sec = message->time_usec / G_USEC_PER_SEC;
  /* No other descriptors are open, so these must have consecutive numbers. */
  for (guint i = 0; i < first->n_fds; i++)
    if (first->fds[i] != FD_RUN_DIR + (int)i)
      return FALSE;
  if (!take_flagged (first, wanted, G_N_ELEMENTS (wanted), 1 + begin.joins))
    return FALSE;
  begin.fds.prepared = first->prepared;
  begin.fds.detains = (message->flags & QUILT_MESSAGE_FLAG_DETAINED) != 0;
  *ret_begin = begin;
  return TRUE;
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
report_failure (guint32 version, guint32 session, const GError *error)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_FAILED);
  message.version = version;
  message.session = session;
  message.code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
  message.time_usec = (guint64)g_get_real_time ();
  quilt_message_set_text (&message, error->message);
  quilt_message_send (FD_CONTROL, &message);
}

/* BEGIN: runs the container. */
static int
supervise (const Begin *begin)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  QuiltSupervisorFds fds = begin->fds;
  QuiltSupervisor supervisor;

  fds.kernel_log = quilt_oom_open_log ();
  spec = load_spec (fds.run_dir_fd, begin->filter, &error);
  if (!spec || !quilt_supervisor_init (&supervisor, spec, &fds, &error)) {
    report_failure (fds.version, 0, error);
    return EXIT_FAILURE;
  }
  if (begin->joins > 0) /* the container holds the namespaces now, and they must not outlive it */
    close_range (FD_JOINS, FD_JOINS + begin->joins - 1, 0);
  quilt_supervisor_run (&supervisor);
  quilt_supervisor_clear (&supervisor);
  return EXIT_SUCCESS;
}

/* The descriptors that quiltd sends with ENTER. */
typedef struct {
  QuiltSessionFds fds;
  int filter;
} Enter;

static gboolean
take_enter (const First *first, Enter *ret_enter)
{
  Enter enter = {.fds = {.control_fd = FD_CONTROL,
                         .version = first->message.version,
                         .directory = FD_SESSION_DIR,
                         .stdio = {-1, -1, -1},
                         .leash = -1},
                 .filter = -1};
  const Flagged wanted[] = {
      {QUILT_MESSAGE_FLAG_FILTER, &enter.filter},
      {QUILT_MESSAGE_FLAG_STDOUT, &enter.fds.stdio[1]},
      {QUILT_MESSAGE_FLAG_STDERR, &enter.fds.stdio[2]},
      {QUILT_MESSAGE_FLAG_STDIN, &enter.fds.stdio[0]},
      {QUILT_MESSAGE_FLAG_LEASH, &enter.fds.leash},
  };

  if (first->message.session == 0 || !first->body || first->n_fds < 2 ||
      first->fds[0] != FD_RUN_DIR || first->fds[1] != FD_SESSION_DIR ||
      !take_flagged (first, wanted, G_N_ELEMENTS (wanted), 2))
    return FALSE;
  *ret_enter = enter;
  return TRUE;
}

/* ENTER: runs a session. */
static int
hold_session (const First *first, const Enter *enter)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QuiltSpec) spec = load_spec (FD_RUN_DIR, enter->filter, &error);
  g_auto (QuiltSession) session = {0};
  QuiltSessionTarget target = {.spec = spec,
                               .scope = first->message.text,
                               .first = first->message.pid,
                               .number = first->message.session};

  close (FD_RUN_DIR);
  if (!spec ||
      !quilt_session_parse (g_bytes_get_data (first->body, NULL), g_bytes_get_size (first->body),
                            &session, &error) ||
      !session.id) {
    report_failure (enter->fds.version, target.number, error);
    return EXIT_FAILURE;
  }
  quilt_session_run (&target, &session, &enter->fds);
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  First first = {0};
  Begin begin;
  Enter enter;
  int r = argc > 1 ? -1
                   : quilt_spare_wait (FD_CONTROL, &first.message, first.fds, FDS_MAX, &first.n_fds,
                                       &first.prepared, &first.body);

  if (r == 0) /* quiltd needs no supervisor any more */
    return EXIT_SUCCESS;
  umask (022); /* independent of the unit of quiltd */
  if (r > 0 && first.message.type == QUILT_MESSAGE_BEGIN && take_begin (&first, &begin))
    return supervise (&begin);
  if (r > 0 && first.message.type == QUILT_MESSAGE_ENTER && take_enter (&first, &enter))
    return hold_session (&first, &enter);
  g_printerr ("quilt-supervisor is internal: quiltd starts it\n");
  return EXIT_FAILURE;
}
