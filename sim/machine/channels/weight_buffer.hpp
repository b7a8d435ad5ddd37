// The weight decoder's buffer: bytes on their way, arrived and consumed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/channels/transfer.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Positions count the bytes of one sequence, the weights of all kernels one behind the other. The
/// weight loader fills it; the MAC array consumes.
class WeightBuffer {
public:
    struct Request {
        Transfer transfer;
        std::int64_t end = 0;  ///< in the sequence
    };

    explicit WeightBuffer(Scheduler& scheduler)
        : loader_(scheduler, UnitId::weight_loader), mac_array_(scheduler, UnitId::mac_array) {}
    /// Empties it; it holds `bytes`, of all cores.
    void reset(std::int64_t bytes) {
        requests_.clear();
        size_ = bytes;
        requested_ = arrived_ = consumed_ = 0;
        wanted_ = false;
    }

    // The weight loader's side.
    [[nodiscard]] bool empty() const { return requests_.empty(); }
    [[nodiscard]] bool full() const { return requests_.full(); }
    /// Bytes for which there is room.
    [[nodiscard]] std::int64_t room() const { return consumed_ + size_ - requested_; }
    [[nodiscard]] std::int64_t size() const { return size_; }
    /// A request for `bytes` more; there must be room, or nothing in the buffer.
    Request& add(std::int64_t bytes) {
        // Only the youngest one's arrival has to be seen: then none is in flight.
        if (!requests_.empty()) requests_.back().transfer.wakes = false;
        Request& request = requests_.push();
        requested_ += bytes;
        request.end = requested_;
        return request;
    }
    [[nodiscard]] Time last_arrival() { return requests_.back().transfer.done; }
    /// Takes in what has arrived, and wakes the MAC array if it waits for it.
    void receive(Time now) {
        const std::int64_t before = arrived_;
        if (arrived(now) != before && wanted_) mac_array_.raise(now);
    }
    /// The MAC array would go on at once with more weights.
    [[nodiscard]] bool wanted() const { return wanted_; }
    /// Bytes of the sequence that have been requested.
    [[nodiscard]] std::int64_t requested() const { return requested_; }

    // The MAC array's side.
    /// Bytes of the sequence that have arrived by now.
    [[nodiscard]] std::int64_t arrived(Time now) {
        while (!requests_.empty() && requests_.front().transfer.done <= now) {
            arrived_ = requests_.front().end;
            requests_.pop();
        }
        return arrived_;
    }
    /// Those that will have arrived at a later time, as far as that is known already.
    struct Arrival {
        std::int64_t bytes = 0;
        bool certain = false;  ///< false: there may be more
    };
    [[nodiscard]] Arrival arrived_by(Time later) const {
        Arrival arrival{arrived_, false};
        for (std::size_t i = 0; i < requests_.size(); ++i) {
            const Request& request = requests_[i];
            if (request.transfer.done > later) {
                arrival.certain = request.transfer.done != never;
                break;
            }
            arrival.bytes = request.end;
        }
        return arrival;
    }
    /// When the next bytes arrive; never: not known yet, then receive() wakes the MAC array.
    [[nodiscard]] Time next_arrival() {
        if (requests_.empty()) return never;
        Transfer& next = requests_.front().transfer;
        next.wakes = true;
        return next.done;
    }
    /// The MAC array has begun a job that ends at byte `position` of the sequence.
    void consume_to(std::int64_t position, Time now) {
        consumed_ = position;
        loader_.raise(now);
    }
    [[nodiscard]] std::int64_t consumed() const { return consumed_; }
    void set_wanted(bool wanted) { wanted_ = wanted; }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.ring(requests_, [&](Request& request) {
            state.transfer(request.transfer);
            state.weights(request.end);
        });
        state.weights(requested_);
        state.weights(arrived_);
        state.weights(consumed_);
        state.number(wanted_);
    }

private:
    WakeLine loader_, mac_array_;
    Ring<Request, 256> requests_;
    std::int64_t size_ = 0;
    std::int64_t requested_ = 0, arrived_ = 0, consumed_ = 0;
    bool wanted_ = false;
};

}  // namespace u65sim::machine
