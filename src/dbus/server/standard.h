/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The standard interfaces of every object, and the errors of calls that no object takes (D-Bus
 * Specification, "Standard Interfaces"). Each function that answers a call drops the reference to
 * it. */
#pragma once

#include "dbus/server/export.h"

typedef enum {
  QUILT_STANDARD_NONE, /* the call is for no standard interface */
  QUILT_STANDARD_PEER,
  QUILT_STANDARD_INTROSPECTABLE,
  QUILT_STANDARD_PROPERTIES,
} QuiltStandard;

QuiltStandard quilt_standard_find (const QuiltCall *call);

/* Peer works on every path. */
void quilt_standard_answer_peer (QuiltCall *call);
/* object may be NULL: there is none at the call's path. */
void quilt_standard_answer_properties (QuiltCall *call, QuiltExport *object);
/* object: NULL if only other objects are below the path, whose names are children. managed: another
 * object has the interface ObjectManager. */
void quilt_standard_introspect (QuiltCall *call,
                                QuiltExport *object,
                                gboolean managed,
                                const GPtrArray *children);

void quilt_standard_refuse_object (QuiltCall *call);
void quilt_standard_refuse_interface (QuiltCall *call, const char *interface);
void quilt_standard_refuse_method (QuiltCall *call);
/* Whether the arguments have this type, a tuple. Otherwise answers the call. */
gboolean quilt_standard_check_type (QuiltCall *call, const char *type);
/* Answers a call whose arguments can't be decoded. */
void quilt_standard_refuse_args (QuiltCall *call);
