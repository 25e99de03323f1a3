/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records: one JSON object per file, with a version, read by a table. Internal to the store. */
#pragma once

#include "base/file.h"
#include "base/json.h"

#define QUILT_RECORD_VERSION 1

/* A new record with only the version. */
json_object *quilt_record_new (void);

/* Replaces dir_fd/name by the record, atomically. */
gboolean quilt_record_write (
    int dir_fd, const char *name, json_object *record, QuiltFileSync sync, GError **error);

/* Reads dir_fd/name into target by fields, which must begin with QUILT_RECORD_FIELDS. Keys that
 * fields lacks come from a newer Quilt and go to ret_more, for quilt_json_add_members() (NULL: they
 * are dropped). A key that changes the meaning of others would come with another version. Errors:
 * NOT_FOUND if there is no file; NOT_SUPPORTED for another version; BUSY if it can't be read now;
 * FAILED or INVALID_ARGUMENT for any other fault. Each error names the file. After an error, target
 * may be partly filled. */
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

/* Adds a string, which may be any bytes. If value is NULL, adds nothing. */
void quilt_record_add_string (json_object *record, const char *key, const char *value);
void quilt_record_add_uint64 (json_object *record, const char *key, guint64 value);
/* If strv is NULL, adds nothing. */
void quilt_record_add_strv (json_object *record, const char *key, char **strv);
