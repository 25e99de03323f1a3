/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of one container: read from D-Bus, and read from and printed to its record. */
#pragma once

#include "spec/option-rows.h"

#include <glib.h>
#include <json-c/json.h>

/* Values of the option seccomp. Any other value is the text of a profile. */
#define QUILT_SECCOMP_DEFAULT "default"
#define QUILT_SECCOMP_UNCONFINED "unconfined"

/* One member for each row of spec/options/options.toml, which describes it. Strings for argv or the
 * environment are bytes, others are UTF-8. Lists end with NULL; NULL means an empty list. Lists of
 * structures have their form on the bus (spec/options/entries.h). */
typedef struct {
  QUILT_OPTION_MEMBERS
  /* Options of a newer Quilt, as a JSON object, from a record only. They are kept, but a container
   * with such options can't be started. NULL: none. */
  char *more;
} QuiltOptions;

QuiltOptions *quilt_options_new (void); /* the defaults */
void quilt_options_free (QuiltOptions *options);
QuiltOptions *quilt_options_copy (const QuiltOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltOptions, quilt_options_free)

/* Copies an aay as strings, which may lack the final NUL. Returns NULL if one has another NUL.
 * Owned by the caller. */
char **quilt_variant_dup_bytestrings (GVariant *array);

/* Reads a container's options from a D-Bus a{sv} (dbus/org.quilt.xml lists keys and types). Sets
 * NOT_SUPPORTED for an unknown key, which the error names. Sets INVALID_ARGUMENT for a wrong type
 * or value; the error names the key, the value and what is allowed. */
QuiltOptions *quilt_options_from_variant (GVariant *dict, GError **error);

/* Applies keys that are `live` in options.toml: all, or none on error. Errors as for
 * quilt_options_from_variant(); a key that is fixed at creation is NOT_SUPPORTED. */
gboolean quilt_options_update (QuiltOptions *options, GVariant *dict, GError **error);

/* Convert to the form in a record and back. quilt_options_from_json() checks everything again,
 * except options of a newer Quilt. */
json_object *quilt_options_to_json (const QuiltOptions *options);
QuiltOptions *quilt_options_from_json (json_object *object, GError **error);

/* The highest stop timeout (µs) to which a running container can be raised. Its scope has at least
 * this timeout, which systemd does not allow to change. */
#define QUILT_LIVE_STOP_TIMEOUT ((guint64)90 * G_USEC_PER_SEC)

/* The properties of the container's scope for StartTransientUnit, type a(sv), floating:
 * Description, Slice, PIDs, Delegate, Controller, KillMode, KillSignal, TimeoutStopUSec,
 * CollectMode, the accounting switches, DevicePolicy with DeviceAllow if needed, and every limit
 * that is set. devices is of QuiltDevice, or NULL. pid is the supervisor's; controller is a bus
 * name. See org.freedesktop.systemd1(5), systemd.scope(5), systemd.resource-control(5). */
GVariant *quilt_options_scope_properties (const QuiltOptions *options,
                                          const GArray *devices,
                                          guint32 pid,
                                          const char *controller);

/* The properties that turn a scope with the properties before, a(sv), into one with the properties
 * after: for SetUnitProperties, type a(sv), floating. Both are as above, but before lacks those
 * that every scope has of its own. NULL: a property differs that systemd can't change. */
GVariant *quilt_options_scope_changes (GVariant *before, GVariant *after);

/* The limits for SetUnitProperties, type a(sv), floating, including those without limit. before:
 * the options in force. */
GVariant *quilt_options_limit_properties (const QuiltOptions *options, const QuiltOptions *before);

/* Whether options make the container, or its user, equivalent to root on the host. Then the caller
 * needs the polkit action org.quilt.privileged. *ret_why is the bus key of the first such option, a
 * static string. */
gboolean quilt_options_need_privilege (const QuiltOptions *options, const char **ret_why);

/* The keys of all such options; NULL-terminated, owned by the caller; the strings are static. */
const char **quilt_options_privileges (const QuiltOptions *options);

/* The capabilities of root in a container with these options. Sets INVALID_ARGUMENT for options
 * that contradict each other. */
gboolean
quilt_options_get_capabilities (const QuiltOptions *options, guint64 *ret_mask, GError **error);

/* The host's file of the requested time zone; NULL if none was requested. Owned by the caller. */
char *quilt_options_get_timezone_file (const QuiltOptions *options);

/* The value of the option seccomp, with its default; owned by options. */
const char *quilt_options_get_seccomp (const QuiltOptions *options);
