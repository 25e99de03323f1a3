/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prepared starts (WarmStarts=): scopes with the names of future containers, in each of which a
 * supervisor waits for its container. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/bus/index.h"
#include "daemon/helpers/spare.h"
#include "daemon/host/defaults.h"
#include "spec/options/options.h"
#include "systemd/systemd.h"

typedef struct QuiltWarm QuiltWarm;

/* Borrows all. Each prepared start reserves its name in names. Prepares nothing before
 * quilt_warm_begin(). */
QuiltWarm *
quilt_warm_new (QuiltHub *hub, QuiltIndex *names, QuiltSystemd *systemd, QuiltSpare *spare);
/* The supervisors that wait end. Then systemd collects their scopes. */
void quilt_warm_free (QuiltWarm *self);

/* Keeps this many prepared starts, with the properties of containers that have these defaults.
 * Drops those that are too many, or have other properties. */
void quilt_warm_set (QuiltWarm *self, guint wanted, const QuiltDefaults *defaults);
/* Called once all containers are known, so that their names are not drawn. */
void quilt_warm_begin (QuiltWarm *self);
/* A container starts: for a moment, nothing is prepared, so that no start waits for that. */
void quilt_warm_defer (QuiltWarm *self);

/* Takes a prepared start for a new container with these options, and returns its name, which stays
 * reserved. NULL if there is none, or the scope can't be given the properties of the container.
 * quilt_warm_take() or quilt_warm_drop() must follow. */
char *quilt_warm_draw (QuiltWarm *self, const QuiltOptions *options);
/* Returns the supervisor in the scope of the container of that name, if its start is prepared.
 * properties are those of the container's scope. *ret_changes, which the caller owns, is those that
 * must be set (SetUnitProperties). NULL: the start is not prepared, and the scope, if there was
 * one, is dropped. */
QuiltHelper *
quilt_warm_take (QuiltWarm *self, const char *name, GVariant *properties, GVariant **ret_changes);
/* Drops the prepared start that was drawn for the container of that name, if there is one. The name
 * stays reserved. */
void quilt_warm_drop (QuiltWarm *self, const char *name);
/* Drops the prepared start of that name, unless it was drawn, and frees the name: a caller wants it
 * for a container. A start of that container waits until the scope is gone. */
void quilt_warm_yield (QuiltWarm *self, const char *name);
/* Drops the prepared start with that scope, which systemd was asked to stop. */
void quilt_warm_stop (QuiltWarm *self, const char *scope);
