/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources of the OCI configuration: ownership, merging, and printing. */
#include "spec/oci/resources.h"

#include "spec/fields.h"

#include <string.h>

static void
hugepages_clear (gpointer data)
{
  g_free (((QuiltOciHugepages *)data)->size);
}

static void
rdma_clear (gpointer data)
{
  g_free (((QuiltOciRdma *)data)->name);
}

/* The numbers, by object and key. */
static const struct {
  const char *object, *key;
  gsize offset;
} numbers[] = {
#define NUMBER(object, key, member)                                                                \
  {                                                                                                \
    object, key, G_STRUCT_OFFSET (QuiltOciResources, member)                                       \
  }
    NUMBER ("memory", "limit", memory_limit), NUMBER ("memory", "reservation", memory_reservation),
    NUMBER ("memory", "swap", memory_swap),   NUMBER ("cpu", "shares", cpu_shares),
    NUMBER ("cpu", "quota", cpu_quota),       NUMBER ("cpu", "burst", cpu_burst),
    NUMBER ("cpu", "period", cpu_period),     NUMBER ("cpu", "idle", cpu_idle),
    NUMBER ("pids", "limit", pids_limit),     NUMBER ("blockIO", "weight", io_weight),
};
#define NUMBER_OF(resources, i) G_STRUCT_MEMBER (gint64, resources, numbers[i].offset)

QuiltOciResources *
quilt_oci_resources_new (void)
{
  QuiltOciResources *resources = g_new0 (QuiltOciResources, 1);

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    NUMBER_OF (resources, i) = QUILT_OCI_UNSET;
  resources->io = g_array_new (FALSE, TRUE, sizeof (QuiltOciIo));
  resources->hugepages = g_array_new (FALSE, TRUE, sizeof (QuiltOciHugepages));
  g_array_set_clear_func (resources->hugepages, hugepages_clear);
  resources->rdma = g_array_new (FALSE, TRUE, sizeof (QuiltOciRdma));
  g_array_set_clear_func (resources->rdma, rdma_clear);
  resources->devices = g_array_new (FALSE, TRUE, sizeof (QuiltOciDeviceRule));
  resources->unified = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return resources;
}

void
quilt_oci_resources_free (QuiltOciResources *resources)
{
  if (!resources)
    return;
  g_free (resources->cpus);
  g_free (resources->mems);
  g_array_unref (resources->io);
  g_array_unref (resources->hugepages);
  g_array_unref (resources->rdma);
  g_array_unref (resources->devices);
  g_hash_table_unref (resources->unified);
  g_free (resources);
}

static void
merge_string (char **in_force, const char *update)
{
  if (!update)
    return;
  g_free (*in_force);
  *in_force = g_strdup (update);
}

static void
merge_io (GArray *in_force, const QuiltOciIo *io)
{
  for (guint i = 0; i < in_force->len; i++) {
    QuiltOciIo *old = &g_array_index (in_force, QuiltOciIo, i);

    if (old->kind == io->kind && old->major == io->major && old->minor == io->minor) {
      *old = *io;
      return;
    }
  }
  g_array_append_vals (in_force, io, 1);
}

static void
merge_hugepages (GArray *in_force, const QuiltOciHugepages *pages)
{
  QuiltOciHugepages copy = {.limit = pages->limit};

  for (guint i = 0; i < in_force->len; i++) {
    QuiltOciHugepages *old = &g_array_index (in_force, QuiltOciHugepages, i);

    if (strcmp (old->size, pages->size) == 0) {
      old->limit = pages->limit;
      return;
    }
  }
  copy.size = g_strdup (pages->size);
  g_array_append_val (in_force, copy);
}

static void
merge_rdma (GArray *in_force, const QuiltOciRdma *rdma)
{
  QuiltOciRdma copy = *rdma;

  for (guint i = 0; i < in_force->len; i++) {
    QuiltOciRdma *old = &g_array_index (in_force, QuiltOciRdma, i);

    if (strcmp (old->name, rdma->name) != 0)
      continue;
    old->handles = rdma->handles != QUILT_OCI_UNSET ? rdma->handles : old->handles;
    old->objects = rdma->objects != QUILT_OCI_UNSET ? rdma->objects : old->objects;
    return;
  }
  copy.name = g_strdup (rdma->name);
  g_array_append_val (in_force, copy);
}

void
quilt_oci_resources_merge (QuiltOciResources *in_force, const QuiltOciResources *update)
{
  GHashTableIter iter;
  gpointer file, value;

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (NUMBER_OF (update, i) != QUILT_OCI_UNSET)
      NUMBER_OF (in_force, i) = NUMBER_OF (update, i);
  in_force->memory_check = update->memory_check; /* says how to update; not a limit */
  merge_string (&in_force->cpus, update->cpus);
  merge_string (&in_force->mems, update->mems);
  for (guint i = 0; i < update->io->len; i++)
    merge_io (in_force->io, &g_array_index (update->io, QuiltOciIo, i));
  for (guint i = 0; i < update->hugepages->len; i++)
    merge_hugepages (in_force->hugepages, &g_array_index (update->hugepages, QuiltOciHugepages, i));
  for (guint i = 0; i < update->rdma->len; i++)
    merge_rdma (in_force->rdma, &g_array_index (update->rdma, QuiltOciRdma, i));
  if (update->devices->len > 0) {
    g_array_set_size (in_force->devices, 0);
    g_array_append_vals (in_force->devices, update->devices->data, update->devices->len);
  }
  g_hash_table_iter_init (&iter, update->unified);
  while (g_hash_table_iter_next (&iter, &file, &value))
    g_hash_table_insert (in_force->unified, g_strdup (file), g_strdup (value));
}

