/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Computes from linux.cgroupsPath where the cgroup of a container will be. */
#include "oci/cgroup/plan.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "oci/cgroup/scope.h"

#include <string.h>

static gboolean
refuse (GError **error, const char *path, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (path);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read 'linux.cgroupsPath' '%s': %s", quoted, why);
  return FALSE;
}

/* "//a/./b/" → "/a/b". NULL if the path is empty or contains "..". */
static char *
normalize (const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  g_autoptr (GString) clean = g_string_new (NULL);

  for (char **part = parts; *part; part++) {
    if (strcmp (*part, "..") == 0)
      return NULL;
    if (**part && strcmp (*part, ".") != 0)
      g_string_append_printf (clean, "/%s", *part);
  }
  return clean->len > 0 ? g_strdup (clean->str) : NULL;
}

static gboolean
plan_cgroupfs (const char *cgroups_path, const char *id, QuiltOciCgroup *cgroup, GError **error)
{
  if (!cgroups_path)
    cgroup->path = g_strconcat (QUILT_OCI_CGROUP_HOME "/", id, NULL);
  else if (!(cgroup->path = normalize (cgroups_path)))
    return refuse (error, cgroups_path, "must name a cgroup below the root, without '..'");
  return TRUE;
}

/* Whether the name of a unit may have these characters: systemd.unit(5). */
static gboolean
is_unit_text (const char *text)
{
  return strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ":-_.\\@") == strlen (text);
}

/* Each dash in a slice's name separates two levels, and no level is empty. "-.slice" is the root.
 */
static gboolean
is_slice (const char *text)
{
  return is_unit_text (text) && g_str_has_suffix (text, ".slice") &&
         (strcmp (text, "-.slice") == 0 ||
          (*text != '-' && *text != '.' && !strstr (text, "--") && !strstr (text, "-.")));
}

static gboolean
plan_scope (const char *cgroups_path, QuiltOciCgroup *cgroup, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (cgroups_path, ":", -1);
  g_autofree char *name = NULL;

  if (g_strv_length (parts) != 3)
    return refuse (error, cgroups_path, "with systemd it must be SLICE:PREFIX:NAME");
  if (*parts[0] && !is_slice (parts[0]))
    return refuse (error, cgroups_path, "its first part must be a slice, such as 'system.slice'");
  if (g_str_has_suffix (parts[2], ".slice"))
    return refuse (error, cgroups_path, "a container's cgroup is a scope, so it can't be a slice");
  name = g_strconcat (parts[1], *parts[1] ? "-" : "", parts[2], NULL);
  if (!*parts[2] || !is_unit_text (name))
    return refuse (error, cgroups_path, "PREFIX-NAME must be a valid name for a unit");
  cgroup->unit = g_strconcat (name, g_str_has_suffix (name, ".scope") ? NULL : ".scope", NULL);
  if (*parts[0])
    cgroup->slice = g_strdup (parts[0]);
  return TRUE;
}

gboolean
quilt_oci_cgroup_plan (const char *cgroups_path,
                       const char *id,
                       gboolean systemd,
                       gboolean rootless,
                       QuiltOciCgroup *ret_cgroup,
                       GError **error)
{
  g_auto (QuiltOciCgroup) cgroup = QUILT_OCI_CGROUP_INIT;

  if (cgroups_path && !*cgroups_path)
    cgroups_path = NULL;
  cgroup.systemd = systemd;
  cgroup.rootless = rootless;
  if (!systemd) {
    if (!plan_cgroupfs (cgroups_path, id, &cgroup, error))
      return FALSE;
  } else if (!cgroups_path) {
    cgroup.unit = g_strdup_printf ("quiltoci-%s.scope", id); /* quilt-NAME.scope is quiltd's */
  } else if (!plan_scope (cgroups_path, &cgroup, error)) {
    return FALSE;
  }
  if (systemd && !cgroup.slice)
    cgroup.slice = g_strdup (rootless ? "user.slice" : "system.slice");
  *ret_cgroup = cgroup;
  cgroup = (QuiltOciCgroup)QUILT_OCI_CGROUP_INIT;
  return TRUE;
}

void
quilt_oci_cgroup_clear (QuiltOciCgroup *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->slice, g_free);
  g_clear_pointer (&self->unit, g_free);
  quilt_fd_clear (&self->dir_fd);
  quilt_oci_scope_disconnect (self);
}
