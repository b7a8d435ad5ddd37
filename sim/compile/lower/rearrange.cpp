#include "compile/lower/rearrange.hpp"

#include <algorithm>
#include <array>

namespace u65sim::compiler {

namespace {

constexpr std::size_t most_pieces = 256;

/// A run of positions along one axis.
struct Run {
    std::int64_t from = 0, to = 0, count = 0;
    std::int64_t step = 1;     ///< where it is read
    std::int64_t to_step = 1;  ///< and where it is written
};
using Runs = std::vector<Run>;

/// Runs for the four axes of a map; the batch's in front.
using AxisRuns = std::array<Runs, 4>;

Runs whole(std::int64_t extent) { return {{0, 0, extent, 1}}; }

bool is_whole(const Runs& runs, std::int64_t extent) {
    return runs.size() == 1 && runs[0].from == 0 && runs[0].to == 0 && runs[0].count == extent &&
           runs[0].step == 1;
}

/// Every combination of the axes' runs.
std::optional<std::vector<Piece>> combined(AxisRuns axes, const std::array<std::int64_t, 4>& in) {
    // Batches stand below each other, so rows of several are moved together or not at all.
    Runs rows;
    if (is_whole(axes[1], in[1])) {
        for (const Run& run : axes[0]) {
            if (run.step != 1 && run.count != 1) return std::nullopt;
            rows.push_back({run.from * in[1], run.to * in[1], run.count * in[1], 1});
        }
    } else if (in[1] == 1 && is_whole(axes[0], in[0])) {
        // Batches of one row each become batches of several: every one of these is a row apart.
        const auto apart = static_cast<std::int64_t>(axes[1].size());
        for (const Run& run : axes[1]) rows.push_back({0, run.to, in[0], 1, apart});
    } else if (in[0] == 1 && is_whole(axes[0], 1)) {
        rows = std::move(axes[1]);
    } else {
        return std::nullopt;
    }
    if (rows.size() * axes[2].size() * axes[3].size() > most_pieces) return std::nullopt;
    const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
    std::vector<Piece> pieces;
    for (const Run& y : rows) {
        for (const Run& x : axes[2]) {
            for (const Run& c : axes[3]) {
                Piece piece;
                piece.from = {narrow(y.from), narrow(x.from), narrow(c.from)};
                piece.to = {narrow(y.to), narrow(x.to), narrow(c.to)};
                piece.extent = {narrow(y.count), narrow(x.count), narrow(c.count)};
                piece.from_step_y = narrow(y.step);
                piece.from_step_x = narrow(x.step);
                piece.to_step_y = narrow(y.to_step);
                pieces.push_back(piece);
            }
        }
    }
    return pieces;
}

/// One operator over a map of up to four dimensions, or more whose first ones stay as they are.
class Rearranged {
public:
    Rearranged(const Graph& graph, const Operator& op) : graph_(graph), op_(op) {
        const Shape& shape = tensor(op.inputs.at(0)).shape;
        rank_ = shape.size();
        for (std::size_t i = 0; i < rank_; ++i) in_[axis4(i)] *= shape[i];
        for (std::size_t i = 0; i < 4; ++i) runs_[i] = whole(in_[i]);
    }

    std::optional<std::vector<Piece>> pieces() {
        switch (op_.type) {
            case OpType::space_to_depth:
            case OpType::depth_to_space:
                return blocks(op_.type == OpType::depth_to_space);
            case OpType::tile:
                if (!tile()) return std::nullopt;
                break;
            case OpType::reverse_v2:
                if (!reverse()) return std::nullopt;
                break;
            case OpType::mirror_pad:
                if (!mirror()) return std::nullopt;
                break;
            case OpType::strided_slice:
                if (!strided_slice()) return std::nullopt;
                break;
            default:
                return std::nullopt;
        }
        return combined(std::move(runs_), in_);
    }

private:
    [[nodiscard]] const Tensor& tensor(TensorId id) const {
        return graph_.tensors[static_cast<std::size_t>(id)];
    }
    /// A constant operand of `count` integers; empty otherwise.
    [[nodiscard]] std::vector<std::int64_t> constant(std::size_t index, std::size_t count) const {
        if (index >= op_.inputs.size() || op_.inputs[index] < 0 ||
            !is_parameter(tensor(op_.inputs[index]))) {
            return {};
        }
        auto values = integers(tensor(op_.inputs[index]));
        return values.size() == count ? values : std::vector<std::int64_t>{};
    }
    [[nodiscard]] std::size_t axis4(std::size_t axis) const {
        return axis + 4 > rank_ ? axis + 4 - rank_ : 0;
    }

    bool tile() {
        const auto repeats = constant(1, rank_);
        if (repeats.empty()) return false;
        for (std::size_t i = 0; i < rank_; ++i) {
            const std::size_t axis = axis4(i);
            if (repeats[i] < 1 || repeats[i] > static_cast<std::int64_t>(most_pieces)) return false;
            if (i + 4 < rank_ && repeats[i] > 1) return false;
            if (repeats[i] == 1) continue;
            runs_[axis].clear();
            for (std::int64_t k = 0; k < repeats[i]; ++k) {
                runs_[axis].push_back({0, k * in_[axis], in_[axis], 1});
            }
        }
        return true;
    }

