#include "compile/cascade_search.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "compile/choose_blocks.hpp"
#include "compile/constants.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// Operations in one cascade at most: more only lengthen the search.
constexpr std::size_t longest = 16;
constexpr std::array<std::int32_t, 12> heights = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 2;
/// Indices of PlacementCycles.
constexpr std::size_t slow = 0, fast = 1;

stream::Layout layout_for(std::int32_t channels) {
    return channels >= 16 ? stream::Layout::nhcwb16 : stream::Layout::nhwc;
}

stream::FeatureMap map_of(const View& view, int region) {
    stream::FeatureMap map;
    map.region = region;
    map.type = view.type;
    map.layout = layout_for(view.storage.c);
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

}  // namespace

std::vector<BufferUse> uses_of(const Program& program) {
    std::vector<BufferUse> uses(program.buffers.size());
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& b = program.buffers[i];
        uses[i].size = storage_bytes(b.extent, b.type, layout_for(b.extent.c));
    }
    for (const auto& segment : program.segments) {
        for (const auto& op : segment.ops) {
            for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (!view->valid()) continue;
                BufferUse& use = uses[static_cast<std::size_t>(view->buffer)];
                ++(view == &op.ofm ? use.writers : use.readers);
                if (use.first < 0) use.first = op.time;
                use.last = op.time;
            }
        }
    }
    return uses;
}

CascadeSearch::CascadeSearch(const Program& program, const Segment& segment)
    : program_(program),
      ops_(segment.ops),
      uses_(uses_of(program)),
      floor_(segment.ops.size() + 1, 0),
      stripes_(segment.ops.size()),
      chains_(segment.ops.size() * heights.size()) {
    for (std::size_t i = 0; i < uses_.size(); ++i) {
        const auto index = static_cast<int>(i);
        if (uses_[i].first < 0 || !may_be_fast(index)) continue;
        candidates_.push_back({index, uses_[i].first, uses_[i].last, uses_[i].size});
    }
    for (std::size_t i = 0; i < ops_.size(); ++i) {
        linked_.push_back(i + 1 < ops_.size() && linked(i));
        const auto& cycles = stripe_cycles(i, 0, ops_[i].ofm.extent.h);
        floor_[i + 1] = floor_[i] + cycles[fast][fast].count();
    }
}

std::vector<Range> CascadeSearch::best(std::int64_t limit) {
    const std::size_t n = ops_.size();
    std::vector<std::int64_t> least(n + 1, never);
    std::vector<Range> choice(n + 1);
    least[0] = 0;
    for (std::size_t end = 1; end <= n; ++end) {
        for (std::size_t first = end; first-- > 0 && end - first <= longest;) {
            if (first + 1 < end && !linked_[first]) break;
            const auto consider = [&](std::int32_t height) {
                const Range range{first, end - 1, height};
                const std::int64_t own = predicted(range, limit);
                if (least[first] >= never || own >= never) return;
                const std::int64_t cycles = least[first] + own;
                if (cycles < least[end]) {
                    least[end] = cycles;
                    choice[end] = range;
                }
            };
            if (first + 1 == end) {
                consider(0);
                continue;
            }
            // Stripes take no less than whole operations with all maps in SRAM.
            if (least[first] + floor_[end] - floor_[first] >= least[end]) continue;
            for (const auto height : heights) {
                if (height >= ops_[end - 1].ofm.extent.h ||
                    least_bytes({first, end - 1, height}) > limit) {
                    break;
                }
                consider(height);
            }
        }
    }
    std::vector<Range> ranges;
    if (least[n] >= never) return ranges;
    for (std::size_t end = n; end > 0; end = choice[end].first) ranges.push_back(choice[end]);
    std::reverse(ranges.begin(), ranges.end());
    return ranges;
}

