/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An interface of D-Bus as tables. dbus/generate makes them of org.quilt.xml. */
#pragma once

#include <glib.h>

/* The types of arguments are those of tuples. */
typedef struct {
  const char *name;
  const char *in, *out;
  const char *of_manager; /* the manager's method that is called instead, with the ID of the object
                           * before the same arguments; NULL: the object has a handler */
} QuiltBusMethod;

typedef enum {
  QUILT_EMITS_CHANGES,
  QUILT_EMITS_NOTHING, /* the value never changes, or its changes are not signalled */
} QuiltBusEmits;

typedef struct {
  const char *name;
  const char *type;
  QuiltBusEmits emits;
} QuiltBusProperty;

typedef struct {
  const char *name;
  const char *type;
} QuiltBusSignal;

typedef struct {
  const char *name;
  const char *xml; /* for Introspect */
  const QuiltBusMethod *methods;
  guint n_methods;
  const QuiltBusProperty *properties;
  guint n_properties;
  const QuiltBusSignal *signals;
  guint n_signals;
} QuiltBusInterface;
