/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a program of an image can run: the file, its interpreters, its loader, its libraries. */
#include "look/verify/program.h"

#include "base/fd.h"
#include "look/verify/libraries.h"
#include "look/verify/script.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The search path of core/program/command.c if there is no PATH. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The kernel executes no script of a script beyond this depth (exec_binprm() in fs/exec.c). */
#define SCRIPTS_MAX 5
/* A script that env starts begins at depth 0 again, so limit these too. */
#define PROGRAMS_MAX 20

typedef struct {
  QuiltRoot *root;
  char *const *env;
  QuiltProblems *problems;
  guint n_programs;
} Check;

/* One program. */
typedef struct {
  const char *path; /* as it was named */
  const char *real_path;
  const char *by;              /* the script that needs it; "": it is the command */
  QuiltProblemKind if_missing; /* with the path, or its dangling link */
  guint depth;                 /* of scripts */
} Program;

static void check_program (Check *self, const Program *program);
static void
check_named (Check *self, const char *name, const char *path_list, const char *by, char **ret_path);

static const char *
get_env (char *const *env, const char *name)
{
  const gsize length = strlen (name);

  for (; env && *env; env++)
    if (strncmp (*env, name, length) == 0 && (*env)[length] == '=')
      return *env + length + 1;
  return NULL;
}

static void
add (Check *self, QuiltProblemKind kind, const Program *program, const char *detail)
{
  quilt_problems_add (self->problems, kind, program->path, program->by, detail);
}

/* Returns TRUE if path leads to a regular file that somebody may execute. Otherwise adds a problem:
 * if_missing, if_unusable, or a more exact one. */
static gboolean
check_file (Check *self,
            const char *path,
            const char *by,
            QuiltProblemKind if_missing,
            QuiltProblemKind if_unusable,
            QuiltRootEntry *ret_entry)
{
  quilt_root_follow (self->root, path, ret_entry);
  if (ret_entry->dangling)
    quilt_problems_add (self->problems, QUILT_PROBLEM_DANGLING_LINK, path, by, ret_entry->path);
  else if (ret_entry->error == ETIMEDOUT)
    quilt_problems_add (self->problems, QUILT_PROBLEM_TOO_LARGE, path, by, NULL);
  else if (ret_entry->error != 0)
    quilt_problems_add (self->problems, if_missing, path, by, NULL);
  else if (S_ISDIR (ret_entry->st.st_mode))
    quilt_problems_add (self->problems, QUILT_PROBLEM_IS_DIRECTORY, path, by, NULL);
  else if (!S_ISREG (ret_entry->st.st_mode) || (ret_entry->st.st_mode & 0111) == 0)
    quilt_problems_add (self->problems, if_unusable, path, by, NULL);
  else
    return TRUE;
  return FALSE;
}

/* Returns the loader's own file, or NULL after adding a problem. */
static QuiltObject *
check_loader (Check *self, const Program *program, const char *interpreter, char **ret_real_path)
{
  g_auto (QuiltRootEntry) entry = {0};
  g_autoptr (QuiltObject) object = NULL;
  g_autofd int fd = -1;

  if (!check_file (self, interpreter, program->path, QUILT_PROBLEM_MISSING_LOADER,
                   QUILT_PROBLEM_BAD_LOADER, &entry))
    return NULL;
  fd = quilt_root_open (self->root, entry.path);
  object = fd >= 0 ? quilt_object_read (fd, entry.path, NULL) : NULL;
  if (!object || !quilt_object_is_whole (object)) {
    quilt_problems_add (self->problems, QUILT_PROBLEM_BAD_LOADER, interpreter, program->path, NULL);
    return NULL;
  }
  *ret_real_path = g_steal_pointer (&entry.path);
  return g_steal_pointer (&object);
}

/* A preloaded library may be one that the program needs, by its own name. */
static gboolean
preloads (Check *self)
{
  const char *list = get_env (self->env, "LD_PRELOAD");

  return (list && *list) || quilt_root_exists (self->root, "/etc/ld.so.preload");
}

