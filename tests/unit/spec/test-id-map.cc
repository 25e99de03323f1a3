/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Id maps of user namespaces: as text, as ranges, in the OCI configuration. */
#include "base/check.h"

extern "C" {
#include "spec/id-map.h"
#include "spec/oci/oci.h"
}

using std::string;
using Map = std::unique_ptr<GArray, void (*) (GArray *)>;
using Spec = std::unique_ptr<QuiltSpec, void (*) (QuiltSpec *)>;

static Map
own (GArray *map)
{
  return Map (map, [] (GArray *array) {
    if (array)
      g_array_unref (array);
  });
}

static Map
parse (const string &text, Error &error)
{
  return own (quilt_id_map_parse (text.c_str (), error.out ()));
}

static string
print (const Map &map)
{
  return take (quilt_id_map_print (map.get ()));
}

TEST (IdMap, RoundTrip)
{
  for (const char *text : {"0:524288:65536", "0:0:1", "0:1000:1,1:524288:65535",
                           "4294967294:4294967294:1", "7:1:2,0:3:7"}) {
    Error error;
    Map map = parse (text, error);

    ASSERT_TRUE (error.none ());
    EXPECT_EQ (print (map), text);
    EXPECT_EQ (print (own (quilt_id_map_copy (map.get ()))), text);
  }
}

TEST (IdMap, RefusesMapsThatTheKernelRefuses)
{
  const struct {
    const char *text, *why;
  } cases[] = {
      {"", "1 to 340 lines, not 0"},
      {"0", "'0' is not an id map"},
      {"0:1", "'0:1' is not an id map"},
      {"0:1:2:3", "'0:1:2:3' is not an id map"},
      {"0:1:x", "'0:1:x' is not an id map"},
      {"0:-1:1", "'0:-1:1' is not an id map"},
      {"0: 1:1", "'0: 1:1' is not an id map"},
      {"0:1:4294967296", "is not an id map"},
      {"0:1:1,", "'' is not an id map"},
      {"0:1:1\n", "'0:1:1\\x0a' is not an id map"},
      {"0:1:0", "map 0:1:0 maps nothing"},
      {"4294967295:0:1", "goes beyond the last id"},
      {"0:4294967295:1", "goes beyond the last id"},
      {"0:4294901760:65536", "goes beyond the last id"},
      {"0:1:10,9:100:1", "9:100:1 overlaps with an earlier map: an id of the container"},
      {"0:1:10,10:10:5", "10:10:5 overlaps with an earlier map: an id of the host"},
      {"5:1:1,0:100:6", "an id of the container"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (parse (c.text, error).get (), nullptr) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.text;
  }
}

TEST (IdMap, HasAsManyLinesAsTheKernelTakes)
{
  string text, wide;
  Error error;

  for (int i = 0; i < 340; i++) {
    text += (i ? "," : "") + std::to_string (i) + ":" + std::to_string (1000 + i) + ":1";
    wide +=
        (i ? "," : "") + std::to_string (1000000 + i) + ":" + std::to_string (2000000 + i) + ":1";
  }
  EXPECT_NE (parse (text, error).get (), nullptr);
  EXPECT_EQ (parse (text + ",340:1340:1", error).get (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "1 to 340 lines, not 341"));
  EXPECT_EQ (parse (wide, error).get (), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "longer than the kernel takes"));
}

TEST (IdMap, RangesAndWhatIsKept)
{
  EXPECT_EQ (print (own (quilt_id_map_new_range (524288))), "0:524288:65536");
  EXPECT_EQ (print (own (quilt_id_map_new_keeping (524288, 1000))),
             "0:524288:1000,1000:1000:1,1001:525289:64535");
  EXPECT_EQ (print (own (quilt_id_map_new_keeping (524288, 65535))),
             "0:524288:65535,65535:65535:1");
  EXPECT_EQ (print (own (quilt_id_map_new_keeping (524288, 65536))),
             "0:524288:65536,65536:65536:1");
  for (guint32 id : {1u, 1000u, 65535u, 65536u, 400000u, 4294967294u}) {
    Error error;
    Map map = own (quilt_id_map_new_keeping (655360, id));
    guint32 outside = 0;

    EXPECT_TRUE (quilt_id_map_check (map.get (), error.out ())) << error.message ();
    EXPECT_TRUE (quilt_id_map_find (map.get (), id, &outside));
    EXPECT_EQ (outside, id);
    EXPECT_TRUE (quilt_id_map_find (map.get (), 0, &outside));
    EXPECT_EQ (outside, 655360u);
  }
}

TEST (IdMap, FindsAndMeets)
{
  Error error;
  Map map = parse ("0:1000:10,100:5000:1", error);
  guint32 outside = 77;

  EXPECT_FALSE (quilt_id_map_find (map.get (), 10, &outside));
  EXPECT_EQ (outside, 77u);
  EXPECT_TRUE (quilt_id_map_find (map.get (), 9, &outside));
  EXPECT_EQ (outside, 1009u);
  EXPECT_TRUE (quilt_id_map_find (map.get (), 100, &outside));
  EXPECT_EQ (outside, 5000u);
  guint32 inside = 77;
  EXPECT_FALSE (quilt_id_map_find_inside (map.get (), 999, &inside));
  EXPECT_FALSE (quilt_id_map_find_inside (map.get (), 1010, &inside));
  EXPECT_EQ (inside, 77u);
  EXPECT_TRUE (quilt_id_map_find_inside (map.get (), 1009, &inside));
  EXPECT_EQ (inside, 9u);
  EXPECT_TRUE (quilt_id_map_find_inside (map.get (), 5000, &inside));
  EXPECT_EQ (inside, 100u);
  EXPECT_FALSE (quilt_id_map_overlaps (map.get (), parse ("0:1010:10", error).get (), &outside));
  EXPECT_EQ (outside, 5000u);
  EXPECT_TRUE (quilt_id_map_overlaps (map.get (), parse ("0:990:11", error).get (), &outside));
  EXPECT_EQ (outside, 1000u);
  EXPECT_TRUE (quilt_id_map_overlaps (map.get (), parse ("7:5000:1", error).get (), nullptr));
}

