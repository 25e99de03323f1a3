/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts linux.resources to values for the files of a cgroup of version 2: cgroup-v2.rst of the
 * kernel, and the conversions that container runtimes agree on. */
#include "spec/oci/cgroup.h"

#include "base/error.h"
#include "spec/weights.h"

#include <string.h>

#define CPU_PERIOD 100000
#define WEIGHT_DEFAULT 100

static void
write_free (gpointer data)
{
  QuiltCgroupWrite *write = data;

  g_free (write->file);
  g_free (write->value);
  g_free (write->other_file);
  g_free (write->other_value);
  g_free (write);
}

static QuiltCgroupWrite *
add (GPtrArray *writes, const char *file, char *value)
{
  QuiltCgroupWrite *write = g_new0 (QuiltCgroupWrite, 1);

  write->file = g_strdup (file);
  write->value = value;
  g_ptr_array_add (writes, write);
  return write;
}

static char *
number (gint64 value)
{
  return value < 0 ? g_strdup ("max") : g_strdup_printf ("%" G_GINT64_FORMAT, value);
}

static void
add_limit (GPtrArray *writes, const char *file, gint64 value)
{
  if (value != QUILT_OCI_UNSET)
    add (writes, file, number (value))->optional = value < 0;
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read 'memory.swap', which is memory and swap together: %s", why);
  return FALSE;
}

gboolean
quilt_cgroup_swap (const QuiltOciResources *resources, gint64 *ret_swap, GError **error)
{
  gint64 limit = resources->memory_limit;
  gint64 swap = resources->memory_swap;

  if (swap == QUILT_OCI_UNSET)
    /* In version 1, a memory limit could not be lifted while the limit of both remained. So a
     * caller that lifts the memory limit means both. */
    *ret_swap = limit == -1 ? -1 : QUILT_OCI_UNSET;
  else if (swap == -1 || limit == -1)
    *ret_swap = swap;
  else if (limit == QUILT_OCI_UNSET)
    return refuse (error, "it needs 'memory.limit' too");
  else if (swap < limit)
    return refuse (error, "it is less than 'memory.limit'");
  else
    *ret_swap = swap - limit;
  return TRUE;
}

static gboolean
plan_memory (GPtrArray *writes, const QuiltOciResources *resources, GError **error)
{
  gint64 swap;

  if (!quilt_cgroup_swap (resources, &swap, error))
    return FALSE;
  add_limit (writes, "memory.max", resources->memory_limit);
  if (swap != QUILT_OCI_UNSET)
    /* The file is missing if the kernel does not account for swap, but engines send the value
     * anyway. */
    add (writes, "memory.swap.max", number (swap))->optional = TRUE;
  add_limit (writes, "memory.low", resources->memory_reservation);
  return TRUE;
}

/* The kernel refuses a weight for an idle cgroup. */
static void
plan_cpu_weight (GPtrArray *writes, const QuiltOciResources *resources)
{
  guint64 weight;

  if (resources->cpu_idle != QUILT_OCI_UNSET)
    add (writes, "cpu.idle", number (resources->cpu_idle))->optional = resources->cpu_idle == 0;
  if (resources->cpu_shares == QUILT_OCI_UNSET || resources->cpu_idle == 1)
    return;
  weight = quilt_weight_from_cpu_shares ((guint64)resources->cpu_shares);
  add (writes, "cpu.weight", number ((gint64)weight))->optional = weight == WEIGHT_DEFAULT;
}

/* The kernel refuses a burst above the quota, whichever is written first. So remove the old burst
 * first. */
static void
plan_cpu_max (GPtrArray *writes, const QuiltOciResources *resources)
{
  gint64 period = resources->cpu_period != QUILT_OCI_UNSET ? resources->cpu_period : CPU_PERIOD;
  gint64 burst = resources->cpu_burst;

  if (burst != QUILT_OCI_UNSET)
    add (writes, "cpu.max.burst", g_strdup ("0"))->optional = TRUE;
  if (resources->cpu_quota != QUILT_OCI_UNSET || resources->cpu_period != QUILT_OCI_UNSET) {
    g_autofree char *quota = number (resources->cpu_quota);

    add (writes, "cpu.max", g_strdup_printf ("%s %" G_GINT64_FORMAT, quota, period))->optional =
        resources->cpu_quota < 0;
  }
  if (burst != QUILT_OCI_UNSET && burst != 0)
    add (writes, "cpu.max.burst", number (burst));
}

