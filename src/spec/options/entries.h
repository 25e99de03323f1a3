/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that are lists of structures: paths, and what belongs to each. QuiltOptions holds such a
 * list as it is on the bus; a record holds an array of objects. */
#pragma once

#include "base/json.h"

#define QUILT_SHAPE_MEMBERS 3

typedef union {
  char *string;
  char **strings;
  guint64 number;
} QuiltShapeValue;

typedef struct {
  const char *type; /* of the list on the bus; the members of a structure are s, as and t */
  /* The same members in a record, in that order. */
  QuiltField members[QUILT_SHAPE_MEMBERS + 1];
  /* One structure, floating, from the text that stands for it on a command line and in records of
   * earlier versions; see spec/options/texts.h. */
  GVariant *(*from_text) (const char *option, const char *text, GError **error);
} QuiltShape;

#define QUILT_SHAPE_MEMBER(i, name, type, parse)                                                   \
  [i] = {name, type, parse, (i) * sizeof (QuiltShapeValue)}
#define QUILT_SHAPE_STRING(i, name)                                                                \
  QUILT_SHAPE_MEMBER (i, name, QUILT_FIELD_STRING, quilt_field_string)
#define QUILT_SHAPE_STRINGS(i, name)                                                               \
  QUILT_SHAPE_MEMBER (i, name, QUILT_FIELD_ARRAY, quilt_field_strv)
#define QUILT_SHAPE_NUMBER(i, name)                                                                \
  QUILT_SHAPE_MEMBER (i, name, QUILT_FIELD_INT, quilt_field_uint64)

/* How many structures a list has; NULL: none. */
gsize quilt_entries_count (GVariant *entries);

/* A copy in one piece of memory of its own: a part of a message from the bus may hold all of that.
 * The caller's. */
GVariant *quilt_entries_copy (GVariant *entries);

/* A record's form, and back; the results are the caller's. In a record a member that is missing is
 * empty, and a text is read by shape->from_text. INVALID_ARGUMENT, or NOT_SUPPORTED for an unknown
 * key, naming the place below path. */
json_object *quilt_entries_to_json (const QuiltShape *shape, GVariant *entries);
GVariant *quilt_entries_from_json (const QuiltShape *shape,
                                   json_object *array,
                                   const char *path,
                                   GError **error);
