#include "machine/channels/kernel_queue.hpp"

#include <algorithm>
#include <variant>

#include "machine/units/state.hpp"

namespace u65sim::machine {

using stream::KernelOp;

void KernelQueue::reset(const OperationList& operations) {
    operations_ = &operations;
    operation_of_kernel_.clear();
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (std::holds_alternative<KernelOp>(*operations[i])) {
            operation_of_kernel_.push_back(static_cast<std::int64_t>(i));
        }
    }
    issued_ = begun_ = finished_ = 0;
    weight_bytes_ = 0;
}

/// Fills in what follows from the run's operation.
void KernelQueue::describe(KernelRun& run) const {
    const auto& op = std::get<KernelOp>(*(*operations_)[run.operation]);
    run.op = &op;
    run.traversal = timing::Traversal{op, hardware_->arch};
    run.blocks = run.traversal.blocks();
    if (!op.has_weights()) return;
    run.weight_pass = std::int64_t{op.weights[0].length} + std::int64_t{op.weights[1].length};
    run.uses_scales = op.scales[0].length > 0;
}

void KernelQueue::issue(std::uint32_t operation, Time now) {
    const std::int64_t number = issued_++;
    KernelRun& next = run(number);
    next = KernelRun{};
    next.operation = operation;
    next.ready = now + hardware_->target.timing.kernel_setup.count();
    describe(next);
    next.weight_base = weight_bytes_;
    weight_bytes_ += next.weight_pass * next.traversal.blocks_y() * next.traversal.blocks_x();
    probe_->issued(operation, next.blocks, now);
    if (number == 0) probe_->set_oldest(operation, now);
    weight_loader_.raise(now);
    scale_loader_.raise(now);
    ifm_loader_.raise(next.ready);
}

void KernelQueue::block_done(std::int64_t kernel, Time now) {
    KernelRun& done = run(kernel);
    ++done.blocks_done;
    if (done.blocks_done == done.blocks) {
        probe_->ended(done.operation, now);
        ++finished_;
        probe_->set_oldest(oldest_operation(), now);
        parser_.raise(now);
    }
    ifm_loader_.raise(now);
}

std::int64_t KernelQueue::oldest_operation() const {
    if (issued_ == 0) return -1;
    const auto last = static_cast<std::int64_t>(operation_of_kernel_.size()) - 1;
    return operation_of_kernel_[static_cast<std::size_t>(std::min(finished_, last))];
}

template <class State>
void KernelQueue::pass(State& state, std::int64_t oldest) {
    oldest = std::min(oldest, finished_);
    state.kernel(finished_);
    state.kernel(begun_);
    state.kernel(oldest);
    state.weights(weight_bytes_);
    if constexpr (State::reading) {
        runs_.fill({});
    } else if (issued_ - oldest > static_cast<std::int64_t>(runs_.size())) {
        state.refuse();
    }
    for (std::int64_t kernel = oldest; kernel < issued_; ++kernel) {
        KernelRun& passed = run(kernel);
        state.operation(passed.operation);
        state.content(passed.operation);
        if constexpr (State::reading) describe(passed);
        state.due(passed.ready);
        state.number(passed.blocks_done);
        state.weights(passed.weight_base);
    }
}

template void KernelQueue::pass(StateWriter&, std::int64_t);
template void KernelQueue::pass(StateReader&, std::int64_t);

}  // namespace u65sim::machine
