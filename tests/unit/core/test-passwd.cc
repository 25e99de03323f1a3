/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/passwd and /etc/group as a stranger may have written them. */
#include <glib.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

extern "C" {
#include "core/identity.h"
#include "core/passwd.h"
}

using std::string;

/* Behind the data nothing may be read: it stands at the end of memory of its own. */
static QuiltPasswdResult
find (const string &text, const char *name, guint32 uid, QuiltPasswdEntry *entry)
{
  static std::vector<char> data;

  data.assign (text.begin (), text.end ());
  return quilt_passwd_find (data.data (), data.size (), name, name ? strlen (name) : 0, uid, entry);
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
  EXPECT_EQ (string (entry.home, entry.home_length), "/home/app");
  EXPECT_EQ (string (entry.name, entry.name_length), "app");
  ASSERT_EQ (find (passwd, "short", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.gid, 9u);
  EXPECT_EQ (entry.home_length, 0u);
  ASSERT_EQ (find (passwd, "max", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.uid, 4294967294u);
  EXPECT_EQ (string (entry.home, entry.home_length), "/max");
}

TEST (Passwd, FindsByNumber)
{
  QuiltPasswdEntry entry;

  ASSERT_EQ (find (passwd, nullptr, 1000, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (string (entry.name, entry.name_length), "app");
  EXPECT_EQ (find (passwd, nullptr, 5, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (find (passwd, nullptr, 3, &entry), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (find (passwd, nullptr, G_MAXUINT32, &entry), QUILT_PASSWD_ABSENT);
}

TEST (Passwd, WhatIsNoIdIsNobody)
{
  for (const char *name : {"bad", "worse", "empty", "huge", "badgid"}) {
    QuiltPasswdEntry entry = {1, 2, "x", "y", 1, 1};

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

/* Fault 19. */
TEST (Passwd, ALineIsReadHoweverLong)
{
  string users = "x:" + string (1 << 20, 'p') + ":1:1\nx:y:2:2";
  string members;
  QuiltPasswdEntry entry;
  guint32 gids[2];

  ASSERT_EQ (find (users, "x", 0, &entry), QUILT_PASSWD_FOUND);
  EXPECT_EQ (entry.uid, 1u);
  for (int i = 0; i < 20000; i++)
    members += "user" + std::to_string (i) + ",";
  members = "many:x:5:" + members + "app\nfew:x:6:app\n";
  ASSERT_EQ (quilt_group_memberships (members.data (), members.size (), "app", 3, gids, 2), 2u);
  EXPECT_EQ (gids[0], 5u);
  EXPECT_EQ (gids[1], 6u);
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

  EXPECT_EQ (quilt_group_find (group, strlen (group), "web", 3, &gid), QUILT_PASSWD_FOUND);
  EXPECT_EQ (gid, 33u);
  EXPECT_EQ (quilt_group_find (group, strlen (group), "none", 4, &gid), QUILT_PASSWD_BAD);
  EXPECT_EQ (quilt_group_find (group, strlen (group), "we", 2, &gid), QUILT_PASSWD_ABSENT);
  EXPECT_EQ (gid, 33u);
}

TEST (Group, CountsMemberships)
{
  guint32 gids[4] = {};

  ASSERT_EQ (quilt_group_memberships (group, strlen (group), "app", 3, gids, 4), 4u);
  EXPECT_EQ (std::vector<guint32> (gids, gids + 4), (std::vector<guint32>{33, 4, 6, 7}));
  EXPECT_EQ (quilt_group_memberships (group, strlen (group), "app", 3, gids, 2), 3u);
  EXPECT_EQ (quilt_group_memberships (group, strlen (group), "bo", 2, gids, 4), 0u);
  EXPECT_EQ (quilt_group_memberships ("", 0, "app", 3, gids, 4), 0u);
}
