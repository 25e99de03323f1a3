/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-copy: copies between a caller's pipe and a container's file system for quiltd. One process
 * makes one copy. It enters the container before it reads anything of it, and has no more power
 * from then on than the container's root has over files. */
#include "config.h"

#include "base/error.h"
#include "base/fd.h"
#include "copy/build.h"
#include "copy/work.h"
#include "core/identity/identity.h"
#include "proto/message.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  QuiltCopyRequest request;
  QuiltPayload payload; /* of a container that does not run */
  QuiltSpec *spec;      /* of the same */
  int first_fd;         /* pidfd: the copy ends with this process */
  int pipe_fd;
  int proc_fd;
  int root_fd;
  QuiltTarStream stream;
  QuiltTarReport report;
} Copy;

/* Ends the copy if quiltd or the container is gone. */
static gboolean
wait_for_pipe (int fd, short events, gpointer data)
{
  const Copy *self = data;
  struct pollfd fds[] = {
      {fd, events, 0}, {QUILT_COPY_SOCKET, POLLIN, 0}, {self->first_fd, POLLIN, 0}};

  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
    if (errno != EINTR)
      return FALSE;
  if (!fds[1].revents && !fds[2].revents)
    return TRUE;
  errno = ECANCELED;
  return FALSE;
}

/* The caller has the other end of the pipe, and shares its flags with us. So we open it again, to
 * make it non-blocking for us alone. */
static gboolean
open_pipe (Copy *self, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", QUILT_COPY_PIPE);
  const int mode = self->request.operation == QUILT_COPY_TO ? O_RDONLY : O_WRONLY;

  self->pipe_fd = open (path, mode | O_NONBLOCK | O_CLOEXEC);
  if (self->pipe_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open the caller's pipe");
  close (QUILT_COPY_PIPE); /* so that the caller notices our end */
  return TRUE;
}

/* A mount of that directory alone: no ".." leads from it to the host's files. */
static gboolean
open_proc (Copy *self, GError **error)
{
  self->proc_fd = open_tree (AT_FDCWD, "/proc/self/fd", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  return self->proc_fd >= 0 ||
         quilt_set_error_errno (error, errno, "Failed to open '/proc/self/fd'");
}

/* If the container is out of memory, this process ends before those of the container. */
static void
offer_to_the_oom_killer (void)
{
  g_autofd int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

  if (fd >= 0)
    quilt_fd_write_all (fd, "1000", 4);
}

static gboolean
enter (Copy *self, GError **error)
{
  const QuiltCopyRequest *request = &self->request;
  const gboolean alone = request->operation == QUILT_COPY_EXPORT;
  QuiltCopyPlace place = {.pid = request->first};

  offer_to_the_oom_killer ();
  if (request->scope) {
    self->first_fd = quilt_copy_join (request->scope, request->id, request->first, error);
    if (self->first_fd < 0)
      return FALSE;
  } else {
    if (!quilt_copy_build (QUILT_COPY_SPEC, &self->payload, &self->spec, error))
      return FALSE;
    place.pid = self->payload.pid;
    place.spec = self->spec;
    self->first_fd = self->payload.pid_fd;
  }
  place.pid_fd = self->first_fd;
  return quilt_copy_enter (&place, alone, &self->root_fd, error) && quilt_copy_confine (error);
}

/* The container's user owns what is copied into the container. Runs inside, since the user is
 * looked up in the container's files. */
static gboolean
find_owner (const Copy *self, QuiltCopyWork *work, GError **error)
{
  g_autoptr (QuiltSpec) spec = quilt_spec_new ();
  QuiltIdentity identity;
  const char *object = "", *why = "";
  int r;

  if (!self->request.user || self->request.operation != QUILT_COPY_TO)
    return TRUE;
  g_hash_table_insert (spec->annotations, g_strdup (QUILT_ANNOTATION_USER),
                       g_strdup (self->request.user));
  quilt_identity_init (spec, &identity);
  r = quilt_identity_resolve (spec, &identity, &object, &why);
  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to find the container's user '%s'%s%s",
                                  self->request.user, *why ? ", " : "", why);
  work->uid = identity.uid;
  work->gid = identity.gid;
  return TRUE;
}

static gboolean
copy (Copy *self, GError **error)
{
  QuiltCopyWork work = {.request = &self->request, .stream = &self->stream};

  if (!quilt_copy_request_load (QUILT_COPY_REQUEST, &self->request, error) ||
      !open_pipe (self, error) || !open_proc (self, error) || !enter (self, error) ||
      !find_owner (self, &work, error))
    return FALSE;
  work.root_fd = self->root_fd;
  work.proc_fd = self->proc_fd;
  quilt_tar_stream_init (&self->stream, self->pipe_fd, wait_for_pipe, self);
  return quilt_copy_work (&work, &self->report, error);
}

/* "KIND=NUMBER …" for each kind of file that was left out. */
static char *
describe_left (const QuiltTarReport *report)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < QUILT_TAR_LEFT_KINDS; i++)
    if (report->left[i] > 0)
      g_string_append_printf (text, "%s%s=%" G_GUINT64_FORMAT, text->len > 0 ? " " : "",
                              quilt_tar_left_name (i), report->left[i]);
  return g_string_free (text, FALSE);
}

