#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "compile/constants.hpp"
#include "compile/passes.hpp"
#include "compile/plan/allocate.hpp"
#include "compile/plan/refine_blocks.hpp"
#include "compile/plan/stream_weights.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

namespace {

template <class Visit>
void for_each_op(Program& program, Visit visit) {
    for (auto& segment : program.segments) {
        for (auto& op : segment.ops) visit(op);
    }
}

void choose_layouts(Program& program) {
    for_each_op(program, [&](NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (!view->valid()) continue;
            Buffer& buffer = program.buffer(*view);
            if (view->storage != buffer.extent || view->stride_y || view->stride_x ||
                view->c % 16 != 0) {
                buffer.linear = true;
            }
        }
    });
    for (auto& buffer : program.buffers) {
        if (buffer.kind == Placement::Kind::constant) continue;
        buffer.layout = buffer.linear ? stream::Layout::nhwc : layout_for(program, buffer.extent.c);
        Extent stored = buffer.extent;
        if (buffer.rolling_rows > 0) stored.h = buffer.rolling_rows;
        buffer.size = storage_bytes(stored, buffer.type, buffer.layout);
    }
}

void use(Buffer& buffer, std::int32_t time) {
    buffer.first_use = buffer.first_use < 0 ? time : std::min(buffer.first_use, time);
    buffer.last_use = std::max(buffer.last_use, time);
}

void find_lifetimes(Program& program) {
    for_each_op(program, [&](NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (view->valid()) use(program.buffer(*view), op.time);
        }
    });
    const Graph& graph = *program.graph;
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        if (!program.bound[t] || !program.views[t].valid()) continue;
        Buffer& buffer = program.buffer(program.views[t]);
        if (program.producers[t] >= 0) {
            const auto time = program.cpu_time[static_cast<std::size_t>(program.producers[t])];
            if (time >= 0) use(buffer, time);
        }
        for (const auto consumer : program.consumers[t]) {
            const auto time = program.cpu_time[static_cast<std::size_t>(consumer)];
            if (time >= 0) use(buffer, time);
        }
    }
    for (const auto id : graph.inputs) {
        const View& view = program.views[static_cast<std::size_t>(id)];
        if (view.valid()) use(program.buffer(view), 0);
    }
    for (const auto id : graph.outputs) {
        const View& view = program.views[static_cast<std::size_t>(id)];
        if (view.valid()) use(program.buffer(view), program.times);
    }
    for (auto& buffer : program.buffers) {
        if (!buffer.whole_life) continue;
        buffer.first_use = 0;
        buffer.last_use = program.times;
    }
}

/// Lets elementwise results take over the memory of an operand that dies with them.
void merge_in_place(Program& program) {
    std::vector<int> moved(program.buffers.size());
    std::iota(moved.begin(), moved.end(), 0);
    const auto owner = [&](int buffer) {
        while (moved[static_cast<std::size_t>(buffer)] != buffer) {
            buffer = moved[static_cast<std::size_t>(buffer)];
        }
        return buffer;
    };
    for_each_op(program, [&](NpuOp& op) {
        if (op.in_place != 0 || !op.ifm.whole() || !op.ofm.whole()) return;
        const int from = owner(op.ifm.buffer);
        const int to = owner(op.ofm.buffer);
        Buffer& input = program.buffers[static_cast<std::size_t>(from)];
        Buffer& output = program.buffers[static_cast<std::size_t>(to)];
        if (from == to || input.kind != Placement::Kind::feature_map || input.pinned ||
            output.pinned || output.kind != Placement::Kind::feature_map ||
            input.last_use != op.time || output.first_use != op.time || input.size != output.size ||
            input.layout != output.layout || input.extent != output.extent ||
            (op.ifm2.valid() && owner(op.ifm2.buffer) == from)) {
            return;
        }
        input.last_use = output.last_use;
        input.consumers.insert(input.consumers.end(), output.consumers.begin(),
                               output.consumers.end());
        output.first_use = output.last_use = -1;
        moved[static_cast<std::size_t>(to)] = from;
    });
    for_each_op(program, [&](NpuOp& op) {
        for (View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (view->valid()) view->buffer = owner(view->buffer);
        }
    });
    for (auto& view : program.views) {
        if (view.valid()) view.buffer = owner(view.buffer);
    }
}

/// A buffer that could live in the fast memory, and the cycles that would save.
struct Candidate {
    int buffer = -1;
    double benefit = 0;
    NpuOp* weights_of = nullptr;
};

