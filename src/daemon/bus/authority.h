/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authorization: asks polkit for every caller but root. This is the only place that denies. */
#pragma once

#include <gio/gio.h>

#define QUILT_ACTION_INSPECT "org.quilt.inspect"
#define QUILT_ACTION_MANAGE_CONTAINERS "org.quilt.manage-containers"
#define QUILT_ACTION_MANAGE_IMAGES "org.quilt.manage-images"
#define QUILT_ACTION_PRIVILEGED "org.quilt.privileged"
#define QUILT_ACTION_RELOAD "org.quilt.reload"

typedef struct QuiltAuthority QuiltAuthority;

/* What the call was about is done here, and invocation answered: now or later, exactly once.
 * Arguments may name something else than when the caller was checked: look everything up again, and
 * go by ID. */
typedef void (*QuiltAuthorizedFunc) (GDBusMethodInvocation *invocation, gpointer data);
/* The same, for a call that shows less where the caller is not allowed to see all. */
typedef void (*QuiltConsultedFunc) (GDBusMethodInvocation *invocation,
                                    gboolean allowed,
                                    gpointer data);

/* bus is where the callers, org.freedesktop.DBus and polkit are. */
QuiltAuthority *quilt_authority_new (GDBusConnection *bus);
/* Calls that still wait for an answer are denied. */
void quilt_authority_free (QuiltAuthority *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltAuthority, quilt_authority_free)

/* Takes over the reference to invocation that a handler has, and calls authorized(), which takes it
 * over, if the caller may do action. uid 0 may everything, without asking polkit. Others are asked
 * for once per element of details (GVariant of type a{ss}; NULL or empty: once without), all have
 * to be allowed, interactively only if the message says so. On "no", on any failure and when the
 * caller goes away meanwhile, authorized() is never called; the caller gets NotAuthorized.
 * authorized() may require one action more. action is a static string. */
void quilt_authority_require (QuiltAuthority *self,
                              GDBusMethodInvocation *invocation,
                              const char *action,
                              GPtrArray *details,
                              QuiltAuthorizedFunc authorized,
                              gpointer data);

/* Like quilt_authority_require(), but polkit's "no" and its absence are not errors: consulted() is
 * called with allowed FALSE. The user is never asked for a password. If the caller goes away or has
 * used up its quota, it is refused and consulted() is not called. */
void quilt_authority_consult (QuiltAuthority *self,
                              GDBusMethodInvocation *invocation,
                              const char *action,
                              GPtrArray *details,
                              QuiltConsultedFunc consulted,
                              gpointer data);

/* One element of details: what a polkit rule can look at by action.lookup(). NULL leaves a key out;
 * owner G_MAXUINT32 as well. With an owner, polkit is told "own" too: "yes" if that is the caller.
 * Full reference, to be put into an array that unrefs. */
GVariant *quilt_authority_details_new (const char *verb,
                                       const char *container,
                                       guint32 owner,
                                       const char *image);

/* The same about an image, once for each of its names that a rule may know it by (see
 * quilt_image_get_rule_names()), and about one option of a container: "option" is its key. */
void quilt_authority_add_image_details (GPtrArray *details,
                                        const char *verb,
                                        const char *container,
                                        char *const *names,
                                        const char *digest,
                                        const char *option);
