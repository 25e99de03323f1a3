/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays quiltd and journald to one quilt-supervisor. */
#include "harness.h"

/* glibc's header lacks the guard for C++. */
extern "C" {
#include <sys/pidfd.h>
}

#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace fs = std::filesystem;

static const int PATIENCE_MS = 20000;

Journald::Journald (const std::string &socket_path) : path (socket_path)
{
  open ();
}

Journald::~Journald ()
{
  close ();
}

void
Journald::open ()
{
  struct sockaddr_un address = {};

  unlink (path.c_str ());
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  address.sun_family = AF_UNIX;
  g_strlcpy (address.sun_path, path.c_str (), sizeof address.sun_path);
  ASSERT_EQ (bind (fd, (struct sockaddr *)&address, sizeof address), 0);
}

void
Journald::close ()
{
  quilt_fd_clear (&fd);
}

static Entry
parse_entry (const std::string &text)
{
  Entry entry;
  size_t at = 0;

  while (at < text.size ()) {
    size_t end = text.find ('\n', at);
    std::string line = text.substr (at, end - at);
    size_t equals = line.find ('=');

    at = end + 1;
    if (equals != std::string::npos) {
      entry[line.substr (0, equals)] = line.substr (equals + 1);
    } else {
      guint64 length;

      memcpy (&length, text.data () + at, sizeof length);
      entry[line] = text.substr (at + sizeof length, length);
      at += sizeof length + length + 1;
    }
  }
  return entry;
}

/* The content of an entry that came as a file. */
static std::string
read_passed (struct msghdr *header)
{
  struct cmsghdr *control = CMSG_FIRSTHDR (header);
  std::string text;
  char block[4096];
  ssize_t n;
  int passed;

  if (!control)
    return text;
  memcpy (&passed, CMSG_DATA (control), sizeof passed);
  for (off_t at = 0; (n = pread (passed, block, sizeof block, at)) > 0; at += n)
    text.append (block, (size_t)n);
  EXPECT_NE (fcntl (passed, F_GET_SEALS) & F_SEAL_WRITE, 0);
  ::close (passed);
  return text;
}

