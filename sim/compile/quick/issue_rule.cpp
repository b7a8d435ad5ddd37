#include "compile/quick/issue_rule.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <boost/container/static_vector.hpp>

#include "compile/build_kernel.hpp"
#include "compile/emit/block_dependency.hpp"
#include "compile/emit/lut_slots.hpp"
#include "compile/emit/timeline.hpp"
#include "compile/plan/slice_places.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/quick/stream_clock.hpp"
#include "stream/word_counter.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler::quick {

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

/// Words of what is no kernel by itself (typical of the zoo's networks).
constexpr std::int32_t cascade_words = 40;
constexpr std::int32_t first_copy_words = 3;  ///< more of the first copy
constexpr std::int32_t slice_words = 16;      ///< of a later slice: places alone differ
constexpr std::int32_t copy_words = 7, wait_words = 1;
constexpr std::int32_t region_words = 1;  ///< of a copy to another memory than the one before
constexpr std::int32_t length_words = 2;  ///< of a copy: those as long as the one before have none

/// Slots of look-up tables, a bit each.
using TableSlots = std::uint8_t;
static_assert(LutSlots::slots == 8);
constexpr TableSlots all_tables = 0xff;

/// One kernel, and the copies that it needs.
struct Job {
    std::int32_t position = 0;
    bool is_next_slice = false;  ///< of the operation of the job before
    KernelSpan span;
    timing::KernelTimes times;  ///< as a stream's schedule counts them
    TableSlots tables = 0;      ///< that the kernel reads
    struct Copy {
        timing::KernelEstimator::CopyTimes times;
        std::int64_t bytes = 0;
        std::size_t from = 0;        ///< job with which it may go
        std::size_t after = nobody;  ///< job whose kernel must have ended
        TableSlots tables = 0;       ///< that it writes; 0: no table
        bool with_last = false;      ///< begins with the kernel issued last
        [[nodiscard]] bool is_table() const { return tables != 0; }
    };
    /// Of a map, of weights and of a table; one more where a copy is made in parts.
    boost::container::static_vector<Copy, 4> copies;
};

/// The jobs of a plan, in order.
class JobMaker {
public:
    JobMaker(const QuickNetwork& network, const PlacedMaps& maps,
             const std::vector<Delivery>& deliveries)
        : network_(network),
          program_(network.program),
          maps_(maps),
          deliveries_(deliveries),
          fast_region_(program_.spilling() ? region_fast : region_arena),
          luts_(program_.arch),
          words_(program_.target->accelerator),
          first_job_(maps.positions.size(), 0) {}

    std::vector<Job> run() {
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) add(p);
        return std::move(jobs_);
    }

