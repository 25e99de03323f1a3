/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ImportImage: from an archive to an image, and what is left where that fails. */
#include "quiltd.h"

#include <gio/gunixfdlist.h>
#include <sys/mman.h>

using std::string;

namespace
{

class Import : public Quiltd
{
protected:
  bool completed = false, success = false;
  string failure, text;
  GVariant *results = nullptr;
  guint subscription = 0;

  void SetUp () override
  {
    Quiltd::SetUp ();
    subscription = g_dbus_connection_signal_subscribe (
        caller, nullptr, "org.quilt.Job", "Completed", nullptr, nullptr, G_DBUS_SIGNAL_FLAGS_NONE,
        on_completed, this, nullptr);
    settle ();
  }

  void TearDown () override
  {
    g_dbus_connection_signal_unsubscribe (caller, subscription);
    g_clear_pointer (&results, g_variant_unref);
    Quiltd::TearDown ();
  }

  static void on_completed (GDBusConnection *,
                            const gchar *,
                            const gchar *,
                            const gchar *,
                            const gchar *,
                            GVariant *arguments,
                            gpointer data)
  {
    auto *self = static_cast<Import *> (data);
    gboolean done;
    const char *name, *why;

    g_clear_pointer (&self->results, g_variant_unref);
    g_variant_get (arguments, "(b&s&s@a{sv})", &done, &name, &why, &self->results);
    self->success = done;
    self->failure = name;
    self->text = why;
    self->completed = true;
  }

  /* A tar archive with one file. */
  int archive (const string &name, const string &content)
  {
    const fs::path tree = path / "tree", tar = path / "archive.tar";
    int fd;

    fs::remove_all (tree);
    fs::create_directories (tree / "etc");
    std::ofstream (tree / "etc" / name) << content;
    const string command =
        "tar --mtime=@0 --sort=name -C " + tree.string () + " -cf " + tar.string () + " etc";
    EXPECT_TRUE (g_spawn_command_line_sync (command.c_str (), nullptr, nullptr, nullptr, nullptr));
    fd = open (tar.c_str (), O_RDONLY | O_CLOEXEC);
    return fd;
  }

  /* Closes fd. FALSE: the call was refused. Otherwise its job is over. */
  bool import (int fd, const char *name, const char *options = "{}")
  {
    g_autoptr (GUnixFDList) fds = g_unix_fd_list_new_from_array (&fd, 1);
    g_autoptr (GVariant) dict = variant ((string ("@a{sv} ") + options).c_str ());
    g_autoptr (GVariant) answer = nullptr;

    completed = false;
    answer = call ("ImportImage", g_variant_new ("(hs@a{sv})", 0, name, dict), fds);
    if (!answer)
      return false;
    wait ([this] { return completed && quilt_hub_is_idle (daemon->hub); });
    return true;
  }

  QuiltImage *get (const char *name)
  {
    return quilt_images_find (daemon->images, name, nullptr);
  }

  gsize count (const char *part)
  {
    gsize n = 0;

    for (const auto &entry : fs::directory_iterator (path / "state" / part))
      n += entry.path ().filename ().string ()[0] != ' ';
    return n;
  }
};

} // namespace

TEST_F (Import, AnArchiveBecomesAnImage)
{
  ASSERT_TRUE (import (archive ("motd", "hello"), "web")) << remote_text;
  ASSERT_TRUE (success) << text;
  ASSERT_NE (get ("web"), nullptr);
  const string hex = quilt_digest_hex (quilt_image_get_record (get ("web"))->digest);
  std::ifstream file (path / "state/layers" / hex / "fs/etc/motd");
  string content;

  file >> content;
  EXPECT_EQ (content, "hello");
  EXPECT_TRUE (fs::exists (path / "state/images" / (hex + ".json")));
  EXPECT_EQ (count ("layers"), 1u);
  EXPECT_EQ (take (g_variant_print (results, FALSE)).find ("'existed': <true>"), string::npos);
  EXPECT_FALSE (quilt_image_is_changing (get ("web")));
}

