#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "compile/choose_blocks.hpp"
#include "compile/constants.hpp"
#include "compile/passes.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

namespace {

using stream::KernelKind;

/// Operations in one cascade at most: more only lengthen the search.
constexpr std::size_t longest = 16;
constexpr std::array<std::int32_t, 12> heights = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

/// Arenas whose cascades are tried in larger ones too, so that more room is hardly ever slower.
constexpr std::array<std::int64_t, 10> ladder = {4194304, 3145728, 2097152, 1048576, 786432,
                                                 524288,  393216,  262144,  196608,  131072};

/// Rows of the input that OFM rows y0 .. y1 read, and the padding that is left.
struct InputRows {
    std::int32_t begin = 0, end = 0, top = 0, bottom = 0;
};
InputRows input_rows(const NpuOp& op, std::int32_t y0, std::int32_t y1) {
    if (op.kernel.kind == KernelKind::elementwise) return {y0, y1, 0, 0};
    const stream::Kernel& kernel = op.kernel.kernel;
    const std::int32_t begin = y0 * kernel.stride_y - op.kernel.pad.top;
    const std::int32_t end =
        (y1 - 1) * kernel.stride_y + kernel.dilated_height() - op.kernel.pad.top;
    const std::int32_t height = op.ifm.extent.h;
    return {std::max(begin, 0), std::min(end, height), std::max(-begin, 0),
            std::max(end - height, 0)};
}

View rows_of(View view, std::int32_t begin, std::int32_t end) {
    view.y += begin;
    view.extent.h = end - begin;
    return view;
}

/// Whether an operation can run a few rows at a time.
bool can_stripe(const NpuOp& op) {
    const stream::KernelOp& k = op.kernel;
    for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
        if (view->valid() && (view->stride_y || view->stride_x)) return false;
    }
    if (op.vector_product || k.upscale != stream::Upscale::none || op.ofm.extent.h < 2 ||
        (k.kind == KernelKind::pool && k.pool_mode == stream::PoolMode::reduce_sum)) {
        return false;
    }
    if (k.kind != KernelKind::elementwise) return true;
    const bool two = op.binary() && !k.broadcast.scalar;
    return op.ifm.extent == op.ofm.extent &&
           (!two || op.ifm2.extent == op.ofm.extent || op.ifm2.extent.h == 1);
}

/// The registers of OFM rows y0 .. y1 of an operation, without what it owns as a whole.
NpuOp stripe_of(const NpuOp& op, std::int32_t y0, std::int32_t y1) {
    NpuOp stripe;
    stripe.name = op.name;
    stripe.graph_operator = op.graph_operator;
    stripe.time = op.time;
    stripe.kernel = op.kernel;
    stripe.vector_product = op.vector_product;
    stripe.lut = op.lut;
    stripe.lut_offset = op.lut_offset;
    const InputRows rows = input_rows(op, y0, y1);
    stripe.ifm = rows_of(op.ifm, rows.begin, rows.end);
    stripe.ofm = rows_of(op.ofm, y0, y1);
    stripe.ifm2 = op.ifm2;
    if (op.ifm2.valid() && !op.kernel.broadcast.scalar && op.ifm2.extent.h > 1) {
        stripe.ifm2 = rows_of(op.ifm2, y0, y1);
    }
    if (op.kernel.kind != KernelKind::elementwise) {
        stripe.kernel.pad.top = rows.top;
        stripe.kernel.pad.bottom = rows.bottom;
    }
    return stripe;
}

/// OFM rows of one operation of a cascade.
struct Step {
    std::size_t member = 0;
    std::int32_t y0 = 0, y1 = 0;
};

/// The order of all stripes of operations first .. last, depth first from the last one.
class Schedule {
public:
    Schedule(const std::vector<NpuOp>& ops, std::size_t first, std::size_t last,
             std::int32_t height)
        : ops_(ops), first_(first), rows_(last - first + 1), produced_(last - first + 1) {
        const std::int32_t all = ops[last].ofm.extent.h;
        for (std::int32_t y = height; y < all + height; y += height) {
            produce(last - first, std::min(y, all));
        }
    }

