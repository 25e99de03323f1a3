/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of a container: from D-Bus, to the record and back, and what is refused. */
#include "base/check.h"

#include <cstring>

extern "C" {
#include "base/json.h"
#include "spec/options/options.h"
#include "spec/quantities.h"
}

using std::string;
using Options = std::unique_ptr<QuiltOptions, void (*) (QuiltOptions *)>;
using Variant = std::unique_ptr<GVariant, void (*) (GVariant *)>;

static Variant
dict (const string &text)
{
  Error error;
  GVariant *value =
      g_variant_parse (G_VARIANT_TYPE_VARDICT, text.c_str (), nullptr, nullptr, error.out ());

  EXPECT_TRUE (error.none ()) << text;
  return Variant (value, g_variant_unref);
}

static Options
from_variant (const string &text, Error &error)
{
  return Options (quilt_options_from_variant (dict (text).get (), error.out ()),
                  quilt_options_free);
}

static string
print (const QuiltOptions *options)
{
  json_object *object = quilt_options_to_json (options);
  string text = take (quilt_json_print (object, FALSE));

  json_object_put (object);
  return text;
}

static Options
from_json (const string &text, Error &error)
{
  json_object *object = quilt_json_parse (text.data (), text.size (), 4 << 20, error.out ());

  EXPECT_TRUE (error.none ()) << text;
  Options options (quilt_options_from_json (object, error.out ()), quilt_options_free);
  json_object_put (object);
  return options;
}

static const char everything[] =
    "{'name': <'web'>, 'command': <[b'sh', b'-c', b'a\\377 b\\n', b'']>,"
    " 'env': <[b'A=1', b'B==\\301']>, 'working-directory': <'/srv'>, 'hostname': <'h.example'>,"
    " 'entrypoint': <[b'env', b'-']>, 'domainname': <'d.example'>, 'timezone': <'Etc/GMT+1'>,"
    " 'runtime-max': <uint64 5>,"
    " 'labels': <['b=2', 'a=', 'a.b=é', 'a-b=1']>, 'setup': <['apt: hello', 'echo \"x\"']>,"
    " 'setup-timeout': <uint64 90000000>, 'memory-max': <uint64 67108864>,"
    " 'cpu-quota': <uint64 1500000>, 'pids-max': <uint64 100>, 'stop-signal': <2>,"
    " 'stop-timeout': <uint64 0>, 'log-rate-burst': <int64 1000>,"
    " 'log-rate-interval': <uint64 30000000>, 'strict-limits': <true>, 'slice': <'batch'>, "
    "'auto-remove': <true>, "
    "'read-only': <true>, 'interactive': <true>, 'terminal': <true>,"
    " 'pid': <'private'>, 'ipc': <'shareable'>, 'uts': <'private'>, 'network': <'none'>,"
    " 'cgroupns': <'host'>, 'devices': <[('/dev/fuse', '', ''), ('/dev/a:b', '/dev/c', 'r')]>, "
    "'init': <true>,"
    " 'cap-add': <['chown', 'CAP_Sys_Admin']>, 'cap-drop': <['all']>,"
    " 'no-new-privileges': <false>, 'ulimits': <['nofile=1:2', 'core=-1']>,"
    " 'privileged': <false>, 'user': <'app:5'>, 'group-add': <['a', '7']>,"
    " 'sysctls': <['net.ipv4.ip_forward=1']>, 'tmpfs': <[('/b/c', @as []), ('/b', ['size=1M'])]>,"
    " 'volumes': <[('/srv/b', '/v/b', @as []), ('/srv/a/', '/v', ['ro'])]>,"
    " 'device-read-bps': <[('/dev/sda', uint64 18446744073709551614)]>,"
    " 'shm-size': <uint64 4096>, 'oom-score-adj': <-5>, 'umask': <63>,"
    " 'seccomp': <' {\"defaultAction\":\"SCMP_ACT_ALLOW\"}'>}";

