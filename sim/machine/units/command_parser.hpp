// Fetches the command stream, holds kernels and DMAs to their limits, waits, stops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "machine/channels/dma_queue.hpp"
#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// The stream is fetched in pieces of the target's `command_prefetch`, as far as whole pieces lie
/// within `command_window` in front of the word being consumed.
class CommandParser {
public:
    struct Ports {
        const Hardware& hardware;
        Probe& probe;
        const MemoryPorts& memory;
        KernelQueue& kernels;
        DmaQueue& dmas;
    };
    explicit CommandParser(const Ports& ports) : ports_(ports) {}
    /// Prepares a run of `commands`, which must outlive it; the stream has `words`.
    void load(const std::vector<stream::Command>& commands, std::int64_t words);
    Time act(Time now);
    [[nodiscard]] bool finished() const { return finish_ >= 0; }
    [[nodiscard]] Time finish_time() const { return finish_; }
    [[nodiscard]] std::string describe() const;
    /// Index of the command that is being decoded or waits.
    [[nodiscard]] std::size_t next_command() const { return next_; }
    /// Index of the next kernel's or DMA's record.
    [[nodiscard]] std::uint32_t next_operation() const { return next_operation_; }
    /// Words of the stream that have not been requested.
    [[nodiscard]] std::int64_t words_left() const { return words_ - words_requested_; }
    [[nodiscard]] std::int64_t words_a_piece() const { return words_per_piece_; }
    /// Goes on as if so many commands and operations had been executed meanwhile. The rest of its
    /// state is to be read.
    void skip(std::size_t commands, std::int64_t operations, std::int64_t words) {
        next_ += commands;
        next_operation_ += static_cast<std::uint32_t>(operations);
        words_requested_ += words;
    }
    /// All commands have been executed.
    void finish(Time now) { finish_ = now; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    void fetch(Time now);
    bool execute(const stream::Command& command, Time now);
    [[nodiscard]] bool dma_queues_behind_kernels() const;
    [[nodiscard]] std::int64_t executed_words() const;

    Ports ports_;
    const std::vector<stream::Command>* commands_ = nullptr;
    std::int64_t words_ = 0;  ///< of the stream
    std::int64_t words_per_piece_ = 16;
    std::int64_t words_requested_ = 0, words_arrived_ = 0;
    std::int64_t words_consumed_ = 0;
    std::int64_t window_words_ = 16;
    Ring<Transfer, 64> pieces_;
    std::size_t next_ = 0;  ///< command
    bool decoding_ = false;
    Time decoded_ = 0;  ///< when the next command has been decoded
    std::uint32_t next_operation_ = 0;
    Time finish_ = -1;
};

}  // namespace u65sim::machine
