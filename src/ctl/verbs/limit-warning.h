/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Warns about limits that the host can't enforce. */
#pragma once

#include "ctl/ctl.h"

/* A call to quiltd that is sent together with another one, so that it costs no round trip. */
typedef struct {
  QuiltCtl *ctl;
  GVariant *options;    /* borrowed; NULL: no container's options */
  GVariant *properties; /* properties of the manager; NULL: unknown (yet) */
  QuiltDbusPending pending;
  gboolean is_answered;
} QuiltLimits;

#define QUILT_LIMITS_INIT                                                                          \
  {                                                                                                \
    NULL                                                                                           \
  }

void quilt_limits_clear (QuiltLimits *limits);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltLimits, quilt_limits_clear)

/* "--memory needs memory, --cpus needs cpu" of the property LimitsNotInForce, which has keys
 * instead of options. Owned by the caller. */
char *quilt_limits_name_options (const char *missing);

/* Asks what the host can enforce, without waiting. options: an a{sv} of CreateContainer, which must
 * outlive limits, or NULL. When the answer arrives, warns if these options or quiltd.conf set
 * limits whose cgroup controllers the host lacks. NULL: no warning. */
void quilt_limits_ask (QuiltLimits *limits, QuiltCtl *ctl, GVariant *options);

/* Waits for the answer, which arrives before the answer of a later call. */
void quilt_limits_wait (QuiltLimits *limits);

/* Waits for the answer, and warns about each of the containers that runs without some of its
 * limits. */
void quilt_limits_warn_containers (QuiltLimits *limits, char **names);

/* Warns if options, an a{sv} of Update, set limits whose cgroup controllers the host lacks. Asks
 * quiltd only if they set any. */
void quilt_limits_warn_update (QuiltCtl *ctl, GVariant *options);