static const char everything_json[] =
    R"({"name":"web","command":["sh","-c","a)"
    "\xff"
    R"( b\n",""],"env":["A=1","B==)"
    "\xc1"
    R"("],"working-directory":"/srv","hostname":"h.example",)"
    R"("domainname":"d.example","timezone":"Etc/GMT+1","entrypoint":["env","-"],"runtime-max":5,)"
    R"("labels":["a=","a-b=1","a.b=é","b=2"],"setup":["apt: hello","echo \"x\""],)"
    R"("setup-timeout":90000000,"log-rate-burst":1000,"log-rate-interval":30000000,)"
    R"("auto-remove":true,"memory-max":67108864,"cpu-quota":1500000,"pids-max":100,)"
    R"("strict-limits":true,"slice":"quilt-batch.slice",)"
    R"("memory-low":0,"memory-high":null,"memory-swap":0,"cpu-weight":null,"io-weight":null,)"
    R"("device-read-bps":[{"device":"/dev/sda","rate":18446744073709551614}],)"
    R"("stop-signal":2,"stop-timeout":0,)"
    R"("network":"none","pid":"private","ipc":"shareable","uts":"private","cgroupns":"host",)"
    R"("devices":[{"source":"/dev/fuse","destination":"","access":""},)"
    R"({"source":"/dev/a:b","destination":"/dev/c","access":"r"}],)"
    R"("interactive":true,"terminal":true,"init":true,"read-only":true,)"
    R"("cap-add":["CAP_CHOWN","CAP_SYS_ADMIN"],"cap-drop":["ALL"],"user":"app:5",)"
    R"("group-add":["a","7"],"ulimits":["nofile=1:2","core=-1"],)"
    R"("sysctls":["net.ipv4.ip_forward=1"],)"
    R"("tmpfs":[{"destination":"/b/c","options":[]},{"destination":"/b","options":["size=1M"]}],)"
    R"("volumes":[{"source":"/srv/b","destination":"/v/b","options":[]},)"
    R"({"source":"/srv/a/","destination":"/v","options":["ro"]}],"shm-size":4096,)"
    R"("oom-score-adj":-5,"umask":63,"privileged":false,"no-new-privileges":false,)"
    R"("seccomp":" {\"defaultAction\":\"SCMP_ACT_ALLOW\"}"})";

static const char defaults_json[] =
    R"({"runtime-max":null,"setup-timeout":null,"log-rate-burst":0,"log-rate-interval":1000000,)"
    R"("auto-remove":false,"memory-max":null,"cpu-quota":null,"pids-max":null,)"
    R"("strict-limits":false,)"
    R"("memory-low":0,"memory-high":null,"memory-swap":0,"cpu-weight":null,"io-weight":null,)"
    R"("stop-signal":0,"stop-timeout":10000000,"network":"none",)"
    R"("interactive":false,"terminal":false,"init":false,"read-only":false,)"
    R"("shm-size":67108864,"oom-score-adj":0,"umask":18,)"
    R"("privileged":false,"no-new-privileges":true})";

TEST (Options, HaveDefaults)
{
  Options options (quilt_options_new (), quilt_options_free);

  EXPECT_EQ (options->name, nullptr);
  EXPECT_EQ (options->command, nullptr);
  EXPECT_EQ (options->stop_timeout_usec, 10000000u);
  EXPECT_EQ (options->setup_timeout_usec, QUILT_INFINITY);
  EXPECT_EQ (options->memory_max, QUILT_INFINITY);
  EXPECT_EQ (options->cpu_quota_usec, QUILT_INFINITY);
  EXPECT_EQ (options->pids_max, QUILT_INFINITY);
  EXPECT_EQ (print (options.get ()), defaults_json);
}

TEST (Options, AreReadWhole)
{
  Error error;
  Options options = from_variant (everything, error);

  ASSERT_TRUE (error.none ());
  EXPECT_STREQ (options->name, "web");
  EXPECT_EQ (join (options->command), "sh|-c|a\xff b\n||");
  EXPECT_EQ (join (options->env), "A=1|B==\xc1|");
  EXPECT_STREQ (options->working_directory, "/srv");
  EXPECT_STREQ (options->hostname, "h.example");
  EXPECT_EQ (join (options->labels), "a=|a-b=1|a.b=é|b=2|");
  EXPECT_EQ (join (options->setup), "apt: hello|echo \"x\"|");
  EXPECT_EQ (options->setup_timeout_usec, 90000000u);
  EXPECT_EQ (options->memory_max, 67108864u);
  EXPECT_EQ (options->cpu_quota_usec, 1500000u);
  EXPECT_EQ (options->pids_max, 100u);
  EXPECT_EQ (options->stop_signal, 2);
  EXPECT_EQ (options->stop_timeout_usec, 0u);
  EXPECT_EQ (options->log_rate_burst, 1000);
  EXPECT_EQ (options->log_rate_interval_usec, 30000000u);
  EXPECT_TRUE (options->auto_remove);
  EXPECT_TRUE (options->read_only);
}

