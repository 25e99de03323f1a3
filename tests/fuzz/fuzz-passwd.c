/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users: the first line is what a user types, the rest the container's /etc/passwd and /etc/group.
 * The result must not depend on where the buffer ends. */
#include "fuzz.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/identity/passwd.h"
#include "spec/users.h"

#include <string.h>
#include <sys/mman.h>

#define GROUPS 8

static void
check_text (const char *text)
{
  char *groups[] = {(char *)text, NULL};
  GError *error = NULL;
  guint32 id = 5;

  if (!quilt_user_check (text, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_user_check_groups ("group-add", groups, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_user_is_number (text, strlen (text), &id))
    FUZZ_CHECK (id == 5);
  quilt_user_is_root (text);
}

static void
check_entry (const QuiltPasswdEntry *entry)
{
  FUZZ_CHECK (entry->uid < G_MAXUINT32 && entry->gid < G_MAXUINT32);
  FUZZ_CHECK (entry->name_length <= sizeof entry->name);
  FUZZ_CHECK (entry->home_length <= sizeof entry->home);
  FUZZ_CHECK (!memchr (entry->name, 0, entry->name_length));
  FUZZ_CHECK (!memchr (entry->home, 0, entry->home_length) &&
              !memchr (entry->home, '\n', entry->home_length));
}

static void
check_passwd (const QuiltPasswdFile files[2], const char *name, guint32 uid)
{
  gsize length = name ? strlen (name) : 0;
  QuiltPasswdEntry entries[2];
  int r[2];

  for (guint i = 0; i < 2; i++)
    r[i] = quilt_passwd_find (files + i, name, length, uid, entries + i);
  FUZZ_CHECK (r[0] >= 0 && r[0] == r[1]);
  if (r[0] != QUILT_PASSWD_FOUND)
    return;
  check_entry (entries);
  FUZZ_CHECK (name ? entries[0].name_length == length : entries[0].uid == uid);
  FUZZ_CHECK (entries[0].uid == entries[1].uid && entries[0].gid == entries[1].gid);
  FUZZ_CHECK (entries[0].name_length == entries[1].name_length);
  FUZZ_CHECK (entries[0].home_length == entries[1].home_length);
  FUZZ_CHECK (memcmp (entries[0].home, entries[1].home, entries[0].home_length) == 0);
}

static void
check_group (const QuiltPasswdFile files[2], const char *name)
{
  const QuiltGroupEntry sought = {name, strlen (name)};
  QuiltGroupEntry found[2][2] = {{sought, sought}, {sought, sought}};
  guint32 gids[2][GROUPS] = {{0}};
  int r[2];

  for (guint i = 0; i < 2; i++)
    FUZZ_CHECK (quilt_group_find (files + i, found[i], 2) == 0);
  for (guint i = 0; i < 4; i++)
    FUZZ_CHECK (found[i / 2][i % 2].result == found[0][0].result &&
                found[i / 2][i % 2].gid == found[0][0].gid && found[0][0].gid < G_MAXUINT32);
  for (guint i = 0; i < 2; i++)
    r[i] = quilt_group_memberships (files + i, name, strlen (name), gids[i], GROUPS);
  FUZZ_CHECK (r[0] >= 0 && r[0] <= GROUPS + 1 && r[0] == r[1]);
  FUZZ_CHECK (memcmp (gids[0], gids[1], sizeof gids[0]) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *end = size > 0 ? memchr (bytes, '\n', size) : NULL;
  gsize length = end ? (gsize)(end - (const char *)bytes) : size;
  g_autofree char *name = g_strndup ((const char *)bytes, length);
  const char *data = end ? end + 1 : (const char *)bytes + size;
  gsize rest = end ? size - length - 1 : 0;
  g_autofd int fd = memfd_create ("accounts", MFD_CLOEXEC);
  char large[16384], small[3];
  const QuiltPasswdFile files[2] = {{fd, rest, large, sizeof large},
                                    {fd, rest, small, sizeof small}};

  FUZZ_CHECK (fd >= 0 && quilt_fd_write_all (fd, data, rest));
  check_text (name);
  check_passwd (files, name, 0);
  for (guint32 uid = 0; uid < 3; uid++)
    check_passwd (files, NULL, uid);
  check_group (files, name);
  return 0;
}
