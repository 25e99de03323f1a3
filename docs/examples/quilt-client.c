/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* quilt-client IMAGE COMMAND...: a client of org.quilt(5), whole: runs a command in a container,
 * shows its output as it comes, reads its log again from the journal, and ends with its exit code.
 *
 * cc -o quilt-client quilt-client.c $(pkg-config --cflags --libs libsystemd) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define NAME "org.quilt"
#define CONTAINER "org.quilt.Container"

static int
fail (const char *what, int r, const sd_bus_error *error)
{
  if (error && sd_bus_error_is_set (error))
    fprintf (stderr, "%s: %s: %s\n", what, error->name, error->message);
  else
    fprintf (stderr, "%s: %s\n", what, strerror (-r));
  return -1;
}

/* Calls message, which it frees, without a timeout; polkit may ask for a password. */
static sd_bus_message *
call (sd_bus *bus, sd_bus_message *message, const char *what)
{
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_message *answer = NULL;
  int r;

  sd_bus_message_set_allow_interactive_authorization (message, 1);
  r = sd_bus_call (bus, message, UINT64_MAX, &error, &answer);
  if (r < 0)
    fail (what, r, &error);
  sd_bus_error_free (&error);
  sd_bus_message_unref (message);
  return r < 0 ? NULL : answer;
}

/* A method of the container's object that takes nothing but options, of which it gives none. */
static sd_bus_message *
call_container (sd_bus *bus, const char *path, const char *method)
{
  sd_bus_message *message = NULL;
  int r = sd_bus_message_new_method_call (bus, &message, NAME, path, CONTAINER, method);

  if (r >= 0)
    r = sd_bus_message_append (message, "a{sv}", 0);
  if (r < 0) {
    fail (method, r, NULL);
    sd_bus_message_unref (message);
    return NULL;
  }
  return call (bus, message, method);
}

/* Options of the new container: arguments are bytes, so the command is an array of arrays. */
static int
append_options (sd_bus_message *message, char **command, int output)
{
  int r = sd_bus_message_open_container (message, 'a', "{sv}");

  if (r >= 0)
    r = sd_bus_message_append (message, "{sv}{sv}{sv}", "network", "s", "none", "stdout", "h",
                               output, "stderr", "h", output);
  if (r >= 0) /* a list of structures: here one, with one mount option */
    r = sd_bus_message_append (message, "{sv}", "tmpfs", "a(sas)", 1, "/scratch", 1, "size=16M");
  if (r >= 0)
    r = sd_bus_message_open_container (message, 'e', "sv");
  if (r >= 0)
    r = sd_bus_message_append (message, "s", "command");
  if (r >= 0)
    r = sd_bus_message_open_container (message, 'v', "aay");
  if (r >= 0)
    r = sd_bus_message_open_container (message, 'a', "ay");
  for (; r >= 0 && *command; command++)
    r = sd_bus_message_append_array (message, 'y', *command, strlen (*command));
  for (int i = 0; r >= 0 && i < 4; i++)
    r = sd_bus_message_close_container (message);
  return r;
}

/* Creates and starts a container whose output goes into a pipe too. Its object, or NULL. */
static char *
run (sd_bus *bus, const char *image, char **command, int output)
{
  sd_bus_message *message = NULL, *answer = NULL;
  const char *path;
  char *copy = NULL;
  int r = sd_bus_message_new_method_call (bus, &message, NAME, "/org/quilt", "org.quilt.Manager",
                                          "RunContainer");

  if (r >= 0)
    r = sd_bus_message_append (message, "s", image);
  if (r >= 0)
    r = append_options (message, command, output);
  if (r < 0) {
    fail ("RunContainer", r, NULL);
    sd_bus_message_unref (message);
    return NULL;
  }
  answer = call (bus, message, "RunContainer");
  if (answer && sd_bus_message_read (answer, "os", &path, NULL) >= 0)
    copy = strdup (path);
  sd_bus_message_unref (answer);
  return copy;
}

static void
copy_all (int from, FILE *to)
{
  char buffer[4096];
  ssize_t n;

  while ((n = read (from, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0)
      fwrite (buffer, 1, (size_t)n, to);
  fflush (to);
}

/* The journal's entries of the container, a JSON object on each line, to stderr. */
static int
show_log (sd_bus *bus, const char *path)
{
  sd_bus_message *answer = call_container (bus, path, "ReadLog");
  int fd, r = answer ? sd_bus_message_read (answer, "h", &fd) : -1;

  if (r >= 0)
    copy_all (fd, stderr); /* the message closes fd */
  sd_bus_message_unref (answer);
  return r;
}

/* The container's exit code; -1 if it is not known. */
static int
wait_for_end (sd_bus *bus, const char *path)
{
  sd_bus_message *answer = call_container (bus, path, "Wait");
  const char *reason;
  int code = -1;

  if (answer && sd_bus_message_read (answer, "is", &code, &reason) >= 0)
    fprintf (stderr, "The container has ended: %s, %d\n", reason, code);
  sd_bus_message_unref (answer);
  return code;
}

int
main (int argc, char **argv)
{
  sd_bus *bus = NULL;
  char *path = NULL;
  int ends[2], r, code = -1;

  if (argc < 3) {
    fprintf (stderr, "quilt-client IMAGE COMMAND...\n");
    return EXIT_FAILURE;
  }
  r = sd_bus_open_system (&bus);
  if (r < 0 || pipe (ends) < 0) {
    fail ("Failed to begin", r < 0 ? r : -errno, NULL);
    return EXIT_FAILURE;
  }
  path = run (bus, argv[1], argv + 2, ends[1]);
  close (ends[1]); /* the container has it now: the end of its output is the end of the file */
  if (path) {
    copy_all (ends[0], stdout);
    code = wait_for_end (bus, path);
    show_log (bus, path);
    sd_bus_message_unref (call_container (bus, path, "Remove"));
  }
  close (ends[0]);
  free (path);
  sd_bus_flush_close_unref (bus);
  return code < 0 ? EXIT_FAILURE : code;
}
