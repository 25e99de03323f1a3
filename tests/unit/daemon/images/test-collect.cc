/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limit of the results of setup steps, and which of them go. */
#include "quiltd.h"

extern "C" {
#include "daemon/images/collect.h"
}

using std::string;

namespace
{

const guint64 MIB = 1 << 20;

/* Each result counts 1 MiB besides its layer. */
class Collect : public Quiltd
{
protected:
  void SetUp () override
  {
    Quiltd::SetUp ();
    add_image ('0', "base");
    quilt_images_allow_collection (daemon->images);
    limit (100);
  }

  void limit (guint64 mib)
  {
    const QuiltSetupLimits limits = {TRUE, mib * MIB};

    quilt_images_set_limits (daemon->images, &daemon->config->import_limits, &limits);
  }

  QuiltImage *result (char digit, guint64 mib, guint64 used_usec, guint64 owner = 0)
  {
    g_autoptr (QuiltImageRecord) record = new_image (digit, nullptr);

    record->setup_key = g_strdup (string (1, digit).c_str ());
    record->setup_owner = owner;
    record->base = g_strdup (digest ('0').c_str ());
    record->setup_bytes = (mib - 1) * MIB;
    record->used_usec = used_usec;
    EXPECT_TRUE (quilt_image_save (daemon->store, record, error.out ())) << error.message ();
    return quilt_image_add (daemon->images, g_steal_pointer (&record));
  }

  /* The digits of the results in the table; "" for each that has no file, or has one too many. */
  string left ()
  {
    string digits;

    wait ([&] { return quilt_hub_is_idle (daemon->hub); });
    for (char digit : string ("123456789")) {
      const bool known = quilt_images_get (daemon->images, digest (digit).c_str ()) != nullptr;

      EXPECT_EQ (fs::exists (path / "state/images" / (string (64, digit) + ".json")), known);
      EXPECT_EQ (fs::exists (path / "state/layers" / string (64, digit)), known);
      if (known)
        digits += digit;
    }
    return digits;
  }

  /* The results that are left when a new one of that size is about to be published; "" if it is
   * refused. */
  string make (guint64 mib, guint64 owner = 0)
  {
    guint64 max;
    QuiltSetupRoom *room = quilt_setup_room_new (daemon->images, owner, &max, error.out ());
    string digits;

    if (!room)
      return "";
    if (quilt_setup_room_grow (room, (mib - 1) * MIB, error.out ()) &&
        quilt_setup_room_take (room, error.out ()))
      digits = left () + "+";
    quilt_setup_room_free (room);
    return digits;
  }

  /* The answer, or "". */
  string prune (const string &options)
  {
    g_autoptr (GVariant) dict = variant (("@a{sv} " + options).c_str ());
    g_autoptr (GVariant) answer = call ("PruneSetups", g_variant_new ("(@a{sv})", dict));

    return answer ? take (g_variant_print (answer, TRUE)) : "";
  }

  static const char *get_name (gconstpointer user)
  {
    return "web";
  }
};

} // namespace

TEST_F (Collect, TheLeastRecentlyUsedGoesFirst)
{
  result ('1', 30, 3000);
  result ('2', 30, 1000);
  result ('3', 30, 2000);
  quilt_image_collect_setups (daemon->images);
  EXPECT_EQ (left (), "123");
  EXPECT_EQ (make (10), "123+");
  EXPECT_EQ (make (11), "13+");
  EXPECT_EQ (make (70), "1+");
  EXPECT_EQ (make (100), "+");
  EXPECT_TRUE (quilt_images_get (daemon->images, digest ('0').c_str ()));
}

TEST_F (Collect, OneThatIsUsedStays)
{
  QuiltImage *used = result ('1', 60, 1000);
  QuiltImageUse *use = quilt_image_use_new (used, get_name, nullptr);

  result ('2', 30, 2000);
  EXPECT_EQ (make (41), ""); /* it would not fit, so nothing is removed */
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "SetupCacheMaxBytes= in quiltd.conf"));
  EXPECT_EQ (left (), "12");
  EXPECT_EQ (make (40), "1+");
  quilt_image_use_release (use);
  EXPECT_EQ (make (41), "+");
}

/* No user's results push out those of a user who has less. */
TEST_F (Collect, TheUserWithMostMakesRoom)
{
  result ('1', 20, 1000, 1001);
  result ('2', 30, 2000, 1002);
  result ('3', 30, 3000, 1002);
  EXPECT_EQ (make (30, 1002), "13+"); /* the first is the least recently used one */
  EXPECT_EQ (make (30, 1001), "13+");
  result ('4', 30, 1000, 1001);
  EXPECT_EQ (make (30, 1003), "34+");
  EXPECT_EQ (make (60, 1003), ""); /* it would have most */
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "this user's take more"));
  EXPECT_EQ (left (), "34");
  limit (30);
  quilt_image_collect_setups (daemon->images);
  EXPECT_EQ (left ().size (), 1u);
}

TEST_F (Collect, ALowerLimitHoldsAtOnceOrAfterTheLastUse)
{
  QuiltImageUse *use = quilt_image_use_new (result ('1', 60, 1000), get_name, nullptr);

  result ('2', 30, 2000);
  limit (0);
  quilt_image_collect_setups (daemon->images);
  EXPECT_EQ (left (), "1");
  quilt_image_use_release (use);
  quilt_image_collect_setups (daemon->images);
  EXPECT_EQ (left (), "");
}

