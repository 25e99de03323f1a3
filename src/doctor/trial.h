/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check that tries to build a container. */
#pragma once

#include "doctor/finding.h"

/* Builds a container of an empty image, up to the point where its command would run. For
 * QuiltCheck. */
void quilt_trial_look (const char *state_dir, QuiltFinding *ret_finding);
