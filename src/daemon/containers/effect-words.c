/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of effects as words. */
#include "daemon/containers/effect-words.h"

void
quilt_effect_words_append (GString *list,
                           guint effects,
                           const QuiltEffectWord *words,
                           guint n_words)
{
  for (guint i = 0; i < n_words; i++)
    if (effects & words[i].effect)
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", words[i].word);
}
