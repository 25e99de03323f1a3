/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Container records, results, and the life of a container's directory. */
#include "fixture.h"

class Containers : public Store
{
protected:
  QuiltContainerRecord *record (char digit, bool is_volatile = false)
  {
    QuiltContainerRecord *r = g_new0 (QuiltContainerRecord, 1);

    r->id = g_strdup (id (digit).c_str ());
    r->image = g_strdup ("debian");
    r->image_digest = g_strdup (digest ('a').c_str ());
    r->owner = G_MAXUINT32 - 1;
    r->created_usec = 1700000000000000;
    r->options = quilt_options_new ();
    r->options->name = g_strdup_printf ("web-%c", digit);
    r->options->command = g_strsplit ("/bin/echo|\xff\xfe\n$'\"", "|", 0);
    r->options->auto_remove = r->is_volatile = is_volatile;
    return r;
  }

  void create (char digit, bool is_volatile = false)
  {
    g_autoptr (QuiltContainerRecord) r = record (digit, is_volatile);

    ASSERT_TRUE (quilt_container_create (store, r, error.out ())) << error.message ();
  }

  GPtrArray *load ()
  {
    broken.clear ();
    return quilt_containers_load (store, on_broken, this, error.out ());
  }

  static QuiltStoredContainer *at (GPtrArray *containers, guint i)
  {
    return (QuiltStoredContainer *)g_ptr_array_index (containers, i);
  }

  fs::path dir (char digit)
  {
    return path / "containers" / id (digit);
  }
};

TEST_F (Containers, ComeBackAsTheyWere)
{
  for (bool is_volatile : {false, true}) {
    g_autoptr (QuiltContainerRecord) saved = record (is_volatile ? 'b' : 'a', is_volatile);

    ASSERT_TRUE (quilt_container_create (store, saved, error.out ())) << error.message ();
    g_autoptr (GPtrArray) containers = load ();
    ASSERT_EQ (containers->len, 1u);
    EXPECT_TRUE (broken.empty ());
    const QuiltStoredContainer *loaded = at (containers, 0);
    EXPECT_EQ (take (quilt_container_record_print (loaded->record, FALSE)),
               take (quilt_container_record_print (saved, FALSE)));
    EXPECT_EQ (join (loaded->record->options->command), "/bin/echo|\xff\xfe\n$'\"|");
    EXPECT_EQ (loaded->record->owner, G_MAXUINT32 - 1);
    EXPECT_EQ (loaded->result.exit_code, -1);
    EXPECT_EQ (loaded->result.started_usec, 0u);
    EXPECT_STREQ (loaded->result.reason, "");
    EXPECT_STREQ (loaded->result.error, "");
    EXPECT_STREQ (loaded->result.error_name, "");
    EXPECT_FALSE (loaded->result.set_up);
    EXPECT_EQ (loaded->record->setup_image, nullptr);
    ASSERT_TRUE (quilt_container_retire (store, saved->id, FALSE, nullptr));
  }
}

TEST_F (Containers, HaveTheirDirectories)
{
  struct stat st;
  const mode_t old = umask (077);

  create ('a');
  umask (old);
  for (auto [name, mode] : {std::pair ("upper", 0755u), {"work", 0700u}}) {
    ASSERT_EQ (stat ((dir ('a') / name).c_str (), &st), 0) << name;
    EXPECT_EQ (st.st_mode & 07777, mode) << name;
  }
  EXPECT_EQ (take (quilt_container_path (store, id ('a').c_str (), "upper")), dir ('a') / "upper");
  EXPECT_FALSE (fs::exists (path / "containers" / (".new-" + id ('a'))));
}

TEST_F (Containers, AreCreatedOnce)
{
  create ('a');
  write (dir ('a') / "upper" / "data", "precious");
  g_autoptr (QuiltContainerRecord) again = record ('a');
  EXPECT_FALSE (quilt_container_create (store, again, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_EXISTS, id ('a')));
  EXPECT_EQ (read (dir ('a') / "upper" / "data"), "precious");
  EXPECT_FALSE (fs::exists (path / "containers" / (".new-" + id ('a'))));
}

TEST_F (Containers, HaveIdsForNames)
{
  g_autoptr (QuiltContainerRecord) r = record ('a');

  for (const char *bad : {"", "..", "../../x", "ABCDEF0123456789ABCDEF0123456789", "a/b"}) {
    g_free (r->id);
    r->id = g_strdup (bad);
    EXPECT_FALSE (quilt_container_create (store, r, error.out ())) << bad;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "")) << bad;
    EXPECT_FALSE (quilt_container_save (store, r, error.out ())) << bad;
    EXPECT_FALSE (quilt_container_retire (store, bad, FALSE, error.out ())) << bad;
    EXPECT_FALSE (quilt_container_delete (store, bad, error.out ())) << bad;
  }
  EXPECT_TRUE (fs::is_empty (path / "containers"));
}

