// A target as an .ini for Vela: what vela_config.cpp reads.
#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <u65sim/target.hpp>

#include "target/architecture.hpp"
#include "target/memory_rate.hpp"

namespace u65sim {
namespace {

/// Vela keeps an area's numbers by its name, so the two ports of one file need two.
std::string_view area_name(const Memory& memory, bool off_chip, MemoryMode mode) {
    if (!off_chip) return "Sram";
    if (memory.kind == "flash") return "OffChipFlash";
    if (memory.kind == "dram" || mode == MemoryMode::dedicated_sram) return "Dram";
    return "OnChipFlash";
}

std::string section_name(std::string_view name) {
    std::string result(name);
    std::replace_if(
        result.begin(), result.end(),
        [](char c) { return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z'); },
        '_');
    return result;
}

std::string area_text(std::string_view name, const Memory& memory, const Accelerator& accelerator) {
    const auto width = static_cast<double>(architecture(accelerator).axi_width_bytes);
    const BytesPerCycle rate = rate_left(memory, accelerator);
    const double scale = rate.numerator() > 0 ? std::min(rate.value() / width, 1.0) : 1.0;
    std::string out = fmt::format(
        "{0}_clock_scale={1}\n{0}_burst_length={2}\n{0}_read_latency={3}\n{0}_write_latency={4}\n",
        name, scale, memory.burst.count(), read_latency(memory, accelerator).count(),
        write_latency(memory, accelerator).count());
    // Vela itself does not use these for an Ethos-U55 or U65; zero is no limit.
    out += fmt::format("{0}_max_reads={1}\n{0}_max_writes={2}\n", name,
                       memory.max_outstanding_reads, memory.max_outstanding_writes);
    return out;
}

}  // namespace

std::string Target::to_vela_config() const {
    const std::string section = section_name(name);
    const std::string_view axi0 = area_name(sram, false, memory_mode);
    const std::string_view axi1 = area_name(off_chip, true, memory_mode);
    const auto port = [&](int region) {
        return port_of_region(memory_mode, region) == 0 ? "Axi0" : "Axi1";
    };
    std::string out =
        fmt::format("; vela --accelerator-config ethos-{}", accelerator_name(accelerator));
    out += fmt::format(" --system-config {0} --memory-mode {0}\n\n", section);
    out += fmt::format("[System_Config.{}]\ncore_clock={}\naxi0_port={}\naxi1_port={}\n", section,
                       accelerator.clock.count(), axi0, axi1);
    out += area_text(axi0, sram, accelerator) + area_text(axi1, off_chip, accelerator);
    out += fmt::format("\n[Memory_Mode.{}]\nconst_mem_area={}\narena_mem_area={}\n", section,
                       port(0), port(1));
    out += fmt::format("cache_mem_area={}\narena_cache_size={}\n", port(2), sram.size.count());
    return out;
}

}  // namespace u65sim