/* Gets the object of this key. Makes it when it is needed first. */
static json_object *
ensure (json_object *parent, const char *key, json_object *(*make) (void))
{
  json_object *child;

  if (!json_object_object_get_ex (parent, key, &child)) {
    child = make ();
    json_object_object_add (parent, key, child);
  }
  return child;
}

static void
add_number (json_object *object, const char *key, gint64 number)
{
  if (number != QUILT_OCI_UNSET)
    json_object_object_add (object, key, json_object_new_int64 (number));
}

static void
print_numbers (json_object *object, const QuiltOciResources *resources)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (NUMBER_OF (resources, i) != QUILT_OCI_UNSET)
      add_number (ensure (object, numbers[i].object, json_object_new_object), numbers[i].key,
                  NUMBER_OF (resources, i));
  if (resources->memory_check)
    json_object_object_add (ensure (object, "memory", json_object_new_object), "checkBeforeUpdate",
                            json_object_new_boolean (TRUE));
  if (resources->cpus)
    json_object_object_add (ensure (object, "cpu", json_object_new_object), "cpus",
                            json_object_new_string (resources->cpus));
  if (resources->mems)
    json_object_object_add (ensure (object, "cpu", json_object_new_object), "mems",
                            json_object_new_string (resources->mems));
}

static void
print_devices (json_object *object, const GArray *devices)
{
  for (guint i = 0; i < devices->len; i++) {
    const QuiltOciDeviceRule *rule = &g_array_index (devices, QuiltOciDeviceRule, i);
    const char type[] = {rule->type, '\0'};
    json_object *item = json_object_new_object ();

    json_object_object_add (item, "allow", json_object_new_boolean (rule->allow));
    json_object_object_add (item, "type", json_object_new_string (type));
    if (rule->major >= 0)
      add_number (item, "major", rule->major);
    if (rule->minor >= 0)
      add_number (item, "minor", rule->minor);
    json_object_object_add (item, "access", json_object_new_string (rule->access));
    json_object_array_add (ensure (object, "devices", json_object_new_array), item);
  }
}

static void
print_io (json_object *object, const GArray *array)
{
  for (guint i = 0; i < array->len; i++) {
    const QuiltOciIo *io = &g_array_index (array, QuiltOciIo, i);
    json_object *item = json_object_new_object ();

    add_number (item, "major", io->major);
    add_number (item, "minor", io->minor);
    json_object_object_add (item, io->kind == QUILT_OCI_IO_WEIGHT ? "weight" : "rate",
                            json_object_new_uint64 (io->value));
    json_object_array_add (ensure (ensure (object, "blockIO", json_object_new_object),
                                   quilt_oci_io_keys[io->kind], json_object_new_array),
                           item);
  }
}

static void
print_rest (json_object *object, const QuiltOciResources *resources)
{
  g_autoptr (GList) files =
      g_list_sort (g_hash_table_get_keys (resources->unified), (GCompareFunc)strcmp);

  for (guint i = 0; i < resources->hugepages->len; i++) {
    const QuiltOciHugepages *pages = &g_array_index (resources->hugepages, QuiltOciHugepages, i);
    json_object *item = json_object_new_object ();

    json_object_object_add (item, "pageSize", json_object_new_string (pages->size));
    json_object_object_add (item, "limit", json_object_new_uint64 (pages->limit));
    json_object_array_add (ensure (object, "hugepageLimits", json_object_new_array), item);
  }
  for (guint i = 0; i < resources->rdma->len; i++) {
    const QuiltOciRdma *rdma = &g_array_index (resources->rdma, QuiltOciRdma, i);
    json_object *item = json_object_new_object ();

    add_number (item, "hcaHandles", rdma->handles);
    add_number (item, "hcaObjects", rdma->objects);
    json_object_object_add (ensure (object, "rdma", json_object_new_object), rdma->name, item);
  }
  for (GList *file = files; file; file = file->next)
    json_object_object_add (
        ensure (object, "unified", json_object_new_object), file->data,
        json_object_new_string (g_hash_table_lookup (resources->unified, file->data)));
}

json_object *
quilt_oci_resources_to_json (const QuiltOciResources *resources)
{
  json_object *object = json_object_new_object ();

  print_devices (object, resources->devices);
  print_numbers (object, resources);
  print_io (object, resources->io);
  print_rest (object, resources);
  return object;
}
