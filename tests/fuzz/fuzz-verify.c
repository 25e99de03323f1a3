/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of an image, whose program is verified. The first byte chooses which file the rest is: a
 * program or library, a script, the cache of the loader, or its configuration. */
#include "fuzz.h"

#include "base/fd.h"
#include "look/verify/configuration.h"
#include "look/verify/library-cache.h"
#include "look/verify/object.h"
#include "look/verify/script.h"
#include "look/verify/verify.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The root of an image. It is removed when the program ends, unless that crashes. */
static char root[] = "/tmp/quilt-fuzz-verify-XXXXXX";
static int root_fd = -1;

static void
remove_root (void)
{
  static const char *const files[] = {"program", "object", "x.conf"};

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    unlinkat (root_fd, files[i], 0);
  rmdir (root);
}

static void
make_root (void)
{
  if (root_fd >= 0)
    return;
  FUZZ_CHECK (mkdtemp (root) != NULL);
  atexit (remove_root);
  root_fd = open (root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  FUZZ_CHECK (root_fd >= 0);
}

static void
put (const char *name, const uint8_t *data, size_t size)
{
  g_autofd int fd = -1;

  make_root ();
  fd = openat (root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  FUZZ_CHECK (fd >= 0 && quilt_fd_write_all (fd, data, size));
}

/* Every file gets an answer, which can be read. */
static void
verify (const uint8_t *data, size_t size)
{
  char *env[] = {(char *)"PATH=/", NULL};
  QuiltVerification of = {.program = "program", .working_directory = "", .env = env};
  g_autoptr (GVariant) answer = NULL;
  g_autofree char *text = NULL;

  put ("program", data, size);
  of.root_fd = root_fd;
  answer = g_variant_ref_sink (quilt_verify (&of));
  FUZZ_CHECK (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(aa{sv}a{sv})")));
  FUZZ_CHECK (g_variant_is_normal_form (answer));
  FUZZ_CHECK (g_variant_get_size (answer) < 1024 * 1024);
  text = g_variant_print (answer, TRUE);
}

static void
read_object (const uint8_t *data, size_t size)
{
  g_autoptr (QuiltObject) object = NULL;
  g_autofd int fd = -1;

  put ("object", data, size);
  fd = openat (root_fd, "object", O_RDONLY | O_CLOEXEC);
  object = quilt_object_read (fd, "/object", NULL);
  if (!object)
    return;
  FUZZ_CHECK (object->needed->len <= QUILT_OBJECT_ENTRIES_MAX);
  FUZZ_CHECK (!quilt_object_is_whole (object) || object->elf.native);
}

static void
read_script (const char *text, size_t size)
{
  g_auto (QuiltScript) script = {0};
  g_auto (QuiltScriptEnv) env = {0};
  g_autofree char *argument = g_strndup (text, size);

  if (quilt_script_parse (text, size, &script) == QUILT_SCRIPT_READ) {
    FUZZ_CHECK (*script.interpreter && !strpbrk (script.interpreter, " \t\n"));
    FUZZ_CHECK (strlen (script.interpreter) < QUILT_SCRIPT_LINE);
    FUZZ_CHECK (!script.argument || *script.argument);
  }
  if (!quilt_script_parse_env (argument, &env))
    FUZZ_CHECK (!env.program && !env.path);
}

static void
read_cache (const char *text, size_t size)
{
  g_autoptr (GHashTable) cache = quilt_library_cache_parse (text, size);
  GHashTableIter iter;
  gpointer name, value;

  if (!cache)
    return;
  g_hash_table_iter_init (&iter, cache);
  while (g_hash_table_iter_next (&iter, &name, &value)) {
    const GPtrArray *paths = value;

    FUZZ_CHECK (paths->len >= 2 && paths->pdata[paths->len - 1] == NULL);
  }
}

static void
read_configuration (const uint8_t *data, size_t size)
{
  g_autoptr (QuiltRoot) image = NULL;
  g_auto (GStrv) directories = NULL;

  put ("x.conf", data, size);
  image = quilt_root_new (root_fd, "");
  directories = quilt_configuration_read (image, "/x.conf");
  for (char **directory = directories; *directory; directory++)
    FUZZ_CHECK (**directory == '/');
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size < 1)
    return 0;
  switch (data[0] % 5) {
  case 0:
    verify (data + 1, size - 1);
    break;
  case 1:
    read_object (data + 1, size - 1);
    break;
  case 2:
    read_script ((const char *)data + 1, size - 1);
    break;
  case 3:
    read_cache ((const char *)data + 1, size - 1);
    break;
  case 4:
    read_configuration (data + 1, size - 1);
    break;
  }
  return 0;
}
