/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the ids of a container's command. Names are looked up in the container's own files. These
 * may be hostile, so only regular files of a bounded size inside the container's root are read. */
#include "core/identity/identity.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/identity/passwd.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Larger than most account files, so that one read(2) gets them whole. */
#define BUFFER_SIZE 16384

typedef struct {
  const char *path;
  QuiltPasswdFile content;
  gboolean is_open;
} File;

/* The state that looking up users and groups share: the files, and the object and reason of a
 * failure. */
typedef struct {
  const QuiltSpec *spec;
  File passwd, group;
  const char *object, *why;
  char buffer[BUFFER_SIZE]; /* shared by both files, since look-ups don't overlap */
} Lookup;

static void
lookup_init (Lookup *lookup, const QuiltSpec *spec)
{
  const QuiltPasswdFile content = {-1, 0, lookup->buffer, sizeof lookup->buffer};

  lookup->spec = spec;
  lookup->object = lookup->why = "";
  lookup->passwd = (File){"/etc/passwd", content};
  lookup->group = (File){"/etc/group", content};
}

static void
lookup_clear (Lookup *lookup)
{
  quilt_fd_clear (&lookup->passwd.content.fd);
  quilt_fd_clear (&lookup->group.content.fd);
}

static int
fail (Lookup *lookup, const char *object, int error, const char *why)
{
  lookup->object = object;
  lookup->why = why;
  return -error;
}

/* Opening a device or a FIFO can have side effects. So check the type with O_PATH first, and once
 * more after the real open, since the file may have been replaced. */
static int
open_regular (Lookup *lookup, const char *path, struct stat *ret_st)
{
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofd int fd = -1;

  if (root_fd < 0)
    return fail (lookup, path, errno, "");
  for (guint i = 0; i < 2; i++) {
    quilt_fd_clear (&fd);
    fd = quilt_open_in_root (root_fd, path, i == 0 ? O_PATH : O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 || fstat (fd, ret_st) < 0)
      return fail (lookup, path, errno, "");
    if (!S_ISREG (ret_st->st_mode))
      return fail (lookup, path, EINVAL, "it is not a regular file");
  }
  if (ret_st->st_size > QUILT_PASSWD_SIZE_MAX)
    return fail (lookup, path, EFBIG, "it is larger than 64 MiB");
  return g_steal_fd (&fd);
}

/* Opens the file when it is needed for the first time. */
static int
open_file (Lookup *lookup, File *file)
{
  struct stat st;
  int fd;

  if (file->is_open)
    return 0;
  file->is_open = TRUE;
  fd = open_regular (lookup, file->path, &st);
  if (fd < 0)
    return fd == -ENOENT ? 0 : fd;
  file->content.fd = fd;
  file->content.size = (gsize)st.st_size;
  return 0;
}

static int
find_groups (Lookup *lookup, QuiltGroupEntry *entries, guint n)
{
  int r = n > 0 ? open_file (lookup, &lookup->group) : 0;

  if (r < 0)
    return r;
  r = quilt_group_find (&lookup->group.content, entries, n);
  if (r < 0)
    return fail (lookup, lookup->group.path, -r, "");
  for (guint i = 0; i < n; i++) {
    if (entries[i].result == QUILT_PASSWD_BAD)
      return fail (lookup, entries[i].name, EINVAL,
                   "its gid in the container's /etc/group is not valid");
    if (entries[i].result == QUILT_PASSWD_ABSENT)
      return fail (lookup, entries[i].name, EINVAL, "the container's /etc/group has no such group");
  }
  return 0;
}

static int
find_group (Lookup *lookup, const char *name, guint32 *ret_gid)
{
  QuiltGroupEntry entry = {name, strlen (name)};
  int r;

  if (quilt_user_is_number (name, entry.name_length, ret_gid))
    return 0;
  r = find_groups (lookup, &entry, 1);
  if (r == 0)
    *ret_gid = entry.gid;
  return r;
}

