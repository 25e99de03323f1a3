/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How quiltctl reads the text of each kind of option. */
#pragma once

#include "ctl/options/args.h"
#include "spec/options/arguments.h"

/* What is added to, and where "-e NAME" finds its value. */
typedef struct {
  GVariantBuilder *builder;
  const char *(*lookup) (const char *name);
  const QuiltCreateArgs *args;
} QuiltCreateRequest;

/* Adds what the option is on the bus to request->builder. INVALID_ARGUMENT for a value that it
 * can't have. */
typedef gboolean (*QuiltCreateAdd) (const QuiltArgument *argument,
                                    const QuiltCreateValue *value,
                                    const QuiltCreateRequest *request,
                                    GError **error);

typedef struct {
  GOptionArg arg;     /* FILENAME: value->text; FILENAME_ARRAY: value->texts; NONE: value->flag */
  QuiltCreateAdd add; /* where it was given; NULL: nothing is sent */
  gboolean (*parse) (const char *text, guint64 *ret_value, GError **error); /* of numbers */
} QuiltCreateKind;

extern const QuiltCreateKind quilt_create_kinds[QUILT_N_ARGUMENT_KINDS];

/* Whether all of value->texts are UTF-8, as strings on the bus are. INVALID_ARGUMENT. */
gboolean quilt_create_check_texts (const QuiltArgument *argument,
                                   const QuiltCreateValue *value,
                                   GError **error);

/* Of QuiltCreateAdd. */
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
