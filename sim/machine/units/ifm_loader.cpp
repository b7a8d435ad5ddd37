#include "machine/units/ifm_loader.hpp"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "machine/units/state.hpp"
#include "timing/ifm_store.hpp"
#include "timing/mac_array.hpp"
#include "timing/output_unit.hpp"

namespace u65sim::machine {

using stream::KernelOp;
using timing::Box;

namespace {

std::int64_t shram_bytes(const stream::FeatureMap& map, const Box& box) {
    if (box.empty()) return 0;
    return std::int64_t{box.height} * box.width *
           round_up(std::int64_t{box.depth} * bytes_of(map.type), 8);
}

std::int64_t ring_kib(const KernelOp& op) { return std::max(1, op.ib_end - 2); }

}  // namespace

void IfmLoader::reset() {
    store_free_ = 0;
    kernel_ = 0;
    active_ = false;
    prepared_ = false;
}

void IfmLoader::begin_map(Map& map, const stream::FeatureMap& feature_map, Bytes& moved) {
    const int port = ports_.memory.index(feature_map.region);
    map.port = &ports_.memory.at(port);
    map.counted = &ports_.probe.traffic(run_->operation, port);
    map.moved = &moved;
    map.traffic.begin(feature_map, map.port->rules().map_bus);
}

void IfmLoader::begin_kernel() {
    active_ = true;
    prepared_ = false;
    by_ = bx_ = bz_ = depth_block_ = sub_ = 0;
    job_number_ = weight_seen_ = position_ = 0;
    last_box_ = last_box2_ = other_box_ = {};
    open_kernel();
}

/// Turns to the current kernel, wherever in it.
void IfmLoader::open_kernel() {
    run_ = &ports_.kernels.run(kernel_);
    costs_.fill({});
    auto& maps = ports_.probe.maps(run_->operation);
    begin_map(ifm_, run_->op->ifm, maps.front().read_bytes);
    begin_map(ofm_, run_->op->ofm, maps.back().write_bytes);
    if (maps.size() > 2) begin_map(ifm2_, run_->op->ifm2, maps[1].read_bytes);
}

/// The rules of hand-over: SHRAM layout, then BLOCKDEP, which slides by one block a job.
bool IfmLoader::may_start(const KernelRun& run, Time now) {
    std::int64_t unfinished = 0;
    bool same = true;
    if (kernel_ > 0) {
        const KernelRun& before = ports_.kernels.run(kernel_ - 1);
        unfinished = before.unfinished();
        same = unfinished == 0 || run.op->shares_shram_layout(*before.op);
    }
    const bool layout = job_number_ == 0 && !same;
    const bool blockdep =
        !layout && unfinished > std::max<std::int64_t>(0, run.op->blockdep - job_number_);
    ports_.probe.set(Flag::loader_waits_layout, layout, now);
    ports_.probe.set(Flag::loader_waits_blockdep, blockdep, now);
    return !layout && !blockdep;
}

void IfmLoader::prepare() {
    const timing::Traversal& traversal = run_->traversal;
    const bool new_block = depth_block_ == 0 && sub_ == 0;
    if (new_block) block_ = traversal.block(by_, bx_, bz_);
    if (new_block || traversal.sub_kernels() > 1) {
        sub_kernel_ = traversal.sub_kernel(sub_);
        box_ = traversal.ifm_plane(block_, sub_kernel_);
    }
    traversal.set_ifm_depth(box_, block_, depth_block_);
    if (new_block) box2_ = traversal.ifm2_box(block_);
    reuse_ = job_number_ > 0 && box_ == last_box_;
    reuse_distance_ = 1;
    if (!reuse_ && traversal.depth_blocks() == 2 && traversal.sub_kernels() == 1 &&
        job_number_ > 1 && box_ == other_box_) {
        reuse_ = true;
        reuse_distance_ = 2;
    }
    reuse2_ = job_number_ > 0 && box2_ == last_box2_;
    const std::int64_t bytes =
        shram_bytes(run_->op->ifm, box_) + shram_bytes(run_->op->ifm2, box2_);
    kib_ = std::max<std::int64_t>(1, ceil_div(bytes, 1024));
    prepared_ = true;
}

/// The job in the buffer whose place the next job takes over, as it reads the same boxes.
Job* IfmLoader::inherited() {
    return reuse_ && reuse2_ ? ports_.buffer.recent(reuse_distance_) : nullptr;
}

Time IfmLoader::act(Time now) {
    while (true) {
        if (!active_) {
            if (kernel_ == ports_.kernels.issued()) return never;
            begin_kernel();
        }
        if (run_->ready > now) return run_->ready;
        if (store_free_ > now) return store_free_;
        if (!may_start(*run_, now)) return never;
        if (!prepared_) prepare();
        const std::int64_t extra = inherited() != nullptr ? 0 : kib_;
        if (!ports_.buffer.has_room(extra, ring_kib(*run_->op))) return never;
        submit(now);
        next_position();
    }
}

/// Jobs of equal sizes cost the same, but for those of the last depth block.
const IfmLoader::JobCost& IfmLoader::cost_of_job() {
    const timing::Traversal& traversal = run_->traversal;
    const bool last_depth = depth_block_ + 1 == traversal.depth_blocks();
    const timing::Box sizes{0, 0, 0, block_.height, block_.width, block_.depth};
    const auto place = static_cast<std::size_t>(sub_ + block_.height + block_.width + block_.depth +
                                                (last_depth ? 4 : 0));
    JobCost& cost = costs_[place % costs_.size()];
    if (cost.block != sizes || cost.sub != sub_ || cost.last_depth != last_depth) {
        cost = {sizes, sub_, last_depth,
                timing::mac_cycles(traversal, block_, depth_block_, sub_kernel_,
                                   ports_.hardware.arch, ports_.hardware.target.accelerator)
                    .count(),
                traversal.weight_volume(block_, depth_block_, sub_kernel_)};
    }
    return cost;
}

/// Traffic of `box`, counted.
timing::Access IfmLoader::count(Map& map, Channel channel, const timing::Box& box) {
    const timing::Access access = map.traffic.of(box);
    machine::count(*map.counted, channel, access);
    *map.moved += Bytes{access.bytes};
    return access;
}

/// Of the boxes that the next job does not find in the buffer.
std::int64_t IfmLoader::store_cycles() const {
    const KernelOp& op = *run_->op;
    const int cores = ports_.hardware.target.accelerator.cores;
    return (reuse_ ? 0 : timing::store_cycles(op, op.ifm, box_, cores)) +
           (reuse2_ ? 0 : timing::store_cycles(op, op.ifm2, box2_, cores));
}

void IfmLoader::load(Map& map, const timing::Box& box, bool again, Job& job, std::size_t which,
                     Time now) {
    Transfer& transfer = job.loads[which];
    if (again || box.empty()) {
        transfer.accepted = transfer.done = now;
        return;
    }
    transfer.owner = UnitId::mac_array;
    transfer.operation = run_->operation;
    transfer.block = job.block_number;
    transfer.access = count(map, Channel::ifm, box);
    map.port->submit(Channel::ifm, transfer, now);
    if (map.port->wants_extents()) {
        const stream::FeatureMap& from = which == 0 ? run_->op->ifm : run_->op->ifm2;
        map.port->describe(Channel::ifm, transfer, Extent::of_box(from, box));
    }
}

void IfmLoader::submit(Time now) {
    const KernelRun& run = *run_;
    const timing::Traversal& traversal = run.traversal;

    Job& job = ports_.buffer.add(kib_, inherited());
    job.kernel = kernel_;
    job.elementwise = run.is_elementwise();
    job.block_number = (by_ * traversal.blocks_x() + bx_) * traversal.blocks_z() + bz_;
    load(ifm_, box_, reuse_, job, 0, now);
    load(ifm2_, box2_, reuse2_, job, 1, now);
    store_free_ = now + store_cycles();
    job.stored = store_free_;
    other_box_ = last_box_;
    last_box_ = box_;
    last_box2_ = box2_;

    take_weights(job);
    job.first_of_block = depth_block_ == 0 && sub_ == 0;
    if (job.first_of_block) {
        job.start_cycles =
            timing::block_start_cycles(*run.op, ports_.hardware.target.timing).count();
    }
    job.last_of_block =
        depth_block_ + 1 == traversal.depth_blocks() && sub_ + 1 == traversal.sub_kernels();
    if (job.last_of_block) describe_block(job);
    ports_.probe.started(run.operation, now);
    if (job_number_ == 0) ports_.kernels.begin_traversal(now);
    ports_.buffer.announce(now);
}

/// What the job takes of the MAC array's time, and of the sequence of weights.
void IfmLoader::take_weights(Job& job) {
    const KernelRun& run = *run_;
    const JobCost& cost = cost_of_job();
    job.mac_cycles = cost.mac_cycles;
    if (run.weight_pass == 0) return;
    if (weight_seen_ == 0) weight_place_ = run.weight_base + position_ * run.weight_pass;
    job.weight_begin = weight_place_;
    weight_seen_ += cost.weight_volume;
    weight_place_ =
        run.weight_base + position_ * run.weight_pass +
        timing::share_of(run.weight_pass, weight_seen_, run.traversal.weight_volume_of_pass());
    job.weight_end = weight_place_;
}

/// What the output unit is to do when the block's last job is done.
void IfmLoader::describe_block(Job& job) {
    const Hardware& hardware = ports_.hardware;
    job.block.kernel = kernel_;
    job.block.number = job.block_number;
    job.block.cycles =
        timing::output_cycles(*run_->op, block_, hardware.arch, hardware.target.accelerator)
            .count();
    job.block.access = count(ofm_, Channel::ofm, block_);
    job.block.uses_scales = run_->uses_scales;
}

/// Depth fastest, then width, then height; within a block sub-kernels in each depth block.
void IfmLoader::next_position() {
    prepared_ = false;
    ++job_number_;
    const timing::Traversal& traversal = run_->traversal;
    if (++sub_ < traversal.sub_kernels()) return;
    sub_ = 0;
    if (++depth_block_ < traversal.depth_blocks()) return;
    depth_block_ = 0;
    if (++bz_ < traversal.blocks_z()) return;
    bz_ = 0;
    weight_seen_ = 0;
    ++position_;
    if (++bx_ < traversal.blocks_x()) return;
    bx_ = 0;
    if (++by_ < traversal.blocks_y()) return;
    active_ = false;
    ++kernel_;
}

std::string IfmLoader::describe() const {
    return fmt::format("ifm_loader at kernel {} of {} issued, {} jobs and {} KiB in the IFM buffer",
                       kernel_, ports_.kernels.issued(), ports_.buffer.size(),
                       ports_.buffer.kib_used());
}

template <class State>
void IfmLoader::pass(State& state) {
    state.due(store_free_);
    state.kernel(kernel_);
    state.number(active_);
    if constexpr (State::reading) prepared_ = false;  // what that does can be done again
    if (!active_) return;
    if constexpr (State::reading) open_kernel();
    for (int* index : {&by_, &bx_, &bz_, &depth_block_, &sub_}) state.number(*index);
    state.number(job_number_);
    state.number(weight_seen_);
    state.number(position_);
    if (weight_seen_ > 0) state.weights(weight_place_);
    for (timing::Box* box : {&block_, &box_, &box2_, &last_box_, &last_box2_, &other_box_}) {
        state.box(*box);
    }
    state.number(sub_kernel_.y);
    state.number(sub_kernel_.x);
    state.number(sub_kernel_.height);
    state.number(sub_kernel_.width);
}

template void IfmLoader::pass(StateWriter&);
template void IfmLoader::pass(StateReader&);

}  // namespace u65sim::machine
