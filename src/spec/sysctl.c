/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings that a container may have: those of its own namespaces. */
#include "spec/sysctl.h"

#include "base/option-error.h"
#include "spec/namespaces.h"

#include <string.h>

/* proc(5): the largest value that the kernel accepts in one write. */
#define VALUE_MAX 4095

/* By path; an entry that ends with '/' covers everything below. See namespaces(7),
 * ipc_namespaces(7). */
static const struct {
  const char *path;
  QuiltNamespaces ns;
  const char *refusal; /* used if the container does not have its own namespace */
} known[] = {
    {"kernel/msgmax", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/msgmnb", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/msgmni", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/sem", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/shmall", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/shmmax", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/shmmni", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"kernel/shm_rmid_forced", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"fs/mqueue/", QUILT_NS_IPC, "it needs an ipc namespace of its own"},
    {"net/", QUILT_NS_NETWORK, "it needs a network namespace of its own"},
    {"kernel/domainname", QUILT_NS_UTS, "it needs a uts namespace of its own"},
};

static gboolean
is_path (const char *path)
{
  for (;;) {
    gsize length = strcspn (path, "/");

    if (length == 0 || (length == 1 && path[0] == '.') ||
        (length == 2 && path[0] == '.' && path[1] == '.'))
      return FALSE;
    if (path[length] == '\0')
      return TRUE;
    path += length + 1;
  }
}

gboolean
quilt_sysctl_to_path (const char *key, char path[QUILT_SYSCTL_MAX])
{
  const char *first = strpbrk (key, "./");
  gboolean dots = first && *first == '.';
  gsize n = 0;

  for (; key[n]; n++) {
    char c = key[n];

    if (n == QUILT_SYSCTL_MAX - 1 || !g_ascii_isgraph (c))
      return FALSE;
    if (dots && (c == '.' || c == '/'))
      c = c == '.' ? '/' : '.';
    path[n] = c;
  }
  path[n] = '\0';
  return is_path (path);
}

const char *
quilt_sysctl_refusal (const char *key, const char *value, guint namespaces)
{
  char path[QUILT_SYSCTL_MAX];

  if (!quilt_sysctl_to_path (key, path))
    return "it is not a key such as net.ipv4.ip_forward";
  if (strlen (value) > VALUE_MAX || strchr (value, '\n'))
    return "its value must be one line of at most 4095 bytes";
  if (strcmp (path, "kernel/hostname") == 0)
    return "use the option hostname instead";
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    gsize length = strlen (known[i].path);
    gboolean below = known[i].path[length - 1] == '/';

    if (below ? g_str_has_prefix (path, known[i].path) : strcmp (path, known[i].path) == 0)
      return namespaces & known[i].ns ? NULL : known[i].refusal;
  }
  return "it belongs to no namespace, so it would change the host; only net.*, fs.mqueue.*, "
         "kernel.msg*, kernel.sem, kernel.shm* and kernel.domainname belong to one";
}

gboolean
quilt_sysctls_check_namespaces (const char *option,
                                char *const *texts,
                                guint namespaces,
                                GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (texts && g_strv_length ((char **)texts) > QUILT_SYSCTLS_MAX)
    return quilt_option_error_refuse (error, option, texts[QUILT_SYSCTLS_MAX],
                                      "there can be at most 64");
  for (; texts && *texts; texts++) {
    const char *equals = strchr (*texts, '=');
    g_autofree char *key = NULL;
    char path[QUILT_SYSCTL_MAX];
    const char *why;

    if (!equals)
      return quilt_option_error_refuse (error, option, *texts, "must be KEY=VALUE");
    key = g_strndup (*texts, (gsize)(equals - *texts));
    why = quilt_sysctl_refusal (key, equals + 1, namespaces);
    if (why)
      return quilt_option_error_refuse (error, option, *texts, why);
    if (quilt_sysctl_to_path (key, path) && !g_hash_table_add (seen, g_strdup (path)))
      return quilt_option_error_refuse (error, option, *texts, "this key is given twice");
  }
  return TRUE;
}

gboolean
quilt_sysctls_check (const char *option, char **texts, GError **error)
{
  return quilt_sysctls_check_namespaces (option, texts, ~0U, error);
}
