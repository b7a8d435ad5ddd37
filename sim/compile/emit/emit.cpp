#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>
#include <boost/container/static_vector.hpp>

#include "compile/emit/block_dependency.hpp"
#include "compile/emit/hazards.hpp"
#include "compile/passes.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

namespace {

/// Which tables stand in the shared buffer: eight slots of 256 bytes.
class LutSlots {
public:
    explicit LutSlots(const Architecture& arch) : base_(arch.lut_address()) {}

    struct Place {
        int slot = 0;
        bool resident = false;
    };

    /// Where a table of `size` bytes goes; the place used longest ago among the aligned ones.
    Place place(std::int64_t constant_offset, int size) {
        ++clock_;
        const int span = size / slot_bytes;
        for (int slot = 0; slot < slots; slot += span) {
            if (content_[index(slot)] == constant_offset && spans_[index(slot)] == span) {
                touch(slot, span);
                return {slot, true};
            }
        }
        int best = 0;
        std::int64_t oldest = clock_;
        for (int slot = 0; slot < slots; slot += span) {
            std::int64_t newest = 0;
            for (int i = 0; i < span; ++i) newest = std::max(newest, used_[index(slot + i)]);
            if (newest < oldest) {
                oldest = newest;
                best = slot;
            }
        }
        for (int slot = 0; slot < slots; ++slot) {
            const int end = slot + spans_[index(slot)];
            if (slot < best + span && best < end) forget(slot);
        }
        content_[index(best)] = constant_offset;
        spans_[index(best)] = span;
        touch(best, span);
        return {best, false};
    }

    /// A kernel without tables may use these banks for itself on small devices.
    void clear() {
        content_.fill(-1);
        spans_.fill(0);
    }

    [[nodiscard]] std::uint64_t address(int slot) const {
        return static_cast<std::uint64_t>(base_ + slot * slot_bytes);
    }

private:
    static constexpr int slots = 8;
    static constexpr int slot_bytes = 256;
    static std::size_t index(int slot) { return static_cast<std::size_t>(slot); }
    void forget(int slot) {
        content_[index(slot)] = -1;
        spans_[index(slot)] = 0;
    }
    void touch(int slot, int span) {
        for (int i = 0; i < span; ++i) used_[index(slot + i)] = clock_;
    }

    int base_;
    std::int64_t clock_ = 0;
    std::array<std::int64_t, slots> content_{-1, -1, -1, -1, -1, -1, -1, -1};
    std::array<int, slots> spans_{};
    std::array<std::int64_t, slots> used_{};
};

/// One kernel operation and the copies it needs.
struct Job {
    const NpuOp* op = nullptr;
    stream::KernelOp kernel;
    Accesses accesses;  ///< of the kernel
    /// Of weights and of a table.
    boost::container::static_vector<stream::DmaOp, 2> copies;
    /// Per copy: time from which its target is its own.
    boost::container::static_vector<std::int32_t, 2> ready_from;
    std::string name;
    std::int32_t time = 0;
};

/// When commands are issued and end, predicted: kernels one after the other, copies beside them,
/// and both sharing the off-chip memory.
class Timeline {
public:
    Timeline(timing::KernelEstimator& estimator, const Architecture& arch)
        : estimator_(estimator), arch_(arch) {}

    void kernel_wait(int outstanding) { wait(kernels_, outstanding); }
    void dma_wait(int outstanding) { wait(copies_, outstanding); }
    void kernel(const stream::KernelOp& op) {
        wait(kernels_, arch_.max_outstanding_kernels - 1);
        const timing::KernelTimes estimate = estimator_.times(op);
        const std::int64_t start = std::max(parser_, last(kernels_));
        off_chip_ = std::max(off_chip_, start) + estimate.port_cycles[1].count();
        kernels_.push_back(start + estimate.total.count());
        if (estimate.port_cycles[1].count() > 0) {
            kernels_.back() = std::max(kernels_.back(), off_chip_);
        }
    }
    void copy(const stream::DmaOp& op) {
        wait(copies_, arch_.max_outstanding_dmas - 1);
        const std::int64_t start = std::max(parser_, last(copies_));
        const std::int64_t cycles = estimator_.dma(op).count();
        off_chip_ = std::max(off_chip_, start) + cycles;
        copies_.push_back(off_chip_);
    }
    /// Whether a copy can be queued without holding up the kernel behind it.
    [[nodiscard]] bool has_slot() const {
        const auto most = static_cast<std::size_t>(arch_.max_outstanding_dmas);
        if (copies_.size() < most) return true;
        const std::int64_t free = copies_[copies_.size() - most];
        return free <= parser_ || free + slack <= last(kernels_);
    }
    [[nodiscard]] std::int64_t end() const { return std::max(last(kernels_), last(copies_)); }

private:
    /// The prediction is not exact: a slot is wanted this much before the kernels run dry.
    static constexpr std::int64_t slack = 500;
    static std::int64_t last(const std::vector<std::int64_t>& ends) {
        return ends.empty() ? 0 : ends.back();
    }
    void wait(const std::vector<std::int64_t>& ends, int outstanding) {
        const auto left = static_cast<std::size_t>(outstanding);
        if (ends.size() > left) parser_ = std::max(parser_, ends[ends.size() - 1 - left]);
    }

