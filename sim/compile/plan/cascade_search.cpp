#include "compile/plan/cascade_search.hpp"

#include <algorithm>
#include <limits>

#include <boost/container/static_vector.hpp>

#include "compile/build_kernel.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

constexpr std::size_t longest = tuning::max_cascade_length;
constexpr const auto& heights = tuning::stripe_heights;
/// Cycles of what has no room.
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max() / 2;
/// Indices of PlacementCycles.
constexpr std::size_t slow = 0, fast = 1;
/// Bytes that were not added up yet.
constexpr std::int64_t not_known = -1;

stream::FeatureMap map_in(const Program& program, const View& view, int region) {
    return map_of(view, region, layout_for(program, view.storage));
}

}  // namespace

std::int64_t most_alive(const Program& program) {
    const std::vector<BufferUse> uses = uses_of(program);
    std::vector<std::int64_t> change(static_cast<std::size_t>(program.times) + 2, 0);
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& buffer = program.buffers[i];
        const bool elsewhere = buffer.pinned && program.spilling();
        if (elsewhere || buffer.kind == Placement::Kind::constant || uses[i].first == no_time) {
            continue;
        }
        change[static_cast<std::size_t>(uses[i].first)] += uses[i].size;
        change[static_cast<std::size_t>(uses[i].last) + 1] -= uses[i].size;
    }
    std::int64_t alive = 0;
    std::int64_t most = 0;
    for (const std::int64_t by : change) {
        alive += by;
        most = std::max(most, alive);
    }
    return most;
}

CascadeSearch::CascadeSearch(const Program& program, const Segment& segment,
                             timing::KernelEstimator& estimator)
    : program_(program),
      ops_(segment.ops),
      estimator_(estimator),
      uses_(uses_of(program)),
      links_(program, ops_, uses_),
      floor_(segment.ops.size() + 1, 0),
      stripes_(segment.ops.size()),
      chains_(segment.ops.size() * heights.size()) {
    for (std::size_t i = 0; i < uses_.size(); ++i) {
        const auto index = static_cast<int>(i);
        if (uses_[i].first == no_time || !may_be_fast(index)) continue;
        candidates_.push_back({index, uses_[i].first, uses_[i].last, uses_[i].size});
    }
    for (std::size_t i = 0; i < ops_.size(); ++i) {
        const auto& cycles = stripe_cost(i, 0, ops_[i].ofm.extent.h).cycles;
        floor_[i + 1] = floor_[i] + cycles[fast][fast].count();
    }
}

CascadeSearch::Plan CascadeSearch::best(std::int64_t limit, Weights weights) {
    weights_ = weights;
    weights_refused_ = false;
    alive_.assign(ops_.size() * longest, not_known);
    const std::size_t n = ops_.size();
    std::vector<std::int64_t> least(n + 1, never);
    std::vector<Range> choice(n + 1);
    least[0] = 0;
    for (std::size_t end = 1; end <= n; ++end) {
        std::int64_t least_gain = 0;
        for (std::size_t first = end; first-- > 0 && end - first <= longest;) {
            if (first + 1 < end && !links_.may_precede(first, end - 1)) break;
            const auto consider = [&](std::int32_t height) {
                const Range range{first, end - 1, height};
                if (least[first] >= never) return;
                const std::int64_t own = predicted(range, limit, least[end] - least[first]);
                if (own >= never) return;
                least[end] = least[first] + own;
                choice[end] = range;
            };
            if (first + 1 == end) {
                consider(0);
                continue;
            }
            // Stripes take no less than whole operations with all maps in SRAM.
            if (links_.is_branched(first)) least_gain = tuning::least_branch_gain.of(floor_[n]);
            if (least[first] + floor_[end] - floor_[first] + least_gain >= least[end]) continue;
            for (const auto height : heights) {
                if (height >= ops_[end - 1].ofm.extent.h ||
                    takes_more({first, end - 1, height}, limit)) {
                    break;
                }
                if (height % row_unit(ops_[end - 1]) == 0) consider(height);
            }
        }
    }
    Plan plan{{}, least[n], weights_refused_};
    if (least[n] >= never) return plan;
    for (std::size_t end = n; end > 0; end = choice[end].first) plan.ranges.push_back(choice[end]);
    std::reverse(plan.ranges.begin(), plan.ranges.end());
    return plan;
}

