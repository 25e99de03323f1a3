// SPDX-License-Identifier: LGPL-2.1-or-later
// run's and create's command line: what becomes an option on the bus, and what the container gets.
#include <gtest/gtest.h>
#include <vector>

extern "C" {
#include "base/option-error.h"
#include "base/json.h"
#include "ctl/options/create.h"
#include "spec/options/options.h"
}

static const QuiltVerb verb = {.name = "run",
                               .min_args = 1,
                               .max_args = QUILT_ARGS_ANY,
                               .flags = QUILT_VERB_BUS | QUILT_VERB_STRICT,
                               .args = "IMAGE [COMMAND...]",
                               .summary = "x",
                               .run = verb_run};

struct Parsed {
  QuiltCtl ctl = {};
  QuiltCreateArgs create = {};
  std::vector<char *> argv;
  char **args;

  explicit Parsed (std::vector<const char *> words, gboolean live = FALSE)
  {
    ctl.verb = &verb;
    argv.push_back ((char *)"run");
    for (const char *word : words)
      argv.push_back ((char *)word);
    argv.push_back (NULL);
    args = live ? quilt_create_parse_live (&ctl, argv.data (), &create)
                : quilt_create_parse (&ctl, argv.data (), TRUE, &create);
  }
  ~Parsed ()
  {
    quilt_create_args_clear (&create);
    g_clear_pointer (&ctl.words, g_ptr_array_unref);
  }
};

static const char *
lookup (const char *name)
{
  return strcmp (name, "SET") == 0 ? "here \xff" : NULL;
}

static std::string
print (const Parsed &parsed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) options =
      quilt_create_options (&parsed.create, parsed.args + 1, lookup, &error);
  g_autofree char *text = NULL;

  if (!options)
    return error->message;
  g_variant_ref_sink (options);
  text = g_variant_print (options, FALSE);
  return text;
}

TEST (Create, SendsNoOptionThatIsNotGiven)
{
  Parsed parsed ({"image"});

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_STREQ (parsed.args[0], "image");
  EXPECT_EQ (print (parsed), "{}");
}

TEST (Create, EverythingAfterTheImageIsTheContainers)
{
  Parsed parsed (
      {"--rm", "image", "--", "--name", "x", "-it", "", "two words", "\xff\xfe", "--rm"});

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_STREQ (parsed.args[0], "image");
  EXPECT_EQ (print (parsed), "{'auto-remove': <true>, 'command': <[b'--', b'--name', b'x', b'-it', "
                             "b'', b'two words', b'\\377\\376', b'--rm']>}");
}

TEST (Create, ADoubleDashEndsTheOptions)
{
  Parsed parsed ({"--", "image", "-x"});

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_STREQ (parsed.args[0], "image");
  EXPECT_STREQ (parsed.args[1], "-x");
}

TEST (Create, EnvironmentIsBytesAndTakesFromTheCallerOnlyWhatIsNamed)
{
  Parsed parsed ({"-e", "A=1", "--env=B=x\n\xff", "-e", "SET", "-e", "UNSET", "image"});

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_EQ (print (parsed), "{'env': <[b'A=1', b'B=x\\n\\377', b'SET=here \\377']>}");
}

