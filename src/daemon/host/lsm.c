/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the security profile or label of a container on this host. */
#include "daemon/host/lsm.h"

#include "base/error.h"
#include "base/option-error.h"
#include "base/selinux.h"
#include "spec/labels.h"

#include <string.h>

#define APPARMOR_ENABLED "/sys/module/apparmor/parameters/enabled"
#define APPARMOR_PROFILES "/sys/kernel/security/apparmor/profiles"

static gboolean
has_apparmor (void)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (APPARMOR_ENABLED, &text, NULL, NULL) && *text == 'Y';
}

static gboolean
is_loaded (const char *profile)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (APPARMOR_PROFILES, &text, NULL, NULL) &&
         quilt_apparmor_profiles_have (text, profile);
}

static gboolean
complete_apparmor (QuiltSpec *spec, const QuiltOptions *options, GError **error)
{
  const char *asked = options->apparmor && *options->apparmor ? options->apparmor : NULL;
  const char *profile = asked ? asked : QUILT_APPARMOR_DEFAULT;
  gboolean on = has_apparmor ();

  if (strcmp (profile, QUILT_APPARMOR_UNCONFINED) == 0 || (!asked && (!on || options->privileged)))
    return TRUE;
  if (!on)
    return quilt_option_error_set (error, QUILT_ERROR_NOT_SUPPORTED, "apparmor",
                                   " to '%s': AppArmor is not enabled in this host's kernel; leave "
                                   "it out, or boot with apparmor=1",
                                   profile);
  if (is_loaded (profile)) {
    spec->process.apparmor_profile = g_strdup (profile);
    return TRUE;
  }
  if (asked)
    quilt_option_error_refuse (error, "apparmor", profile,
                               "this profile is not loaded; see aa-status(8), and load it with "
                               "apparmor_parser(8)");
  return !asked;
}

static gboolean
complete_selinux (QuiltSpec *spec, const QuiltOptions *options, const char *id, GError **error)
{
  gboolean asked = options->label && *options->label;

  if (quilt_labels_disable (options->label) || (!asked && options->privileged))
    return TRUE;
  if (quilt_selinux_is_on ()) {
    quilt_labels_plan (options->label, id, &spec->process.selinux_label, &spec->mount_label);
    return TRUE;
  }
  if (asked)
    quilt_option_error_set (error, QUILT_ERROR_NOT_SUPPORTED, "label",
                            " to '%s': SELinux is not enabled in this host's kernel; leave it out",
                            options->label[0]);
  return !asked;
}

gboolean
quilt_lsm_complete (QuiltSpec *spec, const QuiltOptions *options, const char *id, GError **error)
{
  return complete_apparmor (spec, options, error) && complete_selinux (spec, options, id, error);
}
