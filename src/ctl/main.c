/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltctl: the table of all verbs, and their dispatch. */
#include "ctl/ctl.h"

#include "ctl/suggest.h"

#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ANY QUILT_ARGS_ANY
#define BUS QUILT_VERB_BUS
#define JSON QUILT_VERB_JSON
#define TABLE (QUILT_VERB_BUS | QUILT_VERB_JSON | QUILT_VERB_TABLE | QUILT_VERB_PAGER)
#define TEXT (QUILT_VERB_BUS | QUILT_VERB_JSON | QUILT_VERB_PAGER)
#define STRICT QUILT_VERB_STRICT

static const QuiltVerb verbs[] = {
    {"run", NULL, 1, ANY, BUS | STRICT, "IMAGE [COMMAND...]", "Create and start a container",
     verb_run},
    {"create", NULL, 1, ANY, BUS | JSON | STRICT, "IMAGE [COMMAND...]", "Create a container",
     verb_create},
    {"exec", NULL, 2, ANY, BUS | STRICT, "NAME COMMAND...", "Run a command in a container",
     verb_exec},
    {"shell", NULL, 1, ANY, BUS | STRICT, "NAME [COMMAND...]", "Open a shell in a container",
     verb_shell},
    {"debug", NULL, 1, ANY, BUS | STRICT, "NAME [COMMAND...]", "Open a shell with the host's tools",
     verb_debug},
    {"copy", "cp", 2, 2, BUS, "SRC DST", "Copy files to or from NAME:PATH", verb_copy},
    {"export", NULL, 1, 1, BUS, "NAME", "Write a container's files as tar", verb_export},
    {"sessions", NULL, 1, 1, TABLE, "NAME", "List what exec runs in a container", verb_sessions},
    {"attach", NULL, 1, 1, BUS, "NAME", "Watch and use a container that runs", verb_attach},
    {"start", NULL, 1, ANY, BUS, "NAME...", "Start containers", verb_start},
    {"stop", NULL, 0, ANY, BUS, "NAME...", "Stop containers", verb_stop},
    {"restart", NULL, 0, ANY, BUS, "NAME...", "Stop containers and start them again", verb_restart},
    {"kill", NULL, 0, ANY, BUS, "NAME...", "Send a signal to containers", verb_kill},
    {"remove", "rm", 0, ANY, BUS, "NAME...", "Remove containers", verb_remove},
    {"wait", NULL, 1, ANY, BUS | JSON, "NAME...", "Wait until containers end", verb_wait},
    {"list", "ps", 0, 0, TABLE, "", "List containers", verb_list},
    {"status", NULL, 0, ANY, TEXT, "[NAME...]", "Show state and last log lines", verb_status},
    {"show", NULL, 0, ANY, TEXT, "[NAME...]", "Show properties", verb_show},
    {"inspect", NULL, 1, ANY, TEXT, "NAME...", "Show records as JSON", verb_inspect},
    {"top", NULL, 1, ANY, TABLE, "NAME", "List the processes of a container", verb_top},
    {"diff", NULL, 1, 1, TEXT, "NAME", "List what a container has changed", verb_diff},
    {"logs", NULL, 1, 1, QUILT_VERB_PAGER, "NAME", "Show what a container printed", verb_logs},
    {"rename", NULL, 2, 2, BUS, "NAME NEW-NAME", "Rename a container", verb_rename},
    {"update", NULL, 1, ANY, BUS, "NAME...", "Change limits", verb_update},
    {"commit", NULL, 1, 2, BUS | JSON, "NAME [IMAGE]", "Make an image of a container", verb_commit},
    {"import", NULL, 1, 2, BUS | JSON, "FILE|- [NAME]", "Make an image of a tar archive",
     verb_import},
    {"images", NULL, 0, ANY, TABLE, "[NAME...]", "List images", verb_images},
    {"inspect-image", NULL, 1, ANY, TEXT, "IMAGE...", "Show image records as JSON",
     verb_inspect_image},
    {"remove-image", "rmi", 1, ANY, BUS, "IMAGE...", "Remove images", verb_remove_image},
    {"prune", NULL, 0, 0, BUS | JSON, "--setups", "Remove kept results of setup steps", verb_prune},
    {"verify", NULL, 1, ANY, TEXT | STRICT, "IMAGE [COMMAND...]", "Check that a program can run",
     verb_verify},
    {"doctor", NULL, 0, 0, BUS | JSON, "", "Show what this host can isolate", verb_doctor},
    {"info", NULL, 0, 0, BUS | JSON, "", "Show Quilt and its host", verb_info},
    {"version", NULL, 0, 0, BUS | JSON, "", "Show versions", verb_version},
    {"help", NULL, 0, 1, 0, "[VERB]", "Show help", verb_help},
    {NULL},
};

