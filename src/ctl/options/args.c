/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, as typed. */
#include "ctl/options/args.h"

#include "spec/options/arguments.h"

#include <string.h>

const QuiltCreateValue *
quilt_create_get (const QuiltCreateArgs *args, const char *name)
{
  for (guint i = 0; quilt_arguments[i].name; i++)
    if (strcmp (quilt_arguments[i].name, name) == 0)
      return &args->values[i];
  g_return_val_if_reached (NULL);
}

QuiltCreateValue *
quilt_create_find (QuiltCreateArgs *args, const char *name)
{
  return (QuiltCreateValue *)quilt_create_get (args, name);
}
