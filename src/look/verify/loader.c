/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loaders of programs, and the places where each looks for libraries. */
#include "look/verify/loader.h"

#include "look/verify/configuration.h"
#include "look/verify/library-cache.h"

#include <string.h>

#define CACHE_MAX (16 * 1024 * 1024)
#define PATH_FILE_MAX 65536
#define LOADER_MAX (4 * 1024 * 1024)
#define MUSL_PREFIX "ld-musl-"

struct QuiltLoader {
  QuiltLoaderKind kind;
  char **directories;
  char *lib;
  GBytes *cache_file; /* NULL: there is none */
  GHashTable *cache;  /* of lists of paths, in that file; NULL: there is no valid cache */
  char **configured;  /* directories of /etc/ld.so.conf */
};

/* Of glibc, as distributions configure it, if the loader does not say. */
static const char *const glibc_directories[] = {
#if defined(__x86_64__)
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
#elif defined(__riscv)
    "/lib/riscv64-linux-gnu",
    "/usr/lib/riscv64-linux-gnu",
    "/lib64/lp64d",
    "/usr/lib64/lp64d",
#endif
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
};

/* The libraries that musl's loader is itself: the part of a name between "lib" and the next dot. */
static const char *const musl_names[] = {"c", "pthread", "rt", "m", "dl", "util", "xnet"};

/* Returns the name ld-musl-ARCH.so.1 of musl's loader; NULL: it is another loader. The loader is
 * musl's libc.so. The name is a link to that as musl installs it, or the file itself. */
static char *
get_musl_name (const char *interpreter, const char *real_path)
{
  g_autofree char *name = g_path_get_basename (interpreter);
  g_autofree char *real_name = g_path_get_basename (real_path);

  if (g_str_has_prefix (real_name, MUSL_PREFIX))
    return g_steal_pointer (&real_name);
  if (g_str_has_prefix (real_name, "libc.") && g_str_has_prefix (name, MUSL_PREFIX))
    return g_steal_pointer (&name);
  return NULL;
}

/* musl's loader reads /PREFIX/etc/ld-musl-ARCH.path if the program names it /PREFIX/lib/NAME, which
 * may be a link. */
static char *
find_path_file (const char *interpreter, const char *musl_name)
{
  g_autofree char *directory = g_path_get_dirname (interpreter);
  g_autofree char *prefix = g_path_get_dirname (directory);
  const char *end = strstr (musl_name, ".so");

  return g_strdup_printf ("%s/etc/%.*s.path", strcmp (prefix, "/") == 0 ? "" : prefix,
                          end ? (int)(end - musl_name) : (int)strlen (musl_name), musl_name);
}

static char **
read_musl_directories (QuiltRoot *root, const char *interpreter, const char *musl_name)
{
  g_autofree char *file = find_path_file (interpreter, musl_name);
  g_autoptr (GBytes) bytes = quilt_root_read (root, file, PATH_FILE_MAX);
  g_autofree char *text = NULL;

  if (bytes)
    text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return g_strsplit_set (text ? text : "/lib:/usr/local/lib:/usr/lib", ":\n", -1);
}

static gboolean
is_directory_byte (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("/_.+-", c));
}

/* Returns the length of the directory at the beginning of text, such as "/usr/lib/" and a NUL;
 * 0: there is none. */
static gsize
measure_directory (const char *text, const char *end)
{
  const char *at = text;

  while (at < end && is_directory_byte (*at))
    at++;
  return at < end && *at == '\0' && at > text + 1 && *text == '/' && at[-1] == '/'
             ? (gsize)(at - text)
             : 0;
}

/* The loader of glibc has its default directories in itself, one string after the other, each with
 * a slash at its end (elf/dl-load.c, system_dirs). Returns NULL if they are not found. */
static char **
find_glibc_directories (const char *text, const char *end)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  gsize length;
  guint n = 0;

  for (const char *at = text; at < end && n == 0; at++) {
    if (*at != '/' || (at > text && is_directory_byte (at[-1])))
      continue;
    for (; (length = measure_directory (at, end)) > 0; at += length + 1) {
      g_autofree char *directory = g_strndup (at, length - 1);

      if (n == 0 && !strstr (directory, "lib"))
        break;
      g_strv_builder_add (list, directory);
      n++;
    }
  }
  return n > 0 ? g_strv_builder_end (list) : NULL;
}

