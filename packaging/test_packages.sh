#!/usr/bin/env bash
# test_packages.sh [CMAKE OPTIONS]: builds the Debian packages, lets lintian look at them, and uses them in a bare Debian 12 that
# debootstrap makes: the program without any compiler, then projects in C (CMake, pkg-config) and C++ without SystemC.
# Needs root, debootstrap and lintian. U65SIM_KEEP_ROOT=1 keeps the Debian in build/packages/root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$PWD/build/packages
root=$build/root

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DU65SIM_BUILD_TESTS=OFF \
    -DU65SIM_BUILD_BENCH=OFF -DU65SIM_BUILD_EXAMPLES=OFF "$@"
cmake --build "$build"
rm -f "$build"/*.deb
(cd "$build" && cpack -G DEB)
ls -l "$build"/*.deb

echo "lintian"
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$build"/*.deb

mirror=$(sed -n 's/^deb *\(\[[^]]*\] *\)\?\(http[^ ]*\) bookworm .*/\2/p; s/^URIs: *\([^ ]*\).*/\1/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security | head -n 1)
rm -rf "$root"
debootstrap --variant=minbase bookworm "$root" "${mirror:-http://deb.debian.org/debian}" >"$build/debootstrap.log"
[ -n "${U65SIM_KEEP_ROOT:-}" ] || trap 'rm -rf "$root"' EXIT
mkdir "$root/debs" && cp "$build"/*.deb "$root/debs" && cp -r packaging/consumer "$root/consumer"
cp /etc/resolv.conf "$root/etc/resolv.conf"
for file in /etc/apt/apt.conf.d/*proxy*; do if [ -e "$file" ]; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi; done
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }

echo "the program, without compilers"
inside sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends /debs/u65sim_*.deb' >"$build/install.log"
inside sh -c '! command -v cc && ! command -v c++'
inside u65sim run ds_cnn -f json | head -c 300 >/dev/null
inside u65sim run ds_cnn --backend systemc | sed -n 5p
inside test -s /usr/share/man/man1/u65sim.1.gz
inside bash -c '. /usr/share/bash-completion/completions/u65sim; COMP_WORDS=(u65sim ru); COMP_CWORD=1; _u65sim; [ "${COMPREPLY[*]}" = run ]'

echo "projects of C and C++"
inside sh -c 'apt-get install -q -y --no-install-recommends /debs/lib*.deb gcc g++ cmake make pkg-config' >>"$build/install.log"
inside sh -c '! ls /usr/include/systemc* 2>/dev/null'
inside sh -ec '
    cd /consumer
    cmake -S c -B /tmp/c >/tmp/log && cmake --build /tmp/c >>/tmp/log && /tmp/c/asks
    cc -std=c11 c/asks.c $(pkg-config --cflags --libs u65sim-c) -o /tmp/asks && /tmp/asks
    cc -std=c11 /usr/share/doc/libu65sim-dev/examples/071-npu-as-a-device.c $(pkg-config --cflags --libs u65sim-c) -o /tmp/device
    /tmp/device
    cmake -S cxx -B /tmp/cxx >/tmp/log && cmake --build /tmp/cxx >>/tmp/log && /tmp/cxx/asks
    c++ -std=c++20 cxx/asks.cpp $(pkg-config --cflags --libs u65sim) -o /tmp/asks_cxx && /tmp/asks_cxx
    ! ldd /tmp/asks_cxx | grep -i systemc'
echo "all packages work"
