/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings in force for a container's first process, as the kernel reports them: proc(5),
 * cgroups(7). */
#include "daemon/host/in-force.h"

#include "base/fd.h"
#include "base/json.h"
#include "cgroup/file.h"
#include "cgroup/scope.h"
#include "cgroup/tree.h"
#include "spec/capabilities.h"
#include "spec/option-rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (64 * 1024)

/* Files of the kernel have size 0 until they are read. Returns NULL if the file is missing or
 * unreadable. */
static char *
read_text (int dir_fd, const char *name)
{
  g_autofd int fd = openat (dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  g_autoptr (GString) text = g_string_sized_new (4096);
  char buffer[4096];
  ssize_t n;

  if (fd < 0)
    return NULL;
  while (text->len < FILE_MAX && (n = read (fd, buffer, sizeof buffer)) != 0) {
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return NULL;
    g_string_append_len (text, buffer, n);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* The rest of the line that begins with key and a colon. Returns NULL if there is no such line. */
static char *
find_line (const char *status, const char *key)
{
  const gsize length = strlen (key);

  for (const char *line = status; line; line = strchr (line, '\n') ? strchr (line, '\n') + 1 : NULL)
    if (strncmp (line, key, length) == 0 && line[length] == ':')
      return g_strstrip (g_strndup (line + length + 1, strcspn (line + length + 1, "\n")));
  return NULL;
}

static void
add_number (json_object *object, const char *key, const char *text)
{
  json_object *value = NULL;
  gint64 number;

  if (text && g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &number, NULL))
    value = json_object_new_int64 (number);
  json_object_object_add (object, key, value);
}

static json_object *
new_numbers (const char *text)
{
  g_auto (GStrv) words = text ? g_strsplit_set (text, " \t", -1) : NULL;
  json_object *numbers = json_object_new_array ();

  for (char **word = words; word && *word; word++)
    if (**word)
      json_object_array_add (numbers, json_object_new_int64 (g_ascii_strtoll (*word, NULL, 10)));
  return numbers;
}

static json_object *
new_capabilities (const char *hex)
{
  const guint64 mask = hex ? g_ascii_strtoull (hex, NULL, 16) : 0;
  json_object *names;

  if (!hex)
    return NULL;
  names = json_object_new_array ();
  for (guint i = 0; i < 64; i++) {
    const char *name = quilt_capability_to_name (i);
    g_autofree char *number = name ? NULL : g_strdup_printf ("%u", i);

    if (mask >> i & 1)
      json_object_array_add (names, json_object_new_string (name ? name : number));
  }
  return names;
}

static void
add_capabilities (json_object *object, const char *status)
{
  static const struct {
    const char *line, *key;
  } sets[] = {{"CapBnd", "bounding"},
              {"CapEff", "effective"},
              {"CapPrm", "permitted"},
              {"CapInh", "inheritable"},
              {"CapAmb", "ambient"}};
  json_object *all = json_object_new_object ();

  for (guint i = 0; i < G_N_ELEMENTS (sets); i++) {
    g_autofree char *hex = find_line (status, sets[i].line);

    json_object_object_add (all, sets[i].key, new_capabilities (hex));
  }
  json_object_object_add (object, "capabilities", all);
}

static void
add_seccomp (json_object *object, const char *status)
{
  static const char *const modes[] = {"disabled", "strict", "filter"};
  g_autofree char *mode = find_line (status, "Seccomp");
  json_object *value = NULL;
  guint64 number;

  if (mode && g_ascii_string_to_unsigned (mode, 10, 0, G_N_ELEMENTS (modes) - 1, &number, NULL))
    value = json_object_new_string (modes[number]);
  json_object_object_add (object, "seccomp", value);
}

void
quilt_in_force_add_status (json_object *object, const char *status)
{
  g_autofree char *uids = find_line (status, "Uid");
  g_autofree char *gids = find_line (status, "Gid");
  g_autofree char *groups = find_line (status, "Groups");
  g_autofree char *no_new_privileges = find_line (status, "NoNewPrivs");
  json_object *user = json_object_new_object ();

  /* Real, effective, saved and file system ids, on the host. */
  json_object_object_add (user, "uids", new_numbers (uids));
  json_object_object_add (user, "gids", new_numbers (gids));
  json_object_object_add (user, "groups", new_numbers (groups));
  json_object_object_add (object, "user", user);
  add_capabilities (object, status);
  json_object_object_add (
      object, "no_new_privileges",
      no_new_privileges ? json_object_new_boolean (strcmp (no_new_privileges, "1") == 0) : NULL);
  add_seccomp (object, status);
}

static json_object *
new_limit (const char *word)
{
  guint64 number;

  return g_ascii_string_to_unsigned (word, 10, 0, G_MAXUINT64, &number, NULL)
             ? json_object_new_uint64 (number)
             : NULL;
}

json_object *
quilt_in_force_limits (const char *limits)
{
  static const struct {
    const char *title, *name;
  } resources[] = {
      {"Max address space", "AS"},
      {"Max core file size", "CORE"},
      {"Max cpu time", "CPU"},
      {"Max data size", "DATA"},
      {"Max file size", "FSIZE"},
      {"Max file locks", "LOCKS"},
      {"Max locked memory", "MEMLOCK"},
      {"Max msgqueue size", "MSGQUEUE"},
      {"Max nice priority", "NICE"},
      {"Max open files", "NOFILE"},
      {"Max processes", "NPROC"},
      {"Max resident set", "RSS"},
      {"Max realtime priority", "RTPRIO"},
      {"Max realtime timeout", "RTTIME"},
      {"Max pending signals", "SIGPENDING"},
      {"Max stack size", "STACK"},
  };
  g_auto (GStrv) lines = g_strsplit (limits, "\n", -1);
  json_object *object = json_object_new_object ();

  for (guint i = 0; i < G_N_ELEMENTS (resources); i++)
    for (char **line = lines; *line; line++) {
      char soft[24], hard[24];
      json_object *pair;

      if (!g_str_has_prefix (*line, resources[i].title) ||
          sscanf (*line + strlen (resources[i].title), " %23s %23s", soft, hard) != 2)
        continue;
      pair = json_object_new_array ();
      json_object_array_add (pair, new_limit (soft));
      json_object_array_add (pair, new_limit (hard));
      json_object_object_add (object, resources[i].name, pair);
    }
  return object;
}

json_object *
quilt_in_force_map (const char *map)
{
  g_auto (GStrv) lines = g_strsplit (map, "\n", -1);
  json_object *array = json_object_new_array ();

  for (char **line = lines; *line; line++) {
    guint64 inside, outside, count;
    char text[72];

    if (sscanf (*line, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &inside,
                &outside, &count) != 3)
      continue;
    g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT,
                inside, outside, count);
    json_object_array_add (array, json_object_new_string (text));
  }
  return array;
}

/* A namespace is "private" if it differs from quiltd's, which is the host's. */
static json_object *
read_namespaces (int proc_fd)
{
  static const char *const names[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
  json_object *object = json_object_new_object ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_strconcat ("ns/", names[i], NULL);
    g_autofree char *own_path = g_strconcat ("/proc/self/", path, NULL);
    char its[64] = "", own[64] = "";
    gboolean known = readlinkat (proc_fd, path, its, sizeof its - 1) > 0 &&
                     readlink (own_path, own, sizeof own - 1) > 0;
    json_object *entry = NULL;

    if (known) {
      entry = json_object_new_object ();
      json_object_object_add (entry, "id", json_object_new_string (its));
      json_object_object_add (entry, "private", json_object_new_boolean (strcmp (its, own) != 0));
    }
    json_object_object_add (object, names[i], entry);
  }
  return object;
}

/* Opens the scope's cgroup. text is the process's /proc/PID/cgroup. Returns -1 if the process is
 * not in the payload of the scope. */
static int
open_scope (const char *text, const char *scope)
{
  g_autofree char *cgroup = quilt_cgroup_parse_self (text);
  g_autofree char *part = cgroup ? quilt_scope_find_part (scope, cgroup) : NULL;

  return g_strcmp0 (part, QUILT_SCOPE_PAYLOAD) == 0 ? quilt_cgroup_open (scope) : -1;
}

static json_object *
read_cgroup (int scope_fd)
{
  static const char *const files[] = {QUILT_OPTION_FILES};
  json_object *object = json_object_new_object ();

  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *text = quilt_cgroup_read (scope_fd, files[i]);

    json_object_object_add (object, files[i], text ? json_object_new_string (text) : NULL);
  }
  return object;
}

