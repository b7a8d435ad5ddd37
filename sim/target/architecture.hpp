// What follows from the accelerator's name: ublocks, SHRAM banks and granules, lanes, widths.
// Source: the register description and the published estimator model.
#pragma once

#include <cstdint>

#include <u65sim/target.hpp>

namespace u65sim {

struct BlockShape {
    std::int32_t height = 0, width = 0, depth = 0;
    [[nodiscard]] std::int64_t elements() const { return std::int64_t{height} * width * depth; }
    bool operator==(const BlockShape&) const = default;
};

/// SHRAM allocation granules, in banks of 1024 B.
struct ShramGranules {
    int ifm8, ifm16, ifm8_elementwise, ifm16_elementwise, ifm32, acc16, acc32, acc40;
};

struct Architecture {
    BlockShape ofm_ublock;  ///< per core
    BlockShape ifm_ublock;
    int shram_banks;            ///< per core, 1 KiB each
    int reserved_output_banks;  ///< at the start
    int reserved_end_banks;     ///< always kept for the LUT on devices with more than 16 banks
    ShramGranules granules;
    int output_lanes;     ///< per core
    int axi_width_bytes;  ///< one beat
    int address_bits;
    int max_outstanding_kernels;
    int max_outstanding_dmas;
    int max_blockdep;
    BlockShape max_block;  ///< 32 x 64 x 128 (H x W x D)

    [[nodiscard]] int lut_bank() const { return shram_banks - 2; }
    /// SHRAM byte address of the look-up tables.
    [[nodiscard]] int lut_address() const { return lut_bank() * 1024; }
};

/// Throws InvalidConfig for a combination that does not exist.
Architecture architecture(const Accelerator& accelerator);

/// The ID register of the architecture 1.0.6, which the payload repeats (register description).
inline constexpr std::uint32_t architecture_id = 0x10060000;
/// The payload's CONFIG word (reference 3.7), e.g. 0x10003008 for U65-256.
std::uint32_t config_word(const Accelerator& accelerator);
/// The accelerator a CONFIG word names (clock left at its default); throws InvalidStream.
Accelerator accelerator_from_config(std::uint32_t word);
/// "u65-256"
std::string accelerator_name(const Accelerator& accelerator);

/// Which AXI port a region's traffic takes (reference 1.2, 2.2): 0 or 1.
int port_of_region(MemoryMode mode, int region);
/// Port of command fetch.
int port_of_commands(MemoryMode mode);

}  // namespace u65sim
