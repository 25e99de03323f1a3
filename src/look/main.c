/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-look: looks at a container or an image for quiltd, which must not wait for what these
 * decide. */
#include "base/error.h"
#include "base/list-file.h"
#include "look/changes.h"
#include "look/host-process.h"
#include "look/processes.h"
#include "look/verify/enter.h"
#include "look/verify/verify.h"
#include "proto/message.h"
#include "spec/id-map.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_CONTROL 3
#define FD_SCOPE 4
#define FD_OUTPUT 4
#define FD_MOUNTS 5
#define FD_UPPER 6
#define FD_REQUEST 4
#define FD_LAYERS 5

#define CAPABILITY(name) (1u << (name))

/* Keeps these capabilities, as far as we have them. */
static gboolean
drop_capabilities (guint32 kept)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {{0}};

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall (SYS_capget, &header, caps) < 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    caps[i].permitted &= i == 0 ? kept : 0;
    caps[i].effective = caps[i].permitted;
    caps[i].inheritable = 0;
  }
  return syscall (SYS_capset, &header, caps) == 0;
}

static gboolean
report (const GError *error)
{
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_ERROR);
  message.code = error->code;
  quilt_message_set_text (&message, error->message);
  return quilt_message_send (FD_CONTROL, &message);
}

/* processes SCOPE FIRST MAP: SCOPE is the path of the cgroup that descriptor 4 is; FIRST the pid of
 * the container's first process, or 0; MAP the map of its uids, or empty. */
static gboolean
look_at_processes (char **args)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) map = *args[2] ? quilt_id_map_parse (args[2], &error) : NULL;
  const QuiltProcessesOf of = {.scope_fd = FD_SCOPE,
                               .scope = args[0],
                               .first = (pid_t)g_ascii_strtoll (args[1], NULL, 10),
                               .uid_map = map,
                               .read_command = quilt_host_process_read_command};
  g_autoptr (GVariant) rows = NULL;
  g_autoptr (GBytes) body = NULL;
  QuiltMessage message;

  quilt_message_init (&message, QUILT_MESSAGE_PROCESSES);
  rows = error ? NULL : quilt_processes_list (&of, &message.total, &error);
  if (!rows)
    return report (error);
  g_variant_ref_sink (rows);
  body = g_variant_get_data_as_bytes (rows);
  return quilt_message_send_body (FD_CONTROL, &message, NULL, 0, body);
}

/* Each directory on the way stays open. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit (RLIMIT_NOFILE, &limit);
  }
}

/* changes ATTRIBUTES N: ATTRIBUTES is "user" or "trusted", see look/lowers.h. Descriptor 4 is a
 * pipe for the records, 5 a file with the places of the container's mounts, 6 the directory that
 * overlayfs writes to, and the N that follow are the layers below, the uppermost first. */
static gboolean
look_at_changes (char **args)
{
  const gint64 n = g_ascii_strtoll (args[1], NULL, 10);
  g_autoptr (GArray) lowers = quilt_lowers_new ();
  g_autoptr (QuiltRecordPipe) output = quilt_record_pipe_new (FD_OUTPUT, FD_CONTROL);
  g_auto (GStrv) mounts = quilt_list_file_read (FD_MOUNTS);
  const QuiltChangesOf of = {.upper_fd = FD_UPPER,
                             .lowers = lowers,
                             .attributes = strcmp (args[0], "user") == 0 ? &quilt_overlay_user
                                                                         : &quilt_overlay_trusted,
                             .mounts = mounts};

  for (int i = 0; i < n; i++) {
    const int fd = FD_UPPER + 1 + i;

    g_array_append_val (lowers, fd);
  }
  raise_file_limit ();
  return mounts && quilt_changes_write (&of, output);
}

/* verify N: descriptor 4 is a file with the program, the working directory and the environment,
 * each a string with its NUL; the N that follow are the layers of the image, the uppermost first.
 */
static gboolean
verify (char **args)
{
  const gint64 n = CLAMP (g_ascii_strtoll (args[0], NULL, 10), 0, G_MAXINT16);
  g_autofree int *layers = g_new (int, (gsize)n);
  g_auto (GStrv) request = quilt_list_file_read (FD_REQUEST);
  QuiltVerification of = {.root_fd = -1};
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) result = NULL;
  g_autoptr (GBytes) body = NULL;
  QuiltMessage message;

  for (int i = 0; i < n; i++)
    layers[i] = FD_LAYERS + i;
  if (!request || g_strv_length (request) < 2)
    return FALSE;
  of.root_fd = quilt_verify_mount (layers, (guint)n, &error);
  if (of.root_fd < 0 || !quilt_verify_confine (&error))
    return report (error);
  of.program = request[0];
  of.working_directory = request[1];
  of.env = request + 2;
  result = g_variant_ref_sink (quilt_verify (&of));
  body = g_variant_get_data_as_bytes (result);
  quilt_message_init (&message, QUILT_MESSAGE_VERIFIED);
  return quilt_message_send_body (FD_CONTROL, &message, NULL, 0, body);
}

/* If /proc is mounted with hidepid=, only CAP_SYS_PTRACE shows the processes of other users. Files
 * of the container belong to any user. Only CAP_SYS_ADMIN shows trusted attributes, and mounts an
 * image. */
static const struct {
  const char *name;
  int n_args;
  guint32 capabilities;
  gboolean (*look) (char **args);
} modes[] = {
    {"processes", 3, CAPABILITY (CAP_SYS_PTRACE), look_at_processes},
    {"changes", 2, CAPABILITY (CAP_DAC_READ_SEARCH) | CAPABILITY (CAP_SYS_ADMIN), look_at_changes},
    {"verify", 1, CAPABILITY (CAP_DAC_READ_SEARCH) | CAPABILITY (CAP_SYS_ADMIN), verify},
};

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (argc == 2 + modes[i].n_args && strcmp (argv[1], modes[i].name) == 0 &&
        fcntl (FD_CONTROL, F_SETFD, FD_CLOEXEC) == 0 && drop_capabilities (modes[i].capabilities))
      return modes[i].look (argv + 2) ? EXIT_SUCCESS : EXIT_FAILURE;
  g_printerr ("quilt-look is internal: quiltd starts it\n");
  return EXIT_FAILURE;
}
