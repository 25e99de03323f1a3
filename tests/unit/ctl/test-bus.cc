// SPDX-License-Identifier: LGPL-2.1-or-later
/* The wording of errors that come from the bus instead of quiltd. */
#include <gtest/gtest.h>

extern "C" {
#include "ctl/bus.h"
#include "dbus/error.h"
}

TEST (Bus, AFailedStartOfQuiltdIsExplained)
{
  const struct {
    const char *name, *said, *wanted;
  } cases[] = {
      {"org.freedesktop.DBus.Error.TimedOut", "Failed to activate service 'org.quilt': timed out",
       "quiltd did not start (Failed to activate service 'org.quilt': timed out); see: systemctl "
       "status quiltd"},
      {"org.freedesktop.DBus.Error.ServiceUnknown", "no such name",
       "quiltd does not run; start it by: systemctl start quiltd (no such name)"},
      {"org.freedesktop.systemd1.UnitMasked", "Unit quiltd.service is masked.",
       "quiltd does not run, and its unit is masked: systemctl unmask quiltd, then systemctl start "
       "quiltd"},
      {"org.freedesktop.DBus.Error.NoReply", "no reply",
       "quiltd went away before it answered; see: systemctl status quiltd"},
      {"org.freedesktop.DBus.Error.LimitsExceeded", "too many", "Failed to ask quiltd: too many"},
  };

  for (const auto &c : cases) {
    g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(s)", c.said));
    g_autoptr (GError) error = quilt_dbus_error_new_remote (c.name, body);

    quilt_bus_fix_error (&error);
    EXPECT_STREQ (error->message, c.wanted);
  }
}
