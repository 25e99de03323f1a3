/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Container: from methods to what they do. */
#pragma once

#include "dbus/quilt-bus.h"

/* Sets the handlers of a container. */
void quilt_container_bus_init (QuiltBusContainerIface *iface);
