#!/usr/bin/env python3
"""Builds a self-contained wheel of u65sim for one platform.

    python/wheels/build.py linux-x86_64            # dist/u65sim-<version>-py3-none-<platform>.whl

The compiler is that of the PyPI package ziglang, which makes every platform's wheel from Linux and
carries their C libraries. The headers of Boost, nlohmann-json, CLI11, FlatBuffers and xxHash are
those of Debian's packages (cmake/debian-packages.sh); fmt and yaml-cpp are compiled from Debian's
source packages. SystemC stays out: the direct kernel gives the same reports.

No header of Python is needed: the package calls its library through ctypes, so that one wheel
serves every CPython from 3.9 on, and PyPy.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

from wheel_file import ROOT, pack

HERE = Path(__file__).resolve().parent
ZIG = "ziglang==0.17.1"
PACKAGES = ["Boost", "nlohmann_json", "CLI11"]
STANDARD_HEADERS = ROOT / "cmake/standard_headers.hpp"
HEADERS = ["boost", "nlohmann", "CLI", "flatbuffers", "xxhash.h"]
# The contraction as in CMakeLists.txt, for all processors and the precompiled header.
RELEASE_FLAGS = ["-O2", "-g0", "-DNDEBUG", "-ffp-contract=off", "-fno-sanitize=undefined"]
# Containers of Boost 1.74 name what C++17 removed from the standard library.
CXX_FLAGS = ["-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden",
             "-D_LIBCPP_ENABLE_CXX17_REMOVED_UNARY_BINARY_FUNCTION",
             "-D_LIBCPP_ENABLE_CXX17_REMOVED_FEATURES"]
# Zig's compiler is clang. The precompiled header is what it was when its sources are.
CCACHE = {"CMAKE_C_COMPILER_LAUNCHER": "ccache", "CMAKE_CXX_COMPILER_LAUNCHER": "ccache",
          "CCACHE_COMPILERTYPE": "clang", "CCACHE_DEPEND": "1",
          "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime"}


@dataclass(frozen=True)
class Platform:
    """What is built for, in the words of zig, CMake and wheels."""

    target: str
    system: str
    processor: str
    tags: str
    library: str


PLATFORMS: Dict[str, Platform] = {
    "linux-x86_64": Platform(
        "x86_64-linux-gnu.2.17", "Linux", "x86_64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64", "libu65sim_python.so"),
    "linux-aarch64": Platform(
        "aarch64-linux-gnu.2.17", "Linux", "aarch64",
        "manylinux_2_17_aarch64.manylinux2014_aarch64", "libu65sim_python.so"),
    "macos-arm64": Platform(
        "aarch64-macos.11.0", "Darwin", "arm64", "macosx_11_0_arm64", "libu65sim_python.dylib"),
}


def run(*command: object, cwd: Path = ROOT, env: Dict[str, str] = {}) -> None:
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], cwd=cwd, check=True, env={**os.environ, **env})


def zig_program(work: Path) -> Path:
    """The compiler, installed into a virtual environment of the working folder."""
    venv = work / "zig"
    found = list(venv.glob("lib/python*/site-packages/ziglang/zig"))
    if not found:
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin/pip", "install", "-q", ZIG)
        found = list(venv.glob("lib/python*/site-packages/ziglang/zig"))
    return found[0]


def debian_source(work: Path, name: str, version: str) -> Path:
    """A source package of Debian's, through apt with lists of its own: neither root nor a change of
    the machine's settings is needed."""
    source = work / "sources" / name
    if source.exists():
        return source
    apt = work / "apt"
    parts = apt / "parts"
    options = ["-q", "-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache",
               "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}",
               "-o", "APT::Sandbox::User=root"]
    if not parts.exists():
        for folder in (parts, apt / "lists/partial", apt / "cache/archives/partial"):
            folder.mkdir(parents=True, exist_ok=True)
        for file in Path("/etc/apt/sources.list.d").glob("*.sources"):
            text = re.sub(r"(?m)^Types:.*$", "Types: deb-src", file.read_text())
            if "debian-archive-keyring" in text:
                (parts / file.name).write_text(text)
        run("apt-get", *options, "update", cwd=apt)
    run("apt-get", *options, "source", "--download-only", f"{name}={version}", cwd=apt)
    archive = next(apt.glob(f"{name}_*.orig.tar.*"))
    unpacked = work / "sources" / f"{name}.part"
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir(parents=True)
    run("tar", "-xf", archive, "-C", unpacked, "--strip-components=1")
    unpacked.rename(source)
    return source


def write_script(file: Path, text: str) -> Path:
    file.write_text("#!/bin/sh\n" + text + "\n")
    file.chmod(0o755)
    return file


def write_toolchain(work: Path, zig: Path, platform: Platform) -> Path:
    """A CMake toolchain file whose compilers are zig's for the platform."""
    folder = work / "toolchain"
    folder.mkdir(parents=True, exist_ok=True)
    # Names of headers that a wheel's messages hold are none of the machine that made it.
    places = f'-ffile-prefix-map="{work}"=. -ffile-prefix-map="{ROOT}"=.'
    cc = write_script(folder / "cc", f'exec "{zig}" cc -target {platform.target} {places} "$@"')
    cxx = write_script(folder / "c++", f'exec "{zig}" c++ -target {platform.target} {places} "$@"')
    ar = write_script(folder / "ar", f'exec "{zig}" ar "$@"')
    ranlib = write_script(folder / "ranlib", f'exec "{zig}" ranlib "$@"')
    file = folder / "toolchain.cmake"
    file.write_text(f"""set(CMAKE_SYSTEM_NAME {platform.system})
set(CMAKE_SYSTEM_PROCESSOR {platform.processor})
set(CMAKE_C_COMPILER {cc})
set(CMAKE_CXX_COMPILER {cxx})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # a program would need a C++ library of its own
set(CMAKE_AR {ar} CACHE FILEPATH "")
set(CMAKE_RANLIB {ranlib} CACHE FILEPATH "")
set(CMAKE_FIND_ROOT_PATH {work}/prefix)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_PACKAGE_PREFER_CONFIG ON)
set(CMAKE_CXX_FLAGS_RELEASE "{" ".join(RELEASE_FLAGS)}")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-s")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-s")
set(CMAKE_INSTALL_NAME_DIR "@rpath")  # what a macOS library says its own name is
set(CMAKE_BUILD_WITH_INSTALL_NAME_DIR ON)
""")
    return file


