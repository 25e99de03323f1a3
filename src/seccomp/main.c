/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-seccomp: compiles a system call filter for quiltd, which passes all descriptors. As a
 * separate program, it keeps libseccomp and 13 ms of work out of container starts. */
#include <config.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "proto/message.h"
#include "seccomp/cache.h"
#include "seccomp/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* See docs/architecture.md, "Descriptors of a helper". */
enum { FD_SOCKET = 3, FD_RULES = 4, FD_CACHE = 5, FD_FILTER = 6 };

/* The longest linux.seccomp that quiltd prints for a profile. */
#define RULES_MAX (2 * QUILT_SECCOMP_PROFILE_MAX)
#define CPU_SECONDS 30

/* The program only writes files that its own user owns, in a directory that its user owns. It needs
 * no capabilities. */
static gboolean
drop_privileges (GError **error)
{
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}};
  const struct rlimit seconds = {CPU_SECONDS, CPU_SECONDS};

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall (SYS_capset, &header, none) < 0 ||
      setrlimit (RLIMIT_CPU, &seconds) < 0)
    return quilt_set_error_errno (error, errno, "Failed to drop privileges");
  return TRUE;
}

static gboolean
is_ours (void)
{
  int type = 0;
  socklen_t length = sizeof type;

  return getsockopt (FD_SOCKET, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
         type == SOCK_SEQPACKET && fcntl (FD_RULES, F_GETFD) >= 0 &&
         fcntl (FD_FILTER, F_GETFD) >= 0;
}

static QuiltSeccomp *
read_rules (GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (json_object) object = NULL;
  struct stat st;
  gsize length, at = 0;

  if (fstat (FD_RULES, &st) < 0 || st.st_size > RULES_MAX) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to read the rules: too long");
    return NULL;
  }
  length = (gsize)st.st_size;
  text = g_malloc (length + 1);
  while (at < length) {
    ssize_t n = pread (FD_RULES, text + at, length - at, (off_t)at);

    if (n <= 0) {
      quilt_set_error_errno (error, n < 0 ? errno : EIO, "Failed to read the rules");
      return NULL;
    }
    at += (gsize)n;
  }
  object = quilt_json_parse (text, length, RULES_MAX, error);
  return object ? quilt_seccomp_read (object, "", error) : NULL;
}

static gboolean
run (QuiltMessage *message, gboolean skips, GError **error)
{
  int cache_fd = fcntl (FD_CACHE, F_GETFD) >= 0 ? FD_CACHE : -1;
  g_autoptr (QuiltSeccomp) seccomp = NULL;
  g_autoptr (GBytes) filter = NULL;
  g_autofree char *unknown = NULL;
  g_autofree char *key = NULL;
  gconstpointer data;
  gboolean hit;
  gsize size;

  seccomp = drop_privileges (error) ? read_rules (error) : NULL;
  if (!seccomp)
    return FALSE;
  unknown = skips ? quilt_compile_skip_unknown (seccomp) : NULL;
  key = quilt_cache_key (seccomp);
  filter = quilt_cache_get (cache_fd, seccomp, key, &hit, error);
  if (!filter)
    return FALSE;
  data = g_bytes_get_data (filter, &size);
  if (!quilt_fd_write_all (FD_FILTER, data, size))
    return quilt_set_error_errno (error, errno, "Failed to write the filter");
  quilt_message_init (message, QUILT_MESSAGE_DONE);
  message->exit_code = hit;
  quilt_message_set_text (message, !skips ? key : unknown ? unknown : "");
  return TRUE;
}

int
main (int argc, char **argv)
{
  /* quilt-oci asks for this, and gets the skipped names instead of the key. */
  gboolean skips = argc == 2 && strcmp (argv[1], "--skip-unknown") == 0;
  g_autoptr (GError) error = NULL;
  QuiltMessage message;

  if (argc == 2 && strcmp (argv[1], "--version") == 0) {
    g_print ("quilt-seccomp %s\n", QUILT_VERSION);
    return EXIT_SUCCESS;
  }
  if ((argc > 1 && !skips) || !is_ours ()) {
    g_printerr ("quilt-seccomp is internal: quiltd starts it\n");
    return EXIT_FAILURE;
  }
  if (!run (&message, skips, &error)) {
    quilt_message_init (&message, QUILT_MESSAGE_ERROR);
    message.code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
    quilt_message_set_text (&message, error->message);
  }
  return quilt_message_send (FD_SOCKET, &message) && !error ? EXIT_SUCCESS : EXIT_FAILURE;
}
