/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds the process for `exec` from its options. */
#include "oci/launch/exec-spec.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/oci/environment.h"
#include "spec/capabilities.h"
#include "spec/labels.h"

#include <fcntl.h>
#include <string.h>

static gboolean
refuse (GError **error, const char *option, const char *value, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (value);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to use --%s=%s: %s",
               option, quoted, why);
  return FALSE;
}

static gboolean
read_id (const char *option, const char *text, guint64 *ret_id, GError **error)
{
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32 - 1, ret_id, NULL) ||
         refuse (error, option, text, "ids are numbers from 0 to 4294967294");
}

static gboolean
set_user (QuiltProcess *process, const char *user, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (user, ":", 2);

  return read_id ("user", parts[0] ? parts[0] : "", &process->uid, error) &&
         (!parts[0] || !parts[1] || read_id ("user", parts[1], &process->gid, error));
}

static gboolean
add_groups (QuiltProcess *process, char *const *groups, GError **error)
{
  for (; groups && *groups; groups++) {
    guint64 id;
    guint32 gid;

    if (!read_id ("additional-gids", *groups, &id, error))
      return FALSE;
    gid = (guint32)id;
    g_array_append_val (process->additional_gids, gid);
  }
  return TRUE;
}

/* Adds the capabilities to the process itself. A program that it executes inherits them only if it
 * is root's. */
static void
add_caps (const QuiltOci *oci, QuiltProcess *process, char *const *caps)
{
  for (; caps && *caps; caps++) {
    guint64 bit;

    if (!quilt_capability_parse ("cap", *caps, &bit, NULL)) {
      quilt_oci_log_warning (oci->log, "Left out the unknown capability '%s'", *caps);
      continue;
    }
    process->capabilities.bounding |= bit;
    process->capabilities.permitted |= bit;
    process->capabilities.effective |= bit;
    process->has_capabilities = TRUE;
  }
}

static gboolean
check_values (const QuiltOciExecOptions *options, GError **error)
{
  for (char **variable = options->env; variable && *variable; variable++)
    if (!strchr (*variable, '=') || **variable == '=')
      return refuse (error, "env", *variable, "it must be NAME=VALUE");
  if (options->cwd && *options->cwd != '/')
    return refuse (error, "cwd", options->cwd, "it must be an absolute path");
  if (options->apparmor && *options->apparmor &&
      !quilt_apparmor_name_check (options->apparmor, NULL))
    return refuse (error, "apparmor", options->apparmor, "it is not a valid profile name");
  return TRUE;
}

static gboolean
use_options (const QuiltOci *oci,
             QuiltProcess *process,
             const QuiltOciExecOptions *options,
             GError **error)
{
  if (!check_values (options, error))
    return FALSE;
  g_strfreev (process->args);
  process->args = g_strdupv (options->command);
  process->terminal = options->tty;
  process->has_console_size = FALSE;
  if (options->env)
    quilt_environment_add (process, options->env);
  if (options->cwd)
    process->cwd = (g_free (process->cwd), g_strdup (options->cwd));
  if (options->apparmor)
    process->apparmor_profile = (g_free (process->apparmor_profile), g_strdup (options->apparmor));
  if (options->label)
    process->selinux_label = (g_free (process->selinux_label), g_strdup (options->label));
  if (options->no_new_privs)
    process->no_new_privileges = TRUE;
  add_caps (oci, process, options->caps);
  return (!options->user || set_user (process, options->user, error)) &&
         add_groups (process, options->groups, error);
}

static gboolean
use_file (const QuiltOci *oci, QuiltSpec *spec, const QuiltOciExecOptions *options, GError **error)
{
  g_autofree char *data = NULL;
  g_autofree char *unknown = NULL;
  g_autoptr (GError) failure = NULL;
  gsize length;

  if (!g_file_get_contents (options->process, &data, &length, &failure)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, failure->message);
    return FALSE;
  }
  if (!quilt_spec_replace_process (spec, data, length, &unknown, error)) {
    g_prefix_error (error, "Failed to use '%s': ", options->process);
    return FALSE;
  }
  if (unknown)
    quilt_oci_log_warning (oci->log, "Left out of '%s' the unknown keys and capabilities: %s",
                           options->process, unknown);
  if (options->tty)
    spec->process.terminal = TRUE;
  return TRUE;
}

gboolean
quilt_oci_exec_spec (const QuiltOci *oci,
                     QuiltSpec *spec,
                     const QuiltOciExecOptions *options,
                     GError **error)
{
  return options->process ? use_file (oci, spec, options, error)
                          : use_options (oci, &spec->process, options, error);
}