/* One content is one image, whatever it is called. */
TEST_F (Import, TheSameContentIsTheSameImage)
{
  ASSERT_TRUE (import (archive ("motd", "hello"), "web") && success) << text;
  ASSERT_TRUE (import (archive ("motd", "hello"), "other") && success) << text;
  EXPECT_NE (take (g_variant_print (results, FALSE)).find ("'existed': <true>"), string::npos);
  EXPECT_EQ (get ("web"), get ("other"));
  EXPECT_EQ (quilt_images_size (daemon->images), 1u);
  EXPECT_EQ (count ("layers"), 1u);
}

/* … and a name is one image's: the older one loses it. */
TEST_F (Import, ANameMovesToTheNewImage)
{
  QuiltImage *older;

  ASSERT_TRUE (import (archive ("motd", "one"), "web") && success) << text;
  older = get ("web");
  ASSERT_TRUE (import (archive ("motd", "two"), "web") && success) << text;
  EXPECT_NE (get ("web"), older);
  EXPECT_STREQ (quilt_image_get_record (older)->names[0], nullptr);
  EXPECT_EQ (quilt_images_size (daemon->images), 2u);
  EXPECT_FALSE (quilt_image_is_changing (older));
}

/* Containers that were made of it would run another command. */
TEST_F (Import, AnImagesCommandStaysWhatItIs)
{
  ASSERT_TRUE (import (archive ("motd", "one"), "web", "{'command': <[b'/bin/one']>}") && success)
      << text << remote_text;
  ASSERT_TRUE (import (archive ("motd", "one"), "web", "{'command': <[b'/bin/two']>}"))
      << remote_text;
  EXPECT_FALSE (success);
  EXPECT_EQ (failure, "org.quilt.Error.Exists");
  EXPECT_STREQ (quilt_image_get_record (get ("web"))->config.cmd[0], "/bin/one");
}

TEST_F (Import, ARefusedCallBeginsNoJob)
{
  EXPECT_FALSE (import (archive ("motd", "one"), "UPPER CASE"));
  EXPECT_EQ (remote_error, "org.quilt.Error.InvalidArgument");
  EXPECT_FALSE (import (archive ("motd", "one"), "web", "{'colour': <'red'>}"));
  EXPECT_EQ (remote_error, "org.quilt.Error.NotSupported");
  EXPECT_FALSE (import (open (path.c_str (), O_RDONLY | O_CLOEXEC), "web")); /* a directory */
  EXPECT_EQ (remote_error, "org.quilt.Error.InvalidArgument");
  EXPECT_EQ (count ("layers"), 0u);
}

TEST_F (Import, AFileThatIsNotAnArchiveLeavesNothing)
{
  int fd = memfd_create ("archive", MFD_CLOEXEC);

  ASSERT_EQ (write (fd, "this is not an archive", 22), 22);
  lseek (fd, 0, SEEK_SET);
  ASSERT_TRUE (import (fd, "web")) << remote_text;
  EXPECT_FALSE (success);
  EXPECT_EQ (failure, "org.quilt.Error.BadArchive") << text;
  EXPECT_EQ (count ("layers"), 0u);
  EXPECT_EQ (count ("images"), 0u);
  EXPECT_EQ (get ("web"), nullptr);
}

TEST_F (Import, AHelperThatDiesIsAnError)
{
  link ("quilt-transfer", "/bin/true");
  ASSERT_TRUE (import (archive ("motd", "one"), "web")) << remote_text;
  EXPECT_FALSE (success);
  EXPECT_EQ (failure, "org.quilt.Error.Failed");
  EXPECT_EQ (text, "The operation failed"); /* what everybody may know */
  EXPECT_TRUE (quilt_hub_is_idle (daemon->hub));
}