private:
    void add(std::size_t p) {
        const Position& position = maps_.positions[p];
        const Delivery& delivery = deliveries_[p];
        first_job_[p] = jobs_.size();
        const std::int32_t parts = std::max(delivery.parts, 1);
        KernelSpan span = span_of(p);
        const QuickOp& op = network_.ops[position.range.first];
        for (std::int32_t part = 0; part < parts; ++part) {
            Job& job = jobs_.emplace_back();
            job.position = static_cast<std::int32_t>(p);
            job.is_next_slice = part > 0;
            const BlockTimes* times = position.times;
            if (parts > 1) {
                const std::int32_t rest = op.npu->ofm.extent.c - part * delivery.channels;
                times = &op.times->slice(program_, *op.npu, position.places, *times,
                                         std::min(delivery.channels, rest));
                set_times(times->fast, span);
                set_ends(*times, times->fast_ends, span);
            }
            job.span = span;
            job.times = times_of(times, span);
            if (part == 0 && position.map_copy > 0) {
                job.copies.push_back(
                    {times_of(position.map_copy), position.map_copy, jobs_.size() - 1});
            }
            if (delivery.parts > 0) add_weights(delivery, part, job);
            if (!op.npu->lut.empty()) set_table(*op.npu, job);
            // The next slice has another part of the OFM.
            span.blockdep = most_blockdep();
            span.words = slice_words;
        }
        if (op.npu->lut.empty() && program_.arch.reserved_end_banks == 0) luts_.clear();
    }

    static timing::KernelTimes times_of(const BlockTimes* block, const KernelSpan& span) {
        timing::KernelTimes times;
        times.total = Cycles{std::llround(span.total)};
        times.port_cycles[1] = Cycles{std::llround(span.off_chip)};
        if (block != nullptr) times.fill = Cycles{block->fill};
        return times;
    }

    static void set_times(const Duration& duration, KernelSpan& span) {
        span.total = static_cast<double>(duration.total);
        span.off_chip = static_cast<double>(duration.off_chip);
        span.early = static_cast<double>(duration.early);
        span.sram = static_cast<double>(duration.sram);
        span.crowded = static_cast<double>(duration.crowded);
    }

    static void set_ends(const BlockTimes& times, const BlockTimes::Ends& ends, KernelSpan& span) {
        span.head = static_cast<double>(ends.head);
        span.tail = static_cast<double>(ends.tail);
        span.trips = ends.trips;
        span.blocks = times.blocks;
        span.jobs = times.jobs;
    }

    [[nodiscard]] int most_blockdep() const {
        return std::min(program_.options.max_blockdep, program_.arch.max_blockdep);
    }

    /// The job that runs in a fine position.
    [[nodiscard]] std::size_t job_at(std::int32_t time) const {
        const auto position = static_cast<std::size_t>(time / fine);
        const std::int32_t parts = std::max(deliveries_[position].parts, 1);
        return first_job_[position] + static_cast<std::size_t>(time % fine * parts / fine);
    }

    void add_weights(const Delivery& delivery, std::int32_t part, Job& job) {
        const std::size_t own = jobs_.size() - 1;
        const std::int64_t size = delivery.size_of(part);
        Job::Copy copy{times_of(size), size, own};
        const auto index = static_cast<std::size_t>(part);
        copy.from = job_at(delivery.from[index]);
        if (delivery.after[index] != Delivery::nothing) copy.after = job_at(delivery.after[index]);
        job.copies.push_back(copy);
    }

    /// The table that a kernel reads, and its copy where it does not stand there.
    void set_table(const NpuOp& op, Job& job) {
        const auto size = static_cast<int>(op.lut.size());
        const auto place = luts_.place(op.lut_offset, size);
        const auto slots = [&](int count) {
            return static_cast<TableSlots>(((1 << count) - 1) << place.slot);
        };
        job.tables = size > LutSlots::slot_bytes ? all_tables : slots(1);
        if (place.resident) return;
        stream::DmaOp copy;
        copy.source = {region_constants, false, 0};
        copy.destination = {3, true, luts_.address(place.slot)};
        copy.length = op.lut.size();
        // On small devices other kernels use these banks: load right before.
        const std::size_t from = program_.arch.reserved_end_banks > 0 ? 0 : jobs_.size() - 1;
        job.copies.push_back({program_.estimator->dma(copy), size, from, nobody,
                              slots(size / LutSlots::slot_bytes)});
    }

    /// What a copy takes.
    const timing::KernelEstimator::CopyTimes& times_of(std::int64_t size) {
        if (size != copy_size_) {
            copy_size_ = size;
            copy_times_ =
                program_.estimator->dma(memory_copy({region_constants}, {fast_region_}, size));
        }
        return copy_times_;
    }

    KernelSpan span_of(std::size_t p) {
        const Position& position = maps_.positions[p];
        const QuickOp& op = network_.ops[position.range.first];
        const bool direct = deliveries_[p].parts == 0 && op.weights > 0;
        KernelSpan span;
        set_times(direct ? position.direct : position.fast, span);
        span.reads_weights = direct;
        span.words = cascade_words;
        if (position.times == nullptr) {
            before_.reset();
            return span;
        }
        const BlockTimes& times = *position.times;
        set_ends(times, direct ? times.direct_ends : times.fast_ends, span);
        stream::KernelOp placed = addressed(p, direct);
        if (before_ && before_->shares_shram_layout(placed)) {
            span.blockdep = block_dependency(&*before_, placed, program_.arch, most_blockdep());
        }
        placed.blockdep = span.blockdep;
        span.words = words_.add(placed);
        before_ = placed;
        return span;
    }

    /// The kernel with every map at an address of its own.
    [[nodiscard]] stream::KernelOp addressed(std::size_t p, bool direct) const {
        const Position& position = maps_.positions[p];
        const NpuOp& npu = *network_.ops[position.range.first].npu;
        stream::KernelOp kernel = build_kernel(npu, [&](const View& view) {
            const Buffer& buffer = program_.buffer(view);
            stream::FeatureMap map = map_of(view, fast_region_, buffer.layout);
            for (std::size_t tile = 0; tile < map.base.size(); ++tile) {
                if (tile > 0 && map.base[tile] == 0) break;
                map.base[tile] += static_cast<std::uint64_t>(view.buffer) << 36;
            }
            return map;
        });
        if (!npu.slices.empty()) {
            set_weights(kernel, npu.slices[0], direct ? region_constants : fast_region_,
                        static_cast<std::int64_t>(p + 1) << 32);
        }
        position.times->layout.apply(kernel, position.times->block);
        return kernel;
    }

    const QuickNetwork& network_;
    const Program& program_;
    const PlacedMaps& maps_;
    const std::vector<Delivery>& deliveries_;
    const int fast_region_;
    LutSlots luts_;
    stream::WordCounter words_;
    std::vector<Job> jobs_;
    std::vector<std::size_t> first_job_;  ///< by position
    /// Of the position before, where it is no cascade.
    std::optional<stream::KernelOp> before_;
    std::int64_t copy_size_ = -1;
    timing::KernelEstimator::CopyTimes copy_times_;
};

