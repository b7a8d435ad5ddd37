// What bursts carry, and where on the platform it is.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/burst_port.hpp"

namespace u65sim::machine {

class BurstBytes {
public:
    /// On the platform, of a byte of a region (or of the command queue).
    [[nodiscard]] virtual std::uint64_t address(int region, std::uint64_t offset) const = 0;
    /// The bytes that `burst` writes; it leaves now.
    virtual void load(const BurstRequest& burst, unsigned char* into) = 0;
    /// `count` bytes have been read for `burst`, from its byte `offset` on.
    virtual void store(const BurstRequest& burst, std::uint64_t offset, const unsigned char* from,
                       std::uint64_t count) = 0;
    /// `count` bytes of the write `burst`, from its byte `offset` on, are in memory.
    virtual void written(const BurstRequest& burst, std::uint64_t offset,
                         const unsigned char* bytes, std::uint64_t count) = 0;
    /// The platform refused a request of a port.
    virtual void fail(int port, const std::string& text) = 0;

protected:
    ~BurstBytes() = default;
};

}  // namespace u65sim::machine