static void
add_map (json_object *object, int proc_fd, const char *name)
{
  g_autofree char *text = read_text (proc_fd, name);

  json_object_object_add (object, name, text ? quilt_in_force_map (text) : NULL);
}

static void
add_process (json_object *object, int proc_fd)
{
  g_autofree char *limits = read_text (proc_fd, "limits");
  g_autofree char *label = read_text (proc_fd, "attr/current");
  g_autofree char *score = read_text (proc_fd, "oom_score_adj");

  json_object_object_add (object, "security_label",
                          label && *label ? json_object_new_string (g_strchomp (label)) : NULL);
  add_number (object, "oom_score_adj", score ? g_strchomp (score) : NULL);
  json_object_object_add (object, "resource_limits",
                          limits ? quilt_in_force_limits (limits) : NULL);
}

json_object *
quilt_in_force_read (int proc_fd, const char *scope)
{
  g_autofree char *cgroup = read_text (proc_fd, "cgroup");
  g_autofree char *status = read_text (proc_fd, "status");
  g_autoptr (json_object) object = NULL;
  g_autofd int scope_fd = cgroup && status ? open_scope (cgroup, scope) : -1;

  if (scope_fd < 0)
    return NULL;
  object = json_object_new_object ();
  json_object_object_add (object, "namespaces", read_namespaces (proc_fd));
  add_map (object, proc_fd, "uid_map");
  add_map (object, proc_fd, "gid_map");
  quilt_in_force_add_status (object, status);
  add_process (object, proc_fd);
  json_object_object_add (object, "cgroup", read_cgroup (scope_fd));
  return g_steal_pointer (&object);
}