static void
check_elf (Check *self, const Program *program, const QuiltObject *object)
{
  const QuiltElf *elf = &object->elf;
  const char *machine = quilt_elf_machine_name (elf->machine);
  const char *library_path = get_env (self->env, "LD_LIBRARY_PATH");
  g_autoptr (QuiltObject) interpreter = NULL;
  g_autoptr (QuiltLoader) loader = NULL;
  g_autofree char *real_path = NULL;

  if (!elf->native && !elf->damaged) {
    add (self,
         quilt_elf_is_compatible (elf) ? QUILT_PROBLEM_UNCHECKED_MACHINE
                                       : QUILT_PROBLEM_WRONG_MACHINE,
         program, machine ? machine : "unknown");
    return;
  }
  if (!quilt_object_is_whole (object)) {
    add (self, QUILT_PROBLEM_DAMAGED, program, NULL);
    return;
  }
  if (!elf->interpreted)
    return;
  interpreter = check_loader (self, program, elf->interpreter, &real_path);
  if (!interpreter)
    return;
  loader = quilt_loader_new (self->root, elf->interpreter, real_path);
  quilt_libraries_check_all (&(QuiltLibrariesOf){.root = self->root,
                                                 .loader = loader,
                                                 .interpreter = interpreter,
                                                 .library_path = library_path ? library_path : "",
                                                 .preloads = preloads (self)},
                             object, program->real_path, self->problems);
}

/* script: the path of the script whose interpreter is env(1). */
static void
check_env (Check *self, const char *script, const char *argument)
{
  const char *path_list = get_env (self->env, "PATH");
  g_auto (QuiltScriptEnv) env = {0};
  g_autofree char *found = NULL;

  if (!quilt_script_parse_env (argument, &env)) {
    quilt_problems_add (self->problems, QUILT_PROBLEM_UNCHECKED_INTERPRETER, script, script, NULL);
    return;
  }
  if (!env.program)
    quilt_problems_add (self->problems, QUILT_PROBLEM_BAD_INTERPRETER_LINE, script, "", NULL);
  else if (g_str_has_suffix (env.program, "\r"))
    quilt_problems_add (self->problems, QUILT_PROBLEM_LINE_ENDING, env.program, script, NULL);
  else if (!env.splits && strpbrk (env.program, " \t"))
    quilt_problems_add (self->problems, QUILT_PROBLEM_UNSPLIT_INTERPRETER, env.program, script,
                        NULL);
  else
    check_named (self, env.program, env.path ? env.path : path_list, script, &found);
}

static gboolean
is_env (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  return strcmp (name, "env") == 0;
}

static void
check_script (Check *self, const Program *program, const QuiltScript *script)
{
  g_auto (QuiltRootEntry) entry = {0};
  const gsize length = strlen (script->interpreter);
  const Program interpreter = {.path = script->interpreter,
                               .by = program->path,
                               .if_missing = QUILT_PROBLEM_MISSING_INTERPRETER,
                               .depth = program->depth + 1};

  quilt_root_follow (self->root, script->interpreter, &entry);
  if (entry.error != 0 && script->interpreter[length - 1] == '\r')
    quilt_problems_add (self->problems, QUILT_PROBLEM_LINE_ENDING, script->interpreter,
                        program->path, NULL);
  else if (interpreter.depth > SCRIPTS_MAX)
    add (self, QUILT_PROBLEM_TOO_MANY_INTERPRETERS, &interpreter, NULL);
  else
    check_program (self, &interpreter);
  if (entry.error == 0 && is_env (script->interpreter))
    check_env (self, program->path, script->argument);
}

/* Checks the contents of a file that may be executed. */
static void
check_contents (Check *self, const Program *program, int fd)
{
  g_autoptr (QuiltObject) object = NULL;
  g_auto (QuiltScript) script = {0};
  char line[QUILT_SCRIPT_LINE];
  const ssize_t n = pread (fd, line, sizeof line, 0);

  switch (quilt_script_parse (line, n > 0 ? (gsize)n : 0, &script)) {
  case QUILT_SCRIPT_READ:
    check_script (self, program, &script);
    return;
  case QUILT_SCRIPT_BAD:
    add (self, QUILT_PROBLEM_BAD_INTERPRETER_LINE, program, NULL);
    return;
  case QUILT_SCRIPT_NOT:
    break;
  }
  object = quilt_object_read (fd, program->path, NULL);
  if (object)
    check_elf (self, program, object);
  else
    add (self, QUILT_PROBLEM_NOT_A_PROGRAM, program, NULL);
}