static const QuiltVerb *
find_verb (const char *name)
{
  for (const QuiltVerb *verb = verbs; verb->name; verb++)
    if (strcmp (verb->name, name) == 0 || g_strcmp0 (verb->alias, name) == 0)
      return verb;
  return NULL;
}

static void
print_help (void)
{
  puts ("Usage: quiltctl [OPTION...] VERB [ARGUMENT...]\n"
        "\n"
        "Runs containers under systemd, each in a scope, with its log in the journal.\n"
        "\n"
        "Verbs:");
  for (const QuiltVerb *verb = verbs; verb->name; verb++) {
    g_autofree char *left = g_strconcat (verb->name, verb->alias ? ", " : "",
                                         verb->alias ? verb->alias : "", " ", verb->args, NULL);

    printf ("  %-32s %s\n", left, verb->summary);
  }
  puts ("\n"
        "Options, before the verb, or after it if it has them:\n"
        "  --json[=MODE]                    Print JSON: short, pretty or off\n"
        "  --no-legend                      Print no column headers\n"
        "  --no-pager                       Don't start a pager\n"
        "  --no-ask-password                Don't ask for passwords\n"
        "  -h, --help                       Show this help\n"
        "  --version                        Show the version\n"
        "\n"
        "NAME is a container's name, ID or a unique prefix of it; IMAGE an image's name\n"
        "or digest, or the path of a tar archive. More: quiltctl VERB --help, and\n"
        "quiltctl(1).");
}

static int
fail_unknown (QuiltCtl *ctl, const char *word)
{
  g_autofree char *message = quilt_suggest_verb (ctl->verbs, word);

  ctl->verb = NULL;
  return quilt_ctl_usage (ctl, "%s", message);
}

int
verb_help (QuiltCtl *ctl, char **argv)
{
  char **args = quilt_ctl_parse (ctl, argv, NULL);
  char *help[] = {NULL, (char *)"--help", NULL};

  if (!args)
    return ctl->parse_code;
  if (!args[0]) {
    print_help ();
    return 0;
  }
  ctl->verb = find_verb (args[0]);
  if (!ctl->verb)
    return fail_unknown (ctl, args[0]);
  help[0] = args[0];
  return ctl->verb->run (ctl, help);
}

/* Parses the shared options that precede the verb, where systemctl also allows them. */
static int
parse_leading (QuiltCtl *ctl, char ***argv)
{
  static const QuiltVerb leading = {
      .name = "VERB",
      .max_args = ANY,
      .flags = BUS | JSON | QUILT_VERB_TABLE | QUILT_VERB_PAGER | STRICT,
  };
  char **at = *argv;

  if (at[1] && (strcmp (at[1], "--help") == 0 || strcmp (at[1], "-h") == 0)) {
    print_help ();
    return 0;
  }
  if (at[1] && strcmp (at[1], "--version") == 0) {
    puts ("quiltctl " QUILT_VERSION);
    return 0;
  }
  if (at[1] && at[1][0] == '-') {
    ctl->verb = &leading;
    at = quilt_ctl_parse (ctl, at, NULL);
    if (!at)
      return ctl->parse_code;
    *argv = at;
  } else {
    *argv = at + 1;
  }
  if (!(*argv)[0])
    return quilt_ctl_usage (ctl, "no verb given; see quiltctl --help");
  return -1;
}

/* If a standard descriptor is closed, the bus connection would get its number. */
static void
ensure_standard_fds (void)
{
  int fd;

  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    close (fd);
}

int
main (int argc, char **argv)
{
  QuiltCtl ctl = {.verbs = verbs};
  char **rest = argv;
  int code;

  ensure_standard_fds ();
  signal (SIGPIPE, SIG_IGN);
  code = argc > 0 ? parse_leading (&ctl, &rest) : QUILT_EXIT_FAILURE;
  if (code < 0) {
    ctl.verb = find_verb (rest[0]);
    code = ctl.verb ? ctl.verb->run (&ctl, rest) : fail_unknown (&ctl, rest[0]);
  }
  return quilt_ctl_finish (&ctl, code);
}
