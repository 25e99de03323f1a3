/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes tar archives byte by byte, valid or not: each field of a header can be anything. */
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

struct TarHeader {
  std::string name;
  char type = '0';
  std::string link;
  unsigned mode = 0644;
  int64_t uid = geteuid ();
  int64_t gid = getegid ();
  int64_t size = 0;
  int64_t mtime = 1000000000;
  unsigned device_major = 0, device_minor = 0;
  bool bad_checksum = false;
};

class Tar
{
public:
  std::string bytes;

  /* A member with its data; the header's size is the data's unless it is set. */
  Tar &add (TarHeader header, const std::string &data = "")
  {
    if (header.size == 0)
      header.size = (int64_t)data.size ();
    put_header (header);
    put_data (data);
    return *this;
  }

  Tar &file (const std::string &name, const std::string &data, unsigned mode = 0644)
  {
    TarHeader header;
    header.name = name;
    header.mode = mode;
    return add (header, data);
  }

  Tar &dir (const std::string &name, unsigned mode = 0755)
  {
    TarHeader header;
    header.name = name;
    header.type = '5';
    header.mode = mode;
    return add (header);
  }

  Tar &
  link (char type, const std::string &name, const std::string &target, const std::string &data = "")
  {
    TarHeader header;
    header.name = name;
    header.type = type;
    header.link = target;
    header.mode = 0777;
    return add (header, data);
  }

  Tar &symlink (const std::string &name, const std::string &target)
  {
    return link ('2', name, target);
  }

  Tar &hardlink (const std::string &name, const std::string &target, const std::string &data = "")
  {
    return link ('1', name, target, data);
  }

  /* The PAX records of the member that follows. */
  Tar &pax (const std::vector<std::pair<std::string, std::string>> &records)
  {
    std::string all;

    for (const auto &[key, value] : records) {
      std::string rest = " " + key + "=" + value + "\n";
      size_t length = rest.size () + 1;

      while (std::to_string (length).size () + rest.size () != length)
        length = std::to_string (length).size () + rest.size ();
      all += std::to_string (length) + rest;
    }
    return special ('x', all);
  }

  /* A member that describes the next one: 'x' PAX, 'L' GNU long name, 'K' GNU long link. */
  Tar &special (char type, const std::string &data)
  {
    TarHeader header;
    header.name = "special";
    header.type = type;
    return add (header, data);
  }

  Tar &raw (const std::string &data)
  {
    bytes += data;
    return *this;
  }

  Tar &end ()
  {
    bytes.append (1024, '\0');
    return *this;
  }

private:
  static void put_number (char *field, size_t size, int64_t value)
  {
    char text[32];

    if (value >= 0 && value < (INT64_C (1) << (3 * (size - 1)))) {
      snprintf (text, sizeof text, "%0*llo", (int)size - 1, (unsigned long long)value);
      memcpy (field, text, size - 1);
      return;
    }
    /* GNU's base 256, two's complement */
    for (size_t i = size; i-- > 0; value >>= 8)
      field[i] = (char)(value & 0xff);
    field[0] = (char)(field[0] | 0x80);
  }

  void put_header (const TarHeader &header)
  {
    char block[512] = {0};
    unsigned sum = 0;

    memcpy (block, header.name.data (), std::min<size_t> (header.name.size (), 100));
    put_number (block + 100, 8, header.mode);
    put_number (block + 108, 8, header.uid);
    put_number (block + 116, 8, header.gid);
    put_number (block + 124, 12, header.size);
    put_number (block + 136, 12, header.mtime);
    memset (block + 148, ' ', 8);
    block[156] = header.type;
    memcpy (block + 157, header.link.data (), std::min<size_t> (header.link.size (), 100));
    memcpy (block + 257, "ustar\00000", 8);
    put_number (block + 329, 8, header.device_major);
    put_number (block + 337, 8, header.device_minor);
    for (char c : block)
      sum += (unsigned char)c;
    if (header.bad_checksum)
      sum++;
    snprintf (block + 148, 8, "%06o", sum);
    bytes.append (block, sizeof block);
  }

  void put_data (const std::string &data)
  {
    bytes += data;
    bytes.append ((512 - data.size () % 512) % 512, '\0');
  }
};
