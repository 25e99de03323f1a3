/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of glibc's loader, /etc/ld.so.cache: sysdeps/generic/dl-cache.h of glibc. */
#include "look/verify/library-cache.h"

#include <string.h>

/* Of the kinds of a library in the cache: an ELF library of glibc for this machine. */
#if defined(__x86_64__)
#define NATIVE_KIND 0x0303
#elif defined(__aarch64__)
#define NATIVE_KIND 0x0a03
#elif defined(__riscv)
#define NATIVE_KIND 0x1003
#endif

#define OLD_MAGIC "ld.so-1.7.0"
#define MAGIC "glibc-ld.so.cache1.1"

/* More libraries than any system has. */
#define ENTRIES_MAX 50000
/* A longer name or path is left out, since many entries may share it. */
#define STRING_MAX 4096
/* Of one name: for different processors. */
#define PATHS_MAX 16

typedef struct {
  char magic[12]; /* with its NUL */
  guint32 n_libraries;
} OldHeader;

#define OLD_ENTRY_SIZE 12

typedef struct {
  char magic[20]; /* without a NUL */
  guint32 n_libraries;
  guint32 strings_size;
  guint32 unused[5];
} Header;

typedef struct {
  gint32 kind;
  guint32 name, path; /* offsets from the header */
  guint32 os_version;
  guint64 processor;
} Entry;

G_STATIC_ASSERT (sizeof (OldHeader) == 16);
G_STATIC_ASSERT (sizeof (Header) == 48);
G_STATIC_ASSERT (sizeof (Entry) == 24);

/* An old cache may have the new one behind its own entries. */
static gboolean
skip_old_header (const char **data, gsize *size)
{
  OldHeader old;
  guint64 offset;

  if (*size < sizeof old || memcmp (*data, OLD_MAGIC, sizeof OLD_MAGIC) != 0)
    return TRUE;
  memcpy (&old, *data, sizeof old);
  offset = sizeof old + (guint64)old.n_libraries * OLD_ENTRY_SIZE;
  offset = (offset + 7) / 8 * 8;
  if (offset > *size)
    return FALSE;
  *data += offset;
  *size -= offset;
  return TRUE;
}

/* Returns NULL if the string is too long, or does not end in the cache. */
static const char *
get_string (const char *data, gsize size, guint32 offset)
{
  return offset < size && memchr (data + offset, '\0', MIN (size - offset, STRING_MAX))
             ? data + offset
             : NULL;
}

static gboolean
is_native (const Entry *entry)
{
#ifdef NATIVE_KIND
  return entry->kind == NATIVE_KIND;
#else
  return TRUE;
#endif
}

static void
paths_free (gpointer data)
{
  GPtrArray *paths = data;

  g_ptr_array_unref (paths);
}

static void
add (GHashTable *table, const char *name, const char *path)
{
  GPtrArray *paths = g_hash_table_lookup (table, name);

  if (!paths) {
    paths = g_ptr_array_new ();
    g_ptr_array_add (paths, NULL);
    g_hash_table_insert (table, (char *)name, paths);
  }
  if (paths->len <= PATHS_MAX)
    g_ptr_array_insert (paths, (gint)paths->len - 1, (char *)path);
}

GHashTable *
quilt_library_cache_parse (const char *data, gsize size)
{
  g_autoptr (GHashTable) table = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, paths_free);
  Header header;
  gsize n;

  if (!skip_old_header (&data, &size) || size < sizeof header ||
      memcmp (data, MAGIC, sizeof header.magic) != 0)
    return NULL;
  memcpy (&header, data, sizeof header);
  n = MIN (header.n_libraries, ENTRIES_MAX);
  if ((size - sizeof header) / sizeof (Entry) < n)
    return NULL;
  for (gsize i = 0; i < n; i++) {
    const char *name, *path;
    Entry entry;

    memcpy (&entry, data + sizeof header + i * sizeof entry, sizeof entry);
    name = get_string (data, size, entry.name);
    path = get_string (data, size, entry.path);
    if (name && path && is_native (&entry))
      add (table, name, path);
  }
  return g_steal_pointer (&table);
}
