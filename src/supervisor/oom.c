/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Logs the processes that the kernel killed because memory ran out, by name if the kernel's log
 * names them. */
#include "supervisor/oom.h"

#include "base/fd.h"
#include "cgroup/file.h"
#include "cgroup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* The largest record of printk with its fields. */
#define RECORD_MAX 8192

/* Time within which a process ends after its kill was counted. */
#define RECENT_USEC (5 * G_USEC_PER_SEC)

void
quilt_victim_free (QuiltVictim *victim)
{
  g_free (victim->name);
  g_free (victim);
}

/* The value after the last occurrence of key, up to a comma, a line break or the end. Returns NULL
 * if key is missing. The container chooses some of the names before the key, but none after it. */
static char *
find_last (const char *line, const char *key)
{
  const char *found = g_strrstr (line, key);

  return found ? g_strndup (found + strlen (key), strcspn (found + strlen (key), ",\n")) : NULL;
}

/* Whether path is cgroup or below it. The kernel's log may show more parent cgroups than this
 * process sees. Below its scope the container may make a cgroup with the name of another scope, so
 * only the first match counts. */
static gboolean
is_within (const char *path, gsize length, const char *cgroup)
{
  g_autofree char *first = g_strndup (cgroup, strcspn (cgroup + 1, "/") + 1);
  const char *found = g_strstr_len (path, (gssize)length, cgroup);
  const char *end = found ? found + strlen (cgroup) : NULL;

  return end && (end == path + length || *end == '/') &&
         found == g_strstr_len (path, (gssize)length, first);
}

/* Since Linux 5.0 the kernel logs one line for each victim:
 * "…;oom-kill:constraint=…,oom_memcg=PATH,task_memcg=PATH,task=COMM,pid=N,uid=N". */
QuiltVictim *
quilt_oom_parse_record (const char *record, const char *cgroup)
{
  const char *text = strchr (record, ';');
  const char *memcg, *task;
  g_autofree char *pid = NULL;
  QuiltVictim *victim;
  gint64 number;

  if (!text || !g_str_has_prefix (text + 1, "oom-kill:"))
    return NULL;
  memcg = strstr (text, ",task_memcg=");
  task = memcg ? strstr (memcg, ",task=") : NULL;
  if (!task)
    return NULL;
  memcg += strlen (",task_memcg=");
  pid = find_last (task, ",pid=");
  if (!is_within (memcg, (gsize)(task - memcg), cgroup) || !pid ||
      !g_ascii_string_to_signed (pid, 10, 1, G_MAXINT, &number, NULL))
    return NULL;
  victim = g_new0 (QuiltVictim, 1);
  task += strlen (",task=");
  victim->name = g_utf8_make_valid (task, g_strrstr (task, ",pid=") - task);
  for (char *p = victim->name; *p; p++)
    if (g_ascii_iscntrl (*p))
      *p = '?';
  victim->pid = number;
  return victim;
}

/* This process is in a cgroup right below the scope's cgroup. */
static char *
find_scope (void)
{
  g_autofree char *own = quilt_cgroup_of (0);

  return own ? g_path_get_dirname (own) : NULL;
}

static gboolean
read_kills (const QuiltOom *oom, guint64 *ret_kills)
{
  return quilt_cgroup_pread_key (oom->events_fd, "oom_kill", ret_kills);
}

int
quilt_oom_open_log (void)
{
  g_autofd int fd = open ("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

  return fd >= 0 && lseek (fd, 0, SEEK_END) >= 0 ? g_steal_fd (&fd) : -1;
}

void
quilt_oom_init (QuiltOom *oom, int scope_fd, gint64 first, int kmsg_fd)
{
  g_autofd int log_fd = kmsg_fd;

  oom->events_fd = openat (scope_fd, "memory.events", O_RDONLY | O_CLOEXEC);
  /* poll(2) reports changes only after the file was read once. */
  if (oom->events_fd < 0 || !read_kills (oom, &oom->kills)) {
    quilt_fd_clear (&oom->events_fd);
    return;
  }
  oom->told = oom->named = oom->kills;
  oom->first = first;
  oom->cgroup = find_scope ();
  oom->victims = g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_victim_free);
  oom->kmsg_fd = g_steal_fd (&log_fd);
}

void
quilt_oom_clear (QuiltOom *oom)
{
  quilt_fd_clear (&oom->events_fd);
  quilt_fd_clear (&oom->kmsg_fd);
  g_clear_pointer (&oom->cgroup, g_free);
  g_clear_pointer (&oom->victims, g_ptr_array_unref);
}

struct pollfd
quilt_oom_poll (const QuiltOom *oom)
{
  return (struct pollfd){oom->events_fd, POLLPRI, 0};
}

static void
read_log (QuiltOom *oom)
{
  char record[RECORD_MAX + 1];

  while (oom->kmsg_fd >= 0 && oom->cgroup) {
    ssize_t n = read (oom->kmsg_fd, record, RECORD_MAX);
    QuiltVictim *victim;

    if (n < 0 && (errno == EPIPE || errno == EINTR))
      continue; /* the oldest records were overwritten: continue with the rest */
    if (n <= 0)
      return;
    record[n] = '\0';
    victim = quilt_oom_parse_record (record, oom->cgroup);
    if (!victim)
      continue;
    oom->named++;
    oom->first_killed = oom->first_killed || victim->pid == oom->first;
    g_ptr_array_add (oom->victims, victim);
  }
}

/* The kernel writes its log before it increases the count. */
void
quilt_oom_handle (QuiltOom *oom)
{
  guint64 kills = oom->kills;

  if (oom->events_fd < 0)
    return;
  if (!read_kills (oom, &kills)) {
    quilt_fd_clear (&oom->events_fd); /* the cgroup is gone */
    return;
  }
  if (kills == oom->kills)
    return;
  read_log (oom);
  oom->kills = kills;
  oom->kill_usec = g_get_monotonic_time ();
}

gboolean
quilt_oom_ended_first (const QuiltOom *oom, gboolean by_child, gint64 now_usec)
{
  if (oom->first_killed)
    return TRUE;
  return (by_child || oom->named < oom->kills) && oom->kill_usec > 0 &&
         now_usec - oom->kill_usec < RECENT_USEC;
}

static gboolean
tell_of (QuiltLog *log, const QuiltVictim *victim, guint64 kills)
{
  g_autofree char *text = g_strdup_printf (
      "The kernel killed process '%s' (pid %" G_GINT64_FORMAT
      ") of the container because its memory ran out; raise its limit with --memory",
      victim->name, victim->pid);

  return quilt_log_oom (log, text, victim->name, victim->pid, kills);
}

gboolean
quilt_oom_report (QuiltOom *oom, QuiltLog *log)
{
  while (oom->victims && oom->victims->len > 0) {
    if (!tell_of (log, oom->victims->pdata[0], oom->kills))
      return FALSE;
    g_ptr_array_remove_index (oom->victims, 0);
    oom->told++;
  }
  if (oom->told < oom->kills) {
    g_autofree char *text = g_strdup_printf (
        "The kernel killed processes of the container because its memory ran out "
        "(%" G_GUINT64_FORMAT
        "), but the kernel's log does not name them; raise the limit with --memory",
        oom->kills - oom->told);

    if (!quilt_log_oom (log, text, NULL, 0, oom->kills))
      return FALSE;
    oom->told = oom->kills;
  }
  return TRUE;
}
