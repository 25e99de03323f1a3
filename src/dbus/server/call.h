/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A received call of a method, until it is answered. For one thread. */
#pragma once

#include "dbus/client.h"
#include "dbus/server/activity.h"
#include "dbus/server/callers.h"

typedef struct QuiltCall QuiltCall;

/* func gets a received call, and owns a reference to it. */
typedef void (*QuiltCallFunc) (QuiltCall *call, gpointer data);

QuiltCall *quilt_call_ref (QuiltCall *self);
void quilt_call_unref (QuiltCall *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltCall, quilt_call_unref)

/* Borrowed. The sender is a unique name, or "" if the call came without one; the interface may be
 * NULL. */
const char *quilt_call_get_sender (const QuiltCall *self);
const char *quilt_call_get_path (const QuiltCall *self);
const char *quilt_call_get_interface (const QuiltCall *self);
const char *quilt_call_get_method (const QuiltCall *self);
/* The types of the arguments. */
const char *quilt_call_get_signature (const QuiltCall *self);
/* Whether the user may be asked for a password. */
gboolean quilt_call_is_interactive (const QuiltCall *self);

/* The arguments, a tuple, borrowed. The first use decodes them. NULL: they are invalid. */
GVariant *quilt_call_get_args (QuiltCall *self);
/* Descriptors that the handles in the arguments index, if these are below *ret_n. Borrowed; NULL if
 * there are none. */
const int *quilt_call_get_fds (const QuiltCall *self, guint *ret_n);
/* Closes the descriptors. For a call that is answered late, so that their other ends don't see an
 * end late. */
void quilt_call_close_fds (QuiltCall *self);

/* Keeps data until the call is freed or other data has the key, and calls free (may be NULL) then.
 * key is a static string. */
void quilt_call_attach (QuiltCall *self, const char *key, gpointer data, GDestroyNotify free);
/* Returns NULL if there are no data. */
gpointer quilt_call_get_attached (const QuiltCall *self, const char *key);
/* As quilt_call_get_attached(), and hands the data over without freeing them. */
gpointer quilt_call_steal_attached (QuiltCall *self, const char *key);

/* The type that the answer must have, a tuple, as a static string. NULL: any. */
void quilt_call_set_answer_type (QuiltCall *self, const char *type);

/* Each answers the call and drops a reference. A caller that wants no answer gets none. */

/* value is a tuple, which may be floating; NULL: a tuple without members. */
void quilt_call_return (QuiltCall *self, GVariant *value);
/* Takes ownership of fd, the descriptor that the handle 0 in value means. */
void quilt_call_return_fd (QuiltCall *self, GVariant *value, int fd);
/* details, an a{sv} that may be floating, becomes the second argument of the error. NULL: none. */
void quilt_call_fail (QuiltCall *self, const char *name, const char *text, GVariant *details);

/* Calls func once when the caller has left the bus. The call must be unwatched before data becomes
 * invalid. */
void quilt_call_watch_caller (QuiltCall *self, void (*func) (gpointer data), gpointer data);
void quilt_call_unwatch_caller (QuiltCall *self, gpointer data);

/* For the queue of calls: */

/* Why a call is refused without its arguments. */
typedef enum {
  QUILT_CALL_FINE,
  QUILT_CALL_TOO_LARGE, /* the call has too many bytes or values */
  QUILT_CALL_TOO_MANY,  /* the caller has too many calls waiting */
} QuiltCallRefusal;

/* Makes a call of a message whose head was read. Takes ownership of fds, and copies the message
 * unless the call is refused. calls counts it until it is freed. */
QuiltCall *quilt_call_new (QuiltDbus *bus,
                           QuiltCallers *callers,
                           QuiltActivity *calls,
                           const QuiltDbusMessage *head,
                           const guint8 *data,
                           gsize size,
                           int *fds,
                           QuiltCallRefusal refusal);
QuiltCallRefusal quilt_call_get_refusal (const QuiltCall *self);
/* Whether the call has at most this many values, and no value is nested too deeply. */
gboolean quilt_call_has_at_most (const QuiltCall *self, guint values);
