/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that are lists of structures, such as paths with attributes. QuiltOptions holds such a
 * list in its form on the bus. A record has an array of objects. */
#pragma once

#include "base/json.h"

#define QUILT_SHAPE_MEMBERS 3

typedef union {
  char *string;
  char **strings;
  guint64 number;
} QuiltShapeValue;

typedef struct {
  const char *type; /* type of the list on the bus; members of its structures are s, as or t */
  /* The members as keys in a record, in the same order. */
  QuiltField members[QUILT_SHAPE_MEMBERS + 1];
  /* Makes one structure, floating, from its text on a command line, or in records of earlier
   * versions; see spec/options/texts.h. */
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

/* The number of structures in a list; 0 for NULL. */
gsize quilt_entries_count (GVariant *entries);

/* Copies a list to memory of its own: a part of a message would keep the whole message in memory.
 * Owned by the caller. */
GVariant *quilt_entries_copy (GVariant *entries);

/* Convert to the form in a record and back. The caller owns the results. In a record, a missing
 * member is empty, and a text is read by shape->from_text. Errors name the place below path:
 * INVALID_ARGUMENT, or NOT_SUPPORTED for an unknown key. */
json_object *quilt_entries_to_json (const QuiltShape *shape, GVariant *entries);
GVariant *quilt_entries_from_json (const QuiltShape *shape,
                                   json_object *array,
                                   const char *path,
                                   GError **error);
