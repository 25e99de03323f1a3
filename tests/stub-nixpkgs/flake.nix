# SPDX-License-Identifier: LGPL-2.1-or-later
# Enough of nixpkgs for `nix flake check --no-build --offline --override-input nixpkgs path:tests/stub-nixpkgs`: every package is a
# derivation that is never built. It shows that the flake evaluates and names what it takes; a real build needs the real nixpkgs.
{
  outputs = { self }:
    let
      genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
      packagesFor = system:
        let
          fake = args: derivation { inherit system; name = args.name or args.pname or "stub"; builder = "/bin/false"; };
          names = [ "meson" "ninja" "pkg-config" "python3" "docutils" "glib" "json_c" "systemd" "libarchive" "libcap" "libseccomp" "zstd"
            "openssl" "isa-l" "gtest" "clang-tools" "crun" "hyperfine" "valgrind" "strace" ];
          pkgs = genAttrs names (name: fake { inherit name; }) // {
            stdenv = { mkDerivation = fake; hostPlatform = { inherit system; }; };
            lib = { licenses.lgpl21Plus = { }; platforms.linux = [ ]; };
            python3Packages.pytest = fake { name = "pytest"; };
            mkShell = args: fake { name = "shell"; };
            callPackage = file: extra:
              let f = import file; in f (builtins.intersectAttrs (builtins.functionArgs f) pkgs // extra);
          };
        in
        pkgs;
    in
    {
      lib = { inherit genAttrs; };
      legacyPackages = genAttrs [ "x86_64-linux" "aarch64-linux" ] packagesFor;
    };
}