TEST (Create, EveryOptionArrives)
{
  Parsed parsed ({"--name",
                  "n",
                  "-w",
                  "/w",
                  "--hostname=h",
                  "-l",
                  "k",
                  "-l",
                  "a=b",
                  "-m",
                  "1k",
                  "--cpus",
                  "1.5",
                  "--pids-limit",
                  "-1",
                  "--memory-reservation=8M",
                  "--memory-high=16M",
                  "--memory-swap=-1",
                  "-c",
                  "1024",
                  "--cpuset-cpus=0-1",
                  "--cpuset-mems=",
                  "--blkio-weight=10",
                  "--device-read-bps=/dev/a:1",
                  "--device-read-bps=/dev/b:1k",
                  "--device-write-bps=",
                  "--device-read-iops=/dev/a:2",
                  "--device-write-iops=/dev/a:3",
                  "--ip-allow=any",
                  "--ip-deny=::1",
                  "--stop-signal",
                  "USR1",
                  "--stop-timeout",
                  "2",
                  "--net=none",
                  "--pid",
                  "host",
                  "--ipc=shareable",
                  "--uts=private",
                  "--cgroupns=host",
                  "--init",
                  "--read-only",
                  "--privileged",
                  "--cap-add",
                  "chown,KILL",
                  "--cap-add=x",
                  "--cap-drop",
                  "all",
                  "-u",
                  "app:web",
                  "--group-add=a,b",
                  "--group-add",
                  "7",
                  "--ulimit",
                  "nofile=1",
                  "--sysctl=a=b",
                  "--tmpfs",
                  "/t",
                  "--tmpfs=/u:ro",
                  "-v",
                  "/a:/b:ro",
                  "-v/c:/d",
                  "--volume=.../e:/f",
                  "--shm-size",
                  "1k",
                  "--oom-score-adj",
                  "-5",
                  "--umask",
                  "0027",
                  "--security-opt",
                  "no-new-privileges=false",
                  "--setup",
                  "s",
                  "--setup-timeout",
                  "1min",
                  "--setup-cache",
                  "off",
                  "--log-rate-limit",
                  "10/5s",
                  "-d",
                  "image"});

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_TRUE (parsed.create.detach);
  EXPECT_EQ (
      print (parsed),
      "{'name': <'n'>, 'working-directory': <'/w'>, 'hostname': <'h'>, 'labels': <['k=', 'a=b']>, "
      "'setup': <['s']>, "
      "'setup-timeout': <uint64 60000000>, 'setup-cache': <'off'>, 'log-rate-burst': <int64 10>, "
      "'log-rate-interval': <uint64 5000000>, "
      "'memory-max': <uint64 1024>, 'cpu-quota': <uint64 1500000>, "
      "'pids-max': <uint64 18446744073709551615>, 'memory-low': <uint64 8388608>, "
      "'memory-high': <uint64 16777216>, 'memory-swap': <uint64 18446744073709551615>, "
      "'cpu-weight': <uint64 100>, 'cpuset-cpus': <'0-1'>, 'cpuset-mems': <''>, "
      "'io-weight': <uint64 1>, 'device-read-bps': <[('/dev/a', uint64 1), ('/dev/b', 1024)]>, "
      "'device-write-bps': <@a(st) []>, 'device-read-iops': <[('/dev/a', uint64 2)]>, "
      "'device-write-iops': <[('/dev/a', uint64 3)]>, 'ip-allow': <['any']>, 'ip-deny': <['::1']>, "
      "'stop-signal': <10>, "
      "'stop-timeout': <uint64 2000000>, 'network': <'none'>, 'pid': <'host'>, "
      "'ipc': <'shareable'>, 'uts': <'private'>, 'cgroupns': <'host'>, 'init': <true>, "
      "'read-only': <true>, "
      "'cap-add': <['chown', 'KILL', 'x']>, 'cap-drop': <['all']>, "
      "'user': <'app:web'>, 'group-add': <['a', 'b', '7']>, 'ulimits': <['nofile=1']>, 'sysctls': "
      "<['a=b']>, 'tmpfs': <[('/t', @as []), ('/u', ['ro'])]>, "
      "'volumes': <[('/a', '/b', ['ro']), ('/c', '/d', []), ('.../e', '/f', [])]>, "
      "'shm-size': <uint64 1024>, 'oom-score-adj': <-5>, 'umask': <23>, 'privileged': <true>, "
      "'no-new-privileges': <false>}");
}