def add_static_library(work: Path, prefix: Path, toolchain: Path, name: str, version: str,
                       options: List[str], env: Dict[str, str]) -> None:
    """Builds a library from Debian's sources into the prefix, once."""
    done = prefix / f"{name}.done"
    if done.exists():
        return
    source = debian_source(work.parent, name, version)
    folder = work / "libraries" / name
    run("cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", f"-DCMAKE_INSTALL_PREFIX={prefix}",
        "-DCMAKE_POSITION_INDEPENDENT_CODE=ON", "-DCMAKE_POLICY_DEFAULT_CMP0077=NEW",
        "-DCMAKE_INSTALL_LIBDIR=lib", *options, env=env)
    run("cmake", "--build", folder, "--target", "install", env=env)
    done.touch()


def make_prefix(work: Path, toolchain: Path, env: Dict[str, str]) -> Path:
    """Headers and static libraries where CMake looks for packages. A folder of only these headers:
    the machine's own would hide those of the platform's C library."""
    prefix = work / "prefix"
    include = prefix / "include"
    include.mkdir(parents=True, exist_ok=True)
    for name in HEADERS:
        link = include / name
        if not link.is_symlink():
            link.symlink_to(Path("/usr/include") / name)
    packages = prefix / "packages"
    shutil.copytree(HERE / "packages", packages, dirs_exist_ok=True)
    for name in PACKAGES:
        shutil.copy(packages / "ConfigVersion.cmake", packages / f"{name}ConfigVersion.cmake")
    add_static_library(work, prefix, toolchain, "yaml-cpp", "0.7.0+dfsg-8",
                       ["-DYAML_CPP_BUILD_TESTS=OFF", "-DYAML_CPP_BUILD_TOOLS=OFF",
                        "-DYAML_BUILD_SHARED_LIBS=OFF"], env)
    add_static_library(work, prefix, toolchain, "fmtlib", "9.1.0+ds1-2",
                       ["-DFMT_DOC=OFF", "-DFMT_TEST=OFF", "-DBUILD_SHARED_LIBS=OFF"], env)
    return prefix


def precompile(work: Path, prefix: Path, env: Dict[str, str]) -> Path:
    """What most sources include, compiled once for all: CMake's way is not one of zig's."""
    header = work / "common.pch"
    if not header.exists() or header.stat().st_mtime < STANDARD_HEADERS.stat().st_mtime:
        run(work / "toolchain/c++", "-x", "c++-header", STANDARD_HEADERS, "-std=c++20",
            *RELEASE_FLAGS, *CXX_FLAGS, "-isystem", prefix / "include", "-o", header, env=env)
    return header


def build(work: Path, toolchain: Path, prefix: Path, jobs: int, env: Dict[str, str]) -> Path:
    """The library that the package loads, and the program."""
    folder = work / "build"
    header = precompile(work, prefix, env)
    packages = [f"-D{name}_DIR={prefix}/packages" for name in PACKAGES]
    # Given to the project's sources only, not to what CMake tries out.
    included = work / "common.cmake"
    included.write_text(
        f'add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-include-pch {header}>")\n')
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        f"-DCMAKE_TOOLCHAIN_FILE={toolchain}", f"-DCMAKE_PREFIX_PATH={prefix}", *packages,
        f"-DCMAKE_CXX_FLAGS={' '.join(CXX_FLAGS)}", f"-DCMAKE_PROJECT_INCLUDE={included}",
        "-DU65SIM_PRECOMPILE_HEADERS=OFF", "-DU65SIM_WITH_SYSTEMC=OFF", "-DU65SIM_BUILD_PYTHON=ON", "-DU65SIM_BUILD_CLI=ON",
        "-DU65SIM_BUILD_TESTS=OFF", "-DU65SIM_BUILD_BENCH=OFF", "-DU65SIM_BUILD_EXAMPLES=OFF",
        env=env)
    run("cmake", "--build", folder, f"-j{jobs}", "--target", "u65sim_python", "u65sim_program",
        env=env)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platform", choices=sorted(PLATFORMS))
    parser.add_argument("--work", type=Path, default=ROOT / "build/wheels",
                        help="for the compiler, sources and objects (default: build/wheels)")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="for the wheel")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--ccache", action="store_true",
                        help="keep objects in ccache, for wheels of later commits")
    given = parser.parse_args()
    platform = PLATFORMS[given.platform]
    work = given.work.resolve() / given.platform
    work.mkdir(parents=True, exist_ok=True)
    env = {"ZIG_GLOBAL_CACHE_DIR": str(given.work.resolve() / "zig-cache")}
    if given.ccache:
        env.update(CCACHE, CCACHE_COMPILERCHECK=f"string:{ZIG} {platform.target}")
    start = time.monotonic()
    toolchain = write_toolchain(work, zig_program(given.work.resolve()), platform)
    prefix = make_prefix(work, toolchain, env)
    folder = build(work, toolchain, prefix, given.jobs, env)
    wheel = pack(folder, platform.tags, platform.library, given.out.resolve())
    print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB, "
          f"{(time.monotonic() - start) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
