/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process of a container, as rows show it. */
#pragma once

#include "look/proc.h"

/* The limits of a command in a row: bytes, and arguments. Longer ones are cut. */
#define QUILT_HOST_PROCESS_COMMAND_MAX 2048
#define QUILT_HOST_PROCESS_ARGS_MAX 512

typedef struct {
  pid_t pid; /* on the host */
  QuiltProcStat stat;
  QuiltProcStatus status;
  char **command; /* NULL: it could not be read; empty: the process has none */
  gboolean command_cut;
} QuiltHostProcess;

/* Opens /proc/PID. The descriptor means this process alone, also if the process ends and its pid is
 * used again: reading then fails. Returns -1 with errno set. */
int quilt_host_process_open (pid_t pid);

/* Reads all but the command, given that descriptor. Returns NULL if the process has ended. */
QuiltHostProcess *quilt_host_process_read (int fd, pid_t pid);
/* Reads the command. The process decides how long that takes: its arguments are in its memory,
 * whose lock its threads may hold. Returns NULL if they can't be read. Owned by the caller. */
char **quilt_host_process_read_command (int fd, gboolean *ret_cut);
/* The cgroup of the process, as quilt_cgroup_of() returns it. Owned by the caller. */
char *quilt_host_process_read_cgroup (int fd);

void quilt_host_process_free (QuiltHostProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltHostProcess, quilt_host_process_free)

/* The container that a row is about. */
typedef struct {
  const GArray *uid_map; /* of the container; NULL: the host's ids */
  guint level;           /* of the container's pid namespace below ours; 0: ours */
  gboolean level_known;
} QuiltProcessView;

/* The row of ListProcesses (dbus/org.quilt.xml), floating. Its serialized form has at most 4 KiB.
 */
GVariant *quilt_host_process_to_row (const QuiltHostProcess *self, const QuiltProcessView *view);
