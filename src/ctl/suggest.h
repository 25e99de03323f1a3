/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Suggestions for an unknown verb or option. */
#pragma once

#include "ctl/invocation.h"

/* The verb nearest to word, or that does what other programs call so; NULL when nothing is near. A
 * static string or a name of the table. */
const char *quilt_suggest (const QuiltVerb *verbs, const char *word);

/* The long option nearest to name, without "--"; NULL when none is near. Of entries. */
const char *quilt_suggest_option (const GOptionEntry *entries, const char *name);

/* What to say about a verb that is not there: that it is podman's or docker's, or which one may be
 * meant. Owned by the caller. */
char *quilt_suggest_verb (const QuiltVerb *verbs, const char *word);
