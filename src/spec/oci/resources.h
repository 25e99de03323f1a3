/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.resources of the OCI configuration as values: config-linux.md, "Control groups". Pure. */
#pragma once

#include "base/json.h"

#include <glib.h>
#include <json-c/json.h>

/* The value of a number that is not set. */
#define QUILT_OCI_UNSET G_MININT64

/* A rule for devices. The last rule that matches an access decides. */
typedef struct {
  gboolean allow;
  char type;           /* 'a' (all), 'b', 'c' */
  gint64 major, minor; /* -1: any */
  char access[4];      /* of "rwm" */
} QuiltOciDeviceRule;

/* Limits and weights of block devices. */
typedef enum {
  QUILT_OCI_IO_READ_BPS,
  QUILT_OCI_IO_WRITE_BPS,
  QUILT_OCI_IO_READ_IOPS,
  QUILT_OCI_IO_WRITE_IOPS,
  QUILT_OCI_IO_WEIGHT,
  QUILT_OCI_N_IO,
} QuiltOciIoKind;

typedef struct {
  QuiltOciIoKind kind;
  gint64 major, minor;
  guint64 value; /* a rate of 0: no limit */
} QuiltOciIo;

typedef struct {
  char *size; /* "64KB", "2MB", "1GB": as in the names of hugetlb's files */
  guint64 limit;
} QuiltOciHugepages;

typedef struct {
  char *name;
  gint64 handles, objects;
} QuiltOciRdma;

/* Numbers are bytes, microseconds or counts. QUILT_OCI_UNSET means absent, -1 means no limit.
 * Engines write 0 for what was not requested, so 0 is read as absent, except for cpu_burst and
 * cpu_idle, which 0 turns off. */
typedef struct {
  gint64 memory_limit, memory_reservation;
  gint64 memory_swap; /* memory and swap together */
  gboolean memory_check;
  gint64 cpu_shares, cpu_quota, cpu_period, cpu_burst, cpu_idle;
  char *cpus, *mems; /* lists; NULL: absent */
  gint64 pids_limit;
  gint64 io_weight;    /* 10 to 1000 */
  GArray *io;          /* of QuiltOciIo */
  GArray *hugepages;   /* of QuiltOciHugepages */
  GArray *rdma;        /* of QuiltOciRdma */
  GArray *devices;     /* of QuiltOciDeviceRule, in order */
  GHashTable *unified; /* char * → char *: files of the cgroup */
} QuiltOciResources;

QuiltOciResources *quilt_oci_resources_new (void);
void quilt_oci_resources_free (QuiltOciResources *resources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltOciResources, quilt_oci_resources_free)

/* Reads the object "resources" at path ("" if it stands alone). Every key is applied, ignored for
 * the reason in the table, or refused by its path: INVALID_ARGUMENT for invalid values,
 * NOT_SUPPORTED for limits that only cgroup v1 has. Returns NULL on error. */
QuiltOciResources *quilt_oci_resources_read (json_object *object, const char *path, GError **error);
/* As quilt_oci_resources_read(), for a text of at most 1 MiB, as `update` takes it. */
QuiltOciResources *quilt_oci_resources_parse (const char *data, gsize length, GError **error);
/* As quilt_oci_resources_parse(), but ignores unknown keys and lists them in *ret_unknown: "cpu.x,
 * y", NULL if there are none, owned by the caller. */
QuiltOciResources *quilt_oci_resources_parse_lenient (const char *data,
                                                      gsize length,
                                                      char **ret_unknown,
                                                      GError **error);
/* Converts to JSON, which reads as the same values. Owned by the caller. */
json_object *quilt_oci_resources_to_json (const QuiltOciResources *resources);

/* Updates the values in force. Numbers and files are replaced one by one; IO devices, page sizes
 * and RDMA devices by name; the rules of devices as a whole. */
void quilt_oci_resources_merge (QuiltOciResources *in_force, const QuiltOciResources *update);
/* The keys of blockIO that hold lists of devices. */
extern const char *const quilt_oci_io_keys[QUILT_OCI_N_IO];
/* Reads the object "linux.resources" into a QuiltOciResources. */
gboolean quilt_oci_read_resources (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
extern const QuiltField quilt_oci_resources_fields[];
