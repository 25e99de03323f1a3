/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-oci: the table of all verbs, and the options before a verb. */
#include "oci/shield.h"
#include "oci/state/log.h"
#include "oci/state/own-users.h"
#include "oci/state/root.h"
#include "oci/verbs/command-line.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/oci/features.h"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The exit code for failures of exec, to differ from those of processes, as in runc. */
#define EXIT_EXEC_FAILURE 255

typedef struct {
  const char *name;
  const char *args;
  const char *summary;
  QuiltOciVerb run;
  gboolean stateless; /* needs no state directory */
  gboolean enters;    /* starts processes in containers */
  gboolean creates;   /* makes containers */
  int failure;        /* exit code on error; 0: EXIT_FAILURE */
} Verb;

static const Verb verbs[] = {
    {"create", "ID", "Create a container that waits for start", quilt_oci_create, .enters = TRUE,
     .creates = TRUE},
    {"start", "ID", "Start the command of a created container", quilt_oci_start},
    {"run", "ID", "Create and start a container, and wait for it", quilt_oci_run, .enters = TRUE,
     .creates = TRUE},
    {"exec", "ID COMMAND...", "Run a command in a running container", quilt_oci_exec,
     .enters = TRUE, .failure = EXIT_EXEC_FAILURE},
    {"state", "ID", "Print the state of a container", quilt_oci_state},
    {"kill", "ID [SIGNAL]", "Send a signal to a container", quilt_oci_kill},
    {"delete", "ID", "Remove a container that has ended", quilt_oci_delete},
    {"list", "", "List containers", quilt_oci_list},
    {"ps", "ID [PS-OPTION...]", "List the processes of a container", quilt_oci_ps},
    {"pause", "ID", "Suspend all processes of a container", quilt_oci_pause},
    {"resume", "ID", "Resume all processes of a container", quilt_oci_resume},
    {"update", "ID", "Change the limits of a container", quilt_oci_update},
    {"events", "ID", "Print usage and out-of-memory events", quilt_oci_events},
    {"spec", "", "Write a config.json to begin with", quilt_oci_spec, .stateless = TRUE},
    {"features", "", "Print the supported parts of OCI", quilt_oci_features, .stateless = TRUE},
    /* Refused even with --help, since podman tests --help to find out. */
    {"checkpoint", NULL, NULL, quilt_oci_checkpoint},
    {"restore", NULL, NULL, quilt_oci_checkpoint},
    {NULL},
};

static const Verb *
find_verb (const char *name)
{
  for (const Verb *verb = verbs; verb->name; verb++)
    if (strcmp (verb->name, name) == 0)
      return verb;
  return NULL;
}

static void
print_help (GOptionContext *context)
{
  g_autoptr (GString) list = g_string_new ("Verbs:\n");
  g_autofree char *text = NULL;

  for (const Verb *verb = verbs; verb->summary; verb++) {
    g_autofree char *left = g_strconcat (verb->name, " ", verb->args, NULL);

    g_string_append_printf (list, "  %-26s %s\n", left, verb->summary);
  }
  g_string_append (list, "  help [VERB]                Show help\n\n"
                         "This build has no CRIU, and so neither checkpoint nor restore.\n"
                         "More: quilt-oci VERB --help, and quilt-oci(1).");
  g_option_context_set_summary (context, "Runs containers from OCI bundles.");
  g_option_context_set_description (context, list->str);
  text = g_option_context_get_help (context, TRUE, NULL);
  fputs (text, stdout);
}

/* Engines read the version as the last word of the first line. */
static void
print_version (void)
{
  puts ("quilt-oci version " QUILT_VERSION "\n"
        "spec: " QUILT_OCI_VERSION_MAX);
}

/* If the caller has closed a standard descriptor, a socket of ours would get its number and become
 * the container's output. */
static void
ensure_standard_fds (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0)
      open ("/dev/null",
            fd == STDIN_FILENO ? O_RDONLY : O_WRONLY); /* gets the lowest free number */
}

typedef struct {
  char *root, *log, *log_format, *cgroup_manager, *rootless;
  gboolean systemd_cgroup, debug, help, version;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->root);
  g_free (options->log);
  g_free (options->log_format);
  g_free (options->cgroup_manager);
  g_free (options->rootless);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
is_help_alone (char **argv)
{
  return argv[0] && strcmp (argv[0], "help") == 0 &&
         (!argv[1] || strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "help") == 0);
}

/* Turns "quilt-oci help VERB" into "quilt-oci VERB --help". */
static void
turn_help_round (char **argv)
{
  argv[0] = argv[1];
  argv[1] = (char *)"--help";
  argv[2] = NULL;
}

/* Parses the options before the verb. Returns NULL with an error, or without one if there is
 * nothing more to do. */
