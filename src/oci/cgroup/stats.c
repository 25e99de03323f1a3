/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resource usage of a container, from the files of its cgroup: cgroup-v2.rst of the kernel. */
#include "oci/cgroup/stats.h"

#include "base/json.h"
#include "cgroup/file.h"
#include "cgroup/pressure.h"
#include "oci/cgroup/open.h"
#include "oci/cgroup/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, closedir)

static void
add_number (json_object *object, const char *key, guint64 value)
{
  json_object_object_add (object, key, json_object_new_uint64 (value));
}

/* Lines of "KEY NUMBER", as an object. NULL if the file does not exist. */
static json_object *
read_table (int dir_fd, const char *name)
{
  g_autofree char *text = quilt_cgroup_read (dir_fd, name);
  g_auto (GStrv) lines = g_strsplit (text ? text : "", "\n", -1);
  json_object *table = text ? json_object_new_object () : NULL;

  for (char **line = lines; *line; line++) {
    char *blank = strchr (*line, ' ');

    if (!blank)
      continue;
    *blank = '\0';
    add_number (table, *line, g_ascii_strtoull (blank + 1, NULL, 10));
  }
  return table;
}

static guint64
look_up (json_object *table, const char *key)
{
  json_object *value;

  return json_object_object_get_ex (table, key, &value) ? json_object_get_uint64 (value) : 0;
}

static void
add_stall (const char *line, const char *key, const char *value, gpointer pressure)
{
  json_object *kind;

  if (!json_object_object_get_ex (pressure, line, &kind)) {
    kind = json_object_new_object ();
    json_object_object_add (pressure, line, kind);
  }
  json_object_object_add (kind, key,
                          strcmp (key, "total") == 0
                              ? json_object_new_uint64 (g_ascii_strtoull (value, NULL, 10))
                              : json_object_new_double_s (g_ascii_strtod (value, NULL), value));
}

static void
add_pressure (json_object *object, int dir_fd, const char *name)
{
  g_autofree char *text = quilt_cgroup_read (dir_fd, name);
  json_object *pressure;

  if (!text)
    return;
  pressure = json_object_new_object ();
  quilt_cgroup_parse_pressure (text, add_stall, pressure);
  json_object_object_add (object, "psi", pressure);
}

static json_object *
print_cpu (int dir_fd)
{
  g_autoptr (json_object) table = read_table (dir_fd, "cpu.stat");
  json_object *cpu = json_object_new_object ();
  json_object *usage = json_object_new_object ();
  json_object *throttling = json_object_new_object ();

  if (table) {
    add_number (usage, "total", look_up (table, "usage_usec") * 1000);
    add_number (usage, "kernel", look_up (table, "system_usec") * 1000);
    add_number (usage, "user", look_up (table, "user_usec") * 1000);
    add_number (throttling, "periods", look_up (table, "nr_periods"));
    add_number (throttling, "throttledPeriods", look_up (table, "nr_throttled"));
    add_number (throttling, "throttledTime", look_up (table, "throttled_usec") * 1000);
  }
  json_object_object_add (cpu, "usage", usage);
  json_object_object_add (cpu, "throttling", throttling);
  add_pressure (cpu, dir_fd, "cpu.pressure");
  return cpu;
}

typedef struct {
  guint64 limit, usage, max;
} Memory;

static gboolean
read_memory (int dir_fd, const char *prefix, Memory *ret_memory)
{
  g_autofree char *current = g_strconcat (prefix, ".current", NULL);
  g_autofree char *limit = g_strconcat (prefix, ".max", NULL);
  g_autofree char *peak = g_strconcat (prefix, ".peak", NULL);

  if (!quilt_cgroup_read_number (dir_fd, current, &ret_memory->usage) ||
      !quilt_cgroup_read_number (dir_fd, limit, &ret_memory->limit))
    return FALSE;
  if (!quilt_cgroup_read_number (dir_fd, peak,
                                 &ret_memory->max)) /* since Linux 5.19, of swap 6.5 */
    ret_memory->max = 0;
  return TRUE;
}

static json_object *
print_memory_entry (const Memory *memory, guint64 failures)
{
  json_object *entry = json_object_new_object ();

  add_number (entry, "limit", memory->limit);
  add_number (entry, "usage", memory->usage);
  if (memory->max)
    add_number (entry, "max", memory->max);
  add_number (entry, "failcnt", failures);
  return entry;
}

