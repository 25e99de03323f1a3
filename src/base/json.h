/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON that a stranger may have written: bounded, strict, and read by tables. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (json_object, json_object_put)

/* Parses one JSON text (RFC 8259) of at most max_size bytes and 64 levels. Refused with
 * INVALID_ARGUMENT, naming the byte or the key: trailing garbage, duplicate keys (json-c would let
 * the last win), NUL bytes in strings, integers of more than 64 bits, comments and every other
 * extension, and a text that is only null, for which json-c has no object. Strings are bytes: what
 * is not UTF-8 is kept as it is. */
json_object *quilt_json_parse (const char *data, gsize length, gsize max_size, GError **error);

/* What to do with a key of an object. */
typedef struct QuiltField QuiltField;
typedef gboolean (*QuiltFieldParse) (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error);

typedef enum {
  QUILT_FIELD_OBJECT,
  QUILT_FIELD_ARRAY,
  QUILT_FIELD_STRING,
  QUILT_FIELD_INT,
  QUILT_FIELD_BOOL,
  QUILT_FIELD_ANY,
} QuiltFieldType;

struct QuiltField {
  const char *name; /* NULL ends the table */
  QuiltFieldType type;
  QuiltFieldParse
      parse;          /* NULL: the key is known and ignored, for the reason written in the table */
  gsize offset;       /* of the member in target */
  const char *reason; /* of an ignored key */
  /* For quilt_json_prune(): the table of the value, if that is an object, of each element of an
   * array, or with by_name of each member, whatever it is called. */
  const QuiltField *fields;
  gboolean by_name;
  /* Likewise: whether a word is known that is an element of an array. NULL: all are. */
  gboolean (*knows) (const char *word);
};

/* The entry of key in a table; NULL if the table does not know it. */
const QuiltField *quilt_json_find_field (const QuiltField *fields, const char *key);

/* Removes from object what the table and the tables in it do not know: keys, and words of arrays.
 * Appends their paths to unknown (of char *, which owns them). Leaves alone what is of another type
 * than the table says, for quilt_json_read() to refuse. */
void quilt_json_prune (const QuiltField *fields,
                       json_object *object,
                       const char *path,
                       GPtrArray *unknown);

/* Reads object by a table: each key is applied (its parse function is called with target + offset
 * and the JSON path "linux.namespaces[0].type"), ignored for a written reason, or refused by its
 * path with NOT_SUPPORTED (unknown) or INVALID_ARGUMENT (wrong type). */
gboolean quilt_json_read (
    const QuiltField *fields, json_object *object, const char *path, void *target, GError **error);

/* Parse functions for tables. The member is a char *, a char ** (NULL-terminated), a gboolean, a
 * gint64, a guint64 (negative is refused). */
gboolean quilt_field_string (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_field_strv (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_field_bool (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_field_int64 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_field_uint64 (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
/* Refuses the key by its path, for the field's reason: the specification knows it, Quilt does not
 * support it. An empty object, array or string passes: it asks for nothing. */
gboolean quilt_field_unsupported (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);

/* Prints without escaped slashes; pretty for people. Owned by the caller. */
char *quilt_json_print (json_object *object, gboolean pretty);

/* Adds the members of the object that text holds, which quilt_json_print() has made; NULL: none. */
void quilt_json_add_members (json_object *object, const char *text);

/* A JSON array of the strings of a NULL-terminated vector (NULL: an empty one). */
json_object *quilt_json_new_strv (const char *const *strv);