    timing::KernelEstimator& estimator_;
    const Architecture& arch_;
    std::int64_t parser_ = 0, off_chip_ = 0;
    std::vector<std::int64_t> kernels_, copies_;  ///< ends, oldest first
};

class SegmentEmitter {
public:
    /// Without `writing` the schedule is only timed.
    SegmentEmitter(const Program& program, const Segment& segment, bool writing)
        : program_(program),
          writing_(writing),
          tracker_(program.arch),
          timeline_(*program.estimator, program.arch),
          luts_(program.arch) {
        std::size_t count = 0;
        for (const NpuOp& op : segment.ops) count += std::max<std::size_t>(op.slices.size(), 1);
        jobs_.reserve(count);
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            add_jobs(segment.ops[i], segment.ops[i].repeats(i));
        }
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            if (!jobs_[i].copies.empty()) copying_.push_back(i);
        }
    }

    void schedule() {
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            issue_copies(jobs_[i]);
            issue_ahead(i, true);
            issue_kernel(jobs_[i]);
            // What had to wait for the kernels before this one runs beside this one.
            issue_ahead(i, false);
        }
        append(stream::Stop{});
    }

    /// Predicted cycles of the schedule.
    std::int64_t cycles() {
        schedule();
        return timeline_.end();
    }

    void run(NpuSegment& out) {
        schedule();
        out.stream.accelerator = program_.target->accelerator;
        out.stream.words = stream::encode(actions_, program_.target->accelerator);
        out.labels = std::move(labels_);
    }