/* Returns the path of the cache, which the loader of glibc has in itself: it depends on the prefix
 * for which glibc was built. Other loaders have none: NULL. */
static char *
find_cache_path (const char *text, const char *end)
{
  static const char name[] = "/etc/ld.so.cache";
  const char *at = memmem (text, (gsize)(end - text), name, sizeof name);
  const char *begin = at;

  while (at && begin > text && is_directory_byte (begin[-1]))
    begin--;
  return g_strdup (begin);
}

static char **
list_usual_directories (void)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (glibc_directories); i++)
    g_strv_builder_add (list, glibc_directories[i]);
  return g_strv_builder_end (list);
}

/* "/lib/x86_64-linux-gnu" → "lib/x86_64-linux-gnu", "/usr/lib64" → "lib64". */
static char *
find_lib (const char *directory)
{
  const char *lib = g_strrstr (directory, "/lib");

  return g_strdup (lib ? lib + 1 : "lib");
}

static void
read_cache (QuiltLoader *self, QuiltRoot *root, const char *path)
{
  gsize size;
  const char *data;

  self->cache_file = quilt_root_read (root, path, CACHE_MAX);
  if (!self->cache_file)
    return;
  data = g_bytes_get_data (self->cache_file, &size);
  self->cache = quilt_library_cache_parse (data, size);
}

static void
read_glibc (QuiltLoader *self, QuiltRoot *root, const char *real_path)
{
  g_autoptr (GBytes) bytes = quilt_root_read (root, real_path, LOADER_MAX);
  gsize size = 0;
  const char *text = bytes ? g_bytes_get_data (bytes, &size) : NULL, *end = text + size;
  g_autofree char *cache = text ? find_cache_path (text, end) : NULL;

  self->kind = cache ? QUILT_LOADER_GLIBC : QUILT_LOADER_UNKNOWN;
  self->directories = text ? find_glibc_directories (text, end) : NULL;
  if (!self->directories)
    self->directories = list_usual_directories ();
  self->lib = find_lib (*self->directories);
  self->configured = quilt_configuration_read (root, "/etc/ld.so.conf");
  if (cache)
    read_cache (self, root, cache);
}

QuiltLoader *
quilt_loader_new (QuiltRoot *root, const char *interpreter, const char *real_path)
{
  QuiltLoader *self = g_new0 (QuiltLoader, 1);
  g_autofree char *musl_name = get_musl_name (interpreter, real_path);

  if (musl_name) {
    self->kind = QUILT_LOADER_MUSL;
    self->directories = read_musl_directories (root, interpreter, musl_name);
  } else {
    read_glibc (self, root, real_path);
  }
  return self;
}

void
quilt_loader_free (QuiltLoader *self)
{
  g_strfreev (self->directories);
  g_free (self->lib);
  g_strfreev (self->configured);
  g_clear_pointer (&self->cache, g_hash_table_unref);
  g_clear_pointer (&self->cache_file, g_bytes_unref);
  g_free (self);
}

QuiltLoaderKind
quilt_loader_get_kind (const QuiltLoader *self)
{
  return self->kind;
}

gboolean
quilt_loader_provides (const QuiltLoader *self, const char *name)
{
  gsize length;

  if (self->kind != QUILT_LOADER_MUSL || !g_str_has_prefix (name, "lib"))
    return FALSE;
  length = strcspn (name + 3, ".");
  for (guint i = 0; i < G_N_ELEMENTS (musl_names); i++)
    if (name[3 + length] == '.' && strlen (musl_names[i]) == length &&
        strncmp (name + 3, musl_names[i], length) == 0)
      return TRUE;
  return FALSE;
}

char *const *
quilt_loader_get_directories (const QuiltLoader *self)
{
  return self->directories;
}

const char *
quilt_loader_get_lib (const QuiltLoader *self)
{
  return self->lib;
}

char *const *
quilt_loader_find_in_cache (const QuiltLoader *self, const char *name)
{
  const GPtrArray *paths = self->cache ? g_hash_table_lookup (self->cache, name) : NULL;

  return paths ? (char *const *)paths->pdata : NULL;
}

char *
quilt_loader_find_by_configuration (const QuiltLoader *self, QuiltRoot *root, const char *name)
{
  for (char **directory = self->configured; directory && *directory; directory++) {
    g_autofree char *path = g_strconcat (*directory, "/", name, NULL);

    if (quilt_root_exists (root, path))
      return g_steal_pointer (&path);
  }
  return NULL;
}
