// SPDX-License-Identifier: LGPL-2.1-or-later
// Network devices on their way into a container: which addresses go with them, and what messages of
// the kernel hold.
#include <gtest/gtest.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

extern "C" {
#include "core/namespaces/net-devices.h"
}

static const guint8 inet[] = {192, 0, 2, 7}, peer[] = {192, 0, 2, 8};

/* The kernel's message about an address of device 5. */
static QuiltRtRequest
told (guint8 scope, guint32 flags, guint32 index = 5)
{
  QuiltRtRequest message;
  ifaddrmsg body = {AF_INET, 24, (guint8)flags, scope, index};

  quilt_rt_begin (&message, RTM_NEWADDR, 0, &body, sizeof body);
  quilt_rt_add (&message, IFA_ADDRESS, peer, sizeof peer);
  quilt_rt_add (&message, IFA_LOCAL, inet, sizeof inet);
  quilt_rt_add_string (&message, IFA_LABEL, "eth0");
  quilt_rt_add_u32 (&message, IFA_FLAGS, flags);
  quilt_rt_add_u32 (&message, IFA_RT_PRIORITY, 77);
  return message;
}

static std::string
found (const QuiltRtRequest &message, guint16 type)
{
  gsize size;
  auto *value = (const char *)quilt_rt_find (&message.header, sizeof (ifaddrmsg), type, &size);

  return value ? std::string (value, size) : "none";
}

template <typename T>
static std::string
bytes (const T &value)
{
  return std::string ((const char *)&value, sizeof value);
}

TEST (NetDevices, AnAddressIsKept)
{
  QuiltRtRequest message = told (RT_SCOPE_UNIVERSE, IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE |
                                                        IFA_F_SECONDARY | IFA_F_DADFAILED);
  QuiltRtRequest request;

  ASSERT_TRUE (quilt_net_address_plan (&message.header, 5, &request));
  EXPECT_EQ (request.header.nlmsg_type, RTM_NEWADDR);
  EXPECT_EQ (request.header.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
  auto *body = (const ifaddrmsg *)quilt_rt_body (&request);
  EXPECT_EQ (body->ifa_family, AF_INET);
  EXPECT_EQ (body->ifa_prefixlen, 24);
  EXPECT_EQ (body->ifa_scope, RT_SCOPE_UNIVERSE);
  EXPECT_EQ (body->ifa_index, 5u);
  EXPECT_EQ (found (request, IFA_LOCAL), bytes (inet));
  EXPECT_EQ (found (request, IFA_ADDRESS), bytes (peer));
  EXPECT_EQ (found (request, IFA_RT_PRIORITY), bytes ((guint32)77));
  EXPECT_EQ (found (request, IFA_FLAGS), bytes ((guint32)IFA_F_NOPREFIXROUTE))
      << "what somebody chose, not what the kernel found out";
  EXPECT_EQ (found (request, IFA_LABEL), "none") << "it holds the name that the device had";
}

TEST (NetDevices, OthersAreNot)
{
  const struct {
    const char *why;
    QuiltRtRequest message;
  } bad[] = {
      {"not permanent", told (RT_SCOPE_UNIVERSE, 0)},
      {"of the link", told (RT_SCOPE_LINK, IFA_F_PERMANENT)},
      {"of the host", told (RT_SCOPE_HOST, IFA_F_PERMANENT)},
      {"of another device", told (RT_SCOPE_UNIVERSE, IFA_F_PERMANENT, 6)},
  };

  for (const auto &test : bad) {
    QuiltRtRequest request;

    memset (&request, 0x5a, sizeof request);
    EXPECT_FALSE (quilt_net_address_plan (&test.message.header, 5, &request)) << test.why;
    EXPECT_EQ (request.bytes[0], 0x5a) << test.why;
    EXPECT_EQ (request.bytes[sizeof request - 1], 0x5a) << test.why;
  }
}

// An address that is longer than any is not copied into a request that has no room for it.
TEST (NetDevices, AnAddressThatIsTooLong)
{
  QuiltRtRequest message = told (RT_SCOPE_UNIVERSE, IFA_F_PERMANENT), request;
  const guint8 longest[60] = {};

  quilt_rt_add (&message, IFA_BROADCAST, longest, 16);
  EXPECT_TRUE (quilt_net_address_plan (&message.header, 5, &request));
  message = told (RT_SCOPE_UNIVERSE, IFA_F_PERMANENT);
  quilt_rt_add (&message, IFA_BROADCAST, longest, 17);
  EXPECT_FALSE (quilt_net_address_plan (&message.header, 5, &request));
}

// Cut off anywhere, and with any length of its first attribute: nothing behind the message is read.
TEST (NetDevices, DamagedMessages)
{
  const QuiltRtRequest whole = told (RT_SCOPE_UNIVERSE, IFA_F_PERMANENT);

  for (guint32 length = sizeof (nlmsghdr); length < whole.header.nlmsg_len; length++) {
    auto *copy = (nlmsghdr *)g_malloc (length);
    gsize size;

    memcpy (copy, &whole, length);
    copy->nlmsg_len = length;
    EXPECT_EQ (quilt_rt_find (copy, sizeof (ifaddrmsg), IFA_RT_PRIORITY, &size), nullptr) << length;
    QuiltRtRequest request;
    quilt_net_address_plan (copy, 5, &request);
    g_free (copy);
  }
  for (guint16 length : {0, 1, 3, 200, 0xffff}) {
    QuiltRtRequest message = whole, request;

    memcpy (message.bytes + NLMSG_SPACE (sizeof (ifaddrmsg)), &length, sizeof length);
    EXPECT_FALSE (quilt_net_address_plan (&message.header, 5, &request)) << length;
  }
}