private:
    stream::ByteRange moved(const stream::ByteRange& range, std::int64_t by) const {
        return {range.base + static_cast<std::uint64_t>(by), range.length};
    }

    void add_jobs(const NpuOp& op, bool repeats) {
        const std::size_t count = std::max<std::size_t>(op.slices.size(), 1);
        for (std::size_t i = 0; i < count; ++i) {
            Job& job = jobs_.emplace_back();
            job.op = &op;
            if (writing_) {
                job.name = op.name;
                if (count > 1) job.name += "/slice" + std::to_string(i);
            }
            job.kernel = op.kernel;
            job.time = op.time + (op.steps > 1 ? static_cast<std::int32_t>(i) : 0);
            stream::KernelOp& k = job.kernel;
            k.ifm = resolve(program_, op.ifm);
            if (!op.slices.empty()) {
                const WeightSlice& slice = op.slices[i];
                View ofm = op.ofm;
                ofm.c += slice.first;
                ofm.extent.c = slice.count;
                k.ofm = resolve(program_, ofm);
                set_weights(job, slice, !repeats);
            } else {
                k.ofm = resolve(program_, op.ofm);
            }
            if (op.kernel.is_binary()) {
                if (op.kernel.broadcast.scalar) {
                    k.ifm2.type = op.ifm.type;
                    k.ifm2.zero_point = op.ifm2.zero_point;
                } else {
                    k.ifm2 = resolve(program_, op.ifm2);
                }
            }
            if (!op.lut.empty()) {
                set_table(job);
            } else if (program_.arch.reserved_end_banks == 0) {
                luts_.clear();
            }
            job.accesses = accesses_of(k, program_.arch);
        }
    }

    void set_weights(Job& job, const WeightSlice& slice, bool copied) {
        stream::KernelOp& k = job.kernel;
        std::int64_t base = slice.offset;
        k.weight_region = k.scale_region = region_constants;
        if (slice.buffer >= 0) {
            const Buffer& buffer = program_.buffers[static_cast<std::size_t>(slice.buffer)];
            stream::DmaOp copy;
            copy.source = {region_constants, false, static_cast<std::uint64_t>(slice.offset)};
            copy.destination = {buffer.region, false, static_cast<std::uint64_t>(buffer.offset)};
            copy.length = static_cast<std::uint64_t>(slice.size);
            if (copied) {
                job.copies.push_back(copy);
                job.ready_from.push_back(slice.ready_from);
            }
            base = buffer.offset;
            k.weight_region = k.scale_region = buffer.region;
        }
        for (std::size_t core = 0; core < 2; ++core) {
            k.scales[core] = moved(slice.scales[core], base);
            k.weights[core] = moved(slice.weights[core], base);
            if (static_cast<int>(core) >= program_.target->accelerator.cores) {
                k.scales[core] = k.weights[core] = {};
            }
        }
    }

    void set_table(Job& job) {
        const NpuOp& op = *job.op;
        const auto place = luts_.place(op.lut_offset, static_cast<int>(op.lut.size()));
        job.kernel.activation.function = 16 + place.slot;
        if (place.resident) return;
        stream::DmaOp copy;
        copy.source = {region_constants, false, static_cast<std::uint64_t>(op.lut_offset)};
        copy.destination = {3, true, luts_.address(place.slot)};
        copy.length = op.lut.size();
        job.copies.push_back(copy);
        // On small devices other kernels use these banks: load right before.
        job.ready_from.push_back(program_.arch.reserved_end_banks > 0 ? 0 : op.time);
    }

    void issue(Job& job, std::size_t copy) {
        const stream::DmaOp dma = job.copies[copy];
        if (const auto wait = tracker_.dma(accesses_of(dma))) {
            append(stream::KernelWait{*wait});
            timeline_.kernel_wait(*wait);
        }
        if (writing_) {
            label(job.name + (dma.destination.internal ? "/table" : "/weights"), *job.op, "DMA");
        }
        append(dma);
        timeline_.copy(dma);
        job.copies.erase(job.copies.begin() + static_cast<std::ptrdiff_t>(copy));
        job.ready_from.erase(job.ready_from.begin() + static_cast<std::ptrdiff_t>(copy));
    }

    void issue_copies(Job& job) {
        while (!job.copies.empty()) issue(job, 0);
    }

    /// Copies for later kernels around kernel `at`. Before it: those that neither a running kernel
    /// nor this one stands in the way of. Behind it: as long as only older ones must end first.
    /// Weights go in the order of their use as far as there are slots; so do tables, but never past
    /// a kernel that reads the table that stands there.
    void issue_ahead(std::size_t at, bool before) {
        while (next_copying_ < copying_.size() &&
               (copying_[next_copying_] <= at || jobs_[copying_[next_copying_]].copies.empty())) {
            ++next_copying_;
        }
        if (next_copying_ == copying_.size()) return;
        const Job& current = jobs_[at];
        const auto is_free = [&](const stream::DmaOp& dma) {
            const Accesses copy = accesses_of(dma);
            const auto wait = tracker_.wait_for_kernels(copy);
            return before ? !wait && !copy.conflicts(current.accesses) : !wait || *wait > 0;
        };
        for (std::size_t n = next_copying_; n < copying_.size(); ++n) {
            Job& job = jobs_[copying_[n]];
            bool waits = false;
            for (std::size_t i = 0; i < job.copies.size();) {
                const bool table = job.copies[i].destination.internal;
                const auto is_due = [&] {
                    if (table && copying_[n] == at + 1) return true;
                    const bool stays = !table || !reads_table(at + 1, copying_[n]);
                    return stays && timeline_.has_slot();
                };
                if (job.ready_from[i] <= current.time && is_due() && is_free(job.copies[i])) {
                    issue(job, i);
                } else {
                    waits = true;
                    ++i;
                }
            }
            // Later weights would hold up a table behind them.
            if (waits) break;
        }
    }

    /// Whether a job from `first` up to but without `end` reads a table.
    [[nodiscard]] bool reads_table(std::size_t first, std::size_t end) const {
        return std::any_of(jobs_.begin() + static_cast<std::ptrdiff_t>(first),
                           jobs_.begin() + static_cast<std::ptrdiff_t>(end),
                           [](const Job& job) { return job.kernel.activation.uses_lut(); });
    }

    void issue_kernel(Job& job) {
        stream::KernelOp& k = job.kernel;
        // Times are predicted without it.
        if (writing_) {
            const int most = std::min(program_.options.max_blockdep, program_.arch.max_blockdep);
            k.blockdep = block_dependency(last_, k, program_.arch, most);
            last_ = &k;
        }
        if (const auto wait = tracker_.kernel(job.accesses)) {
            append(stream::DmaWait{*wait});
            timeline_.dma_wait(*wait);
        }
        if (writing_) {
            const Operator& op = program_.op(job.op->graph_operator);
            label(job.name, *job.op, std::string(to_string(op.type)));
        }
        append(k);
        timeline_.kernel(k);
    }

    template <class Action>
    void append(const Action& action) {
        if (writing_) actions_.emplace_back(action);
    }

    void label(const std::string& name, const NpuOp& op, std::string type) {
        labels_.push_back({static_cast<std::uint32_t>(actions_.size()), name,
                           program_.op(op.graph_operator).name, std::move(type), op.time});
    }

    const Program& program_;
    bool writing_;
    HazardTracker tracker_;
    Timeline timeline_;
    LutSlots luts_;
    std::vector<Job> jobs_;
    std::vector<std::size_t> copying_;  ///< jobs with copies
    std::size_t next_copying_ = 0;
    std::vector<stream::Action> actions_;
    std::vector<CommandLabel> labels_;
    const stream::KernelOp* last_ = nullptr;  ///< of the jobs, which stay where they are
};

