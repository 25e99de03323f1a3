/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the files of the OCI configuration: names, readers and printers of its parts. */
#pragma once

#include "base/json.h"
#include "spec/fields.h"
#include "spec/oci/oci.h"
#include "spec/oci/resources.h"

/* Namespaces by the name in linux.namespaces[].type. NULL ends the table. */
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

/* Tables of objects, as quilt_json_prune() needs them. */
extern const QuiltField quilt_oci_mapping_fields[], quilt_oci_process_fields[],
    quilt_oci_device_fields[], quilt_oci_net_device_fields[], quilt_oci_offsets_fields[],
    quilt_oci_personality_fields[], quilt_oci_scheduler_fields[], quilt_oci_io_priority_fields[],
    quilt_oci_affinity_fields[];

/* linux.devices, of QuiltDevice; see spec/options/devices.h. */
gboolean quilt_oci_read_devices (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
void quilt_oci_print_devices (const QuiltSpec *spec, json_object *linux_object);

/* Reads an array of mappings into a GArray of QuiltIdMap. */
gboolean quilt_oci_read_id_map (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
/* Prints uidMappings and gidMappings, unless they are NULL or empty. */
void quilt_oci_print_id_maps (const GArray *uid_map, const GArray *gid_map, json_object *object);
/* Checks that id maps are given if and only if there is a user namespace, and that they contain the
 * process's ids. */
gboolean quilt_oci_check_ids (const QuiltSpec *spec, GError **error);
/* Plans the options that are limits and settings of processes. The namespaces must be planned
 * before. */
gboolean quilt_plan_limits (QuiltSpec *spec, const QuiltOptions *options, GError **error);
/* Plans the files of spec/oci/etc.h, in the directory etc. */
void quilt_plan_etc (QuiltSpec *spec, const QuiltOptions *options, const char *etc);
void quilt_plan_timezone (QuiltSpec *spec, const QuiltOptions *options);
/* Plans tmpfs, shm-size and volumes. Called after all other mounts. has_ids: the container has its
 * own ids. */
gboolean
quilt_plan_mounts (QuiltSpec *spec, const QuiltOptions *options, gboolean has_ids, GError **error);
/* Sorts the mounts from first on, so that a mount comes after those above it. */
void quilt_plan_order (QuiltSpec *spec, guint first);
/* Read linux.sysctl into a GHashTable, check it against the spec's namespaces, and print it. */
gboolean quilt_oci_read_sysctls (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
gboolean quilt_oci_check_sysctls (const QuiltSpec *spec, GError **error);
/* Read the object "hooks" into a QuiltSpec, and print it. The tables end with a NULL name. */
extern const QuiltField quilt_oci_hooks_fields[];
gboolean quilt_oci_read_hooks (
    const QuiltField *field, json_object *value, const char *path, void *spec, GError **error);
void quilt_oci_print_hooks (const QuiltSpec *spec, json_object *top);
/* Read process.scheduler, ioPriority and execCPUAffinity into a QuiltProcess, and print them. */
gboolean quilt_oci_read_scheduler (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error);
gboolean quilt_oci_read_io_priority (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error);
gboolean quilt_oci_read_affinity (
    const QuiltField *field, json_object *value, const char *path, void *process, GError **error);
void quilt_oci_print_scheduling (const QuiltProcess *process, json_object *object);
/* Read linux.personality, netDevices and rootfsPropagation into their members, and timeOffsets into
 * a QuiltSpec; check them against the namespaces; and print them. */
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
/* Reads the object "process" into a QuiltProcess. */
gboolean quilt_oci_read_process (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
/* Read one element of process.rlimits into a GArray of QuiltRlimit, and print all of them. */
gboolean quilt_rlimit_read (json_object *item, const char *path, void *limits, GError **error);
json_object *quilt_rlimits_print (const GArray *limits);
extern const QuiltField quilt_rlimit_fields[];
