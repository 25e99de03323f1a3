/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists the processes of a container. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The rows of a list. With rows of at most 4 KiB, the list fits into a body of the wire. */
#define QUILT_PROCESSES_MAX 1000

typedef struct {
  int scope_fd;          /* the directory of the scope's cgroup */
  const char *scope;     /* its path, as quilt_cgroup_of() returns it */
  pid_t first;           /* the container's first process; 0: unknown */
  const GArray *uid_map; /* NULL: the host's ids */
  /* Normally quilt_host_process_read_command(). */
  char **(*read_command) (int fd, gboolean *ret_cut);
} QuiltProcessesOf;

/* Lists the processes in the cgroups of the scope that belong to the container and its sessions,
 * and in all cgroups below these, ordered by pid: the type aa{sv}, floating. *ret_left_out: how
 * many more there are, since there are too many or time was short. A thread may be left that waits
 * for the memory of a process, so the program should end soon; of must live until then. Returns
 * NULL on error. */
GVariant *quilt_processes_list (const QuiltProcessesOf *of, guint64 *ret_left_out, GError **error);
