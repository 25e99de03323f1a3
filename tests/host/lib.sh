# SPDX-License-Identifier: LGPL-2.1-or-later
# Shared by the test hosts: builds their parts once and keeps them in a cache.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${QUILT_TEST_CACHE:-/var/cache/quilt-test}
suite=bookworm

# Where a host looks for the tests and the images; a layer of its root has each.
payload=opt/quilt-test

root_packages=(
  systemd dbus polkitd kmod procps iproute2 util-linux apparmor # the host
  libglib2.0-0 libjson-c5 libarchive13 libcap2 libisal2 libseccomp2 libssl3 libsystemd0 # what Quilt links
  libasan8 libubsan1                                   # … also when it is built with sanitizers
  python3 python3-gi gir1.2-glib-2.0 python3-pytest jq busybox-static strace # the tests
  tmux musl                                            # … a terminal as a person uses it, another libc
  zstd xz-utils bzip2 crun bubblewrap hyperfine
)

# The container engines that run on quilt-oci, and the optional packages that the tests need.
engine_packages=(
  docker.io containerd runc podman buildah crun
  iptables netavark aardvark-dns catatonit tini        # networks, pods, inits
  uidmap slirp4netns fuse-overlayfs dbus-user-session libpam-systemd # without root
)

die () { echo "${0##*/}: $*" >&2; exit 1; }

need_root () { ((EUID == 0)) || die "must run as root"; }

# cached NAME [ARG…]: prints the directory $cache/NAME-KEY, which `fill_NAME DIR ARG…` fills if it
# is not there yet. KEY is the recipe. Published by rename, so that an interrupted build is never
# taken for a complete one. The lock lets hosts be built side by side. Directories that were not used
# for a week are removed; not sooner, as the hosts of another checkout may need them.
cached () {
  local name=$1 fill=fill_$1 key dir
  shift
  declare -A inputs=([root]="agent quilt-test-agent.service" [kernel]=vm-init)
  key=$(cd "$here" && { declare -f "$fill"; declare -p suite root_packages; printf '%s' "$*"; cat /dev/null ${inputs[$name]-}; } |
    sha256sum | cut -c1-12)
  dir=$cache/$name-$key
  if [[ ! -d $dir ]]; then
    mkdir -p "$cache"
    (
      flock 8
      [[ ! -d $dir ]] || exit 0
      echo "building $name" >&2
      find "$cache" -maxdepth 1 -name "$name-*" -mtime +7 -exec rm -rf {} +
      rm -rf "$dir.new"
      mkdir "$dir.new"
      "$fill" "$dir.new" "$@" || exit
      mv "$dir.new" "$dir"
    ) 8>"$cache/$name.lock" 1>&2 || die "failed to build $name"
  fi
  touch "$dir"
  echo "$dir"
}

# The root that both hosts boot. Neither has udev: there is no device to wait for, and in a
# namespace it would write to the machine's /sys.
fill_root () {
  local unit units=$1/etc/systemd/system
  mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${root_packages[*]}")" "$suite" "$1"
  # Two users who are not root, for tests of refusals.
  chroot "$1" useradd --create-home alice
  chroot "$1" useradd --create-home bob
  echo quilt-test >"$1/etc/hostname"
  echo 127.0.0.1 localhost quilt-test >"$1/etc/hosts"
  rm -f "$1/etc/resolv.conf" # the machine's
  : >"$1/etc/machine-id"
  mkdir -p "$1/$payload" "$units/multi-user.target.wants" "$1/etc/systemd/system-generators"
  # /proc/sys is the machine's own in a namespace host; a getty waits for a device that nobody
  # announces; timers disturb measurements.
  for unit in systemd-sysctl.service getty.target {apt-daily,apt-daily-upgrade,dpkg-db-backup}.timer \
              {e2scrub_all,fstrim,systemd-tmpfiles-clean}.timer; do
    ln -sf /dev/null "$units/$unit"
  done
  ln -s /dev/null "$1/etc/systemd/system-generators/systemd-getty-generator"
  install -m 755 "$here/agent" "$1/usr/libexec/quilt-test-agent"
  install -m 644 "$here/quilt-test-agent.service" "$units/"
  ln -s ../quilt-test-agent.service "$units/multi-user.target.wants/"
}

