/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The problems that keep a program of an image from running, in words with advice. */
#include "look/verify/problems.h"

#include "base/text.h"

#include <string.h>

/* With texts of this size, 100 rows fit into a body of the wire. */
#define PROBLEMS_MAX 100
#define NAME_MAX_BYTES 1024

/* {path}, {by} and {detail} stand for the quoted texts of the problem. */
static const struct {
  const char *name;
  gboolean warning;
  const char *message;
  const char *hint;
} kinds[QUILT_N_PROBLEMS] = {
    [QUILT_PROBLEM_NOT_FOUND] = {"not-found", FALSE, "The image has no program {path}",
                                 "Check the name, and the image's PATH"},
    [QUILT_PROBLEM_DANGLING_LINK] = {"dangling-link", FALSE,
                                     "{path} leads over a link to {detail}, which the image "
                                     "lacks",
                                     "Add the target to the image. If the link leads to a store "
                                     "such as /nix/store, import the program with its closure"},
    [QUILT_PROBLEM_IS_DIRECTORY] = {"is-directory", FALSE, "{path} is a directory",
                                    "Name a program in it"},
    [QUILT_PROBLEM_NOT_EXECUTABLE] = {"not-executable", FALSE, "{path} is not an executable file",
                                      "Set its mode when the image is made: chmod +x"},
    [QUILT_PROBLEM_NOT_A_PROGRAM] = {"not-a-program", FALSE,
                                     "{path} is neither an ELF program nor a script",
                                     "A script must begin with a line such as #!/bin/sh"},
    [QUILT_PROBLEM_WRONG_MACHINE] = {"wrong-machine", FALSE,
                                     "{path} is for another machine: {detail}",
                                     "Use an image for the architecture of this host"},
    [QUILT_PROBLEM_DAMAGED] = {"damaged", FALSE, "{path} is not a complete ELF program",
                               "Its file may have been cut off: make the image again"},
    [QUILT_PROBLEM_MISSING_LOADER] = {"missing-loader", FALSE,
                                      "{by} needs the loader {path}, which the image lacks",
                                      "Add the C library that the program was built with (glibc "
                                      "or musl), or use a static program"},
    [QUILT_PROBLEM_BAD_LOADER] = {"bad-loader", FALSE,
                                  "{path}, the loader of {by}, can't be executed",
                                  "Install the image's C library again"},
    [QUILT_PROBLEM_MISSING_LIBRARY] = {"missing-library", FALSE,
                                       "{by} needs the library {path}, which its loader does not "
                                       "find",
                                       "Install the library into the image, or set "
                                       "LD_LIBRARY_PATH to its directory"},
    [QUILT_PROBLEM_UNCACHED_LIBRARY] = {"uncached-library", FALSE,
                                        "{by} needs the library {path}, which is {detail} but not "
                                        "in /etc/ld.so.cache",
                                        "Run ldconfig when the image is made"},
    [QUILT_PROBLEM_OTHER_MACHINE_LIBRARY] = {"library-for-other-machine", FALSE,
                                             "{by} needs the library {path}, but {detail} is for "
                                             "another machine",
                                             "Install the library for the program's architecture"},
    [QUILT_PROBLEM_BAD_LIBRARY] = {"bad-library", FALSE, "{path}, a library of {by}, is damaged",
                                   "Install the library again"},
    [QUILT_PROBLEM_MISSING_INTERPRETER] = {"missing-interpreter", FALSE,
                                           "The script {by} needs {path}, which the image lacks",
                                           "Install the interpreter into the image"},
    [QUILT_PROBLEM_LINE_ENDING] = {"line-ending", FALSE,
                                   "The first line of the script {by} ends with a carriage "
                                   "return, which counts as part of the interpreter's name",
                                   "Save the script with Unix line endings"},
    [QUILT_PROBLEM_BAD_INTERPRETER_LINE] = {"bad-interpreter-line", FALSE,
                                            "The first line of the script {path} names no "
                                            "interpreter, or a name that is too long",
                                            "Write #! and an absolute path of less than 254 "
                                            "bytes"},
    [QUILT_PROBLEM_UNSPLIT_INTERPRETER] = {"unsplit-interpreter", FALSE,
                                           "The script {by} gives {path} to env as one name",
                                           "Write env -S if it has arguments"},
    [QUILT_PROBLEM_TOO_MANY_INTERPRETERS] = {"too-many-interpreters", FALSE,
                                             "{path} is the interpreter of a script of a script, "
                                             "deeper than the kernel allows",
                                             "Name the program itself in the first script"},
    [QUILT_PROBLEM_TOO_LARGE] = {"too-large", FALSE,
                                 "{path} has more libraries or links than Quilt reads",
                                 "Its files may be damaged or hostile"},
    [QUILT_PROBLEM_UNCHECKED_MACHINE] = {"unchecked-machine", TRUE,
                                         "{path} is for {detail}: whether it runs depends on the "
                                         "host's kernel, and its libraries were not checked",
                                         ""},
    [QUILT_PROBLEM_UNCHECKED_LOADER] = {"unchecked-library", TRUE,
                                        "{by} needs {detail}, which was not found, but its loader "
                                        "may look in places that Quilt does not know",
                                        ""},
    [QUILT_PROBLEM_UNCHECKED_INTERPRETER] = {"unchecked-interpreter", TRUE,
                                             "The script {by} uses env in a way that was not "
                                             "checked",
                                             ""},
    [QUILT_PROBLEM_NO_SHELL] = {"no-shell", TRUE, "The image has no {path}",
                                "Setup steps, scripts and quiltctl exec sh need it"},
    [QUILT_PROBLEM_NO_PASSWD] = {"no-passwd", TRUE, "The image has no {path}",
                                 "Users can be given by number only, and programs find no home"},
    [QUILT_PROBLEM_NO_CERTIFICATES] = {"no-certificates", TRUE, "The image has no CA certificates",
                                       "TLS connections will fail: install ca-certificates, or "
                                       "mount the host's"},
    [QUILT_PROBLEM_NO_TIME_ZONES] = {"no-time-zones", TRUE, "The image has no time zones",
                                     "All times are in UTC: install tzdata to use TZ"},
};