/* The last message. */
static void
report (const Copy *self, const GError *error)
{
  g_autofree char *left = describe_left (&self->report);
  QuiltMessage message;

  quilt_message_init (&message, error ? QUILT_MESSAGE_ERROR : QUILT_MESSAGE_DONE);
  if (error)
    message.code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
  message.done = self->stream.bytes;
  message.total = self->report.entries;
  quilt_message_set_text (&message, error ? error->message : left);
  quilt_message_send (QUILT_COPY_SOCKET, &message);
}

/* Words the error of a copy that was cancelled because the container has ended. */
static void
explain (const Copy *self, GError **error)
{
  struct pollfd first = {self->first_fd, POLLIN, 0};

  if (!g_error_matches (*error, QUILT_ERROR, QUILT_ERROR_CANCELLED) || self->first_fd < 0 ||
      poll (&first, 1, 0) <= 0)
    return;
  g_clear_error (error);
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                       "The container stopped while files were copied");
}

static gboolean
is_ours (void)
{
  int type = 0;
  socklen_t length = sizeof type;

  return getsockopt (QUILT_COPY_SOCKET, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
         type == SOCK_SEQPACKET && fcntl (QUILT_COPY_PIPE, F_GETFD) >= 0 &&
         fcntl (QUILT_COPY_REQUEST, F_GETFD) >= 0;
}

/* The init of a container that is built must not inherit our descriptors. */
static void
close_on_exec (void)
{
  for (int fd = QUILT_COPY_SOCKET; fd <= QUILT_COPY_LOCK; fd++)
    fcntl (fd, F_SETFD, FD_CLOEXEC);
  close_range (QUILT_COPY_LOCK + 1, ~0U, 0);
}

int
main (int argc, char **argv)
{
  Copy self = {
      .payload = QUILT_PAYLOAD_NONE, .first_fd = -1, .pipe_fd = -1, .proc_fd = -1, .root_fd = -1};
  g_autoptr (GError) error = NULL;

  if (argc == 2 && strcmp (argv[1], "--version") == 0) {
    g_print ("quilt-copy %s\n", QUILT_VERSION);
    return EXIT_SUCCESS;
  }
  if (argc > 1 || !is_ours ()) {
    g_printerr ("quilt-copy: Failed to start: quiltd starts it; use 'quiltctl copy'\n");
    return EXIT_FAILURE;
  }
  umask (022); /* for mount points; independent of the unit of quiltd */
  /* A container with the host's pid namespace and ids can see us. */
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  signal (SIGPIPE, SIG_IGN);
  /* Load the locale and GLib's names of character sets while files are the host's. Otherwise the
   * first error message would read them in the container, and iconv(3) its modules. */
  setlocale (LC_CTYPE, "C.UTF-8");
  g_get_charset (NULL);
  close_on_exec ();
  fcntl (QUILT_COPY_SOCKET, F_SETFL, O_NONBLOCK);
  if (!copy (&self, &error))
    explain (&self, &error);
  /* The mounts of the container must be gone when quiltd learns of the end. */
  quilt_payload_clear (&self.payload);
  report (&self, error);
  quilt_tar_stream_clear (&self.stream);
  return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
