/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of --device, and linux.devices. */
#include "base/check.h"

extern "C" {
#include "spec/oci/oci.h"
#include "spec/options/devices.h"
}

using std::string;
/* As from quiltctl to quiltd; the strings are of *ret_entry. */
static gboolean
read (const char *text, GVariant **ret_entry, QuiltDeviceRequest *ret_request, GError **error)
{
  *ret_entry = quilt_device_shape.from_text ("--device", text, error);
  if (*ret_entry)
    g_variant_ref_sink (*ret_entry);
  return *ret_entry && quilt_device_read ("devices", *ret_entry, ret_request, error);
}

using Spec = std::unique_ptr<QuiltSpec, void (*) (QuiltSpec *)>;

TEST (Devices, AreReadAsPodmanDoes)
{
  const struct {
    const char *text, *source, *path, *access;
  } cases[] = {
      {"/dev/fuse", "/dev/fuse", "/dev/fuse", "rwm"},
      {"/dev/sda:/dev/disk", "/dev/sda", "/dev/disk", "rwm"},
      {"/dev/sda:/dev/a/b:r", "/dev/sda", "/dev/a/b", "r"},
      {"/dev/sda:rw", "/dev/sda", "/dev/sda", "rw"},
      {"/srv/node:/dev/x:mr", "/srv/node", "/dev/x", "mr"},
      {"/dev/dri", "/dev/dri", "/dev/dri", "rwm"},
      {R"(/dev/pci-0000\:00:/dev/x\:y:r)", "/dev/pci-0000:00", "/dev/x:y", "r"}, /* Fault 22. */
  };

  for (const auto &c : cases) {
    Error error;
    g_autoptr (GVariant) entry = nullptr;
    QuiltDeviceRequest request = {};

    EXPECT_TRUE (read (c.text, &entry, &request, error.out ()));
    EXPECT_STREQ (request.source, c.source) << c.text;
    EXPECT_STREQ (request.destination, c.path) << c.text;
    EXPECT_STREQ (request.access, c.access) << c.text;
  }
}

TEST (Devices, BadWordsAreNamed)
{
  const struct {
    const char *text, *why;
  } cases[] = {
      {"", "''"},
      {"fuse", "must be an absolute path"},
      {"/dev/../etc/passwd", "must be an absolute path, without"},
      {"/dev//fuse", "without '.', '..' and '//'"},
      {"/dev/fuse/", "without '.', '..' and '//'"},
      {"/dev/fuse:/data/fuse", "must be below /dev"},
      {"/srv/fuse", "must be below /dev"},
      {"/dev/x:/dev/pts/7", "must be below /dev, and not one that every container has"},
      {"/dev/x:/dev/shm", "not one that every container has"},
      {"/dev/x:/dev/fd/3", "not one that every container has"},
      {"/dev/x:/devious", "must be below /dev"},
      {"/dev/x:/dev/x:x", "letters r, w and m"},
      {"/dev/x:/dev/x:rr", "letters r, w and m"},
      {"/dev/x:/dev/x:", "must be HOST[:PATH[:ACCESS]]"},
      {"/dev/x::r", "must be HOST[:PATH[:ACCESS]]"},
      {"/dev/x:", "must be HOST[:PATH[:ACCESS]]"},
      {"/dev/pci-0000:00", "to '00': must be an absolute path"},
      {"/dev/x:/dev/x:r:w", "must be HOST[:PATH[:ACCESS]]"},
  };

  for (const auto &c : cases) {
    Error error;
    g_autoptr (GVariant) entry = nullptr;
    QuiltDeviceRequest request = {};

    EXPECT_FALSE (read (c.text, &entry, &request, error.out ()));
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.text << error.message ();
    EXPECT_EQ (request.source, nullptr);
  }
}

static string
config (const string &devices)
{
  return R"({"ociVersion":"1.0.0","root":{"path":"r"},"process":{"cwd":"/","args":["x"]},)"
         R"("linux":{"namespaces":[{"type":"mount"}],"devices":[)" +
         devices + "]}}";
}

TEST (Devices, OfAConfigurationGoRound)
{
  Error error;
  string text = config (R"({"type":"c","path":"/dev/fuse","major":10,"minor":229,"fileMode":438},)"
                        R"({"type":"b","path":"/dev/d/a","major":8,"minor":1},)"
                        R"({"type":"p","path":"/dev/log"})");
  Spec spec (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);

  ASSERT_TRUE (error.none ());
  ASSERT_EQ (spec->devices->len, 3u);
  EXPECT_EQ (g_array_index (spec->devices, QuiltDevice, 2).type, 'p');
  const auto &fuse = g_array_index (spec->devices, QuiltDevice, 0);
  const auto &disk = g_array_index (spec->devices, QuiltDevice, 1);
  EXPECT_STREQ (fuse.path, "/dev/fuse");
  EXPECT_EQ (fuse.type, 'c');
  EXPECT_EQ (fuse.major, 10u);
  EXPECT_EQ (fuse.minor, 229u);
  EXPECT_EQ (fuse.mode, 0666u);
  EXPECT_EQ (disk.type, 'b');
  text = take (quilt_spec_print (spec.get (), FALSE));
  Spec again (quilt_spec_parse (text.data (), text.size (), error.out ()), quilt_spec_free);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (take (quilt_spec_print (again.get (), FALSE)), text);
}

TEST (Devices, OfAConfigurationThatCannotBeAreNamed)
{
  const struct {
    const char *device, *why;
  } cases[] = {
      {R"({"type":"c","path":"/dev/a"})", "needs major"},
      {R"({"type":"l","path":"/dev/a","major":1,"minor":1})", "must be 'c', 'u', 'b' or 'p'"},
      {R"({"type":"c","path":"/dev","major":1,"minor":1})", "must not contain '.'"},
      {R"({"type":"c","path":"/dev/pts/a","major":1,"minor":1})", "pts, shm"},
      {R"({"type":"c","path":"/dev/../a","major":1,"minor":1})", "must not contain '.'"},
      {R"({"type":"c","path":"/","major":1,"minor":1})", "must not contain '.'"},
      {R"({"type":"c","path":"a","major":1,"minor":1})", "must be an absolute path"},
      {R"({"type":"c","path":"/dev/a","major":4096,"minor":1})", "needs major"},
      {R"({"type":"c","path":"/dev/a","major":1,"minor":1,"fileMode":2048})", "permissions alone"},
      {R"({"path":"/dev/a","major":1,"minor":1})", "'linux.devices[0].type': is missing"},
  };

  for (const auto &c : cases) {
    Error error;
    string text = config (c.device);

    EXPECT_EQ (quilt_spec_parse (text.data (), text.size (), error.out ()), nullptr) << c.device;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.device << error.message ();
  }
}
