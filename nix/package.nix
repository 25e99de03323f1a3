# SPDX-License-Identifier: LGPL-2.1-or-later
{ stdenv, lib, src, meson, ninja, pkg-config, python3, docutils, glib, json_c, systemd, libarchive, libcap, openssl, libseccomp, zstd, isa-l, gtest }:

stdenv.mkDerivation {
  pname = "quilt";
  version = "0.1.0";
  inherit src;

  nativeBuildInputs = [ meson ninja pkg-config python3 docutils glib ];
  buildInputs = [ glib json_c systemd libarchive libcap openssl libseccomp zstd isa-l gtest ];

  # The build runs these programs, and the sandbox has no /usr/bin/python3.
  postPatch = ''
    patchShebangs src docs
  '';

  mesonFlags = [ "--sysconfdir=/etc" "--localstatedir=/var" ];

  meta = {
    description = "Container manager for systemd hosts";
    license = lib.licenses.lgpl21Plus;
    platforms = lib.platforms.linux;
    mainProgram = "quiltctl";
  };
}
