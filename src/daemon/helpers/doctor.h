/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Diagnose: quilt-doctor's findings about this host. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/helpers/programs.h"

typedef struct QuiltDoctor QuiltDoctor;

/* Borrows hub and programs. quilt-doctor looks at state_dir. */
QuiltDoctor *quilt_doctor_new (QuiltHub *hub, const QuiltPrograms *programs, const char *state_dir);
void quilt_doctor_free (QuiltDoctor *self);

/* Takes over a handler's reference to call and answers it. */
void quilt_doctor_diagnose (QuiltDoctor *self, QuiltCall *call, GVariant *options);
