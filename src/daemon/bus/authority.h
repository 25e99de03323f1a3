/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authorization: asks polkit for every caller but root. This is the only place that denies. */
#pragma once

#include "dbus/server/call.h"

#define QUILT_ACTION_EXEC "org.quilt.exec"
#define QUILT_ACTION_INSPECT "org.quilt.inspect"
#define QUILT_ACTION_MANAGE_CONTAINERS "org.quilt.manage-containers"
#define QUILT_ACTION_MANAGE_IMAGES "org.quilt.manage-images"
#define QUILT_ACTION_PRIVILEGED "org.quilt.privileged"
#define QUILT_ACTION_RELOAD "org.quilt.reload"

typedef struct QuiltAuthority QuiltAuthority;

/* Does the work of the call, and answers call exactly once, now or later. The caller's
 * arguments may name other objects by now, so look everything up again, by ID. */
typedef void (*QuiltAuthorizedFunc) (QuiltCall *call, gpointer data);
/* As QuiltAuthorizedFunc, for a call whose answer shows less if the caller is not allowed to see
 * everything. */
typedef void (*QuiltConsultedFunc) (QuiltCall *call, gboolean allowed, gpointer data);

/* bus, which is borrowed, is the bus of the callers, org.freedesktop.DBus and polkit. */
QuiltAuthority *quilt_authority_new (QuiltDbus *bus);
/* Denies calls that still wait for a decision. */
void quilt_authority_free (QuiltAuthority *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltAuthority, quilt_authority_free)

/* Takes over a handler's reference to call, and passes it to authorized() if the caller is
 * allowed to do action. uid 0 is always allowed, without polkit. For others, polkit is asked once
 * per element of details (GVariant of type a{ss}; NULL or empty: once without details), and must
 * allow all. It may ask the user only if the message permits interaction. If polkit denies or
 * fails, or the caller goes away, authorized() is never called, and the caller gets NotAuthorized.
 * authorized() may require one more action. action is a static string. */
void quilt_authority_require (QuiltAuthority *self,
                              QuiltCall *call,
                              const char *action,
                              GPtrArray *details,
                              QuiltAuthorizedFunc authorized,
                              gpointer data);

/* As quilt_authority_require(), but a denial or a missing polkit is not an error: consulted() is
 * then called with allowed FALSE. The user is never asked for a password. If the caller goes away
 * or has used up its quota, the call is refused and consulted() is not called. */
void quilt_authority_consult (QuiltAuthority *self,
                              QuiltCall *call,
                              const char *action,
                              GPtrArray *details,
                              QuiltConsultedFunc consulted,
                              gpointer data);

/* Makes one element of details, which a polkit rule can read by action.lookup(). NULL and owner
 * G_MAXUINT32 leave a key out. With an owner, polkit also gets "own", which is "yes" if the owner
 * is the caller. Returns a full reference, for an array that unrefs it. */
GVariant *quilt_authority_details_new (const char *verb,
                                       const char *container,
                                       guint32 owner,
                                       const char *image);

/* Add details about an image, one for each name by which a rule may know it (see
 * quilt_image_get_rule_names()), and about one option of a container, whose key is "option". */
void quilt_authority_add_image_details (GPtrArray *details,
                                        const char *verb,
                                        const char *container,
                                        char *const *names,
                                        const char *digest,
                                        const char *option);
