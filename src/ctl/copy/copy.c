/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltctl copy and export: files between the host and a container. */
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "ctl/bus.h"
#include "ctl/copy/call.h"
#include "ctl/copy/host.h"
#include "tar/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALL_INIT(owner)                                                                           \
  {                                                                                                \
    .ctl = (owner), .signals = QUILT_SIGNALS_INIT, .stream = {.fd = -1 }                           \
  }

/* NAME:PATH, or a path on the host. */
typedef struct {
  char *name; /* NULL: on the host */
  const char *path;
} Side;

static void
side_clear (Side *side)
{
  g_free (side->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Side, side_clear)

/* A path on the host with a colon begins with '/' or '.', as in podman and docker. */
static Side
read_side (const char *text)
{
  const char *colon = strchr (text, ':'), *slash = strchr (text, '/');

  if (!colon || *text == '/' || *text == '.' || colon == text || (slash && slash < colon))
    return (Side){NULL, text};
  return (Side){g_strndup (text, (gsize)(colon - text)), colon + 1};
}

/* Copies from one descriptor to the other until the end of file, and stops at a signal. *bytes
 * counts what was read. */
static gboolean
pour (QuiltCopyCall *call, int source, int target, guint64 *bytes, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (65536);
  ssize_t n;

  for (;;) {
    if (!quilt_copy_call_wait (source, POLLIN, call))
      return quilt_tar_set_stream_error (error, errno, "read");
    n = read (source, buffer, 65536);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
      continue;
    if (n <= 0)
      return n == 0 || quilt_tar_set_stream_error (error, errno, "read");
    *bytes += (guint64)n;
    for (ssize_t done = 0, some; done < n; done += some) {
      if (!quilt_copy_call_wait (target, POLLOUT, call))
        return quilt_tar_set_stream_error (error, errno, "write");
      some = write (target, buffer + done, (gsize)(n - done));
      if (some < 0 && errno != EINTR && errno != EAGAIN)
        return quilt_tar_set_stream_error (error, errno, "write");
      some = MAX (some, 0);
    }
  }
}

static int
copy_from (QuiltCtl *ctl, const Side *source, const char *target, const QuiltHostSettings *settings)
{
  QuiltCopyCall call = CALL_INIT (ctl);
  QuiltTarReport report = {0};
  g_autoptr (GError) error = NULL;

  if (strcmp (target, "-") == 0 && isatty (STDOUT_FILENO))
    return quilt_ctl_usage (ctl, "refusing to write an archive to the terminal: redirect stdout");
  if (!quilt_copy_call_begin (&call, "CopyFromContainer", source->name, source->path, FALSE,
                              quilt_bus_no_options (), &error))
    return quilt_ctl_fail (ctl, error);
  if (strcmp (target, "-") == 0)
    pour (&call, call.stream.fd, STDOUT_FILENO, &call.stream.bytes, &error);
  else
    quilt_host_unpack (&call.stream, target, settings, &report, &error);
  return quilt_copy_call_end (&call, &report, error);
}

static GVariant *
make_options (const QuiltHostSettings *settings, gboolean extract)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (settings->keeps_owner)
    g_variant_builder_add (&builder, "{sv}", "archive", g_variant_new_boolean (TRUE));
  if (settings->overwrite)
    g_variant_builder_add (&builder, "{sv}", "overwrite", g_variant_new_boolean (TRUE));
  if (extract)
    g_variant_builder_add (&builder, "{sv}", "extract", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&builder);
}

static int
copy_to (QuiltCtl *ctl, const char *source, const Side *target, const QuiltHostSettings *settings)
{
  const gboolean is_stream = strcmp (source, "-") == 0;
  QuiltCopyCall call = CALL_INIT (ctl);
  QuiltTarReport report = {0};
  g_autoptr (GError) error = NULL;

  if (is_stream && isatty (STDIN_FILENO))
    return quilt_ctl_usage (ctl, "refusing to read an archive from the terminal: pipe one in");
  if (!quilt_copy_call_begin (&call, "CopyToContainer", target->name, target->path, TRUE,
                              make_options (settings, is_stream), &error))
    return quilt_ctl_fail (ctl, error);
  if (is_stream)
    pour (&call, STDIN_FILENO, call.stream.fd, &call.stream.bytes, &error);
  else
    quilt_host_pack (&call.stream, source, settings, &report, &error);
  return quilt_copy_call_end (&call, &report, error);
}

