/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of --volume. */
#include "base/check.h"

extern "C" {
#include "spec/options/volume.h"
}

using std::string;

/* As from quiltctl to quiltd. */
static gboolean
read (const char *text, QuiltVolume *ret_volume, GError **error)
{
  g_autoptr (GVariant) entry = quilt_volume_shape.from_text ("--volume", text, error);

  return entry && quilt_volume_read ("volumes", g_variant_ref_sink (entry), ret_volume, error);
}

TEST (Volume, IsSourcePlaceAndOptions)
{
  const struct {
    const char *text, *source, *destination, *plain, *mapped;
  } cases[] = {
      {"/a:/b", "/a", "/b", "rbind|rnosuid|rnodev|rprivate|",
       "rbind|rnosuid|rnodev|rprivate|ridmap|"},
      {"/a b//:/b/c///:", "/a b", "/b/c", "rbind|rnosuid|rnodev|rprivate|",
       "rbind|rnosuid|rnodev|rprivate|ridmap|"},
      {"/a/:/b/:ro", "/a", "/b", "rbind|rro|rnosuid|rnodev|rprivate|",
       "rbind|rro|rnosuid|rnodev|rprivate|ridmap|"},
      {"/:/host:bind,suid,dev,exec,rw,rslave", "/", "/host", "bind|rslave|", "bind|rslave|idmap|"},
      {"/a:/dev/shm/x:noexec,private,noidmap", "/a", "/dev/shm/x",
       "rbind|rnosuid|rnodev|rnoexec|private|", "rbind|rnosuid|rnodev|rnoexec|private|"},
      {R"(/a\:b\\:/c,\:\d)", R"(/a:b\)", R"(/c,:\d)", "rbind|rnosuid|rnodev|rprivate|",
       "rbind|rnosuid|rnodev|rprivate|ridmap|"}, /* Fault 22. */
      {"/a:/b:idmap,nodev,nosuid,slave,rbind", "/a", "/b", "rbind|rnosuid|rnodev|slave|",
       "rbind|rnosuid|rnodev|slave|ridmap|"},
  };

  for (const auto &c : cases) {
    Error error;
    QuiltVolume volume = {};

    ASSERT_TRUE (read (c.text, &volume, error.out ())) << c.text;
    EXPECT_STREQ (volume.source, c.source);
    EXPECT_STREQ (volume.destination, c.destination);
    char **plain = quilt_volume_mount_options (&volume, FALSE);
    char **mapped = quilt_volume_mount_options (&volume, TRUE);
    EXPECT_EQ (join (plain), c.plain) << c.text;
    EXPECT_EQ (join (mapped), c.mapped) << c.text;
    g_strfreev (plain);
    g_strfreev (mapped);
    quilt_volume_clear (&volume);
  }
}

