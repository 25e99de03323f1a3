/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a run in /run: its directory, and the settings that journald reads for its scope. */
#pragma once

#include "daemon/containers/containers.h"
#include "proto/message.h"
#include "spec/oci/etc.h"

/* Makes /run/quilt/containers/ID with config.json, the files of spec/oci/etc.h that have a text,
 * and the scope's place. What an earlier run left there is removed. Returns the directory for the
 * supervisor; -1 on error. */
int quilt_run_dir_make (QuiltContainers *containers,
                        const char *id,
                        const char *place,
                        const char *config,
                        char *const etc[QUILT_ETC_FILES],
                        GError **error);

/* Makes the directory alone, before there is a record of a container that is made for one run: if
 * quiltd goes before that begins, the next one knows by it that nobody waits for the container. */
void quilt_run_dir_announce (QuiltContainers *containers, const char *id);

/* Whether a run has left anything. */
gboolean quilt_run_dir_exists (QuiltContainers *containers, const char *id);

/* The place of the run's scope; owned by the caller, NULL if there is none on record. */
char *quilt_run_dir_get_place (QuiltContainers *containers, const char *id);

/* The supervisor's last message. BUSY: unknown now, ask again; any other error: there is no message
 * that can be trusted. */
gboolean quilt_run_dir_get_exit (QuiltContainers *containers,
                                 const char *id,
                                 QuiltMessage *ret_message,
                                 GError **error);

/* Connects to the supervisor; -1 on error. NOT_FOUND: the supervisor is gone; with any other error
 * it may be alive. */
int quilt_run_dir_connect (QuiltContainers *containers, const char *id, GError **error);

/* Removes everything; scope may be NULL. */
void quilt_run_dir_remove (QuiltContainers *containers, const char *id, const char *scope);

/* Turns journald's rate limit off for the scope, before its first line. */
void quilt_run_dir_lift_limits (QuiltContainers *containers, const char *scope);
/* And on again. */
void quilt_run_dir_forget_scope (QuiltContainers *containers, const char *scope);

/* Does so for all that are not in quilt.slice, or a slice below, any more. */
void quilt_run_dir_sweep_limits (QuiltContainers *containers);