bool CascadeSearch::may_be_fast(int index) const {
    return buffer(index).kind == Placement::Kind::feature_map &&
           !(program_.spilling() && buffer(index).pinned);
}

/// Bytes of the maps that live while a range runs, but for its first and last one, rolling buffers
/// and hopeless ones.
std::int64_t CascadeSearch::alive_beside(const Range& range, std::int64_t limit) {
    std::int64_t& known = alive_[range.last * longest + range.last - range.first];
    if (known != not_known) return known;
    const std::int32_t from = ops_[range.first].time;
    const std::int32_t to = ops_[range.last].time;
    const int in = ops_[range.first].ifm.buffer;
    const int out = ops_[range.last].ofm.buffer;
    std::int64_t bytes = 0;
    for (const auto& other : candidates_) {
        if (other.first > to || other.last < from || other.buffer == in || other.buffer == out ||
            links_.rolls(other.buffer, range.first, range.last)) {
            continue;
        }
        const bool is_hopeless = program_.spilling() && other.size > tuning::hopeless_map.of(limit);
        if (is_hopeless && !is_written(other.buffer, range)) continue;
        bytes += other.size;
    }
    known = bytes;
    return bytes;
}

bool CascadeSearch::is_written(int buffer, const Range& range) const {
    const auto& writers = links_.writers(buffer);
    const auto from = std::lower_bound(writers.begin(), writers.end(), range.first);
    return from != writers.end() && *from <= range.last;
}

/// Whether a map that is not counted among those that live beside others is alive beside others
/// than who makes it and a range.
bool CascadeSearch::outlives(int buffer, const Range& range, std::int64_t limit) const {
    const BufferUse& user = use(buffer);
    return user.size > tuning::hopeless_map.of(limit) &&
           (user.first + 1 < ops_[range.first].time || user.last > ops_[range.last].time);
}

std::int64_t CascadeSearch::predicted(const Range& range, std::int64_t limit, std::int64_t bound) {
    if (is_hopeless(range, limit, bound)) return never;
    const Cost cost = cost_of(range);
    if (cost.rolling > limit || cost.cycles[fast][fast].count() >= bound) return never;
    const std::int64_t bytes = cost.rolling + cost.weights + alive_beside(range, limit);
    const int in = ops_[range.first].ifm.buffer;
    const int out = ops_[range.last].ofm.buffer;
    const bool in_may_be_fast = may_be_fast(in) && !outlives(in, range, limit);
    std::int64_t least = bound;
    const auto consider = [&](std::size_t from, std::size_t to) {
        std::int64_t cycles = cost.cycles[from][to].count();
        if (cycles >= least) return;
        const std::int64_t top = bytes + (from == fast && may_be_fast(in) ? use(in).size : 0) +
                                 (to == fast && out != in && may_be_fast(out) ? use(out).size : 0);
        const bool anywhere = from == slow && to == slow && range.height == 0;
        if (top > limit && !anywhere) {
            // Weights that find no room are read where they are.
            if (top - cost.weights > limit) return;
            weights_refused_ = true;
            if (weights_ == Weights::copied) return;
            cycles += streaming(range, top - limit);
        }
        least = std::min(least, cycles);
    };
    if (!program_.spilling()) {
        consider(fast, fast);
    } else {
        for (const std::size_t from : {fast, slow}) {
            if (from == slow && range.height > 0 && links_.forks_input(range.first, range.last))
                continue;
            for (const std::size_t to : {fast, slow}) {
                if ((from == fast && !in_may_be_fast) || (to == fast && !may_be_fast(out))) {
                    continue;
                }
                consider(from, to);
            }
        }
    }
    return least < bound ? least : never;
}