    std::vector<Step> steps;
    /// Rows an operation's result must be kept for, at most at a time.
    [[nodiscard]] std::int32_t rolling_rows(std::size_t member) const { return rows_[member]; }
    /// The highest stripe of an operation, a later one where several are as high.
    [[nodiscard]] Step highest(std::size_t member) const {
        Step found;
        for (const auto& step : steps) {
            if (step.member == member && step.y1 - step.y0 >= found.y1 - found.y0) found = step;
        }
        return found;
    }

private:
    void produce(std::size_t member, std::int32_t until) {
        const std::int32_t from = produced_[member];
        if (from >= until) return;
        if (member > 0) produce(member - 1, input_rows(ops_[first_ + member], from, until).end);
        steps.push_back({member, from, until});
        produced_[member] = until;
        if (first_ + member + 1 < ops_.size() && member + 1 < produced_.size()) {
            const std::int32_t next = produced_[member + 1];
            const std::int32_t kept = input_rows(ops_[first_ + member + 1], next, next + 1).begin;
            rows_[member] = std::max(rows_[member], until - std::min(kept, from));
        }
    }

    const std::vector<NpuOp>& ops_;
    std::size_t first_;
    std::vector<std::int32_t> rows_, produced_;
};

struct Range {
    std::size_t first = 0, last = 0;
    std::int32_t height = 0;  ///< OFM rows of the last operation a step; 0: not a cascade
};

struct Use {
    int writers = 0, readers = 0;
    std::int32_t first = -1, last = -1;
    std::int64_t size = 0;
};

/// Who uses each buffer, and from when to when.
std::vector<Use> uses_of(const Program& program) {
    std::vector<Use> uses(program.buffers.size());
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& b = program.buffers[i];
        uses[i].size = storage_bytes(
            b.extent, b.type, b.extent.c >= 16 ? stream::Layout::nhcwb16 : stream::Layout::nhwc);
    }
    for (const auto& segment : program.segments) {
        for (const auto& op : segment.ops) {
            for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (!view->valid()) continue;
                Use& use = uses[static_cast<std::size_t>(view->buffer)];
                ++(view == &op.ofm ? use.writers : use.readers);
                if (use.first < 0) use.first = op.time;
                use.last = op.time;
            }
        }
    }
    return uses;
}

/// Cuts a segment into cascades and single operations with the least predicted time.
class Searcher {
public:
    Searcher(const Program& program, std::int64_t limit)
        : program_(program), limit_(limit), uses_(uses_of(program)) {}

