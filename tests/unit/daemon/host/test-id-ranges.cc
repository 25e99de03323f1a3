/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Free ids of the host: which are taken, which are chosen, and that no container gets another's. */
#include "base/check.h"

#include <set>
#include <vector>

extern "C" {
#include "daemon/host/id-host.h"
#include "daemon/host/id-ranges.h"
}

using Map = std::unique_ptr<GArray, void (*) (GArray *)>;

static Map
map (const char *text)
{
  return Map (text ? quilt_id_map_parse (text, nullptr) : quilt_id_map_new (), g_array_unref);
}

static std::string
print (const Map &lines)
{
  return take (quilt_id_map_print (lines.get ()));
}

static gboolean
any (guint32 first)
{
  return TRUE;
}

static gboolean
none (guint32 first)
{
  return FALSE;
}

static gboolean
beyond_the_third (guint32 first)
{
  return first >= QUILT_ID_HOST_FIRST + 3 * QUILT_ID_RANGE;
}

TEST (IdHost, DelegatedIdsAreTaken)
{
  Map taken = map (nullptr);

  quilt_id_host_add_delegated ("alice:100000:65536\n"
                               "# comment\n"
                               "\n"
                               "1000:200000:1\n"
                               "bob:x:5\n"
                               "bob:5\n"
                               "bob:5:0\n"
                               "bob:-1:5\n"
                               "bob:4294967296:5\n"
                               " carol:4294967290:18446744073709551615 ",
                               taken.get ());
  EXPECT_EQ (print (taken), "0:100000:65536,0:200000:1,0:4294967290:5");
}

TEST (IdHost, TheNextFreeRangeIsChosen)
{
  const guint32 last = QUILT_ID_HOST_LAST - QUILT_ID_RANGE + 1;
  Map taken = map ("0:524288:1,1:589825:1,2:1879048191:1");
  guint32 first = 7;

  /* Wherever in a range one id is taken, the range is. */
  EXPECT_TRUE (quilt_id_host_choose (taken.get (), 0, any, &first));
  EXPECT_EQ (first, 524288u + 2 * 65536);
  EXPECT_TRUE (quilt_id_host_choose (taken.get (), 5, any, &first));
  EXPECT_EQ (first, 524288u + 5 * 65536);
  EXPECT_TRUE (quilt_id_host_choose (taken.get (), 28663, any, &first)) << "the last one is taken";
  EXPECT_EQ (first, 524288u + 2 * 65536);
  EXPECT_TRUE (quilt_id_host_choose (taken.get (), 28662, any, &first));
  EXPECT_EQ (first, last - 65536);
  EXPECT_TRUE (quilt_id_host_choose (taken.get (), 0, beyond_the_third, &first));
  EXPECT_EQ (first, 524288u + 3 * 65536);
  for (guint32 start : {0u, 1u, 4294967295u, 2147483648u}) {
    EXPECT_TRUE (quilt_id_host_choose (taken.get (), start, any, &first));
    EXPECT_EQ (first % QUILT_ID_RANGE, 0u);
    EXPECT_GE (first, QUILT_ID_HOST_FIRST);
    EXPECT_LE (first, last);
  }
}

TEST (IdHost, ThereMayBeNone)
{
  Map full = map ("0:0:4294967295");
  guint32 first = 7;

  EXPECT_FALSE (quilt_id_host_choose (full.get (), 0, any, &first));
  EXPECT_FALSE (quilt_id_host_choose (map (nullptr).get (), 0, none, &first));
  EXPECT_EQ (first, 7u);
  Map found (quilt_id_host_find (full.get (), 3), g_array_unref);
  EXPECT_EQ (found->len, 0u);
}

TEST (IdHost, TheGroupOfAUser)
{
  Error error;
  guint32 gid = 7;

  EXPECT_TRUE (quilt_id_host_get_group (0, &gid, error.out ()));
  EXPECT_EQ (gid, 0u);
  EXPECT_FALSE (quilt_id_host_get_group (4294967000u, &gid, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "user 4294967000: the host has no such user"));
}

class RangesTest : public testing::Test
{
protected:
  struct Taken {
    QuiltIdRanges *ranges;
    std::vector<guint32> firsts;
    std::vector<std::string> errors;
  };

