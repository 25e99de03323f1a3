/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user may have meant by a verb or an option that is not there. */
#pragma once

#include "ctl/ctl.h"

/* The verb nearest to word, or that does what other programs call so; NULL when nothing is near. A
 * static string or a name of the table. */
const char *quilt_suggest (const QuiltVerb *verbs, const char *word);

/* The long option nearest to name, without "--"; NULL when none is near. Of entries. */
const char *quilt_suggest_option (const GOptionEntry *entries, const char *name);

/* Reports the unknown verb, or that it is one of podman's or docker's. Returns the exit code. */
int quilt_suggest_verb (QuiltCtl *ctl, const char *word);