static void
set_variable (char *variable, const char *prefix, const char *value, gsize length)
{
  gsize begin = strlen (prefix);

  memcpy (variable, prefix, begin);
  memcpy (variable + begin, value, length);
  variable[begin + length] = '\0';
}

static void
set_home (QuiltIdentity *identity, const char *home, gsize length)
{
  if (length == 0 || *home != '/' || length >= PATH_MAX)
    home = "/", length = 1;
  set_variable (identity->home, "HOME=", home, length);
}

/* entry is empty if the container's files have none. */
static void
set_login (QuiltIdentity *identity, const QuiltPasswdEntry *entry)
{
  QuiltLogin *login = &identity->login;
  const char *name = entry->name, *shell = entry->shell;
  gsize name_length = entry->name_length, shell_length = entry->shell_length;
  char number[16];

  if (name_length == 0) {
    g_snprintf (number, sizeof number, "%u", identity->uid);
    name = identity->uid == 0 ? "root" : number;
    name_length = strlen (name);
  }
  if (shell_length == 0 || *shell != '/' || shell_length >= PATH_MAX) {
    shell = "/bin/sh";
    shell_length = strlen (shell);
  }
  set_variable (login->user, "USER=", name, name_length);
  set_variable (login->logname, "LOGNAME=", name, name_length);
  set_variable (login->shell, "SHELL=", shell, shell_length);
}

/* A numeric uid needs no file, so treat an unreadable file as missing. */
static int
add_memberships (Lookup *lookup,
                 const char *text,
                 gboolean by_number,
                 const QuiltPasswdEntry *entry,
                 QuiltIdentity *identity)
{
  int r = open_file (lookup, &lookup->group);

  if (r < 0)
    return by_number ? 0 : r;
  r = quilt_group_memberships (&lookup->group.content, entry->name, entry->name_length,
                               identity->groups, QUILT_GROUPS_MAX);
  if (r < 0)
    return by_number ? 0 : fail (lookup, lookup->group.path, -r, "");
  if (r > QUILT_GROUPS_MAX)
    return fail (lookup, text, EINVAL, "it is in more than 1024 groups");
  identity->n_groups = (guint)r;
  return 0;
}

static int
find_user (Lookup *lookup, const char *text, QuiltIdentity *identity)
{
  gsize length = strcspn (text, ":");
  QuiltPasswdEntry entry = {0};
  guint32 uid = 0;
  gboolean by_number = quilt_user_is_number (text, length, &uid);
  int r = open_file (lookup, &lookup->passwd);

  if (r < 0 && !by_number)
    return r;
  r = quilt_passwd_find (&lookup->passwd.content, by_number ? NULL : text, length, uid, &entry);
  if (r < 0 && !by_number)
    return fail (lookup, lookup->passwd.path, -r, "");
  if (r == QUILT_PASSWD_BAD)
    return fail (lookup, text, EINVAL, "its line in the container's /etc/passwd is not valid");
  if (r == QUILT_PASSWD_ABSENT && !by_number)
    return fail (lookup, text, EINVAL, "the container's /etc/passwd has no such user");
  identity->uid = r == QUILT_PASSWD_FOUND ? entry.uid : uid;
  identity->gid = entry.gid;
  set_home (identity, entry.home, entry.home_length);
  set_login (identity, &entry);
  if (text[length] == ':')
    return find_group (lookup, text + length + 1, &identity->gid);
  if (r != QUILT_PASSWD_FOUND || entry.name_length == 0)
    return 0;
  return add_memberships (lookup, text, by_number, &entry, identity);
}

