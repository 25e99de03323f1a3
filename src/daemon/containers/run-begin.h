/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The begin of a run: a supervisor gets its container. */
#pragma once

#include "daemon/containers/containers.h"
#include "daemon/helpers/helper.h"

/* The inputs of a run. */
typedef struct {
  const char *id;
  const char *place;  /* of the scope (spec/slice.h) */
  const char *config; /* config.json */
  char **etc;         /* the texts of QUILT_ETC_FILES; NULL: no such file */
  const QuiltOptions *options;
  const GArray *devices; /* of QuiltDevice */
  int streams[3];        /* of the client that starts it: stdin, stdout, stderr; -1: none */
  const int *joins;      /* namespaces that config joins, in the order of spec/options/sharing.h */
  guint n_joins;
  int filter;                      /* its system call filter; -1: none */
  guint64 log_used, log_used_usec; /* its use of the journal budget, see QUILT_MESSAGE_BEGIN */
  guint32 owner;                   /* uid */
  int store_fd; /* the container's directory in the store, where the end is saved; -1: not needed */
  gboolean detained; /* see QUILT_MESSAGE_FLAG_DETAINED */
} QuiltRunPlan;

/* Sends BEGIN to a supervisor: to that of a prepared start if the container has drawn it, otherwise
 * to a spare or new one. dir_fd is the run directory. *ret_changes: if the supervisor is in the
 * container's scope already, the properties of the scope to set, owned by the caller. NULL: systemd
 * has to be asked for the scope. Errors: those of quilt_spare_begin(). */
QuiltHelper *quilt_run_begin (const QuiltContainersParts *parts,
                              const QuiltRunPlan *plan,
                              int dir_fd,
                              const QuiltHelperEvents *events,
                              gpointer data,
                              GVariant **ret_changes,
                              GError **error);
