/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request of quiltd to quilt-copy. */
#include "proto/copy-request.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE_MAX_BYTES 65536

static const char *const operations[] = {
    [QUILT_COPY_FROM] = "from",
    [QUILT_COPY_TO] = "to",
    [QUILT_COPY_EXPORT] = "export",
};

void
quilt_copy_request_clear (QuiltCopyRequest *request)
{
  g_clear_pointer (&request->path, g_free);
  g_clear_pointer (&request->id, g_free);
  g_clear_pointer (&request->scope, g_free);
  g_clear_pointer (&request->user, g_free);
}

int
quilt_copy_memory_new (const char *name, gconstpointer bytes, gsize length, GError **error)
{
  g_autofd int fd = memfd_create (name, MFD_CLOEXEC);

  if (fd >= 0 && quilt_fd_write_all (fd, bytes, length) && lseek (fd, 0, SEEK_SET) == 0)
    return g_steal_fd (&fd);
  quilt_set_error_errno (error, errno, "Failed to write a memory file");
  return -1;
}

int
quilt_copy_request_save (const QuiltCopyRequest *request, GError **error)
{
  g_autoptr (GVariant) value = NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const struct {
    const char *key, *text;
  } texts[] = {{"operation", operations[request->operation]},
               {"path", request->path},
               {"id", request->id},
               {"scope", request->scope},
               {"user", request->user}};
  const struct {
    const char *key;
    gboolean is_set;
  } flags[] = {{"archive", request->keeps_owner},
               {"overwrite", request->overwrite},
               {"extract", request->extract},
               {"provided", request->is_provided}};

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i].text)
      g_variant_builder_add (&builder, "{sv}", texts[i].key,
                             g_variant_new_bytestring (texts[i].text));
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    g_variant_builder_add (&builder, "{sv}", flags[i].key, g_variant_new_boolean (flags[i].is_set));
  g_variant_builder_add (&builder, "{sv}", "first", g_variant_new_int32 (request->first));
  value = g_variant_ref_sink (g_variant_builder_end (&builder));
  return quilt_copy_memory_new ("request", g_variant_get_data (value), g_variant_get_size (value),
                                error);
}

static char *
take_text (GVariant *value, const char *key)
{
  const char *text;

  return g_variant_lookup (value, key, "^&ay", &text) ? g_strdup (text) : NULL;
}

static gboolean
find_operation (GVariant *value, QuiltCopyOperation *ret_operation)
{
  g_autofree char *word = take_text (value, "operation");

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    if (g_strcmp0 (word, operations[i]) == 0) {
      *ret_operation = (QuiltCopyOperation)i;
      return TRUE;
    }
  return FALSE;
}

gboolean
quilt_copy_request_load (int fd, QuiltCopyRequest *ret_request, GError **error)
{
  g_auto (QuiltCopyRequest) request = {0};
  g_autoptr (GVariant) value = NULL;
  char *bytes = g_malloc (SIZE_MAX_BYTES);
  gint32 first = 0;
  ssize_t n = read (fd, bytes, SIZE_MAX_BYTES);

  value = g_variant_ref_sink (g_variant_new_from_data (G_VARIANT_TYPE_VARDICT, bytes,
                                                       n > 0 ? (gsize)n : 0, FALSE, g_free, bytes));
  request.path = take_text (value, "path");
  request.id = take_text (value, "id");
  request.scope = take_text (value, "scope");
  request.user = take_text (value, "user");
  g_variant_lookup (value, "archive", "b", &request.keeps_owner);
  g_variant_lookup (value, "overwrite", "b", &request.overwrite);
  g_variant_lookup (value, "extract", "b", &request.extract);
  g_variant_lookup (value, "provided", "b", &request.is_provided);
  g_variant_lookup (value, "first", "i", &first);
  request.first = first;
  if (!find_operation (value, &request.operation) || !request.path || !request.id ||
      (request.scope && first <= 0)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "Failed to read the request of quiltd");
    return FALSE;
  }
  *ret_request = request;
  request = (QuiltCopyRequest){0};
  return TRUE;
}