TEST (Userns, Grammar)
{
  const struct {
    const char *text, *why; /* NULL: good */
  } cases[] = {
      {"auto", nullptr},
      {"host", nullptr},
      {"keep-id", nullptr},
      {"0:1000:1,1:100000:65535", nullptr},
      {"", "'userns' to ''"},
      {"Auto", "'userns' to 'Auto': must be 'auto'"},
      {"private", "must be 'auto', 'host', 'keep-id' or FROM:TO:COUNT"},
      {"keep-id:uid=1", "Failed to set option 'userns': 'keep-id:uid=1' is not an id map"},
      {"1:1000:1", "no map has the container's id 0"},
      {"0:0:5,2:9:1", "'userns': the id map 2:9:1 overlaps"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (quilt_userns_check (c.text, error.out ()), (gboolean)(c.why == nullptr)) << c.text;
    EXPECT_TRUE (c.why ? error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why) : error.none ()) << c.text;
  }
}

static string
config (const string &namespaces, const string &maps, const string &user = "")
{
  return R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/","args":["true"])" +
         user + R"(},"linux":{"namespaces":[{"type":"mount"})" + namespaces + "]" + maps + "}}";
}

static Spec
parse_spec (const string &text, Error &error)
{
  return Spec (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);
}

static const char user[] = R"(,{"type":"user"})";
static const char uids[] =
    R"(,"uidMappings":[{"containerID":0,"hostID":5000,"size":10},{"containerID":99,"hostID":7,"size":1}])";
static const char gids[] = R"(,"gidMappings":[{"containerID":0,"hostID":9000,"size":20}])";

TEST (OciIds, AreReadAndPrinted)
{
  Error error;
  string text = config (user, string (uids) + gids, R"(,"user":{"uid":99,"gid":19})");
  Spec spec = parse_spec (text, error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (spec->namespaces, (guint)(QUILT_NS_MOUNT | QUILT_NS_USER));
  EXPECT_EQ (take (quilt_id_map_print (spec->uid_map)), "0:5000:10,99:7:1");
  EXPECT_EQ (take (quilt_id_map_print (spec->gid_map)), "0:9000:20");
  text = take (quilt_spec_print (spec.get (), FALSE));
  Spec again = parse_spec (text, error);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (take (quilt_spec_print (again.get (), FALSE)), text);
  EXPECT_EQ (take (quilt_id_map_print (again->uid_map)), "0:5000:10,99:7:1");
}

TEST (OciIds, RefusesIdsOutsideOfTheMapsByPath)
{
  const string both = string (uids) + gids;
  const struct {
    string text;
    const char *why;
  } cases[] = {
      {config ("", uids), "'linux.uidMappings': needs a namespace of type 'user'"},
      {config ("", gids), "'linux.gidMappings': needs a namespace of type 'user'"},
      {config (user, gids), "'linux.uidMappings': is missing"},
      {config (user, uids), "'linux.gidMappings': is missing"},
      {config (user, both, R"(,"user":{"uid":10,"gid":0})"), "'process.user.uid': 10 is not an id"},
      {config (user, both, R"(,"user":{"uid":0,"gid":99})"), "'process.user.gid': 99 is not an id"},
      {config (user, both, R"(,"user":{"uid":0,"gid":0,"additionalGids":[1,20]})"),
       "'process.user.additionalGids': 20 is not an id"},
      {config (user, R"(,"gidMappings":[{"containerID":1,"hostID":9,"size":2}])" + string (uids)),
       "'linux.gidMappings': has no containerID 0"},
      {config (user, R"(,"uidMappings":[{"containerID":0,"hostID":9,"size":0}])" + string (gids)),
       "'linux.uidMappings[0]': its size"},
      {config (user, R"(,"uidMappings":[{"containerID":0,"hostID":9}])" + string (gids)),
       "'linux.uidMappings[0]': its size"},
      {config (user, R"(,"uidMappings":[{"containerID":0,"hostID":4294967296,"size":1}])" +
                         string (gids)),
       "'linux.uidMappings[0]': ids are numbers"},
      {config (user, R"(,"uidMappings":[{"containerID":0,"hostID":4294967290,"size":6}])" +
                         string (gids)),
       "'linux.uidMappings': the id map 0:4294967290:6 goes beyond"},
      {config (user, R"(,"uidMappings":[{"containerID":0,"hostID":9,"size":5},)"
                     R"({"containerID":4,"hostID":90,"size":5}])" +
                         string (gids)),
       "'linux.uidMappings': the id map 4:90:5 overlaps"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (parse_spec (c.text, error).get (), nullptr) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.text;
  }
}