# The smallest image: one static program, and links to it.
fill_busybox () {
  local root applet
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,dev,etc,home,proc,root,sys,tmp,usr,var} "$1/$payload/images"
  chmod 1777 "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [[ $applet = busybox ]] || ln -s busybox "$root/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner -czf "$1/$payload/images/busybox.tar.gz" .
  rm -rf "$root"
}

# A real one, as a user would make it.
fill_debian () {
  mkdir -p "$1/$payload/images"
  mmdebstrap --quiet --variant=apt --include=python3-minimal "$suite" - |
    zstd -q -T0 -o "$1/$payload/images/debian.tar.zst"
}

# The package managers of languages, for setup steps.
fill_languages () {
  mkdir -p "$1/$payload/images"
  mmdebstrap --quiet --variant=apt --include=python3-pip,ruby,npm "$suite" - |
    zstd -q -T0 -o "$1/$payload/images/languages.tar.zst"
}

# The distribution's kernel: its modules as a layer of the root, itself and an initramfs that
# does no more than to mount the disk. Only unpacked here, never installed.
fill_kernel () {
  local work package version module
  work=$(mktemp -d)
  apt-get -q update
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-\)/\1/p')
  (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" && dpkg-deb -x ./*.deb tree)
  version=$(ls "$work/tree/lib/modules")
  mkdir -p "$1"/{boot,usr/lib} "$work/initramfs"/{bin,dev,proc,root}
  mv "$work/tree/boot/vmlinuz-$version" "$1/boot/vmlinuz"
  mv "$work/tree/lib/modules" "$1/usr/lib/"
  depmod -b "$1/usr" "$version"

  cp "$(command -v busybox)" "$work/initramfs/bin/busybox"
  install -m 755 "$here/vm-init" "$work/initramfs/init"
  for module in virtio_pci virtio_blk ext4 virtio_console; do
    modprobe -d "$1/usr" -S "$version" --show-depends "$module" | sed -n 's/^insmod //p'
  done | awk '!seen[$1]++' | while read -r module; do
    cp "$module" "$work/initramfs/"
    echo "/${module##*/}"
  done >"$work/initramfs/modules"
  (cd "$work/initramfs" && find . | cpio --quiet -o -H newc | gzip -1) >"$1/boot/initramfs"
  rm -rf "$work"
}

# fill_engines DIR ROOT PACKAGE…: the packages as a layer on top of ROOT. No service starts by
# itself: a test configures its engine and then starts it.
fill_engines () {
  local root=$2 work
  apt-get -q update
  work=$(mktemp -d -p "$cache")
  unshare --mount -- bash -euc '
    mkdir "$3/root" "$3/work"
    mount -t overlay -o "lowerdir=$2,upperdir=$1,workdir=$3/work" overlay "$3/root"
    mount -t proc proc "$3/root/proc"
    mount -t tmpfs tmpfs "$3/root/run"
    printf "#!/bin/sh\nexit 101\n" >"$3/root/usr/sbin/policy-rc.d"
    chmod +x "$3/root/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
      -o APT::Sandbox::User=root -o DPkg::Chroot-Directory="$3/root" \
      -o Dir::State::status="$3/root/var/lib/dpkg/status" -o Dir::State::extended_states="$3/root/run/states" \
      -o Dir::Cache::archives="$3/root/run" install "${@:4}"
    rm "$3/root/usr/sbin/policy-rc.d"
    units=(docker.socket docker.service containerd.service)
    units+=(podman.socket podman.service podman-restart.service podman-auto-update.service podman-auto-update.timer)
    systemctl --quiet --root="$3/root" disable "${units[@]}"
    systemctl --quiet --root="$3/root" --global disable "${units[@]:3}"' - "$1" "$root" "$work" "${@:3}" ||
    { rm -rf "$work"; return 1; }
  rm -rf "$work"
  mkdir -p "$1"/var/lib/{docker,containerd,containers}
}

# layers [TREE…]: the directories that a host's root consists of, topmost first. A layer with a
# real directory where the root has a link (/lib, /bin) would hide half of it.
layers () {
  local tree
  for tree; do
    for link in bin lib lib64 sbin; do
      [[ ! -e $tree/$link ]] || die "$tree has /$link: install with prefix=/usr"
    done
    realpath "$tree"
  done
}
