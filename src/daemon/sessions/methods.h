/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exec of a container, copies from and to it, and the methods on its sessions. Each takes over a
 * handler's reference to call and answers it. name: name, ID or unique prefix. */
#pragma once

#include "daemon/sessions/sessions.h"
#include "proto/copy-request.h"

void quilt_session_exec (QuiltSessions *sessions,
                         QuiltCall *call,
                         const char *name,
                         GVariant *command,
                         GVariant *options);
/* path: an "ay"; NULL for an export. handle: the caller's pipe. */
void quilt_session_copy (QuiltSessions *sessions,
                         QuiltCall *call,
                         QuiltCopyOperation operation,
                         const char *name,
                         GVariant *path,
                         gint32 handle,
                         GVariant *options);
void quilt_sessions_answer_list (QuiltSessions *sessions,
                                 QuiltCall *call,
                                 const char *name,
                                 GVariant *options);
void quilt_sessions_answer_wait (QuiltSessions *sessions,
                                 QuiltCall *call,
                                 const char *name,
                                 const char *session,
                                 GVariant *options);
void quilt_sessions_answer_kill (QuiltSessions *sessions,
                                 QuiltCall *call,
                                 const char *name,
                                 const char *session,
                                 int signal,
                                 GVariant *options);
