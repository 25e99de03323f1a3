/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image records and the layers that they hold. */
#include "fixture.h"

class Images : public Store
{
protected:
  QuiltImageRecord *image (char digit, const std::string &layer)
  {
    QuiltImageRecord *record = g_new0 (QuiltImageRecord, 1);

    record->digest = g_strdup (digest (digit).c_str ());
    record->names = g_strsplit ("debian:12,test/x", ",", 0);
    record->layers = g_strsplit (layer.c_str (), ",", 0);
    record->size = G_MAXUINT64;
    record->entries = 12345;
    record->created_usec = 1700000000000000;
    return record;
  }

  void save (char digit, const std::string &layer)
  {
    g_autoptr (QuiltImageRecord) record = image (digit, layer);

    ASSERT_TRUE (quilt_image_save (store, record, error.out ())) << error.message ();
  }

  GPtrArray *load ()
  {
    broken.clear ();
    return quilt_images_load (store, on_broken, this, error.out ());
  }

  fs::path file (char digit)
  {
    return path / "images" / (std::string (64, digit) + ".json");
  }

  void make_layer (char digit)
  {
    fs::create_directories (path / "layers" / std::string (64, digit) / "fs" / "bin");
  }
};

TEST_F (Images, ComeBackAsTheyWere)
{
  g_autoptr (QuiltImageRecord) record = image ('a', digest ('1') + "," + digest ('2'));
  g_autoptr (GPtrArray) images = nullptr;

  record->config.cmd = g_strsplit ("/bin/sh,-c,\xff \"\\/", ",", 0);
  record->config.env = g_strsplit ("A=b", ",", 0);
  record->config.working_directory = g_strdup ("/srv");
  record->setup_key = g_strdup (std::string (64, 'c').c_str ());
  record->base = g_strdup (digest ('b').c_str ());
  record->setup_bytes = 4711;
  record->setup_owner = 1000;
  ASSERT_TRUE (quilt_image_save (store, record, error.out ())) << error.message ();
  images = load ();
  ASSERT_NE (images, nullptr);
  EXPECT_TRUE (broken.empty ()) << broken.begin ()->second;
  ASSERT_EQ (images->len, 1u);
  auto *loaded = (QuiltImageRecord *)g_ptr_array_index (images, 0);
  g_autoptr (json_object) read = quilt_image_record_to_json (loaded);
  g_autoptr (json_object) written = quilt_image_record_to_json (record);
  EXPECT_EQ (take (quilt_json_print (read, TRUE)), take (quilt_json_print (written, TRUE)));
  EXPECT_EQ (loaded->digest, digest ('a'));
  EXPECT_EQ (join (loaded->names), "debian:12|test/x|");
  EXPECT_EQ (join (loaded->layers), digest ('1') + "|" + digest ('2') + "|");
  EXPECT_EQ (loaded->size, G_MAXUINT64);
  EXPECT_EQ (loaded->entries, 12345u);
  EXPECT_EQ (loaded->created_usec, 1700000000000000u);
  EXPECT_EQ (join (loaded->config.cmd), "/bin/sh|-c|\xff \"\\/|");
  EXPECT_EQ (loaded->config.entrypoint, nullptr);
  EXPECT_STREQ (loaded->config.working_directory, "/srv");
  EXPECT_EQ (loaded->setup_key, std::string (64, 'c'));
  EXPECT_EQ (loaded->base, digest ('b'));
  EXPECT_EQ (loaded->setup_bytes, 4711u);
  EXPECT_EQ (loaded->setup_owner, 1000u);
}

TEST_F (Images, ABrokenOneHidesNoOther)
{
  save ('a', digest ('1'));
  std::string good = read (file ('a'));
  auto changed = [&good] (const std::string &from, const std::string &to) {
    std::string text = good;
    EXPECT_NE (text.find (from), std::string::npos) << from;
    return text.replace (text.find (from), from.size (), to);
  };
  const std::map<char, std::string> bad = {
      {'b', good}, /* another's digest */
      {'c', good.substr (0, good.size () / 2)},
      {'d', ""},
      {'e', changed ("\"version\":1", "\"version\":2")},
      {'f', changed ("\"size\"", "\"siez\"")},
      {'0', std::string (100, '\0')},
      {'1', "[]"},
  };

  for (const auto &[digit, text] : bad)
    write (file (digit), text);
  fs::create_directory (file ('2'));
  fs::create_symlink (file ('a'), file ('3'));
  ASSERT_EQ (mkfifo (file ('4').c_str (), 0600), 0);
  write (path / "images" / "README", "hello");
  g_autoptr (GPtrArray) images = load ();
  ASSERT_NE (images, nullptr);
  ASSERT_EQ (images->len, 1u);
  EXPECT_EQ (((QuiltImageRecord *)g_ptr_array_index (images, 0))->digest, digest ('a'));
  EXPECT_EQ (broken.size (), 11u);
  for (const auto &[name, why] : broken)
    EXPECT_NE (why.find (name), std::string::npos) << why;
  EXPECT_EQ (read (file ('c')), bad.at ('c'));
}

