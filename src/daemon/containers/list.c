/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists all containers in one answer, from the table. */
#include "daemon/containers/list.h"

#include "base/text.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container.h"

#include <string.h>

#define CONTAINER_ROW "(ossssstttisua{ss})"
/* The limit for one container's labels in bytes, so that no container makes the list too large for
 * a message. */
#define LABELS_MAX 4096

static int
compare_containers (gconstpointer a, gconstpointer b)
{
  const QuiltContainerRecord *one = quilt_container_get_record (*(QuiltContainer *const *)a);
  const QuiltContainerRecord *other = quilt_container_get_record (*(QuiltContainer *const *)b);

  if (one->created_usec != other->created_usec)
    return one->created_usec < other->created_usec ? -1 : 1;
  return g_strcmp0 (one->id, other->id);
}

static void
add_labels (GVariantBuilder *builder, char **labels)
{
  gsize size = 0;

  for (; labels && *labels; labels++) {
    const char *value = strchr (*labels, '=') + 1;
    g_autofree char *key = quilt_text_printable (*labels, value - *labels - 1, LABELS_MAX);
    g_autofree char *text = quilt_text_printable (value, -1, LABELS_MAX);

    size += strlen (key) + strlen (text);
    if (size > LABELS_MAX)
      return;
    g_variant_builder_add (builder, "{ss}", key, text);
  }
}

static const char *
describe_state (QuiltContainer *container)
{
  QuiltState state = quilt_container_get_state (container);

  if (state == QUILT_STATE_RUNNING && quilt_container_is_frozen (container))
    return "paused";
  return quilt_state_to_string (state);
}

/* Makes a row. Without detail, it has only what the properties show to all users. */
static GVariant *
new_row (QuiltContainer *container, gboolean detail)
{
  const QuiltContainerRecord *record = quilt_container_get_record (container);
  const QuiltResult *result = quilt_container_get_result (container);
  g_auto (GVariantBuilder) labels = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));

  if (detail)
    add_labels (&labels, record->options->labels);
  return g_variant_ref_sink (g_variant_new (
      CONTAINER_ROW, quilt_container_get_path (container), record->id, record->options->name,
      record->image, detail ? quilt_container_get_command_line (container) : "",
      describe_state (container), record->created_usec, quilt_container_get_started (container),
      result->finished_usec, result->exit_code, result->reason ? result->reason : "", record->owner,
      &labels));
}

static void
answer_containers (QuiltCall *call, gboolean detail, gpointer data)
{
  QuiltContainers *containers = data;
  g_autoptr (GPtrArray) all = quilt_containers_list (containers);
  g_autofree GVariant **rows = g_new (GVariant *, all->len);
  GVariant *answer;

  g_ptr_array_sort (all, compare_containers);
  for (guint i = 0; i < all->len; i++)
    rows[i] = quilt_container_get_row (all->pdata[i], detail, new_row);
  answer = g_variant_new_array (G_VARIANT_TYPE (CONTAINER_ROW), rows, all->len);
  quilt_call_return (call, g_variant_new_tuple (&answer, 1));
}

static void
containers_authorized (QuiltCall *call, gpointer data)
{
  answer_containers (call, TRUE, data);
}

void
quilt_list_containers (QuiltContainers *containers, QuiltCall *call, GVariant *options)
{
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;
  gboolean detail = FALSE;
  const QuiltDictKey keys[] = {{"detail", 'b', &detail, NULL}};

  if (!quilt_dict_read (options, keys, G_N_ELEMENTS (keys), &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_ptr_array_add (details, quilt_authority_details_new ("list", NULL, G_MAXUINT32, NULL));
  if (detail)
    quilt_authority_require (quilt_hub_get_authority (quilt_containers_parts (containers)->hub),
                             call, QUILT_ACTION_INSPECT, details, containers_authorized,
                             containers);
  else
    quilt_authority_consult (quilt_hub_get_authority (quilt_containers_parts (containers)->hub),
                             call, QUILT_ACTION_INSPECT, details, answer_containers, containers);
}
