#include "compile/quick/delivery_rule.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "base/rounding.hpp"
#include "compile/build_kernel.hpp"
#include "compile/plan/tuning.hpp"
#include "target/memory_rate.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler::quick {

namespace {

/// The weights of one position: of all operations of a cascade together.
struct Load {
    std::int32_t position = 0;
    std::int64_t size = 0;
    std::int64_t passes = 1;            ///< over them, where they are read off-chip
    std::int64_t fast = 0, direct = 0;  ///< cycles of the position
    std::int32_t from = 0;              ///< position from which a copy should start
    const QuickOp* sliceable = nullptr;
};

/// How a load comes, and when its position and the copies end.
struct Delivery {
    std::int32_t parts = 0;  ///< 0: read where it is
    std::int64_t part_size = 0;
    /// The position from which on each part has a place that does not wait for one of another.
    std::vector<std::int32_t> from;
    std::int64_t finish = 0, dma_free = 0;
    [[nodiscard]] std::int64_t score() const { return finish + tuning::queue_cycle.of(dma_free); }
    [[nodiscard]] std::int32_t places() const { return static_cast<std::int32_t>(from.size()); }
};

/// Words of a stream before a kernel: registers that differ from those of the one before, a wait,
/// and the kernel (typical of the zoo's networks). The first one sets them all.
std::int32_t words_of(const stream::KernelOp& kernel, bool like_before) {
    switch (kernel.kind) {
        case stream::KernelKind::elementwise:
            return like_before ? 16 : 32;
        case stream::KernelKind::pool:
            return like_before ? 20 : 32;
        case stream::KernelKind::conv:
        case stream::KernelKind::depthwise:
            break;
    }
    return like_before ? 34 : 40;
}
constexpr std::int32_t first_words = 60;  ///< more of the first kernel
constexpr std::int32_t copy_words = 7;

/// When commands have come: in windows that share one latency, as far ahead of the kernels as they
/// may be outstanding.
class Commands {
public:
    explicit Commands(const Program& program)
        : window_(static_cast<double>(program.target->timing.command_window.count()) / 4),
          latency_(static_cast<double>(
              read_latency(program.target->off_chip, program.target->accelerator).count())),
          outstanding_(static_cast<std::size_t>(program.arch.max_outstanding_kernels)) {}

    /// A kernel behind so many words; returns the cycle at which it may start.
    double ready(std::int32_t words) {
        double fetched = words;
        if (ends_.size() >= outstanding_) {
            const double free = ends_[ends_.size() - outstanding_];
            if (free > now_) {
                now_ = free;
                fetched = std::max(0.0, fetched - window_);  // came meanwhile
            }
        }
        now_ += fetched / window_ * latency_;
        return now_;
    }
    void ended(double cycle) { ends_.push_back(cycle); }

private:
    double window_, latency_;  ///< words; cycles
    std::size_t outstanding_;
    double now_ = 0;
    std::vector<double> ends_;  ///< of kernels
};

/// Kernels one after the other; copies beside them in the order of their use, on the off-chip
/// memory that both share evenly while both want it.
class Clock {
public:
    struct Copy {
        std::int32_t position = 0, part = 0;
        std::int32_t from = 0;         ///< position from which on it has a place
        std::int32_t after = nothing;  ///< part of its position whose place it takes
        std::int64_t cycles = 0;       ///< without latency
    };
    static constexpr std::int32_t nothing = -1;

    /// Copies follow each other without a gap; one that finds the queue empty has `latency` more.
    Clock(std::vector<Copy> copies, std::int64_t latency, const Program& program)
        : commands_(program),
          copies_(std::move(copies)),
          latency_(static_cast<double>(latency)),
          left_(copies_.empty() ? 0 : cycles_of(0) + latency_) {}