static int
add_groups (Lookup *lookup, const char *list, QuiltIdentity *identity)
{
  QuiltGroupEntry named[QUILT_GROUPS_MAX];
  guint n = 0;
  int r;

  while (list && *list) {
    gsize length = strcspn (list, ",");

    if (identity->n_groups + n == QUILT_GROUPS_MAX)
      return fail (lookup, list, EINVAL, "there are more than 1024 groups");
    if (quilt_user_is_number (list, length, &identity->groups[identity->n_groups]))
      identity->n_groups++;
    else
      named[n++] = (QuiltGroupEntry){list, length};
    list += length + (list[length] == ',');
  }
  r = find_groups (lookup, named, n);
  for (guint i = 0; r == 0 && i < n; i++)
    identity->groups[identity->n_groups++] = named[i].gid;
  return r;
}

/* Without this check, setresuid(2) would fail with only "Invalid argument". */
static int
check_mapped (Lookup *lookup, const char *user, const QuiltIdentity *identity)
{
  const QuiltSpec *spec = lookup->spec;
  guint32 outside;

  if (!quilt_spec_leaves_host (spec, QUILT_NS_USER))
    return 0;
  if (!quilt_id_map_find (spec->uid_map, identity->uid, &outside))
    return fail (lookup, user, EINVAL, "its uid is not in the container's user namespace");
  if (!quilt_id_map_find (spec->gid_map, identity->gid, &outside))
    return fail (lookup, user, EINVAL, "its gid is not in the container's user namespace");
  for (guint i = 0; i < identity->n_groups; i++)
    if (!quilt_id_map_find (spec->gid_map, identity->groups[i], &outside))
      return fail (lookup, user, EINVAL,
                   "one of its groups is not in the container's user namespace");
  return 0;
}

void
quilt_identity_init (const QuiltSpec *spec, QuiltIdentity *ret_identity)
{
  const QuiltProcess *process = &spec->process;
  gboolean is_named = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_USER) != NULL;

  ret_identity->home[0] = '\0';
  ret_identity->uid = is_named ? 0 : (guint32)process->uid;
  ret_identity->gid = is_named ? 0 : (guint32)process->gid;
  ret_identity->n_groups = MIN (process->additional_gids->len, QUILT_GROUPS_MAX);
  for (guint i = 0; i < ret_identity->n_groups; i++)
    ret_identity->groups[i] = g_array_index (process->additional_gids, guint32, i);
  ret_identity->capabilities = (QuiltCapabilities){0};
  if (process->has_capabilities)
    ret_identity->capabilities = process->capabilities;
  if (is_named)
    ret_identity->capabilities = (QuiltCapabilities){
        .bounding = ret_identity->capabilities.bounding,
        .effective = ret_identity->capabilities.bounding,
        .permitted = ret_identity->capabilities.bounding,
    };
}

int
quilt_identity_resolve (const QuiltSpec *spec,
                        QuiltIdentity *identity,
                        const char **ret_object,
                        const char **ret_why)
{
  const char *user = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_USER);
  const char *groups = g_hash_table_lookup (spec->annotations, QUILT_ANNOTATION_GROUPS);
  Lookup lookup;
  int r = 0;

  if (!user && !groups)
    return 0;
  lookup_init (&lookup, spec);
  if (user) {
    identity->n_groups = 0;
    r = find_user (&lookup, user, identity);
    if (spec->process.has_capabilities)
      identity->capabilities = spec->process.capabilities;
  }
  if (r == 0)
    r = add_groups (&lookup, groups, identity);
  if (r == 0)
    r = check_mapped (&lookup, user ? user : groups, identity);
  if (r < 0) {
    *ret_object = lookup.object;
    *ret_why = lookup.why;
  }
  lookup_clear (&lookup);
  return r;
}

void
quilt_identity_find_home (QuiltIdentity *identity)
{
  Lookup lookup;
  QuiltPasswdEntry entry = {0};

  lookup_init (&lookup, NULL);
  if (open_file (&lookup, &lookup.passwd) == 0)
    quilt_passwd_find (&lookup.passwd.content, NULL, 0, identity->uid, &entry);
  set_home (identity, entry.home, entry.home_length);
  set_login (identity, &entry);
  lookup_clear (&lookup);
}
