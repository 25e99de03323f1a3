/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of effects as words, for the tables of life.h and run-stage.h. */
#pragma once

#include <glib.h>

typedef struct {
  guint effect; /* one bit */
  const char *word;
} QuiltEffectWord;

/* Appends the word of each effect in effects, in the order of words. A comma separates it from the
 * text before it. */
void quilt_effect_words_append (GString *list,
                                guint effects,
                                const QuiltEffectWord *words,
                                guint n_words);
