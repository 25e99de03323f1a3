/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a run ended, from what its supervisor said or did not say. */
#include "base/check.h"

extern "C" {
#include "daemon/containers/outcome.h"
}

class Outcome : public testing::Test
{
protected:
  void SetUp () override
  {
    quilt_outcome_begin (&result, 1000);
    quilt_message_init (&message, QUILT_MESSAGE_EXITED);
    message.time_usec = 2000;
  }

  void TearDown () override
  {
    g_free (result.reason);
    g_free (result.error);
    g_free (result.error_name);
  }

  QuiltResult result = {};
  QuiltMessage message;
};

TEST_F (Outcome, ARunThatHasBegunIsOpen)
{
  EXPECT_TRUE (quilt_outcome_is_open (&result));
  EXPECT_FALSE (quilt_outcome_is_failure (&result));
  EXPECT_EQ (result.exit_code, -1);
}

TEST_F (Outcome, AnExitKeepsItsCodeAndReason)
{
  message.exit_code = 137;
  message.signal = 9;
  quilt_message_set_text (&message, "oom-killed");
  quilt_outcome_from_message (&result, &message);
  EXPECT_FALSE (quilt_outcome_is_open (&result));
  EXPECT_FALSE (quilt_outcome_is_failure (&result));
  EXPECT_EQ (result.exit_code, 137);
  EXPECT_EQ (result.signal, 9);
  EXPECT_EQ (result.started_usec, 1000u);
  EXPECT_EQ (result.finished_usec, 2000u);
  EXPECT_STREQ (result.reason, "oom-killed");
}

TEST_F (Outcome, AnUnknownReasonIsNotPassedOn)
{
  quilt_message_set_text (&message, "<b>");
  quilt_outcome_from_message (&result, &message);
  EXPECT_STREQ (result.reason, "exited");
  message.signal = 11;
  quilt_outcome_from_message (&result, &message);
  EXPECT_STREQ (result.reason, "signaled");
}

TEST_F (Outcome, AFailureIsAnErrorThatCanBeReturned)
{
  message.type = QUILT_MESSAGE_FAILED;
  message.code = QUILT_ERROR_SETUP_FAILED;
  message.step = 2;
  message.exit_code = 9;
  quilt_message_set_text (&message, "Setup step 2 failed");
  quilt_outcome_from_message (&result, &message);
  EXPECT_EQ (result.exit_code, -1);
  EXPECT_EQ (result.step, 2u);
  EXPECT_EQ (result.started_usec, 0u) << "the command never ran";
  EXPECT_STREQ (result.reason, "failed");
  EXPECT_STREQ (result.error_name, "SetupFailed");
  g_autoptr (GError) error = quilt_outcome_get_error (&result);
  ASSERT_NE (error, nullptr);
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_SETUP_FAILED));

  message.flags = QUILT_MESSAGE_FLAG_STOPPING;
  quilt_outcome_from_message (&result, &message);
  EXPECT_STREQ (result.reason, "stopped");
}

TEST_F (Outcome, ACodeOutOfRangeIsAPlainFailure)
{
  message.type = QUILT_MESSAGE_FAILED;
  for (int code : {-1, (int)QUILT_N_ERRORS, G_MAXINT32}) {
    message.code = code;
    quilt_outcome_from_message (&result, &message);
    EXPECT_STREQ (result.error_name, "Failed");
  }
}

TEST_F (Outcome, ALostOneHasNoGuessedCode)
{
  quilt_outcome_lost (&result, 3000);
  EXPECT_EQ (result.exit_code, -1);
  EXPECT_STREQ (result.reason, "lost");
  EXPECT_EQ (result.started_usec, 1000u) << "it did run";
  EXPECT_TRUE (quilt_outcome_is_failure (&result));
}

TEST_F (Outcome, AnErrorOfAnotherDomainIsAPlainFailure)
{
  g_autoptr (GError) why = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "Full");

  quilt_outcome_failed (&result, "failed", 3000, why);
  EXPECT_STREQ (result.error_name, "Failed");
  EXPECT_STREQ (result.error, "Full");
  EXPECT_EQ (result.finished_usec, 3000u);
}

/* Fault 11. */
TEST_F (Outcome, PublicTextsQuoteNoErrorMessage)
{
  for (int code = 0; code < QUILT_N_ERRORS; code++) {
    g_autoptr (GError) why = g_error_new (QUILT_ERROR, code, "Failed to execute '/opt/secret'");

    quilt_outcome_failed (&result, "failed", 3000, why);
    g_autofree char *name = quilt_outcome_public_name (&result);
    g_autofree char *text = quilt_outcome_public_text (&result);
    EXPECT_EQ (std::string (name), std::string ("org.quilt.Error.") + quilt_error_to_name (code));
    EXPECT_GT (strlen (text), 8u);
    EXPECT_EQ (strstr (text, "secret"), nullptr) << text;
  }
  quilt_outcome_begin (&result, 4000);
  g_autofree char *name = quilt_outcome_public_name (&result);
  g_autofree char *text = quilt_outcome_public_text (&result);
  EXPECT_STREQ (name, "");
  EXPECT_STREQ (text, "");
}
