/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Diagnose: what quilt-doctor finds out about this host. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/helpers/programs.h"

typedef struct QuiltDoctor QuiltDoctor;

/* Borrows hub and programs; state_dir is what the diagnosis looks at. */
QuiltDoctor *quilt_doctor_new (QuiltHub *hub, const QuiltPrograms *programs, const char *state_dir);
void quilt_doctor_free (QuiltDoctor *self);

/* Takes over a handler's reference to invocation and answers it. */
void
quilt_doctor_diagnose (QuiltDoctor *self, GDBusMethodInvocation *invocation, GVariant *options);
