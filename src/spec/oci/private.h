/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the OCI configuration share: the names in it, and readers and printers of its
 * parts. */
#pragma once

#include "base/json.h"
#include "spec/fields.h"
#include "spec/oci/oci.h"
#include "spec/oci/resources.h"

/* Namespaces by the name of linux.namespaces[].type; NULL ends the table. */
typedef struct {
  const char *name;
  QuiltNamespaces flag;
} QuiltNamespaceName;
extern const QuiltNamespaceName quilt_namespace_names[];

/* The sets of process.capabilities; NULL ends the table. */
typedef struct {
  const char *name;
  gsize offset; /* of the mask in QuiltCapabilities */
} QuiltCapabilitySet;
extern const QuiltCapabilitySet quilt_capability_sets[];

/* The tables of objects, as quilt_json_prune() wants them. */
extern const QuiltField quilt_oci_mapping_fields[], quilt_oci_process_fields[],
    quilt_oci_device_fields[], quilt_oci_net_device_fields[], quilt_oci_offsets_fields[],
    quilt_oci_personality_fields[], quilt_oci_scheduler_fields[], quilt_oci_io_priority_fields[],
    quilt_oci_affinity_fields[];

/* linux.devices, of QuiltDevice; see spec/options/devices.h. */
gboolean quilt_oci_read_devices (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
void quilt_oci_print_devices (const QuiltSpec *spec, json_object *linux_object);

/* An array of mappings into a GArray of QuiltIdMap. */
gboolean quilt_oci_read_id_map (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
/* uidMappings and gidMappings, where they are there and not empty. */
void quilt_oci_print_id_maps (const GArray *uid_map, const GArray *gid_map, json_object *object);
/* That maps and user namespace belong together, and the process's ids are in them. */
gboolean quilt_oci_check_ids (const QuiltSpec *spec, GError **error);
/* The options that are limits and settings of processes; namespaces must have been decided. */
gboolean quilt_plan_limits (QuiltSpec *spec, const QuiltOptions *options, GError **error);
/* The files of spec/oci/etc.h, from the directory at etc. */
void quilt_plan_etc (QuiltSpec *spec, const QuiltOptions *options, const char *etc);
void quilt_plan_timezone (QuiltSpec *spec, const QuiltOptions *options);
/* tmpfs, shm-size and volumes; after all other mounts. has_ids: the container has ids of its own.
 */
gboolean
quilt_plan_mounts (QuiltSpec *spec, const QuiltOptions *options, gboolean has_ids, GError **error);
/* Sorts the mounts from first on: what lies below another comes after it. */
void quilt_plan_order (QuiltSpec *spec, guint first);
/* linux.sysctl into a GHashTable; whether a container with the spec's namespaces may have them; and
 * back to JSON. */
gboolean quilt_oci_read_sysctls (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_check_sysctls (const QuiltSpec *spec, GError **error);
/* The object "hooks" into a QuiltSpec, and back; a NULL name ends the table of its kinds. */
extern const QuiltField quilt_oci_hooks_fields[];
gboolean quilt_oci_read_hooks (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error);
void quilt_oci_print_hooks (const QuiltSpec *spec, json_object *top);
/* process.scheduler, ioPriority and execCPUAffinity into a QuiltProcess, and back. */
gboolean quilt_oci_read_scheduler (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error);
gboolean quilt_oci_read_io_priority (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error);
gboolean quilt_oci_read_affinity (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error);
void quilt_oci_print_scheduling (const QuiltProcess *process, json_object *object);
/* Of linux: personality, netDevices and rootfsPropagation into their member, timeOffsets into a
 * QuiltSpec; whether the namespaces are for them; and back. */
gboolean quilt_oci_read_personality (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_read_net_devices (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_read_propagation (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_read_time_offsets (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error);
gboolean quilt_oci_check_kernel (const QuiltSpec *spec, GError **error);
void quilt_oci_print_kernel (const QuiltSpec *spec, json_object *linux_object);
/* The object "process" into a QuiltProcess. */
gboolean quilt_oci_read_process (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
/* One element of process.rlimits, into a GArray of QuiltRlimit; and all of them. */
gboolean quilt_rlimit_read (json_object *item, const char *path, void *limits, GError **error);
json_object *quilt_rlimits_print (const GArray *limits);
extern const QuiltField quilt_rlimit_fields[];
