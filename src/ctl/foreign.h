/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of podman and docker that Quilt lacks. */
#pragma once

/* Advice on what to use instead of the option --name, or -letter ('\0': none), of one of our verbs:
 * a clause, static. NULL if neither podman nor docker has the option. */
const char *quilt_foreign_option (const char *verb, const char *name, char letter);