  static void on_range (guint32 first, const GError *error, gpointer data)
  {
    auto taken = static_cast<Taken *> (data);

    if (error)
      taken->errors.push_back (error->message);
    if (error)
      return;
    Map range (quilt_id_map_new_range (first), g_array_unref);
    std::string container = "c" + std::to_string (taken->firsts.size ());
    quilt_id_ranges_claim (taken->ranges, container.c_str (), range.get (), range.get ());
    taken->firsts.push_back (first);
  }

  void take (guint n)
  {
    guint target = (guint)(taken.firsts.size () + taken.errors.size ()) + n;

    for (guint i = 0; i < n; i++)
      quilt_id_ranges_take (ranges.get (), on_range, &taken);
    while (taken.firsts.size () + taken.errors.size () < target)
      g_main_context_iteration (nullptr, TRUE);
  }

  std::unique_ptr<QuiltIdRanges, void (*) (QuiltIdRanges *)> ranges{quilt_id_ranges_new (),
                                                                    quilt_id_ranges_free};
  Taken taken{ranges.get (), {}, {}};
};

TEST_F (RangesTest, HandsOutEachRangeOnce)
{
  for (int i = 0; i < 20; i++)
    take (i % 5 * 10 + 1);
  EXPECT_EQ (taken.errors, std::vector<std::string>{});
  EXPECT_EQ (std::set<guint32> (taken.firsts.begin (), taken.firsts.end ()).size (),
             taken.firsts.size ());
  for (guint32 first : taken.firsts) {
    EXPECT_EQ (first % QUILT_ID_RANGE, 0u);
    EXPECT_GE (first, QUILT_ID_HOST_FIRST);
    EXPECT_LE (first, QUILT_ID_HOST_LAST - QUILT_ID_RANGE + 1);
  }
}

TEST_F (RangesTest, APreparedOneComesAtOnce)
{
  take (1);
  size_t before = taken.firsts.size ();
  quilt_id_ranges_take (ranges.get (), on_range, &taken);
  EXPECT_EQ (taken.firsts.size (), before + 1);
}

TEST_F (RangesTest, HandsOutNoRangeClaimedMeanwhile)
{
  Map all = map ("0:0:4294967295");

  take (1);
  quilt_id_ranges_claim (ranges.get (), "greedy", all.get (), all.get ());
  take (3);
  EXPECT_EQ (taken.firsts.size (), 1u);
  ASSERT_EQ (taken.errors.size (), 3u);
  EXPECT_NE (taken.errors[0].find ("--userns"), std::string::npos);
  quilt_id_ranges_release (ranges.get (), "greedy");
  take (1);
  EXPECT_EQ (taken.firsts.size (), 2u);
}

TEST_F (RangesTest, FindsTheOwnerOfAnId)
{
  guint32 id = 7;

  quilt_id_ranges_claim (ranges.get (), "a", map ("0:600000:1000,1000:1000:1").get (),
                         map ("0:700000:10").get ());
  quilt_id_ranges_claim (ranges.get (), "host", nullptr, nullptr);
  EXPECT_STREQ (quilt_id_ranges_find (ranges.get (), map ("0:600999:5").get (), &id), "a");
  EXPECT_EQ (id, 600999u);
  EXPECT_STREQ (quilt_id_ranges_find (ranges.get (), map ("0:1:1,1:700009:1").get (), &id), "a");
  EXPECT_EQ (id, 700009u);
  EXPECT_EQ (quilt_id_ranges_find (ranges.get (), map ("0:601000:5").get (), &id), nullptr);
  EXPECT_EQ (quilt_id_ranges_find (ranges.get (), map ("0:1000:1").get (), &id), nullptr)
      << "the user's own, whom others may keep too";
  quilt_id_ranges_release (ranges.get (), "a");
  EXPECT_EQ (quilt_id_ranges_find (ranges.get (), map ("0:600999:5").get (), &id), nullptr);
}

TEST_F (RangesTest, CanGoWhileItLooks)
{
  quilt_id_ranges_take (ranges.get (), on_range, &taken);
  ranges.reset ();
  for (int i = 0; i < 3; i++)
    g_main_context_iteration (nullptr, FALSE);
  EXPECT_TRUE (taken.firsts.empty ());
}