/// Issues jobs as emit does: copies for later kernels around each kernel, as far as there are slots
/// and places, and when they cost least.
class Issuer {
public:
    Issuer(const Program& program, std::vector<Job> jobs)
        : clock_(program),
          schedule_(*program.estimator, program.arch),
          jobs_(std::move(jobs)),
          most_kernels_(static_cast<std::size_t>(program.arch.max_outstanding_kernels)) {
        times_.reserve(jobs_.size());
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            if (!jobs_[i].copies.empty()) copying_.push_back(i);
            times_.push_back(jobs_[i].times);
        }
        copies_of_.assign(jobs_.size(), 0);
    }

    StreamClock& run() {
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            while (!jobs_[i].copies.empty()) issue(i, 0);
            issue_ahead(i, true);
            issue_kernel(i);
            issue_ahead(i, false);
        }
        clock_.finish();
        return clock_;
    }
    [[nodiscard]] const std::vector<Job>& jobs() const { return jobs_; }

private:
    void issue_kernel(std::size_t at) {
        if (copies_of_[at] > waited_) {
            schedule_.dma_wait(static_cast<int>(clock_.copies() - copies_of_[at]));
            waited_ = copies_of_[at];
            jobs_[at].span.words += wait_words;
        }
        clock_.kernel(jobs_[at].span, copies_of_[at]);
        schedule_.kernel(times_[at], jobs_[at].is_next_slice);
    }

    /// The kernel that must end before a copy may go, if it has not surely ended.
    [[nodiscard]] std::size_t obstacle(const Job::Copy& copy) const {
        const std::size_t issued = clock_.kernels();
        const std::size_t first = std::max(ended_, issued - std::min(issued, most_kernels_));
        if (!copy.is_table()) return copy.after < first ? nobody : copy.after;
        for (std::size_t kernel = issued; kernel > first; --kernel) {
            if ((jobs_[kernel - 1].tables & copy.tables) != 0) return kernel - 1;
        }
        return nobody;
    }

    void issue(std::size_t at, std::size_t index) {
        Job& job = jobs_[at];
        const Job::Copy& copy = job.copies[index];
        std::int32_t words = copy_words;
        if (clock_.copies() == 0) {
            words += first_copy_words;
        } else if (copy.is_table() != last_is_table_) {
            words += region_words;
        }
        if (copy.bytes == last_bytes_) words -= length_words;
        last_bytes_ = copy.bytes;
        last_is_table_ = copy.is_table();
        const std::size_t issued = clock_.kernels();
        const std::size_t kernel = obstacle(copy);
        std::size_t kernels = kernel != nobody ? kernel + 1 : 0;
        if (copy.with_last && issued > 0) kernels = std::max(kernels, issued - 1);
        if (kernels > 0) {
            schedule_.kernel_wait(static_cast<int>(issued - kernels));
            ended_ = std::max(ended_, kernels);
            words += wait_words;
        }
        clock_.copy(static_cast<double>(copy.times.busy.count()), words, kernels);
        schedule_.copy(copy.times);
        copies_of_[at] = clock_.copies();
        job.copies.erase(job.copies.begin() + static_cast<std::ptrdiff_t>(index));
    }

    /// Issues a copy, or its beginning, that ends before the kernels that run do, so that a table
    /// which waits for these is not held up. Whether all of it went.
    bool issue_hidden(std::size_t at, std::size_t index) {
        auto& copies = jobs_[at].copies;
        Job::Copy& copy = copies[index];
        std::int64_t part = schedule_.hidden_bytes(copy.times, copy.bytes);
        if (part == copy.bytes) {
            issue(at, index);
            return true;
        }
        part = part / tuning::smallest_slice * tuning::smallest_slice;
        if (part == 0 || copies.size() == copies.capacity()) return false;
        Job::Copy first = copy;
        first.bytes = part;
        first.times.busy = Cycles{copy.times.busy.count() * part / copy.bytes};
        copy.bytes -= part;
        copy.times.busy = copy.times.busy - first.times.busy;
        copies.insert(copies.begin() + static_cast<std::ptrdiff_t>(index), first);
        issue(at, index);
        return false;
    }

    [[nodiscard]] bool is_free(const Job::Copy& copy, std::size_t at, bool before) const {
        const std::size_t kernel = obstacle(copy);
        if (before) {
            return kernel == nobody && copy.after != at && (copy.tables & jobs_[at].tables) == 0;
        }
        return kernel == nobody || kernel + 1 < clock_.kernels();
    }

    /// Whether a job from `first` up to but without `end` needs what a copy overwrites.
    [[nodiscard]] bool is_needed(const Job::Copy& copy, std::size_t first, std::size_t end) const {
        return std::any_of(jobs_.begin() + static_cast<std::ptrdiff_t>(first),
                           jobs_.begin() + static_cast<std::ptrdiff_t>(end),
                           [&](const Job& job) { return (job.tables & copy.tables) != 0; });
    }

    [[nodiscard]] bool is_due(const Job::Copy& copy, std::size_t user, std::size_t at) const {
        if (copy.is_table() && user == at + 1) return true;
        return schedule_.has_slot() && !(copy.is_table() && is_needed(copy, at + 1, user));
    }

    /// Whether a copy costs no more now than later.
    [[nodiscard]] bool is_timely(Job::Copy& copy, std::size_t user, std::size_t at,
                                 bool before) const {
        const std::size_t next = before ? at : at + 1;
        const auto begin =
            schedule_.best_begin(copy.times, std::span(times_).subspan(next, user - next));
        copy.with_last = begin == Timeline::Begin::with_last;
        return begin == Timeline::Begin::at_once || (copy.with_last && !before);
    }

    void issue_ahead(std::size_t at, bool before) {
        while (next_ < copying_.size() &&
               (copying_[next_] <= at || jobs_[copying_[next_]].copies.empty())) {
            ++next_;
        }
        bool behind_table = false;
        for (std::size_t n = next_; n < copying_.size(); ++n) {
            const std::size_t user = copying_[n];
            bool waits = false;
            for (std::size_t i = 0; i < jobs_[user].copies.size();) {
                Job::Copy& copy = jobs_[user].copies[i];
                const bool goes = copy.from <= at && is_due(copy, user, at) &&
                                  is_free(copy, at, before) && is_timely(copy, user, at, before);
                if (goes && (!behind_table || (!copy.is_table() && issue_hidden(user, i)))) {
                    if (!behind_table) issue(user, i);
                } else {
                    (copy.is_table() ? behind_table : waits) = true;
                    ++i;
                }
            }
            // Later weights would hold up weights before them.
            if (waits) break;
        }
    }

    StreamClock clock_;
    Timeline schedule_;  ///< as emit has it
    std::vector<Job> jobs_;
    std::vector<timing::KernelTimes> times_;  ///< of the jobs' kernels
    const std::size_t most_kernels_;
    std::vector<std::size_t> copying_;    ///< jobs with copies
    std::vector<std::size_t> copies_of_;  ///< by job: copies issued up to its last one
    std::size_t next_ = 0, ended_ = 0;
    std::size_t waited_ = 0;       ///< copies that kernels have waited for
    std::int64_t last_bytes_ = 0;  ///< of the copy before
    bool last_is_table_ = false;
};

}  // namespace

void issue(const QuickNetwork& network, const PlacedMaps& maps,
           const std::vector<Delivery>& deliveries, std::vector<TimedPosition>& positions) {
    Issuer issuer(network.program, JobMaker(network, maps, deliveries).run());
    const StreamClock& clock = issuer.run();
    std::vector<bool> has_begun(positions.size(), false);
    for (std::size_t i = 0; i < issuer.jobs().size(); ++i) {
        const auto p = static_cast<std::size_t>(issuer.jobs()[i].position);
        TimedPosition& timed = positions[p];
        if (!has_begun[p]) timed.start = static_cast<std::int64_t>(clock.times(i).start);
        has_begun[p] = true;
        timed.end = static_cast<std::int64_t>(clock.times(i).end);
    }
}

}  // namespace u65sim::compiler::quick