static void
check_program (Check *self, const Program *program)
{
  g_auto (QuiltRootEntry) entry = {0};
  g_autofd int fd = -1;
  Program found = *program;

  if (++self->n_programs > PROGRAMS_MAX) {
    add (self, QUILT_PROBLEM_TOO_MANY_INTERPRETERS, program, NULL);
    return;
  }
  if (!check_file (self, program->path, program->by, program->if_missing,
                   QUILT_PROBLEM_NOT_EXECUTABLE, &entry))
    return;
  fd = quilt_root_open (self->root, entry.path);
  found.real_path = entry.path;
  if (fd >= 0)
    check_contents (self, &found, fd);
  else
    add (self, QUILT_PROBLEM_NOT_EXECUTABLE, program, NULL);
}

/* Why a search found no program. */
typedef struct {
  QuiltProblems *first;  /* of the first path that exists; NULL: none does */
  char *path;            /* that first path */
  QuiltProblems *behind; /* of the first path that lies behind a dangling link; NULL: none does */
} Failures;

static void
failures_clear (Failures *failures)
{
  g_clear_pointer (&failures->first, quilt_problems_free);
  g_clear_pointer (&failures->path, g_free);
  g_clear_pointer (&failures->behind, quilt_problems_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Failures, failures_clear)

/* Checks one path of a search. Returns TRUE if it is a program that can run. */
static gboolean
try_candidate (Check *self, const Program *program, Failures *failures)
{
  g_autoptr (QuiltProblems) problems = quilt_problems_new ();
  const gboolean exists = quilt_root_has (self->root, program->path);
  QuiltProblems **place = exists ? &failures->first : &failures->behind;
  g_auto (QuiltRootEntry) entry = {0};
  Check check = *self;

  quilt_root_follow (self->root, program->path, &entry);
  if (!exists && !entry.dangling)
    return FALSE;
  check.problems = problems;
  check_program (&check, program);
  self->n_programs = check.n_programs;
  if (!quilt_problems_has_error (problems)) {
    quilt_problems_take (self->problems, problems);
    return TRUE;
  }
  if (exists && !failures->path)
    failures->path = g_strdup (program->path);
  if (!*place)
    *place = g_steal_pointer (&problems);
  return FALSE;
}

static void
add_failure (Check *self,
             const Failures *failures,
             QuiltProblemKind if_missing,
             const char *name,
             const char *by)
{
  if (failures->first)
    quilt_problems_take (self->problems, failures->first);
  else if (failures->behind)
    quilt_problems_take (self->problems, failures->behind);
  else
    quilt_problems_add (self->problems,
                        quilt_root_is_spent (self->root) ? QUILT_PROBLEM_TOO_LARGE : if_missing,
                        name, by, NULL);
}

/* Searches name along path_list, as execvp(3) does. *ret_path, which was NULL, is the path of
 * the program that would be executed. */
static void
check_named (Check *self, const char *name, const char *path_list, const char *by, char **ret_path)
{
  const QuiltProblemKind if_missing =
      *by ? QUILT_PROBLEM_MISSING_INTERPRETER : QUILT_PROBLEM_NOT_FOUND;
  g_auto (GStrv) directories = g_strsplit (path_list ? path_list : DEFAULT_PATH, ":", -1);
  g_auto (Failures) failures = {0};

  if (strchr (name, '/')) {
    check_program (self, &(Program){.path = name, .by = by, .if_missing = if_missing});
    *ret_path = g_strdup (name);
    return;
  }
  for (char **directory = directories; *name && *directory; directory++) {
    g_autofree char *path = g_strdup_printf ("%s/%s", **directory ? *directory : ".", name);
    const Program program = {.path = path, .by = by, .if_missing = if_missing};

    if (try_candidate (self, &program, &failures)) {
      *ret_path = g_steal_pointer (&path);
      return;
    }
  }
  add_failure (self, &failures, if_missing, name, by);
  *ret_path = g_steal_pointer (&failures.path);
}

void
quilt_program_check (
    QuiltRoot *root, const char *name, char *const *env, QuiltProblems *problems, char **ret_path)
{
  Check self = {.root = root, .env = env, .problems = problems};

  check_named (&self, name, get_env (env, "PATH"), "", ret_path);
}
