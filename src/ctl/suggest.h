/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user may have meant by a verb that is not there. */
#pragma once

#include "ctl/ctl.h"

/* The verb nearest to word, or what to use in the place of one that Quilt does not have yet; NULL
 * when nothing is near. A static string or a name of the table. */
const char *quilt_suggest (const QuiltVerb *verbs, const char *word);

/* Reports the unknown verb. Returns the exit code. */
int quilt_suggest_verb (QuiltCtl *ctl, const char *word);
