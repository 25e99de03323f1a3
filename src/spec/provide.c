/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a process gets beside those of the container (--provide). */
#include "spec/provide.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static gboolean
parse_word (const char *word, guint *provide)
{
  static const struct {
    const char *word;
    QuiltProvide value;
  } words[] = {
      {"shell", QUILT_PROVIDE_SHELL},
      {"tools", QUILT_PROVIDE_TOOLS},
      {"ca", QUILT_PROVIDE_CA},
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strcmp (words[i].word, word) == 0) {
      *provide |= words[i].value;
      return TRUE;
    }
  return FALSE;
}

gboolean
quilt_provide_parse (const char *text, guint *ret_provide, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);
  g_autofree char *quoted = NULL;
  guint provide = 0;

  for (char **word = words; *word; word++)
    if (!parse_word (*word, &provide))
      break;
    else if (!word[1]) {
      *ret_provide = provide;
      return TRUE;
    }
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to use provide '%s': it must be words of shell, tools and ca, separated by "
               "commas",
               quoted);
  return FALSE;
}

gboolean
quilt_provide_check (const char *text, GError **error)
{
  guint provide;

  return quilt_provide_parse (text, &provide, error);
}
