#!/usr/bin/env bash
# test_packages.sh [CMAKE OPTIONS]: builds the Debian packages, lets lintian look at them, and uses them in a bare Debian 12 that
# debootstrap makes: the program without any compiler, then projects in C (CMake, pkg-config) and C++ without SystemC.
# Needs root, debootstrap and lintian. Packages of Debian's are kept in build/packages/cache (or U65SIM_DEB_CACHE) for the next
# time; U65SIM_KEEP_ROOT=1 keeps the bare Debian in build/packages/root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$PWD/build/packages
root=$build/root
cache=$(realpath -m "${U65SIM_DEB_CACHE:-$build/cache}")

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DU65SIM_BUILD_TESTS=OFF \
    -DU65SIM_BUILD_BENCH=OFF -DU65SIM_BUILD_EXAMPLES=OFF "$@"
cmake --build "$build"
rm -f "$build"/*.deb
(cd "$build" && cpack -G DEB)
ls -l "$build"/*.deb

echo "lintian"
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$build"/*.deb

mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
    sed -n 's/^deb *\(\[[^]]*\] *\)\?\(http[^ ]*\) bookworm .*/\2/p; s/^URIs: *\([^ ]*debian\) *$/\1/p' | head -n 1)
rm -rf "$root"
mkdir -p "$cache"
debootstrap --variant=minbase --cache-dir="$cache" bookworm "$root" "${mirror:?no mirror of Debian bookworm in /etc/apt}" >"$build/debootstrap.log"
[ -n "${U65SIM_KEEP_ROOT:-}" ] || trap 'rm -rf "$root"' EXIT
mkdir "$root/debs" && cp "$build"/*.deb "$root/debs" && cp -r packaging/consumer "$root/consumer"
cp /etc/resolv.conf "$root/etc/resolv.conf"
for file in /etc/apt/apt.conf.d/*proxy*; do if [ -e "$file" ]; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi; done
inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
# made PATTERN: our packages, as they are called inside.
made() { (cd "$root/debs" && ls $1.deb) | sed 's#^#/debs/#'; }
# install PACKAGE...: those that were fetched once come from the cache.
install() {
    cp -n "$cache"/*.deb "$root/var/cache/apt/archives/"
    inside apt-get install -q -y --no-install-recommends "$@" >>"$build/install.log"
    cp -n "$root"/var/cache/apt/archives/*.deb "$cache/"
}

echo "the program, without compilers"
inside apt-get update -q >"$build/install.log"
install $(made 'u65sim_*')
inside sh -c '! command -v cc && ! command -v c++'
for network in ds_cnn mobilenet_v2_224; do
    inside u65sim run "$network" -f json >"$build/installed.json"
    "$build/bin/u65sim" run "$network" -f json | cmp - "$build/installed.json"
done
inside u65sim run ds_cnn --backend systemc | sed -n 5p
inside u65sim run ds_cnn --target /usr/share/u65sim/configs/targets/imx93.yaml | sed -n 5p
inside test -s /usr/share/doc/u65sim/docs/index.md
gzip -dc "$root/usr/share/man/man1/u65sim.1.gz" | grep -q '^\.SH RUN'
inside bash -c '. /usr/share/bash-completion/completions/u65sim; COMP_WORDS=(u65sim ru); COMP_CWORD=1; _u65sim; [ "${COMPREPLY[*]}" = run ]'

echo "projects of C and C++"
install $(made 'lib*') gcc g++ cmake make pkg-config
inside sh -c '! ls /usr/include/systemc* 2>/dev/null'
inside sh -ec '
    cd /consumer
    cmake -S c -B /tmp/c >/tmp/log && cmake --build /tmp/c >>/tmp/log && /tmp/c/asks
    cc -std=c11 c/asks.c $(pkg-config --cflags --libs u65sim-c) -o /tmp/asks && /tmp/asks
    cc -std=c11 /usr/share/doc/libu65sim-dev/examples/071-npu-as-a-device.c $(pkg-config --cflags --libs u65sim-c) -o /tmp/device
    /tmp/device
    cmake -S cxx -B /tmp/cxx >/tmp/log && cmake --build /tmp/cxx >>/tmp/log && /tmp/cxx/asks
    c++ -std=c++20 cxx/asks.cpp $(pkg-config --cflags --libs u65sim) -o /tmp/asks_cxx && /tmp/asks_cxx
    for made in /tmp/c/asks /tmp/asks /tmp/device /tmp/cxx/asks /tmp/asks_cxx; do
        if ldd $made | grep -i systemc; then exit 1; fi
    done'
echo "all packages work"
