/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The id maps in the OCI configuration: config-linux.md#user-namespace-mappings. */
#include "spec/oci/private.h"

#include "base/error.h"
#include "spec/options/devices.h"

typedef struct {
  guint64 inside, outside, count;
} Mapping;

#define MAPPING(name) .offset = G_STRUCT_OFFSET (Mapping, name)

const QuiltField quilt_oci_mapping_fields[] = {
    {"containerID", QUILT_FIELD_INT, quilt_field_uint64, MAPPING (inside)},
    {"hostID", QUILT_FIELD_INT, quilt_field_uint64, MAPPING (outside)},
    {"size", QUILT_FIELD_INT, quilt_field_uint64, MAPPING (count)},
    {NULL},
};

static gboolean
read_mapping (json_object *item, const char *path, void *map, GError **error)
{
  Mapping mapping = {0};

  if (!quilt_json_read (quilt_oci_mapping_fields, item, path, &mapping, error))
    return FALSE;
  if (mapping.count == 0)
    return quilt_oci_refuse (error, path, "its size must be at least 1");
  if (mapping.inside > G_MAXUINT32 || mapping.outside > G_MAXUINT32 || mapping.count > G_MAXUINT32)
    return quilt_oci_refuse (error, path, "ids are numbers from 0 to 4294967294");
  quilt_id_map_add (map, (guint32)mapping.inside, (guint32)mapping.outside, (guint32)mapping.count);
  return TRUE;
}

gboolean
quilt_oci_read_id_map (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  GArray *map = *(GArray **)member;

  if (!quilt_oci_read_each (value, path, read_mapping, map, error))
    return FALSE;
  if (map->len == 0 || quilt_id_map_check (map, error))
    return TRUE;
  g_prefix_error (error, "Failed to read '%s': ", path);
  return FALSE;
}

static json_object *
print_id_map (const GArray *map)
{
  json_object *array = json_object_new_array ();

  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = &g_array_index (map, QuiltIdMap, i);
    json_object *item = json_object_new_object ();

    json_object_object_add (item, "containerID", json_object_new_uint64 (line->inside));
    json_object_object_add (item, "hostID", json_object_new_uint64 (line->outside));
    json_object_object_add (item, "size", json_object_new_uint64 (line->count));
    json_object_array_add (array, item);
  }
  return array;
}

void
quilt_oci_print_id_maps (const GArray *uid_map, const GArray *gid_map, json_object *object)
{
  if (uid_map && uid_map->len > 0)
    json_object_object_add (object, "uidMappings", print_id_map (uid_map));
  if (gid_map && gid_map->len > 0)
    json_object_object_add (object, "gidMappings", print_id_map (gid_map));
}

/* The configuration may leave out the maps of a joined user namespace, since the kernel knows
 * them. */
static gboolean
are_to_be_learnt (const QuiltSpec *spec)
{
  return !(spec->namespaces & QUILT_NS_USER) && quilt_spec_leaves_host (spec, QUILT_NS_USER) &&
         spec->uid_map->len == 0 && spec->gid_map->len == 0;
}

static gboolean
check_map (const GArray *map, gboolean wanted, const char *path, GError **error)
{
  guint32 root;

  if (!wanted)
    return map->len == 0 || quilt_oci_refuse (error, path, "needs a namespace of type 'user'");
  if (map->len == 0)
    return quilt_oci_refuse (error, path, "is missing: a namespace of type 'user' needs it");
  /* The process that builds the root file system needs to be root in the container. */
  return quilt_id_map_find (map, 0, &root) ||
         quilt_oci_refuse (error, path, "has no containerID 0");
}

static gboolean
check_id (const GArray *map, guint64 id, const char *path, const char *mappings, GError **error)
{
  guint32 outside;

  if (quilt_id_map_find (map, (guint32)id, &outside))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read '%s': %" G_GUINT64_FORMAT
               " is not an id of the container: linux.%s does not map it",
               path, id, mappings);
  return FALSE;
}

gboolean
quilt_oci_check_ids (const QuiltSpec *spec, GError **error)
{
  const QuiltProcess *process = &spec->process;
  gboolean wanted = quilt_spec_leaves_host (spec, QUILT_NS_USER);

  if (are_to_be_learnt (spec))
    return TRUE;
  if (!check_map (spec->uid_map, wanted, "linux.uidMappings", error) ||
      !check_map (spec->gid_map, wanted, "linux.gidMappings", error))
    return FALSE;
  if (!wanted)
    return TRUE;
  if (!check_id (spec->uid_map, process->uid, "process.user.uid", "uidMappings", error) ||
      !check_id (spec->gid_map, process->gid, "process.user.gid", "gidMappings", error))
    return FALSE;
  for (guint i = 0; i < process->additional_gids->len; i++)
    if (!check_id (spec->gid_map, g_array_index (process->additional_gids, guint32, i),
                   "process.user.additionalGids", "gidMappings", error))
      return FALSE;
  for (guint i = 0; i < spec->devices->len; i++) {
    const QuiltDevice *device = &g_array_index (spec->devices, QuiltDevice, i);

    if (!check_id (spec->uid_map, device->uid, "linux.devices", "uidMappings", error) ||
        !check_id (spec->gid_map, device->gid, "linux.devices", "gidMappings", error))
      return FALSE;
  }
  return TRUE;
}

gboolean
quilt_spec_learn_id_maps (QuiltSpec *spec,
                          const GArray *uid_map,
                          const GArray *gid_map,
                          GError **error)
{
  g_return_val_if_fail (are_to_be_learnt (spec), FALSE);
  g_array_append_vals (spec->uid_map, uid_map->data, uid_map->len);
  g_array_append_vals (spec->gid_map, gid_map->data, gid_map->len);
  return quilt_oci_check_ids (spec, error);
}

const char *
quilt_spec_get_unknown_users (const QuiltSpec *spec)
{
  for (guint i = 0; i < spec->joins->len && are_to_be_learnt (spec); i++) {
    const QuiltNamespaceJoin *join = spec->joins->pdata[i];

    if (join->type == QUILT_NS_USER)
      return join->path;
  }
  return NULL;
}
