/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types of D-Bus values. */
#include "dbus/signature.h"

#include <string.h>

/* Nesting limits of arrays and of structures. */
#define ARRAYS_MAX 32
#define STRUCTS_MAX 32

static gboolean
is_basic (char type)
{
  return type != '\0' && strchr ("ybnqiuxtdsogh", type);
}

static const char *end_of_type (const char *type, guint arrays, guint structs);

/* type points behind the '{'. arrays and structs are the nesting levels still allowed. */
static const char *
end_of_entry (const char *type, guint arrays, guint structs)
{
  if (structs == 0 || !is_basic (*type))
    return NULL;
  type = end_of_type (type + 1, arrays, structs - 1);
  return type && *type == '}' ? type + 1 : NULL;
}

/* arrays and structs are the nesting levels still allowed. */
static const char *
end_of_type (const char *type, guint arrays, guint structs)
{
  switch (*type) {
  case 'a':
    if (arrays == 0)
      return NULL;
    return type[1] == '{' ? end_of_entry (type + 2, arrays - 1, structs)
                          : end_of_type (type + 1, arrays - 1, structs);
  case '(':
    if (structs == 0 || type[1] == ')')
      return NULL;
    type++;
    while (type && *type != ')')
      type = end_of_type (type, arrays, structs - 1);
    return type ? type + 1 : NULL;
  case 'v':
    return type + 1;
  default:
    return is_basic (*type) ? type + 1 : NULL;
  }
}

const char *
quilt_dbus_type_end (const char *type)
{
  return end_of_type (type, ARRAYS_MAX, STRUCTS_MAX);
}

gboolean
quilt_dbus_type_is_single (const char *signature)
{
  const char *end = quilt_dbus_type_end (signature);

  return end && *end == '\0' && end - signature <= QUILT_DBUS_SIGNATURE_MAX;
}

gboolean
quilt_dbus_signature_is_valid (const char *signature)
{
  const char *end = signature;

  while (end && *end != '\0')
    end = quilt_dbus_type_end (end);
  return end && end - signature <= QUILT_DBUS_SIGNATURE_MAX;
}

gsize
quilt_dbus_type_alignment (char type)
{
  switch (type) {
  case 'y':
  case 'g':
  case 'v':
    return 1;
  case 'n':
  case 'q':
    return 2;
  case 'x':
  case 't':
  case 'd':
  case '(':
  case '{':
    return 8;
  default:
    return 4;
  }
}

gsize
quilt_dbus_type_plain_size (char type)
{
  return type != '\0' && strchr ("ynqiuxtd", type) ? quilt_dbus_type_alignment (type) : 0;
}
