/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users: the first line as what people type, the rest as the container's /etc/passwd and
 * /etc/group. */
#include "fuzz.h"

#include "base/error.h"
#include "core/passwd.h"
#include "spec/users.h"

#include <string.h>

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
check_entry (const char *data, gsize size, const QuiltPasswdEntry *entry)
{
  FUZZ_CHECK (entry->uid < G_MAXUINT32 && entry->gid < G_MAXUINT32);
  FUZZ_CHECK (entry->name_length > 0);
  FUZZ_CHECK (entry->name >= data && entry->name + entry->name_length <= data + size);
  FUZZ_CHECK (entry->home >= data && entry->home + entry->home_length <= data + size);
  FUZZ_CHECK (!memchr (entry->home, 0, entry->home_length) &&
              !memchr (entry->home, '\n', entry->home_length));
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *end = size > 0 ? memchr (bytes, '\n', size) : NULL;
  gsize length = end ? (gsize)(end - (const char *)bytes) : size;
  g_autofree char *name = g_strndup ((const char *)bytes, length);
  const char *data = end ? end + 1 : (const char *)bytes + size;
  gsize rest = end ? size - length - 1 : 0;
  guint32 gids[GROUPS], gid = 0;
  QuiltPasswdEntry entry;

  check_text (name);
  if (quilt_passwd_find (data, rest, name, strlen (name), 0, &entry) == QUILT_PASSWD_FOUND) {
    FUZZ_CHECK (entry.name_length == strlen (name));
    check_entry (data, rest, &entry);
  }
  for (guint32 uid = 0; uid < 3; uid++)
    if (quilt_passwd_find (data, rest, NULL, 0, uid, &entry) == QUILT_PASSWD_FOUND) {
      FUZZ_CHECK (entry.uid == uid);
      check_entry (data, rest, &entry);
    }
  if (quilt_group_find (data, rest, name, strlen (name), &gid) == QUILT_PASSWD_FOUND)
    FUZZ_CHECK (gid < G_MAXUINT32);
  FUZZ_CHECK (quilt_group_memberships (data, rest, name, strlen (name), gids, GROUPS) <=
              GROUPS + 1);
  return 0;
}