TEST_F (Containers, RecordsAndResultsAreReplaced)
{
  g_autoptr (QuiltContainerRecord) r = record ('a');
  QuiltResult result = {
      10,  20, 143, 15, 3, (char *)"signaled", (char *)"Failed: \x1b \"x\"", (char *)"SetupFailed",
      TRUE};

  EXPECT_FALSE (quilt_container_save (store, r, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, id ('a')));
  EXPECT_FALSE (quilt_container_save_result (store, r->id, &result, TRUE, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, id ('a')));
  create ('a');
  g_free (r->options->name);
  r->options->name = g_strdup ("renamed");
  r->setup_image = g_strdup (("sha256:" + std::string (64, 'd')).c_str ());
  for (bool durable : {false, true}) {
    ASSERT_TRUE (quilt_container_save (store, r, error.out ())) << error.message ();
    ASSERT_TRUE (quilt_container_save_result (store, r->id, &result, durable, error.out ()))
        << error.message ();
  }
  g_autoptr (GPtrArray) containers = load ();
  ASSERT_EQ (containers->len, 1u);
  EXPECT_STREQ (at (containers, 0)->record->options->name, "renamed");
  const QuiltResult &loaded = at (containers, 0)->result;
  EXPECT_EQ (loaded.started_usec, 10u);
  EXPECT_EQ (loaded.finished_usec, 20u);
  EXPECT_EQ (loaded.exit_code, 143);
  EXPECT_EQ (loaded.signal, 15);
  EXPECT_EQ (loaded.step, 3u);
  EXPECT_STREQ (loaded.reason, result.reason);
  EXPECT_STREQ (loaded.error, result.error);
  EXPECT_STREQ (loaded.error_name, result.error_name);
  EXPECT_TRUE (loaded.set_up);
  EXPECT_EQ (at (containers, 0)->record->setup_image, "sha256:" + std::string (64, 'd'));
}

TEST_F (Containers, ABrokenOneHidesNoOther)
{
  create ('a');
  create ('b');
  create ('c');
  create ('d');
  write (dir ('b') / "record.json", "{\"version\":1");
  fs::remove (dir ('c') / "record.json");
  fs::copy (dir ('a') / "record.json", dir ('d') / "record.json",
            fs::copy_options::overwrite_existing); /* another's */
  fs::create_directory (path / "containers" / "stray");
  write (path / "containers" / "file", "");
  g_autoptr (GPtrArray) containers = load ();
  ASSERT_EQ (containers->len, 1u);
  EXPECT_EQ (at (containers, 0)->record->id, id ('a'));
  EXPECT_EQ (broken.size (), 5u);
  for (const auto &name :
       {id ('b'), id ('c'), id ('d'), std::string ("stray"), std::string ("file")})
    EXPECT_EQ (broken.count (name), 1u) << name;
  EXPECT_TRUE (fs::exists (dir ('b') / "upper"));
}

TEST_F (Containers, VolatileOnesAreKnownWithoutTheirRecord)
{
  create ('a');
  create ('b', true);
  EXPECT_FALSE (quilt_container_is_volatile (store, id ('a').c_str ()));
  EXPECT_FALSE (quilt_container_is_volatile (store, "../containers"));
  EXPECT_TRUE (quilt_container_is_volatile (store, id ('b').c_str ()));
  EXPECT_FALSE (fs::exists (dir ('b') / "record.json"));
  g_autoptr (GPtrArray) containers = load ();
  ASSERT_EQ (containers->len, 2u);
  for (guint i = 0; i < 2; i++)
    EXPECT_EQ (at (containers, i)->record->is_volatile, at (containers, i)->record->id == id ('b'));
  write (dir ('b') / "volatile.json", "");
  g_autoptr (GPtrArray) others = load ();
  EXPECT_EQ (others->len, 1u);
  EXPECT_TRUE (quilt_container_is_volatile (store, id ('b').c_str ()));
}