    /// Kernel `part` of a position, behind its copy where it has one. Returns its start.
    std::int64_t kernel(std::int32_t position, std::int32_t part, const Duration& duration,
                        std::int32_t words) {
        position_ = position;
        part_ = part;
        const double commands = commands_.ready(words);
        if (commands > now_) {
            run(commands - now_, 1.0);
            now_ = commands;
        }
        while (next_ < copies_.size() && is_needed(copies_[next_])) {
            begin();
            now_ += left_;
            finish();
        }
        const double start = now_;
        const auto total = static_cast<double>(duration.total);
        const auto own = static_cast<double>(duration.off_chip);
        const double shared = own > 0 ? std::min(own, pending(own)) : 0;
        const double cycles = std::max(total, own + shared);
        run(cycles, shared > 0 ? cycles / std::max(1.0, cycles - own) : 1.0);
        now_ = start + cycles;
        commands_.ended(now_);
        return static_cast<std::int64_t>(start);
    }
    [[nodiscard]] std::int64_t now() const { return static_cast<std::int64_t>(now_); }

private:
    [[nodiscard]] double cycles_of(std::size_t copy) const {
        return static_cast<double>(copies_[copy].cycles);
    }
    [[nodiscard]] bool is_needed(const Copy& copy) const {
        return copy.position < position_ || (copy.position == position_ && copy.part <= part_);
    }
    [[nodiscard]] bool has_place(const Copy& copy) const {
        if (copy.from > position_) return false;
        return copy.after == nothing || (copy.position == position_ && copy.after < part_);
    }
    /// A copy that comes behind an idle time of the queue.
    void begin() {
        if (is_idle_) left_ += latency_;
        is_idle_ = false;
    }
    void finish() {
        ++next_;
        left_ = next_ < copies_.size() ? cycles_of(next_) : 0;
    }
    /// Cycles of copies that may run now, as far as they are not more than `most`.
    [[nodiscard]] double pending(double most) const {
        double sum = 0;
        for (std::size_t i = next_; i < copies_.size() && sum < most && has_place(copies_[i]);
             ++i) {
            sum += i == next_ ? left_ : cycles_of(i);
        }
        return sum;
    }
    /// Copies run for so many cycles, each of theirs taking `stretch`.
    void run(double cycles, double stretch) {
        while (next_ < copies_.size()) {
            if (!has_place(copies_[next_])) {
                is_idle_ = true;
                return;
            }
            begin();
            if (left_ * stretch > cycles) {
                left_ -= cycles / stretch;
                return;
            }
            cycles -= left_ * stretch;
            finish();
        }
    }

    Commands commands_;
    std::vector<Copy> copies_;
    std::size_t next_ = 0;  ///< the first that has not ended
    double latency_;
    double left_;           ///< cycles of the next copy
    bool is_idle_ = false;  ///< the queue ran empty
    double now_ = 0;        ///< end of the last kernel
    std::int32_t position_ = 0, part_ = 0;
};

class Delivering {
public:
    Delivering(const QuickNetwork& network, PlacedMaps maps)
        : network_(network),
          program_(network.program),
          maps_(std::move(maps)),
          fast_region_(program_.spilling() ? region_fast : region_arena) {}

    TimeLine run() {
        line_.positions.resize(maps_.positions.size());
        find_loads();
        plan_copies();
        choose_all();
        run_clock();
        line_.peak = maps_.occupancy.most(0, static_cast<std::int32_t>(maps_.positions.size()));
        return std::move(line_);
    }

private:
    [[nodiscard]] std::int64_t copy_cycles(std::int64_t size) const {
        const stream::DmaOp copy = memory_copy({region_constants}, {fast_region_}, size);
        return program_.estimator->dma(copy).alone().count();
    }

    /// Of a copy, what those behind it need not wait for.
    [[nodiscard]] std::int64_t copy_latency() const {
        const Target& target = *program_.target;
        return (read_latency(target.off_chip, target.accelerator) +
                write_latency(target.sram, target.accelerator))
            .count();
    }

    void find_loads() {
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) {
            const Position& position = maps_.positions[p];
            Load load;
            load.position = static_cast<std::int32_t>(p);
            load.fast = position.fast.total;
            load.direct = position.direct.total;
            if (position.range.is_cascade()) {
                add_cascade(position.range, load);
            } else {
                const QuickOp& op = network_.ops[position.range.first];
                load.size = op.weights;
                if (load.size > 0) {
                    load.passes = op.times->placed(program_, *op.npu, {}).passes;
                    if (op.npu->kernel.kind == stream::KernelKind::conv) load.sliceable = &op;
                }
            }
            if (load.size > 0) loads_.push_back(load);
        }
    }

    void add_cascade(const QuickRange& range, Load& load) {
        StripeWalk walk(network_, range.last, range.height);
        double read = 0;
        for (std::size_t i = range.last;; --i) {
            const QuickOp& op = network_.ops[i];
            load.size += op.weights;
            read += walk.stripes() *
                    static_cast<double>(op.weights *
                                        op.times->stripe(program_, *op.npu, walk.rows()).passes);
            if (i == range.first) break;
            walk.step();
        }
        if (load.size > 0) load.passes = static_cast<std::int64_t>(read) / load.size;
        load.passes = std::max<std::int64_t>(load.passes, 1);
    }

