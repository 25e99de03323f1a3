/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-look: looks at a container for quiltd, which must not wait for what the container decides.
 */
#include "base/error.h"
#include "look/host-process.h"
#include "look/processes.h"
#include "proto/message.h"
#include "spec/id-map.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_CONTROL 3
#define FD_SCOPE 4

/* If /proc is mounted with hidepid=, only this capability shows the processes of other users. */
static gboolean
drop_capabilities (void)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {{0}};
  const guint32 kept = 1u << CAP_SYS_PTRACE;

  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall (SYS_capget, &header, caps) < 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (caps); i++)
    caps[i].effective = caps[i].permitted = caps[i].inheritable = 0;
  caps[0].effective = caps[0].permitted = kept;
  if (syscall (SYS_capset, &header, caps) == 0)
    return TRUE;
  caps[0].effective = caps[0].permitted = 0; /* we have not got it */
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

int
main (int argc, char **argv)
{
  if (argc != 5 || strcmp (argv[1], "processes") != 0 || !drop_capabilities () ||
      fcntl (FD_CONTROL, F_SETFD, FD_CLOEXEC) < 0) {
    g_printerr ("quilt-look is internal: quiltd starts it\n");
    return EXIT_FAILURE;
  }
  return look_at_processes (argv + 2) ? EXIT_SUCCESS : EXIT_FAILURE;
}
