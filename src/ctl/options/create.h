/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, and their form on the bus. */
#pragma once

#include "ctl/options/args.h"
#include "ctl/ctl.h"

void quilt_create_args_clear (QuiltCreateArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltCreateArgs, quilt_create_args_clear)

/* Parses the options and arguments of run or create like quilt_ctl_parse(). args[0] is the image,
 * and the command follows. */
char **quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args);
/* Parses the arguments of update, and the options that can be changed while a container exists. */
char **quilt_create_parse_live (QuiltCtl *ctl, char **argv, QuiltCreateArgs *ret_args);

/* The options for CreateContainer, RunContainer and Update, type a{sv}, floating. command is the
 * container's argv, NULL-terminated; NULL or empty: the image's own. lookup finds a variable of the
 * caller's environment for "-e NAME". For update, an empty value means the default. Sets
 * INVALID_ARGUMENT for malformed options. */
GVariant *quilt_create_options (const QuiltCreateArgs *args,
                                char *const *command,
                                const char *(*lookup) (const char *name),
                                GError **error);

/* Adds QUILT_BUS_ERROR_DETAILS to those options, type a{sv}, floating. */
GVariant *quilt_create_call_options (GVariant *options);
/* As quilt_create_call_options(), for a call that adds more keys to the dictionary. */
void quilt_create_begin_call (GVariantBuilder *ret_builder, GVariant *options);

/* If error is about one of those options, replaces the key in it by "--name", as it was typed. A
 * denial keeps its key, since rules of polkit know the option by its key. */
void quilt_create_name_option (const QuiltCreateArgs *args, GError *error);
