/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Suggestions for an unknown verb or option. */
#pragma once

#include "ctl/invocation.h"

/* The verb most similar to word, or the verb for a word of other programs. NULL if no verb is
 * similar. A static string, or a name in verbs. */
const char *quilt_suggest (const QuiltVerb *verbs, const char *word);

/* The long option most similar to name, without "--"; NULL if none is similar. Points into
 * entries. */
const char *quilt_suggest_option (const GOptionEntry *entries, const char *name);

/* Advice about an unknown verb: that it is a verb of podman or docker, or which verb may be meant.
 * Owned by the caller. */
char *quilt_suggest_verb (const QuiltVerb *verbs, const char *word);
