/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shell and debug: open a shell in a container, the user's or one of the host's. */
#include "ctl/exec/exec.h"

#include "ctl/print.h"

#include <unistd.h>

int
verb_shell (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltExecOptions) options = {.login = TRUE, .interactive = TRUE};
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  const GOptionEntry entries[] = {
      {"user", 'u', 0, text, &options.user, "User to log in", "USER[:GROUP]"},
      {"env", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.env, "Set a variable", "NAME[=VALUE]"},
      {"workdir", 'w', 0, text, &options.cwd, "Directory instead of the user's home", "DIR"},
      {"detach-keys", 0, 0, text, &options.detach_keys, "Keys that leave the terminal", "KEYS"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);

  if (!args)
    return ctl->parse_code;
  options.tty = isatty (STDIN_FILENO);
  return quilt_exec_run (ctl, &options, args);
}

/* A container may have no shell, or one that is broken, so use the host's. */
int
verb_debug (QuiltCtl *ctl, char **argv)
{
  g_auto (QuiltExecOptions) options = {.interactive = TRUE};
  const GOptionArg text = G_OPTION_ARG_FILENAME;
  const GOptionEntry entries[] = {
      {"user", 'u', 0, text, &options.user, "User to run as", "USER[:GROUP]"},
      {"env", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.env, "Set a variable", "NAME[=VALUE]"},
      {"workdir", 'w', 0, text, &options.cwd, "Working directory", "DIR"},
      {"provide", 0, 0, text, &options.provide, "What to bring; by default shell,tools", "WORDS"},
      {"privileged", 0, 0, G_OPTION_ARG_NONE, &options.privileged,
       "All capabilities, no system call filter", NULL},
      {"detach-keys", 0, 0, text, &options.detach_keys, "Keys that leave the terminal", "KEYS"},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  char *shell[] = {NULL, (char *)"/.quilt/bin/sh", NULL};

  if (!args)
    return ctl->parse_code;
  shell[0] = args[0];
  if (!options.provide)
    options.provide = g_strdup ("shell,tools");
  options.tty = isatty (STDIN_FILENO);
  return quilt_exec_run (ctl, &options, args[1] ? args : shell);
}