TEST_F (Images, FieldsAreCheckedAgain)
{
  save ('a', digest ('1'));
  std::string good = read (file ('a'));
  const std::pair<std::string, std::string> changes[] = {
      {digest ('1'), "sha256:../../../../etc"},
      {"[\"" + digest ('1') + "\"]", "[]"},
      {"debian:12", "../evil"},
      {"\"config\":", "\"setup-key\":\"c\",\"base\":\"sha256:../x\",\"config\":"},
      {"\"config\":", "\"setup-key\":\"c\",\"config\":"},
  };

  for (const auto &[from, to] : changes) {
    std::string text = good;
    write (file ('a'), text.replace (text.find (from), from.size (), to));
    g_autoptr (GPtrArray) images = load ();
    EXPECT_EQ (images->len, 0u) << to;
    EXPECT_EQ (broken.size (), 1u) << to;
  }
}

TEST_F (Images, AreSavedUnderDigestsOnly)
{
  g_autoptr (QuiltImageRecord) record = image ('a', digest ('1'));

  g_free (record->digest);
  record->digest = g_strdup ("sha256:../x");
  EXPECT_FALSE (quilt_image_save (store, record, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "../x"));
}

TEST_F (Images, RemovalKeepsSharedLayers)
{
  g_autoptr (QuiltImageRecord) first = image ('a', digest ('1') + "," + digest ('2'));
  g_autoptr (QuiltImageRecord) second = image ('b', digest ('1'));
  g_autoptr (GPtrArray) remaining = g_ptr_array_new ();

  make_layer ('1');
  make_layer ('2');
  ASSERT_TRUE (quilt_image_save (store, first, nullptr));
  ASSERT_TRUE (quilt_image_save (store, second, nullptr));
  g_ptr_array_add (remaining, second);
  ASSERT_TRUE (quilt_image_remove (store, first, remaining, error.out ())) << error.message ();
  EXPECT_FALSE (fs::exists (file ('a')));
  EXPECT_TRUE (quilt_layer_exists (store, digest ('1').c_str ()));
  EXPECT_FALSE (quilt_layer_exists (store, digest ('2').c_str ()));
  g_ptr_array_set_size (remaining, 0);
  ASSERT_TRUE (quilt_image_remove (store, second, remaining, error.out ())) << error.message ();
  EXPECT_TRUE (fs::is_empty (path / "images"));
  EXPECT_TRUE (fs::is_empty (path / "layers"));
  EXPECT_TRUE (quilt_image_remove (store, second, remaining, error.out ())) << "again";
}

TEST_F (Images, SeveralAreRemovedWithTheLayersThatTheyShare)
{
  g_autoptr (QuiltImageRecord) first = image ('a', digest ('1') + "," + digest ('2'));
  g_autoptr (QuiltImageRecord) second = image ('b', digest ('1') + "," + digest ('3'));
  g_autoptr (QuiltImageRecord) third = image ('c', digest ('3'));
  g_autoptr (GPtrArray) records = g_ptr_array_new (), remaining = g_ptr_array_new ();
  gboolean gone = FALSE;

  for (char digit : {'1', '2', '3'})
    make_layer (digit);
  for (auto *record : {first, second, third})
    ASSERT_TRUE (quilt_image_save (store, record, nullptr));
  g_ptr_array_add (records, first);
  g_ptr_array_add (records, second);
  g_ptr_array_add (remaining, third);
  ASSERT_TRUE (quilt_images_remove (store, records, remaining, &gone, error.out ()))
      << error.message ();
  EXPECT_TRUE (gone);
  EXPECT_FALSE (fs::exists (file ('a')) || fs::exists (file ('b')));
  EXPECT_TRUE (fs::exists (file ('c')));
  EXPECT_FALSE (quilt_layer_exists (store, digest ('1').c_str ()));
  EXPECT_FALSE (quilt_layer_exists (store, digest ('2').c_str ()));
  EXPECT_TRUE (quilt_layer_exists (store, digest ('3').c_str ()));
}

TEST_F (Images, TheLastUseOfAResultComesBack)
{
  const guint64 used = G_GUINT64_CONSTANT (1700000000123456);
  g_autoptr (QuiltImageRecord) record = image ('a', digest ('1'));
  g_autoptr (GPtrArray) images = nullptr;

  record->setup_key = g_strdup ("key");
  record->base = g_strdup (digest ('b').c_str ());
  record->size = 5;
  ASSERT_TRUE (quilt_image_save (store, record, error.out ()));
  ASSERT_TRUE (quilt_image_note_use (store, record->digest, used, error.out ()))
      << error.message ();
  images = load ();
  ASSERT_EQ (images->len, 1u);
  EXPECT_EQ (((QuiltImageRecord *)images->pdata[0])->used_usec, used);
  EXPECT_EQ (((QuiltImageRecord *)images->pdata[0])->setup_bytes, 5u); /* was not counted */
  EXPECT_FALSE (quilt_image_note_use (store, digest ('c').c_str (), used, nullptr));
  EXPECT_FALSE (quilt_image_note_use (store, "sha256:../x", used, nullptr));
}

