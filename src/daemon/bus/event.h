/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's log of events: journal entries with fields, explained in the catalog. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_EVENT_DAEMON_STARTED,
  QUILT_EVENT_DAEMON_RELOADED,
  QUILT_EVENT_DAEMON_RELOAD_FAILED,
  QUILT_EVENT_CONTAINER_CREATED,
  QUILT_EVENT_CONTAINER_STATE,  /* every change, exactly once, in order; see state and old_state */
  QUILT_EVENT_CONTAINER_FAILED, /* could not run; logged in addition to the change of state */
  QUILT_EVENT_CONTAINER_REMOVED,
  QUILT_EVENT_CONTAINER_RECOVERED, /* found by a restarted quiltd */
  QUILT_EVENT_IMAGE_IMPORTED,
  QUILT_EVENT_IMAGE_COMMITTED,
  QUILT_EVENT_IMAGE_REMOVED,
  QUILT_EVENT_OBJECT_BROKEN,  /* a record in the store that can't be read */
  QUILT_EVENT_LIMITS_MISSING, /* this host has no controller for a limit of a container */
  QUILT_N_EVENTS,
} QuiltEvent;

/* Fields that are NULL are left out. */
typedef struct {
  const char *container_id; /* 32 digits: CONTAINER_ID_FULL, the first 12 are CONTAINER_ID */
  const char *container_name;
  const char *image_name;
  const char *image_digest;
  const char *scope;     /* QUILT_SCOPE */
  const char *state;     /* QUILT_STATE */
  const char *old_state; /* QUILT_OLD_STATE */
  const char *reason;    /* QUILT_REASON; with it QUILT_EXIT_CODE is written */
  int exit_code;
  const char *error;  /* QUILT_ERROR: the name after "org.quilt.Error." */
  const char *object; /* QUILT_OBJECT: file or directory in the store */
} QuiltEventFields;

/* Logs one event. fields may be NULL. */
void quilt_event_log (QuiltEvent event, const QuiltEventFields *fields, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Logs QUILT_EVENT_OBJECT_BROKEN of a file or directory in the store. */
void quilt_event_log_broken (const char *object, const GError *why);