static const Verb *
read_leading (QuiltOci *oci, QuiltOciLog *log, char **argv, GError **error)
{
  g_auto (Options) options = {NULL};
  const GOptionEntry entries[] = {
      {"root", 0, 0, G_OPTION_ARG_FILENAME, &options.root, "Where states are (" QUILT_OCI_ROOT ")",
       "DIR"},
      {"log", 0, 0, G_OPTION_ARG_FILENAME, &options.log, "Also append errors to this file", "FILE"},
      {"log-format", 0, 0, G_OPTION_ARG_FILENAME, &options.log_format, "text or json", "FORMAT"},
      {"systemd-cgroup", 0, 0, G_OPTION_ARG_NONE, &options.systemd_cgroup, "Use scopes of systemd",
       NULL},
      {"cgroup-manager", 0, 0, G_OPTION_ARG_FILENAME, &options.cgroup_manager,
       "cgroupfs, systemd or disabled", "MANAGER"},
      {"rootless", 0, 0, G_OPTION_ARG_FILENAME, &options.rootless, "true, false or auto", "WHEN"},
      {"debug", 0, 0, G_OPTION_ARG_NONE, &options.debug, "Log each action", NULL},
      {"help", 'h', 0, G_OPTION_ARG_NONE, &options.help, "Show this help", NULL},
      {"version", 'v', 0, G_OPTION_ARG_NONE, &options.version, "Show the version", NULL},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("VERB [ARGUMENT...]");
  g_autoptr (GPtrArray) words = NULL;
  const Verb *verb;

  g_set_prgname ("quilt-oci");
  words = quilt_oci_read_options (argv, context, entries, TRUE, error);
  if (!words || !quilt_oci_log_open (log, options.log, options.log_format, options.debug, error))
    return NULL;
  quilt_oci_take_words (oci, g_steal_pointer (&words));
  argv = oci->argv + 1;
  if (options.version) {
    print_version ();
    return NULL;
  }
  if (options.help || is_help_alone (argv)) {
    print_help (context);
    return NULL;
  }
  if (argv[0] && strcmp (argv[0], "help") == 0)
    turn_help_round (argv);
  verb = argv[0] ? find_verb (argv[0]) : NULL;
  if (!verb) {
    g_autofree char *quoted = argv[0] ? quilt_text_quote (argv[0]) : NULL;

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "%s%s%s; see quilt-oci --help",
                 quoted ? "unknown verb '" : "no verb given", quoted ? quoted : "",
                 quoted ? "'" : "");
    return NULL;
  }
  oci->argv = argv;
  oci->needs_root = !verb->stateless;
  return quilt_oci_root_init (oci, options.root, options.rootless, options.cgroup_manager,
                              options.systemd_cgroup, error)
             ? verb
             : NULL;
}

static void
log_call (const QuiltOciLog *log, const QuiltOci *oci)
{
  g_autofree char *words = g_strjoinv (" ", oci->argv);
  g_autofree char *text = g_strdup_printf (
      "%s, root %s, %s, %s", words, oci->root, oci->rootless ? "rootless" : "the host's root",
      oci->systemd_cgroup ? "scopes of systemd" : "cgroups of our own");

  quilt_oci_log_debug (log, text);
}

static void
log_end (const QuiltOciLog *log, const char *verb, int code)
{
  g_autofree char *text = g_strdup_printf ("%s ends with exit code %d", verb, code);

  quilt_oci_log_debug (log, text);
}

/* Shields our program before anything is read or loaded, since that would be done twice. If a word
 * only looks like such a verb, shielding does no harm. Returns an errno. */
static int
shield (char **argv)
{
  for (char **word = argv + 1; *word; word++) {
    const Verb *verb = find_verb (*word);

    if (verb && verb->enters)
      return (!verb->creates || quilt_oci_own_users_enter ()) && quilt_oci_shield (argv) ? 0
                                                                                         : errno;
  }
  return 0;
}

static int
call (const Verb *verb, QuiltOci *oci, int unshielded, GError **error)
{
  if (!verb->enters || !unshielded)
    return verb->run (oci, error);
  quilt_set_error_errno (error, unshielded,
                         "Failed to protect quilt-oci's file from the container: neither a "
                         "read-only mount nor a sealed copy of '/proc/self/exe' is possible");
  return -1;
}

static int
run (QuiltOci *oci, QuiltOciLog *log, char **argv, int unshielded, GError **error)
{
  const Verb *verb = read_leading (oci, log, argv, error);
  int code;

  if (!verb)
    return *error ? EXIT_FAILURE : EXIT_SUCCESS;
  if (log->debug)
    log_call (log, oci);
  code = call (verb, oci, unshielded, error);
  if (code < 0)
    code = verb->failure ? verb->failure : EXIT_FAILURE;
  if (log->debug)
    log_end (log, verb->name, code);
  return code;
}

int
main (int argc, char **argv)
{
  QuiltOciLog log = {.fd = -1};
  QuiltOci oci = {.log = &log, .root_fd = -1};
  g_autoptr (GError) error = NULL;
  int unshielded, code;

  if (argc < 1)
    return EXIT_FAILURE;
  ensure_standard_fds ();
  unshielded = shield (argv);
  code = run (&oci, &log, argv, unshielded, &error);
  if (!error && (fflush (stdout) != 0 || ferror (stdout)) && code == 0) {
    quilt_set_error_errno (&error, errno, "Failed to write the answer");
    code = EXIT_FAILURE;
  }
  if (error) {
    g_autofree char *message = quilt_oci_log_word (error);

    quilt_oci_log_error (&log, message);
  }
  quilt_oci_take_words (&oci, NULL);
  g_free (oci.root);
  return code;
}
