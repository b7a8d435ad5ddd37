// The functions of machine/systemc/engine.hpp for the program: those of the module, which comes
// with SystemC's library when somebody needs it.
#include <cstddef>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/auxv.h>

#include <u65sim/error.hpp>

#include "machine/systemc/engine.hpp"
#include "on_demand/kernel.hpp"

namespace u65sim {

namespace {

/// Where the module stands beside the program, installed or in the build folder.
std::filesystem::path module_file() {
    std::error_code failed;
    auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (failed) {  // a root without /proc: the file as it was called
        // The auxiliary vector holds addresses as numbers.
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        const auto* const called = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
        program = std::filesystem::weakly_canonical(called);
    }
    return (program.parent_path() / U65SIM_SYSTEMC_KERNEL).lexically_normal();
}

/// Loaded once, for the process's life.
const on_demand::SystemcKernel& systemc_kernel() {
    static const on_demand::SystemcKernel& kernel = []() -> const on_demand::SystemcKernel& {
        const std::string file = module_file().string();
        void* const module = dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
        const void* const found = module != nullptr ? dlsym(module, on_demand::symbol) : nullptr;
        if (found == nullptr) {
            throw FileError(fmt::format("{}: cannot be loaded, which the kernel systemc needs: {}",
                                        file, dlerror()));
        }
        return *static_cast<const on_demand::SystemcKernel*>(found);
    }();
    return kernel;
}

/// Throws what a run threw.
template <std::size_t index = 0>
[[noreturn]] void throw_again(std::size_t error, const std::string& message) {
    if constexpr (index < on_demand::error_count) {
        if (error == index) throw std::tuple_element_t<index, on_demand::Errors>(message);
        throw_again<index + 1>(error, message);
    } else {
        throw std::bad_alloc();
    }
}

Simulation simulation_of(on_demand::Outcome outcome) {
    if (!outcome.simulation) throw_again(outcome.error, outcome.message);
    return *std::move(outcome.simulation);
}

}  // namespace

Simulation machine::run_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                                   const Target& target, const SimulateOptions& options) {
    return simulation_of(systemc_kernel().run(commands, words, target, options));
}

Simulation machine::trace_on_systemc(const std::vector<stream::Command>& commands,
                                     std::int64_t words, const Target& target,
                                     const SimulateOptions& options, VcdFile& vcd, Cycles start) {
    return simulation_of(systemc_kernel().trace(commands, words, target, options, vcd, start));
}

Simulation machine::run_on_shared_memories(const std::vector<stream::Command>& commands,
                                           std::int64_t words, const Target& target,
                                           const SimulateOptions& options) {
    return simulation_of(systemc_kernel().run_on_shared_memories(commands, words, target, options));
}

}  // namespace u65sim

/// Asked for by libsystemc: lld would take the archive's object that defines it, and with it the
/// functions above a second time.
extern "C" int sc_main(int, char**);
int sc_main(int, char**) { return 0; }