/// Whether operation `at` may hand its rows to the next one through a rolling buffer.
bool CascadeSearch::linked(std::size_t at) const {
    const NpuOp& op = ops_[at];
    const NpuOp& next = ops_[at + 1];
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

bool CascadeSearch::may_be_fast(int index) const {
    return buffer(index).kind == Placement::Kind::feature_map &&
           !(program_.spilling() && buffer(index).pinned);
}

/// Bytes of the maps that live while a range runs and are neither its own nor hopeless.
std::int64_t CascadeSearch::alive_beside(const Range& range, std::int64_t limit) const {
    const std::int32_t from = ops_[range.first].time;
    const std::int32_t to = ops_[range.last].time;
    const int in = ops_[range.first].ifm.buffer;
    std::int64_t bytes = 0;
    for (const auto& other : candidates_) {
        if (other.first > to || other.last < from || other.buffer == in) continue;
        if (program_.spilling() && other.size > limit / 2) continue;
        bool own = false;
        for (std::size_t i = range.first; i <= range.last && !own; ++i) {
            own = ops_[i].ofm.buffer == other.buffer;
        }
        if (!own) bytes += other.size;
    }
    return bytes;
}

std::int64_t CascadeSearch::predicted(const Range& range, std::int64_t limit) {
    const Cost cost = cost_of(range);
    if (cost.bytes > limit) return never;
    const std::int64_t bytes = cost.bytes + alive_beside(range, limit);
    const int in = ops_[range.first].ifm.buffer;
    const int out = ops_[range.last].ofm.buffer;
    if (!program_.spilling()) {
        const std::int64_t top = bytes + (may_be_fast(in) ? use(in).size : 0) +
                                 (may_be_fast(out) && out != in ? use(out).size : 0);
        return top > limit ? never : cost.cycles[fast][fast].count();
    }
    std::int64_t least = never;
    for (const std::size_t from : {fast, slow}) {
        for (const std::size_t to : {fast, slow}) {
            if ((from == fast && !may_be_fast(in)) || (to == fast && !may_be_fast(out))) continue;
            const std::int64_t top = bytes + (from == fast ? use(in).size : 0) +
                                     (to == fast && out != in ? use(out).size : 0);
            if (top > limit && (from == fast || to == fast || range.height > 0)) continue;
            least = std::min(least, cost.cycles[from][to].count());
        }
    }
    return least;
}

/// Bytes that a cascade takes at least: its weights, and of each map the rows that the first rows
/// of the last result need. More rows a step never need fewer.
std::int64_t CascadeSearch::least_bytes(const Range& range) const {
    std::int32_t rows = range.height;
    std::int64_t bytes = 0;
    for (std::size_t i = range.last;; --i) {
        const NpuOp& op = ops_[i];
        if (!op.slices.empty()) bytes += op.slices[0].size;
        if (i < range.last) {
            Extent rolling = op.ofm.extent;
            rolling.h = rows;
            bytes += storage_bytes(rolling, op.ofm.type, layout_for(rolling.c));
        }
        if (i == range.first) return bytes;
        rows = input_rows(op, 0, rows).end;
    }
}

CascadeSearch::Cost CascadeSearch::cost_of(const Range& range) {
    const auto [first, last, height] = range;
    if (height == 0) return {0, stripe_cycles(first, 0, ops_[first].ofm.extent.h)};
    const auto index = static_cast<std::size_t>(
        std::lower_bound(heights.begin(), heights.end(), height) - heights.begin());
    std::vector<Link>& chain = chains_[last * heights.size() + index];
    while (chain.size() <= last - first) grow(chain, last, height);
    const Link& front = chain[last - first];
    const Link& back = chain.front();
    Cost cost;
    cost.bytes = front.bytes;
    for (const std::size_t from : {fast, slow}) {
        for (const std::size_t to : {fast, slow}) {
            cost.cycles[from][to] =
                front.cycles[from][fast] + front.between + back.cycles[fast][to];
        }
    }
    return cost;
}

void CascadeSearch::grow(std::vector<Link>& chain, std::size_t last, std::int32_t height) {
    const std::size_t at = last - chain.size();
    const NpuOp& op = ops_[at];
    Link link;
    if (!op.slices.empty()) link.bytes = op.slices[0].size;
    if (chain.empty()) {
        const std::int32_t all = op.ofm.extent.h;
        for (std::int32_t y = 0; y < all; y += height) {
            link.stripes.push_back({y, std::min(y + height, all)});
        }
    } else {
        const Link& next = chain.back();
        Extent rolling = op.ofm.extent;
        rolling.h = stripes_before(ops_[at + 1], next.stripes, link.stripes);
        link.bytes += next.bytes + storage_bytes(rolling, op.ofm.type, layout_for(rolling.c));
        if (chain.size() > 1) link.between = next.between + next.cycles[fast][fast];
    }
    for (const auto& [y0, y1] : link.stripes) {
        const timing::PlacementCycles& cycles = stripe_cycles(at, y0, y1);
        for (const std::size_t from : {fast, slow}) {
            for (const std::size_t to : {fast, slow}) link.cycles[from][to] += cycles[from][to];
        }
    }
    chain.push_back(std::move(link));
}

const timing::PlacementCycles& CascadeSearch::stripe_cycles(std::size_t at, std::int32_t y0,
                                                            std::int32_t y1) {
    const NpuOp& op = ops_[at];
    const InputRows rows = input_rows(op, y0, y1);
    for (const auto& known : stripes_[at]) {
        if (known.rows == y1 - y0 && known.input_rows == rows.end - rows.begin) {
            return known.cycles;
        }
    }
    NpuOp stripe = stripe_of(op, y0, y1);
    if (y1 - y0 != op.ofm.extent.h) choose_block(stripe, *program_.target, program_.arch);
    stream::KernelOp& k = stripe.kernel;
    const int region = program_.spilling() ? region_fast : region_arena;
    k.ifm = map_of(stripe.ifm, region);
    k.ofm = map_of(stripe.ofm, region);
    if (k.is_binary() && !k.broadcast.scalar) {
        const bool in_reach = may_be_fast(stripe.ifm2.buffer);
        k.ifm2 = map_of(stripe.ifm2, in_reach ? region : region_arena);
    }
    k.weight_region = k.scale_region = region;
    if (!op.slices.empty()) {
        k.weights = op.slices[0].weights;
        k.scales = op.slices[0].scales;
    }
    stripes_[at].push_back({y1 - y0, rows.end - rows.begin,
                            program_.estimator->placements(k, {region_arena, region})});
    return stripes_[at].back().cycles;
}

}  // namespace u65sim::compiler
