/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by number and by name. */
#include "base/check.h"

#include <csignal>

extern "C" {
#include "spec/signals.h"
}

TEST (Signals, AreRead)
{
  const struct {
    const char *text;
    int signal;
  } cases[] = {
      {"1", 1},
      {"15", SIGTERM},
      {"64", 64},
      {"TERM", SIGTERM},
      {"SIGTERM", SIGTERM},
      {"sigterm", SIGTERM},
      {"Kill", SIGKILL},
      {"HUP", SIGHUP},
      {"USR2", SIGUSR2},
      {"WINCH", SIGWINCH},
      {"SIGPOLL", SIGPOLL},
      {"IO", SIGPOLL},
      {"CLD", SIGCHLD},
      {"IOT", SIGABRT},
      {"SYS", SIGSYS},
      {"RTMIN", SIGRTMIN},
      {"RTMIN+3", SIGRTMIN + 3},
      {"sigrtmin+30", SIGRTMAX},
      {"RTMAX", SIGRTMAX},
      {"SIGRTMAX-1", SIGRTMAX - 1},
      {"RTMIN+0", SIGRTMIN},
  };

  for (const auto &c : cases) {
    int signal = 0;
    Error error;

    EXPECT_TRUE (quilt_parse_signal (c.text, &signal, error.out ())) << error.message ();
    EXPECT_EQ (signal, c.signal) << c.text;
  }
}

TEST (Signals, StrangersAreRefused)
{
  for (const char *text :
       {"",         "0",        "-1",       "65",      "SIG",      "SIGSIGTERM", "SIG15",  "TERM ",
        " TERM",    "TERMX",    "RTMIN+31", "RTMIN-1", "RTMAX-31", "RTMAX+1",    "RTMIN+", "RTMIN3",
        "RTMIN+ 1", "RTMIN++1", "RTMIN+-1", "EXIT",    "15.0",     "0xf",        "\xff"}) {
    int signal = 77;
    Error error;

    EXPECT_FALSE (quilt_parse_signal (text, &signal, error.out ())) << text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to 64 or a name")) << text;
    EXPECT_EQ (signal, 77) << text;
  }
}

TEST (Signals, EveryOneComesBack)
{
  EXPECT_EQ (take (quilt_signal_to_string (SIGTERM)), "SIGTERM");
  EXPECT_EQ (take (quilt_signal_to_string (34)), "SIGRTMIN");
  EXPECT_EQ (take (quilt_signal_to_string (37)), "SIGRTMIN+3");
  for (int i = 1; i <= 64; i++) {
    std::string name = take (quilt_signal_to_string (i));
    int signal = 0;

    EXPECT_TRUE (quilt_parse_signal (name.c_str (), &signal, nullptr)) << name;
    EXPECT_EQ (signal, i) << name;
  }
}
