/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: one JSON object in one file, with a version, read by a table. Internal to the store. */
#pragma once

#include "base/file.h"
#include "base/json.h"

#define QUILT_RECORD_VERSION 1

/* An empty record: the version and nothing else. */
json_object *quilt_record_new (void);

/* Writes the record over dir_fd/name, the old one or the new one. */
gboolean quilt_record_write (
    int dir_fd, const char *name, json_object *record, QuiltFileSync sync, GError **error);

/* Reads dir_fd/name into target by fields, which begin with QUILT_RECORD_FIELDS. The keys of a
 * newer Quilt, which fields does not have, go to ret_more (NULL: they are dropped), for
 * quilt_json_add_members(): a key that changes what the others mean comes with another version.
 * NOT_FOUND where there is no file; NOT_SUPPORTED for another version; BUSY if it can't be read
 * now; FAILED or INVALID_ARGUMENT for anything else that is wrong with it. Each error names the
 * file; target may then be half filled. */
gboolean quilt_record_read (int dir_fd,
                            const char *name,
                            const QuiltField *fields,
                            void *target,
                            char **ret_more,
                            GError **error);

#define QUILT_RECORD_FIELDS                                                                        \
  {                                                                                                \
    "version", QUILT_FIELD_INT, NULL, 0, "checked before the other keys"                           \
  }

/* Adds a string, bytes as they are; leaves the key out when value is NULL. */
void quilt_record_add_string (json_object *record, const char *key, const char *value);
void quilt_record_add_uint64 (json_object *record, const char *key, guint64 value);
/* Leaves the key out when strv is NULL. */
void quilt_record_add_strv (json_object *record, const char *key, char **strv);
