// A machine's state as numbers that do not depend on when, and where in a stream, it is met: equal
// numbers, equal future. Units name what they keep in pass(), once for writing and for reading.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "machine/channels/transfer.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/feature_map_access.hpp"
#include "timing/traversal.hpp"

namespace u65sim::machine {

/// What a command does in time, as 128 bits: all it says but values (zero points, scales, clamps)
/// and those bits of addresses that no burst sees.
using CommandDigest = std::pair<std::uint64_t, std::uint64_t>;

/// What a state's numbers are relative to: the present, and how far the stream has come.
struct StateBase {
    Time now = 0;
    std::int64_t kernels = 0;     ///< issued
    std::int64_t operations = 0;  ///< issued, kernels and DMAs
    std::int64_t weights = 0;     ///< bytes asked for
};

/// What both directions say in the same words. `Derived` turns one number after the other.
template <class Derived>
class StatePass {
public:
    template <class Number>
    void number(Number& value) {
        auto wide = static_cast<std::int64_t>(value);
        self().turn(wide);
        value = static_cast<Number>(wide);
    }
    /// A cycle, or never.
    void time(Time& value) { self().turn_time(value, std::numeric_limits<Time>::min()); }
    /// One that only matters while it is to come: all that have passed are the same.
    void due(Time& value) { self().turn_time(value, -1); }
    void kernel(std::int64_t& value) { relative(value, self().base().kernels); }
    /// A position in the sequence of all weight bytes.
    void weights(std::int64_t& value) { relative(value, self().base().weights); }
    void operation(std::uint32_t& value) {
        std::int64_t wide = value;
        relative(wide, self().base().operations);
        value = static_cast<std::uint32_t>(wide);
    }
    void access(timing::Access& value) {
        number(value.bytes);
        number(value.beats);
        number(value.bursts);
    }
    void box(timing::Box& value) {
        for (int* side :
             {&value.y, &value.x, &value.z, &value.height, &value.width, &value.depth}) {
            number(*side);
        }
    }
    /// Operations and blocks are for timelines only, which are not kept with states.
    void transfer(Transfer& value) {
        access(value.access);
        due(value.submitted);
        due(value.accepted);
        due(value.done);
        number(value.owner);
        number(value.wakes);
        number(value.awaits_answer);
        self().meet(value);
    }
    /// Calls `each` with every element, oldest first.
    template <class T, std::size_t capacity, class Each>
    void ring(Ring<T, capacity>& queue, const Each& each) {
        auto size = static_cast<std::int64_t>(queue.size());
        self().turn(size);
        if constexpr (Derived::reading) {
            queue.clear();
            for (std::int64_t i = 0; i < size; ++i) queue.push();
        }
        for (std::size_t i = 0; i < queue.size(); ++i) each(queue[i]);
    }

private:
    Derived& self() { return static_cast<Derived&>(*this); }
    void relative(std::int64_t& value, std::int64_t origin) {
        std::int64_t distance = value - origin;
        self().turn(distance);
        value = origin + distance;
    }
};

class StateWriter : public StatePass<StateWriter> {
public:
    static constexpr bool reading = false;

    /// `digests` of the stream's kernels and DMAs, in their order.
    explicit StateWriter(std::vector<CommandDigest> digests) : digests_(std::move(digests)) {}

    /// Forgets what was written.
    void begin(const StateBase& base) {
        base_ = base;
        count_ = found_ = 0;
        complete_ = true;
        transfers_.clear();
    }
    [[nodiscard]] const StateBase& base() const { return base_; }
    [[nodiscard]] std::span<const std::int32_t> words() const { return {words_.data(), count_}; }
    /// False: some number was too large to be written, or there were too many.
    [[nodiscard]] bool complete() const { return complete_; }

    void turn(const std::int64_t& value) {
        const auto word = static_cast<std::int32_t>(value);
        complete_ &= word == value;
        put(word);
    }
    void turn_time(const Time& value, Time earliest) {
        // Nothing is due so late that it could be taken for `never`.
        turn(value == never ? not_known : std::max(value - base_.now, earliest));
    }
    /// What an operation does.
    void content(std::uint32_t operation) {
        const CommandDigest& digest = digests_[operation];
        for (const std::uint64_t half : {digest.first, digest.second}) {
            put(static_cast<std::int32_t>(half));
            put(static_cast<std::int32_t>(half >> 32));
        }
    }
    /// This state is not to be kept.
    void refuse() { complete_ = false; }
    void meet(const Transfer& transfer) { transfers_.push_back(&transfer); }
    /// A transfer of a unit that was passed before.
    void reference(const Transfer* transfer) {
        const auto at = std::find(transfers_.begin() + static_cast<std::ptrdiff_t>(found_),
                                  transfers_.end(), transfer);
        const auto place =
            at != transfers_.end() ? at : std::find(transfers_.begin(), transfers_.end(), transfer);
        found_ = static_cast<std::size_t>(place - transfers_.begin());
        assert(found_ < transfers_.size());
        turn(static_cast<std::int64_t>(found_));
    }

    static constexpr std::int64_t not_known = std::numeric_limits<std::int32_t>::min();

private:
    void put(std::int32_t word) {
        if (count_ == words_.size()) {
            complete_ = false;
        } else {
            words_[count_++] = word;
        }
    }

    std::vector<CommandDigest> digests_;
    StateBase base_;
    std::array<std::int32_t, 4096> words_;
    std::size_t count_ = 0;
    bool complete_ = true;
    std::vector<const Transfer*> transfers_;
    std::size_t found_ = 0;  ///< the last one referred to: the next is often behind it
};

class StateReader : public StatePass<StateReader> {
public:
    static constexpr bool reading = true;

    StateReader(std::span<const std::int32_t> words, const StateBase& base)
        : words_(words), base_(base) {}

    [[nodiscard]] const StateBase& base() const { return base_; }
    void turn(std::int64_t& value) { value = words_[next_++]; }
    void turn_time(Time& value, Time /*earliest*/) {
        const std::int64_t word = words_[next_++];
        value = word == StateWriter::not_known ? never : base_.now + word;
    }
    void content(std::uint32_t /*operation*/) { next_ += 4; }
    void meet(Transfer& transfer) { transfers_.push_back(&transfer); }
    void reference(Transfer*& transfer) {
        transfer = transfers_[static_cast<std::size_t>(words_[next_++])];
    }

private:
    std::span<const std::int32_t> words_;
    StateBase base_;
    std::size_t next_ = 0;
    std::vector<Transfer*> transfers_;
};

}  // namespace u65sim::machine
