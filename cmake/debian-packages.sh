# What u65sim is built with, from Debian 12. Read with `source` by the scripts that set a machine up.

u65sim_packages=(
  cmake g++ ninja-build pkg-config
  libsystemc-dev libboost-graph-dev libfmt-dev libyaml-cpp-dev
  libflatbuffers-dev flatbuffers-compiler libcli11-dev nlohmann-json3-dev libxxhash-dev
)
# What the tests and benchmarks need on top; chromium opens HTML reports and gtkwave reads value change
# dumps (tests of either are skipped without).
u65sim_test_packages=(catch2 libbenchmark-dev chromium gtkwave python3 python3-numpy python3-pandas mypy)
# What tests/check_format.sh needs.
u65sim_format_packages=(clang-format git)
# For studies over several machines (the preset `mpi`).
u65sim_mpi_packages=(libopenmpi-dev libboost-mpi-dev openmpi-bin)

# u65sim_install PACKAGE...: installs those that are missing, through sudo when not root.
u65sim_install() {
  local missing=() package
  for package in "$@"; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing: ${missing[*]}" >&2
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "u65sim: error: these packages are missing and neither root nor sudo is at hand: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -q >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}
