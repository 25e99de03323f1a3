/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a run in /run: its directory, and the settings that journald reads for its scope. */
#pragma once

#include "proto/message.h"
#include "spec/oci/etc.h"

/* In the directory of a run: a directory for each session, named by its ID. */
#define QUILT_SESSIONS_DIR "sessions"

/* The directories in /run that hold the files of all runs. */
typedef struct QuiltRunDirs QuiltRunDirs;

/* Makes containers/ in run_dir, of which run_fd is a descriptor. Borrows both. */
QuiltRunDirs *quilt_run_dirs_new (int run_fd, const char *run_dir, GError **error);
void quilt_run_dirs_free (QuiltRunDirs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltRunDirs, quilt_run_dirs_free)

/* Calls callback for each container's ID that has a directory. */
void quilt_run_dirs_foreach (QuiltRunDirs *self,
                             void (*callback) (const char *id, gpointer data),
                             gpointer data);

/* The directory of one run; owned by the caller. */
char *quilt_run_dir_get_path (const QuiltRunDirs *dirs, const char *id);

/* Makes /run/quilt/containers/ID with config.json, the files of spec/oci/etc.h that have a text,
 * and the scope's place. Removes what an earlier run left there. Returns the directory for the
 * supervisor, or -1 on error. */
int quilt_run_dir_make (QuiltRunDirs *dirs,
                        const char *id,
                        const char *place,
                        const char *config,
                        char *const etc[QUILT_ETC_FILES],
                        GError **error);

/* Opens the directory of a run. Returns -1 on error. */
int quilt_run_dir_open (const QuiltRunDirs *dirs, const char *id, GError **error);

/* Makes an empty directory, before there is a record of a container that is made for one run. If
 * quiltd ends before the run begins, the next quiltd knows by the directory that no caller waits
 * for the container. */
void quilt_run_dir_announce (QuiltRunDirs *dirs, const char *id);

/* Whether a run has left its directory. */
gboolean quilt_run_dir_exists (QuiltRunDirs *dirs, const char *id);

/* The place of the run's scope; owned by the caller. NULL if it was not recorded. */
char *quilt_run_dir_get_place (QuiltRunDirs *dirs, const char *id);

/* Reads the supervisor's last message. BUSY: unknown now, ask again. Any other error: there is no
 * valid message. */
gboolean quilt_run_dir_get_exit (QuiltRunDirs *dirs,
                                 const char *id,
                                 QuiltMessage *ret_message,
                                 GError **error);

/* Connects to the supervisor; -1 on error. NOT_FOUND: the supervisor is gone. After any other error
 * it may still run. */
int quilt_run_dir_connect (QuiltRunDirs *dirs, const char *id, GError **error);

/* As quilt_run_dir_connect(), to the supervisor of a session. */
int quilt_run_dir_connect_session (QuiltRunDirs *dirs,
                                   const char *id,
                                   const char *session,
                                   GError **error);

/* Removes all files of a run; scope may be NULL. */
void quilt_run_dir_remove (QuiltRunDirs *dirs, const char *id, const char *scope);

/* Turns journald's rate limit off for the scope, before its first line. */
void quilt_run_dir_lift_limits (QuiltRunDirs *dirs, const char *scope);
/* Removes that setting. */
void quilt_run_dir_forget_scope (QuiltRunDirs *dirs, const char *scope);

/* Removes that setting for all scopes that are no longer in quilt.slice, or a slice below. */
void quilt_run_dir_sweep_limits (QuiltRunDirs *dirs);
