/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session as values: one more process of a running container (exec). Pure. */
#pragma once

#include "spec/oci/oci.h"

/* NULL, 0 and FALSE mean: as the container's command. */
typedef struct {
  char **args; /* may be empty with login: the user's shell, as a login shell */
  char **env;  /* each NAME=VALUE; added to the container's environment */
  char *cwd;
  char *user;           /* USER[:GROUP], looked up in the container */
  guint64 timeout_usec; /* 0: no limit */
  /* the process gets a terminal of this size; 0 rows or columns: the size is not known */
  gboolean terminal;
  guint16 columns, rows;
  /* the process has HOME, USER, LOGNAME and SHELL of its user, and begins in that home */
  gboolean login;
  guint provide;       /* a mask of QuiltProvide */
  gboolean privileged; /* all capabilities of the user namespace, and no system call filter */
  char *id;            /* letters, digits, '_', '.' and '-'; names its files and its cgroup */
  guint32 owner;       /* uid of the caller that began it */
} QuiltSession;

void quilt_session_clone (const QuiltSession *self, QuiltSession *ret_session);
void quilt_session_clear (QuiltSession *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltSession, quilt_session_clear)

/* Prints the session as JSON, for the supervisor of the session. Owned by the caller. */
char *quilt_session_print (const QuiltSession *self);
/* Reads what quilt_session_print() has printed. ret_session: unset; untouched on error. */
gboolean
quilt_session_parse (const char *data, gsize length, QuiltSession *ret_session, GError **error);

/* Turns the process of the container's configuration into that of the session. */
void quilt_session_apply (const QuiltSession *self, QuiltSpec *spec);
