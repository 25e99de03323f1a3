/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds all libraries of a program as its loader would: breadth first, each name once. */
#include "look/verify/libraries.h"

#include "base/fd.h"

#include <errno.h>
#include <string.h>

/* The limits for one program: its libraries, and the bytes of their names. */
#define LIBRARIES_MAX 2000
#define NAMES_MAX ((gsize)32 * 1024 * 1024)

typedef struct {
  const QuiltLibrariesOf *of;
  const QuiltObject *program;
  const char *real_path;
  QuiltProblems *problems;
  GPtrArray *objects;   /* libraries, in the order of loading */
  GHashTable *provided; /* the names for which no file is looked for any more */
  gsize names_size;
  gboolean full;
} Loading;

/* The search for one library. */
typedef struct {
  Loading *loading;
  const QuiltObject *by;
  const char *name;
  const char *part; /* of each directory, which is looked in: "", or ends with "/" */
  gboolean is_path; /* name is a path, which is not looked for in directories */
  QuiltObject *found;
  char *damaged; /* the loader gives up at this file */
  char *other;   /* a file for another machine, which glibc's loader skips */
  gboolean unsure;
} Search;

static void
search_clear (Search *search)
{
  g_clear_pointer (&search->found, quilt_object_free);
  g_free (search->damaged);
  g_free (search->other);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static gboolean
is_musl (const Loading *loading)
{
  return quilt_loader_get_kind (loading->of->loader) == QUILT_LOADER_MUSL;
}

/* Looks at one candidate. Returns TRUE if the search ends. */
static gboolean
try_path (Search *search, const char *path)
{
  const Loading *loading = search->loading;
  g_autofd int fd = quilt_root_open (loading->of->root, path);
  g_autoptr (QuiltObject) object = NULL;

  /* A loader goes on if there is no such file, and reads anything else that it can open. */
  if (fd < 0 && errno != EISDIR && errno != EINVAL)
    return FALSE;
  object = fd >= 0 ? quilt_object_read (fd, path, search->by) : NULL;
  if (object && quilt_object_is_whole (object)) {
    search->found = g_steal_pointer (&object);
    return TRUE;
  }
  if (object && !object->elf.native && !object->elf.damaged) {
    if (!search->other)
      search->other = g_strdup (path);
    return is_musl (loading);
  }
  search->damaged = g_strdup (path);
  return TRUE;
}

/* Looks in one directory, or at the path itself. */
static gboolean
try_directory (Search *search, const char *directory, gsize length)
{
  g_autofree char *path = NULL;

  if (search->is_path)
    path = g_strndup (directory, length);
  else if (length > 0)
    path = g_strdup_printf ("%.*s/%s%s", (int)length, directory, search->part, search->name);
  else
    path = g_strdup (search->name); /* an empty element: the working directory */
  return try_path (search, path);
}

/* The directory of the program, without links, or of a library, as it was opened. */
static char *
get_origin (const Loading *loading, const QuiltObject *object)
{
  g_autofree char *absolute = quilt_root_make_absolute (
      loading->of->root, object->parent ? object->path : loading->real_path);

  return g_path_get_dirname (absolute);
}

static void
replace (GString *text, const char *token, const char *value)
{
  g_autofree char *long_token = g_strdup_printf ("${%s}", token);
  g_autofree char *short_token = g_strdup_printf ("$%s", token);

  g_string_replace (text, long_token, value, 0);
  g_string_replace (text, short_token, value, 0);
}

/* Expands the tokens of one element of a path of object. $PLATFORM depends on the processor.
 * Returns TRUE if the search ends. */
static gboolean
try_expanded (Search *search, const QuiltObject *object, const char *element, gsize length)
{
  g_autofree char *origin = get_origin (search->loading, object);
  g_autoptr (GString) path = g_string_new_len (element, (gssize)length);

  replace (path, "ORIGIN", origin);
  if (!is_musl (search->loading))
    replace (path, "LIB", quilt_loader_get_lib (search->loading->of->loader));
  if (!strchr (path->str, '$'))
    return try_directory (search, path->str, path->len);
  search->unsure = TRUE;
  return FALSE;
}

/* object: for which tokens are expanded; NULL: they are not. glibc's loader takes an empty element
 * for the working directory, musl's skips it. */
static gboolean
try_list (Search *search, const QuiltObject *object, const char *path, const char *separators)
{
  while (path && *path) {
    const gsize length = strcspn (path, separators);
    const gboolean is_skipped = length == 0 && is_musl (search->loading);

    if (!is_skipped && (object ? try_expanded (search, object, path, length)
                               : try_directory (search, path, length)))
      return TRUE;
    path += length;
    path += *path ? 1 : 0;
    if (quilt_root_is_spent (search->loading->of->root))
      return FALSE;
  }
  return FALSE;
}

static gboolean
try_defaults (Search *search)
{
  char *const *directories = quilt_loader_get_directories (search->loading->of->loader);

  for (; *directories; directories++)
    if (**directories && try_directory (search, *directories, strlen (*directories)))
      return TRUE;
  return FALSE;
}

static gboolean
try_cache (Search *search)
{
  char *const *paths = quilt_loader_find_in_cache (search->loading->of->loader, search->name);

  for (; paths && *paths; paths++)
    if (try_path (search, *paths))
      return TRUE;
  return FALSE;
}

/* musl knows no token but $ORIGIN, and ignores a path with another one as a whole. */
static gboolean
is_musl_path (const char *path)
{
  for (path = path ? strchr (path, '$') : NULL; path; path = strchr (path + 1, '$'))
    if (!g_str_has_prefix (path, "$ORIGIN") && !g_str_has_prefix (path, "${ORIGIN}"))
      return FALSE;
  return TRUE;
}

/* musl treats DT_RPATH and DT_RUNPATH alike, and uses those of all objects up to the program. */
static void
search_as_musl (Search *search)
{
  if (try_list (search, NULL, search->loading->of->library_path, ":\n"))
    return;
  for (const QuiltObject *object = search->by; object; object = object->parent) {
    const char *path = object->runpath ? object->runpath : object->rpath;

    if (is_musl_path (path) && try_list (search, object, path, ":\n"))
      return;
  }
  try_defaults (search);
}

static void
search_directories_of_glibc (Search *search)
{
  const QuiltObject *by = search->by;

  for (const QuiltObject *object = by; object && !by->runpath; object = object->parent)
    if (!object->runpath && try_list (search, object, object->rpath, ":"))
      return;
  if (try_list (search, search->loading->program, search->loading->of->library_path, ":;") ||
      try_list (search, by, by->runpath, ":") || try_cache (search))
    return;
  if (!by->elf.no_defaults)
    try_defaults (search);
}

/* The loader prefers libraries for newer processors, in these parts of each directory. Which one it
 * takes does not matter here. */
static void
search_as_glibc (Search *search)
{
  static const char *const parts[] = {
    "",
#if defined(__x86_64__)
    "glibc-hwcaps/x86-64-v2/",
    "glibc-hwcaps/x86-64-v3/",
#endif
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts) && !search->found && !search->damaged; i++) {
    search->part = parts[i];
    search_directories_of_glibc (search);
  }
}