TEST (Create, AnEmptyValueOfUpdateIsTheDefault)
{
  const std::vector<std::pair<const char *, const char *>> options = {
      {"memory", "64M"},
      {"memory-high", "48M"},
      {"memory-reservation", "8M"},
      {"memory-swap", "96M"},
      {"cpus", "0.5"},
      {"cpu-weight", "5"},
      {"cpuset-cpus", "0"},
      {"cpuset-mems", "0"},
      {"pids-limit", "9"},
      {"io-weight", "5"},
      {"device-read-bps", "/dev/a:1"},
      {"device-write-bps", "/dev/a:1"},
      {"device-read-iops", "/dev/a:1"},
      {"device-write-iops", "/dev/a:1"},
      {"ip-allow", "any"},
      {"ip-deny", "any"},
      {"stop-signal", "USR1"},
      {"stop-timeout", "1"},
  };
  g_autoptr (QuiltOptions) changed = quilt_options_new ();
  g_autoptr (QuiltOptions) defaults = quilt_options_new ();
  defaults->cpuset_cpus = g_strdup (""); /* as NULL */
  defaults->cpuset_mems = g_strdup ("");
  g_autoptr (json_object) expected = quilt_options_to_json (defaults);

  for (bool set : {true, false}) {
    std::vector<std::string> given;
    std::vector<const char *> words;
    g_autoptr (GError) error = NULL;

    for (const auto &[option, value] : options)
      given.push_back (std::string ("--") + option + "=" + (set ? value : ""));
    for (const std::string &word : given)
      words.push_back (word.c_str ());
    words.push_back ("web");
    Parsed parsed (words, TRUE);
    ASSERT_NE (parsed.args, nullptr);
    g_autoptr (GVariant) update = quilt_create_options (&parsed.create, NULL, NULL, &error);
    ASSERT_NE (update, nullptr) << error->message;
    g_variant_ref_sink (update);
    EXPECT_EQ (g_variant_n_children (update), options.size ());
    EXPECT_TRUE (quilt_options_update (changed, update, &error)) << error->message;
    g_autoptr (json_object) json = quilt_options_to_json (changed);
    EXPECT_EQ (std::string (json_object_to_json_string (json)) ==
                   json_object_to_json_string (expected),
               !set)
        << json_object_to_json_string (json);
  }
}

TEST (Create, PodmansNoLimit)
{
  for (const char *option : {"--memory", "-m", "--memory-high", "--memory-swap", "--pids-limit"}) {
    Parsed parsed ({option, "-1", "image"});

    ASSERT_NE (parsed.args, nullptr) << option;
    EXPECT_NE (print (parsed).find ("<uint64 18446744073709551615>"), std::string::npos) << option;
  }
}

TEST (Create, BadValuesAreNamed)
{
  const std::vector<std::vector<const char *>> cases = {
      {"-e", "=x", "i"},
      {"-e", "", "i"},
      {"--name", "\xff", "i"},
      {"-m", "lots", "i"},
      {"-m", "", "i"},
      {"--memory=-2", "i"},
      {"--memory-reservation=-1", "i"},
      {"--stop-signal", "", "i"},
      {"--cpus", "-1", "i"},
      {"--pids-limit", "0", "i"},
      {"--pids-limit", "x", "i"},
      {"--memory-swap", "-2", "i"},
      {"--cpu-weight", "0", "i"},
      {"--cpu-shares", "1", "i"},
      {"--io-weight", "10001", "i"},
      {"--blkio-weight", "5", "i"},
      {"--stop-signal", "NOPE", "i"},
      {"--stop-timeout", "", "i"},
      {"--cap-add", "\xff", "i"},
      {"--security-opt", "", "i"},
      {"--security-opt", "nonsense=1", "i"},
      {"--security-opt", "no-new", "i"},
      {"--security-opt", "no-new-privileges=1", "i"},
      {"--umask", "8", "i"},
      {"--umask", "01000", "i"},
      {"--oom-score-adj", "low", "i"},
      {"--shm-size", "-1", "i"},
      {"--log-rate-limit", "0", "i"},
      {"--device", "\xff", "i"},
      {"-v", "/\xff:/a", "i"},
      {"--log-rate-limit", "1/", "i"}};

  for (const auto &words : cases) {
    Parsed parsed (words);

    ASSERT_NE (parsed.args, nullptr) << words[0];
    EXPECT_NE (print (parsed).find ("Failed to read"), std::string::npos)
        << words[0] << ' ' << print (parsed);
  }
}

