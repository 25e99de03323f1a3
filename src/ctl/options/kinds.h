/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses each kind of option of run, create and update. */
#pragma once

#include "ctl/options/args.h"
#include "spec/options/arguments.h"

/* The builder that options are added to, and the source of values for "-e NAME". */
typedef struct {
  GVariantBuilder *builder;
  const char *(*lookup) (const char *name);
  const QuiltCreateArgs *args;
} QuiltCreateRequest;

/* Adds the option, in its form on the bus, to request->builder. Sets INVALID_ARGUMENT for an
 * invalid value. */
typedef gboolean (*QuiltCreateAdd) (const QuiltArgument *argument,
                                    const QuiltCreateValue *value,
                                    const QuiltCreateRequest *request,
                                    GError **error);

typedef struct {
  GOptionArg arg;     /* FILENAME: value->text; FILENAME_ARRAY: value->texts; NONE: value->flag */
  QuiltCreateAdd add; /* called if the option was given; NULL: the option is not sent */
  gboolean (*parse) (const char *text, guint64 *ret_value, GError **error); /* for numbers */
} QuiltCreateKind;

extern const QuiltCreateKind quilt_create_kinds[QUILT_N_ARGUMENT_KINDS];

/* Whether all of value->texts are UTF-8, as strings on the bus must be. Sets INVALID_ARGUMENT. */
gboolean quilt_create_check_texts (const QuiltArgument *argument,
                                   const QuiltCreateValue *value,
                                   GError **error);

/* Declares a QuiltCreateAdd function. */
#define QUILT_CREATE_ADD(name)                                                                     \
  gboolean name (const QuiltArgument *argument, const QuiltCreateValue *value,                     \
                 const QuiltCreateRequest *request, GError **error)
QUILT_CREATE_ADD (quilt_create_text);
QUILT_CREATE_ADD (quilt_create_texts);
QUILT_CREATE_ADD (quilt_create_flag);
QUILT_CREATE_ADD (quilt_create_number);
QUILT_CREATE_ADD (quilt_create_decimal);
QUILT_CREATE_ADD (quilt_create_octal);
QUILT_CREATE_ADD (quilt_create_signal);
QUILT_CREATE_ADD (quilt_create_names);
QUILT_CREATE_ADD (quilt_create_list);
QUILT_CREATE_ADD (quilt_create_entries);
QUILT_CREATE_ADD (quilt_create_env);
QUILT_CREATE_ADD (quilt_create_labels);
QUILT_CREATE_ADD (quilt_create_entrypoint);
QUILT_CREATE_ADD (quilt_create_log_rate);
QUILT_CREATE_ADD (quilt_create_volumes);
QUILT_CREATE_ADD (quilt_create_security);
QUILT_CREATE_ADD (quilt_create_seccomp);