/* How it ended is not known, and never guessed. */
TEST_F (Containers, ABrokenResultIsNoReasonToHide)
{
  create ('a');
  for (const char *text : {"", "{", "{\"version\":1,\"exit-code\":99999999999}", "null"}) {
    write (dir ('a') / "result.json", text);
    g_autoptr (GPtrArray) containers = load ();
    ASSERT_EQ (containers->len, 1u);
    EXPECT_EQ (at (containers, 0)->result.exit_code, -1);
    EXPECT_STREQ (at (containers, 0)->result.reason, "lost");
    EXPECT_NE (std::string (at (containers, 0)->result.error).find ("result.json"),
               std::string::npos);
  }
}

TEST_F (Containers, AreRetiredThenDeleted)
{
  create ('a');
  for (bool durable : {true, false}) {
    EXPECT_EQ (quilt_container_retire (store, id ('a').c_str (), durable, error.out ()), durable);
    if (durable) {
      g_autoptr (GPtrArray) containers = load ();
      EXPECT_EQ (containers->len, 0u);
      EXPECT_TRUE (broken.empty ());
    } else {
      EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, id ('a')));
    }
  }
  EXPECT_TRUE (quilt_container_delete (store, id ('a').c_str (), error.out ())) << error.message ();
  EXPECT_TRUE (fs::is_empty (path / "containers"));
}

TEST_F (Containers, KeepTheirIds)
{
  g_autoptr (QuiltContainerRecord) r = record ('a');

  r->options->userns = g_strdup ("keep-id");
  r->uid_map = quilt_id_map_new_keeping (524288, 1000);
  r->gid_map = quilt_id_map_new_keeping (524288, 100);
  ASSERT_TRUE (quilt_container_create (store, r, error.out ())) << error.message ();
  g_autoptr (GPtrArray) containers = load ();
  ASSERT_EQ (containers->len, 1u);
  EXPECT_EQ (take (quilt_id_map_print (at (containers, 0)->record->uid_map)),
             "0:524288:1000,1000:1000:1,1001:525289:64535");
  EXPECT_EQ (take (quilt_id_map_print (at (containers, 0)->record->gid_map)),
             "0:524288:100,100:100:1,101:524389:65435");
}

/* Started with the host's ids, a container would be more than was asked for. */
TEST_F (Containers, WithoutTheirIdsAreBroken)
{
  const std::string uids = "\"uid-map\":\"0:524288:65536\",",
                    gids = "\"gid-map\":\"0:524288:65536\",";
  const struct {
    const char *userns; /* NULL: of a Quilt that had no such option */
    std::string maps;
    bool good;
  } cases[] = {
      {nullptr, "", true},          {"host", "", true},
      {"auto", uids + gids, true},  {"auto", "", false},
      {"auto", uids, false},        {"keep-id", gids, false},
      {"host", uids + gids, false}, {nullptr, uids + gids, false},
      {"0:1:2", "", false},         {"auto", "\"uid-map\":\"0:524288:0\"," + gids, false},
  };

  create ('a');
  const std::string text = read (dir ('a') / "record.json");
  for (const auto &c : cases) {
    std::string changed = text;

    changed.insert (1, c.maps);
    if (c.userns)
      changed.insert (changed.find ("\"options\":{") + 11,
                      "\"userns\":\"" + std::string (c.userns) + "\",");
    write (dir ('a') / "record.json", changed);
    g_autoptr (GPtrArray) containers = load ();
    EXPECT_EQ (containers->len, c.good ? 1u : 0u) << changed;
    EXPECT_EQ (broken.size (), c.good ? 0u : 1u) << changed;
  }
}

TEST_F (Containers, IdsOfABrokenRecordAreMadeOut)
{
  const struct {
    const char *text, *uids, *gids;
  } cases[] = {
      {R"({"version":9,"uid-map":"0:524288:65536","gid-map":"0:1:2,2:9:1","x":1})",
       "0:524288:65536", "0:1:2,2:9:1"},
      {R"({"version":1,"uid-map":"0:524288:65536","gid-m)", "0:524288:65536", nullptr},
      {R"("uid-map":"0:52)", nullptr, nullptr},
      {R"("uid-map":"0:524288:0")", nullptr, nullptr},
      {"", nullptr, nullptr},
  };

  create ('a');
  for (const auto &c : cases) {
    GArray *maps[2] = {nullptr, nullptr};
    const char *expected[2] = {c.uids, c.gids};

    write (dir ('a') / "record.json", c.text);
    quilt_container_salvage_ids (store, id ('a').c_str (), &maps[0], &maps[1]);
    for (int i = 0; i < 2; i++) {
      EXPECT_EQ (maps[i] ? take (quilt_id_map_print (maps[i])) : "(none)",
                 expected[i] ? expected[i] : "(none)")
          << c.text;
      g_clear_pointer (&maps[i], g_array_unref);
    }
  }
}
