/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits that the host can't enforce. */
#pragma once

#include "ctl/ctl.h"

/* A question to quiltd that is sent beside another call, so that it costs no round trip. */
typedef struct {
  QuiltCtl *ctl;
  GVariant *options;    /* borrowed; NULL: of no container */
  GVariant *properties; /* of the manager; NULL: not known (yet) */
  QuiltDbusPending pending;
  gboolean is_answered;
} QuiltLimits;

#define QUILT_LIMITS_INIT                                                                          \
  {                                                                                                \
    NULL                                                                                           \
  }

void quilt_limits_clear (QuiltLimits *limits);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltLimits, quilt_limits_clear)

/* Asks what the host can enforce, and does not wait. options: an a{sv} of CreateContainer, which
 * has to outlive limits. When the answer comes there is a warning if these options or quiltd.conf
 * limit the container by cgroup controllers that the host lacks. NULL: no warning. */
void quilt_limits_ask (QuiltLimits *limits, QuiltCtl *ctl, GVariant *options);

/* Waits for the answer, which has come if a later call was answered. */
void quilt_limits_wait (QuiltLimits *limits);

/* Waits likewise, and warns of each of the containers that runs without some of its limits. */
void quilt_limits_warn_containers (QuiltLimits *limits, char **names);

/* Warns if options, an a{sv} of Update, ask for limits that need cgroup controllers which quiltd's
 * host lacks. Asks quiltd only if they ask for any. */
void quilt_limits_warn_update (QuiltCtl *ctl, GVariant *options);
