/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and executing the container's command, and explaining failures. */
#include "core/program/command.h"

#include "base/fd.h"
#include "core/program/elf.h"
#include "core/program/libraries.h"
#include "spec/capabilities.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The search path of execvp(3) if there is no PATH. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* BINPRM_BUF_SIZE of the kernel, which reads no more of a script's first line. */
#define SCRIPT_LINE 256

static gboolean
read_file (gpointer data, guint64 offset, gpointer buffer, gsize length)
{
  ssize_t n;

  if (offset > G_MAXINT64)
    return FALSE;
  do
    n = pread (GPOINTER_TO_INT (data), buffer, length, (off_t)offset);
  while (n < 0 && errno == EINTR);
  return n >= 0 && (gsize)n == length;
}

/* Opens a program only if it is a regular file: opening a FIFO could block, and opening a device
 * can have side effects. */
static int
open_program (const char *path)
{
  g_autofd int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;

  return fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode) ? g_steal_fd (&fd) : -1;
}

static void
set_problem (QuiltReport *report,
             QuiltCommandProblem problem,
             const char *object,
             const char *detail)
{
  report->problem = (guint8)problem;
  g_strlcpy (report->object, object, sizeof report->object);
  g_strlcpy (report->detail, detail, sizeof report->detail);
}

/* If path, or a directory in it, is a dangling link, returns TRUE and the missing target. */
static gboolean
find_dangling (const char *path, char *ret_target, gsize size)
{
  char here[PATH_MAX], next[PATH_MAX];
  struct stat st;
  gsize end = 0;
  ssize_t n;

  for (;;) {
    if (path[end] == '\0')
      return FALSE;
    end += 1 + strcspn (path + end + 1, "/");
    if (end >= sizeof here)
      return FALSE;
    memcpy (here, path, end);
    here[end] = '\0';
    if (lstat (here, &st) < 0)
      return FALSE;
    if (S_ISLNK (st.st_mode) && stat (here, &st) < 0 && errno == ENOENT)
      break;
  }
  /* Follow the chain of links to its end. It has an end, since stat() failed with ENOENT, not
   * ELOOP. */
  while ((n = readlink (here, next, sizeof next - 1)) > 0) {
    char *slash = strrchr (here, '/');
    gsize keep = next[0] != '/' && slash ? (gsize)(slash - here) + 1 : 0;

    if (keep + (gsize)n >= sizeof here)
      return FALSE;
    memcpy (here + keep, next, (gsize)n);
    here[keep + (gsize)n] = '\0';
  }
  g_strlcpy (ret_target, here, size);
  return TRUE;
}

static gboolean
read_interpreter (int fd, char *ret_name, gsize size)
{
  char line[SCRIPT_LINE];
  ssize_t n = pread (fd, line, sizeof line - 1, 0);
  gsize start, length;

  if (n < 2 || line[0] != '#' || line[1] != '!')
    return FALSE;
  line[n] = '\0';
  start = 2 + strspn (line + 2, " \t");
  length = strcspn (line + start, " \t\r\n");
  g_strlcpy (ret_name, line + start, MIN (length + 1, size));
  return TRUE;
}

/* Explains EPERM: the bounding set must contain all effective capabilities of the file. Returns the
 * name of one that is missing, a static string, or NULL. */