typedef struct {
  QuiltProblemKind kind;
  char *path, *needed_by, *detail;
} Problem;

struct QuiltProblems {
  GPtrArray *list;
  guint64 left_out;
  gboolean has_error;
};

static void
problem_free (gpointer data)
{
  Problem *problem = data;

  g_free (problem->path);
  g_free (problem->needed_by);
  g_free (problem->detail);
  g_free (problem);
}

QuiltProblems *
quilt_problems_new (void)
{
  QuiltProblems *self = g_new0 (QuiltProblems, 1);

  self->list = g_ptr_array_new_with_free_func (problem_free);
  return self;
}

void
quilt_problems_free (QuiltProblems *self)
{
  g_ptr_array_unref (self->list);
  g_free (self);
}

void
quilt_problems_add (QuiltProblems *self,
                    QuiltProblemKind kind,
                    const char *path,
                    const char *needed_by,
                    const char *detail)
{
  Problem *problem;

  self->has_error = self->has_error || !kinds[kind].warning;
  if (self->list->len >= PROBLEMS_MAX) {
    self->left_out++;
    return;
  }
  problem = g_new0 (Problem, 1);
  problem->kind = kind;
  problem->path = g_strndup (path, NAME_MAX_BYTES);
  problem->needed_by = g_strndup (needed_by, NAME_MAX_BYTES);
  problem->detail = g_strdup (detail ? detail : "");
  g_ptr_array_add (self->list, problem);
}

void
quilt_problems_take (QuiltProblems *self, QuiltProblems *other)
{
  self->left_out += other->left_out;
  self->has_error = self->has_error || other->has_error;
  while (other->list->len > 0 && self->list->len < PROBLEMS_MAX)
    g_ptr_array_add (self->list, g_ptr_array_steal_index (other->list, 0));
  self->left_out += other->list->len;
  g_ptr_array_set_size (other->list, 0);
}

gboolean
quilt_problems_has_error (const QuiltProblems *self)
{
  return self->has_error;
}

static char *
word (const Problem *problem)
{
  const struct {
    const char *place, *text;
  } texts[] = {
      {"{path}", problem->path}, {"{by}", problem->needed_by}, {"{detail}", problem->detail}};
  g_autoptr (GString) message = g_string_new (NULL);
  const char *at = kinds[problem->kind].message;

  while (*at) {
    const char *next = at;

    for (guint i = 0; i < G_N_ELEMENTS (texts) && next == at; i++) {
      g_autofree char *quoted = NULL;

      if (!g_str_has_prefix (at, texts[i].place))
        continue;
      quoted = quilt_text_quote (texts[i].text);
      g_string_append_printf (message, "'%s'", quoted);
      next += strlen (texts[i].place);
    }
    if (next == at)
      g_string_append_c (message, *next++);
    at = next;
  }
  return g_string_free (g_steal_pointer (&message), FALSE);
}

static GVariant *
new_row (const Problem *problem)
{
  GVariantBuilder row = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *message = word (problem);

  g_variant_builder_add (&row, "{sv}", "kind", g_variant_new_string (kinds[problem->kind].name));
  g_variant_builder_add (&row, "{sv}", "severity",
                         g_variant_new_string (kinds[problem->kind].warning ? "warning" : "error"));
  g_variant_builder_add (&row, "{sv}", "path", g_variant_new_bytestring (problem->path));
  g_variant_builder_add (&row, "{sv}", "needed-by", g_variant_new_bytestring (problem->needed_by));
  g_variant_builder_add (&row, "{sv}", "message", g_variant_new_string (message));
  g_variant_builder_add (&row, "{sv}", "hint", g_variant_new_string (kinds[problem->kind].hint));
  return g_variant_builder_end (&row);
}

GVariant *
quilt_problems_to_rows (const QuiltProblems *self)
{
  GVariantBuilder rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < self->list->len; i++)
    g_variant_builder_add_value (&rows, new_row (self->list->pdata[i]));
  return g_variant_builder_end (&rows);
}

guint64
quilt_problems_left_out (const QuiltProblems *self)
{
  return self->left_out;
}
