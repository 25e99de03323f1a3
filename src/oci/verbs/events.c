/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* events: prints what a container uses, and when it ran out of memory; one JSON object per line. */
#include "oci/cgroup/open.h"
#include "oci/cgroup/stats.h"
#include "oci/state/container.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/json.h"
#include "cgroup/state.h"
#include "spec/quantities.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

typedef struct {
  QuiltOciContainer *container;
  int pid_fd, timer_fd, watch_fd;
  guint64 oom_kills; /* number reported so far */
} Watch;

static void
watch_clear (Watch *watch)
{
  quilt_fd_clear (&watch->pid_fd);
  quilt_fd_clear (&watch->timer_fd);
  quilt_fd_clear (&watch->watch_fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Watch, watch_clear)

/* Prints an event. Takes ownership of data, which may be NULL. */
static gboolean
print (const QuiltOciContainer *container, const char *type, json_object *data, GError **error)
{
  g_autoptr (json_object) object = json_object_new_object ();
  g_autofree char *text = NULL;

  json_object_object_add (object, "type", json_object_new_string (type));
  json_object_object_add (object, "id", json_object_new_string (container->id));
  if (data)
    json_object_object_add (object, "data", data);
  text = quilt_json_print (object, FALSE);
  return (puts (text) >= 0 && fflush (stdout) == 0) ||
         quilt_set_error_errno (error, errno, "Failed to write an event");
}

static gboolean
print_stats (QuiltOciContainer *container, GError **error)
{
  json_object *stats = quilt_oci_cgroup_stats (&container->cgroup, error);

  return stats && print (container, "stats", stats, error);
}

static gboolean
set_timer (Watch *watch, guint64 usec, GError **error)
{
  const struct timespec time = {.tv_sec = (time_t)(usec / G_USEC_PER_SEC),
                                .tv_nsec = (long)(usec % G_USEC_PER_SEC) * 1000};
  const struct itimerspec spec = {time, time};

  watch->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC);
  return (watch->timer_fd >= 0 && timerfd_settime (watch->timer_fd, 0, &spec, NULL) == 0) ||
         quilt_set_error_errno (error, errno, "Failed to set a timer");
}

/* Without a memory controller, the file is missing and there is nothing to report. */
static gboolean
watch_memory (Watch *watch, GError **error)
{
  g_autofree char *path =
      g_strdup_printf ("/proc/self/fd/%d/memory.events", watch->container->cgroup.dir_fd);

  watch->watch_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (watch->watch_fd < 0 ||
      (inotify_add_watch (watch->watch_fd, path, IN_MODIFY) < 0 && errno != ENOENT))
    return quilt_set_error_errno (error, errno, "Failed to watch the memory of container '%s'",
                                  watch->container->id);
  watch->oom_kills = quilt_cgroup_oom_kills (watch->container->cgroup.dir_fd);
  return TRUE;
}

static gboolean
print_ooms (Watch *watch, GError **error)
{
  guint64 now = quilt_cgroup_oom_kills (watch->container->cgroup.dir_fd);

  for (; watch->oom_kills < now; watch->oom_kills++)
    if (!print (watch->container, "oom", NULL, error))
      return FALSE;
  return TRUE;
}

/* Prints events until the first process ends. */
static gboolean
follow (Watch *watch, GError **error)
{
  struct pollfd fds[] = {
      {watch->pid_fd, POLLIN, 0}, {watch->timer_fd, POLLIN, 0}, {watch->watch_fd, POLLIN, 0}};
  char buffer[4096];

  for (;;) {
    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
      return quilt_set_error_errno (error, errno, "Failed to wait for events");
    /* Read both only to empty them. */
    if ((fds[2].revents && read (watch->watch_fd, buffer, sizeof buffer) < 0 && errno != EAGAIN) ||
        !print_ooms (watch, error))
      return FALSE;
    if (fds[0].revents)
      return TRUE;
    if (fds[1].revents && (read (watch->timer_fd, buffer, sizeof (guint64)) < 0 ||
                           !print_stats (watch->container, error)))
      return FALSE;
  }
}

/* If interval is 0, prints the figures once; otherwise until the container's end. */
static gboolean
tell (QuiltOciContainer *container, guint64 interval, GError **error)
{
  g_auto (Watch) watch = {container, quilt_oci_container_open_pid (container), -1, -1, 0};

  if (watch.pid_fd < 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                 "Failed to watch container '%s': container not running", container->id);
    return FALSE;
  }
  if (interval == 0)
    return print_stats (container, error);
  return quilt_oci_cgroup_open (&container->cgroup, error) && set_timer (&watch, interval, error) &&
         watch_memory (&watch, error) && follow (&watch, error);
}

static gboolean
read_interval (const char *text, guint64 *ret_usec, GError **error)
{
  guint64 usec;

  if (!quilt_parse_duration (text, &usec, error)) {
    g_prefix_error (error, "--interval: ");
    return FALSE;
  }
  /* A timer with interval 0 would never fire. */
  if (usec == 0 || usec / G_USEC_PER_SEC > G_MAXINT32) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "--interval must be a time like 5s, more than 0");
    return FALSE;
  }
  *ret_usec = usec;
  return TRUE;
}

int
quilt_oci_events (QuiltOci *oci, GError **error)
{
  g_autoptr (QuiltOciContainer) container = NULL;
  g_autofree char *interval = NULL;
  gboolean stats = FALSE;
  guint64 usec;
  const GOptionEntry entries[] = {
      {"interval", 0, 0, G_OPTION_ARG_FILENAME, &interval, "Time between stats (5s)", "TIME"},
      {"stats", 0, 0, G_OPTION_ARG_NONE, &stats, "Print stats once, and exit", NULL},
      {NULL},
  };

  if (!quilt_oci_parse (oci, entries, "ID",
                        "Prints the resource usage of a container, and each time that it runs out "
                        "of\nmemory, as a line of JSON, until it ends.",
                        FALSE, 1, 1, error) ||
      !read_interval (interval ? interval : "5s", &usec, error))
    return -1;
  container = quilt_oci_container_open (oci, oci->argv[1], FALSE, error);
  if (!container)
    return -1;
  return tell (container, stats ? 0 : usec, error) ? 0 : -1;
}