    /// From which position on each copy should be made so that nothing waits.
    void plan_copies() {
        std::vector<std::int64_t> start(maps_.positions.size() + 1, 0);
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) {
            start[p + 1] = start[p] + maps_.positions[p].fast.total;
        }
        std::int64_t latest = std::numeric_limits<std::int64_t>::max();
        for (auto load = loads_.rbegin(); load != loads_.rend(); ++load) {
            latest = std::min(latest, start[static_cast<std::size_t>(load->position)]) -
                     copy_cycles(load->size) - tuning::least_wait;
            const auto it = std::upper_bound(start.begin(), start.end() - 1, latest);
            load->from =
                static_cast<std::int32_t>(std::max<std::ptrdiff_t>(0, it - start.begin() - 1));
        }
    }

    /// The earliest position from `least` on from which there is room up to the load's own; nothing
    /// where there is none at its own.
    [[nodiscard]] std::optional<std::int32_t> room_from(const Load& load, std::int64_t size,
                                                        std::int32_t least) const {
        if (maps_.occupancy.at(load.position) + size > network_.limit) return std::nullopt;
        std::int32_t from = load.position;
        while (from > least && maps_.occupancy.at(from - 1) + size <= network_.limit) --from;
        return from;
    }

    [[nodiscard]] std::int32_t earliest_of(const Load& load) const {
        return std::min(load.position, std::max(load.from, earliest_));
    }

    [[nodiscard]] std::int64_t issue_of(std::int32_t from, std::int32_t position) const {
        return from < position ? started_[static_cast<std::size_t>(from)] : now_;
    }

    [[nodiscard]] Delivery read_directly(const Load& load) const {
        const std::int64_t read =
            program_.estimator->weight_reads(load.size * load.passes, region_constants).count();
        const Target& target = *program_.target;
        const std::int64_t first = 2 * read_latency(target.off_chip, target.accelerator).count();
        const std::int64_t waits = load.direct > load.fast ? load.direct - first : 0;
        Delivery delivery;
        delivery.dma_free = std::max(now_, dma_free_) + std::max(read, waits);
        delivery.finish = std::max(now_ + load.direct, delivery.dma_free);
        if (load.passes > 1) delivery.finish += tuning::reread_cycles;
        return delivery;
    }

    [[nodiscard]] Delivery copy_whole(const Load& load, std::int32_t from) const {
        Delivery delivery;
        delivery.parts = 1;
        delivery.part_size = load.size;
        delivery.from = {from};
        delivery.dma_free =
            std::max(dma_free_, issue_of(from, load.position)) + copy_cycles(load.size);
        delivery.finish = std::max(now_, delivery.dma_free) + load.fast;
        return delivery;
    }

    /// Slices of so many channels, as many at a time as there is room for.
    [[nodiscard]] std::optional<Delivery> copy_sliced(const Load& load, std::int32_t depth,
                                                      std::int32_t step) const {
        Delivery delivery;
        delivery.parts = static_cast<std::int32_t>(ceil_div(depth, step));
        delivery.part_size = round_up(load.size * step / depth, 16);
        std::int32_t least = earliest_of(load);
        for (std::int32_t part = 0; part < delivery.parts; ++part) {
            const auto from = room_from(load, (part + 1) * delivery.part_size, least);
            if (!from) break;
            delivery.from.push_back(*from);
            least = *from;
        }
        if (delivery.places() < 2) return std::nullopt;
        const std::int64_t cycles = load.fast * step / depth + tuning::extra_kernel_cycles;
        const std::int64_t copy = copy_cycles(delivery.part_size);
        starts_.clear();
        delivery.dma_free = dma_free_;
        std::int64_t finish = now_;
        for (std::int32_t part = 0; part < delivery.parts; ++part) {
            // A later slice takes the place of one that has been read.
            const std::int64_t issue =
                part < delivery.places()
                    ? issue_of(delivery.from[static_cast<std::size_t>(part)], load.position)
                    : starts_[static_cast<std::size_t>(part - delivery.places())] + cycles;
            delivery.dma_free = std::max(delivery.dma_free, issue) + copy;
            starts_.push_back(std::max(finish, delivery.dma_free));
            finish = starts_.back() + cycles;
        }
        delivery.finish = finish;
        return delivery;
    }

    Delivery choose(const Load& load) const {
        Delivery best = read_directly(load);
        if (program_.target->memory_mode == MemoryMode::sram_only ||
            !program_.takes(Pass::stream_weights)) {
            return best;
        }
        if (const auto from = room_from(load, load.size, earliest_of(load))) {
            Delivery whole = copy_whole(load, *from);
            const std::int64_t gain = load.passes == 1 ? tuning::least_wait : 0;
            if (whole.score() + gain <= best.score()) best = std::move(whole);
        }
        const std::int64_t wait = best.finish - now_ - load.fast;
        const bool reread = best.parts == 0 && load.passes > 1;
        if (load.sliceable == nullptr || load.size < 2 * tuning::smallest_slice ||
            (!reread && wait <= tuning::least_wait)) {
            return best;
        }
        const NpuOp& op = *load.sliceable->npu;
        const std::int32_t depth = op.ofm.extent.c;
        const auto unit = static_cast<std::int32_t>(
            std::min<std::int64_t>(op.kernel.block.depth, round_up(depth, 16)));
        std::int32_t tried = depth;
        for (const std::int64_t bytes : tuning::slice_bytes) {
            const std::int64_t parts = ceil_div(load.size, bytes);
            for (const std::int32_t whole : {unit, 16}) {
                const auto step =
                    static_cast<std::int32_t>(round_up(ceil_div(depth, parts), whole));
                if (step >= tried) continue;
                tried = step;
                auto sliced = copy_sliced(load, depth, step);
                if (sliced && sliced->score() < best.score()) best = std::move(*sliced);
            }
        }
        return best;
    }

    void choose_all() {
        started_.assign(maps_.positions.size(), 0);
        parts_.assign(maps_.positions.size(), 0);
        std::size_t next = 0;
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) {
            started_[p] = now_;
            std::int64_t finish = now_ + maps_.positions[p].fast.total;
            if (next < loads_.size() && loads_[next].position == static_cast<std::int32_t>(p)) {
                const Load& load = loads_[next++];
                const Delivery delivery = choose(load);
                finish = std::max(finish, delivery.finish);
                dma_free_ = delivery.dma_free;
                take(load, delivery);
            }
            now_ = finish;
        }
    }

    void take(const Load& load, const Delivery& delivery) {
        TimedPosition& timed = line_.positions[static_cast<std::size_t>(load.position)];
        if (delivery.parts == 0) {
            timed.read = load.size * load.passes;
            return;
        }
        timed.copied = load.size;
        timed.copies = delivery.parts;
        const std::int64_t cycles = copy_cycles(delivery.part_size);
        for (std::int32_t part = 0; part < delivery.parts; ++part) {
            const bool has_own = part < delivery.places();
            const std::int32_t from =
                has_own ? delivery.from[static_cast<std::size_t>(part)] : load.position;
            if (has_own) maps_.occupancy.add(from, load.position, delivery.part_size);
            copies_.push_back({load.position, part, from,
                               has_own ? Clock::nothing : part - delivery.places(),
                               cycles - copy_latency()});
        }
        earliest_ = std::max(earliest_, delivery.from.back());
        parts_[static_cast<std::size_t>(load.position)] = delivery.parts;
    }

    void run_clock() {
        Clock clock(std::move(copies_), copy_latency(), program_);
        const stream::KernelOp* before = nullptr;
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) {
            const Position& position = maps_.positions[p];
            TimedPosition& timed = line_.positions[p];
            const std::int32_t parts = parts_[p];
            Duration duration = parts == 0 && timed.read > 0 ? position.direct : position.fast;
            if (parts > 1) {
                duration.total = duration.total / parts + tuning::extra_kernel_cycles;
                duration.off_chip /= parts;
            }
            // Of a cascade's many kernels commands come ahead.
            const stream::KernelOp& kernel = network_.ops[position.range.first].npu->kernel;
            std::int32_t words = words_of(kernel, before != nullptr && before->kind == kernel.kind);
            before = &kernel;
            if (p == 0) words += first_words;
            if (parts > 0) words += copy_words;
            for (std::int32_t part = 0; part < std::max(parts, 1); ++part) {
                const std::int64_t start =
                    clock.kernel(static_cast<std::int32_t>(p), part, duration, words);
                if (part == 0) timed.start = start;
            }
            timed.end = clock.now();
        }
        line_.cycles = clock.now();
    }

    const QuickNetwork& network_;
    const Program& program_;
    PlacedMaps maps_;
    const int fast_region_;
    std::vector<Load> loads_;
    std::vector<std::int64_t> started_;         ///< cycle at which each position began
    mutable std::vector<std::int64_t> starts_;  ///< of the slices of a delivery
    std::vector<std::int32_t> parts_;           ///< by position: 0 where weights are not copied
    std::vector<Clock::Copy> copies_;           ///< in the order of their use
    std::int64_t now_ = 0, dma_free_ = 0;
    std::int32_t earliest_ = 0;  ///< copies stay in the order of their use
    TimeLine line_;
};

}  // namespace

TimeLine deliver_weights(const QuickNetwork& network, PlacedMaps maps) {
    return Delivering(network, std::move(maps)).run();
}

}  // namespace u65sim::compiler::quick