TEST (Create, AWrongNumberIsReportedWithItsOption)
{
  for (const char *option : {"--memory", "--memory-high", "--shm-size", "--cpus", "--pids-limit",
                             "--cpu-weight", "--io-weight", "--cpu-shares", "--blkio-weight",
                             "--stop-timeout", "--timeout", "--setup-timeout", "--stop-signal"}) {
    Parsed parsed ({option, "nonsense", "i"});
    std::string start = std::string ("Failed to set option ") + option + ": Failed to read ";

    ASSERT_NE (parsed.args, nullptr) << option;
    EXPECT_EQ (print (parsed).rfind (start, 0), 0u) << print (parsed);
  }
}

TEST (Create, TextsThatCannotBeDividedAreNamed)
{
  const std::vector<std::pair<const char *, const char *>> cases = {
      {"--volume=", "option --volume to '': must be HOST-PATH:"},
      {"--volume=/a", "option --volume to '/a': volumes without a source"},
      {"--volume=/a:/b:c:d", "option --volume to '/a:/b:c:d': must be HOST-PATH:"},
      {"--tmpfs=/a:b:c", "option --tmpfs to '/a:b:c': must be PATH"},
      {"--device=/a:/b:c:d", "option --device to '/a:/b:c:d': must be HOST"},
      {"--device=", "option --device to '': must be HOST"},
      {"--device-read-iops=/dev/a:1k", "option --device-read-iops to '/dev/a:1k': must be DEVICE:"},
      {"--device-write-bps=/dev/a", "option --device-write-bps to '/dev/a': must be DEVICE:RATE"},
  };

  for (const auto &c : cases) {
    Parsed parsed ({c.first, "i"});

    ASSERT_NE (parsed.args, nullptr) << c.first;
    EXPECT_NE (print (parsed).find (c.second), std::string::npos) << print (parsed);
  }
}

TEST (Create, ErrorsNameWhatWasTyped)
{
  const struct {
    std::vector<const char *> words;
    const char *key, *problem, *named;
  } cases[] = {
      {{"-m", "1M", "i"},
       "memory-max",
       " to '1048576': 'memory-max'",
       "Failed to set option --memory to '1048576': 'memory-max'"},
      {{"--device=/x", "i"}, "devices", " to '/x'", "Failed to set option --device to '/x'"},
      {{"--init", "i"}, "init", "", "Failed to set option --init"},
      {{"-c", "5", "--cpu-weight=5", "i"},
       "cpu-weight",
       ": given twice",
       "Failed to set option --cpu-weight and --cpu-shares: given twice"},
      {{"--log-rate-limit", "1/0", "i"},
       "log-rate-interval",
       " to '0'",
       "Failed to set option --log-rate-limit to '0'"},
      {{"--cpus", "1", "i"}, "memory-max", ": no", "Failed to set option 'memory-max': no"},
      {{"--cpus", "1", "i"}, "", ": no", "Failed to set option '': no"},
  };

  for (const auto &c : cases) {
    Parsed parsed (c.words);
    g_autoptr (GError) error = NULL;

    quilt_option_error_set (&error, QUILT_ERROR_FAILED, c.key, "%s", c.problem);
    quilt_create_name_option (&parsed.create, error);
    EXPECT_STREQ (error->message, c.named);
  }
}

TEST (Create, ErrorsWithoutAKeyStay)
{
  const char *const messages[] = {"", "(verb 'create', option 'devices')",
                                  "Failed to set option 'devices' to '/x'"};

  for (const char *message : messages) {
    Parsed parsed ({"--device=/x", "i"});
    g_autoptr (GError) error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_FAILED, message);

    quilt_create_name_option (&parsed.create, error);
    EXPECT_STREQ (error->message, message);
  }
}

