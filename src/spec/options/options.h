/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of one container as a value: from D-Bus options, to and from the record on disk. */
#pragma once

#include "spec/option-rows.h"
#include "spec/words.h"

#include <glib.h>
#include <json-c/json.h>

/* Of the option seccomp; anything else is the text of a profile. */
#define QUILT_SECCOMP_DEFAULT "default"
#define QUILT_SECCOMP_UNCONFINED "unconfined"

/* A member for each row of spec/options/options.toml, which says what it holds. Strings that become
 * argv or environment are bytes; the rest is UTF-8. Lists end with NULL, and no list is an empty
 * one. Lists of structures are as on the bus (spec/options/entries.h). */
typedef struct {
  QUILT_OPTION_MEMBERS
  /* Options of a newer Quilt, as a JSON object, only of a record: they are kept, and a container
   * that has them can't be started. NULL: none. */
  char *more;
} QuiltOptions;

QuiltOptions *quilt_options_new (void); /* the defaults */
void quilt_options_free (QuiltOptions *options);
QuiltOptions *quilt_options_copy (const QuiltOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltOptions, quilt_options_free)

/* Consumes the keys that are options of a container from a D-Bus a{sv} (dbus/org.quilt.xml names
 * each with its type). Unknown keys: NOT_SUPPORTED naming the key; a wrong type, or a value out of
 * its grammar or range: INVALID_ARGUMENT naming key, value and what is allowed. */
QuiltOptions *quilt_options_from_variant (GVariant *dict, GError **error);

/* Applies the keys that may change while a container lives (limits, stop-timeout, stop-signal): all
 * or nothing. Errors as above; a key that is fixed at creation is
 * NOT_SUPPORTED. */
gboolean quilt_options_update (QuiltOptions *options, GVariant *dict, GError **error);

/* The record's form. quilt_options_from_json() checks everything again but options of a newer
 * Quilt.
 */
json_object *quilt_options_to_json (const QuiltOptions *options);
QuiltOptions *quilt_options_from_json (json_object *object, GError **error);

/* How far the stop timeout of a running container can be raised (µs): its scope has at least this
 * much, and systemd lets nobody change that. */
#define QUILT_LIVE_STOP_TIMEOUT ((guint64)90 * G_USEC_PER_SEC)

/* The properties of the container's scope for StartTransientUnit, type a(sv), floating:
 * Description, Slice, PIDs, Delegate, Controller, KillMode, KillSignal, TimeoutStopUSec,
 * CollectMode, the accounting switches, where it needs one a DevicePolicy with DeviceAllow, and
 * every limit that is set. devices is of QuiltDevice, or NULL. pid is the supervisor's; controller
 * a bus name. See org.freedesktop.systemd1(5), systemd.scope(5), systemd.resource-control(5). */
GVariant *quilt_options_scope_properties (const QuiltOptions *options,
                                          const GArray *devices,
                                          guint32 pid,
                                          const char *controller);

/* The limits alone, as SetUnitProperties takes them, type a(sv), floating; "no limit" is spelled
 * out. before: what is in force. */
GVariant *quilt_options_limit_properties (const QuiltOptions *options, const QuiltOptions *before);

/* Whether options make the container, or its user, equivalent to root on the host, so that whoever
 * asks for it needs the polkit action org.quilt.privileged. *ret_why is the first option that
 * does: its key on the bus, a static string. */
gboolean quilt_options_need_privilege (const QuiltOptions *options, const char **ret_why);

/* The keys of all that do; NULL-terminated, owned by the caller, the strings static. */
const char **quilt_options_privileges (const QuiltOptions *options);

/* The capabilities that a container of these options has, which is root. INVALID_ARGUMENT for what
 * contradicts. */
gboolean
quilt_options_get_capabilities (const QuiltOptions *options, guint64 *ret_mask, GError **error);

/* The file of the host that describes its time zone; NULL: none was asked for. Owned by the caller.
 */
char *quilt_options_get_timezone_file (const QuiltOptions *options);

/* Its system call filter, as the option seccomp; owned by options. */
const char *quilt_options_get_seccomp (const QuiltOptions *options);
