/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a program of an image can run: the file, its interpreters, its loader, its libraries. */
#pragma once

#include "look/verify/problems.h"
#include "look/verify/root.h"

/* Checks the program that the container's command names, which is looked up as
 * core/program/command.h does. env: "NAME=VALUE", NULL-terminated. *ret_path, the file that
 * would be executed, is owned by the caller; NULL: there is none. */
void quilt_program_check (
    QuiltRoot *root, const char *name, char *const *env, QuiltProblems *problems, char **ret_path);
