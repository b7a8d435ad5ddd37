# Recipe for Conan 2, from a clone: conan create packaging -s compiler.cppstd=20. The library is the one without SystemC, which
# Conan's centre does not have. Tried with Debian's packages in place of what it requires ([platform_requires] in the
# profile), as no Conan remote was at hand.
import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy


class U65sim(ConanFile):
    name = "u65sim"
    version = "0.1.0"
    license = "MIT"
    description = "Cycle-approximate simulator of the Arm Ethos-U65 NPU"
    settings = "os", "compiler", "build_type", "arch"
    tool_requires = "flatbuffers/23.5.26"

    def requirements(self):
        for linked in ("fmt/9.1.0", "yaml-cpp/0.8.0"):
            self.requires(linked)
        for header in ("boost/1.83.0", "nlohmann_json/3.11.3", "xxhash/0.8.2", "flatbuffers/23.5.26"):
            self.requires(header, libs=False, visible=False)

    def validate(self):
        check_min_cppstd(self, 20)

    def export_sources(self):
        root = os.path.dirname(self.recipe_folder)
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "sim/*", "configs/*", "docs/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("CLI", "TESTS", "BENCH", "EXAMPLES"):
            toolchain.cache_variables[f"U65SIM_BUILD_{part}"] = False
        toolchain.cache_variables["U65SIM_WITH_SYSTEMC"] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install(component="dev")
        CMake(self).install(component="runtime")

    def package_info(self):
        # The library's own CMake package, which finds fmt and yaml-cpp: u65sim::direct and u65sim::c.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake")]
