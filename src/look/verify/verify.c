/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks an image: a program of it, and the files that most programs expect. */
#include "look/verify/verify.h"

#include "look/verify/program.h"

#include <errno.h>

/* Where distributions keep all CA certificates in one file, as Go, OpenSSL and others look for
 * it. */
static const char *const certificates[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    NULL,
};

/* The files that an image may lack, each with the paths of which one is enough. */
static const struct {
  QuiltProblemKind kind;
  const char *const *paths;
} expected[] = {
    {QUILT_PROBLEM_NO_SHELL, (const char *const[]){"/bin/sh", NULL}},
    {QUILT_PROBLEM_NO_PASSWD, (const char *const[]){"/etc/passwd", NULL}},
    {QUILT_PROBLEM_NO_CERTIFICATES, certificates},
    {QUILT_PROBLEM_NO_TIME_ZONES, (const char *const[]){"/usr/share/zoneinfo", NULL}},
};

static gboolean
exists_one (QuiltRoot *root, const char *const *paths)
{
  for (; *paths; paths++)
    if (quilt_root_exists (root, *paths))
      return TRUE;
  return FALSE;
}

static void
check_expected (QuiltRoot *root, QuiltProblems *problems)
{
  for (guint i = 0; i < G_N_ELEMENTS (expected) && !quilt_root_is_spent (root); i++)
    if (!exists_one (root, expected[i].paths))
      quilt_problems_add (problems, expected[i].kind, expected[i].paths[0], "", NULL);
}

GVariant *
quilt_verify (const QuiltVerification *of)
{
  g_autoptr (QuiltRoot) root = quilt_root_new (of->root_fd, of->working_directory);
  g_autoptr (QuiltProblems) problems = quilt_problems_new ();
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *path = NULL;

  quilt_program_check (root, of->program, of->env, problems, &path);
  check_expected (root, problems);
  g_variant_builder_add (&results, "{sv}", "runs",
                         g_variant_new_boolean (!quilt_problems_has_error (problems)));
  if (path)
    g_variant_builder_add (&results, "{sv}", "program", g_variant_new_bytestring (path));
  g_variant_builder_add (&results, "{sv}", "left-out",
                         g_variant_new_uint64 (quilt_problems_left_out (problems)));
  return g_variant_new ("(@aa{sv}a{sv})", quilt_problems_to_rows (problems), &results);
}
