/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that quiltctl starts beside itself: an agent, a pager. */
#include "ctl/program.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

GPid
quilt_program_start (const char *const *argv, int input, int extra)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, broken_pipe;
  pid_t pid;
  int r;

  sigemptyset (&none);
  sigemptyset (&broken_pipe);
  sigaddset (&broken_pipe, SIGPIPE); /* quiltctl itself ignores SIGPIPE */
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &broken_pipe);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_init (&actions);
  if (input >= 0)
    posix_spawn_file_actions_adddup2 (&actions, input, STDIN_FILENO);
  if (extra >= 0)
    posix_spawn_file_actions_adddup2 (&actions, extra, 3);
  r = posix_spawnp (&pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
  posix_spawn_file_actions_destroy (&actions);
  posix_spawnattr_destroy (&attributes);
  return r == 0 ? pid : 0;
}