static void
add_problem (Search *search)
{
  const Loading *loading = search->loading;
  const QuiltLibrariesOf *of = loading->of;
  const char *by = search->by->path;
  g_autofree char *configured = NULL;

  if (search->damaged) {
    quilt_problems_add (loading->problems, QUILT_PROBLEM_BAD_LIBRARY, search->damaged, by, NULL);
    return;
  }
  if (search->other) {
    quilt_problems_add (loading->problems, QUILT_PROBLEM_OTHER_MACHINE_LIBRARY, search->name, by,
                        search->other);
    return;
  }
  configured = quilt_loader_find_by_configuration (of->loader, of->root, search->name);
  if (quilt_loader_get_kind (of->loader) == QUILT_LOADER_UNKNOWN || search->unsure || of->preloads)
    quilt_problems_add (loading->problems, QUILT_PROBLEM_UNCHECKED_LOADER, search->name, by,
                        search->name);
  else if (configured)
    quilt_problems_add (loading->problems, QUILT_PROBLEM_UNCACHED_LIBRARY, search->name, by,
                        configured);
  else
    quilt_problems_add (loading->problems, QUILT_PROBLEM_MISSING_LIBRARY, search->name, by, NULL);
}

/* Takes ownership of object. */
static void
add_object (Loading *loading, QuiltObject *object)
{
  /* musl knows a library only by the name that was searched for. */
  if (object->soname && !is_musl (loading))
    g_hash_table_add (loading->provided, g_strdup (object->soname));
  loading->names_size += object->names_size;
  loading->full = loading->full || object->elf.cut || loading->objects->len >= LIBRARIES_MAX ||
                  loading->names_size > NAMES_MAX;
  g_ptr_array_add (loading->objects, object);
}

static void
load_one (Loading *loading, const QuiltObject *by, const char *name)
{
  g_auto (Search) search = {.loading = loading,
                            .by = by,
                            .name = name,
                            .part = "",
                            .is_path = strchr (name, '/') != NULL};

  if (quilt_loader_provides (loading->of->loader, name) ||
      !g_hash_table_add (loading->provided, g_strdup (name)))
    return;
  if (search.is_path && is_musl (loading))
    try_path (&search, name);
  else if (search.is_path)
    try_expanded (&search, by, name, strlen (name));
  else if (is_musl (loading))
    search_as_musl (&search);
  else
    search_as_glibc (&search);
  if (quilt_root_is_spent (loading->of->root))
    loading->full = TRUE;
  else if (search.found)
    add_object (loading, g_steal_pointer (&search.found));
  else
    add_problem (&search);
}

static void
load_needed (Loading *loading, const QuiltObject *object)
{
  for (guint i = 0; i < object->needed->len && !loading->full; i++)
    load_one (loading, object, object->needed->pdata[i]);
}

void
quilt_libraries_check_all (const QuiltLibrariesOf *of,
                           const QuiltObject *program,
                           const char *real_path,
                           QuiltProblems *problems)
{
  g_autoptr (GPtrArray) objects =
      g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_object_free);
  g_autoptr (GHashTable) provided = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Loading loading = {.of = of,
                     .program = program,
                     .real_path = real_path,
                     .problems = problems,
                     .objects = objects,
                     .provided = provided,
                     .full = program->elf.cut};

  if (of->interpreter->soname)
    g_hash_table_add (provided, g_strdup (of->interpreter->soname));
  g_hash_table_add (provided, g_strdup (program->elf.interpreter));
  load_needed (&loading, program);
  for (guint i = 0; i < objects->len && !loading.full; i++)
    load_needed (&loading, objects->pdata[i]);
  if (loading.full)
    quilt_problems_add (problems, QUILT_PROBLEM_TOO_LARGE, program->path, "", NULL);
}
