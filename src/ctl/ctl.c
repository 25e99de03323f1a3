/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions that all verbs share: common options, error reports, exit codes. */
#include "ctl/ctl.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/agent.h"
#include "ctl/pager.h"
#include "ctl/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Large enough for a path and a message of the daemon, but not for a whole log. */
#define MESSAGE_MAX 4096

gboolean
quilt_ctl_is_fancy (int fd)
{
  const char *term = g_getenv ("TERM");

  return isatty (fd) && g_strcmp0 (term, "dumb") != 0 && !g_getenv ("NO_COLOR");
}

static int
failure_code (const QuiltCtl *ctl)
{
  return ctl->verb && (ctl->verb->flags & QUILT_VERB_STRICT) && ctl->verb->run
             ? QUILT_EXIT_RUN_FAILURE
             : QUILT_EXIT_FAILURE;
}

static void
complain (const char *message)
{
  g_autofree char *text = quilt_text_printable (message, -1, MESSAGE_MAX);

  fflush (stdout);
  fprintf (stderr, "quiltctl: %s\n", text);
}

void
quilt_ctl_warn (const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  complain (message);
}

int
quilt_ctl_usage (QuiltCtl *ctl, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  complain (message);
  return failure_code (ctl);
}

int
quilt_ctl_fail (QuiltCtl *ctl, const GError *error)
{
  complain (error->message);
  if (failure_code (ctl) != QUILT_EXIT_RUN_FAILURE)
    return QUILT_EXIT_FAILURE;
  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_COMMAND_NOT_FOUND))
    return QUILT_EXIT_NOT_FOUND;
  if (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_COMMAND_NOT_EXECUTABLE))
    return QUILT_EXIT_NOT_EXECUTABLE;
  return QUILT_EXIT_RUN_FAILURE;
}

static gboolean
on_json (const char *name, const char *value, gpointer data, GError **error)
{
  static const char *const modes[] = {
      [QUILT_JSON_OFF] = "off", [QUILT_JSON_SHORT] = "short", [QUILT_JSON_PRETTY] = "pretty"};
  QuiltCtl *ctl = data;

  if (!*value)
    value = modes[QUILT_JSON_PRETTY];
  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (strcmp (modes[i], value) == 0) {
      ctl->json = i;
      return TRUE;
    }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--json must be short, pretty or off, not '%s'", value);
  return FALSE;
}

/* The verb's own options, and the shared options that it has. */
static GArray *
collect_entries (QuiltCtl *ctl, const GOptionEntry *own, gboolean *ret_help)
{
  const struct {
    guint flag;
    GOptionEntry entry;
  } shared[] = {
      {QUILT_VERB_JSON,
       {"json", 0, G_OPTION_FLAG_FILENAME | G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK,
        (gpointer)on_json, "Print JSON: short, pretty or off", "MODE"}},
      {QUILT_VERB_TABLE,
       {"no-legend", 0, 0, G_OPTION_ARG_NONE, &ctl->no_legend, "Print no column headers", NULL}},
      {QUILT_VERB_PAGER,
       {"no-pager", 0, 0, G_OPTION_ARG_NONE, &ctl->no_pager, "Don't start a pager", NULL}},
      {QUILT_VERB_BUS,
       {"no-ask-password", 0, 0, G_OPTION_ARG_NONE, &ctl->no_ask_password,
        "Don't ask for passwords", NULL}},
      {0, {"help", 'h', 0, G_OPTION_ARG_NONE, ret_help, "Show this help", NULL}},
  };
  GArray *entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));

  for (; own && own->long_name; own++)
    g_array_append_vals (entries, own, 1);
  for (guint i = 0; i < G_N_ELEMENTS (shared); i++)
    if ((ctl->verb->flags & shared[i].flag) == shared[i].flag)
      g_array_append_vals (entries, &shared[i].entry, 1);
  return entries;
}

static void
print_verb_help (QuiltCtl *ctl, GOptionContext *context)
{
  g_autofree char *program = g_strdup_printf ("quiltctl %s", ctl->verb->name);
  g_autofree char *text = NULL;

  g_set_prgname (program);
  text = g_option_context_get_help (context, TRUE, NULL);
  fputs (text, stdout);
}

/* Refers to the verb's help. Options before a verb are in quiltctl's own help. */
static int
refuse (QuiltCtl *ctl, const GError *error)
{
  return quilt_ctl_usage (ctl, "%s; see quiltctl%s%s --help", error->message,
                          ctl->verb->run ? " " : "", ctl->verb->run ? ctl->verb->name : "");
}

/* GOption would translate its errors, but no locale is set, so they stay English. */
char **
quilt_ctl_parse (QuiltCtl *ctl, char **argv, const GOptionEntry *own)
{
  g_autoptr (GOptionContext) context = g_option_context_new (ctl->verb->args);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) entries = NULL;
  GOptionGroup *group = g_option_group_new ("main", "", "", ctl, NULL);
  gboolean is_strict = (ctl->verb->flags & QUILT_VERB_STRICT) != 0, help = FALSE;
  GPtrArray *words;
  guint n_args;
  int argc;

  entries = collect_entries (ctl, own, &help);
  g_option_group_add_entries (group, (const GOptionEntry *)(gpointer)entries->data);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_strict_posix (context, is_strict);
  g_option_context_set_summary (context, ctl->verb->summary);
  g_set_prgname ("quiltctl");
  words = quilt_words_new (argv, ctl->verb->run ? ctl->verb->name : NULL,
                           (const GOptionEntry *)(gpointer)entries->data, is_strict, &error);
  if (!words) {
    ctl->parse_code =
        g_error_matches (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION)
            ? quilt_ctl_usage (ctl, "%s",
                               error->message) /* the message already contains the advice */
            : refuse (ctl, error);
    return NULL;
  }
  g_clear_pointer (&ctl->words, g_ptr_array_unref);
  ctl->words = words;
  argv = (char **)words->pdata;
  argc = (int)words->len - 1;
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    ctl->parse_code = refuse (ctl, error);
    return NULL;
  }
  if (help) {
    print_verb_help (ctl, context);
    ctl->parse_code = 0;
    return NULL;
  }
  /* GOption removes a "--" only if no unknown option could precede it. */
  argv++;
  if (argv[0] && strcmp (argv[0], "--") == 0)
    argv++;
  n_args = g_strv_length (argv);
  if (n_args < ctl->verb->min_args || n_args > ctl->verb->max_args) {
    ctl->parse_code =
        quilt_ctl_usage (ctl, "'%s' takes %s%s; see quiltctl %s --help", ctl->verb->name,
                         ctl->verb->max_args == 0 ? "no arguments" : ctl->verb->args,
                         n_args > ctl->verb->max_args && ctl->verb->max_args > 0 ? ", no more" : "",
                         ctl->verb->name);
    return NULL;
  }
  return argv;
}

int
quilt_ctl_finish (QuiltCtl *ctl, int code)
{
  gboolean broken = fflush (stdout) != 0 || ferror (stdout);
  int errsv = errno;

  if (ctl->pager)
    quilt_pager_wait (ctl->pager);
  if (ctl->agent)
    quilt_agent_end (ctl->agent);
  /* If the reader has closed the pipe, it wants no more output, and that is not an error. */
  if (broken && !ctl->pager && errsv != EPIPE) {
    quilt_ctl_warn ("Failed to write to stdout: %s", g_strerror (errsv));
    return code ? code : QUILT_EXIT_FAILURE;
  }
  return code; /* let the kernel close the connection, which is faster */
}
