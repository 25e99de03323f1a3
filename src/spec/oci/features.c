/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the features document from the parser's own tables, so that it can't differ from the
 * parser. */
#include "spec/oci/features.h"

#include "spec/capabilities.h"
#include "spec/oci/private.h"
#include "spec/seccomp/words.h"

#include "config.h"

static void
add_string (json_object *array, const char *text)
{
  json_object_array_add (array, json_object_new_string (text));
}

static json_object *
new_enabled (gboolean enabled)
{
  json_object *object = json_object_new_object ();

  json_object_object_add (object, "enabled", json_object_new_boolean (enabled));
  return object;
}

static json_object *
new_hooks (void)
{
  json_object *array = json_object_new_array ();

  for (const QuiltField *kind = quilt_oci_hooks_fields; kind->name; kind++)
    add_string (array, kind->name);
  return array;
}

static json_object *
new_namespaces (void)
{
  json_object *array = json_object_new_array ();

  for (const QuiltNamespaceName *ns = quilt_namespace_names; ns->name; ns++)
    add_string (array, ns->name);
  return array;
}

static json_object *
new_capabilities (void)
{
  json_object *array = json_object_new_array ();
  const char *name;

  for (guint i = 0; (name = quilt_capability_to_name (i)); i++)
    add_string (array, name);
  return array;
}

static json_object *
new_words (const QuiltSeccompWord *words)
{
  json_object *array = json_object_new_array ();

  for (; words->name; words++)
    add_string (array, words->name);
  return array;
}

static json_object *
new_seccomp (void)
{
  json_object *object = new_enabled (TRUE);
  json_object *archs = json_object_new_array ();

  for (const QuiltSeccompArch *arch = quilt_seccomp_arches; arch->name; arch++)
    add_string (archs, arch->name);
  json_object_object_add (object, "actions", new_words (quilt_seccomp_actions));
  json_object_object_add (object, "operators", new_words (quilt_seccomp_operators));
  json_object_object_add (object, "archs", archs);
  json_object_object_add (object, "knownFlags", new_words (quilt_seccomp_flags));
  json_object_object_add (object, "supportedFlags", new_words (quilt_seccomp_flags));
  return object;
}

static json_object *
new_linux (void)
{
  json_object *object = json_object_new_object ();
  json_object *cgroup = json_object_new_object ();
  json_object *extensions = json_object_new_object ();

  json_object_object_add (cgroup, "v1", json_object_new_boolean (FALSE));
  json_object_object_add (cgroup, "v2", json_object_new_boolean (TRUE));
  json_object_object_add (cgroup, "systemd", json_object_new_boolean (TRUE));
  json_object_object_add (cgroup, "systemdUser", json_object_new_boolean (TRUE));
  json_object_object_add (cgroup, "rdma", json_object_new_boolean (TRUE));
  json_object_object_add (extensions, "idmap", new_enabled (TRUE));
  json_object_object_add (object, "namespaces", new_namespaces ());
  json_object_object_add (object, "capabilities", new_capabilities ());
  json_object_object_add (object, "cgroup", cgroup);
  json_object_object_add (object, "seccomp", new_seccomp ());
  json_object_object_add (object, "apparmor", new_enabled (TRUE));
  json_object_object_add (object, "selinux", new_enabled (TRUE));
  json_object_object_add (object, "intelRdt", new_enabled (FALSE));
  json_object_object_add (object, "mountExtensions", extensions);
  json_object_object_add (object, "netDevices", new_enabled (TRUE));
  return object;
}

/* Annotations that change more than they say. A prefix ends with a dot. */
static json_object *
new_unsafe_annotations (void)
{
  json_object *array = json_object_new_array ();

  add_string (array, "org.quilt.");
  add_string (array, "org.systemd.property.");
  add_string (array, "run.oci.");
  return array;
}

json_object *
quilt_features_to_json (const char *const *mount_options)
{
  json_object *object = json_object_new_object ();
  json_object *annotations = json_object_new_object ();

  json_object_object_add (annotations, "org.quilt.version", json_object_new_string (QUILT_VERSION));
  /* Engines ask every runtime by this name. */
  json_object_object_add (annotations, "org.opencontainers.runc.checkpoint.enabled",
                          json_object_new_string ("false"));
  json_object_object_add (object, "ociVersionMin", json_object_new_string (QUILT_OCI_VERSION_MIN));
  json_object_object_add (object, "ociVersionMax", json_object_new_string (QUILT_OCI_VERSION_MAX));
  json_object_object_add (object, "hooks", new_hooks ());
  json_object_object_add (object, "mountOptions", quilt_json_new_strv (mount_options));
  json_object_object_add (object, "linux", new_linux ());
  json_object_object_add (object, "annotations", annotations);
  json_object_object_add (object, "potentiallyUnsafeConfigAnnotations", new_unsafe_annotations ());
  return object;
}
