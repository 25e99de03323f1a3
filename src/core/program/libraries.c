/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks whether a program's loader will find the libraries that the program names. ld.so(8). */
#include "core/program/libraries.h"

#include "base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The default directories of glibc, as distributions configure it, and of musl. */
static const char *const default_directories[] = {
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
#if defined(__x86_64__)
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
#elif defined(__riscv)
    "/lib/riscv64-linux-gnu",
    "/usr/lib/riscv64-linux-gnu",
#endif
};

/* The largest part of the loader's cache that is searched. */
#define CACHE_MAX (8 * 1024 * 1024)

typedef struct {
  const char *origin; /* the program's directory */
  gsize origin_length;
  /* a part of the search path was not understood, or a library that is named by its path may be
   * another one that is needed, by its own name (DT_SONAME) */
  gboolean unsure;
} Search;

static gboolean
exists_in (const char *directory, gsize length, const char *name)
{
  char path[PATH_MAX];
  int n = g_snprintf (path, sizeof path, "%.*s/%s", (int)length, directory, name);

  return n < (int)sizeof path && access (path, F_OK) == 0;
}

/* Looks in one element of a search path. "$ORIGIN" and "${ORIGIN}" stand for the program's
 * directory; they are supported only at the beginning, where they usually are. */
static gboolean
exists_in_element (Search *search, const char *element, gsize length, const char *name)
{
  static const char *const tokens[] = {"$ORIGIN", "${ORIGIN}"};
  char directory[PATH_MAX];

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++) {
    gsize token = strlen (tokens[i]);
    int n;

    if (length < token || memcmp (element, tokens[i], token) != 0)
      continue;
    n = g_snprintf (directory, sizeof directory, "%.*s%.*s", (int)search->origin_length,
                    search->origin, (int)(length - token), element + token);
    return n < (int)sizeof directory && exists_in (directory, (gsize)n, name);
  }
  if (memchr (element, '$', length)) {
    search->unsure = TRUE;
    return FALSE;
  }
  return length == 0 ? exists_in (".", 1, name) : exists_in (element, length, name);
}

static gboolean
exists_in_path (Search *search, const char *path, const char *separators, const char *name)
{
  while (*path) {
    gsize length = strcspn (path, separators);

    if (exists_in_element (search, path, length, name))
      return TRUE;
    path += length;
    if (*path)
      path++;
  }
  return FALSE;
}

/* The strings in the cache end with a NUL. A name found anywhere in the cache counts as found. */
static gboolean
exists_in_cache (const char *name)
{
  g_autofd int fd = open ("/etc/ld.so.cache", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  gsize length = strlen (name) + 1;
  char block[16 * 1024];
  gsize kept = 0;
  gsize total = 0;
  ssize_t n;

  while (fd >= 0 && total < CACHE_MAX && (n = read (fd, block + kept, sizeof block - kept)) > 0) {
    gsize filled = kept + (gsize)n;

    if (memmem (block, filled, name, length))
      return TRUE;
    kept = MIN (length - 1, filled);
    memmove (block, block + filled - kept, kept);
    total += (gsize)n;
  }
  return total >= CACHE_MAX;
}

static gboolean
exists (Search *search, const QuiltElf *elf, const char *library_path, const char *name)
{
  const char *slash = strrchr (elf->interpreter, '/');

  if (strchr (name, '/'))
    return name[0] == '$' || access (name, F_OK) == 0;
  if (!*elf->runpath && exists_in_path (search, elf->rpath, ":", name))
    return TRUE;
  if (exists_in_path (search, library_path, ":;", name) ||
      exists_in_path (search, elf->runpath, ":", name))
    return TRUE;
  if (slash && exists_in (elf->interpreter, (gsize)(slash - elf->interpreter), name))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (default_directories); i++)
    if (exists_in (default_directories[i], strlen (default_directories[i]), name))
      return TRUE;
  return exists_in_cache (name);
}

static const char *
get_env (char *const *env, const char *name)
{
  gsize length = strlen (name);

  for (guint i = 0; env && env[i]; i++)
    if (strncmp (env[i], name, length) == 0 && env[i][length] == '=')
      return env[i] + length + 1;
  return "";
}

/* A loader at glibc's usual path searches no other places, unless something is preloaded. musl's
 * loader provides some libraries itself, and other loaders are unknown to us. */
static gboolean
is_certain (const QuiltElf *elf, char *const *env)
{
  return (g_str_has_prefix (elf->interpreter, "/lib64/ld-linux-") ||
          g_str_has_prefix (elf->interpreter, "/lib/ld-linux-")) &&
         !*get_env (env, "LD_PRELOAD") && !*get_env (env, "LD_AUDIT") &&
         access ("/etc/ld.so.preload", F_OK) < 0;
}

QuiltLibraries
quilt_libraries_check (const QuiltElf *elf,
                       const char *path,
                       char *const *env,
                       const char **ret_name)
{
  char real[PATH_MAX];
  Search search = {.origin = real};

  if (elf->n_needed == 0 || !*elf->interpreter)
    return QUILT_LIBRARIES_FOUND;
  if (realpath (path, real))
    search.origin_length = (gsize)(strrchr (real, '/') - real);
  for (guint i = 0; i < elf->n_needed; i++)
    search.unsure = search.unsure || strchr (elf->strings + elf->needed[i], '/');
  for (guint i = 0; i < elf->n_needed; i++) {
    const char *name = elf->strings + elf->needed[i];

    if (exists (&search, elf, get_env (env, "LD_LIBRARY_PATH"), name))
      continue;
    *ret_name = name;
    return is_certain (elf, env) && !search.unsure ? QUILT_LIBRARIES_MISSING
                                                   : QUILT_LIBRARIES_DOUBTFUL;
  }
  return QUILT_LIBRARIES_FOUND;
}
