/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps what the setup steps of a container leave behind as an image, and uses that instead of
 * running the same steps again. */
#pragma once

#include "daemon/containers/container.h"
#include "daemon/containers/streams.h"

/* The image that a new container with this record can use instead of running its steps. image is
 * that of the record. Borrowed; NULL: there is none. */
QuiltImage *quilt_setup_find (const QuiltContainersParts *parts,
                              const QuiltContainerRecord *record,
                              const QuiltImage *image);

/* Called before a run is planned. Returns TRUE if the start waits: another container runs the same
 * steps, or the record is written, since that has become unnecessary. quilt_container_start()
 * follows with the same arguments. Otherwise the steps of the run, if it has any, may be kept. */
gboolean quilt_setup_waits (QuiltContainer *self, QuiltStreams *streams, GTask *task);
/* Answers the starts that wait, since the container is not to be started. Returns FALSE if none
 * waits. */
gboolean quilt_setup_call_off (QuiltContainer *self);

/* The run's steps have succeeded, and its supervisor holds it: keeps what they have left behind,
 * and lets it go on. */
void quilt_setup_keep (QuiltContainer *self);
/* The run's command is executed, or the run has ended or could not begin. */
void quilt_setup_end (QuiltContainer *self);