void
Journald::read ()
{
  static char data[1 << 20];
  char space[64];
  ssize_t n;

  for (;;) {
    struct iovec iov = {data, sizeof data};
    struct msghdr header = {};

    header.msg_iov = &iov;
    header.msg_iovlen = 1;
    header.msg_control = space;
    header.msg_controllen = sizeof space;
    n = fd < 0 ? -1 : recvmsg (fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
      return;
    if (n == 0 && header.msg_controllen == 0)
      continue; /* as journald does */
    entries.push_back (parse_entry (n > 0 ? std::string (data, (size_t)n) : read_passed (&header)));
  }
}

Strings
Journald::messages (const std::string &stream) const
{
  Strings result;

  for (const Entry &entry : entries)
    if (stream.empty () || (entry.count ("QUILT_STREAM") && entry.at ("QUILT_STREAM") == stream))
      result.push_back (entry.at ("MESSAGE"));
  return result;
}

static std::string
cgroup2_path ()
{
  FILE *table = setmntent ("/proc/self/mounts", "r");
  std::string path;
  struct mntent *entry;

  while (table && (entry = getmntent (table)))
    if (strcmp (entry->mnt_type, "cgroup2") == 0)
      path = entry->mnt_dir;
  if (table)
    endmntent (table);
  return path;
}

void
ContainerTest::SetUpTestSuite ()
{
  static bool done;

  if (done || geteuid () != 0)
    return;
  done = true;
  ASSERT_EQ (unshare (CLONE_NEWNS), 0);
  ASSERT_EQ (mount (nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  ASSERT_EQ (mount ("tmpfs", "/run", "tmpfs", 0, nullptr), 0);
  fs::create_directories ("/run/systemd/journal");
}

void
ContainerTest::SetUp ()
{
  char name[] = "/tmp/quilt-test-XXXXXX";
  std::string cgroup2 = cgroup2_path ();

  if (geteuid () != 0)
    GTEST_SKIP () << "needs root";
  if (cgroup2.empty () || !fs::exists ("/bin/busybox"))
    GTEST_SKIP () << "needs a cgroup2 and a static /bin/busybox";
  directory = mkdtemp (name);
  /* overlayfs does not stack on every file system. */
  ASSERT_EQ (mount ("tmpfs", name, "tmpfs", 0, nullptr), 0);
  root = directory + "/image";
  run_dir = directory + "/run";
  cgroup = cgroup2 + "/" + fs::path (directory).filename ().string ();
  for (const char *part : {"/image/bin", "/image/etc", "/upper", "/work", "/mnt", "/run"})
    fs::create_directories (directory + part);
  fs::copy_file ("/bin/busybox", root + "/bin/busybox");
  for (const char *applet :
       {"sh",       "true", "cat",      "sleep", "ls",  "id",  "printf", "kill", "mknod", "mount",
        "readlink", "head", "hostname", "dd",    "yes", "seq", "wc",     "grep", "mkdir", "test"})
    fs::create_symlink ("busybox", root + "/bin/" + applet);
  fs::create_directory (cgroup);
  journald = new Journald ("/run/systemd/journal/socket");
}

static void
wait_unpopulated (const std::string &cgroup)
{
  g_autofd int fd = open ((cgroup + "/cgroup.events").c_str (), O_RDONLY | O_CLOEXEC);

  for (;;) {
    struct pollfd changed = {fd, POLLPRI, 0};
    char text[256] = "";

    ASSERT_GT (pread (fd, text, sizeof text - 1, 0), 0);
    if (strstr (text, "populated 0"))
      return;
    ASSERT_GT (poll (&changed, 1, PATIENCE_MS), 0) << "a process is left in " << cgroup;
  }
}

void
ContainerTest::TearDown ()
{
  if (directory.empty ())
    return;
  if (pid_fd >= 0) {
    pidfd_send_signal (pid_fd, SIGKILL, nullptr, 0);
    waitpid (supervisor, nullptr, 0);
    quilt_fd_clear (&pid_fd);
  }
  quilt_fd_clear (&control);
  delete journald;
  /* All remaining processes end with the supervisor. */
  wait_unpopulated (cgroup);
  for (const char *part : {"/supervisor", "/payload", ""})
    EXPECT_TRUE (!fs::exists (cgroup + part) || rmdir ((cgroup + part).c_str ()) == 0);
  EXPECT_EQ (umount2 (directory.c_str (), MNT_DETACH), 0);
  EXPECT_EQ (rmdir (directory.c_str ()), 0);
}

Strings
ContainerTest::sh (const std::string &script)
{
  return {"/bin/sh", "-c", script};
}

/* Bytes stay bytes, as they do in quiltd. */
static std::string
quote (const std::string &text)
{
  std::string quoted = "\"";
  char code[8];

  for (unsigned char c : text) {
    snprintf (code, sizeof code, c < ' ' || c == '"' || c == '\\' ? "\\u%04x" : "%c", c);
    quoted += code;
  }
  return quoted + "\"";
}

static std::string
quote (const Strings &strings)
{
  std::string list;

  for (const std::string &text : strings)
    list += (list.empty () ? "[" : ",") + quote (text);
  return list.empty () ? "[]" : list + "]";
}

static std::string
step_json (const Step &step)
{
  std::string timeout = step.timeout ? ",\"timeout\":" + std::to_string (step.timeout) : "";

  return "{\"path\":" + quote (step.args[0]) + ",\"args\":" + quote (step.args) + timeout + "}";
}

static std::string
config_json (const std::string &directory, const Strings &args, const Options &options)
{
  std::ostringstream json;
  std::string range = R"({"containerID":0,"hostID":600000,"size":65536})";
  std::string steps, user, maps;

  if (!options.uid_map.empty () || getenv ("QUILT_TEST_USERNS")) {
    user = ",{\"type\":\"user\"}";
    maps = ",\"uidMappings\":[" + (options.uid_map.empty () ? range : options.uid_map) +
           "],\"gidMappings\":[" + (options.gid_map.empty () ? range : options.gid_map) + "]";
  }
  for (const Step &step : options.steps)
    steps += (steps.empty () ? "" : ",") + step_json (step);
  json << "{\"ociVersion\":\"1.0.2\",\"hostname\":\"web\",\"root\":{\"path\":\"" << directory
       << "/mnt\",\"readonly\":" << (options.readonly ? "true" : "false") << "},\"process\":{"
       << "\"args\":" << quote (args) << ",\"env\":" << quote (options.env)
       << ",\"cwd\":" << quote (options.cwd) << ",\"user\":{\"uid\":" << options.uid
       << ",\"gid\":" << options.uid << "},\"capabilities\":{\"bounding\":[" << options.capabilities
       << "],\"effective\":[" << options.capabilities << "],\"permitted\":[" << options.capabilities
       << "]}" << options.process << "},\"mounts\":["
       << "{\"destination\":\"/\",\"type\":\"overlay\",\"source\":\"overlay\",\"options\":["
       << "\"lowerdir=" << directory << "/image" << options.layers << "\",\"upperdir=" << directory
       << "/upper\",\"workdir=" << directory << "/work\"" << (user.empty () ? "" : ",\"idmap\"")
       << "]},"
       << "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":"
       << "[\"nosuid\",\"noexec\",\"nodev\"]},"
       << "{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":"
       << "[\"nosuid\",\"mode=755\",\"size=65536k\"]},"
       << "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":"
       << "[\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\"]},"
       << "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":"
       << "[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]},"
       << "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup2\",\"source\":\"cgroup\","
       << "\"options\":[\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}" << options.mounts << "],"
       << "\"hooks\":{\"startContainer\":[" << steps << "]},\"linux\":{\"namespaces\":["
       << "{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},{\"type\":\"ipc\"},"
       << "{\"type\":\"uts\"}," << options.cgroup_namespace << user << options.namespaces << "]"
       << maps << ",\"maskedPaths\":[" << options.masked << "],\"readonlyPaths\":[\"/proc/sys\"]"
       << options.linux_more << "},\"annotations\":{"
       << "\"org.quilt.id\":\"0123456789abcdef0123456789abcdef\",\"org.quilt.name\":\"web\","
       << "\"org.quilt.image\":\"box\"" << options.annotations << "}" << options.top << "}";
  return json.str ();
}

bool
ContainerTest::is_prepared ()
{
  return getenv ("QUILT_TEST_PREPARED");
}

void
ContainerTest::start (const Strings &args, const Options &options)
{
  int pair[2];

  std::ofstream (run_dir + "/config.json") << config_json (directory, args, options);
  unlink ((run_dir + "/supervisor").c_str ());
  unlink ((run_dir + "/exit").c_str ());
  ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  control = pair[0];
  seen.clear ();
  supervisor = fork ();
  if (supervisor == 0) {
    std::ofstream (cgroup + "/cgroup.procs") << "0";
    dup2 (open ("/dev/null", O_RDONLY), 0);
    dup2 (pair[1], 3);
    execl (getenv ("QUILT_SUPERVISOR"), "quilt-supervisor", nullptr);
    _exit (99);
  }
  close (pair[1]);
  pid_fd = pidfd_open (supervisor, 0);
  ASSERT_GE (pid_fd, 0);
  if (is_prepared ()) {
    send (QUILT_MESSAGE_PREPARE);
    ASSERT_EQ (wait_for (QUILT_MESSAGE_PREPARED).type, QUILT_MESSAGE_PREPARED);
    EXPECT_TRUE (fs::exists (cgroup + "/payload"));
    seen.clear ();
  }
  begin (options);
}

void
ContainerTest::begin (const Options &options)
{
  int fds[4] = {open (run_dir.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const guint32 flags[] = {QUILT_MESSAGE_FLAG_STDOUT, QUILT_MESSAGE_FLAG_STDERR};
  QuiltMessage message;
  guint n = 1;

  quilt_message_init (&message, QUILT_MESSAGE_BEGIN);
  message.version = version;
  for (int i = 0; i < 2; i++)
    if (options.attached[i] >= 0) {
      message.flags |= flags[i];
      g_unix_set_fd_nonblocking (options.attached[i], TRUE, nullptr);
      fds[n++] = options.attached[i];
    }
  if (options.store >= 0) {
    message.flags |= QUILT_MESSAGE_FLAG_STORE;
    fds[n++] = options.store;
  }
  if (options.detained)
    message.flags |= QUILT_MESSAGE_FLAG_DETAINED;
  EXPECT_TRUE (quilt_message_send_fds (control, &message, fds, n));
  close (fds[0]);
}

void
ContainerTest::send (QuiltMessageType type, int signal, guint64 time_usec, const char *text)
{
  QuiltMessage message;

  quilt_message_init (&message, type);
  message.version = version;
  message.signal = signal;
  message.time_usec = time_usec;
  quilt_message_set_text (&message, text);
  EXPECT_TRUE (quilt_message_send (control, &message));
}

bool
ContainerTest::wait_readable (int fd)
{
  for (;;) {
    struct pollfd fds[] = {{fd, POLLIN, 0}, {journald_reads ? journald->fd : -1, POLLIN, 0}};

    if (poll (fds, 2, PATIENCE_MS) <= 0)
      return false;
    if (fds[1].revents)
      journald->read ();
    if (fds[0].revents)
      return true;
  }
}

bool
ContainerTest::wait_for_message (const std::string &text)
{
  for (;;) {
    struct pollfd poll_fd = {journald->fd, POLLIN, 0};

    for (const std::string &message : journald->messages ())
      if (message == text)
        return true;
    if (poll (&poll_fd, 1, PATIENCE_MS) <= 0)
      return false;
    journald->read ();
  }
}

QuiltMessage
ContainerTest::wait_for (guint32 type)
{
  QuiltMessage message = {};

  while (wait_readable (control) && quilt_message_receive (control, &message) > 0) {
    seen.push_back (message.type);
    if (message.type == type ||
        (type == QUILT_MESSAGE_EXITED && message.type == QUILT_MESSAGE_FAILED)) {
      if (journald_reads)
        journald->read ();
      return message;
    }
  }
  return {};
}

QuiltMessage
ContainerTest::wait_for_end ()
{
  return wait_for (QUILT_MESSAGE_EXITED);
}

int
ContainerTest::wait_for_exit ()
{
  int status = -1;

  if (!wait_readable (pid_fd))
    return -1;
  waitpid (supervisor, &status, 0);
  quilt_fd_clear (&pid_fd);
  if (journald_reads)
    journald->read ();
  return status;
}

void
ContainerTest::finish ()
{
  send (QUILT_MESSAGE_BYE);
  EXPECT_EQ (wait_for_exit (), 0);
  quilt_fd_clear (&control);
}

QuiltMessage
ContainerTest::run (const Strings &args, const Options &options)
{
  QuiltMessage message;

  start (args, options);
  send (QUILT_MESSAGE_GO);
  message = wait_for_end ();
  finish ();
  return message;
}

void
ContainerTest::drop_connection ()
{
  quilt_fd_clear (&control);
}

void
ContainerTest::reconnect ()
{
  std::string path = run_dir + "/supervisor";
  struct sockaddr_un address = {};

  quilt_fd_clear (&control);
  control = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  address.sun_family = AF_UNIX;
  g_strlcpy (address.sun_path, path.c_str (), sizeof address.sun_path);
  ASSERT_EQ (connect (control, (struct sockaddr *)&address, sizeof address), 0);
}

std::string
ContainerTest::run_file (const char *name) const
{
  return run_dir + "/" + name;
}