    std::vector<Range> best(const Segment& segment) {
        ops_ = &segment.ops;
        costs_.clear();
        const std::size_t n = segment.ops.size();
        std::vector<double> least(n + 1, std::numeric_limits<double>::infinity());
        std::vector<Range> choice(n + 1);
        least[0] = 0;
        floor_.assign(n + 1, 0);
        for (std::size_t i = 0; i < n; ++i) {
            floor_[i + 1] = floor_[i] + kernel_cost(i, 0, ops_->at(i).ofm.extent.h, true, true);
        }
        for (std::size_t end = 1; end <= n; ++end) {
            for (std::size_t first = end; first-- > 0 && end - first <= longest;) {
                if (first + 1 < end && !linked(first)) break;
                const std::int32_t all = segment.ops[end - 1].ofm.extent.h;
                const auto consider = [&](std::int32_t height) {
                    const double cost = least[first] + range_cost(first, end - 1, height);
                    if (cost < least[end]) {
                        least[end] = cost;
                        choice[end] = {first, end - 1, height};
                    }
                };
                if (first + 1 == end) {
                    consider(0);
                    continue;
                }
                // Stripes take no less than whole operations with all maps in SRAM.
                if (least[first] + floor_[end] - floor_[first] >= least[end]) continue;
                for (const auto height : heights) {
                    if (height < all) consider(height);
                }
            }
        }
        std::vector<Range> ranges;
        for (std::size_t end = n; end > 0; end = choice[end].first) ranges.push_back(choice[end]);
        std::reverse(ranges.begin(), ranges.end());
        return ranges;
    }

private:
    [[nodiscard]] const Buffer& buffer(int index) const {
        return program_.buffers[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] const Use& use(int index) const { return uses_[static_cast<std::size_t>(index)]; }

    /// Whether operation `at` may hand its rows to the next one through a rolling buffer.
    [[nodiscard]] bool linked(std::size_t at) const {
        const NpuOp& op = (*ops_)[at];
        const NpuOp& next = (*ops_)[at + 1];
        const Buffer& map = buffer(op.ofm.buffer);
        if (!can_stripe(op) || !can_stripe(next) || map.pinned || map.whole_life ||
            map.kind != Placement::Kind::feature_map || !op.ofm.whole() ||
            op.ofm.extent != map.extent || use(op.ofm.buffer).writers != 1 ||
            use(op.ofm.buffer).readers != 1) {
            return false;
        }
        const View& input = next.ifm.buffer == op.ofm.buffer ? next.ifm : next.ifm2;
        return input.valid() && input.buffer == op.ofm.buffer && input.whole() &&
               input.extent == op.ofm.extent;
    }

    [[nodiscard]] bool may_be_fast(int index) const {
        return !buffer(index).pinned && buffer(index).kind == Placement::Kind::feature_map;
    }

    [[nodiscard]] double range_cost(std::size_t first, std::size_t last, std::int32_t height) {
        const std::vector<NpuOp>& ops = *ops_;
        std::optional<Schedule> schedule;
        if (height > 0) schedule.emplace(ops, first, last, height);
        std::int64_t bytes = 0;
        std::vector<int> inner;
        for (std::size_t i = first; i <= last; ++i) {
            if (height > 0 && !ops[i].slices.empty()) bytes += ops[i].slices[0].size;
            if (i == last) break;
            inner.push_back(ops[i].ofm.buffer);
            Extent rolling = ops[i].ofm.extent;
            rolling.h = schedule->rolling_rows(i - first);
            bytes +=
                storage_bytes(rolling, ops[i].ofm.type,
                              rolling.c >= 16 ? stream::Layout::nhcwb16 : stream::Layout::nhwc);
        }
        if (bytes > limit_) return std::numeric_limits<double>::infinity();
        const int in = ops[first].ifm.buffer;
        const int out = ops[last].ofm.buffer;
        for (std::size_t i = 0; i < uses_.size(); ++i) {
            const auto index = static_cast<int>(i);
            const Use& other = uses_[i];
            if (index == in || index == out || other.first < 0 || !may_be_fast(index) ||
                other.first > ops[last].time || other.last < ops[first].time ||
                std::find(inner.begin(), inner.end(), index) != inner.end() ||
                other.size > limit_ / 2) {
                continue;
            }
            bytes += other.size;
        }
        double least = std::numeric_limits<double>::infinity();
        for (const bool fast_in : {true, false}) {
            for (const bool fast_out : {true, false}) {
                if ((fast_in && !may_be_fast(in)) || (fast_out && !may_be_fast(out))) continue;
                const std::int64_t top = bytes + (fast_in ? use(in).size : 0) +
                                         (fast_out && out != in ? use(out).size : 0);
                if (top > limit_ && (fast_in || fast_out || height > 0)) continue;
                double sum = 0;
                if (height == 0) {
                    sum = kernel_cost(first, 0, ops[first].ofm.extent.h, fast_in, fast_out);
                } else {
                    for (const auto& step : schedule->steps) {
                        const std::size_t at = first + step.member;
                        sum += kernel_cost(at, step.y0, step.y1, at > first || fast_in,
                                           at < last || fast_out);
                    }
                }
                least = std::min(least, sum);
            }
        }
        return least;
    }

    static stream::FeatureMap map_of(const View& view, bool fast) {
        stream::FeatureMap map;
        map.region = fast ? region_fast : region_arena;
        map.type = view.type;
        map.layout = view.storage.c >= 16 ? stream::Layout::nhcwb16 : stream::Layout::nhwc;
        map.height = map.height0 = map.height1 = view.extent.h;
        map.width = map.width0 = view.extent.w;
        map.depth = view.extent.c;
        const std::int64_t element = stream::bytes_of(view.type);
        if (map.layout == stream::Layout::nhcwb16) {
            map.stride_x = 16 * element;
            map.stride_c = map.stride_x * view.storage.w;
            map.stride_y = map.stride_c * ceil_div(view.storage.c, 16);
        } else {
            map.stride_x = view.storage.c * element;
            map.stride_y = map.stride_x * view.storage.w;
            map.stride_c = element;
        }
        return map;
    }

    /// Cycles of OFM rows y0 .. y1 with its weights in SRAM.
    double kernel_cost(std::size_t at, std::int32_t y0, std::int32_t y1, bool from, bool to) {
        const NpuOp& op = (*ops_)[at];
        const InputRows rows = input_rows(op, y0, y1);
        const std::uint64_t key = (static_cast<std::uint64_t>(at) << 44) ^
                                  (static_cast<std::uint64_t>(y1 - y0) << 24) ^
                                  (static_cast<std::uint64_t>(rows.end - rows.begin) << 4) ^
                                  static_cast<std::uint64_t>(2 * from + to);
        if (const auto it = costs_.find(key); it != costs_.end()) return it->second;
        NpuOp stripe = stripe_of(op, y0, y1);
        if (y1 - y0 != op.ofm.extent.h) choose_block(stripe, *program_.target, program_.arch);
        stream::KernelOp& k = stripe.kernel;
        k.ifm = map_of(stripe.ifm, from);
        k.ofm = map_of(stripe.ofm, to);
        if (k.is_binary() && !k.broadcast.scalar) {
            k.ifm2 = map_of(stripe.ifm2, may_be_fast(stripe.ifm2.buffer));
        }
        k.weight_region = k.scale_region = region_fast;
        if (!op.slices.empty()) {
            k.weights = op.slices[0].weights;
            k.scales = op.slices[0].scales;
        }
        const auto cost =
            static_cast<double>(timing::estimate_kernel(k, *program_.target).total.count());
        costs_.emplace(key, cost);
        return cost;
    }

    const Program& program_;
    std::int64_t limit_;
    std::vector<Use> uses_;
    const std::vector<NpuOp>* ops_ = nullptr;
    std::unordered_map<std::uint64_t, double> costs_;
    std::vector<double> floor_;  ///< sum of the least cycles of all operations before
};

/// Replaces the operations of a cascade by their stripes.
void append_stripes(Program& program, std::vector<NpuOp>& ops, const Range& range,
                    std::vector<NpuOp>& result) {
    const Schedule schedule(ops, range.first, range.last, range.height);
    const std::size_t members = range.last - range.first + 1;
    std::vector<std::int32_t> first_stripe(members, -1), made(members, 0), count(members, 0);
    for (const auto& step : schedule.steps) ++count[step.member];
    for (std::size_t m = 0; m < members; ++m) {
        NpuOp& op = ops[range.first + m];
        const Step highest = schedule.highest(m);
        NpuOp stripe = stripe_of(op, highest.y0, highest.y1);
        choose_block(stripe, *program.target, program.arch);
        const bool same_depth = stripe.kernel.block.depth == op.kernel.block.depth;
        op.kernel.block = stripe.kernel.block;
        op.kernel.ib_end = stripe.kernel.ib_end;
        op.kernel.ab_start = stripe.kernel.ab_start;
        op.kernel.ifm2_ib_start = stripe.kernel.ifm2_ib_start;
        if (!same_depth && op.weights) op.slices = {make_slice(program, op, 0, op.ofm.extent.c)};
        if (m + 1 < members) program.buffer(op.ofm).rolling_rows = schedule.rolling_rows(m);
    }
    const std::int32_t time = ops[range.first].time;
    for (const auto& step : schedule.steps) {
        NpuOp& op = ops[range.first + step.member];
        NpuOp stripe = stripe_of(op, step.y0, step.y1);
        std::int32_t& first = first_stripe[step.member];
        stripe.name = fmt::format("{}/stripe{}", op.name, made[step.member]++);
        stripe.time = time;
        stripe.in_place = -1;
        stripe.stripes = count[step.member];
        if (first < 0) {
            first = static_cast<std::int32_t>(result.size());
            stripe.weights = std::move(op.weights);
            stripe.scales = std::move(op.scales);
            stripe.slices = std::move(op.slices);
        }
        stripe.first_stripe = first;
        result.push_back(std::move(stripe));
    }
}

/// Forms the cascades found for an arena of `limit` bytes. Returns whether there are any.
bool apply(Program& program, std::int64_t limit) {
    Searcher searcher(program, limit);
    std::vector<std::vector<Range>> found;
    bool any = false;
    for (const auto& segment : program.segments) {
        found.push_back(searcher.best(segment));
        for (const auto& range : found.back()) any = any || range.height > 0;
    }
    if (!any) return false;
    for (std::size_t s = 0; s < found.size(); ++s) {
        std::vector<NpuOp> result;
        std::vector<NpuOp>& ops = program.segments[s].ops;
        for (const auto& range : found[s]) {
            if (range.height > 0) {
                append_stripes(program, ops, range, result);
            } else {
                result.push_back(std::move(ops[range.first]));
            }
        }
        ops = std::move(result);
    }
    return true;
}

/// Whether all maps fit into half the arena at every time: then little can be gained.
bool maps_are_small(const Program& program) {
    const std::vector<Use> uses = uses_of(program);
    std::vector<std::int64_t> change(static_cast<std::size_t>(program.times) + 2, 0);
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& buffer = program.buffers[i];
        if (buffer.pinned || buffer.kind == Placement::Kind::constant || uses[i].first < 0)
            continue;
        change[static_cast<std::size_t>(uses[i].first)] += uses[i].size;
        change[static_cast<std::size_t>(uses[i].last) + 1] -= uses[i].size;
    }
    std::int64_t alive = 0;
    return std::all_of(change.begin(), change.end(), [&](std::int64_t by) {
        alive += by;
        return alive <= program.target->sram.size.count() / 2;
    });
}

}  // namespace

