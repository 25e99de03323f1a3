/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* commit. */
#include "base/error.h"
#include "ctl/bus.h"
#include "ctl/options/change.h"
#include "ctl/print.h"
#include "ctl/verbs/image.h"
#include "spec/quantities.h"

#include <stdio.h>

typedef struct {
  char **changes;
  char *author, *message, *pause, *pause_timeout;
} Options;

static void
options_clear (Options *options)
{
  g_strfreev (options->changes);
  g_free (options->author);
  g_free (options->message);
  g_free (options->pause);
  g_free (options->pause_timeout);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
read_pause (const char *text, gboolean *ret_pause, GError **error)
{
  static const char *const yes[] = {"true", "yes", "1", NULL};
  static const char *const no[] = {"false", "no", "0", NULL};

  *ret_pause = !text || g_strv_contains (yes, text);
  if (*ret_pause || g_strv_contains (no, text))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read --pause '%s': must be true or false", text);
  return FALSE;
}

static gboolean
add_text (GVariantDict *dict, const char *what, const char *key, const char *text, GError **error)
{
  if (!text)
    return TRUE;
  if (!quilt_bus_check_text (what, text, error))
    return FALSE;
  g_variant_dict_insert (dict, key, "s", text);
  return TRUE;
}

static gboolean
add_options (const Options *options, GVariantDict *dict, GError **error)
{
  gboolean pause;
  guint64 usec;

  if ((options->pause_timeout && !quilt_parse_duration (options->pause_timeout, &usec, error)) ||
      !read_pause (options->pause, &pause, error) ||
      !add_text (dict, "author", "author", options->author, error) ||
      !add_text (dict, "message", "comment", options->message, error) ||
      !quilt_changes_add (options->changes, dict, error))
    return FALSE;
  g_variant_dict_insert (dict, "pause", "b", pause);
  if (options->pause_timeout)
    g_variant_dict_insert (dict, "pause-timeout", "t", usec);
  return TRUE;
}

static void
print_committed (QuiltCtl *ctl, const QuiltImported *committed)
{
  g_autoptr (json_object) object = json_object_new_object ();
  json_object *left_out = json_object_new_object ();
  GVariantIter iter;
  const char *kind;
  guint64 count;

  quilt_json_add_string (object, "digest", committed->digest);
  if (committed->left_out) {
    g_variant_iter_init (&iter, committed->left_out);
    while (g_variant_iter_next (&iter, "{&st}", &kind, &count))
      quilt_json_add_uint64 (left_out, kind, count);
  }
  json_object_object_add (object, "leftOut", left_out);
  quilt_print_json (ctl, object);
}

int
verb_commit (QuiltCtl *ctl, char **argv)
{
  g_auto (Options) options = {0};
  const GOptionEntry entries[] = {
      {"author", 'a', 0, G_OPTION_ARG_FILENAME, &options.author, "Who has made it", "TEXT"},
      {"change", 'c', 0, G_OPTION_ARG_FILENAME_ARRAY, &options.changes,
       "Say how to run it: CMD, ENTRYPOINT, ENV...", "INSTRUCTION"},
      {"message", 'm', 0, G_OPTION_ARG_FILENAME, &options.message, "What it is", "TEXT"},
      {"pause", 'p', 0, G_OPTION_ARG_FILENAME, &options.pause,
       "Pause the container meanwhile (default: true)", "BOOL"},
      {"pause-timeout", 0, 0, G_OPTION_ARG_FILENAME, &options.pause_timeout,
       "Fail if it is paused for longer (default: 60s)", "TIME"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &ctl->quiet, "Show no progress", NULL},
      {NULL},
  };
  char **args = quilt_ctl_parse (ctl, argv, entries);
  g_autoptr (GError) error = NULL;
  g_auto (QuiltImported) committed = {0};
  GVariantDict dict;

  if (!args)
    return ctl->parse_code;
  g_variant_dict_init (&dict, NULL);
  if (!add_options (&options, &dict, &error)) {
    g_variant_dict_clear (&dict);
    return quilt_ctl_fail (ctl, error);
  }
  if (!quilt_image_commit (ctl, args[0], args[1] ? args[1] : "", g_variant_dict_end (&dict),
                           &committed, &error))
    return quilt_ctl_fail (ctl, error);
  if (ctl->json == QUILT_JSON_OFF)
    puts (committed.digest);
  else
    print_committed (ctl, &committed);
  return 0;
}
