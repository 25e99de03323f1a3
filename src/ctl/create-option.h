/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of create's options, and how their values are read. */
#pragma once

#include "ctl/create-args.h"
#include "spec/options/entries.h"

/* What is added to, and where "-e NAME" finds its value. */
typedef struct {
  GVariantBuilder *builder;
  const char *(*lookup) (const char *name);
  const QuiltCreateArgs *args;
} QuiltCreateRequest;

typedef struct QuiltCreateOption QuiltCreateOption;
typedef gboolean (*QuiltCreateParse) (const char *text, guint64 *ret_value, GError **error);

/* Adds what the option is on the bus to request->builder. INVALID_ARGUMENT for a value that it
 * can't have. */
typedef gboolean (*QuiltCreateAdd) (const QuiltCreateOption *option,
                                    const QuiltCreateValue *value,
                                    const QuiltCreateRequest *request,
                                    GError **error);

struct QuiltCreateOption {
  const char *name;
  char letter;
  GOptionArg arg; /* ONE: value->text; MANY: value->texts; FLAG: value->flag */
  const char *help, *metavar;
  const char *key;         /* on the bus */
  QuiltCreateAdd add;      /* where it was given */
  QuiltCreateParse parse;  /* for quilt_create_number() */
  gboolean live;           /* of update too */
  guint64 none;            /* for quilt_create_number(): what an empty value of update stands for */
  const char *key2;        /* a second key on the bus that it sets; may be NULL */
  const QuiltShape *shape; /* for quilt_create_entries() */
};

#define ONE G_OPTION_ARG_FILENAME
#define MANY G_OPTION_ARG_FILENAME_ARRAY
#define FLAG G_OPTION_ARG_NONE

typedef struct {
  const QuiltCreateOption *options;
  guint n_options;
} QuiltCreateTable;

extern const QuiltCreateTable quilt_create_general;
extern const QuiltCreateTable quilt_create_limits;
extern const QuiltCreateTable quilt_create_isolation;

/* Whether all of value->texts are UTF-8, as strings on the bus are. INVALID_ARGUMENT. */
gboolean quilt_create_check_texts (const QuiltCreateOption *option,
                                   const QuiltCreateValue *value,
                                   GError **error);

/* Of QuiltCreateAdd. */
#define QUILT_CREATE_ADD(name)                                                                     \
  gboolean name (const QuiltCreateOption *option, const QuiltCreateValue *value,                   \
                 const QuiltCreateRequest *request, GError **error)
QUILT_CREATE_ADD (quilt_create_nothing); /* of quiltctl alone */
QUILT_CREATE_ADD (quilt_create_text);
QUILT_CREATE_ADD (quilt_create_texts);
QUILT_CREATE_ADD (quilt_create_flag);
QUILT_CREATE_ADD (quilt_create_number);
QUILT_CREATE_ADD (quilt_create_decimal);
QUILT_CREATE_ADD (quilt_create_octal);
QUILT_CREATE_ADD (quilt_create_signal);
QUILT_CREATE_ADD (quilt_create_lists);   /* of names by commas */
QUILT_CREATE_ADD (quilt_create_list);    /* of update too: an empty word empties it */
QUILT_CREATE_ADD (quilt_create_entries); /* texts of structures; of update likewise */