void form_cascades(Program& program) {
    const bool small = program.options.optimise == Optimise::size;
    if (!program.spilling() || (!small && maps_are_small(program))) return;
    // What is to be small: bytes, or cycles. The prediction is that good: a smaller gain than one
    // percent may be a loss.
    const auto cost = [&](const Program& placed) {
        return small ? placed.fast_size + placed.arena_size : predict_cycles(placed);
    };
    const char* unit = small ? "B" : "cycles";
    Program plain = program;
    place(plain);
    const std::int64_t whole = cost(plain);
    std::int64_t least = small ? whole : whole * 99 / 100;
    std::string reason = fmt::format("cascades: none {} {}", whole, unit);
    std::string taken = "none";
    std::optional<Program> best;
    const std::int64_t arena = program.target->sram.size.count();
    std::vector<std::int64_t> limits{arena};
    for (const auto rung : ladder) {
        if (rung < arena && (small || rung >= arena / 3)) limits.push_back(rung);
    }
    for (const auto limit : limits) {
        Program formed = program;
        if (!apply(formed, limit)) continue;
        Program placed = formed;
        place(placed);
        const std::int64_t found = cost(placed);
        reason += fmt::format(", those for {} B {} {}", limit, found, unit);
        if (found >= least) continue;
        least = found;
        taken = fmt::format("those for {} B", limit);
        best = std::move(formed);
    }
    if (best) program = std::move(*best);
    program.reasons.push_back(fmt::format("{}: taken {}", reason, taken));
}

}  // namespace u65sim::compiler
