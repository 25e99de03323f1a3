# SPDX-License-Identifier: LGPL-2.1-or-later
{
  description = "Quilt, a container manager for systemd hosts";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      forAllSystems = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
    in
    {
      packages = forAllSystems (pkgs: rec {
        quilt = pkgs.callPackage ./nix/package.nix { src = self; };
        default = quilt;
      });

      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          inputsFrom = [ self.packages.${pkgs.stdenv.hostPlatform.system}.quilt ];
          packages = with pkgs; [ clang-tools gtest python3Packages.pytest crun hyperfine valgrind strace ];
        };
      });

      nixosModules.default = import ./nix/module.nix { inherit self; };
    };
}
