/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's cgroup without a container, for the suite host: oci-cgroup MANAGER PATH ID CONFIG
 * makes it for a process that sleeps, and then does what the lines on stdin say, answering each
 * with one line. */
#include "base/error.h"
#include "base/json.h"
#include "oci/cgroup/cgroup.h"
#include "oci/cgroup/open.h"
#include "oci/cgroup/plan.h"
#include "oci/cgroup/processes.h"
#include "oci/cgroup/stats.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that is in the cgroup and ends with the test. */
static pid_t
start_process (void)
{
  pid_t pid = fork ();

  if (pid != 0)
    return pid;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  for (;;)
    pause ();
}

static gboolean
enter (const QuiltOciCgroup *cgroup, pid_t pid)
{
  g_autofree char *file = g_strdup_printf ("/proc/self/fd/%d/cgroup.procs", cgroup->dir_fd);
  g_autofree char *text = g_strdup_printf ("%d", (int)pid);
  FILE *procs = fopen (file, "w");
  gboolean ok = procs && fputs (text, procs) >= 0;

  return (procs ? fclose (procs) == 0 : FALSE) && ok;
}

static gboolean
update (QuiltOciCgroup *cgroup, QuiltSpec *spec, const char *text, GError **error)
{
  g_autoptr (QuiltOciResources) resources = quilt_oci_resources_parse (text, strlen (text), error);

  if (!resources)
    return FALSE;
  if (!spec->resources)
    spec->resources = quilt_oci_resources_new ();
  quilt_oci_resources_merge (spec->resources, resources);
  return quilt_oci_cgroup_update (cgroup, spec, spec->resources, error);
}

static gboolean
print_stats (QuiltOciCgroup *cgroup, GError **error)
{
  g_autoptr (json_object) stats = quilt_oci_cgroup_stats (cgroup, error);
  g_autofree char *text = stats ? quilt_json_print (stats, FALSE) : NULL;

  if (text)
    printf ("%s ", text);
  return text != NULL;
}

static gboolean
run (QuiltOciCgroup *cgroup, QuiltSpec *spec, char **words, GError **error)
{
  const char *verb = words[0];

  if (strcmp (verb, "update") == 0)
    return update (cgroup, spec, words[1], error);
  if (strcmp (verb, "freeze") == 0)
    return quilt_oci_cgroup_freeze (cgroup, error);
  if (strcmp (verb, "thaw") == 0)
    return quilt_oci_cgroup_thaw (cgroup, error);
  if (strcmp (verb, "kill") == 0)
    return quilt_oci_cgroup_kill_all (cgroup, (int)g_ascii_strtoll (words[1], NULL, 10), error);
  if (strcmp (verb, "stats") == 0)
    return print_stats (cgroup, error);
  if (strcmp (verb, "remove") == 0)
    return quilt_oci_cgroup_remove (cgroup, error);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "unknown verb '%s'", verb);
  return FALSE;
}

static void
answer (QuiltOciCgroup *cgroup, const char *verb, gboolean ok, const GError *error)
{
  g_autoptr (GArray) processes =
      strcmp (verb, "processes") == 0 ? quilt_oci_cgroup_processes (cgroup, NULL) : NULL;

  if (!ok)
    printf ("error: %s\n", error->message);
  else if (processes)
    printf ("%u %s\n", processes->len, quilt_oci_cgroup_is_frozen (cgroup) ? "frozen" : "running");
  else
    printf ("ok\n");
  fflush (stdout);
}

static void
serve (QuiltOciCgroup *cgroup, QuiltSpec *spec)
{
  char line[65536];

  while (fgets (line, sizeof line, stdin)) {
    g_auto (GStrv) words = g_strsplit (g_strchomp (line), " ", 2);
    g_autoptr (GError) error = NULL;
    gboolean ok = strcmp (words[0], "processes") == 0 || run (cgroup, spec, words, &error);

    while (waitpid (-1, NULL, WNOHANG) > 0)
      ;
    answer (cgroup, words[0], ok, error);
  }
}

int
main (int argc, char **argv)
{
  g_auto (QuiltOciCgroup) cgroup = QUILT_OCI_CGROUP_INIT;
  g_autoptr (QuiltSpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  gboolean systemd = argc == 5 && strcmp (argv[1], "systemd") == 0;
  pid_t pid = -1;
  gboolean ok;

  if (argc != 5)
    return 2;
  spec = quilt_spec_parse (argv[4], strlen (argv[4]), &error);
  ok = spec && quilt_oci_cgroup_plan (*argv[2] ? argv[2] : NULL, argv[3], systemd, geteuid () != 0,
                                      &cgroup, &error);
  if (ok && systemd) {
    pid = start_process ();
    ok = quilt_oci_cgroup_adopt (&cgroup, argv[3], pid, spec, &error);
  } else if (ok && (ok = quilt_oci_cgroup_create (&cgroup, spec, &error))) {
    pid = start_process ();
    if (cgroup.path && !enter (&cgroup, pid))
      return 3;
  }
  if (!ok)
    printf ("error: %s\n", error->message);
  else
    printf ("%d %s %s\n", (int)pid, cgroup.path ? cgroup.path : "(null)",
            cgroup.unit ? cgroup.unit : "-");
  fflush (stdout);
  if (ok)
    serve (&cgroup, spec);
  if (pid > 0)
    kill (pid, SIGKILL);
  if (pid > 0)
    waitpid (pid, NULL, 0);
  return ok ? 0 : 1;
}
