/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of podman and docker that Quilt does not have. */
#pragma once

/* What to use or to do instead of the option --name, or of -letter ('\0': of none), of a verb of
 * ours: a clause, static. NULL if neither podman nor docker has it. */
const char *quilt_foreign_option (const char *verb, const char *name, char letter);
