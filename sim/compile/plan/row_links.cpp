#include "compile/plan/row_links.hpp"

#include <algorithm>
#include <array>

#include "compile/plan/stripes.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

/// Whether row y of a view is row y of the map, for all rows.
bool has_all_rows(const View& view, const Buffer& map) {
    return view.y == 0 && view.storage == map.extent && view.extent.h == map.extent.h;
}

bool meet(std::int32_t a, std::int32_t a_size, std::int32_t b, std::int32_t b_size) {
    return a < b + b_size && b < a + a_size;
}

/// Whether two views with all rows of one map have elements in common.
bool overlap(const View& a, const View& b) {
    return meet(a.c, a.extent.c, b.c, b.extent.c) && meet(a.x, a.extent.w, b.x, b.extent.w);
}

/// Whether an operation reads all that was made there, as it is.
bool reads_whole(const NpuOp& op, const View& made) {
    const auto is_it = [&](const View& view) {
        return view.buffer == made.buffer && view.whole() && view.extent == made.extent;
    };
    return is_it(op.ifm) || is_it(op.ifm2);
}

}  // namespace

std::vector<BufferUse> uses_of(const Program& program) {
    std::vector<BufferUse> uses(program.buffers.size());
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& b = program.buffers[i];
        uses[i].size = storage_bytes(b.extent, b.type, layout_for(program, b.extent));
    }
    for (const auto& segment : program.segments) {
        for (const auto& op : segment.ops) {
            for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
                if (!view->valid()) continue;
                BufferUse& use = uses[static_cast<std::size_t>(view->buffer)];
                ++(view == &op.ofm ? use.writers : use.readers);
                if (use.first == no_time) use.first = op.time;
                use.last = op.time;
            }
        }
    }
    return uses;
}

RowLinks::RowLinks(const Program& program, const std::vector<NpuOp>& ops,
                   const std::vector<BufferUse>& uses)
    : ops_(ops), makers_(ops.size()), users_(program.buffers.size()) {
    find_users(program, uses);
    for (std::size_t at = 0; at < ops.size(); ++at) {
        find_readers(program, at);
        find_next_alike(at);
    }
}

bool RowLinks::forks_input(std::size_t first, std::size_t last) const {
    const std::size_t next = next_alike(first);
    return next <= last && !readers(first).empty() && next < readers(first).back() &&
           ops_[first].kernel.kind != stream::KernelKind::conv;
}

bool RowLinks::rolls_from(std::size_t at, std::size_t last) const {
    const int map = ops_[at].ofm.buffer;
    return first_use(map) == at && is_read_up(map, last) && map != ops_[last].ofm.buffer;
}

void RowLinks::find_users(const Program& program, const std::vector<BufferUse>& uses) {
    for (std::size_t at = 0; at < ops_.size(); ++at) {
        const NpuOp& op = ops_[at];
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (!view->valid()) continue;
            Users& users = users_[static_cast<std::size_t>(view->buffer)];
            if (users.writers.empty() && users.readers.empty()) users.first = at;
            users.last = at;
            (view == &op.ofm ? users.writers : users.readers).push_back(at);
        }
    }
    for (std::size_t i = 0; i < users_.size(); ++i) {
        users_[i].may_roll = may_roll(program, static_cast<int>(i), uses[i]);
    }
}

/// Whether a buffer may keep a few rows only where all its users are in one cascade.
bool RowLinks::may_roll(const Program& program, int buffer, const BufferUse& use) const {
    const Buffer& map = program.buffers[static_cast<std::size_t>(buffer)];
    const Users& users = users_of(buffer);
    if (map.kind != Placement::Kind::feature_map || map.pinned || map.whole_life ||
        users.writers.empty() || users.writers.front() != users.first ||
        users.writers.size() != static_cast<std::size_t>(use.writers) ||
        users.readers.size() != static_cast<std::size_t>(use.readers)) {
        return false;
    }
    const auto fits = [&](const View& view) {
        return view.buffer != buffer || has_all_rows(view, map);
    };
    return std::all_of(users.writers.begin(), users.writers.end(),
                       [&](std::size_t at) { return fits(ops_[at].ofm); }) &&
           std::all_of(users.readers.begin(), users.readers.end(),
                       [&](std::size_t at) { return fits(ops_[at].ifm) && fits(ops_[at].ifm2); });
}

/// Whether what an operation writes is written by others, too.
bool RowLinks::is_rewritten(std::size_t at) const {
    const View& made = ops_[at].ofm;
    const auto& writers = users_of(made.buffer).writers;
    return std::any_of(writers.begin(), writers.end(), [&](std::size_t other) {
        const View& view = ops_[other].ofm;
        return other != at && (view.storage != made.storage || overlap(view, made));
    });
}

bool RowLinks::takes_stripes(const Program& program, std::size_t reader, const View& made) const {
    const NpuOp& op = ops_[reader];
    const Buffer& map = program.buffer(made);
    const auto fits = [&](const View& view) {
        return !view.valid() || view.buffer != made.buffer || has_all_rows(view, map);
    };
    return can_stripe(op) && !program.buffer(op.ofm).whole_life && fits(op.ifm) && fits(op.ifm2);
}

void RowLinks::find_next_alike(std::size_t at) {
    const int map = ops_[at].ifm.buffer;
    const auto& readers = users_of(map).readers;
    auto it = std::upper_bound(readers.begin(), readers.end(), at);
    while (it != readers.end() && ops_[*it].ifm.buffer != map) ++it;
    makers_[at].next_alike = it != readers.end() ? *it : ops_.size();
}

void RowLinks::find_readers(const Program& program, std::size_t at) {
    const View& made = ops_[at].ofm;
    const Buffer& map = program.buffer(made);
    const Users& users = users_of(made.buffer);
    Maker& maker = makers_[at];
    maker.first_reader = maker.blocked_at = ops_.size();
    const auto behind = std::upper_bound(users.readers.begin(), users.readers.end(), at);
    for (auto it = behind; it != users.readers.end(); ++it) {
        const std::size_t reader = *it;
        if (reader - at >= tuning::max_cascade_length) break;
        if (it != behind && reader == *(it - 1)) continue;
        const NpuOp& op = ops_[reader];
        if (!takes_stripes(program, reader, made)) {
            maker.blocked_at = reader;
            break;
        }
        const bool reads_it = (op.ifm.buffer == made.buffer && overlap(op.ifm, made)) ||
                              (op.ifm2.buffer == made.buffer && overlap(op.ifm2, made));
        if (!reads_it) continue;
        maker.first_reader = std::min(maker.first_reader, reader);
        readers_.push_back(reader);
    }
    maker.readers_end = readers_.size();
    const bool is_elsewhere = map.pinned && program.spilling();
    maker.hands_on = can_stripe(ops_[at]) && map.kind == Placement::Kind::feature_map &&
                     !map.whole_life && !is_elsewhere && has_all_rows(made, map) &&
                     !is_rewritten(at);
    if (!program.options.like_vela) return;
    // In Vela's cascades a map has one reader, the next operation.
    maker.hands_on = maker.hands_on && users.may_roll && made.whole() && !upscales(ops_[at]) &&
                     users.writers.size() == 1 && users.readers.size() == 1 &&
                     maker.first_reader == at + 1 && reads_whole(ops_[at + 1], made) &&
                     !upscales(ops_[at + 1]);
}

}  // namespace u65sim::compiler
