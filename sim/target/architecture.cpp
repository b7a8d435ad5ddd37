#include "target/architecture.hpp"

#include <array>
#include <bit>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim {
namespace {

struct Configuration {
    Product product;
    int macs_per_cycle;
    int cores;
    Architecture architecture;
};

constexpr BlockShape max_block{32, 64, 128};

// Register description and public configuration tables of the two products. The U65 keeps the
// U55-256's core behind wider ports; the U65-512 is two of them.
constexpr std::array<Configuration, 6> configurations{{
    {Product::u55,
     32,
     1,
     {{1, 1, 4}, {1, 1, 8}, 16, 2, 0, {2, 2, 2, 2, 4, 4, 4, 4}, 1, 8, 32, 2, 1, 3, max_block}},
    {Product::u55,
     64,
     1,
     {{1, 1, 8}, {1, 1, 8}, 16, 2, 0, {2, 2, 2, 2, 4, 4, 4, 8}, 2, 8, 32, 2, 1, 3, max_block}},
    {Product::u55,
     128,
     1,
     {{1, 2, 8}, {1, 2, 8}, 24, 2, 2, {4, 4, 4, 4, 8, 4, 8, 12}, 4, 8, 32, 2, 1, 3, max_block}},
    {Product::u55,
     256,
     1,
     {{2, 2, 8}, {2, 2, 8}, 48, 2, 2, {8, 8, 8, 8, 16, 8, 16, 20}, 8, 8, 32, 2, 1, 3, max_block}},
    {Product::u65,
     256,
     1,
     {{2, 2, 8}, {2, 2, 8}, 48, 2, 2, {8, 8, 8, 8, 16, 8, 16, 20}, 8, 16, 40, 2, 2, 3, max_block}},
    {Product::u65,
     256,
     2,
     {{2, 2, 8}, {2, 2, 8}, 48, 2, 2, {8, 8, 8, 8, 16, 8, 16, 20}, 8, 16, 40, 2, 2, 3, max_block}},
}};

}  // namespace

std::string_view to_string(Product product) { return product == Product::u55 ? "u55" : "u65"; }

std::string_view to_string(MemoryMode mode) {
    switch (mode) {
        case MemoryMode::sram_only:
            return "sram_only";
        case MemoryMode::shared_sram:
            return "shared_sram";
        case MemoryMode::dedicated_sram:
            break;
    }
    return "dedicated_sram";
}

Architecture architecture(const Accelerator& accelerator) {
    for (const Configuration& each : configurations) {
        if (each.product == accelerator.product &&
            each.macs_per_cycle == accelerator.macs_per_cycle && each.cores == accelerator.cores) {
            Architecture architecture = each.architecture;
            architecture.shram_banks *= accelerator.hypothetical.shram;
            return architecture;
        }
    }
    throw InvalidConfig(
        fmt::format("accelerator {} with {} MACs a cycle and {} core(s): must be u55 with 32, 64, "
                    "128 or 256 MACs and one core, or u65 with 256 MACs and one or two cores",
                    to_string(accelerator.product), accelerator.macs_per_cycle, accelerator.cores));
}

std::uint32_t config_word(const Accelerator& accelerator) {
    const Architecture arch = architecture(accelerator);
    const auto macs = static_cast<std::uint32_t>(accelerator.macs_per_cycle * accelerator.cores);
    const auto shram = static_cast<std::uint32_t>(arch.shram_banks * accelerator.cores);
    const std::uint32_t product = accelerator.product == Product::u65 ? 1 : 0;
    return product << 28 | shram << 8 | static_cast<std::uint32_t>(std::bit_width(macs) - 1);
}

Accelerator accelerator_from_config(std::uint32_t word) {
    for (const Configuration& each : configurations) {
        Accelerator accelerator;
        accelerator.product = each.product;
        accelerator.macs_per_cycle = each.macs_per_cycle;
        accelerator.cores = each.cores;
        if (config_word(accelerator) == word) return accelerator;
    }
    std::string known;
    for (const Configuration& each : configurations) {
        const Accelerator accelerator{each.product, each.macs_per_cycle, each.cores, {}};
        known += fmt::format("{}{:#010x} ({})", known.empty() ? "" : ", ", config_word(accelerator),
                             accelerator_name(accelerator));
    }
    throw InvalidStream(fmt::format(
        "CONFIG word {:#010x}: names no accelerator known here; must be one of {}", word, known));
}

std::string accelerator_name(const Accelerator& accelerator) {
    return fmt::format("{}-{}", to_string(accelerator.product),
                       std::int64_t{accelerator.macs_per_cycle} * accelerator.cores);
}

int port_of_region(MemoryMode mode, int region) {
    switch (mode) {
        case MemoryMode::sram_only:
            return 0;
        case MemoryMode::shared_sram:
            return region == 0 ? 1 : 0;
        case MemoryMode::dedicated_sram:
            break;
    }
    return region <= 1 ? 1 : 0;
}

int port_of_commands(MemoryMode mode) { return mode == MemoryMode::sram_only ? 0 : 1; }

}  // namespace u65sim
