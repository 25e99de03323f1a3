/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quiltd's log of events: journal entries with fields, explained in the catalog. */
#include "daemon/bus/event.h"

#include <string.h>
#include <syslog.h>

#define FIELDS_MAX 20

/* data/quilt.catalog explains each ID. */
static const struct {
  const char *message_id;
  int priority;
} events[] = {
    [QUILT_EVENT_DAEMON_STARTED] = {"aec9ed47bd284228bb1aeab24d4c3d90", LOG_INFO},
    [QUILT_EVENT_DAEMON_RELOADED] = {"b6bbab052d1d489bba70b67b1719685b", LOG_INFO},
    [QUILT_EVENT_DAEMON_RELOAD_FAILED] = {"82e108b2f8374bb1922a34327b3d9dc9", LOG_ERR},
    [QUILT_EVENT_CONTAINER_CREATED] = {"28f67a0814ec41bba124aa7a55093c16", LOG_INFO},
    [QUILT_EVENT_CONTAINER_STATE] = {"7f8b114f75514224b97793e16e804c40", LOG_INFO},
    [QUILT_EVENT_CONTAINER_FAILED] = {"e573e1373b2b4145a378177bb88d522c", LOG_ERR},
    [QUILT_EVENT_CONTAINER_REMOVED] = {"2299dc4a1145478e9be4fe8918fd5385", LOG_INFO},
    [QUILT_EVENT_CONTAINER_RECOVERED] = {"da814595660644e3bfb57878c8f6403e", LOG_NOTICE},
    [QUILT_EVENT_IMAGE_IMPORTED] = {"80e73794f94a4f6b9512a955ed26eac0", LOG_INFO},
    [QUILT_EVENT_IMAGE_COMMITTED] = {"c2b0f6d7a3e94d1c8e57b94f0a6d3e12", LOG_INFO},
    [QUILT_EVENT_IMAGE_REMOVED] = {"42152683a1f84bbf9549a73788f83625", LOG_INFO},
    [QUILT_EVENT_OBJECT_BROKEN] = {"2333735fcbff49ff8632626c1c49bf82", LOG_ERR},
    [QUILT_EVENT_LIMITS_MISSING] = {"5d0c3a9e6f1742b5b8f2e07c94d16a3b", LOG_WARNING},
};

G_STATIC_ASSERT (G_N_ELEMENTS (events) == QUILT_N_EVENTS);

typedef struct {
  GLogField fields[FIELDS_MAX];
  gsize n;
} Entry;

static void
add_bytes (Entry *entry, const char *key, const char *value, gssize length)
{
  if (!value)
    return;
  g_assert (entry->n < FIELDS_MAX);
  entry->fields[entry->n++] = (GLogField){key, value, length};
}

static void
add (Entry *entry, const char *key, const char *value)
{
  add_bytes (entry, key, value, -1);
}

void
quilt_event_log (QuiltEvent event, const QuiltEventFields *fields, const char *format, ...)
{
  g_autofree char *message = NULL;
  const QuiltEventFields none = {0};
  char priority[4], exit_code[16];
  Entry entry = {.n = 0};
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  if (!fields)
    fields = &none;

  g_snprintf (priority, sizeof priority, "%d", events[event].priority);
  g_snprintf (exit_code, sizeof exit_code, "%d", fields->exit_code);
  add (&entry, "MESSAGE", message);
  add (&entry, "MESSAGE_ID", events[event].message_id);
  add (&entry, "PRIORITY", priority);
  add (&entry, "CONTAINER_ID_FULL", fields->container_id);
  add_bytes (&entry, "CONTAINER_ID", fields->container_id,
             fields->container_id ? (gssize)strnlen (fields->container_id, 12) : 0);
  add (&entry, "CONTAINER_NAME", fields->container_name);
  add (&entry, "IMAGE_NAME", fields->image_name);
  add (&entry, "IMAGE_DIGEST", fields->image_digest);
  add (&entry, "QUILT_SCOPE", fields->scope);
  add (&entry, "QUILT_STATE", fields->state);
  add (&entry, "QUILT_OLD_STATE", fields->old_state);
  add (&entry, "QUILT_REASON", fields->reason);
  add (&entry, "QUILT_EXIT_CODE", fields->reason ? exit_code : NULL);
  add (&entry, "QUILT_ERROR", fields->error);
  add (&entry, "QUILT_OBJECT", fields->object);
  g_log_structured_array (G_LOG_LEVEL_MESSAGE, entry.fields, entry.n);
}

void
quilt_event_log_broken (const char *object, const GError *why)
{
  quilt_event_log (QUILT_EVENT_OBJECT_BROKEN, &(QuiltEventFields){.object = object},
                   "'%s' in the store can't be used; quiltd leaves it alone: %s", object,
                   why->message);
}
