/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions that all verbs share: common options, error reports, exit codes. */
#pragma once

#include "ctl/invocation.h"

/* Parses the options of ctl->verb in argv: entries (NULL: none of its own) and the shared ones. The
 * arguments stay bytes. Returns the rest of argv without the verb, NULL-terminated and owned by
 * ctl->words. Returns NULL if there is nothing more to do, because help was printed or a mistake
 * was reported. */
char **quilt_ctl_parse (QuiltCtl *ctl, char **argv, const GOptionEntry *entries);

/* Prints an error or a mistake of the command line as one printable line on stderr, "quiltctl: …".
 * The first two return the exit code that ctl->verb has for a failure. */
int quilt_ctl_fail (QuiltCtl *ctl, const GError *error);
int quilt_ctl_usage (QuiltCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);
void quilt_ctl_warn (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Flushes stdout, waits for the pager, and ends the agent. Returns code, or a failure if writing
 * failed. */
int quilt_ctl_finish (QuiltCtl *ctl, int code);

/* Whether to print colours and progress to fd. */
gboolean quilt_ctl_is_fancy (int fd);

int verb_attach (QuiltCtl *ctl, char **argv);
int verb_copy (QuiltCtl *ctl, char **argv);
int verb_create (QuiltCtl *ctl, char **argv);
int verb_commit (QuiltCtl *ctl, char **argv);
int verb_debug (QuiltCtl *ctl, char **argv);
int verb_diff (QuiltCtl *ctl, char **argv);
int verb_doctor (QuiltCtl *ctl, char **argv);
int verb_exec (QuiltCtl *ctl, char **argv);
int verb_export (QuiltCtl *ctl, char **argv);
int verb_help (QuiltCtl *ctl, char **argv);
int verb_images (QuiltCtl *ctl, char **argv);
int verb_import (QuiltCtl *ctl, char **argv);
int verb_info (QuiltCtl *ctl, char **argv);
int verb_inspect (QuiltCtl *ctl, char **argv);
int verb_inspect_image (QuiltCtl *ctl, char **argv);
int verb_kill (QuiltCtl *ctl, char **argv);
int verb_list (QuiltCtl *ctl, char **argv);
int verb_logs (QuiltCtl *ctl, char **argv);
int verb_remove (QuiltCtl *ctl, char **argv);
int verb_remove_image (QuiltCtl *ctl, char **argv);
int verb_prune (QuiltCtl *ctl, char **argv);
int verb_rename (QuiltCtl *ctl, char **argv);
int verb_restart (QuiltCtl *ctl, char **argv);
int verb_run (QuiltCtl *ctl, char **argv);
int verb_sessions (QuiltCtl *ctl, char **argv);
int verb_shell (QuiltCtl *ctl, char **argv);
int verb_show (QuiltCtl *ctl, char **argv);
int verb_start (QuiltCtl *ctl, char **argv);
int verb_status (QuiltCtl *ctl, char **argv);
int verb_stop (QuiltCtl *ctl, char **argv);
int verb_top (QuiltCtl *ctl, char **argv);
int verb_update (QuiltCtl *ctl, char **argv);
int verb_verify (QuiltCtl *ctl, char **argv);
int verb_version (QuiltCtl *ctl, char **argv);
int verb_wait (QuiltCtl *ctl, char **argv);
