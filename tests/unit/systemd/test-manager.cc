/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* systemd's names and errors. */
#include "base/check.h"

extern "C" {
#include "systemd/client/manager.h"
}

TEST (Manager, UnitsHavePathsAndBack)
{
  const struct {
    const char *unit, *path;
  } cases[] = {
      {"quilt-web.1.scope", "/org/freedesktop/systemd1/unit/quilt_2dweb_2e1_2escope"},
      {"1a.scope", "/org/freedesktop/systemd1/unit/_31a_2escope"},
      {"a_\xc3\xa4@.service", "/org/freedesktop/systemd1/unit/a_5f_c3_a4_40_2eservice"},
  };

  for (const auto &a_case : cases) {
    g_autofree char *path = quilt_systemd_unit_to_path (a_case.unit);
    g_autofree char *unit = quilt_systemd_unit_from_path (a_case.path);

    EXPECT_STREQ (path, a_case.path);
    EXPECT_STREQ (unit, a_case.unit);
  }
}

TEST (Manager, OtherPathsAreNotUnits)
{
  for (const char *path :
       {"/", "/org/freedesktop/systemd1/job/1", "/org/freedesktop/systemd1/unit/",
        "/org/freedesktop/systemd1/unit/a/b", "/org/freedesktop/systemd1/unit/a_2",
        "/org/freedesktop/systemd1/unit/a_zz", "/org/freedesktop/systemd1/unit/a_00b"})
    EXPECT_EQ (quilt_systemd_unit_from_path (path), nullptr) << path;
}

TEST (Manager, ErrorsByTheirNames)
{
  const struct {
    const char *name;
    gboolean was_away, is_missing;
  } cases[] = {
      {"org.freedesktop.DBus.Error.NoReply", TRUE, FALSE},
      {"org.freedesktop.DBus.Error.ServiceUnknown", TRUE, FALSE},
      {"org.freedesktop.DBus.Error.Spawn.ChildExited", TRUE, FALSE},
      {"org.freedesktop.DBus.Error.AccessDenied", FALSE, FALSE},
      {"org.freedesktop.systemd1.NoSuchUnit", FALSE, TRUE},
      {"org.freedesktop.systemd1x.NoSuchUnit", FALSE, FALSE},
  };

  for (const auto &a_case : cases) {
    g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(s)", "So\nit is."));
    g_autoptr (GError) error = quilt_dbus_error_new_remote (a_case.name, body);
    g_autoptr (GError) told = quilt_systemd_describe (error, "start", "a.scope");

    EXPECT_EQ (quilt_systemd_was_away (error), a_case.was_away) << a_case.name;
    EXPECT_EQ (quilt_systemd_is_error (error, "NoSuchUnit"), a_case.is_missing) << a_case.name;
    EXPECT_EQ (told->code, a_case.is_missing ? QUILT_ERROR_NOT_FOUND : QUILT_ERROR_FAILED);
    EXPECT_EQ (strchr (told->message, '\n'), nullptr);
  }
}
