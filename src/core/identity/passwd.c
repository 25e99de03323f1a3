/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading /etc/passwd and /etc/group of a container, which may be hostile. */
#include "core/identity/passwd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Fields to read: the shell is the seventh and last. */
#define FIELDS 7
/* Buffer size for an id, with room for leading zeros. */
#define ID_SIZE 32

/* A field of a line. Its first bytes are kept in text; if size is 0, none are. */
typedef struct {
  char *text;
  gsize size, length; /* length is that of the whole field and may exceed size */
  /* If sought is set, the field is a list of words separated by commas. text then holds each word
   * in turn. */
  const char *sought;
  gsize sought_length;
  gboolean is_found; /* sought is one of the words of the list */
} Field;

typedef struct {
  const QuiltPasswdFile *file;
  gsize offset; /* of the next byte to read */
  const char *at, *end;
  gboolean has_nul; /* the current line contains a NUL */
  int error;
} Reader;

/* Returns FALSE at the end of the file, or if the file can't be read. */
static gboolean
fill (Reader *reader)
{
  const QuiltPasswdFile *file = reader->file;
  ssize_t n = 0;

  if (reader->at < reader->end)
    return TRUE;
  if (file->fd >= 0 && reader->offset < file->size)
    do
      n = pread (file->fd, file->buffer, MIN (file->buffer_size, file->size - reader->offset),
                 (off_t)reader->offset);
    while (n < 0 && errno == EINTR);
  if (n < 0)
    reader->error = errno;
  if (n <= 0)
    return FALSE;
  reader->offset += (gsize)n;
  reader->at = file->buffer;
  reader->end = file->buffer + n;
  return TRUE;
}

static gboolean
is (const Field *field, const char *text, gsize length)
{
  return field->length == length && length <= field->size &&
         memcmp (field->text, text, length) == 0;
}

static void
end_word (Field *field)
{
  if (field->sought && is (field, field->sought, field->sought_length))
    field->is_found = TRUE;
}

/* Returns the byte that ended the field: ':' or a newline. The end of the file counts as a
 * newline. */
static char
read_field (Reader *reader, Field *field)
{
  char end = '\n';

  field->length = 0;
  field->is_found = FALSE;
  while (fill (reader)) {
    char c = *reader->at++;

    if (c == ':' || c == '\n') {
      end = c;
      break;
    }
    reader->has_nul |= c == '\0';
    if (c == ',' && field->sought) {
      end_word (field);
      field->length = 0;
      continue;
    }
    if (field->length < field->size)
      field->text[field->length] = c;
    field->length++;
  }
  end_word (field);
  return end;
}

/* A line that begins with '+' or '-' refers to a name service, a line that begins with '#' is a
 * comment. */
static gboolean
is_entry (const Reader *reader, const Field *name)
{
  return name->length > 0 && !strchr ("+-#", *name->text) && !reader->has_nul;
}

/* Reads the next valid line. Missing fields are empty. Returns FALSE if no line is left or the file
 * can't be read. The buffer of the first field must not be empty. */
static gboolean
next_line (Reader *reader, Field fields[FIELDS])
{
  while (fill (reader)) {
    Field rest = {0};
    char end = ':';

    reader->has_nul = FALSE;
    for (guint i = 0; i < FIELDS; i++) {
      fields[i].length = 0;
      fields[i].is_found = FALSE;
      if (end == ':')
        end = read_field (reader, fields + i);
    }
    while (end == ':')
      end = read_field (reader, &rest);
    if (reader->error != 0)
      return FALSE;
    if (is_entry (reader, fields))
      return TRUE;
  }
  return FALSE;
}

static gboolean
read_id (const Field *field, guint32 *ret_id)
{
  guint32 id;

  if (field->length > field->size || !quilt_user_is_number (field->text, field->length, &id) ||
      id == G_MAXUINT32)
    return FALSE;
  *ret_id = id;
  return TRUE;
}

int
quilt_passwd_find (const QuiltPasswdFile *passwd,
                   const char *name,
                   gsize name_length,
                   guint32 uid,
                   QuiltPasswdEntry *ret_entry)
{
  Reader reader = {passwd};
  QuiltPasswdEntry entry;
  char uid_text[ID_SIZE], gid_text[ID_SIZE];
  Field fields[FIELDS] = {
      [0] = {entry.name, sizeof entry.name},   [2] = {uid_text, sizeof uid_text},
      [3] = {gid_text, sizeof gid_text},       [5] = {entry.home, sizeof entry.home},
      [6] = {entry.shell, sizeof entry.shell},
  };

  while (next_line (&reader, fields)) {
    gboolean valid = read_id (&fields[2], &entry.uid) && read_id (&fields[3], &entry.gid);

    if (name ? !is (&fields[0], name, name_length) : !valid || entry.uid != uid)
      continue;
    if (!valid)
      return QUILT_PASSWD_BAD;
    entry.name_length = fields[0].length <= fields[0].size ? fields[0].length : 0;
    entry.home_length = fields[5].length <= fields[5].size ? fields[5].length : 0;
    entry.shell_length = fields[6].length <= fields[6].size ? fields[6].length : 0;
    *ret_entry = entry;
    return QUILT_PASSWD_FOUND;
  }
  return reader.error != 0 ? -reader.error : QUILT_PASSWD_ABSENT;
}

int
quilt_group_find (const QuiltPasswdFile *group, QuiltGroupEntry *entries, guint n)
{
  Reader reader = {group};
  char name_text[QUILT_USER_NAME_MAX], gid_text[ID_SIZE];
  Field fields[FIELDS] = {
      [0] = {name_text, sizeof name_text},
      [2] = {gid_text, sizeof gid_text},
  };

  guint left = n;

  while (left > 0 && next_line (&reader, fields))
    for (guint i = 0; i < n; i++) {
      QuiltGroupEntry *entry = entries + i;

      if (entry->result != QUILT_PASSWD_ABSENT || !is (&fields[0], entry->name, entry->name_length))
        continue;
      entry->result = read_id (&fields[2], &entry->gid) ? QUILT_PASSWD_FOUND : QUILT_PASSWD_BAD;
      left--;
    }
  return -reader.error;
}

int
quilt_group_memberships (
    const QuiltPasswdFile *group, const char *user, gsize user_length, guint32 *gids, guint max)
{
  Reader reader = {group};
  char first, gid_text[ID_SIZE], member[QUILT_USER_NAME_MAX];
  Field fields[FIELDS] = {
      [0] = {&first, sizeof first},
      [2] = {gid_text, sizeof gid_text},
      [3] = {member, sizeof member, .sought = user, .sought_length = user_length},
  };
  guint n = 0;
  guint32 gid;

  while (n <= max && next_line (&reader, fields))
    if (fields[3].is_found && read_id (&fields[2], &gid)) {
      if (n < max)
        gids[n] = gid;
      n++;
    }
  return reader.error != 0 ? -reader.error : (int)n;
}
