/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A restarted quiltd recovers containers from the store, from /run and from the supervisors. */
#include "quiltd.h"

extern "C" {
#include "daemon/containers/recovery.h"
#include "daemon/containers/outcome.h"
}

using std::string;

namespace
{

class Recovery : public Quiltd
{
protected:
  bool recovered = false;

  void SetUp () override
  {
    Quiltd::SetUp ();
    quilt_image_record_free (new_image ('a', "web"));
  }

  static void on_recovered (gpointer data)
  {
    static_cast<Recovery *> (data)->recovered = true;
  }

  void recover ()
  {
    ASSERT_TRUE (quilt_recover (containers, error.out ())) << error.message ();
    quilt_recovery_await (containers, on_recovered, this);
    wait ([this] { return recovered; });
  }

  /* The same by a new quiltd. */
  void restart ()
  {
    stop ();
    recovered = false;
    start ();
    recover ();
  }

  /* In the store. */
  void store (QuiltContainerRecord *record, const QuiltResult *result = nullptr)
  {
    ASSERT_TRUE (quilt_container_create (daemon->store, record, error.out ())) << error.message ();
    if (result) {
      ASSERT_TRUE (
          quilt_container_save_result (daemon->store, record->id, result, TRUE, error.out ()))
          << error.message ();
    }
    quilt_container_record_free (record);
  }

  QuiltContainer *get (char digit)
  {
    return static_cast<QuiltContainer *> (quilt_containers_get (containers, id (digit).c_str ()));
  }

  fs::path directory (char digit)
  {
    return path / "state/containers" / id (digit);
  }
};

class Result
{
public:
  QuiltResult value = {};

  ~Result ()
  {
    quilt_result_clear (&value);
  }
};

} // namespace

TEST_F (Recovery, ContainersAndImagesAreThereAgain)
{
  store (new_record ('1', "one"));
  store (new_record ('2', "two"));
  recover ();
  ASSERT_TRUE (get ('1') && get ('2'));
  EXPECT_EQ (get ('1'), quilt_containers_find (containers, "one", nullptr));
  EXPECT_EQ (get ('1')->state, QUILT_STATE_PENDING);
  EXPECT_STREQ (get ('1')->record->options->name, "one");
  ASSERT_NE (get ('1')->image, nullptr);
  EXPECT_EQ (count_uses (get ('1')->image), 2u);
  EXPECT_EQ (get ('1')->image, quilt_images_find (daemon->images, "web", nullptr));
}

/* The container is listed, and its start will say what is missing. */
TEST_F (Recovery, AContainerWithoutItsImageIsKept)
{
  store (new_record ('1', "one", 'b'));
  fs::create_directories (path / "state/layers" / string (64, 'c') / "fs");
  recover ();
  ASSERT_NE (get ('1'), nullptr);
  EXPECT_EQ (get ('1')->image, nullptr);
  /* Its layers are not known: none may be swept. */
  stop (); /* would wait for a thread that sweeps */
  EXPECT_TRUE (fs::exists (path / "state/layers" / string (64, 'c')));
}

TEST_F (Recovery, LayersOfNoImageAreSwept)
{
  const fs::path layer = path / "state/layers" / string (64, 'c');

  fs::create_directories (layer / "fs");
  recover ();
  EXPECT_EQ (quilt_images_size (daemon->images), 1u);
  stop (); /* waits for the thread that sweeps */
  EXPECT_FALSE (fs::exists (layer));
}

/* The layers of the broken image are unknown. */
TEST_F (Recovery, ABrokenImageHidesNoOtherAndKeepsAllLayers)
{
  const fs::path layer = path / "state/layers" / string (64, 'c');
  const fs::path record = path / "state/images" / (string (64, 'b') + ".json");

  fs::create_directories (layer / "fs");
  std::ofstream (record) << "{\"digest\": nonsense";
  recover ();
  EXPECT_EQ (quilt_images_size (daemon->images), 1u);
  EXPECT_NE (quilt_images_find (daemon->images, "web", nullptr), nullptr);
  stop (); /* would wait for a thread that sweeps */
  EXPECT_TRUE (fs::exists (layer));
  EXPECT_TRUE (fs::exists (record));
}