void describe_memory(const Program& program, CompiledNetwork& network) {
    for (const auto& buffer : program.buffers) {
        const bool constant = buffer.kind == Placement::Kind::constant;
        if (buffer.region < 0 || (!constant && buffer.first_use < 0)) continue;
        network.placements.push_back({buffer.name, buffer.kind, buffer.region, Bytes{buffer.offset},
                                      Bytes{buffer.size}, constant ? 0 : buffer.first_use,
                                      constant ? program.times : buffer.last_use});
        if (!buffer.spill_reason.empty()) {
            SpilledMap& spill = network.spills.emplace_back();
            spill.tensor = buffer.name;
            spill.size = Bytes{buffer.size};
            spill.reason = buffer.spill_reason;
            if (buffer.producer >= 0) spill.producer = program.op(buffer.producer).name;
            for (const auto consumer : buffer.consumers) {
                spill.consumers.push_back(program.op(consumer).name);
            }
            spill.offset = Bytes{buffer.offset};
        }
    }
    for (const auto& segment : program.segments) {
        for (std::size_t at = 0; at < segment.ops.size(); ++at) {
            const NpuOp& op = segment.ops[at];
            if (op.repeats(at)) continue;
            for (std::size_t i = 0; i < op.slices.size(); ++i) {
                const WeightSlice& slice = op.slices[i];
                network.placements.push_back(
                    {op.slices.size() > 1 ? fmt::format("{}/slice{}", op.name, i)
                                          : op.name + "/encoded",
                     Placement::Kind::constant, region_constants, Bytes{slice.offset},
                     Bytes{slice.size}, 0, program.times});
                network.encoded_weight_bytes += Bytes{slice.size};
            }
            if (!op.lut.empty()) {
                network.placements.push_back({op.name + "/table", Placement::Kind::constant,
                                              region_constants, Bytes{op.lut_offset},
                                              Bytes{static_cast<std::int64_t>(op.lut.size())}, 0,
                                              program.times});
            }
        }
    }
    for (std::size_t t = 0; t < program.bound.size(); ++t) {
        const View& view = program.views[t];
        if (!program.bound[t] || !view.valid()) continue;
        const stream::FeatureMap map = resolve(program, view);
        network.bindings.push_back(
            {static_cast<TensorId>(t), map.region, Bytes{static_cast<std::int64_t>(map.base[0])}});
    }
}

}  // namespace

std::int64_t predict_cycles(const Program& program) {
    std::int64_t sum = 0;
    for (const auto& segment : program.segments) {
        sum += SegmentEmitter(program, segment, false).cycles();
    }
    return sum;
}

void emit(Program& program, CompiledNetwork& network) {
    for (std::size_t i = 0; i < program.segments.size(); ++i) {
        const Segment& segment = program.segments[i];
        NpuSegment out;
        out.name = fmt::format("npu{}", i);
        out.inputs = segment.inputs;
        out.outputs = segment.outputs;
        SegmentEmitter(program, segment, true).run(out);
        network.segments.push_back(std::move(out));
    }
    network.steps = program.steps;
    network.constants = std::move(program.constants);
    if (!program.with_bytes) network.modelled_constants = Bytes{program.constants_size};
    if (!has_modelled_weights(*program.graph)) network.constants_hash = program.constants_hash;
    network.arena_size = Bytes{program.arena_size};
    network.fast_size = Bytes{program.fast_size};
    describe_memory(program, network);
}

}  // namespace u65sim::compiler
