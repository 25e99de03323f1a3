/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/passwd and /etc/group as a stranger may have written them. */
#include <glib.h>
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <fcntl.h>
#include <string>
#include <vector>

extern "C" {
#include "base/fd.h"
#include "core/identity/identity.h"
#include "core/identity/passwd.h"
}

using std::string;

/* A file that is read through a buffer of this size. */
class File
{
public:
  explicit File (const string &text, gsize buffer_size = 16384) : buffer (buffer_size)
  {
    file = {memfd_create ("accounts", MFD_CLOEXEC), text.size (), buffer.data (), buffer_size};
    EXPECT_TRUE (quilt_fd_write_all (file.fd, text.data (), text.size ()));
  }
  ~File ()
  {
    close (file.fd);
  }
  operator const QuiltPasswdFile * () const
  {
    return &file;
  }

private:
  std::vector<char> buffer;
  QuiltPasswdFile file;
};

static int
find (const string &text, const char *name, guint32 uid, QuiltPasswdEntry *entry)
{
  return quilt_passwd_find (File (text), name, name ? strlen (name) : 0, uid, entry);
}

/* As one name after the other would be found. */
static int
find_group (const QuiltPasswdFile *file, const char *name, gsize length, guint32 *ret_gid)
{
  QuiltGroupEntry entry = {name, length};
  int r = quilt_group_find (file, &entry, 1);

  if (entry.result == QUILT_PASSWD_FOUND)
    *ret_gid = entry.gid;
  return r < 0 ? r : entry.result;
}

static string
get_home (const QuiltPasswdEntry &entry)
{
  return string (entry.home, entry.home_length);
}

static string
get_shell (const QuiltPasswdEntry &entry)
{
  return string (entry.shell, entry.shell_length);
}

static string
get_name (const QuiltPasswdEntry &entry)
{
  return string (entry.name, entry.name_length);
}

static const char passwd[] = "# a comment\n"
                             "+nis:x:1:1::/:\n"
                             "root:x:0:0:root:/root:/bin/sh\n"
                             "\n"
                             ":x:5:5::/:\n"
                             "app:x:1000:1001:An app,,,:/home/app:/bin/sh\n"
                             "app:x:7:7::/second:/bin/sh\n"
                             "short:x:8:9\n"
                             "bad:x:4294967295:0::/:\n"
                             "worse:x:-1:0::/:\n"
                             "empty:x::0::/:\n"
                             "huge:x:99999999999999999999:0::/:\n"
                             "badgid:x:3:4294967295::/:\n"
                             "max:x:4294967294:4294967294::/max:";