/* Fault "6c". A crash came between a layer and its image. */
TEST_F (Images, LayersOfNoImageAreSwept)
{
  g_autoptr (GPtrArray) images = nullptr;

  for (char digit : {'1', '2', '3'})
    make_layer (digit);
  fs::create_directories (path / "layers" / ".tmp-of-an-import");
  save ('a', digest ('1') + "," + digest ('3'));
  images = load ();
  ASSERT_TRUE (quilt_images_sweep_layers (store, images, error.out ())) << error.message ();
  EXPECT_TRUE (quilt_layer_exists (store, digest ('1').c_str ()));
  EXPECT_FALSE (quilt_layer_exists (store, digest ('2').c_str ()));
  EXPECT_TRUE (quilt_layer_exists (store, digest ('3').c_str ()));
  EXPECT_TRUE (fs::exists (path / "layers" / ".tmp-of-an-import"));
}

TEST_F (Images, LayersArePublishedOnce)
{
  QuiltLayerInfo info = {7, 8};
  QuiltLayerInfo read_info = {};
  std::string one = digest ('1');

  EXPECT_FALSE (quilt_layer_exists (store, one.c_str ()));
  for (const char *temporary : {".tmp-a", ".tmp-b"}) {
    fs::create_directories (path / "layers" / temporary / "fs" / temporary);
    int fd = quilt_dir_open (quilt_store_get_layers_fd (store), temporary, nullptr);
    ASSERT_TRUE (quilt_layer_info_write (fd, &info, error.out ())) << error.message ();
    close (fd);
    ASSERT_TRUE (quilt_layer_publish (store, temporary, one.c_str (), error.out ()))
        << error.message ();
    info.size++;
  }
  EXPECT_TRUE (quilt_layer_exists (store, one.c_str ()));
  std::string fs_path = take (quilt_layer_path (store, one.c_str ()));
  EXPECT_EQ (fs_path, path / "layers" / std::string (64, '1') / "fs");
  EXPECT_TRUE (fs::exists (fs::path (fs_path) / ".tmp-a"));
  EXPECT_FALSE (fs::exists (path / "layers" / ".tmp-b"));
  ASSERT_TRUE (quilt_layer_info_read (quilt_store_get_layers_fd (store),
                                      std::string (64, '1').c_str (), &read_info, error.out ()))
      << error.message ();
  EXPECT_EQ (read_info.size, 7u);
  EXPECT_EQ (read_info.entries, 8u);
}

TEST_F (Images, LayersAreNamedByDigestsAndTemporaries)
{
  make_layer ('1');
  for (const char *temporary : {"", "..", "x", ".tmp-/../../x", "/etc"}) {
    EXPECT_FALSE (quilt_layer_publish (store, temporary, digest ('2').c_str (), error.out ()));
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, ""));
  }
  fs::create_directories (path / "layers" / ".tmp-a");
  for (const char *bad : {"", "sha256:", "sha256:..", "../1"}) {
    EXPECT_FALSE (quilt_layer_publish (store, ".tmp-a", bad, error.out ()));
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, ""));
    EXPECT_FALSE (quilt_layer_exists (store, bad));
    EXPECT_EQ (quilt_layer_path (store, bad), nullptr);
    EXPECT_FALSE (quilt_layer_remove (store, bad, error.out ()));
  }
  EXPECT_FALSE (quilt_layer_publish (store, ".tmp-none", digest ('2').c_str (), error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, ""));
}

TEST_F (Images, UnfinishedLayersAreDiscarded)
{
  std::string name = take (quilt_layer_temporary_new ());

  EXPECT_NE (name, take (quilt_layer_temporary_new ()));
  make_layer ('1');
  fs::create_directories (path / "layers" / name / "fs" / "bin");
  write (path / "layers" / name / "fs" / "bin" / "true", "x");
  EXPECT_TRUE (quilt_layer_discard (store, name.c_str (), error.out ())) << error.message ();
  EXPECT_FALSE (fs::exists (path / "layers" / name));
  EXPECT_TRUE (quilt_layer_discard (store, name.c_str (), error.out ())) << error.message ();
  for (const auto &bad : {std::string (), std::string (".."), std::string (64, '1'),
                          std::string (".tmp-/../../images")}) {
    EXPECT_FALSE (quilt_layer_discard (store, bad.c_str (), error.out ())) << bad;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, bad));
  }
  EXPECT_TRUE (quilt_layer_exists (store, digest ('1').c_str ()));
}
