# SPDX-License-Identifier: LGPL-2.1-or-later
{ self }:
{ config, lib, pkgs, ... }:

let
  cfg = config.services.quilt;
  format = pkgs.formats.ini { };
in
{
  options.services.quilt = {
    enable = lib.mkEnableOption "Quilt, a container manager for systemd hosts";
    package = lib.mkOption {
      type = lib.types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.quilt;
      description = "The package to use.";
    };
    settings = lib.mkOption {
      type = format.type;
      default = { };
      description = "Contents of quiltd.conf, see quiltd.conf(5).";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.etc."quilt/quiltd.conf".source = format.generate "quiltd.conf" cfg.settings;
    systemd.packages = [ cfg.package ];
    systemd.tmpfiles.packages = [ cfg.package ];
    services.dbus.packages = [ cfg.package ];
    security.polkit.enable = true;
  };
}