    bool reverse() {
        const auto axes = constant(1, 1);
        if (axes.empty()) return false;
        const std::int32_t axis = normalise_axis(axes[0], rank_);
        if (axis < 0 || axis >= static_cast<std::int32_t>(rank_)) return false;
        const std::size_t at = axis4(static_cast<std::size_t>(axis));
        return one_by_one(at, in_[at] - 1, -1, in_[at]);
    }

    /// `count` runs of one element, read from `first` on by `step`.
    bool one_by_one(std::size_t axis, std::int64_t first, std::int64_t step, std::int64_t count) {
        if (count > static_cast<std::int64_t>(most_pieces)) return false;
        runs_[axis].clear();
        for (std::int64_t k = 0; k < count; ++k) {
            runs_[axis].push_back({first + k * step, k, 1, 1});
        }
        return true;
    }

    bool mirror() {
        const auto amounts = constant(1, 2 * rank_);
        const auto* attributes = std::get_if<MirrorPadAttributes>(&op_.attributes);
        if (amounts.empty() || attributes == nullptr) return false;
        const std::int64_t edge = attributes->symmetric ? 0 : 1;
        for (std::size_t i = 0; i < rank_; ++i) {
            const std::size_t axis = axis4(i);
            const std::int64_t before = amounts[2 * i], after = amounts[2 * i + 1];
            const std::int64_t most = in_[axis] - edge;
            if (before < 0 || after < 0 || before > most || after > most) return false;
            if (before + after >= static_cast<std::int64_t>(most_pieces)) return false;
            runs_[axis] = {{0, before, in_[axis], 1}};
            for (std::int64_t k = 0; k < before; ++k) {
                runs_[axis].push_back({before - 1 - k + edge, k, 1, 1});
            }
            for (std::int64_t k = 0; k < after; ++k) {
                runs_[axis].push_back({in_[axis] - 1 - k - edge, before + in_[axis] + k, 1, 1});
            }
        }
        return true;
    }

    bool strided_slice() {
        const auto ranges = strided_ranges(graph_, op_);
        if (!ranges) return false;
        for (std::size_t i = 0; i < rank_; ++i) {
            if (!strided_axis(axis4(i), (*ranges)[i])) return false;
        }
        return true;
    }

    bool strided_axis(std::size_t axis, const ir::SliceRange& range) {
        const auto [first, count, step] = range;
        if (std::abs(step) > 65535) return false;
        const bool in_one = step == 1 || count == 1 || (step > 0 && axis != 3);
        if (!in_one) return one_by_one(axis, first, step, count);
        runs_[axis] = {{first, 0, count, count == 1 ? 1 : step}};
        return true;
    }

    /// One copy for each place in a block.
    std::optional<std::vector<Piece>> blocks(bool back) const {
        const auto* attributes = std::get_if<BlockAttributes>(&op_.attributes);
        const std::int32_t block = attributes == nullptr ? 0 : attributes->block_size;
        if (rank_ != 4 || block < 1 || static_cast<std::size_t>(block) * block > most_pieces) {
            return std::nullopt;
        }
        // Blocks never cross from one batch into the next.
        const Shape& flat = tensor(back ? op_.inputs[0] : op_.outputs.at(0)).shape;
        const auto depth = tensor(back ? op_.outputs.at(0) : op_.inputs[0]).shape[3];
        std::vector<Piece> pieces;
        for (std::int32_t i = 0; i < block; ++i) {
            for (std::int32_t j = 0; j < block; ++j) {
                const Place deep{0, 0, (i * block + j) * depth}, wide{i, j, 0};
                Piece piece;
                piece.extent = {flat[0] * flat[1], flat[2], depth};
                piece.from = back ? deep : wide;
                piece.to = back ? wide : deep;
                (back ? piece.to_step_y : piece.from_step_y) = block;
                (back ? piece.to_step_x : piece.from_step_x) = block;
                pieces.push_back(piece);
            }
        }
        return pieces;
    }

    const Graph& graph_;
    const Operator& op_;
    std::size_t rank_ = 0;
    std::array<std::int64_t, 4> in_{1, 1, 1, 1};
    AxisRuns runs_;
};

}  // namespace

std::optional<std::vector<Piece>> rearranged_pieces(const Graph& graph, const Operator& op) {
    return Rearranged(graph, op).pieces();
}

BlockRows block_rows(const Extent& wide, std::int32_t block, bool back) {
    BlockRows rows;
    rows.wide = {wide.h, wide.w / block, wide.c * block};
    for (std::int32_t i = 0; i < block; ++i) {
        const Place deep{0, 0, i * rows.wide.c}, row{i, 0, 0};
        Piece piece;
        piece.extent = {wide.h / block, rows.wide.w, rows.wide.c};
        piece.from = back ? deep : row;
        piece.to = back ? row : deep;
        (back ? piece.to_step_y : piece.from_step_y) = block;
        rows.pieces.push_back(piece);
    }
    return rows;
}

}  // namespace u65sim::compiler