TEST (Volume, BadWordsAreNamed)
{
  const string longest = "/" + string (4095, 'a');
  const struct {
    string text;
    QuiltError code;
    const char *why;
  } cases[] = {
      {"", QUILT_ERROR_INVALID_ARGUMENT, "--volume to '': must be HOST-PATH:CONTAINER-PATH"},
      {"data", QUILT_ERROR_INVALID_ARGUMENT, "to 'data': must be HOST-PATH"},
      {"/data", QUILT_ERROR_NOT_SUPPORTED, "without a source are not supported yet"},
      {"data:/data", QUILT_ERROR_NOT_SUPPORTED, "named volumes are not supported yet"},
      {"../data:/data:ro", QUILT_ERROR_NOT_SUPPORTED, "must be an absolute path"},
      {":/data", QUILT_ERROR_INVALID_ARGUMENT, "absolute"},
      {"/a:", QUILT_ERROR_INVALID_ARGUMENT, "absolute"},
      {"/a:b", QUILT_ERROR_INVALID_ARGUMENT, "absolute"},
      {"/a:b:/c", QUILT_ERROR_INVALID_ARGUMENT, "write a ':' in a path as '\\:'"},
      {"/a:/b:ro:rw", QUILT_ERROR_INVALID_ARGUMENT, "must be HOST-PATH:CONTAINER-PATH[:OPTION"},
      {"/a/../b:/c", QUILT_ERROR_INVALID_ARGUMENT, "'..'"},
      {"/a/./b:/c", QUILT_ERROR_INVALID_ARGUMENT, "'.'"},
      {"/a//b:/c", QUILT_ERROR_INVALID_ARGUMENT, "'//'"},
      {longest + ":/c", QUILT_ERROR_INVALID_ARGUMENT, "absolute"},
      {"/c:" + longest, QUILT_ERROR_INVALID_ARGUMENT, "absolute"},
      {"/a:/", QUILT_ERROR_INVALID_ARGUMENT, "root file system"},
      {"/a:///", QUILT_ERROR_INVALID_ARGUMENT, "root file system"},
      {"/a:/b/../..", QUILT_ERROR_INVALID_ARGUMENT, "'..'"},
      {"/a:/proc", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
      {"/a:/proc/self", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
      {"/a:/sys/fs/cgroup", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
      {"/a:/dev/", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
      {"/a:/dev/pts", QUILT_ERROR_INVALID_ARGUMENT, "no mount may cover it"},
      {"/a:/b:z", QUILT_ERROR_NOT_SUPPORTED, "with 'z'"},
      {"/a:/b:ro,Z", QUILT_ERROR_NOT_SUPPORTED, "label=disable"},
      {"/a:/b:U", QUILT_ERROR_NOT_SUPPORTED, "does not change owners"},
      {"/a:/b:O", QUILT_ERROR_NOT_SUPPORTED, "overlay"},
      {"/a:/b:copy", QUILT_ERROR_NOT_SUPPORTED, "with 'copy'"},
      {"/a:/b:shared", QUILT_ERROR_NOT_SUPPORTED, "never appear on the host"},
      {"/a:/b:runbindable", QUILT_ERROR_NOT_SUPPORTED, "with 'runbindable'"},
      {"/a:/b:ro,rw", QUILT_ERROR_INVALID_ARGUMENT, "with 'rw': it contradicts"},
      {"/a:/b:dev,dev", QUILT_ERROR_INVALID_ARGUMENT, "with 'dev': this option is given twice"},
      {"/a:/b:rslave,private", QUILT_ERROR_INVALID_ARGUMENT, "with 'private': it contradicts"},
      {"/a:/b:RO", QUILT_ERROR_INVALID_ARGUMENT, "with 'RO': must be ro"},
      {"/a:/b:ro,", QUILT_ERROR_INVALID_ARGUMENT, "with ''"},
      {"/a:/b:idmap=uids=0-1-2", QUILT_ERROR_INVALID_ARGUMENT, "with 'idmap="},
      {"/a:/b:size=1", QUILT_ERROR_INVALID_ARGUMENT, "with 'size=1'"},
      {"/a:/b:\033[1m", QUILT_ERROR_INVALID_ARGUMENT, "must be ro"},
  };

  for (const auto &c : cases) {
    Error error;
    QuiltVolume volume = {};

    EXPECT_FALSE (read (c.text.c_str (), &volume, error.out ())) << c.text;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.text << error.message ();
    EXPECT_EQ (volume.source, nullptr);
    EXPECT_EQ (error.message ().find ('\033'), string::npos);
  }
}

TEST (Volume, KnowsVolumesWithTheOptionDev)
{
  g_autoptr (GVariant) plain = variant ("[('/a', '/b', @as []), ('/c', '/d', ['nodev'])]");
  g_autoptr (GVariant) wanted = variant ("[('/a', '/b', @as []), ('/c', '/d', ['ro', 'dev'])]");

  EXPECT_FALSE (quilt_volumes_have_nodes (nullptr));
  EXPECT_FALSE (quilt_volumes_have_nodes (plain));
  EXPECT_TRUE (quilt_volumes_have_nodes (wanted));
}