/* The scheduler BFQ has its own file for weights, with the scale of version 1. */
static void
add_io_weight (GPtrArray *writes, const char *device, guint64 weight)
{
  QuiltCgroupWrite *write =
      add (writes, "io.bfq.weight", g_strdup_printf ("%s%" G_GUINT64_FORMAT, device, weight));

  write->other_file = g_strdup ("io.weight");
  write->other_value =
      g_strdup_printf ("%s%" G_GUINT64_FORMAT, device, quilt_weight_from_blkio (weight));
}

static void
plan_io (GPtrArray *writes, const QuiltOciResources *resources)
{
  static const char *const words[] = {
      [QUILT_OCI_IO_READ_BPS] = "rbps",
      [QUILT_OCI_IO_WRITE_BPS] = "wbps",
      [QUILT_OCI_IO_READ_IOPS] = "riops",
      [QUILT_OCI_IO_WRITE_IOPS] = "wiops",
  };

  if (resources->io_weight != QUILT_OCI_UNSET)
    add_io_weight (writes, "", (guint64)resources->io_weight);
  for (guint i = 0; i < resources->io->len; i++) {
    const QuiltOciIo *io = &g_array_index (resources->io, QuiltOciIo, i);
    g_autofree char *device =
        g_strdup_printf ("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT " ", io->major, io->minor);
    g_autofree char *rate =
        io->value ? g_strdup_printf ("%" G_GUINT64_FORMAT, io->value) : g_strdup ("max");

    if (io->kind == QUILT_OCI_IO_WEIGHT)
      add_io_weight (writes, device, io->value);
    else
      add (writes, "io.max", g_strconcat (device, words[io->kind], "=", rate, NULL))->optional =
          io->value == 0;
  }
}

static void
plan_hugepages (GPtrArray *writes, const QuiltOciResources *resources)
{
  for (guint i = 0; i < resources->hugepages->len; i++) {
    const QuiltOciHugepages *pages = &g_array_index (resources->hugepages, QuiltOciHugepages, i);
    g_autofree char *used = g_strdup_printf ("hugetlb.%s.max", pages->size);
    g_autofree char *reserved = g_strdup_printf ("hugetlb.%s.rsvd.max", pages->size);

    add (writes, used, g_strdup_printf ("%" G_GUINT64_FORMAT, pages->limit));
    /* Without a reservation limit, a process is killed when it touches a page too many. With it,
     * since Linux 5.7, mmap(2) fails instead. */
    add (writes, reserved, g_strdup_printf ("%" G_GUINT64_FORMAT, pages->limit))->optional = TRUE;
  }
}

static void
plan_rdma (GPtrArray *writes, const QuiltOciResources *resources)
{
  for (guint i = 0; i < resources->rdma->len; i++) {
    const QuiltOciRdma *rdma = &g_array_index (resources->rdma, QuiltOciRdma, i);
    g_autoptr (GString) line = g_string_new (rdma->name);

    if (rdma->handles != QUILT_OCI_UNSET)
      g_string_append_printf (line, " hca_handle=%" G_GINT64_FORMAT, rdma->handles);
    if (rdma->objects != QUILT_OCI_UNSET)
      g_string_append_printf (line, " hca_object=%" G_GINT64_FORMAT, rdma->objects);
    if (line->len > strlen (rdma->name))
      add (writes, "rdma.max", g_strdup (line->str));
  }
}

/* The kernel accepts one line per write. */
static void
plan_unified (GPtrArray *writes, const QuiltOciResources *resources)
{
  g_autoptr (GList) files =
      g_list_sort (g_hash_table_get_keys (resources->unified), (GCompareFunc)strcmp);

  for (GList *file = files; file; file = file->next) {
    g_auto (GStrv) lines =
        g_strsplit (g_hash_table_lookup (resources->unified, file->data), "\n", -1);

    for (char **line = lines; *line; line++)
      if (*g_strstrip (*line))
        add (writes, file->data, g_strdup (*line));
  }
}

GPtrArray *
quilt_cgroup_plan_writes (const QuiltOciResources *resources, GError **error)
{
  g_autoptr (GPtrArray) writes = g_ptr_array_new_with_free_func (write_free);

  if (!plan_memory (writes, resources, error))
    return NULL;
  add_limit (writes, "pids.max", resources->pids_limit);
  plan_cpu_weight (writes, resources);
  plan_cpu_max (writes, resources);
  if (resources->cpus)
    add (writes, "cpuset.cpus", g_strdup (resources->cpus));
  if (resources->mems)
    add (writes, "cpuset.mems", g_strdup (resources->mems));
  plan_io (writes, resources);
  plan_hugepages (writes, resources);
  plan_rdma (writes, resources);
  plan_unified (writes, resources);
  return g_steal_pointer (&writes);
}
