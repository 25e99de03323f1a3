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

/* Those options as a call takes them, type a{sv}, floating: quiltd is asked to say which option an
 * error is about. */
GVariant *quilt_create_call_options (GVariant *options);
/* The same, for a call that adds more to the dictionary. */
void quilt_create_begin_call (GVariantBuilder *ret_builder, GVariant *options);

/* If error is of one of those options, has it say "--name", as it was typed, in the place of the
 * key. A denial keeps its key: rules of polkit know no other. */
void quilt_create_name_option (const QuiltCreateArgs *args, GError *error);