TEST (Options, GoRound)
{
  Error error;
  Options options = from_variant (everything, error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (print (options.get ()), everything_json);
  Options again = from_json (everything_json, error);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (print (again.get ()), everything_json);
  Options copy (quilt_options_copy (again.get ()), quilt_options_free);
  again.reset ();
  EXPECT_EQ (print (copy.get ()), everything_json);

  Options plain = from_json ("{}", error);
  EXPECT_EQ (print (plain.get ()), defaults_json);
  plain = from_json (defaults_json, error);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (print (plain.get ()), defaults_json);
}

TEST (Options, InfinityGoesRound)
{
  Error error;
  Options options = from_variant ("{'stop-timeout': <uint64 18446744073709551615>,"
                                  " 'memory-max': <uint64 18446744073709551615>}",
                                  error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (options->stop_timeout_usec, QUILT_INFINITY);
  options = from_json (print (options.get ()), error);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (options->stop_timeout_usec, QUILT_INFINITY);
  EXPECT_EQ (options->memory_max, QUILT_INFINITY);
}

TEST (Options, ByteStringsNeedNoFinalNul)
{
  Error error;
  Options options =
      from_variant ("{'command': <[@ay [0x73, 0x68], [0x61, 0x00], [0x00], []]>}", error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (join (options->command), "sh|a|||");
}

static const struct {
  const char *dict;
  int code;
  const char *why;
} bad_dicts[] = {
    {"{'nonsense': <1>}", QUILT_ERROR_NOT_SUPPORTED, "option 'nonsense': no such option"},
    {"{'stdout': <handle 0>}", QUILT_ERROR_NOT_SUPPORTED, "option 'stdout': no such option"},
    {"{'': <1>}", QUILT_ERROR_NOT_SUPPORTED, "option '': no such option"},
    {"{'a\\nb': <1>}", QUILT_ERROR_NOT_SUPPORTED, "option 'a\\x0ab': no such option"},
    {"{'Name': <'web'>}", QUILT_ERROR_NOT_SUPPORTED, "option 'Name'"},
    {"{'read-only': <true>, 'read-only': <true>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'read-only': given twice"},
    {"{'name': <1>}", QUILT_ERROR_INVALID_ARGUMENT, "'name': must be of D-Bus type s, not i"},
    {"{'name': <<'web'>>}", QUILT_ERROR_INVALID_ARGUMENT, "must be of D-Bus type s, not v"},
    {"{'command': <['sh']>}", QUILT_ERROR_INVALID_ARGUMENT, "must be of D-Bus type aay, not as"},
    {"{'memory-max': <67108864>}", QUILT_ERROR_INVALID_ARGUMENT, "must be of D-Bus type t, not i"},
    {"{'stop-signal': <uint32 15>}", QUILT_ERROR_INVALID_ARGUMENT, "type i, not u"},
    {"{'auto-remove': <1>}", QUILT_ERROR_INVALID_ARGUMENT, "type b, not i"},
    {"{'log-rate-burst': <1>}", QUILT_ERROR_INVALID_ARGUMENT, "type x, not i"},
    {"{'name': <''>}", QUILT_ERROR_INVALID_ARGUMENT, "container name ''"},
    {"{'name': <'../x'>}", QUILT_ERROR_INVALID_ARGUMENT, "container name '../x': must be"},
    {"{'command': <[b'']>}", QUILT_ERROR_INVALID_ARGUMENT, "program's name is empty"},
    {"{'command': <[@ay [0x61, 0x00, 0x62]]>}", QUILT_ERROR_INVALID_ARGUMENT, "NUL bytes"},
    {"{'command': <[@ay [0x61, 0x00, 0x00]]>}", QUILT_ERROR_INVALID_ARGUMENT, "NUL bytes"},
    {"{'env': <[b'A']>}", QUILT_ERROR_INVALID_ARGUMENT, "'env' to 'A': must be NAME=VALUE"},
    {"{'env': <[b'A=1', b'=x']>}", QUILT_ERROR_INVALID_ARGUMENT, "'env' to '=x'"},
    {"{'env': <[b'']>}", QUILT_ERROR_INVALID_ARGUMENT, "'env' to ''"},
    {"{'env': <[b'\\377']>}", QUILT_ERROR_INVALID_ARGUMENT, "'env' to '\\xff'"},
    {"{'working-directory': <'srv'>}", QUILT_ERROR_INVALID_ARGUMENT, "an absolute path"},
    {"{'working-directory': <''>}", QUILT_ERROR_INVALID_ARGUMENT, "an absolute path"},
    {"{'hostname': <'a_b'>}", QUILT_ERROR_INVALID_ARGUMENT, "hostname 'a_b'"},
    {"{'domainname': <'a_b'>}", QUILT_ERROR_INVALID_ARGUMENT, "domain name 'a_b'"},
    {"{'domainname': <'a'>, 'uts': <'host'>}", QUILT_ERROR_INVALID_ARGUMENT, "'domainname' to 'a'"},
    {"{'slice': <'system.slice'>}", QUILT_ERROR_INVALID_ARGUMENT, "outside quilt.slice"},
    {"{'slice': <''>}", QUILT_ERROR_INVALID_ARGUMENT, "'slice' to '': the name is empty"},
    {"{'timezone': <''>}", QUILT_ERROR_INVALID_ARGUMENT, "time zone ''"},
    {"{'timezone': <'../x'>}", QUILT_ERROR_INVALID_ARGUMENT, "time zone '../x'"},
    {"{'timezone': <'a//b'>}", QUILT_ERROR_INVALID_ARGUMENT, "time zone 'a//b'"},
    {"{'timezone': <'/a'>}", QUILT_ERROR_INVALID_ARGUMENT, "time zone '/a'"},
    {"{'runtime-max': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to"},
    {"{'entrypoint': <[b'', b'x']>}", QUILT_ERROR_INVALID_ARGUMENT, "the program's name is empty"},
    {"{'labels': <['a']>}", QUILT_ERROR_INVALID_ARGUMENT, "'labels' to 'a': must be NAME=VALUE"},
    {"{'labels': <['a=1', 'b=', 'a=2']>}", QUILT_ERROR_INVALID_ARGUMENT, "given twice"},
    {"{'setup': <['true', '']>}", QUILT_ERROR_INVALID_ARGUMENT, "setup step '': is empty"},
    {"{'setup-timeout': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT, "a whole number of seconds"},
    {"{'setup-timeout': <uint64 1500000>}", QUILT_ERROR_INVALID_ARGUMENT, "a whole number of"},
    {"{'memory-max': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT, "at least 4194304 bytes"},
    {"{'memory-max': <uint64 4194303>}", QUILT_ERROR_INVALID_ARGUMENT, "to '4194303'"},
    {"{'memory-max': <uint64 18446744073709551614>}", QUILT_ERROR_INVALID_ARGUMENT, "infinity"},
    {"{'cpu-quota': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 0.001 to 8192 CPUs"},
    {"{'cpu-quota': <uint64 999>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 0.001 to 8192 CPUs"},
    {"{'cpu-quota': <uint64 8192000001>}", QUILT_ERROR_INVALID_ARGUMENT, "8192 CPUs"},
    {"{'pids-max': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to 4194303"},
    {"{'memory-high': <uint64 1>}", QUILT_ERROR_INVALID_ARGUMENT, "'memory-high' to '1'"},
    {"{'memory-low': <uint64 18446744073709551615>}", QUILT_ERROR_INVALID_ARGUMENT, "memory-low"},
    {"{'memory-swap': <uint64 4194304>}", QUILT_ERROR_INVALID_ARGUMENT, "needs a memory limit"},
    {"{'memory-max': <uint64 4194305>, 'memory-swap': <uint64 4194304>}",
     QUILT_ERROR_INVALID_ARGUMENT, "must not be less than that"},
    {"{'cpu-weight': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT, "'cpu-weight' to '0'"},
    {"{'io-weight': <uint64 10001>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to 10000"},
    {"{'cpuset-cpus': <'0-'>}", QUILT_ERROR_INVALID_ARGUMENT, "list of CPUs '0-'"},
    {"{'cpuset-mems': <'x'>}", QUILT_ERROR_INVALID_ARGUMENT, "list of memory nodes 'x'"},
    {"{'device-write-iops': <['/dev/sda:1']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "must be of D-Bus type a(st), not as"},
    {"{'device-write-iops': <[('/etc/x', uint64 1)]>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'device-write-iops' to '/etc/x': must be the path of a device"},
    {"{'devices': <[('/dev/x', '/dev/y', 'q')]>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'devices' to 'q': the access must consist of"},
    {"{'ip-allow': <['any', 'nowhere']>}", QUILT_ERROR_INVALID_ARGUMENT, "'nowhere'"},
    {"{'pids-max': <uint64 4194304>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to 4194303"},
    {"{'stop-signal': <-1>}", QUILT_ERROR_INVALID_ARGUMENT, "to '-1': must be 1 to 64"},
    {"{'stop-signal': <65>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to 64"},
    {"{'stop-timeout': <uint64 9223372036854775808>}", QUILT_ERROR_INVALID_ARGUMENT, "infinity"},
    {"{'log-rate-burst': <int64 -1>}", QUILT_ERROR_INVALID_ARGUMENT, "a number of lines"},
    {"{'log-rate-burst': <int64 1>, 'log-rate-interval': <uint64 0>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'log-rate-interval' to '0'"},
    {"{'cap-add': <['SYS_FOO']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'cap-add' to 'SYS_FOO': there is no such capability"},
    {"{'cap-drop': <['CHOWN', '']>}", QUILT_ERROR_INVALID_ARGUMENT, "'cap-drop' to ''"},
    {"{'cap-add': <['CHOWN,KILL']>}", QUILT_ERROR_INVALID_ARGUMENT, "to 'CHOWN,KILL'"},
    {"{'cap-add': <['a', 'cap_kill']>, 'cap-drop': <['KILL']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'cap-add' to 'a'"},
    {"{'cap-add': <['cap_kill']>, 'cap-drop': <['KILL']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'cap-drop' to 'CAP_KILL': can't be both added and dropped"},
    {"{'cap-add': <['ALL']>, 'cap-drop': <['all']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'cap-drop' to 'ALL': cap-add or privileged adds it"},
    {"{'privileged': <true>, 'cap-drop': <['all']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "cap-add or privileged adds it"},
    {"{'no-new-privileges': <'true'>}", QUILT_ERROR_INVALID_ARGUMENT, "type b, not s"},
    {"{'user': <''>}", QUILT_ERROR_INVALID_ARGUMENT, "'user' to '': a name is empty"},
    {"{'user': <'4294967295'>}", QUILT_ERROR_INVALID_ARGUMENT, "from 0 to 4294967294"},
    {"{'group-add': <['x y']>}", QUILT_ERROR_INVALID_ARGUMENT, "'group-add' to 'x y'"},
    {"{'ulimits': <['nofile']>}", QUILT_ERROR_INVALID_ARGUMENT, "'ulimits' to 'nofile': must be"},
    {"{'ulimits': <['files=1']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "there is no such limit; the limits are as"},
    {"{'ulimits': <['NOFILE=1']>}", QUILT_ERROR_INVALID_ARGUMENT, "there is no such limit"},
    {"{'ulimits': <['host']>}", QUILT_ERROR_INVALID_ARGUMENT, "'host'"},
    {"{'ulimits': <['nofile=2:1']>}", QUILT_ERROR_INVALID_ARGUMENT, "above the hard one"},
    {"{'ulimits': <['nofile=-1:1']>}", QUILT_ERROR_INVALID_ARGUMENT, "above the hard one"},
    {"{'ulimits': <['nofile=-2']>}", QUILT_ERROR_INVALID_ARGUMENT, "must be numbers"},
    {"{'ulimits': <['nofile=1:2:3']>}", QUILT_ERROR_INVALID_ARGUMENT, "must be numbers"},
    {"{'ulimits': <['nofile=']>}", QUILT_ERROR_INVALID_ARGUMENT, "must be numbers"},
    {"{'ulimits': <['nofile=1', 'nofile=2']>}", QUILT_ERROR_INVALID_ARGUMENT, "given twice"},
    {"{'sysctls': <['kernel.panic=1']>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'sysctls' to 'kernel.panic=1': it belongs to no namespace"},
    {"{'sysctls': <['kernel.hostname=x']>}", QUILT_ERROR_INVALID_ARGUMENT, "option hostname"},
    {"{'sysctls': <['net.ipv4.ip_forward']>}", QUILT_ERROR_INVALID_ARGUMENT, "KEY=VALUE"},
    {"{'sysctls': <['net/../kernel/panic=1']>}", QUILT_ERROR_INVALID_ARGUMENT, "it is not a key"},
    {"{'sysctls': <['net.//.kernel.panic=1']>}", QUILT_ERROR_INVALID_ARGUMENT, "it is not a key"},
    {"{'sysctls': <['net.=1']>}", QUILT_ERROR_INVALID_ARGUMENT, "it is not a key"},
    {"{'sysctls': <['net=1']>}", QUILT_ERROR_INVALID_ARGUMENT, "it belongs to no namespace"},
    {"{'sysctls': <['kernel.shmmaxx=1']>}", QUILT_ERROR_INVALID_ARGUMENT, "no namespace"},
    {"{'sysctls': <['net.x=a\nb']>}", QUILT_ERROR_INVALID_ARGUMENT, "one line"},
    {"{'sysctls': <['net.a.b=1', 'net/a/b=2']>}", QUILT_ERROR_INVALID_ARGUMENT, "given twice"},
    {"{'tmpfs': <[('x', @as [])]>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'tmpfs' to 'x': the path in the container must be absolute"},
    {"{'tmpfs': <[('/', @as [])]>}", QUILT_ERROR_INVALID_ARGUMENT, "the root file system"},
    {"{'tmpfs': <[('/a/../proc', @as [])]>}", QUILT_ERROR_INVALID_ARGUMENT,
     "no '//', '.' and '..'"},
    {"{'tmpfs': <[('/a/', @as [])]>}", QUILT_ERROR_INVALID_ARGUMENT, "nor end with '/'"},
    {"{'tmpfs': <[('/proc/sys', @as [])]>}", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
    {"{'tmpfs': <[('/sys', ['size=1k'])]>}", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
    {"{'tmpfs': <[('/dev', @as [])]>}", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
    {"{'tmpfs': <[('/a', ['size=much'])]>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'tmpfs' to 'size=much'"},
    {"{'tmpfs': <[('/a', ['mode=9'])]>}", QUILT_ERROR_INVALID_ARGUMENT, "to 'mode=9'"},
    {"{'tmpfs': <[('/a', ['rw', 'tmpcopyup'])]>}", QUILT_ERROR_INVALID_ARGUMENT, "to 'tmpcopyup'"},
    {"{'tmpfs': <[('/a', ['ro', '', 'rw'])]>}", QUILT_ERROR_INVALID_ARGUMENT, "to ''"},
    {"{'tmpfs': <[('/a', @as []), ('/a', ['ro'])]>}", QUILT_ERROR_INVALID_ARGUMENT, "given twice"},
    {"{'volumes': <[('data', '/data', @as [])]>}", QUILT_ERROR_NOT_SUPPORTED, "named volumes"},
    {"{'volumes': <[('/a', '/b', @as []), ('/c', '/b/', [])]>}", QUILT_ERROR_INVALID_ARGUMENT,
     "given twice"},
    {"{'volumes': <[('/a', '/b/', @as [])]>, 'tmpfs': <[('/b', ['ro'])]>}",
     QUILT_ERROR_INVALID_ARGUMENT, "a tmpfs has"},
    {"{'volumes': <[('/a', '/b', ['idmap'])]>, 'userns': <'host'>}", QUILT_ERROR_INVALID_ARGUMENT,
     "needs a user namespace"},
    {"{'shm-size': <uint64 4096>, 'ipc': <'host'>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'shm-size': it has no effect with ipc 'host'"},
    {"{'shm-size': <uint64 18446744073709551615>}", QUILT_ERROR_INVALID_ARGUMENT, "0 for no"},
    {"{'oom-score-adj': <-1001>}", QUILT_ERROR_INVALID_ARGUMENT, "to '-1001': must be -1000"},
    {"{'oom-score-adj': <1001>}", QUILT_ERROR_INVALID_ARGUMENT, "to '1001': must be -1000"},
    {"{'umask': <512>}", QUILT_ERROR_INVALID_ARGUMENT, "must be 0 to 511"},
    {"{'umask': <-1>}", QUILT_ERROR_INVALID_ARGUMENT, "to '-1'"},
    {"{'userns': <'private'>}", QUILT_ERROR_INVALID_ARGUMENT, "'userns' to 'private'"},
    {"{'userns': <'0:1:0'>}", QUILT_ERROR_INVALID_ARGUMENT, "'userns': the id map 0:1:0"},
    {"{'log-rate-interval': <uint64 5>}", QUILT_ERROR_INVALID_ARGUMENT, "needs log-rate-burst"},
    {"{'seccomp': <'Default'>}", QUILT_ERROR_INVALID_ARGUMENT, "'seccomp' to 'Default': must be"},
    {"{'seccomp': <'{}'>}", QUILT_ERROR_INVALID_ARGUMENT,
     "profile: Failed to read 'defaultAction'"},
    {"{'seccomp': <'{\"defaultAction\":\"X\"}'>}", QUILT_ERROR_INVALID_ARGUMENT,
     "'X' is not an action"},
    {"{'seccomp': <true>}", QUILT_ERROR_INVALID_ARGUMENT, "type s, not b"},
};

TEST (Options, AreRefusedByName)
{
  for (const auto &c : bad_dicts) {
    Error error;

    EXPECT_EQ (from_variant (c.dict, error), nullptr) << c.dict;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.dict;
  }
}

TEST (Options, EdgesOfRangesAreIn)
{
  for (const char *text : {"{'memory-max': <uint64 4194304>}",
                           "{'cpu-quota': <uint64 1000>}",
                           "{'cpu-quota': <uint64 8192000000>}",
                           "{'pids-max': <uint64 1>}",
                           "{'pids-max': <uint64 4194303>}",
                           "{'stop-signal': <64>}",
                           "{'stop-signal': <0>}",
                           "{'setup-timeout': <uint64 1000000>}",
                           "{'stop-timeout': <uint64 9223372036854775807>}",
                           "{'memory-low': <uint64 0>}",
                           "{'memory-swap': <uint64 18446744073709551615>}",
                           "{'memory-max': <uint64 4194304>, 'memory-swap': <uint64 4194304>}",
                           "{'cpu-weight': <uint64 1>, 'io-weight': <uint64 10000>}",
                           "{'cpuset-cpus': <''>}",
                           "{'device-read-bps': <@a(st) []>, 'ip-deny': <@as []>}",
                           "{'oom-score-adj': <1000>}",
                           "{'oom-score-adj': <-1000>}",
                           "{'umask': <0>}",
                           "{'umask': <511>}",
                           "{'shm-size': <uint64 0>}",
                           "{'ulimits': <['cpu=unlimited']>}",
                           "{'tmpfs': <[('/dev/x', ['size=50%', 'rw', 'notmpcopyup'])]>}",
                           "{'sysctls': <['fs.mqueue.msg_max=1']>}",
                           "{'labels': <@as []>}",
                           "{'command': <@aay []>}",
                           "{'labels': <['a=', 'aa=']>}"}) {
    Error error;

    EXPECT_NE (from_variant (text, error), nullptr) << text;
    EXPECT_TRUE (error.none ()) << text;
  }
}

TEST (Options, SizesAreBounded)
{
  Error error;
  string longest (131071, 'x');

  EXPECT_NE (from_variant ("{'command': <[b'" + longest + "']>}", error), nullptr);
  EXPECT_EQ (from_variant ("{'command': <[b'" + longest + "x']>}", error), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "shorter than 131072 bytes"));
  EXPECT_LT (error.message ().size (), 300u);
  EXPECT_EQ (from_variant ("{'env': <[b'A=" + longest + "']>}", error), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "shorter than 131072 bytes"));

  string most = "b'" + longest + "'";
  EXPECT_NE (from_variant ("{'command': <[" + most + "," + most + "," + most + "]>}", error),
             nullptr);
  EXPECT_EQ (from_variant ("{'command': <[" + most + "," + most + "," + most +
                               "]>,"
                               " 'setup': <['" +
                               longest + "', 'true']>}",
                           error),
             nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "at most 512 KiB"));
}

TEST (OptionsUpdate, ChangesWhatIsLive)
{
  Error error;
  Options options = from_variant (everything, error);

  ASSERT_TRUE (quilt_options_update (
      options.get (),
      dict ("{'memory-max': <uint64 18446744073709551615>, 'cpu-quota': <uint64 500000>,"
            " 'pids-max': <uint64 7>, 'stop-signal': <15>, 'stop-timeout': <uint64 1>}")
          .get (),
      error.out ()))
      << error.message ();
  EXPECT_EQ (options->memory_max, QUILT_INFINITY);
  EXPECT_EQ (options->cpu_quota_usec, 500000u);
  EXPECT_EQ (options->pids_max, 7u);
  EXPECT_EQ (options->stop_signal, 15);
  EXPECT_EQ (options->stop_timeout_usec, 1u);
  EXPECT_STREQ (options->name, "web");
  EXPECT_EQ (join (options->env), "A=1|B==\xc1|");
}

TEST (OptionsUpdate, AllOrNothing)
{
  const struct {
    const char *dict;
    int code;
    const char *why;
  } cases[] = {
      {"{'pids-max': <uint64 7>, 'name': <'x'>}", QUILT_ERROR_NOT_SUPPORTED,
       "'name': fixed when the container is created"},
      {"{'pids-max': <uint64 7>, 'env': <[b'A=2']>}", QUILT_ERROR_NOT_SUPPORTED, "'env': fixed"},
      {"{'pids-max': <uint64 7>, 'nonsense': <1>}", QUILT_ERROR_NOT_SUPPORTED, "no such option"},
      {"{'pids-max': <uint64 7>, 'memory-max': <uint64 1>}", QUILT_ERROR_INVALID_ARGUMENT,
       "'memory-max' to '1'"},
      {"{'pids-max': <uint64 7>, 'pids-max': <uint64 8>}", QUILT_ERROR_INVALID_ARGUMENT, "twice"},
  };
  Error error;
  Options options = from_variant (everything, error);

  for (const auto &c : cases) {
    EXPECT_FALSE (quilt_options_update (options.get (), dict (c.dict).get (), error.out ()));
    EXPECT_TRUE (error.is (c.code, c.why)) << c.dict;
    EXPECT_EQ (print (options.get ()), everything_json) << c.dict;
  }
}

/* Fault 3. */
TEST (OptionsJson, OptionsOfANewerQuiltAreKept)
{
  Error error;
  /* As deep as a record may be, which is deeper than json-c's own parser goes. */
  const std::string value = R"({"a":)" + std::string (50, '[') + "1" + std::string (50, ']') + "}";
  const std::string all = R"({"of-tomorrow":)" + value + "}";
  Options options = from_json (all.c_str (), error);
  g_autoptr (QuiltOptions) copy = options ? quilt_options_copy (options.get ()) : nullptr;
  g_autoptr (json_object) json = copy ? quilt_options_to_json (copy) : nullptr;
  json_object *kept = nullptr;

  ASSERT_NE (json, nullptr) << error.message ();
  EXPECT_EQ (copy->more, all);
  ASSERT_TRUE (json_object_object_get_ex (json, "of-tomorrow", &kept));
  EXPECT_EQ (json_object_to_json_string_ext (kept, JSON_C_TO_STRING_PLAIN), value);
}

TEST (OptionsJson, EverythingIsCheckedAgain)
{
  const struct {
    const char *text;
    int code;
    const char *why;
  } cases[] = {
      {"[]", QUILT_ERROR_INVALID_ARGUMENT, "must be an object"},
      {R"({"name":"../x"})", QUILT_ERROR_INVALID_ARGUMENT, "container name '../x'"},
      {R"({"name":null})", QUILT_ERROR_INVALID_ARGUMENT, "'name': must be a string"},
      {R"({"command":"sh"})", QUILT_ERROR_INVALID_ARGUMENT, "'command': must be an array"},
      {R"({"command":["sh",1]})", QUILT_ERROR_INVALID_ARGUMENT, "'command[1]': must be a string"},
      {R"({"env":["A"]})", QUILT_ERROR_INVALID_ARGUMENT, "'env' to 'A'"},
      {R"({"memory-max":-1})", QUILT_ERROR_INVALID_ARGUMENT, "must not be negative"},
      {R"({"memory-max":1})", QUILT_ERROR_INVALID_ARGUMENT, "at least 4194304"},
      {R"({"memory-max":"64M"})", QUILT_ERROR_INVALID_ARGUMENT, "must be an integer"},
      {R"({"memory-max":1e9})", QUILT_ERROR_INVALID_ARGUMENT, "must be an integer"},
      {R"({"log-rate-interval":null})", QUILT_ERROR_INVALID_ARGUMENT, "must be an integer"},
      {R"({"stop-signal":4294967311})", QUILT_ERROR_INVALID_ARGUMENT, "must be 1 to 64"},
      {R"({"read-only":"yes"})", QUILT_ERROR_INVALID_ARGUMENT, "must be a boolean"},
      {R"({"labels":["a=1","a=1"]})", QUILT_ERROR_INVALID_ARGUMENT, "given twice"},
      {R"({"log-rate-interval":7})", QUILT_ERROR_INVALID_ARGUMENT, "needs log-rate-burst"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (from_json (c.text, error), nullptr) << c.text;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.text;
  }
}

TEST (Options, ThatMakeRootNeedAPrivilege)
{
  const struct {
    const char *dict;
    const char *why; /* the keys, each followed by '|' */
  } cases[] = {
      {"{}", ""},
      {"{'cap-add': <['CHOWN', 'KILL']>}", ""},
      {"{'cap-drop': <['ALL']>, 'cap-add': <['SETUID']>}", ""},
      {"{'no-new-privileges': <false>}", ""},
      {"{'seccomp': <'default'>}", ""},
      {"{'seccomp': <'unconfined'>}", "seccomp|"},
      {"{'seccomp': <'{\"defaultAction\":\"SCMP_ACT_KILL\"}'>}", "seccomp|"},
      {"{'cap-add': <['NET_RAW']>}", "cap-add|"},
      {"{'cap-drop': <['ALL']>, 'cap-add': <['SYS_ADMIN']>}", "cap-add|"},
      {"{'cap-add': <['all']>}", "cap-add|"},
      {"{'privileged': <true>}", "privileged|"},
      {"{'privileged': <true>, 'cap-add': <['BPF']>}", "cap-add|privileged|"},
      {"{'oom-score-adj': <1>}", ""},
      {"{'oom-score-adj': <-1>, 'cap-add': <['all']>}", "cap-add|oom-score-adj|"},
      {"{'userns': <'auto'>}", ""},
      {"{'userns': <'keep-id'>}", ""},
      {"{'userns': <'host'>}", "userns|"},
      {"{'userns': <'0:524288:65536'>}", "userns|"},
      {"{'volumes': <@a(ssas) []>}", ""},
      {"{'devices': <[('/dev/null', '', 'r')]>}", "devices|"},
      {"{'volumes': <[('/srv', '/data', ['ro'])]>}", "volumes|"},
      /* Fault 13. */
      {"{'ulimits': <['rtprio=99']>}", "ulimits|"},
      {"{'ulimits': <['rtprio=0:1']>}", "ulimits|"},
      {"{'ulimits': <['rtprio=0', 'rttime=-1']>}", ""},
      {"{'ulimits': <['nice=40']>}", "ulimits|"},
      {"{'ulimits': <['nice=21']>}", "ulimits|"},
      {"{'ulimits': <['nice=20']>}", ""},
      {"{'ulimits': <['memlock=-1']>}", "ulimits|"},
      {"{'ulimits': <['memlock=0:8388609']>}", "ulimits|"},
      {"{'ulimits': <['memlock=8388608']>}", ""},
      {"{'ulimits': <['msgqueue=819201']>}", "ulimits|"},
      {"{'ulimits': <['msgqueue=819200']>}", ""},
      {"{'ulimits': <['nofile=1048576', 'nproc=-1', 'core=-1', 'stack=-1', 'as=-1', 'cpu=-1', "
       "'data=-1', 'fsize=-1', 'locks=-1', 'rss=-1', 'sigpending=-1']>}",
       ""},
      {"{'ulimits': <['core=0', 'nice=-1', 'nofile=1']>, 'volumes': <[('/a', '/b', @as [])]>}",
       "ulimits|volumes|"},
  };

  for (const auto &c : cases) {
    Error error;
    Options options = from_variant (c.dict, error);
    const char *why = "untouched";

    ASSERT_TRUE (error.none ()) << c.dict;
    const char **keys = quilt_options_privileges (options.get ());
    EXPECT_EQ (join ((char *const *)keys), c.why) << c.dict;
    EXPECT_EQ (quilt_options_need_privilege (options.get (), &why), keys[0] != nullptr);
    EXPECT_STREQ (why, keys[0] ? keys[0] : "untouched") << c.dict;
    g_free (keys);
  }
}
