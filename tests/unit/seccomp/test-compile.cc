/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The effect of compiled filters: on processes that have loaded them, and on any call by an
 * interpreter of BPF, which can also simulate calls of other architectures. */
#include "base/check.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

extern "C" {
#include "seccomp/compile.h"
#include "spec/capabilities.h"
}

using std::string;

static const guint64 LOW32 = 0xffffffff;

class Filter
{
public:
  explicit Filter (const QuiltSeccomp *seccomp)
  {
    bytes = quilt_compile (seccomp, error.out ());
  }

  ~Filter ()
  {
    g_clear_pointer (&bytes, g_bytes_unref);
  }

  static Filter of (const string &profile, guint64 caps = quilt_capabilities_default ())
  {
    Error error;
    QuiltSeccompTarget target;
    QuiltSeccomp *parsed =
        quilt_seccomp_profile_parse (profile.data (), profile.size (), error.out ());

    EXPECT_NE (parsed, nullptr) << error.message ();
    EXPECT_TRUE (quilt_seccomp_target_init (&target, "x86_64", "6.1.0", caps, error.out ()));
    QuiltSeccomp *resolved = quilt_seccomp_resolve (parsed, &target);
    quilt_seccomp_free (parsed);
    Filter filter (resolved);
    quilt_seccomp_free (resolved);
    return filter;
  }

  Filter (const Filter &) = delete;
  Filter (Filter &&other) : bytes (g_steal_pointer (&other.bytes))
  {
  }

  const sock_filter *code () const
  {
    return static_cast<const sock_filter *> (quilt_filter_get_instructions (bytes));
  }

  guint length () const
  {
    return quilt_filter_get_header (bytes)->n_instructions;
  }

