/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects by ID, by name and by a unique prefix. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/index.h"
#include "daemon/containers/names.h"
}

#include <set>
#include <string>

static const char web_id[] = "aa11aa11aa11aa11aa11aa11aa11aa11";
static const char db_id[] = "aa22aa22aa22aa22aa22aa22aa22aa22";

class Index : public testing::Test
{
protected:
  void SetUp () override
  {
    index = quilt_index_new ("container", "look again", nullptr);
    quilt_index_add (index, web_id, &web);
    quilt_index_name (index, "web", &web);
    quilt_index_add (index, db_id, &db);
    quilt_index_name (index, "db", &db);
  }

  void TearDown () override
  {
    quilt_index_free (index);
  }

  QuiltIndex *index;
  int web = 0, db = 0;
};

TEST_F (Index, FindsByNameIdAndUniquePrefix)
{
  EXPECT_EQ (quilt_index_find (index, "web", nullptr), &web);
  EXPECT_EQ (quilt_index_find (index, db_id, nullptr), &db);
  EXPECT_EQ (quilt_index_find (index, "aa1", nullptr), &web);
  EXPECT_EQ (quilt_index_find (index, "sha256:aa2", nullptr), &db);
}

TEST_F (Index, TellsUnknownFromAmbiguous)
{
  Error error;

  EXPECT_EQ (quilt_index_find (index, "aa", error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_AMBIGUOUS, "'aa' matches several IDs"));
  for (const char *text : {"", "x", "aa3", "sha256:", "web2", "AA1", "aa1\n", "%n", "../web"}) {
    EXPECT_EQ (quilt_index_find (index, text, error.out ()), nullptr) << text;
    EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "There is no container")) << text;
  }
}

TEST_F (Index, ANameGoesBeforeAPrefix)
{
  quilt_index_unname (index, "db");
  quilt_index_name (index, "aa1", &db);
  EXPECT_EQ (quilt_index_find (index, "aa1", nullptr), &db);
}

TEST_F (Index, AReservedNameIsTakenAndFoundByNobody)
{
  Error error;

  EXPECT_TRUE (quilt_index_reserve (index, "new", error.out ()));
  EXPECT_FALSE (quilt_index_reserve (index, "new", error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_EXISTS, "The name 'new' is in use"));
  EXPECT_EQ (quilt_index_find (index, "new", error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, "There is no container 'new': look again"));
  EXPECT_FALSE (quilt_index_reserve (index, "web", error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_EXISTS, "The name 'web' is in use"));
  quilt_index_unname (index, "new");
  EXPECT_TRUE (quilt_index_reserve (index, "new", nullptr));
}

TEST_F (Index, ForgetsWhatIsRemoved)
{
  quilt_index_unname (index, "web");
  quilt_index_remove (index, web_id);
  EXPECT_EQ (quilt_index_size (index), 1u);
  EXPECT_EQ (quilt_index_find (index, "aa", nullptr), &db);
  EXPECT_EQ (quilt_index_get (index, web_id), nullptr);
}

TEST_F (Index, InventsNamesThatNobodyHas)
{
  std::set<std::string> names;

  /* More than there are pairs of words: the later ones need a number. */
  for (int i = 0; i < 5000; i++) {
    g_autofree char *name = quilt_names_reserve (index);

    EXPECT_TRUE (names.insert (name).second) << name;
    EXPECT_TRUE (g_regex_match_simple ("^[a-z]+_[a-z]+(_[0-9]+)?$", name, GRegexCompileFlags (0),
                                       GRegexMatchFlags (0)))
        << name;
  }
}
