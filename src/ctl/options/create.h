/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, and what they are on the bus. */
#pragma once

#include "ctl/options/args.h"
#include "ctl/ctl.h"

void quilt_create_args_clear (QuiltCreateArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltCreateArgs, quilt_create_args_clear)

/* Reads options and arguments of run or create as quilt_ctl_parse() does; args[0] is the image, the
 * command follows. */
char **quilt_create_parse (QuiltCtl *ctl, char **argv, gboolean for_run, QuiltCreateArgs *ret_args);
/* The same for update: options that may change while a container lives, and its arguments. */
char **quilt_create_parse_live (QuiltCtl *ctl, char **argv, QuiltCreateArgs *ret_args);

/* The options for CreateContainer, RunContainer and Update, type a{sv}, floating. command: argv of
 * the container, NULL-terminated; NULL or empty for the image's own. Lookup finds a variable of the
 * caller's environment for "-e NAME". Of update an empty value is the default. INVALID_ARGUMENT for
 * what can't be read. */
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