/// Whether a cascade takes more than `limit` bytes at least, its weights apart: of each map the
/// rows that the first rows of the last result need. More rows a step never need fewer.
bool CascadeSearch::takes_more(const Range& range, std::int64_t limit) {
    const std::vector<Link>& chain = known_chain(range);
    if (chain.size() > range.last - range.first) {
        return chain[range.last - range.first].rolling > limit;
    }
    std::array<std::int32_t, longest> rows{};  // per operation, the last one in front
    rows[0] = range.height;
    std::int64_t bytes = 0;
    for (std::size_t i = range.last; i-- > range.first;) {
        std::int32_t& needed = rows[range.last - i];
        for (const std::size_t reader : links_.readers(i)) {
            if (reader > range.last) break;
            needed = std::max(needed, input_rows(ops_[reader], 0, rows[range.last - reader]).end);
        }
        if (links_.rolls_from(i, range.last)) bytes += rolling_bytes(i, needed);
        if (bytes > limit) return true;
    }
    return false;
}

std::int64_t CascadeSearch::rolling_bytes(std::size_t at, std::int32_t rows) const {
    const Buffer& map = buffer(ops_[at].ofm.buffer);
    Extent rolling = map.extent;
    rolling.h = rows;
    return storage_bytes(rolling, map.type, layout_for(program_, map.extent));
}

bool CascadeSearch::is_hopeless(const Range& range, std::int64_t limit, std::int64_t bound) {
    if (range.height == 0) return false;
    const std::vector<Link>& chain = known_chain(range);
    if (chain.empty() || chain.size() > range.last - range.first) return false;
    // What comes in front adds to both.
    const Link& front = chain.back();
    const Cycles own = chain.size() > 1 ? front.cycles[fast][fast] : Cycles{0};
    const Cycles known = own + front.between + chain.front().cycles[fast][fast];
    const std::size_t first_known = range.last + 1 - chain.size();
    const std::int64_t others = floor_[first_known] - floor_[range.first];
    return front.rolling > limit || known.count() + others >= bound;
}

std::vector<CascadeSearch::Link>& CascadeSearch::known_chain(const Range& range) {
    const auto index = static_cast<std::size_t>(
        std::lower_bound(heights.begin(), heights.end(), range.height) - heights.begin());
    return chains_[range.last * heights.size() + index];
}

std::vector<CascadeSearch::Link>& CascadeSearch::chain_of(const Range& range) {
    std::vector<Link>& chain = known_chain(range);
    while (chain.size() <= range.last - range.first) grow(chain, range.last, range.height);
    return chain;
}

CascadeSearch::Cost CascadeSearch::cost_of(const Range& range) {
    const auto [first, last, height] = range;
    if (height == 0) return {0, 0, stripe_cost(first, 0, ops_[first].ofm.extent.h).cycles};
    const std::vector<Link>& chain = chain_of(range);
    const Link& front = chain[last - first];
    const Link& back = chain.front();
    Cost cost;
    cost.rolling = front.rolling;
    cost.weights = front.weights;
    for (const std::size_t from : {fast, slow}) {
        for (const std::size_t to : {fast, slow}) {
            cost.cycles[from][to] =
                front.cycles[from][fast] + front.between + back.cycles[fast][to];
        }
    }
    // Others read the same input from the same place.
    for (std::size_t i = links_.next_alike(first); i <= last; i = links_.next_alike(i)) {
        const timing::PlacementCycles& cycles = chain[last - i].cycles;
        for (const std::size_t to : {fast, slow}) {
            const std::size_t own = i == last ? to : fast;
            cost.cycles[slow][to] += cycles[slow][own] - cycles[fast][own];
        }
    }
    return cost;
}

std::int64_t CascadeSearch::streaming(const Range& range, std::int64_t bytes) {
    std::vector<Link>& chain = chain_of(range);
    const std::size_t members = range.last - range.first + 1;
    boost::container::static_vector<Streamed, longest> all;
    for (std::size_t i = 0; i < members; ++i) {
        const std::size_t at = range.last - i;
        if (ops_[at].slices.empty()) continue;
        Link& link = chain[i];
        if (!link.streamed) {
            std::int64_t cycles = 0;
            for (const auto& [y0, y1] : link.stripes) {
                if (y0 < y1) cycles += streamed_cycles(at, y0, y1);
            }
            link.streamed = cycles;
        }
        all.push_back({ops_[at].slices[0].size, *link.streamed});
    }
    // The cheapest by the byte first.
    std::stable_sort(all.begin(), all.end(), [](const Streamed& a, const Streamed& b) {
        return a.cycles * b.bytes < b.cycles * a.bytes;
    });
    std::int64_t cycles = 0;
    for (const Streamed& one : all) {
        if (bytes <= 0) break;
        bytes -= one.bytes;
        cycles += one.cycles;
    }
    return cycles;
}

