/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the files of the host that a process in a container gets (--provide). */
#include "runtime/provided.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/program/elf.h"
#include "spec/provide.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each session gets a copy in memory. */
#define SIZE_MAX_BYTES (16 * 1024 * 1024)

static const char *const programs[] = {"/usr/bin/busybox",
                                       "/bin/busybox",
                                       "/usr/sbin/busybox",
                                       "/bin/busybox.static",
                                       "/run/current-system/sw/bin/busybox",
                                       NULL};
static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                      "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                      "/etc/ssl/cert.pem", NULL};

static gboolean
read_file (gpointer data, guint64 offset, gpointer buffer, gsize length)
{
  return offset <= G_MAXINT64 &&
         pread (GPOINTER_TO_INT (data), buffer, length, (off_t)offset) == (ssize_t)length;
}

/* A program with a loader would need the host's libraries. */
static gboolean
is_static (int fd)
{
  g_autofree QuiltElf *elf = g_new0 (QuiltElf, 1);

  return quilt_elf_read (read_file, GINT_TO_POINTER (fd), elf) && elf->native &&
         *elf->interpreter == '\0';
}

/* Opens the first of these files that will do. Returns -1 if there is none. */
static int
open_first (const char *const *paths, gboolean (*check) (int fd))
{
  for (const char *const *path = paths; *path; path++) {
    g_autofd int fd = open (*path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    if (fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && st.st_size > 0 &&
        st.st_size <= SIZE_MAX_BYTES && (!check || check (fd)))
      return g_steal_fd (&fd);
  }
  return -1;
}

void
quilt_provided_clear (QuiltProvided *self)
{
  quilt_fd_clear (&self->busybox);
  quilt_fd_clear (&self->certificates);
}

gboolean
quilt_provided_open (guint provide, QuiltProvided *ret_provided, GError **error)
{
  g_auto (QuiltProvided) provided = QUILT_PROVIDED_NONE;

  if (provide & (QUILT_PROVIDE_SHELL | QUILT_PROVIDE_TOOLS)) {
    provided.has_all = (provide & QUILT_PROVIDE_TOOLS) != 0;
    provided.busybox = open_first (programs, is_static);
    if (provided.busybox < 0) {
      g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                           "Failed to provide a shell and tools: this host has no static busybox; "
                           "install the package busybox-static, or busybox where that is static");
      return FALSE;
    }
  }
  if (provide & QUILT_PROVIDE_CA) {
    provided.certificates = open_first (bundles, NULL);
    if (provided.certificates < 0) {
      g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                           "Failed to provide CA certificates: this host has none; install the "
                           "package ca-certificates");
      return FALSE;
    }
  }
  *ret_provided = provided;
  provided = (QuiltProvided)QUILT_PROVIDED_NONE;
  return TRUE;
}

gboolean
quilt_provided_open_for (const QuiltSpec *spec, QuiltProvided *ret_provided, GError **error)
{
  const char *words = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_PROVIDE);
  guint provide = 0;

  return (!words || quilt_provide_parse (words, &provide, error)) &&
         quilt_provided_open (provide, ret_provided, error);
}