  /* SECCOMP_RET_… of a call. */
  guint32 ask (guint32 arch, guint32 number, std::initializer_list<guint64> args = {}) const
  {
    seccomp_data data = {};
    guint32 a = 0;
    guint i = 0;

    data.arch = arch;
    data.nr = (int)number;
    for (guint64 arg : args)
      data.args[i++] = arg;
    for (guint at = 0; at < length (); at++) {
      const sock_filter &op = code ()[at];

      switch (op.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        EXPECT_LE (op.k + 4, sizeof data);
        memcpy (&a, reinterpret_cast<char *> (&data) + op.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= op.k;
        break;
      case BPF_JMP | BPF_JA:
        at += op.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += a == op.k ? op.jt : op.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += a > op.k ? op.jt : op.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += a >= op.k ? op.jt : op.jf;
        break;
      case BPF_RET | BPF_K:
        return op.k;
      default:
        ADD_FAILURE () << "unexpected instruction " << op.code;
        return 0;
      }
    }
    ADD_FAILURE () << "no return";
    return 0;
  }

  /* The errno that body ends with in a process under the filter; -1: killed. */
  int in_child (const std::function<int ()> &body) const
  {
    pid_t pid = fork ();
    int status = 0;

    if (pid == 0) {
      sock_fprog program = {(unsigned short)length (), const_cast<sock_filter *> (code ())};

      if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
          syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        _exit (250);
      errno = 0;
      syscall (SYS_exit_group, body () < 0 ? errno : 0);
    }
    EXPECT_EQ (waitpid (pid, &status, 0), pid);
    return WIFEXITED (status) ? WEXITSTATUS (status) : -1;
  }

  GBytes *bytes = nullptr;
  Error error;
};

static const guint32 ALLOW = SECCOMP_RET_ALLOW, PERM = SECCOMP_RET_ERRNO | EPERM,
                     NOSYS = SECCOMP_RET_ERRNO | ENOSYS;

#ifdef __x86_64__
#define X86_64 AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386

class Default : public testing::Test
{
protected:
  Filter filter = Filter::of (quilt_seccomp_default_profile ());
};

TEST_F (Default, FitsAndSaysWhatItIs)
{
  ASSERT_NE (filter.bytes, nullptr) << filter.error.message ();
  EXPECT_TRUE (quilt_filter_check (filter.bytes, nullptr));
  EXPECT_GT (filter.length (), 300u);
  EXPECT_LT (filter.length (), 2000u);
}

TEST_F (Default, KnownCallsAreForbiddenAndUnknownAreNotThere)
{
  for (guint32 nr :
       {SYS_mount,          SYS_umount2,         SYS_move_mount,  SYS_fsopen,
        SYS_unshare,        SYS_setns,           SYS_bpf,         SYS_userfaultfd,
        SYS_keyctl,         SYS_add_key,         SYS_request_key, SYS_io_uring_setup,
        SYS_io_uring_enter, SYS_perf_event_open, SYS_kexec_load,  SYS_init_module,
        SYS_swapon,         SYS_reboot,          SYS_quotactl,    SYS_open_by_handle_at,
        SYS_syslog,         SYS_settimeofday,    SYS_iopl,        SYS_fanotify_init,
        SYS_pivot_root,     SYS_sethostname})
    EXPECT_EQ (filter.ask (X86_64, nr), PERM) << nr;
  for (guint32 nr : {SYS_clone3, SYS_uselib, 600, 1000, 0x3fffffff})
    EXPECT_EQ (filter.ask (X86_64, (guint32)nr), NOSYS) << nr;
  for (guint32 nr :
       {SYS_read, SYS_write, SYS_execve, SYS_ptrace, SYS_chroot, SYS_futex, SYS_openat2,
        SYS_epoll_wait, SYS_seccomp, SYS_landlock_restrict_self, SYS_arch_prctl})
    EXPECT_EQ (filter.ask (X86_64, nr), ALLOW) << nr;
}

TEST_F (Default, CallsThatLibseccompMayNotKnowAreAllowedByNumber)
{
  for (guint32 nr : {452u, 462u, 469u, 335u})
    EXPECT_EQ (filter.ask (X86_64, nr), ALLOW) << nr;
  EXPECT_EQ (filter.ask (I386, 452), ALLOW);
  EXPECT_EQ (filter.ask (I386, 336), PERM) << "perf_event_open there, uprobe elsewhere";
  EXPECT_EQ (filter.ask (X86_64, 467), PERM) << "open_tree_attr mounts";
}

TEST_F (Default, X32IsNotThere)
{
  for (guint32 nr : {(guint32)SYS_read, (guint32)SYS_mount, 512u, 545u})
    EXPECT_EQ (filter.ask (X86_64, 0x40000000 | nr), NOSYS) << nr;
  EXPECT_EQ (filter.ask (AUDIT_ARCH_ARM, 3), NOSYS);
}

TEST_F (Default, I386HasTheSamePolicy)
{
  EXPECT_EQ (filter.ask (I386, 3), ALLOW);   /* read */
  EXPECT_EQ (filter.ask (I386, 21), PERM);   /* mount */
  EXPECT_EQ (filter.ask (I386, 288), PERM);  /* keyctl */
  EXPECT_EQ (filter.ask (I386, 310), PERM);  /* unshare */
  EXPECT_EQ (filter.ask (I386, 425), PERM);  /* io_uring_setup */
  EXPECT_EQ (filter.ask (I386, 435), NOSYS); /* clone3 */
  EXPECT_EQ (filter.ask (I386, 54, {0, 0x5412}), PERM);
  EXPECT_EQ (filter.ask (I386, 359, {40}), PERM); /* socket */
  EXPECT_EQ (filter.ask (I386, 359, {2}), ALLOW);
  EXPECT_EQ (filter.ask (I386, 102, {1}), PERM); /* socketcall: socket */
  EXPECT_EQ (filter.ask (I386, 102, {3}), ALLOW);
  EXPECT_EQ (filter.ask (I386, 120, {CLONE_NEWUSER | SIGCHLD}), PERM);
}

TEST_F (Default, ArgumentsCountAsTheKernelReadsThem)
{
  for (guint64 high : {0ULL, 1ULL << 32, 0xffffffffULL << 32, 1ULL << 63}) {
    EXPECT_EQ (filter.ask (X86_64, SYS_ioctl, {0, high | TIOCSTI}), PERM) << high;
    EXPECT_EQ (filter.ask (X86_64, SYS_ioctl, {0, high | TIOCLINUX}), PERM) << high;
    EXPECT_EQ (filter.ask (X86_64, SYS_ioctl, {0, high | TCGETS}), ALLOW) << high;
    EXPECT_EQ (filter.ask (X86_64, SYS_socket, {high | AF_VSOCK}), PERM) << high;
    EXPECT_EQ (filter.ask (X86_64, SYS_socket, {high | AF_INET}), ALLOW) << high;
    EXPECT_EQ (filter.ask (X86_64, SYS_clone, {high | CLONE_NEWUSER}), PERM) << high;
    EXPECT_EQ (filter.ask (X86_64, SYS_clone, {high | CLONE_VM | SIGCHLD}), ALLOW) << high;
  }
  for (guint64 flag :
       {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET})
    EXPECT_EQ (filter.ask (X86_64, SYS_clone, {flag | SIGCHLD}), PERM) << flag;
  EXPECT_EQ (filter.ask (X86_64, SYS_personality, {LOW32}), ALLOW);
  EXPECT_EQ (filter.ask (X86_64, SYS_personality, {0x0400000}), PERM) << "READ_IMPLIES_EXEC";
  EXPECT_EQ (filter.ask (X86_64, SYS_personality, {8 | 1ULL << 40}), ALLOW);
}

TEST_F (Default, TheKernelEnforcesIt)
{
  EXPECT_EQ (filter.in_child ([] { return (int)syscall (SYS_getpid) > 0 ? 0 : -1; }), 0);
  EXPECT_EQ (filter.in_child ([] { return unshare (CLONE_NEWUSER); }), EPERM);
  EXPECT_EQ (filter.in_child ([] { return (int)syscall (SYS_clone3, nullptr, 0); }), ENOSYS);
  EXPECT_EQ (filter.in_child ([] { return (int)syscall (SYS_keyctl, 0, -3, 0); }), EPERM);
  EXPECT_EQ (filter.in_child ([] { return (int)syscall (1000); }), ENOSYS);
  EXPECT_EQ (filter.in_child ([] { return (int)syscall (SYS_ioctl, 0, TIOCSTI | 1L << 32, ""); }),
             EPERM);
  EXPECT_EQ (filter.in_child ([] { return (int)syscall (SYS_getpid | 0x40000000); }), ENOSYS);
  EXPECT_EQ (filter.in_child ([] {
    long result;

    asm volatile("int $0x80" : "=a"(result) : "a"(288L), "b"(0L), "c"(0L) : "memory");
    return result == -EPERM ? 0 : -1;
  }),
             0)
      << "keyctl of i386";
}

TEST (Capabilities, OpenWhatTheyAreFor)
{
  guint64 admin = quilt_capability_from_name ("CAP_SYS_ADMIN");
  Filter all = Filter::of (quilt_seccomp_default_profile (), ~0ULL);
  Filter some = Filter::of (quilt_seccomp_default_profile (), admin);
  Filter bpf =
      Filter::of (quilt_seccomp_default_profile (), quilt_capability_from_name ("CAP_BPF"));
  Filter none = Filter::of (quilt_seccomp_default_profile (), 0);

  EXPECT_EQ (some.ask (X86_64, SYS_mount), ALLOW);
  EXPECT_EQ (some.ask (X86_64, SYS_clone, {CLONE_NEWUSER}), ALLOW);
  EXPECT_EQ (some.ask (X86_64, SYS_clone3), ALLOW);
  EXPECT_EQ (some.ask (X86_64, SYS_init_module), PERM);
  EXPECT_EQ (some.ask (X86_64, SYS_chroot), PERM);
  EXPECT_EQ (bpf.ask (X86_64, SYS_bpf), ALLOW);
  EXPECT_EQ (bpf.ask (X86_64, SYS_mount), PERM);
  EXPECT_EQ (none.ask (X86_64, SYS_chroot), PERM);
  EXPECT_EQ (all.ask (X86_64, SYS_init_module), ALLOW);
  EXPECT_EQ (all.ask (X86_64, SYS_io_uring_setup), PERM) << "nobody's";
  EXPECT_EQ (all.ask (X86_64, SYS_ioctl, {0, TIOCSTI}), PERM);
}

static string
profile (const string &rules, const string &action = "SCMP_ACT_ALLOW")
{
  return "{\"defaultAction\":\"" + action + "\",\"syscalls\":[" + rules + "]}";
}

static string
condition (const char *op, const string &value, const string &two = "0")
{
  return profile ("{\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7,\"args\":[{"
                  "\"index\":1,\"value\":" +
                  value + ",\"valueTwo\":" + two + ",\"op\":\"SCMP_CMP_" + op + "\"}]}");
}

TEST (Operators, CompareAllBitsWithoutSign)
{
  const guint64 value = 0x500000005;
  const guint64 samples[] = {0,           4,           5,           6,           0x400000005,
                             0x4ffffffff, 0x500000000, 0x500000004, 0x500000005, 0x500000006,
                             0x5ffffffff, 0x600000000, 0x600000005, G_MAXUINT64};
  const struct {
    const char *op;
    bool (*holds) (guint64 a, guint64 b);
  } cases[] = {
      {"EQ", [] (guint64 a, guint64 b) { return a == b; }},
      {"NE", [] (guint64 a, guint64 b) { return a != b; }},
      {"LT", [] (guint64 a, guint64 b) { return a < b; }},
      {"LE", [] (guint64 a, guint64 b) { return a <= b; }},
      {"GE", [] (guint64 a, guint64 b) { return a >= b; }},
      {"GT", [] (guint64 a, guint64 b) { return a > b; }},
  };

  for (const auto &c : cases) {
    Filter filter = Filter::of (condition (c.op, std::to_string (value)));

    for (guint64 sample : samples)
      EXPECT_EQ (filter.ask (X86_64, SYS_dup3, {0, sample}) == (SECCOMP_RET_ERRNO | 7),
                 c.holds (sample, value))
          << c.op << " " << sample;
  }
}

TEST (Operators, MaskedEqual)
{
  Filter filter = Filter::of (condition ("MASKED_EQ", "1095216660735" /* 0xff000000ff */, "16"));

  EXPECT_EQ (filter.ask (X86_64, SYS_dup3, {0, 0x10}), SECCOMP_RET_ERRNO | 7);
  EXPECT_EQ (filter.ask (X86_64, SYS_dup3, {0, 0x8000ff10}), SECCOMP_RET_ERRNO | 7);
  EXPECT_EQ (filter.ask (X86_64, SYS_dup3, {0, 0x0100000010}), ALLOW | 0) << "a bit of the mask";
  EXPECT_EQ (filter.ask (X86_64, SYS_dup3, {0, 0x11}), ALLOW);
}

TEST (Rules, ConditionsComeFirstInTheirOrder)
{
  const string close = "{\"names\":[\"close\"],\"action\":\"SCMP_ACT_";
  Filter filter = Filter::of (
      profile (close + "ALLOW\"}," + close +
                   "ERRNO\",\"args\":[{\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_EQ\"}]}," + close +
                   "KILL_PROCESS\",\"args\":[{\"index\":0,\"value\":4,\"op\":\"SCMP_CMP_LE\"}]}",
               "SCMP_ACT_LOG"));

  EXPECT_EQ (filter.ask (X86_64, SYS_close, {3}), PERM);
  EXPECT_EQ (filter.ask (X86_64, SYS_close, {4}), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ (filter.ask (X86_64, SYS_close, {5}), ALLOW);
  EXPECT_EQ (filter.ask (X86_64, SYS_read), SECCOMP_RET_LOG);
  EXPECT_EQ (filter.ask (I386, 6, {3}), PERM);
}

TEST (Rules, AllArgumentsTogetherButEachOfOneRepeated)
{
  const string arg = "{\"op\":\"SCMP_CMP_EQ\",\"index\":";
  Filter both =
      Filter::of (profile ("{\"names\":[\"dup2\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[" + arg +
                           "0,\"value\":1}," + arg + "1,\"value\":2}]}"));
  Filter any =
      Filter::of (profile ("{\"names\":[\"dup2\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[" + arg +
                           "0,\"value\":1}," + arg + "0,\"value\":2}]}"));

  EXPECT_EQ (both.ask (X86_64, SYS_dup2, {1, 2}), PERM);
  EXPECT_EQ (both.ask (X86_64, SYS_dup2, {1, 3}), ALLOW);
  EXPECT_EQ (any.ask (X86_64, SYS_dup2, {1, 0}), PERM);
  EXPECT_EQ (any.ask (X86_64, SYS_dup2, {2, 0}), PERM);
  EXPECT_EQ (any.ask (X86_64, SYS_dup2, {3, 0}), ALLOW);
}

TEST (Rules, TheFirstOfTwoWithoutConditionsCounts)
{
  const string dup = "{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_";
  Filter filter = Filter::of (profile (dup + "ERRNO\"}," + dup + "KILL\"}"));

  EXPECT_EQ (filter.ask (X86_64, SYS_dup), PERM);
}

TEST (Rules, KillKills)
{
  Filter filter = Filter::of (profile ("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_KILL\"}"));

  EXPECT_EQ (filter.in_child ([] { return dup (0); }), -1);
  EXPECT_EQ (filter.in_child ([] { return 0; }), 0);
}
#endif

static GBytes *
compile (const char *text, Error &error)
{
  QuiltSeccomp *seccomp = quilt_seccomp_profile_parse (text, strlen (text), error.out ());

  EXPECT_NE (seccomp, nullptr) << error.message ();
  if (!seccomp)
    return nullptr;
  seccomp->arches = 1 << 1;
  GBytes *bytes = quilt_compile (seccomp, error.out ());
  quilt_seccomp_free (seccomp);
  return bytes;
}

TEST (Refused, ByName)
{
  const struct {
    const char *profile, *words;
  } cases[] = {
      {R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["reed"],"action":"SCMP_ACT_ERRNO"}]})",
       "the system call 'reed' is not known"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (compile (c.profile, error), nullptr);
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.words));
  }
}

TEST (Refused, TooLong)
{
  string text = R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[)";
  Error error;

  for (int i = 0; i < 900; i++)
    text +=
        R"({"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"op":"SCMP_CMP_EQ","value":)" +
        std::to_string (i + (1LL << 40)) + "}]},";
  text += R"({"names":["write"],"action":"SCMP_ACT_ERRNO"}]})";
  EXPECT_EQ (compile (text.c_str (), error), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "instructions"));
}

TEST (Version, IsSaid)
{
  EXPECT_EQ (take (quilt_compile_version ()).find ("libseccomp 2."), 0u);
}
