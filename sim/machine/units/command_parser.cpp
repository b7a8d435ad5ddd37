#include "machine/units/command_parser.hpp"

#include <algorithm>
#include <numeric>
#include <variant>

#include <fmt/format.h>

#include "machine/units/state.hpp"

namespace u65sim::machine {

void CommandParser::load(const std::vector<stream::Command>& commands, std::int64_t words) {
    commands_ = &commands;
    words_ = words;
    const TimingConstants& timing = ports_.hardware.target.timing;
    words_per_piece_ = std::max<std::int64_t>(1, timing.command_prefetch.count() / 4);
    window_words_ = timing.command_window.count() / 4;
    words_requested_ = words_arrived_ = words_consumed_ = 0;
    pieces_.clear();
    next_ = 0;
    decoding_ = false;
    decoded_ = 0;
    next_operation_ = 0;
    finish_ = -1;
}

/// With one DMA at a time, operations of both kinds leave in order: a DMA does not overtake a
/// kernel that has not begun (inferred from public measurements; two have a queue of their own).
bool CommandParser::dma_queues_behind_kernels() const {
    return ports_.hardware.arch.max_outstanding_dmas == 1 && ports_.kernels.outstanding() > 1;
}

/// Those of the commands that are done.
std::int64_t CommandParser::executed_words() const {
    return next_ == 0 ? 0 : std::int64_t{(*commands_)[next_ - 1].word_index} + 1;
}

/// Takes in what has arrived and asks for the pieces in the window in front of the consumer.
void CommandParser::fetch(Time now) {
    while (!pieces_.empty() && pieces_.front().done <= now) {
        words_arrived_ = std::min(words_, words_arrived_ + words_per_piece_);
        pieces_.pop();
    }
    RequestPort& port = ports_.memory.of_commands();
    const std::int64_t limit =
        (words_consumed_ + window_words_) / words_per_piece_ * words_per_piece_;
    while (words_requested_ < std::min(limit, words_) && !pieces_.full()) {
        const std::int64_t words = std::min(words_per_piece_, words_ - words_requested_);
        Transfer& piece = pieces_.push();
        piece.owner = UnitId::command_parser;
        piece.operation = next_operation_;
        piece.access = timing::run_access(static_cast<std::uint64_t>(4 * words_requested_),
                                          4 * words, port.rules().bus);
        port.submit(Channel::command, piece, now);
        if (port.wants_extents()) {
            port.describe(
                Channel::command, piece,
                Extent::of_run(Extent::command_queue,
                               static_cast<std::uint64_t>(4 * words_requested_), 4 * words));
        }
        words_requested_ += words;
    }
}

Time CommandParser::act(Time now) {
    Probe& probe = ports_.probe;
    const auto wait_for_words = [&]() { return pieces_.empty() ? never : pieces_.front().done; };
    while (!finished()) {
        fetch(now);
        if (next_ == commands_->size()) {  // a stream without NPU_OP_STOP ends as if it had one
            if (!execute({0, 0, stream::Stop{}}, now)) return never;
            continue;
        }
        const stream::Command& command = (*commands_)[next_];
        const std::int64_t end = std::int64_t{command.word_index} + 1;
        // Words are consumed as they come, even when the command is not complete.
        const std::int64_t consumed = std::min(end, words_arrived_);
        if (consumed > words_consumed_) {
            words_consumed_ = consumed;
            continue;
        }
        const bool missing = words_arrived_ < std::min(end, words_);
        probe.set(Flag::parser_waits_words, missing, now);
        if (missing) return wait_for_words();
        if (!decoding_) {
            decoding_ = true;
            decoded_ = now + ports_.hardware.target.timing.command_word.count() * command.words;
        }
        if (decoded_ > now) return std::min(decoded_, wait_for_words());
        if (!execute(command, now)) return wait_for_words();
        decoding_ = false;
        ++next_;
    }
    return never;
}

/// True when the command has been dealt with; else an end of a kernel or DMA wakes the parser.
bool CommandParser::execute(const stream::Command& command, Time now) {
    Probe& probe = ports_.probe;
    const std::int64_t kernels = ports_.kernels.outstanding();
    const std::int64_t dmas = ports_.dmas.outstanding();
    if (std::holds_alternative<stream::KernelOp>(command.action)) {
        const bool full = kernels >= ports_.hardware.arch.max_outstanding_kernels;
        probe.set(Flag::parser_waits_kernel, full, now);
        if (full) return false;
        ports_.kernels.issue(next_operation_++, now);
        return true;
    }
    if (std::holds_alternative<stream::DmaOp>(command.action)) {
        const bool full =
            dmas >= ports_.hardware.arch.max_outstanding_dmas || dma_queues_behind_kernels();
        probe.set(Flag::parser_waits_dma_slot, full, now);
        if (full) return false;
        ports_.dmas.start(next_operation_++, now);
        return true;
    }
    bool blocked = false;
    if (const auto* kernel_wait = std::get_if<stream::KernelWait>(&command.action)) {
        blocked = kernels > kernel_wait->outstanding;
        probe.set(Flag::parser_waits_kernels, blocked, now);
    } else if (const auto* dma_wait = std::get_if<stream::DmaWait>(&command.action)) {
        blocked = dmas > dma_wait->outstanding;
        probe.set(Flag::parser_waits_dma, blocked, now);
    } else if (std::holds_alternative<stream::Stop>(command.action)) {
        probe.set(Flag::parser_waits_kernels, kernels > 0, now);
        probe.set(Flag::parser_waits_dma, dmas > 0, now);
        blocked = kernels > 0 || dmas > 0;
        if (!blocked) finish(now);
    }
    return !blocked;
}

std::string CommandParser::describe() const {
    if (finished()) return "finished";
    if (commands_ == nullptr) return "idle";
    return fmt::format(
        "command_parser at command {} of {}, {} of {} words fetched, {} kernels and {} DMAs "
        "outstanding",
        next_, commands_->size(), words_arrived_, words_, ports_.kernels.outstanding(),
        ports_.dmas.outstanding());
}

template <class State>
void CommandParser::pass(State& state) {
    // Pieces begin at multiples of their size, all of which are alike where a burst holds whole
    // pieces.
    const std::int64_t burst = ports_.memory.of_commands().rules().bus.burst_bytes;
    const std::int64_t alike = burst % (4 * words_per_piece_) == 0
                                   ? words_per_piece_
                                   : std::lcm(burst, 4 * words_per_piece_) / 4;
    std::int64_t place = words_requested_ % alike;
    std::int64_t arrived = words_arrived_ - words_requested_;
    std::int64_t consumed = words_consumed_ - words_requested_;
    std::int64_t executed = executed_words() - words_requested_;
    for (std::int64_t* number : {&place, &arrived, &consumed, &executed}) state.number(*number);
    words_arrived_ = words_requested_ + arrived;
    words_consumed_ = words_requested_ + consumed;
    state.ring(pieces_, [&](Transfer& piece) { state.transfer(piece); });
    state.number(decoding_);
    if (decoding_) state.due(decoded_);
}

template void CommandParser::pass(StateWriter&);
template void CommandParser::pass(StateReader&);

}  // namespace u65sim::machine
