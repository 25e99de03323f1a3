/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shell: opens the user's shell in a container. */
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