int
verb_copy (QuiltCtl *ctl, char **argv)
{
  QuiltHostSettings settings = {0};
  const GOptionArg flag = G_OPTION_ARG_NONE;
  const GOptionEntry entries[] = {
      {"archive", 'a', 0, flag, &settings.keeps_owner, "Keep the owners of the files", NULL},
      {"overwrite", 0, 0, flag, &settings.overwrite, "Let files and directories replace each other",
       NULL},
      {"quiet", 'q', 0, flag, &ctl->quiet, "Show no progress", NULL},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_auto (Side) source = {0}, target = {0};

  if (!args)
    return ctl->parse_code;
  source = read_side (args[0]);
  target = read_side (args[1]);
  if (!source.name == !target.name)
    return quilt_ctl_usage (ctl,
                            source.name
                                ? "one side is on the host: quiltctl copy %s - | quiltctl copy - %s"
                                : "neither '%s' nor '%s' is NAME:PATH, a path in a container",
                            args[0], args[1]);
  if (!*(source.name ? source.path : target.path))
    return quilt_ctl_usage (ctl, "the path in the container is missing; its root is '%s:/'",
                            source.name ? source.name : target.name);
  if (!source.name)
    return copy_to (ctl, source.path, &target, &settings);
  if (settings.keeps_owner && geteuid () != 0 && strcmp (target.path, "-") != 0)
    return quilt_ctl_usage (ctl, "option --archive: only root can give files to others");
  return copy_from (ctl, &source, target.path, &settings);
}

/* The file that export writes: FILE.part, until it is complete. */
typedef struct {
  const char *path; /* NULL: stdout */
  char *part;       /* NULL: the file is written in place, since it is not a regular one */
  int fd;
} Output;

static gboolean
open_output (Output *output, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (output->path ? output->path : "-");
  struct stat st;

  if (!output->path) {
    output->fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  } else if (stat (output->path, &st) == 0 && !S_ISREG (st.st_mode)) {
    output->fd = open (output->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
  } else {
    output->part = g_strconcat (output->path, ".part", NULL);
    output->fd = open (output->part, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
  }
  return output->fd >= 0 || quilt_set_error_errno (error, errno, "Failed to open '%s'", quoted);
}

static gboolean
close_output (Output *output, gboolean keep, GError **error)
{
  const gboolean ok = close (output->fd) == 0;
  g_autofree char *part = g_steal_pointer (&output->part);
  g_autofree char *quoted = quilt_text_quote (output->path ? output->path : "-");

  if (part && !(keep && ok)) {
    unlink (part);
    return TRUE;
  }
  return (ok && (!part || rename (part, output->path) == 0)) ||
         quilt_set_error_errno (error, errno, "Failed to write '%s'", quoted);
}

static int export(QuiltCtl *ctl, const char *name, Output *output)
{
  QuiltCopyCall call = CALL_INIT (ctl);
  const QuiltTarReport report = {0};
  g_autoptr (GError) error = NULL;
  int code;

  if (!open_output (output, &error))
    return quilt_ctl_fail (ctl, error);
  if (!quilt_copy_call_begin (&call, "ExportContainer", name, NULL, FALSE, quilt_bus_no_options (),
                              &error)) {
    close_output (output, FALSE, NULL);
    return quilt_ctl_fail (ctl, error);
  }
  if (!pour (&call, call.stream.fd, output->fd, &call.stream.bytes, &error))
    close_output (output, FALSE, NULL);
  code = quilt_copy_call_end (&call, &report, error);
  if (!error && !close_output (output, code == 0, &error))
    return quilt_ctl_fail (ctl, error);
  return code;
}

int
verb_export (QuiltCtl *ctl, char **argv)
{
  g_autofree char *path = NULL;
  const GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &path, "Write to a file, not to stdout", "FILE"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &ctl->quiet, "Show no progress", NULL},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  Output output = {.fd = -1};

  if (!args)
    return ctl->parse_code;
  output.path = path && strcmp (path, "-") != 0 ? path : NULL;
  if (!output.path && isatty (STDOUT_FILENO))
    return quilt_ctl_usage (ctl, "refusing to write an archive to the terminal: use --output");
  return export(ctl, args[0], &output);
}