class Placer {
public:
    explicit Placer(Program& program)
        : program_(program),
          limit_(program.target->sram.size.count()),
          fast_region_(program.spilling() ? region_fast : region_arena) {}

    void run() {
        collect_maps();
        collect_weights();
        if (!program_.spilling()) place_mandatory();
        place_candidates();
        if (program_.takes("refine_blocks")) refine_blocks(program_, fast_region_);
        if (program_.target->memory_mode != MemoryMode::sram_only) {
            stream_weights(program_, maps_, limit_, fast_region_);
        }
        place_rest();
        share_slices(program_);
    }

private:
    Buffer& at(int buffer) { return program_.buffers[static_cast<std::size_t>(buffer)]; }

    Lifetime lifetime(const Buffer& buffer) const {
        return {buffer.size, buffer.first_use, buffer.last_use, -1};
    }

    /// The kernel with everything it reads and writes in the fast memory.
    stream::KernelOp all_fast(const NpuOp& op) const {
        stream::KernelOp k = placed_kernel(program_, op);
        k.ifm.region = k.ifm2.region = k.ofm.region = fast_region_;
        k.weight_region = k.scale_region = fast_region_;
        if (!op.slices.empty()) {
            k.weights = op.slices[0].weights;
            k.scales = op.slices[0].scales;
        }
        return k;
    }

