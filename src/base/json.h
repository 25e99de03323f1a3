/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON from untrusted sources: parsed strictly and with limits, and read by tables. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (json_object, json_object_put)

/* Parses one JSON text (RFC 8259) of at most max_size bytes and 64 levels. Refuses with
 * INVALID_ARGUMENT, which names the byte or the key: trailing garbage, duplicate keys (json-c would
 * keep the last), NUL bytes in strings, integers of more than 64 bits, comments and other
 * extensions, and a text that is only null, for which json-c has no object. Strings are bytes:
 * invalid UTF-8 is kept as it is. */
json_object *quilt_json_parse (const char *data, gsize length, gsize max_size, GError **error);

/* The handling of one key of an object. */
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
  QuiltFieldParse parse; /* NULL: the key is known and ignored, for the reason in the table */
  gsize offset;          /* of the member in target */
  const char *reason;    /* why the key is ignored or not supported */
  /* For quilt_json_prune(): the table of the value, if the value is an object; or of each element
   * of an array; or with by_name, of each member, whatever the member's name. */
  const QuiltField *fields;
  gboolean by_name;
  /* For quilt_json_prune(): whether a word in an array is known. NULL: all words are. */
  gboolean (*knows) (const char *word);
};

/* The entry of key in a table; NULL if the table lacks it. */
const QuiltField *quilt_json_find_field (const QuiltField *fields, const char *key);

/* Removes keys and words of arrays that the table, and the tables in it, do not know. Appends their
 * paths to unknown (of char *, which owns them). Values of a wrong type stay, for quilt_json_read()
 * to refuse. */
void quilt_json_prune (const QuiltField *fields,
                       json_object *object,
                       const char *path,
                       GPtrArray *unknown);

/* Reads object by a table. Each key is applied, ignored for the reason in the table, or refused by
 * its path. To apply a key, its parse function is called with target + offset and the JSON path,
 * like "linux.namespaces[0].type". An unknown key is refused with NOT_SUPPORTED, a wrong type with
 * INVALID_ARGUMENT. */
gboolean quilt_json_read (
    const QuiltField *fields, json_object *object, const char *path, void *target, GError **error);

/* Parse functions for tables. The member is a char *, a char ** (NULL-terminated), a gboolean, a
 * gint64, or a guint64 (which refuses negative numbers). */
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
/* Refuses the key by its path, with the field's reason: the specification has the key, but Quilt
 * does not support it. An empty object, array or string is accepted, since it asks for nothing. */
gboolean quilt_field_unsupported (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);

/* Prints JSON without escaping slashes; pretty: indented, for people. Owned by the caller. */
char *quilt_json_print (json_object *object, gboolean pretty);

/* Adds the members of the object in text, which quilt_json_print() has printed. NULL adds none. */
void quilt_json_add_members (json_object *object, const char *text);

/* Makes a JSON array of the strings of a NULL-terminated vector. NULL gives an empty array. */
json_object *quilt_json_new_strv (const char *const *strv);