TEST_F (Collect, ResultsThatAreBeingMadeCountTogether)
{
  guint64 max;
  QuiltSetupRoom *one = quilt_setup_room_new (daemon->images, 0, &max, error.out ()), *other;

  EXPECT_EQ (max, 99 * MIB);
  ASSERT_TRUE (quilt_setup_room_grow (one, 49 * MIB, error.out ()));
  other = quilt_setup_room_new (daemon->images, 0, &max, error.out ());
  EXPECT_EQ (max, 49 * MIB);
  EXPECT_TRUE (quilt_setup_room_grow (other, 49 * MIB, error.out ()));
  EXPECT_FALSE (quilt_setup_room_grow (other, 49 * MIB + 1, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_QUOTA_EXCEEDED, "SetupCacheMaxBytes="));
  EXPECT_EQ (quilt_setup_room_new (daemon->images, 0, &max, error.out ()), nullptr);
  EXPECT_FALSE (quilt_setup_room_grow (other, G_MAXUINT64, error.out ()));
  quilt_setup_room_free (one);
  quilt_setup_room_free (other);
  EXPECT_EQ (make (100), "+");
}

/* A container whose record quiltd could not read may use any result. */
TEST_F (Collect, NothingIsRemovedWhileTheUsesAreUnknown)
{
  stop ();
  start ();
  limit (100);
  result ('1', 60, 1000);
  limit (50);
  quilt_image_collect_setups (daemon->images);
  EXPECT_EQ (left (), "1");
  EXPECT_EQ (make (10), "");
  EXPECT_EQ (left (), "1");
}

TEST_F (Collect, TheUseOutlivesQuiltd)
{
  QuiltImage *image = result ('1', 30, 1000);
  const auto file = path / "state/images" / (string (64, '1') + ".json");
  const guint64 before = (guint64)g_get_real_time ();
  struct stat st;

  quilt_image_note_setup_use (image);
  EXPECT_GE (quilt_image_get_record (image)->used_usec, before);
  left ();
  ASSERT_EQ (stat (file.c_str (), &st), 0);
  EXPECT_EQ ((guint64)st.st_mtim.tv_sec * G_USEC_PER_SEC + (guint64)st.st_mtim.tv_nsec / 1000,
             quilt_image_get_record (image)->used_usec);
}

/* Each removal needs the layers of all others: together, they are listed once. */
TEST_F (Collect, ThousandsGoAtOnce)
{
  for (int i = 0; i < 1000; i++) {
    g_autoptr (QuiltImageRecord) record = g_new0 (QuiltImageRecord, 1);
    g_autofree char *hex = g_strdup_printf ("%064x", 0xfff000 + i);
    const string base = digest ('0');
    const char *const layers[] = {base.c_str (), nullptr};

    record->digest = g_strconcat ("sha256:", hex, nullptr);
    record->names = g_new0 (char *, 1);
    record->layers = g_strdupv ((char **)layers);
    record->setup_key = g_strdup (hex);
    record->base = g_strdup (base.c_str ());
    quilt_image_add (daemon->images, g_steal_pointer (&record));
  }
  EXPECT_EQ (quilt_images_size (daemon->images), 1001u);
  quilt_image_collect_setups (daemon->images);
  wait ([&] { return quilt_hub_is_idle (daemon->hub); });
  EXPECT_EQ (quilt_images_size (daemon->images), 101u);
  EXPECT_TRUE (fs::exists (path / "state/layers" / string (64, '0')));
}

TEST_F (Collect, PruneRemovesAllThatNoContainerUses)
{
  QuiltImageUse *use = quilt_image_use_new (result ('1', 30, 1000), get_name, nullptr);
  const QuiltImage *second = result ('2', 20, 2000);
  const string expected = "([('" + digest ('2') + "', uint64 " +
                          std::to_string (quilt_image_get_record (second)->setup_bytes) + ")],)";

  EXPECT_EQ (prune ("{'dry-run': <true>}"), expected);
  EXPECT_EQ (left (), "12");
  EXPECT_EQ (prune ("{}"), expected);
  EXPECT_EQ (left (), "1");
  EXPECT_EQ (prune ("{}"), "(@a(st) [],)");
  quilt_image_use_release (use);
  EXPECT_EQ (prune ("{'all': <true>}"), "");
  EXPECT_EQ (remote_error, "org.quilt.Error.NotSupported");
  prune ("{}");
  EXPECT_EQ (left (), "");
  EXPECT_TRUE (quilt_images_get (daemon->images, digest ('0').c_str ()));
}

/* Otherwise the sum of what prune has freed would be too large. */
TEST_F (Collect, PruneCountsNoLayerThatStays)
{
  g_autoptr (QuiltImageRecord) record = new_image ('2', nullptr);

  result ('1', 30, 1000);
  g_free (record->layers[0]);
  record->layers[0] = g_strdup (digest ('1').c_str ());
  quilt_image_add (daemon->images, g_steal_pointer (&record));
  EXPECT_EQ (prune ("{'dry-run': <true>}"), "([('" + digest ('1') + "', uint64 0)],)");
}

TEST_F (Collect, PruneRemovesNothingWhileTheUsesAreUnknown)
{
  stop ();
  start ();
  result ('1', 30, 1000);
  EXPECT_EQ (prune ("{}"), "");
  EXPECT_EQ (remote_error, "org.quilt.Error.Busy");
  EXPECT_EQ (left (), "1");
}
