// Scale records on their way to the output unit, block by block.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/channels/block_queue.hpp"
#include "machine/channels/transfer.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// The scale loader fills it, the output unit uses the records of a block when it begins it.
class ScaleBuffer {
public:
    /// Blocks whose records are held or on their way beyond those in use.
    static constexpr std::int64_t blocks_ahead = 2;

    struct Request {
        Transfer transfer;
        std::int64_t kernel = 0;
    };

    /// `blocks` are those that wait for the output unit.
    ScaleBuffer(Scheduler& scheduler, const BlockQueue& blocks)
        : blocks_(&blocks),
          loader_(scheduler, UnitId::scale_loader),
          weight_loader_(scheduler, UnitId::weight_loader),
          output_unit_(scheduler, UnitId::output_unit) {}
    void reset() {
        requests_.clear();
        requested_ = arrived_ = used_ = 0;
        kernels_begun_ = 0;
    }

    // The scale loader's side.
    [[nodiscard]] bool full() const { return requested_ - used_ >= blocks_ahead; }
    [[nodiscard]] bool empty() const { return requests_.empty(); }
    Request& add(std::int64_t kernel) {
        Request& request = requests_.push();
        request.kernel = kernel;
        ++requested_;
        return request;
    }
    /// All records of kernels before number `kernel` are requested, or its first ones are.
    void set_begun(std::int64_t kernels) { kernels_begun_ = kernels; }
    /// When the oldest request's records arrive; never: there is none, or it is not known yet.
    [[nodiscard]] Time next_arrival() const {
        return requests_.empty() ? never : requests_.front().transfer.done;
    }
    /// Takes in what has arrived: weights may follow, and a block may begin.
    void receive(Time now) {
        while (!requests_.empty() && requests_.front().transfer.done <= now) {
            ++arrived_;
            weight_loader_.raise(now);
            requests_.pop();
            if (blocks_->waits()) output_unit_.raise(now);
        }
    }

    /// Of a kernel that uses scales: its records were requested, and all that were are there.
    [[nodiscard]] bool all_arrived(std::int64_t kernel) const {
        for (std::size_t i = 0; i < requests_.size(); ++i) {
            if (requests_[i].kernel == kernel) return false;
        }
        return kernel < kernels_begun_;
    }

    // The output unit's side.
    /// The records of the next block that uses some have arrived.
    [[nodiscard]] bool next_arrived() const { return arrived_ > used_; }
    /// The output unit has taken the next block's records.
    void use_next(Time now) {
        ++used_;
        loader_.raise(now);
    }

    /// Blocks whose records were requested, have arrived, were used.
    struct Counts {
        std::int64_t requested = 0, arrived = 0, used = 0;
    };
    [[nodiscard]] Counts counts() const { return {requested_, arrived_, used_}; }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.ring(requests_, [&](Request& request) {
            state.transfer(request.transfer);
            state.kernel(request.kernel);
        });
        state.kernel(kernels_begun_);
        // Only their distances matter.
        std::int64_t unused = requested_ - used_;
        std::int64_t on_its_way = requested_ - arrived_;
        state.number(unused);
        state.number(on_its_way);
        used_ = requested_ - unused;
        arrived_ = requested_ - on_its_way;
    }

private:
    const BlockQueue* blocks_;
    WakeLine loader_, weight_loader_, output_unit_;
    Ring<Request, 8> requests_;
    std::int64_t requested_ = 0, arrived_ = 0, used_ = 0;  ///< blocks that use scales
    std::int64_t kernels_begun_ = 0;                       ///< those whose records are requested
};

}  // namespace u65sim::machine