static const char *
find_missing_capability (const char *path)
{
  struct vfs_ns_cap_data data = {0};

  if (getxattr (path, "security.capability", &data, sizeof data) < 0)
    return NULL;
  for (guint cap = 0; cap <= CAP_LAST_CAP; cap++)
    if ((GUINT32_FROM_LE (data.data[cap / 32].permitted) >> cap % 32 & 1) &&
        prctl (PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
      return quilt_capability_to_name (cap);
  return NULL;
}

/* The file exists, but execve() failed with error. */
static void
diagnose_file (const char *path, int error, QuiltReport *report)
{
  g_autofd int fd = open_program (path);
  const char *missing = error == EPERM ? find_missing_capability (path) : NULL;
  char name[SCRIPT_LINE];
  QuiltElf elf;

  if (missing)
    set_problem (report, QUILT_COMMAND_FILE_CAPABILITY, path, missing);
  else if (fd >= 0 && (error == ENOENT || error == EACCES || error == ENOTDIR || error == ELOOP) &&
           read_interpreter (fd, name, sizeof name)) {
    set_problem (report, QUILT_COMMAND_NO_INTERPRETER, path, name);
  } else if (fd >= 0 && quilt_elf_read (read_file, GINT_TO_POINTER (fd), &elf)) {
    const char *machine = quilt_elf_machine_name (elf.machine);

    if (error == ENOEXEC && !elf.native)
      set_problem (report, QUILT_COMMAND_FOREIGN, path, machine ? machine : "another machine");
    else if (error == ENOENT && *elf.interpreter)
      set_problem (report, QUILT_COMMAND_NO_LOADER, path, elf.interpreter);
    else if (error == EACCES && *elf.interpreter && access (elf.interpreter, X_OK) < 0)
      set_problem (report, QUILT_COMMAND_BAD_LOADER, path, elf.interpreter);
    else if (error == ENOEXEC)
      set_problem (report, QUILT_COMMAND_NOT_A_PROGRAM, path, "");
  } else if (error == ENOEXEC) {
    set_problem (report, QUILT_COMMAND_NOT_A_PROGRAM, path, "");
  }
}

static void
diagnose (const char *path, int error, QuiltReport *report)
{
  char target[sizeof report->detail];
  struct stat st;

  report->error = error;
  set_problem (report, QUILT_COMMAND_FAILED, path, "");
  if (stat (path, &st) < 0) {
    if (error == ENOENT && find_dangling (path, target, sizeof target))
      set_problem (report, QUILT_COMMAND_DANGLING, path, target);
    else if (error == ENOENT || error == ENOTDIR)
      set_problem (report, QUILT_COMMAND_NOT_FOUND, path, "");
  } else if (S_ISDIR (st.st_mode)) {
    set_problem (report, QUILT_COMMAND_IS_DIRECTORY, path, "");
  } else if (error == EACCES && (!S_ISREG (st.st_mode) || access (path, X_OK) < 0)) {
    set_problem (report, QUILT_COMMAND_NOT_PERMITTED, path, "");
  } else {
    diagnose_file (path, error, report);
    if (error == EACCES && report->problem == QUILT_COMMAND_FAILED)
      set_problem (report, QUILT_COMMAND_NOT_PERMITTED, path, "");
  }
}

/* execve() reports everything that keeps a program from starting except missing libraries: these
 * fail later, in the program's loader. Returns FALSE if the command must not be executed. */
static gboolean
check_libraries (const char *path, char *const *env, int channel, QuiltReport *report)
{
  g_autofd int fd = -1;
  const char *name = NULL;
  QuiltLibraries result;
  QuiltElf elf;

  fd = open_program (path);
  if (fd < 0 || !quilt_elf_read (read_file, GINT_TO_POINTER (fd), &elf) || !elf.native ||
      access (path, X_OK) < 0 || access (elf.interpreter, X_OK) < 0)
    return TRUE;
  result = quilt_libraries_check (&elf, path, env, &name);
  if (result == QUILT_LIBRARIES_FOUND)
    return TRUE;
  set_problem (report, QUILT_COMMAND_NO_LIBRARY, path, name);
  if (result == QUILT_LIBRARIES_MISSING)
    return FALSE;
  report->type = QUILT_REPORT_WARNING;
  if (channel >= 0)
    quilt_report_send (channel, report);
  report->type = QUILT_REPORT_COMMAND_BAD;
  return TRUE;
}

/* Tries to execute path. Returns TRUE if path was the command but could not be executed; report has
 * the reason. */
static gboolean
try_path (const char *path, char *const *argv, char *const *env, int channel, QuiltReport *report)
{
  struct stat st;
  int error;

  if (!check_libraries (path, env, channel, report))
    return TRUE;
  execve (path, argv, env);
  error = errno;
  if ((error == ENOENT || error == ENOTDIR) && lstat (path, &st) < 0)
    return FALSE;
  diagnose (path, error, report);
  return TRUE;
}

/* The state of one search along PATH. */
typedef struct {
  const char *program;
  char *const *argv;
  char *const *env;
  int channel;
  /* The report about the first file that exists but can't be executed. It is the error, if no other
   * file can be executed. */
  QuiltReport first;
  char chosen[PATH_MAX];
} Search;

/* Returns TRUE to end the search. */
typedef gboolean (*TryFunc) (Search *search, const char *path, QuiltReport *report);

/* Tries the paths that execvp(3) would try, using PATH of env. Returns TRUE if try ended the
 * search. Otherwise report explains why there is no such program. */
static gboolean
search_for (Search *search, TryFunc try, QuiltReport *report)
{
  const char *name = search->program, *path = DEFAULT_PATH;
  char candidate[PATH_MAX];

  for (guint i = 0; search->env && search->env[i]; i++)
    if (g_str_has_prefix (search->env[i], "PATH="))
      path = search->env[i] + strlen ("PATH=");
  if (strchr (name, '/') && try (search, name, report))
    return TRUE;
  while (*name && !strchr (name, '/')) {
    gsize length = strcspn (path, ":");
    int n =
        g_snprintf (candidate, sizeof candidate, "%.*s/%s", (int)length, length ? path : ".", name);

    if (n < (int)sizeof candidate && try (search, candidate, report))
      return TRUE;
    if (path[length] == '\0')
      break;
    path += length + 1;
  }
  if (search->first.problem != QUILT_COMMAND_OK)
    *report = search->first;
  else if (strchr (name, '/'))
    diagnose (name, ENOENT, report);
  else
    set_problem (report, QUILT_COMMAND_NOT_FOUND, name, "");
  return FALSE;
}

static gboolean
try_to_execute (Search *search, const char *path, QuiltReport *report)
{
  if (try_path (path, search->argv, search->env, search->channel, report) &&
      search->first.problem == QUILT_COMMAND_OK)
    search->first = *report;
  return FALSE;
}

static gboolean
try_to_find (Search *search, const char *path, QuiltReport *report)
{
  struct stat st;

  if (stat (path, &st) < 0)
    return errno != ENOENT && errno != ENOTDIR;
  if (S_ISREG (st.st_mode) && (st.st_mode & 0111))
    return TRUE;
  if (search->first.problem == QUILT_COMMAND_OK) {
    diagnose (path, EACCES, report);
    search->first = *report;
  }
  return FALSE;
}

/* Chooses the program that most likely will be executed. Executing it finds out any reason against
 * it. */
static gboolean
try_to_choose (Search *search, const char *path, QuiltReport *report)
{
  struct stat st;

  if (stat (path, &st) < 0 || !S_ISREG (st.st_mode) || !(st.st_mode & 0111) ||
      !check_libraries (path, search->env, search->channel, report))
    return FALSE;
  g_strlcpy (search->chosen, path, sizeof search->chosen);
  return TRUE;
}

void
quilt_command_exec (const char *program,
                    char *const *argv,
                    char *const *env,
                    int channel,
                    QuiltCommandReady ready,
                    gpointer data,
                    QuiltReport *report)
{
  Search search = {.program = program, .argv = argv, .env = env, .channel = channel};
  QuiltReport unused = *report;

  search_for (&search, try_to_choose, &unused);
  ready (data);
  if (*search.chosen)
    execve (search.chosen, argv, env);
  /* The execution failed, or there is no such program. Search again, to find the reason. */
  search.channel = -1;
  search_for (&search, try_to_execute, report);
}

gboolean
quilt_command_check (char *const *argv, char *const *env, QuiltReport *report)
{
  Search search = {.program = argv[0], .argv = argv, .env = env, .channel = -1};

  return (strchr (argv[0], '/') && argv[0][0] != '/') || search_for (&search, try_to_find, report);
}
