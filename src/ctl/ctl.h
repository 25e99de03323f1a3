/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by all verbs: common options, error reports, exit codes. */
#pragma once

#include "ctl/invocation.h"

/* Reads the options of ctl->verb out of argv: entries (NULL: none of its own) and those it shares.
 * The arguments are left as bytes. Returns the rest of argv without the verb, NULL-terminated,
 * within ctl->words; NULL when there is nothing more to do: help was printed, or a mistake was
 * reported. */
char **quilt_ctl_parse (QuiltCtl *ctl, char **argv, const GOptionEntry *entries);

/* What is wrong with the command line or with a container: "quiltctl: …", one line on stderr, made
 * printable. Each returns the exit code that ctl->verb has for a failure. */
int quilt_ctl_fail (QuiltCtl *ctl, const GError *error);
int quilt_ctl_usage (QuiltCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);
void quilt_ctl_warn (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* Flushes stdout, waits for the pager, ends the agent, and turns a failed write into a failure. */
int quilt_ctl_finish (QuiltCtl *ctl, int code);

/* Whether colours and progress are wanted there. */
gboolean quilt_ctl_is_fancy (int fd);

int verb_create (QuiltCtl *ctl, char **argv);
int verb_doctor (QuiltCtl *ctl, char **argv);
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
int verb_rename (QuiltCtl *ctl, char **argv);
int verb_restart (QuiltCtl *ctl, char **argv);
int verb_run (QuiltCtl *ctl, char **argv);
int verb_show (QuiltCtl *ctl, char **argv);
int verb_start (QuiltCtl *ctl, char **argv);
int verb_status (QuiltCtl *ctl, char **argv);
int verb_stop (QuiltCtl *ctl, char **argv);
int verb_update (QuiltCtl *ctl, char **argv);
int verb_version (QuiltCtl *ctl, char **argv);
int verb_wait (QuiltCtl *ctl, char **argv);