    /// What each map saves in cycles and bytes while all others are in the fast memory.
    void collect_maps() {
        std::vector<double> saved(program_.buffers.size(), 0);
        for_each_op(program_, [&](NpuOp& op) {
            const stream::KernelOp fast = all_fast(op);
            timing::PlacementCycles cycles{};  // by place of IFM and OFM; the second is fast
            if (program_.spilling()) {
                cycles = program_.estimator->placements(fast, {region_arena, fast_region_});
            }
            const Cycles least = cycles[1][1];
            for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (!view->valid()) continue;
                double times = 1;
                if (view == &op.ifm && op.kernel.kind == stream::KernelKind::conv) {
                    times = static_cast<double>(ceil_div(op.ofm.extent.c, op.kernel.block.depth));
                }
                double& sum = saved[static_cast<std::size_t>(view->buffer)];
                sum += times * static_cast<double>(view->extent.elements()) *
                       stream::bytes_of(view->type) * cycles_per_byte;
                if (!program_.spilling()) continue;
                Cycles slow = view == &op.ifm ? cycles[0][1] : cycles[1][0];
                if (view == &op.ifm2) {
                    stream::KernelOp second = fast;
                    second.ifm2.region = region_arena;
                    slow = program_.estimator->total(second);
                }
                sum += static_cast<double>((slow - least).count());
            }
        });
        for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
            Buffer& buffer = program_.buffers[i];
            if (buffer.kind == Placement::Kind::constant || buffer.first_use < 0) continue;
            if (buffer.pinned) {
                mandatory_.push_back(static_cast<int>(i));
            } else {
                candidates_.push_back({static_cast<int>(i), saved[i], nullptr});
            }
        }
    }

    /// Finds the sizes of weights that get buffers.
    void count_buffered() {
        std::vector<NpuOp*> buffered;
        for_each_op(program_, [&](NpuOp& op) {
            if (op.weights && weight_passes(op) > 1) buffered.push_back(&op);
        });
        count_sampled(program_, buffered);
    }

    void collect_weights() {
        if (program_.target->memory_mode == MemoryMode::sram_only) return;
        count_buffered();
        for (auto& segment : program_.segments) {
            const std::int32_t first_time = segment.ops.empty() ? 0 : segment.ops.front().time;
            const NpuOp* before = nullptr;
            for (auto& op : segment.ops) {
                const NpuOp* previous = std::exchange(before, &op);
                if (!op.weights) continue;
                const std::int64_t passes = weight_passes(op);
                if (passes < 2) continue;
                // Whatever happens here, the weights can come in slices later on: the cycles they
                // save count a tenth.
                const auto [least, off_chip] = program_.estimator->weight_placements(
                    all_fast(op), {fast_region_, region_constants});
                const auto more = static_cast<double>((off_chip - least).count());
                const double benefit =
                    cycles_per_byte * (static_cast<double>((passes - 1) * op.slices[0].size) +
                                       more * static_cast<double>(op.stripes));
                // Inside a cascade only its first operation's copy may start before it.
                const bool inside = previous && previous->time == op.time;
                const std::int32_t from = inside ? op.time : std::max(op.time - 1, first_time);
                const int buffer = add_weight_buffer(op, op.slices[0].size, from, op.time);
                candidates_.push_back({buffer, benefit, &op});
            }
        }
    }

    int add_weight_buffer(const NpuOp& op, std::int64_t size, std::int32_t first,
                          std::int32_t last) {
        Buffer buffer;
        buffer.name = op.name + "/weights";
        buffer.kind = Placement::Kind::weight_buffer;
        buffer.size = size;
        buffer.first_use = first;
        buffer.last_use = last;
        program_.buffers.push_back(std::move(buffer));
        return static_cast<int>(program_.buffers.size()) - 1;
    }

    /// Without spilling every map lives in the arena, whatever it takes; weights get the rest.
    void place_mandatory() {
        for (auto it = candidates_.begin(); it != candidates_.end();) {
            if (it->weights_of) {
                ++it;
                continue;
            }
            mandatory_.push_back(it->buffer);
            it = candidates_.erase(it);
        }
        std::vector<Lifetime> items;
        for (const auto index : mandatory_) items.push_back(lifetime(at(index)));
        place_all(items, 0);
        for (std::size_t i = 0; i < items.size(); ++i) {
            settle(mandatory_[i], region_arena, items[i].offset);
        }
        mandatory_.clear();
    }

    void settle(int index, int region, std::int64_t offset) {
        Buffer& buffer = at(index);
        buffer.region = region;
        buffer.offset = offset;
        if (region == fast_region_) {
            fixed_.push_back({buffer.size, buffer.first_use, buffer.last_use, offset});
            if (buffer.kind != Placement::Kind::weight_buffer) maps_.push_back(fixed_.back());
        }
    }

    /// Sum of benefits of what got a place.
    double value(std::span<const Lifetime> items) const {
        double sum = 0;
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            if (items[fixed_.size() + i].offset >= 0) sum += candidates_[i].benefit;
        }
        return sum;
    }

    void place_candidates() {
        std::vector<Lifetime> items = fixed_;
        for (const auto& candidate : candidates_) {
            items.push_back(lifetime(at(candidate.buffer)));
        }
        if (is_crowded(items)) {
            place_by_time(items, limit_);
            settle_candidates(items);
            return;
        }
        const std::size_t n = candidates_.size();
        Packer packer(items);
        Packer::Turns turns;  // of the best
        const double everything =
            std::accumulate(candidates_.begin(), candidates_.end(), 0.0,
                            [](double sum, const Candidate& c) { return sum + c.benefit; });
        std::vector<Lifetime> best;
        double best_value = -1;
        const auto is_better = [&] {
            const double v = value(items);
            const bool better = v > best_value;
            if (better) {
                best_value = v;
                best = items;
            }
            return better;
        };
        // Places the candidates around what is fixed.
        const auto try_order = [&](std::vector<std::size_t> order) {
            for (auto& index : order) {
                index += fixed_.size();
                items[index].offset = -1;
            }
            packer.place(order, limit_);
            if (is_better()) turns.order = std::move(order);
        };
        if (fixed_.empty() && lower_bound(items) <= limit_) {
            if (place_all(items, limit_) <= limit_) {
                best = items;
                best_value = everything;
            }
        }
        const auto size = [&](std::size_t i) {
            return static_cast<double>(std::max<std::int64_t>(at(candidates_[i].buffer).size, 1));
        };
        const auto life = [&](std::size_t i) {
            const Buffer& b = at(candidates_[i].buffer);
            return static_cast<double>(b.last_use - b.first_use + 1);
        };
        const auto by = [&](auto key) {
            std::vector<std::size_t> order(n);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::stable_sort(order.begin(), order.end(),
                             [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
            return order;
        };
        const auto benefit = [&](std::size_t i) { return candidates_[i].benefit; };
        if (best_value < everything) {
            try_order(by([&](std::size_t i) { return benefit(i) / (size(i) * life(i)); }));
            try_order(by([&](std::size_t i) { return benefit(i) / size(i); }));
            try_order(by(benefit));
            try_order(by([&](std::size_t i) { return -size(i); }));
        }
        std::vector<std::size_t> out;  // turns without a place
        const auto count_turns = [&] {
            turns.of.assign(items.size(), -1);
            out.clear();
            for (std::size_t turn = 0; turn < turns.order.size(); ++turn) {
                turns.of[turns.order[turn]] = static_cast<std::int64_t>(turn);
                if (best[turns.order[turn]].offset < 0) out.push_back(turn);
            }
        };
        count_turns();
        std::mt19937 random(1);
        for (int round = 0; round < 60 && best_value < everything && n > 1; ++round) {
            // Give something left out an earlier turn.
            if (out.empty()) break;
            const std::size_t from = out[random() % out.size()];
            const std::size_t to = from == 0 ? 0 : random() % from;
            if (!packer.advance(best, turns, from, to, limit_) || !is_better()) continue;
            const auto begin = turns.order.begin();
            std::rotate(begin + static_cast<std::ptrdiff_t>(to),
                        begin + static_cast<std::ptrdiff_t>(from),
                        begin + static_cast<std::ptrdiff_t>(from) + 1);
            count_turns();
        }
        settle_candidates(best.empty() ? items : best);
    }

    /// Items are those fixed and then the candidates, with the places that were found.
    void settle_candidates(const std::vector<Lifetime>& items) {
        const std::size_t fixed = fixed_.size();
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            const Candidate& candidate = candidates_[i];
            const std::int64_t offset = items[fixed + i].offset;
            if (offset >= 0) {
                settle(candidate.buffer, fast_region_, offset);
                if (candidate.weights_of) candidate.weights_of->slices[0].buffer = candidate.buffer;
            } else if (candidate.weights_of) {
                Buffer& none = at(candidate.buffer);
                none.first_use = none.last_use = -1;
                none.size = 0;
            } else {
                spilled_.push_back(candidate.buffer);
            }
        }
    }

    /// The operations that touch each buffer.
    std::vector<std::vector<const NpuOp*>> touching() {
        std::vector<std::vector<const NpuOp*>> all(program_.buffers.size());
        for_each_op(program_, [&](NpuOp& op) {
            for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (!view->valid()) continue;
                auto& ops = all[static_cast<std::size_t>(view->buffer)];
                if (ops.empty() || ops.back() != &op) ops.push_back(&op);
            }
        });
        return all;
    }

    /// What these operations, which touch a map, take longer when it lives in DRAM.
    std::int64_t spill_cycles(int index, const std::vector<const NpuOp*>& ops) {
        std::int64_t sum = 0;
        for (const NpuOp* touched : ops) {
            const NpuOp& op = *touched;
            const auto cycles = [&](int region) {
                stream::KernelOp k = placed_kernel(program_, op);
                if (op.ifm.buffer == index) k.ifm.region = region;
                if (op.ofm.buffer == index) k.ofm.region = region;
                if (op.ifm2.buffer == index) k.ifm2.region = region;
                return program_.estimator->total(k).count();
            };
            sum += cycles(region_arena) - cycles(fast_region_);
        }
        return sum;
    }

    /// The arena in DRAM: what must be there, and what found no room.
    void place_rest() {
        const auto ops = spilled_.empty() ? std::vector<std::vector<const NpuOp*>>{} : touching();
        for (const auto index : spilled_) {
            Buffer& buffer = at(index);
            buffer.spill_reason =
                buffer.size > limit_
                    ? fmt::format("larger than the fast memory: {} B of {} B", buffer.size, limit_)
                    : fmt::format("fast memory of {} B full while it lives: needs {} B", limit_,
                                  buffer.size);
            buffer.spill_reason +=
                fmt::format("; predicted to take {} cycles more than in SRAM",
                            spill_cycles(index, ops[static_cast<std::size_t>(index)]));
            mandatory_.push_back(index);
        }
        std::vector<Lifetime> items;
        for (const auto index : mandatory_) items.push_back(lifetime(at(index)));
        place_all(items, 0);
        for (std::size_t i = 0; i < items.size(); ++i) {
            at(mandatory_[i]).region = region_arena;
            at(mandatory_[i]).offset = items[i].offset;
        }
        for (const auto& buffer : program_.buffers) {
            if (buffer.first_use < 0 || buffer.region < 0) continue;
            auto& top = buffer.region == region_fast ? program_.fast_size : program_.arena_size;
            if (buffer.region != region_constants) {
                top = std::max(top, round_up(buffer.offset + buffer.size, 16));
            }
        }
    }

    Program& program_;
    std::int64_t limit_;
    int fast_region_;
    std::vector<int> mandatory_;
    std::vector<int> spilled_;
    std::vector<Candidate> candidates_;
    std::vector<Lifetime> fixed_;  ///< placed in the fast memory
    std::vector<Lifetime> maps_;   ///< those of them that are no weights
};

}  // namespace

void place_maps(Program& program) {
    choose_layouts(program);
    find_lifetimes(program);
    if (program.takes("merge_in_place")) merge_in_place(program);
    Placer(program).run();
}

void place(Program& program) {
    if (const auto placed = std::exchange(program.placed, nullptr)) {
        program = std::move(*placed);
    } else {
        place_maps(program);
    }
    store_slices(program);
}

}  // namespace u65sim::compiler