TEST (Create, CallsAskWhichOptionAnErrorIsAbout)
{
  g_autoptr (GVariant) options =
      g_variant_ref_sink (g_variant_new_parsed ("{'init': <true>, 'command': <[b'a']>}"));
  g_autoptr (GVariant) asked = g_variant_ref_sink (quilt_create_call_options (options));
  g_autofree char *text = g_variant_print (asked, FALSE);

  EXPECT_STREQ (text, "{'init': <true>, 'command': <[b'a']>, 'error-details': <true>}");
}

TEST (Create, AVolumeThatBeginsHereIsTheCallers)
{
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *above = g_path_get_dirname (here);
  Parsed parsed ({"-v.:/a", "-v./b/:/c:ro", "-v", "../d:/d", "-v..:/e", "-v", "f:/g", "i"});
  std::string volumes = std::string ("{'volumes': <[('") + here + "', '/a', @as []), ('" + here +
                        "/b', '/c', ['ro']), ('" + above + "/d', '/d', []), ('" + above +
                        "', '/e', []), ('f', '/g', [])]>}";

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_EQ (print (parsed), volumes);
}

TEST (Create, AMountIsAVolume)
{
  g_autofree char *here = g_get_current_dir ();
  const std::vector<std::pair<const char *, std::string>> cases = {
      {"type=bind,source=/a,destination=/b", "'/a', '/b', @as []"},
      {"dst=/b,src=/a,type=bind,readonly", "'/a', '/b', ['ro']"},
      {"type=bind,src=/a,target=/b,ro=true,suid", "'/a', '/b', ['suid', 'ro']"},
      {"type=bind,src=/a,target=/b,ro=false,bind-propagation=rslave",
       "'/a', '/b', ['rslave', 'rw']"},
      {"type=bind,src=./a,dst=/b,noidmap,dev",
       "'" + std::string (here) + "/a', '/b', ['noidmap', 'dev']"},
      {"type=bind,src=/a,dst=/b,x:y", "'/a', '/b', ['x:y']"},
      /* Fault 22. */
      {"type=bind,src=/a:b,dst=/c:ro", "'/a:b', '/c:ro', @as []"},
      {R"(type=bind,"src=/a,b","dst=/say ""x"":",ro)", R"('/a,b', '/say "x":', ['ro'])"},
      {R"("type=bind",src=/a\b,dst=/c)", R"('/a\\b', '/c', @as [])"},
  };

  for (const auto &c : cases) {
    Parsed parsed ({"--mount", c.first, "i"});

    ASSERT_NE (parsed.args, nullptr);
    EXPECT_EQ (print (parsed), "{'volumes': <[(" + c.second + ")]>}");
  }
  Parsed both ({"--mount=type=bind,src=/a,dst=/b", "-v/c:/d", "i"});
  EXPECT_EQ (print (both), "{'volumes': <[('/c', '/d', @as []), ('/a', '/b', [])]>}");
}

/* Fault 22. */
TEST (Create, TextsOfPathsAreDividedHere)
{
  Parsed parsed ({R"(-v/a\:b\\:/c\d:ro,x)", R"(--tmpfs=/t\:,:size=1M)",
                  R"(--device=/dev/a\:0:/dev/b\\:r)", "--device=/dev/c:rw",
                  "--device-read-bps=/dev/d:0:1k", "i"});

  ASSERT_NE (parsed.args, nullptr);
  EXPECT_EQ (print (parsed),
             R"({'device-read-bps': <[('/dev/d:0', uint64 1024)]>, )"
             R"('devices': <[('/dev/a:0', '/dev/b\\', 'r'), ('/dev/c', '', 'rw')]>, )"
             R"('tmpfs': <[('/t:,', ['size=1M'])]>, )"
             R"('volumes': <[('/a:b\\', '/c\\d', ['ro', 'x'])]>})");
}