void CascadeSearch::grow(std::vector<Link>& chain, std::size_t last, std::int32_t height) {
    const std::size_t at = last - chain.size();
    const NpuOp& op = ops_[at];
    Link link;
    if (!op.slices.empty()) link.weights = op.slices[0].size;
    if (chain.empty()) {
        const std::int32_t all = op.ofm.extent.h;
        for (std::int32_t y = 0; y < all; y += height) {
            link.stripes.push_back({y, std::min(y + height, all)});
        }
    } else {
        const Link& next = chain.back();
        boost::container::static_vector<RowReader, longest> readers;
        for (const std::size_t i : links_.readers(at)) {
            if (i <= last) readers.push_back({&ops_[i], &chain[last - i].stripes});
        }
        const int map = op.ofm.buffer;
        link.kept = stripes_before({readers.data(), readers.size()}, op,
                                   !links_.is_read_up(map, last), link.stripes);
        link.weights += next.weights;
        link.rolling = next.rolling;
        if (chain.size() > 1) link.between = next.between + next.cycles[fast][fast];
    }
    // Most stripes are like the one before.
    std::int32_t rows = 0;
    std::int32_t read = 0;
    timing::PlacementCycles cycles{};
    for (const auto& [y0, y1] : link.stripes) {
        if (y0 == y1) continue;
        const InputRows in = input_rows(op, y0, y1);
        if (y1 - y0 != rows || in.end - in.begin != read) {
            rows = y1 - y0;
            read = in.end - in.begin;
            cycles = stripe_cost(at, y0, y1).cycles;
        }
        for (const std::size_t from : {fast, slow}) {
            for (const std::size_t to : {fast, slow}) link.cycles[from][to] += cycles[from][to];
        }
    }
    chain.push_back(std::move(link));
    if (at == last || !links_.rolls_from(at, last)) return;
    std::int32_t kept = 0;
    for (const std::size_t writer : links_.writers(op.ofm.buffer)) {
        kept = std::max(kept, chain[last - writer].kept);
    }
    chain.back().rolling += rolling_bytes(at, kept);
}

NpuOp CascadeSearch::stripe(std::size_t at, std::int32_t y0, std::int32_t y1) const {
    const NpuOp& op = ops_[at];
    NpuOp stripe = stripe_of(op, y0, y1);
    if (y1 - y0 != op.ofm.extent.h) choose_block(stripe, program_);
    const int region = program_.spilling() ? region_fast : region_arena;
    stripe.kernel = build_kernel(stripe, [&](const View& view) {
        const bool in_arena = &view == &stripe.ifm2 && !may_be_fast(view.buffer);
        return map_in(program_, view, in_arena ? region_arena : region);
    });
    set_first_weights(stripe.kernel, op, region);
    return stripe;
}

CascadeSearch::StripeCost& CascadeSearch::stripe_cost(std::size_t at, std::int32_t y0,
                                                      std::int32_t y1) {
    const InputRows rows = input_rows(ops_[at], y0, y1);
    for (auto& known : stripes_[at]) {
        if (known.rows == y1 - y0 && known.input_rows == rows.end - rows.begin) return known;
    }
    const stream::KernelOp k = stripe(at, y0, y1).kernel;
    stripes_[at].push_back(
        {y1 - y0, rows.end - rows.begin, estimator_.placements(k, {region_arena, k.ofm.region})});
    return stripes_[at].back();
}

std::int64_t CascadeSearch::streamed_cycles(std::size_t at, std::int32_t y0, std::int32_t y1) {
    StripeCost& cost = stripe_cost(at, y0, y1);
    if (!cost.streamed) {
        const NpuOp part = stripe(at, y0, y1);
        stream::KernelOp k = part.kernel;
        k.weight_region = k.scale_region = region_constants;
        const Cycles more = estimator_.total(k) - cost.cycles[fast][fast];
        cost.streamed = std::max<std::int64_t>(0, more.count());
    }
    return *cost.streamed;
}

}  // namespace u65sim::compiler
