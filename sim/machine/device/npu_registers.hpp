// The NPU's control registers as a driver has written them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <u65sim/npu_registers.hpp>
#include <u65sim/target.hpp>

#include "machine/channels/request_port.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine {

class NpuRegisters {
public:
    explicit NpuRegisters(const Accelerator& accelerator) : config_(config_word(accelerator)) {
        clear();
    }
    void clear() {
        words_ = {};
        word(NpuRegisterMap::id) = architecture_id;
        word(NpuRegisterMap::config) = config_;
    }
    [[nodiscard]] std::uint32_t& word(unsigned address) { return words_[address / 4]; }
    [[nodiscard]] std::uint32_t word(unsigned address) const { return words_[address / 4]; }
    /// Two words of an address.
    [[nodiscard]] std::uint64_t address40(unsigned address) const {
        return word(address) | (std::uint64_t{word(address + 4) & 0xFFU} << 32);
    }
    [[nodiscard]] std::uint64_t base(std::size_t region) const {
        return address40(NpuRegisterMap::base_pointer + 8 * static_cast<unsigned>(region));
    }
    /// Two bits a region, and of the command queue: 0 and 1 name AXI0, 2 and 3 AXI1.
    [[nodiscard]] PortMap ports() const {
        PortMap map;
        for (std::size_t region = 0; region < map.regions.size(); ++region) {
            map.regions[region] =
                static_cast<int>(word(NpuRegisterMap::region_config) >> (2 * region + 1) & 1U);
        }
        map.commands = static_cast<int>(word(NpuRegisterMap::qconfig) >> 1 & 1U);
        return map;
    }

private:
    std::uint32_t config_;
    std::array<std::uint32_t, NpuRegisterMap::register_end / 4> words_{};
};

}  // namespace u65sim::machine
