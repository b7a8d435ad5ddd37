// The bytes that the NPU's bursts carry: what it has read, and what it computes from that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "machine/channels/operation_list.hpp"
#include "machine/device/npu_registers.hpp"
#include "machine/functional/executor.hpp"
#include "machine/systemc/burst_bytes.hpp"
#include "machine/systemc/bus_access.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// Keeps an image of the regions that a stream works on. A read burst brings bytes into it; an
/// operation is executed on it when its first result leaves. Results that
/// are not in memory yet are not overwritten by reads.
class NpuBytes final : public BurstBytes {
public:
    using Failure = std::function<void(int port, const std::string& text)>;
    NpuBytes(const BusAccess& bus, Failure failure) : bus_(bus), failure_(std::move(failure)) {}

    /// Begins a run of `commands`, which must outlive it. From a thread. Throws BusError or
    /// InvalidStream.
    void begin(const std::vector<stream::Command>& commands, const Accelerator& accelerator,
               const NpuRegisters& registers);
    /// Bytes of results that are not in memory yet.
    [[nodiscard]] std::uint64_t pending() const { return pending_count_; }

    [[nodiscard]] std::uint64_t address(int region, std::uint64_t offset) const override;
    void load(const BurstRequest& burst, unsigned char* into) override;
    void store(const BurstRequest& burst, std::uint64_t offset, const unsigned char* from,
               std::uint64_t count) override;
    void written(const BurstRequest& burst, std::uint64_t offset, const unsigned char* bytes,
                 std::uint64_t count) override;
    void fail(int port, const std::string& text) override { failure_(port, text); }

private:
    void begin_results(std::uint32_t operation);
    void execute(std::uint32_t operation);
    void refresh(const stream::Command& command);
    void refresh(int region, std::uint64_t offset, std::uint64_t count);
    void bring_in(int region, std::uint64_t offset, const unsigned char* from, std::uint64_t count);
    void mark_results(const stream::Command& command);
    void mark(int region, std::uint64_t at, bool pending);
    [[nodiscard]] std::uint64_t clip(int region, std::uint64_t offset, std::uint64_t count) const;

    BusAccess bus_;
    Failure failure_;
    std::unique_ptr<functional::Executor> executor_;
    const std::vector<stream::Command>* commands_ = nullptr;
    std::vector<std::size_t> command_of_operation_;
    std::vector<bool> executed_;     ///< operations
    std::uint32_t next_kernel_ = 0;  ///< operations before it need not be looked at again
    PortMap ports_;
    std::uint64_t queue_ = 0;
    std::array<std::uint64_t, functional::region_count> bases_{};
    std::array<std::vector<bool>, functional::region_count> pending_;  ///< a bit a byte
    std::uint64_t pending_count_ = 0;
};

}  // namespace u65sim::machine
