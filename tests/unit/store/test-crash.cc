/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SIGKILL of the writer at any time: the next one finds each record old or new, and nothing half.
 */
#include "fixture.h"

#include <csignal>
#include <random>
#include <sys/wait.h>

class Crash : public Store
{
protected:
  /* A record whose parts all say n, and that is not written in one go. */
  static QuiltContainerRecord *record (const std::string &id, unsigned n)
  {
    QuiltContainerRecord *r = g_new0 (QuiltContainerRecord, 1);

    r->id = g_strdup (id.c_str ());
    r->image = g_strdup_printf ("%u", n);
    r->image_digest = g_strdup (digest ('a').c_str ());
    r->created_usec = n;
    r->options = quilt_options_new ();
    r->options->name = g_strdup_printf ("name-%u", n);
    r->options->command = g_new0 (char *, 2001);
    for (int i = 0; i < 2000; i++)
      r->options->command[i] = g_strdup_printf ("argument-%u", n);
    return r;
  }

  /* Creates, saves, retires for ever; tells each finished save through the pipe. */
  [[noreturn]] void work (int out)
  {
    for (unsigned n = 1;; n++) {
      std::string id = std::string (31, 'c') + "0123456789abcdef"[n / 8 % 16];
      QuiltContainerRecord *r = record (id, n);
      QuiltResult result = {n, n, (int)n, 0, 0, r->image, r->image, r->image};

      quilt_container_retire (store, id.c_str (), FALSE, nullptr);
      if (quilt_container_delete (store, id.c_str (), nullptr) &&
          quilt_container_create (store, r, nullptr))
        for (unsigned i = 0; i < 4; i++)
          if (quilt_container_save (store, r, nullptr) &&
              quilt_container_save_result (store, id.c_str (), &result, TRUE, nullptr))
            if (::write (out, "x", 1) != 1)
              _exit (1);
      quilt_container_record_free (r);
    }
  }
};

TEST_F (Crash, LeavesRecordsOldOrNew)
{
  std::mt19937 random (7);
  unsigned n_seen = 0;

  for (int round = 0; round < 60; round++) {
    int pipes[2];
    char c;

    ASSERT_EQ (pipe (pipes), 0);
    pid_t pid = fork ();
    ASSERT_GE (pid, 0);
    if (pid == 0)
      work (pipes[1]);
    close (pipes[1]);
    for (unsigned i = random () % 12; i > 0; i--)
      ASSERT_EQ (::read (pipes[0], &c, 1), 1);
    ASSERT_EQ (kill (pid, SIGKILL), 0);
    ASSERT_EQ (waitpid (pid, nullptr, 0), pid);
    close (pipes[0]);

    broken.clear ();
    reopen ();
    g_autoptr (GPtrArray) containers = quilt_containers_load (store, on_broken, this, error.out ());
    ASSERT_NE (containers, nullptr) << error.message ();
    EXPECT_TRUE (broken.empty ()) << broken.begin ()->second;
    for (guint i = 0; i < containers->len; i++) {
      auto *stored = (QuiltStoredContainer *)g_ptr_array_index (containers, i);
      g_autoptr (QuiltContainerRecord) whole =
          record (stored->record->id, (unsigned)stored->record->created_usec);

      EXPECT_EQ (take (quilt_container_record_print (stored->record, FALSE)),
                 take (quilt_container_record_print (whole, FALSE)));
      EXPECT_STRNE (stored->result.reason, "lost");
      n_seen++;
    }
    for (const auto &entry : fs::directory_iterator (path / "containers"))
      EXPECT_NE (entry.path ().filename ().string ()[0], '.') << entry;
  }
  EXPECT_GT (n_seen, 20u);
}