TEST_F (Recovery, ABrokenRecordHidesNoOther)
{
  store (new_record ('1', "one"));
  store (new_record ('2', "two"));
  std::ofstream (directory ('1') / "record.json") << "{\"id\": nonsense";
  recover ();
  EXPECT_EQ (get ('1'), nullptr);
  EXPECT_NE (get ('2'), nullptr);
  EXPECT_TRUE (fs::exists (directory ('1') / "record.json")); /* an administrator may repair it */
}

/* The host was down: there is neither a supervisor nor its word. */
TEST_F (Recovery, ARunThatNobodyKnowsOfIsLost)
{
  Result begun;

  quilt_outcome_begin (&begun.value, 1000);
  store (new_record ('1', "one"), &begun.value);
  recover ();
  ASSERT_NE (get ('1'), nullptr);
  EXPECT_EQ (get ('1')->state, QUILT_STATE_FAILED);
  EXPECT_EQ (get ('1')->result.exit_code, -1); /* never a guessed 0 */
  EXPECT_FALSE (quilt_outcome_is_open (&get ('1')->result));
}

TEST_F (Recovery, TheLastResultIsKept)
{
  Result ended;
  QuiltMessage message;

  quilt_outcome_begin (&ended.value, 1000);
  quilt_message_init (&message, QUILT_MESSAGE_EXITED);
  message.exit_code = 7;
  message.time_usec = 2000;
  quilt_message_set_text (&message, "exited");
  quilt_outcome_from_message (&ended.value, &message);
  store (new_record ('1', "one"), &ended.value);
  recover ();
  ASSERT_NE (get ('1'), nullptr);
  EXPECT_EQ (get ('1')->state, QUILT_STATE_EXITED);
  EXPECT_EQ (get ('1')->result.exit_code, 7);
}

/* quiltd went in the middle of `run --rm`. */
TEST_F (Recovery, RemovesAVolatileContainerWithoutARun)
{
  QuiltContainerRecord *record = new_record ('1', "one");

  record->options->auto_remove = record->is_volatile = TRUE;
  store (record);
  store (new_record ('2', "two"));
  recover ();
  wait ([this] { return get ('1') == nullptr && !fs::exists (directory ('1')); });
  EXPECT_NE (get ('2'), nullptr);
}

TEST_F (Recovery, ARunGoesOnWhileQuiltdIsAway)
{
  guint32 pid;

  store (new_record ('1', "one"));
  recover ();
  start_command (get ('1'), "sleep");
  pid = get ('1')->pid;
  EXPECT_NE (pid, 0u);
  restart ();
  ASSERT_NE (get ('1'), nullptr);
  EXPECT_EQ (get ('1')->state, QUILT_STATE_RUNNING);
  EXPECT_EQ (get ('1')->pid, pid);
  EXPECT_EQ (get ('1')->life.phase, QUILT_PHASE_RUNNING);
  end (get ('1'));
  EXPECT_EQ (get ('1')->state, QUILT_STATE_EXITED);
  EXPECT_EQ (get ('1')->result.exit_code, 128 + SIGKILL);
}

/* A removal has left the directory in /run of a container that is not in the store. */
TEST_F (Recovery, ClearsOldDirectoriesInRun)
{
  store (new_record ('1', "one"));
  fs::create_directories (path / "run/containers" / id ('9'));
  fs::create_directories (path / "run/containers/not-an-id");
  recover ();
  wait ([this] { return !fs::exists (path / "run/containers" / id ('9')); });
  EXPECT_TRUE (fs::exists (path / "run/containers/not-an-id"));
}