TEST (Create, ExplainsInvalidMounts)
{
  const std::vector<std::pair<const char *, const char *>> cases = {
      {"", "mount '': "},
      {"type=tmpfs,dst=/b", "only type=bind; for files in memory see --tmpfs"},
      {"src=/a,dst=/b", "only type=bind"},
      {"type=bind,dst=/b", "needs source=PATH"},
      {"type=bind,src=/a", "needs source=PATH and destination=PATH"},
      {"type=bind,src=/a,dst=", "'dst=': needs a value"},
      {"type=bind,src=/a,dst", "'dst': needs a value"},
      {R"(type=bind,src="/a",dst=/b)", "a quote must be around a whole field"},
      {R"(type=bind,"src=/a"x,dst=/b)", "a quote must be around a whole field"},
      {R"(type=bind,"src=/a,dst=/b)", "a quote must be around a whole field"},
      {"type=bind,src=/a,source=/c,dst=/b", "'source=/c': it is given twice"},
      {"type=bind,src=/a,dst=/b,ro,readonly", "'readonly': it is given twice"},
      {"type=bind,src=/a,dst=/b,ro=1", "'ro=1': must be true or false"},
      {"type=bind,src=/a,dst=/b,relabel=shared", "'relabel=shared': there is no such option"},
      {"type=bind,src=/a,dst=/\xff", "must be UTF-8"},
  };

  for (const auto &c : cases) {
    Parsed parsed ({"--mount", c.first, "-v/a:/b", "i"});

    ASSERT_NE (parsed.args, nullptr);
    EXPECT_NE (print (parsed).find (c.second), std::string::npos) << print (parsed);
  }
}

TEST (Create, RefusesUnsupportedOptionsWith125)
{
  for (const char *option : {"-v", "-p", "-P", "--pod=x", "--dns=9.9.9.9", "--no-such"}) {
    testing::internal::CaptureStderr ();
    Parsed parsed ({option, "image"});
    std::string complaint = testing::internal::GetCapturedStderr ();

    EXPECT_EQ (parsed.args, nullptr) << option;
    EXPECT_EQ (parsed.ctl.parse_code, 125) << option;
    EXPECT_EQ (std::count (complaint.begin (), complaint.end (), '\n'), 1) << complaint;
  }
}

TEST (Create, AnImageIsNeeded)
{
  testing::internal::CaptureStderr ();
  Parsed parsed ({"--rm"});

  EXPECT_EQ (parsed.args, nullptr);
  EXPECT_EQ (parsed.ctl.parse_code, 125);
  EXPECT_NE (testing::internal::GetCapturedStderr (), "");
}

TEST (Create, SecurityOptionsGoByTheirNames)
{
  const struct {
    std::vector<const char *> words;
    const char *printed;
  } cases[] = {
      {{"--security-opt", "no-new-privileges", "i"}, "{'no-new-privileges': <true>}"},
      {{"--security-opt=no-new-privileges=true", "i"}, "{'no-new-privileges': <true>}"},
      {{"--security-opt", "x:y", "i"},
       "Failed to read security option 'x:y': there is no such option, only no-new-privileges"},
      {{"--seccomp", "unconfined", "i"}, "{'seccomp': <'unconfined'>}"},
      {{"--security-opt", "seccomp=default", "i"}, "{'seccomp': <'default'>}"},
      {{"--seccomp", "/no/such", "i"}, "Failed to read seccomp profile '/no/such': No such file"},
      {{"--seccomp", "/", "i"}, "Failed to read seccomp profile '/': Is a directory"},
      {{"--seccomp", "/dev/zero", "i"}, "Failed to read security option '/dev/zero': the profile"},
      {{"--security-opt", "no-new-privileges", "--security-opt=no-new-privileges", "i"},
       "Failed to read security option 'no-new-privileges': it is given more than once"},
  };

  for (const auto &c : cases) {
    Parsed parsed (c.words);

    EXPECT_EQ (print (parsed).rfind (c.printed, 0), 0u) << print (parsed);
  }
}
