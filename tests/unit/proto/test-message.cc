/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire: what goes through, what is refused, and what is never lost. */
#include <glib-unix.h>
#include <gtest/gtest.h>

#include <string>

extern "C" {
#include "base/error.h"
#include "base/fd.h"
#include "proto/message.h"
#include "proto/wire.h"
}

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

class MessageTest : public testing::Test
{
protected:
  void SetUp () override
  {
    ASSERT_EQ (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    quilt_message_init (&message, QUILT_MESSAGE_EXITED);
    message.exit_code = 42;
    message.time_usec = 0x123456789abcdef;
  }

  void TearDown () override
  {
    quilt_fd_clear (&fds[0]);
    quilt_fd_clear (&fds[1]);
  }

  int fds[2] = {-1, -1};
  QuiltMessage message;
};

TEST_F (MessageTest, NumbersAreForEver)
{
  EXPECT_EQ (QUILT_MESSAGE_GO, 1);
  EXPECT_EQ (QUILT_MESSAGE_RENAME, 5);
  EXPECT_EQ (QUILT_MESSAGE_BEGIN, 6);
  EXPECT_EQ (QUILT_MESSAGE_READY, 16);
  EXPECT_EQ (QUILT_MESSAGE_EXITED, 20);
  EXPECT_EQ (QUILT_MESSAGE_PROGRESS, 32);
}

TEST_F (MessageTest, GoesThrough)
{
  QuiltMessage got;

  quilt_message_set_text (&message, "größer");
  ASSERT_TRUE (quilt_message_send (fds[0], &message));
  ASSERT_EQ (quilt_message_receive (fds[1], &got), 1);
  EXPECT_EQ (got.type, (guint32)QUILT_MESSAGE_EXITED);
  EXPECT_EQ (got.exit_code, 42);
  EXPECT_EQ (got.time_usec, 0x123456789abcdefu);
  EXPECT_STREQ (got.text, "größer");
  EXPECT_EQ (quilt_message_receive (fds[1], &got), -1);
  EXPECT_EQ (errno, EAGAIN);
  quilt_fd_clear (&fds[0]);
  EXPECT_EQ (quilt_message_receive (fds[1], &got), 0);
  EXPECT_STREQ (got.text, "größer"); /* untouched */
}

TEST_F (MessageTest, TextIsCutAtACharacter)
{
  std::string text (QUILT_MESSAGE_TEXT_MAX - 2, 'x');
  QuiltMessage got;

  quilt_message_set_text (&message, (text + "€uro").c_str ());
  EXPECT_EQ (message.text, text);
  quilt_message_set_text (&message, std::string (100000, 'y').c_str ());
  EXPECT_EQ (strlen (message.text), (size_t)QUILT_MESSAGE_TEXT_MAX - 1);
  quilt_message_set_text (&message, "bad \xff\xc3 bytes"); /* is made to travel all the same */
  ASSERT_TRUE (quilt_message_send (fds[0], &message));
  ASSERT_EQ (quilt_message_receive (fds[1], &got), 1);
  EXPECT_EQ (std::string (got.text).find ("bad "), 0u);
}

TEST_F (MessageTest, AnAnswerNamesItsRequest)
{
  QuiltMessage got;

  message.request = 7;
  message.session = 3;
  ASSERT_TRUE (quilt_message_send (fds[0], &message));
  ASSERT_EQ (quilt_message_receive (fds[1], &got), 1);
  quilt_message_init_answer (&message, QUILT_MESSAGE_ERROR, &got);
  ASSERT_TRUE (quilt_message_send (fds[1], &message));
  ASSERT_EQ (quilt_message_receive (fds[0], &got), 1);
  EXPECT_EQ (got.type, (guint32)QUILT_MESSAGE_ERROR);
  EXPECT_EQ (got.request, 7u);
  EXPECT_EQ (got.session, 3u);
  EXPECT_EQ (got.exit_code, 0);
}

TEST_F (MessageTest, NonsenseIsRefused)
{
  for (const std::string &bytes :
       {std::string ("x"), std::string (60, '\1'), std::string (QUILT_WIRE_SIZE_MAX + 1, '\0')}) {
    QuiltMessage got = message;

    ASSERT_EQ (send (fds[0], bytes.data (), bytes.size (), 0), (ssize_t)bytes.size ());
    EXPECT_EQ (quilt_message_receive (fds[1], &got), -1);
    EXPECT_EQ (errno, bytes[0] == '\1' ? EPROTONOSUPPORT : EBADMSG);
    EXPECT_EQ (memcmp (&got, &message, sizeof got), 0);
  }
}

TEST_F (MessageTest, ABodyComesAlong)
{
  const int sent[] = {fds[0], fds[1]};

  for (size_t size : {0, 1, QUILT_WIRE_BODY_MAX, QUILT_WIRE_BODY_MAX + 1, QUILT_MESSAGE_BODY_MAX}) {
    std::string data (size, 'b');
    g_autoptr (GBytes) body = g_bytes_new (data.data (), size);
    g_autoptr (GBytes) got_body = nullptr;
    int received[2];
    QuiltMessage got;
    guint n;

    ASSERT_TRUE (quilt_message_send_body (fds[0], &message, sent, 2, body)) << size;
    ASSERT_EQ (quilt_message_receive_body (fds[1], &got, received, 2, &n, &got_body), 1) << size;
    EXPECT_EQ (n, 2u);
    EXPECT_EQ (got.exit_code, 42);
    EXPECT_EQ (got_body == nullptr, size == 0);
    EXPECT_TRUE (size == 0 || g_bytes_equal (got_body, body)) << size;
    close (received[0]);
    close (received[1]);
  }
}

TEST_F (MessageTest, ABodyThatNobodyWantsIsDropped)
{
  int next = dup (0), received[1];

  close (next);
  for (size_t size : {10, 100000}) {
    g_autoptr (GBytes) body = g_bytes_new_take (g_malloc0 (size), size);
    QuiltMessage got;
    guint n;

    ASSERT_TRUE (quilt_message_send_body (fds[0], &message, nullptr, 0, body));
    EXPECT_EQ (quilt_message_receive (fds[1], &got), 1);
    ASSERT_TRUE (quilt_message_send_body (fds[0], &message, fds, 1, body));
    EXPECT_EQ (quilt_message_receive_fds (fds[1], &got, received, 1, &n), 1);
    EXPECT_EQ (n, 1u);
    close (received[0]);
  }
  EXPECT_EQ (dup (0), next);
  close (next);
}

TEST_F (MessageTest, ABodyIsRefusedThatMightChangeOrIsTooLarge)
{
  g_autoptr (GBytes) large =
      g_bytes_new_take (g_malloc0 (QUILT_MESSAGE_BODY_MAX + 1), QUILT_MESSAGE_BODY_MAX + 1);
  const QuiltWire wire = {1, nullptr, 100, TRUE};
  guint8 bytes[QUILT_WIRE_SIZE_MAX];
  const gsize size = quilt_wire_encode (&message, &wire, bytes);
  const struct {
    off_t size;
    int seals;
    int result;
  } cases[] = {{100, 0, -1},
               {100, F_SEAL_SHRINK | F_SEAL_GROW, -1},
               {99, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, -1},
               {100, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, 1}};

  EXPECT_FALSE (quilt_message_send_body (fds[0], &message, nullptr, 0, large));
  EXPECT_EQ (errno, EMSGSIZE);
  message.version = QUILT_MESSAGE_VERSION_1;
  EXPECT_FALSE (quilt_message_send_body (fds[0], &message, nullptr, 0, large));
  EXPECT_EQ (errno, EPROTONOSUPPORT);
  for (const auto &c : cases) {
    g_autofd int file = memfd_create ("body", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    g_autoptr (GBytes) body = nullptr;
    QuiltMessage got;
    guint n;

    ASSERT_EQ (ftruncate (file, c.size), 0);
    ASSERT_EQ (fcntl (file, F_ADD_SEALS, c.seals), 0);
    ASSERT_TRUE (quilt_fds_send (fds[0], bytes, size, &file, 1));
    EXPECT_EQ (quilt_message_receive_body (fds[1], &got, nullptr, 0, &n, &body), c.result);
    EXPECT_TRUE (c.result > 0 || errno == EBADMSG);
  }
}

TEST_F (MessageTest, DescriptorsAreCounted)
{
  const QuiltWire wire = {.n_fds = 2};
  guint8 bytes[QUILT_WIRE_SIZE_MAX];
  const gsize size = quilt_wire_encode (&message, &wire, bytes);
  int received[4];
  QuiltMessage got;
  guint n;

  ASSERT_TRUE (quilt_fds_send (fds[0], bytes, size, fds, 1));
  EXPECT_EQ (quilt_message_receive_fds (fds[1], &got, received, 4, &n), -1);
  EXPECT_EQ (errno, EBADMSG);
  EXPECT_EQ (n, 0u);
}

TEST_F (MessageTest, DescriptorsComeAlongInTheirOrder)
{
  g_autofd int null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  const int sent[] = {null_fd, fds[0], null_fd};
  int received[4], next = dup (0);
  QuiltMessage got;
  guint n = 9;

  close (next);
  ASSERT_TRUE (quilt_message_send_fds (fds[0], &message, sent, 3));
  ASSERT_TRUE (quilt_message_send_fds (fds[0], &message, sent, 3));
  ASSERT_TRUE (quilt_message_send (fds[0], &message));

  ASSERT_EQ (quilt_message_receive_fds (fds[1], &got, received, 4, &n), 1);
  EXPECT_EQ (n, 3u);
  for (guint i = 0; i < n; i++) {
    EXPECT_EQ (received[i], next + (int)i);
    EXPECT_EQ (fcntl (received[i], F_GETFD), FD_CLOEXEC);
    EXPECT_EQ (std::filesystem::read_symlink ("/proc/self/fd/" + std::to_string (received[i])),
               std::filesystem::read_symlink ("/proc/self/fd/" + std::to_string (sent[i])));
    close (received[i]);
  }
  /* More than there is room for are refused, and none of them stays. */
  EXPECT_EQ (quilt_message_receive_fds (fds[1], &got, received, 2, &n), -1);
  EXPECT_EQ (errno, EBADMSG);
  EXPECT_EQ (n, 0u);
  EXPECT_EQ (dup (0), next);
  close (next);

  EXPECT_EQ (quilt_message_receive_fds (fds[1], &got, received, 2, &n), 1);
  EXPECT_EQ (n, 0u);
}

TEST_F (MessageTest, DescriptorsDoNotStay)
{
  QuiltMessage got;
  int next = dup (0);

  close (next);
  ASSERT_TRUE (quilt_message_send_fds (fds[0], &message, &fds[0], 1));
  EXPECT_EQ (quilt_message_receive (fds[1], &got), 1);
  EXPECT_EQ (dup (0), next);
  close (next);
}

TEST_F (MessageTest, LastWordsAreHeard)
{
  QuiltMessage got;

  /* A process that ends without having read everything resets the connection. */
  ASSERT_TRUE (quilt_message_send (fds[1], &message));
  ASSERT_TRUE (quilt_message_send (fds[0], &message));
  quilt_fd_clear (&fds[0]);
  EXPECT_EQ (quilt_message_receive (fds[1], &got), 1);
  EXPECT_EQ (got.exit_code, 42);
  EXPECT_EQ (quilt_message_receive (fds[1], &got), 0);
}

TEST_F (MessageTest, SendingToAClosedSocketSetsEPIPE)
{
  quilt_fd_clear (&fds[1]);
  EXPECT_FALSE (quilt_message_send (fds[0], &message));
  EXPECT_EQ (errno, EPIPE);
}

TEST_F (MessageTest, IsKeptAsAFile)
{
  char name[] = "/tmp/quilt-test-XXXXXX";
  g_autofd int dir = open (mkdtemp (name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autofd int file = -1;
  g_autoptr (GError) error = nullptr;
  QuiltMessage got = {};

  EXPECT_FALSE (quilt_message_load (dir, "exit", &got, &error));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND));
  g_clear_error (&error);
  quilt_message_set_text (&message, "exited");
  ASSERT_TRUE (quilt_message_save (dir, "exit", &message, QUILT_FILE_DURABLE, &error));
  ASSERT_TRUE (quilt_message_load (dir, "exit", &got, &error));
  EXPECT_EQ (memcmp (&got, &message, sizeof got), 0);

  for (off_t size : {0, 10, 24, 30, 5000}) {
    QuiltMessage untouched = {};

    file = openat (dir, "exit", O_WRONLY | O_CLOEXEC);
    ASSERT_EQ (ftruncate (file, size), 0);
    EXPECT_FALSE (quilt_message_load (dir, "exit", &untouched, &error)) << size;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_FAILED)) << size;
    EXPECT_EQ (untouched.type, 0u);
    g_clear_error (&error);
    quilt_fd_clear (&file);
    ASSERT_TRUE (quilt_message_save (dir, "exit", &message, QUILT_FILE_VOLATILE, nullptr));
  }
  std::filesystem::remove_all (name);
}
