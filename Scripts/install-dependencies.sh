#!/bin/sh
# Installs the system libraries the package is built with, if they are missing: LMDB, HDF5, zlib, and pkg-config to find
# them; and those of the traits that are named. For Debian and Ubuntu (apt; as root, or with sudo) and macOS (Homebrew).
#
#   Scripts/install-dependencies.sh [JPEG] [Libdeflate] [ObjectStorage]
set -eu

fail() {
  echo "install-dependencies: $*" >&2
  exit 1
}

of_apt="liblmdb-dev libhdf5-dev zlib1g-dev pkg-config"
of_brew="lmdb hdf5 zlib pkgconf"
for trait in "$@"; do
  case "$trait" in
    JPEG)
      of_apt="$of_apt libjpeg-dev"
      of_brew="$of_brew jpeg-turbo"
      ;;
    Libdeflate)
      of_apt="$of_apt libdeflate-dev"
      of_brew="$of_brew libdeflate"
      ;;
    ObjectStorage)
      # macOS has libcurl, with its headers in the SDK.
      of_apt="$of_apt libcurl4-openssl-dev"
      ;;
    *) fail "there is no trait $trait that needs a library; there are JPEG, Libdeflate and ObjectStorage" ;;
  esac
done

install_with_apt() {
  missing=
  for package in $of_apt; do
    # Installed under this name, or by a package that provides it, as pkgconf does pkg-config.
    if ! dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$'; then
      if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null; then continue; fi
      missing="$missing $package"
    fi
  done
  [ -n "$missing" ] || return 0
  echo "Installing$missing"
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null; then
    as_root=sudo
  else
    fail "missing:$missing. Ask someone who is root to run: apt-get install$missing"
  fi
  $as_root apt-get update -qq || echo "install-dependencies: the package lists could not be refreshed" >&2
  # shellcheck disable=SC2086  # words on purpose
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    || fail "apt-get could not install$missing"
}

install_with_brew() {
  command -v brew >/dev/null || fail "Homebrew is missing; https://brew.sh says how to install it"
  for package in $of_brew; do
    brew list --versions "$package" >/dev/null 2>&1 || brew install "$package"
  done
}

command -v swift >/dev/null || fail "Swift is missing; https://swift.org/install says how to install it"
case "$(uname -s)" in
  Darwin) install_with_brew ;;
  *)
    command -v apt-get >/dev/null \
      || fail "no apt-get here; install LMDB, HDF5, zlib with their headers, and pkg-config by hand"
    install_with_apt
    ;;
esac
