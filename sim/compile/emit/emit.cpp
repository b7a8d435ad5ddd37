#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>
#include <boost/container/static_vector.hpp>

#include "compile/build_kernel.hpp"
#include "compile/emit/block_dependency.hpp"
#include "compile/emit/describe_memory.hpp"
#include "compile/emit/hazards.hpp"
#include "compile/emit/lut_slots.hpp"
#include "compile/emit/timeline.hpp"
#include "compile/passes.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

/// One kernel operation and the copies it needs.
struct Job {
    const NpuOp* op = nullptr;
    stream::KernelOp kernel;
    Accesses accesses;  ///< of the kernel
    struct Copy {
        stream::DmaOp dma;
        std::int32_t ready_from = 0;  ///< time from which its target is its own
        const char* label = "";
        bool is_map = false;
        bool with_last = false;  ///< begins with the kernel issued last
    };
    /// Of a map, of weights and of a table; one more where a copy is made in parts.
    boost::container::static_vector<Copy, 4> copies;
    std::string name;
    std::int32_t time = 0;
};

class SegmentEmitter {
public:
    /// Without `writing` the schedule is only timed.
    SegmentEmitter(const PlannedProgram& program, const Segment& segment, bool writing)
        : program_(program),
          writing_(writing),
          tracker_(program.arch),
          timeline_(*program.estimator, program.arch),
          luts_(program.arch) {
        std::size_t count = 0;
        for (const NpuOp& op : segment.ops) count += std::max<std::size_t>(op.slices.size(), 1);
        jobs_.reserve(count);
        times_.reserve(count);
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
            issue_kernel(i);
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

    /// `placements`: buffer_placements() of the program.
    void run(const std::vector<std::int32_t>& placements, NpuSegment& out) {
        placements_ = &placements;
        schedule();
        out.stream.accelerator = program_.target->accelerator;
        out.stream.words = stream::encode(actions_, program_.target->accelerator);
        out.labels = std::move(labels_);
    }

private:
    void add_jobs(const NpuOp& op, bool repeats) {
        const std::size_t count = std::max<std::size_t>(op.slices.size(), 1);
        for (std::size_t i = 0; i < count; ++i) {
            Job& job = jobs_.emplace_back();
            job.op = &op;
            if (writing_) {
                job.name = op.name;
                if (count > 1) job.name += "/slice" + std::to_string(i);
            }
            job.time = op.time + (op.steps > 1 ? static_cast<std::int32_t>(i) : 0);
            const WeightSlice* slice = op.slices.empty() ? nullptr : &op.slices[i];
            stream::KernelOp& k = job.kernel;
            k = build_kernel(op, [&](const View& view) {
                const bool is_sliced =
                    &view == &op.ofm ||
                    (&view == &op.ifm && op.kernel.kind == stream::KernelKind::depthwise);
                if (slice == nullptr || !is_sliced) return resolve(program_, view);
                View channels = view;
                channels.c += slice->first;
                channels.extent.c = slice->count;
                return resolve(program_, channels);
            });
            if (i == 0) set_map_copy(job);
            if (slice) set_slice(job, *slice, !repeats);
            if (!op.lut.empty()) {
                set_table(job);
            } else if (program_.arch.reserved_end_banks == 0) {
                luts_.clear();
            }
            job.accesses = accesses_of(k, program_.arch);
            times_.push_back(program_.estimator->times(k));
        }
    }

    /// The copy of the IFM that the first of its readers needs.
    void set_map_copy(Job& job) {
        const Buffer& buffer = program_.buffer(job.op->ifm);
        if (buffer.copy_of == no_buffer || job.op->time != buffer.first_use) return;
        const Buffer& source = program_.buffers[static_cast<std::size_t>(buffer.copy_of)];
        const stream::DmaOp copy = memory_copy({source.region, source.offset},
                                               {buffer.region, buffer.offset}, buffer.size);
        job.copies.push_back({copy, buffer.first_use, "/ifm", true});
    }

    /// The weights of a job, and their copy where one is needed and not made for another job.
    void set_slice(Job& job, const WeightSlice& slice, bool copied) {
        stream::KernelOp& k = job.kernel;
        if (slice.buffer == no_buffer) {
            set_weights(k, slice, region_constants, slice.offset);
        } else {
            const Buffer& buffer = program_.buffers[static_cast<std::size_t>(slice.buffer)];
            set_weights(k, slice, buffer.region, buffer.offset);
            if (copied) add_copy(job, slice, buffer);
        }
        for (std::size_t core = 0; core < 2; ++core) {
            if (static_cast<int>(core) < program_.target->accelerator.cores) continue;
            k.scales[core] = k.weights[core] = {};
        }
    }

    static void add_copy(Job& job, const WeightSlice& slice, const Buffer& buffer) {
        const stream::DmaOp copy = memory_copy({region_constants, slice.offset},
                                               {buffer.region, buffer.offset}, slice.size);
        job.copies.push_back({copy, slice.ready_from, "/weights"});
    }

    void set_table(Job& job) {
        const NpuOp& op = *job.op;
        const auto place = luts_.place(op.lut_offset, static_cast<int>(op.lut.size()));
        job.kernel.activation.function = LutSlots::first_function + place.slot;
        if (place.resident) return;
        stream::DmaOp copy;
        copy.source = {region_constants, false, static_cast<std::uint64_t>(op.lut_offset)};
        copy.destination = {3, true, luts_.address(place.slot)};
        copy.length = op.lut.size();
        // On small devices other kernels use these banks: load right before.
        job.copies.push_back({copy, program_.arch.reserved_end_banks > 0 ? 0 : op.time, "/table"});
    }

    void issue(Job& job, std::size_t copy) {
        const stream::DmaOp dma = job.copies[copy].dma;
        std::optional<int> wait = tracker_.dma(accesses_of(dma));
        if (job.copies[copy].with_last) wait = std::min(wait.value_or(1), 1);
        if (wait) {
            append(stream::KernelWait{*wait});
            timeline_.kernel_wait(*wait);
        }
        if (writing_) {
            label(job.name + job.copies[copy].label, *job.op, "DMA");
            if (job.copies[copy].is_map) {
                const int to = job.op->ifm.buffer;
                const int from = program_.buffer(job.op->ifm).copy_of;
                labels_.back().maps = {placement_of(from), -1, placement_of(to)};
            }
        }
        append(dma);
        timeline_.copy(dma);
        job.copies.erase(job.copies.begin() + static_cast<std::ptrdiff_t>(copy));
    }

    /// Issues a copy, or its beginning, that ends before the kernels that run do, so that a table
    /// which waits for these is not held up. Whether all of it went.
    bool issue_hidden(Job& job, std::size_t copy) {
        stream::DmaOp& dma = job.copies[copy].dma;
        const auto length = static_cast<std::int64_t>(dma.length);
        std::int64_t part = timeline_.hidden_bytes(dma);
        if (part == length) {
            issue(job, copy);
            return true;
        }
        part = part / tuning::smallest_slice * tuning::smallest_slice;
        if (part == 0 || job.copies.size() == job.copies.capacity()) return false;
        const auto bytes = static_cast<std::uint64_t>(part);
        Job::Copy first = job.copies[copy];
        first.dma.length = bytes;
        dma.length -= bytes;
        dma.source.address += bytes;
        dma.destination.address += bytes;
        job.copies.insert(job.copies.begin() + static_cast<std::ptrdiff_t>(copy), first);
        issue(job, copy);
        return false;
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
        const bool like_vela = program_.options.like_vela;
        const auto is_free = [&](const stream::DmaOp& dma) {
            const Accesses copy = accesses_of(dma);
            const auto wait = tracker_.wait_for_kernels(copy);
            return before ? !wait && !copy.conflicts(current.accesses) : !wait || *wait > 0;
        };
        bool behind_table = false;
        for (std::size_t n = next_copying_; n < copying_.size(); ++n) {
            Job& job = jobs_[copying_[n]];
            bool waits = false;
            for (std::size_t i = 0; i < job.copies.size();) {
                Job::Copy& copy = job.copies[i];
                const bool table = copy.dma.destination.internal;
                const auto is_due = [&] {
                    if (table && copying_[n] == at + 1) return true;
                    return timeline_.has_slot() &&
                           !(table && is_needed(copy.dma, at + 1, copying_[n]));
                };
                bool goes = copy.ready_from <= current.time && is_due() && is_free(copy.dma);
                if (goes && !like_vela) {
                    const std::size_t next = before ? at : at + 1;
                    const auto begin = timeline_.best_begin(
                        copy.dma, std::span(times_).subspan(next, copying_[n] - next));
                    copy.with_last = begin == Timeline::Begin::with_last;
                    goes = begin == Timeline::Begin::at_once || (copy.with_last && !before);
                }
                if (goes && (!behind_table || (!table && issue_hidden(job, i)))) {
                    if (!behind_table) issue(job, i);
                } else {
                    (table && !like_vela ? behind_table : waits) = true;
                    ++i;
                }
            }
            // Later weights would hold up weights before them.
            if (waits) break;
        }
    }

    /// Whether a job from `first` up to but without `end` needs what a copy overwrites.
    [[nodiscard]] bool is_needed(const stream::DmaOp& dma, std::size_t first,
                                 std::size_t end) const {
        const Accesses copy = accesses_of(dma);
        return std::any_of(jobs_.begin() + static_cast<std::ptrdiff_t>(first),
                           jobs_.begin() + static_cast<std::ptrdiff_t>(end),
                           [&](const Job& job) { return copy.conflicts(job.accesses); });
    }

    void issue_kernel(std::size_t at) {
        Job& job = jobs_[at];
        stream::KernelOp& k = job.kernel;
        const bool is_same = at > 0 && jobs_[at - 1].op == job.op;
        std::int64_t hidden = at == 0 || is_same ? 0 : hidden_ends(at);
        if (writing_ || hidden > 0) {
            const int most = job.op->waits_for_all ? 0
                                                   : std::min(program_.options.max_blockdep,
                                                              program_.arch.max_blockdep);
            k.blockdep = block_dependency(last_, k, program_.arch, most);
            if (k.blockdep == 0) hidden = 0;
        }
        last_ = &k;
        if (const auto wait = tracker_.kernel(job.accesses)) {
            append(stream::DmaWait{*wait});
            timeline_.dma_wait(*wait);
        }
        if (writing_) {
            const Operator& op = program_.op(job.op->graph_operator);
            label(job.name, *job.op, std::string(to_string(op.type)));
            labels_.back().maps = maps_of(*job.op);
        }
        append(k);
        timeline_.kernel(times_[at], is_same, hidden);
    }

    /// Cycles in which a kernel may load its first block while the one before writes its last one.
    [[nodiscard]] std::int64_t hidden_ends(std::size_t at) const {
        const timing::KernelTimes& before = times_[at - 1];
        return std::min(times_[at].head, before.fill - before.head).count();
    }

    template <class Action>
    void append(const Action& action) {
        if (writing_) actions_.emplace_back(action);
    }

    void label(const std::string& name, const NpuOp& op, std::string type) {
        labels_.push_back({static_cast<std::uint32_t>(actions_.size()), name,
                           program_.op(op.graph_operator).name, std::move(type), op.time});
        labels_.back().graph_operator = op.graph_operator;
    }

    /// Placements of a kernel's maps.
    [[nodiscard]] std::array<std::int32_t, 3> maps_of(const NpuOp& op) const {
        const auto of = [&](const View& view) {
            return view.valid() ? placement_of(view.buffer) : -1;
        };
        return {of(op.ifm), of(op.ifm2), of(op.ofm)};
    }

    [[nodiscard]] std::int32_t placement_of(int buffer) const {
        return (*placements_)[static_cast<std::size_t>(buffer)];
    }

    const PlannedProgram& program_;
    bool writing_;
    const std::vector<std::int32_t>* placements_ = nullptr;  ///< of every buffer; when writing
    HazardTracker tracker_;
    Timeline timeline_;
    LutSlots luts_;
    std::vector<Job> jobs_;
    std::vector<timing::KernelTimes> times_;  ///< of the jobs' kernels
    std::vector<std::size_t> copying_;        ///< jobs with copies
    std::size_t next_copying_ = 0;
    std::vector<stream::Action> actions_;
    std::vector<CommandLabel> labels_;
    const stream::KernelOp* last_ = nullptr;  ///< of the jobs, which stay where they are
};

}  // namespace

std::int64_t predict_cycles(const PlannedProgram& program) {
    std::int64_t sum = 0;
    for (const auto& segment : program.segments) {
        sum += SegmentEmitter(program, segment, false).cycles();
    }
    return sum;
}

void emit(PlannedProgram& program, CompiledNetwork& network) {
    const std::vector<std::int32_t> placements = buffer_placements(program);
    for (std::size_t i = 0; i < program.segments.size(); ++i) {
        const Segment& segment = program.segments[i];
        NpuSegment out;
        out.name = fmt::format("npu{}", i);
        out.inputs = segment.inputs;
        out.outputs = segment.outputs;
        SegmentEmitter(program, segment, true).run(placements, out);
        network.segments.push_back(std::move(out));
    }
    network.steps = program.steps;
    network.constants = std::move(program.constants.bytes);
    if (!program.with_bytes) network.modelled_constants = Bytes{program.constants.size};
    if (!has_modelled_weights(*program.graph)) network.constants_hash = program.constants.hash;
    network.arena_size = Bytes{program.arena_size};
    network.fast_size = Bytes{program.fast_size};
    describe_memory(program, placements, network);
}

}  // namespace u65sim::compiler