/* As in cgroup version 1, the value for swap is the sum of memory and swap. */
static json_object *
print_memory (int dir_fd)
{
  g_autoptr (json_object) events = read_table (dir_fd, "memory.events");
  json_object *raw = read_table (dir_fd, "memory.stat");
  json_object *object = json_object_new_object ();
  Memory memory, swap;

  if (raw) {
    add_number (object, "cache", look_up (raw, "file"));
    json_object_object_add (object, "raw", raw);
  }
  if (read_memory (dir_fd, "memory", &memory)) {
    json_object_object_add (object, "usage",
                            print_memory_entry (&memory, events ? look_up (events, "max") : 0));
    if (read_memory (dir_fd, "memory.swap", &swap)) {
      swap.usage += memory.usage;
      swap.limit = swap.limit == G_MAXUINT64 || memory.limit == G_MAXUINT64
                       ? G_MAXUINT64
                       : swap.limit + memory.limit;
      swap.max = 0;
      json_object_object_add (object, "swap", print_memory_entry (&swap, 0));
    }
  }
  add_pressure (object, dir_fd, "memory.pressure");
  return object;
}

static json_object *
print_pids (QuiltOciCgroup *self)
{
  json_object *object = json_object_new_object ();
  guint64 current, limit;

  if (quilt_cgroup_read_number (self->dir_fd, "pids.current", &current)) {
    add_number (object, "current", current);
    if (quilt_cgroup_read_number (self->dir_fd, "pids.max", &limit) && limit != G_MAXUINT64)
      add_number (object, "limit", limit);
  } else {
    g_autoptr (GArray) processes = quilt_oci_cgroup_processes (self, NULL);

    add_number (object, "current", processes ? processes->len : 0);
  }
  return object;
}

static void
add_io (json_object *object,
        const char *key,
        const char *op,
        guint64 major,
        guint64 minor,
        const char *value)
{
  json_object *array;
  json_object *entry = json_object_new_object ();

  if (!json_object_object_get_ex (object, key, &array)) {
    array = json_object_new_array ();
    json_object_object_add (object, key, array);
  }
  add_number (entry, "major", major);
  add_number (entry, "minor", minor);
  json_object_object_add (entry, "op", json_object_new_string (op));
  add_number (entry, "value", g_ascii_strtoull (value, NULL, 10));
  json_object_array_add (array, entry);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …" */
static void
add_disk (json_object *object, const char *line)
{
  static const struct {
    const char *word, *key, *op;
  } kinds[] = {
      {"rbytes=", "ioServiceBytesRecursive", "Read"},
      {"wbytes=", "ioServiceBytesRecursive", "Write"},
      {"rios=", "ioServicedRecursive", "Read"},
      {"wios=", "ioServicedRecursive", "Write"},
  };
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  char *colon = words[0] ? strchr (words[0], ':') : NULL;

  for (guint i = 1; colon && words[i]; i++)
    for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
      if (g_str_has_prefix (words[i], kinds[k].word))
        add_io (object, kinds[k].key, kinds[k].op, g_ascii_strtoull (words[0], NULL, 10),
                g_ascii_strtoull (colon + 1, NULL, 10), words[i] + strlen (kinds[k].word));
}

static json_object *
print_io (int dir_fd)
{
  g_autofree char *text = quilt_cgroup_read (dir_fd, "io.stat");
  g_auto (GStrv) lines = g_strsplit (text ? text : "", "\n", -1);
  json_object *object = json_object_new_object ();

  for (char **line = lines; *line; line++)
    add_disk (object, *line);
  add_pressure (object, dir_fd, "io.pressure");
  return object;
}

/* One file for each size of huge pages: "hugetlb.2MB.current". */
static json_object *
print_hugepages (int dir_fd)
{
  int fd = openat (dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) dir = fd >= 0 ? fdopendir (fd) : NULL;
  json_object *object = json_object_new_object ();
  struct dirent *entry;

  while (dir && (entry = readdir (dir))) {
    g_auto (GStrv) parts = g_strsplit (entry->d_name, ".", -1);
    g_autofree char *events = NULL;
    json_object *pages;
    guint64 usage;

    if (g_strv_length (parts) != 3 || strcmp (parts[0], "hugetlb") != 0 ||
        strcmp (parts[2], "current") != 0 ||
        !quilt_cgroup_read_number (dir_fd, entry->d_name, &usage))
      continue;
    events = g_strdup_printf ("hugetlb.%s.events", parts[1]);
    g_autoptr (json_object) failed = read_table (dir_fd, events);
    pages = json_object_new_object ();
    add_number (pages, "usage", usage);
    add_number (pages, "failcnt", failed ? look_up (failed, "max") : 0);
    json_object_object_add (object, parts[1], pages);
  }
  return object;
}

json_object *
quilt_oci_cgroup_stats (QuiltOciCgroup *self, GError **error)
{
  json_object *stats;

  if (!quilt_oci_cgroup_open (self, error))
    return NULL;
  stats = json_object_new_object ();
  json_object_object_add (stats, "cpu", print_cpu (self->dir_fd));
  json_object_object_add (stats, "memory", print_memory (self->dir_fd));
  json_object_object_add (stats, "pids", print_pids (self));
  json_object_object_add (stats, "blkio", print_io (self->dir_fd));
  json_object_object_add (stats, "hugetlb", print_hugepages (self->dir_fd));
  return stats;
}