TEST (Passwd, FindsByName)
{
  QuiltPasswdEntry entry;

  ASSERT_EQ (find (passwd, "app", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.uid, 1000u);
  EXPECT_EQ (entry.gid, 1001u);
  EXPECT_EQ (get_home (entry), "/home/app");
  EXPECT_EQ (get_shell (entry), "/bin/sh");
  EXPECT_EQ (get_name (entry), "app");
  ASSERT_EQ (find (passwd, "short", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.gid, 9u);
  EXPECT_EQ (entry.home_length, 0u);
  EXPECT_EQ (entry.shell_length, 0u);
  ASSERT_EQ (find (passwd, "max", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.uid, 4294967294u);
  EXPECT_EQ (get_home (entry), "/max");
}

TEST (Passwd, FindsByNumber)
{
  QuiltPasswdEntry entry;

  ASSERT_EQ (find (passwd, nullptr, 1000, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (get_name (entry), "app");
  EXPECT_EQ (find (passwd, nullptr, 5, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (find (passwd, nullptr, 3, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (find (passwd, nullptr, G_MAXUINT32, &entry), QUILT_PASSWD_ABSENT);
}

TEST (Passwd, RefusesInvalidIds)
{
  for (const char *name : {"bad", "worse", "empty", "huge", "badgid"}) {
    QuiltPasswdEntry entry = {1, 2, 1, 1, 1, "x", "y", "z"};

    EXPECT_EQ (find (passwd, name, 0, &entry), QUILT_PASSWD_BAD) << name;
    EXPECT_EQ (entry.uid, 1u) << name;
  }
}

TEST (Passwd, StrangeLinesArePassedOver)
{
  QuiltPasswdEntry entry;

  for (const char *name : {"nis", "+nis", "", "ap", "app ", "nobody", "# a comment"})
    EXPECT_EQ (find (passwd, name, 0, &entry), QUILT_PASSWD_ABSENT) << name;
  EXPECT_EQ (find ("", "root", 0, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (find (string ("a\0b:x:1:1\nb:x:2:2", 17), "b", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.uid, 2u);
  EXPECT_EQ (find (string ("a\0:x:1:1", 9), "a", 0, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (find ("a", "a", 0, &entry), QUILT_PASSWD_BAD);
  EXPECT_EQ (find ("a:::", "a", 0, &entry), QUILT_PASSWD_BAD);
}

TEST (Passwd, AMissingFileIsEmptyAndABrokenOneIsAnError)
{
  QuiltPasswdEntry entry;
  char buffer[8];
  int dir_fd = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  QuiltPasswdFile missing = {-1, 0, buffer, sizeof buffer};
  QuiltPasswdFile broken = {dir_fd, 100, buffer, sizeof buffer};
  guint32 gids[2];

  EXPECT_EQ (quilt_passwd_find (&missing, "a", 1, 0, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (quilt_group_memberships (&missing, "a", 1, gids, 2), 0);
  EXPECT_EQ (quilt_passwd_find (&broken, "a", 1, 0, &entry), -EISDIR);
  EXPECT_EQ (find_group (&broken, "a", 1, gids), -EISDIR);
  EXPECT_EQ (quilt_group_memberships (&broken, "a", 1, gids, 2), -EISDIR);
  close (dir_fd);
}

/* Fault 19. */
TEST (Passwd, ALineIsReadHoweverLong)
{
  string users = "x:" + string (1 << 20, 'p') + ":1:1\nx:y:2:2\nlast:x:3:3::/last";
  string members = "many:x:5:";
  QuiltPasswdEntry entry;
  guint32 gids[2];

  ASSERT_EQ (find (users, "x", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.uid, 1u);
  ASSERT_EQ (find (users, nullptr, 3, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (get_home (entry), "/last");
  while (members.size () < 5 << 20)
    members += "user" + std::to_string (members.size ()) + ",";
  members += "app\nfew:x:6:app\n";
  ASSERT_EQ (quilt_group_memberships (File (members), "app", 3, gids, 2), 2);
  EXPECT_EQ (gids[0], 5u);
  EXPECT_EQ (gids[1], 6u);
  ASSERT_EQ (find_group (File (members), "few", 3, gids), QUILT_PASSWD_FOUND);
  EXPECT_EQ (gids[0], 6u);
}

/* Fault 19: the same lines at every offset around the end of the buffer. */
TEST (Passwd, ALineMayCrossTheEndOfTheBuffer)
{
  const gsize size = 256;
  const string line = "app:x:1000:1001:An app:/home/app:/bin/sh\n";
  const string list = "web:x:33:bob,app,apple\nappl:x:34:xapp,ap,pp\n";
  QuiltPasswdEntry entry;
  guint32 gids[3], gid;

  for (gsize shift = size - list.size () - 1; shift <= size + 1; shift++) {
    string filler = "#" + string (shift - 2, 'f') + "\n";
    File passwd (filler + line, size), group (filler + list, size);

    ASSERT_EQ (quilt_passwd_find (passwd, "app", 3, 0, &entry), QUILT_PASSWD_FOUND) << shift;
    EXPECT_EQ (entry.uid, 1000u);
    EXPECT_EQ (entry.gid, 1001u);
    EXPECT_EQ (get_home (entry), "/home/app");
    ASSERT_EQ (quilt_passwd_find (passwd, nullptr, 0, 1000, &entry), QUILT_PASSWD_FOUND) << shift;
    EXPECT_EQ (get_name (entry), "app");
    EXPECT_EQ (quilt_passwd_find (passwd, "ap", 2, 0, &entry), QUILT_PASSWD_ABSENT) << shift;
    ASSERT_EQ (quilt_group_memberships (group, "app", 3, gids, 3), 1) << shift;
    EXPECT_EQ (gids[0], 33u);
    ASSERT_EQ (find_group (group, "appl", 4, &gid), QUILT_PASSWD_FOUND) << shift;
    EXPECT_EQ (gid, 34u);
  }
}

/* Fault 19: only so much of a field is kept; what is longer is not taken for its beginning. */
TEST (Passwd, AFieldThatIsTooLongIsNotCutShort)
{
  const string longest (QUILT_USER_NAME_MAX, 'n'), longer = longest + "n";
  const string file = longer + ":x:1:1::/\n" + longest + ":x:2:" + string (40, '0') + ":g:/\n" +
                      "home:x:3:3::/" + string (PATH_MAX, 'h') + "\n" + longest + "x:x:4:4::/\n";
  QuiltPasswdEntry entry;
  guint32 gid;

  EXPECT_EQ (find (file, longest.c_str (), 0, &entry), QUILT_PASSWD_BAD);
  EXPECT_EQ (find (file, longer.c_str (), 0, &entry), QUILT_PASSWD_ABSENT);
  ASSERT_EQ (find (file, nullptr, 1, &entry), QUILT_PASSWD_FOUND); /* fault 19 */
  EXPECT_EQ (entry.uid, 1u);
  EXPECT_EQ (get_name (entry), "");
  ASSERT_EQ (find (file, "home", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.home_length, 0u);
  EXPECT_EQ (find_group (File (longer + ":x:1:\n" + longest + ":x:2:"), longest.c_str (),
                         longest.size (), &gid),
             QUILT_PASSWD_FOUND);
  EXPECT_EQ (gid, 2u);
  EXPECT_EQ (quilt_group_memberships (File ("g:x:1:" + longer + "\n"), longest.c_str (),
                                      longest.size (), &gid, 1),
             0);
}

static const char group[] = "root:x:0:\n"
                            "web:x:33:app,bob\n"
                            "none:x:4294967295:app\n"
                            "log:x:4:bob,app\n"
                            "apps:x:5:app2,apple\n"
                            "mid:x:6:a,app,b\n"
                            "odd:x:7:,,app,\n"
                            "app:x:1001:";

TEST (Group, FindsByName)
{
  guint32 gid = 9;

  EXPECT_EQ (find_group (File (group), "web", 3, &gid), QUILT_PASSWD_FOUND);
  EXPECT_EQ (gid, 33u);
  EXPECT_EQ (find_group (File (group), "none", 4, &gid), QUILT_PASSWD_BAD);
  EXPECT_EQ (find_group (File (group), "we", 2, &gid), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (gid, 33u);
}

/* Fault 19. One reading finds all names, whatever their order; each is the first of its name. */
TEST (Group, FindsSeveralAtOnce)
{
  QuiltGroupEntry entries[] = {{"c", 1}, {"none", 4}, {"a", 1}, {"bad", 3}, {"a", 1}};

  ASSERT_EQ (quilt_group_find (File ("a:x:1:\nb:x:2:\nbad:x:y:\na:x:9:\nc:x:3:\n"), entries, 5), 0);
  EXPECT_EQ (entries[0].result, QUILT_PASSWD_FOUND);
  EXPECT_EQ (entries[0].gid, 3u);
  EXPECT_EQ (entries[1].result, QUILT_PASSWD_ABSENT);
  EXPECT_EQ (entries[2].gid, 1u);
  EXPECT_EQ (entries[3].result, QUILT_PASSWD_BAD);
  EXPECT_EQ (entries[4].gid, 1u);
}

TEST (Group, CountsMemberships)
{
  guint32 gids[4] = {};

  ASSERT_EQ (quilt_group_memberships (File (group), "app", 3, gids, 4), 4);
  EXPECT_EQ (std::vector<guint32> (gids, gids + 4), (std::vector<guint32>{33, 4, 6, 7}));
  EXPECT_EQ (quilt_group_memberships (File (group), "app", 3, gids, 2), 3);
  EXPECT_EQ (quilt_group_memberships (File (group), "bo", 2, gids, 4), 0);
  EXPECT_EQ (quilt_group_memberships (File (""), "app", 3, gids, 4), 0);
}
