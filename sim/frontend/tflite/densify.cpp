#include "frontend/tflite/densify.hpp"

#include <algorithm>

namespace u65sim::frontend {
namespace {

// A dimension of the traversal: dense, or a list of the positions that hold something.
struct Level {
    bool is_sparse = false;
    std::int64_t size = 0;                ///< dense only
    std::vector<std::int64_t> segments;   ///< sparse: where each parent's positions begin
    std::vector<std::int64_t> positions;  ///< sparse
};

class Densifier {
public:
    Densifier(FileBytes& file, const Tensor& tensor, const std::vector<std::uint8_t>& stored,
              std::string_view place)
        : file_(file), tensor_(tensor), stored_(stored), place_(place) {}

    ConstantData run(const schema::SparsityTable& sparsity) {
        const std::int64_t bytes = dense_size();
        read(sparsity);
        if (element_bytes(tensor_.type) * element_count(tensor_.shape) != bytes) {
            fail("elements that share bytes cannot be stored sparse");
        }
        width_ = static_cast<std::size_t>(element_bytes(tensor_.type));
        file_.charge(static_cast<std::size_t>(bytes));
        dense_.assign(static_cast<std::size_t>(bytes), 0);
        at_.assign(order_.size(), 0);
        visit(0, 0);
        if (next_ * width_ != stored_.size()) fail("it stores more values than it has places for");
        return ConstantData{std::move(dense_)};
    }

private:
    [[noreturn]] void fail(std::string_view why) const {
        file_.fail("{}: is stored sparse: {}", place_, why);
    }

    [[nodiscard]] std::int64_t dense_size() const {
        try {
            return stored_bytes(tensor_);
        } catch (const QuantityOverflow&) {
            fail("its size leaves the range of 64 bits");
        }
    }

    template <class Vector>
    std::vector<std::int64_t> widened(const Vector* vector) {
        const auto values = file_.list(vector);
        return {values.begin(), values.end()};
    }
    std::vector<std::int64_t> indices(schema::AnyIndexList kind, const void* table) {
        if (table == nullptr) fail("a sparse dimension has no indices");
        switch (kind) {
            case schema::AnyIndexList::int32:
                return widened(static_cast<const schema::Int32List*>(table)->values());
            case schema::AnyIndexList::uint16:
                return widened(static_cast<const schema::Uint16List*>(table)->values());
            case schema::AnyIndexList::uint8:
                return widened(static_cast<const schema::Uint8List*>(table)->values());
            default:
                fail("a list of indices is of an unknown kind");
        }
    }

    void check_segments(const Level& level) const {
        const auto count = static_cast<std::int64_t>(level.positions.size());
        std::int64_t before = 0;
        for (const std::int64_t segment : level.segments) {
            if (segment < before || segment > count) {
                fail("segments must ascend, and end with the list of indices");
            }
            before = segment;
        }
    }

    void read(const schema::SparsityTable& sparsity) {
        order_ = file_.list(sparsity.traversal_order());
        blocks_ = file_.list(sparsity.block_map());
        const std::size_t rank = tensor_.shape.size();
        if (order_.size() != rank + blocks_.size() || sparsity.dimensions() == nullptr ||
            sparsity.dimensions()->size() != order_.size()) {
            fail("its dimensions are not those of the shape and its blocks");
        }
        std::vector<bool> seen(order_.size());
        for (const std::int32_t dimension : order_) {
            const auto index = static_cast<std::size_t>(dimension);
            if (dimension < 0 || index >= seen.size() || seen[index]) {
                fail("its order of dimensions is no permutation");
            }
            seen[index] = true;
        }
        std::vector<bool> blocked(rank);
        for (const std::int32_t mapped : blocks_) {
            const auto axis = static_cast<std::size_t>(mapped);
            if (mapped < 0 || axis >= rank) fail("a block is along no dimension of the shape");
            if (blocked[axis]) fail("two blocks are along one dimension of the shape");
            blocked[axis] = true;
        }
        std::int64_t room = element_count(tensor_.shape);
        for (const schema::DimensionTable* table : *sparsity.dimensions()) {
            Level level;
            level.is_sparse = table->format() != schema::DimensionKind::dense;
            level.size = table->dense_size();
            if (level.is_sparse) {
                level.segments = indices(table->segments_type(), table->segments());
                level.positions = indices(table->indices_type(), table->indices());
                check_segments(level);
            } else if (level.size < 0 || level.size > room) {
                fail("its dense dimensions are larger than the shape");
            } else {
                room /= std::max<std::int64_t>(level.size, 1);
            }
            levels_.push_back(std::move(level));
        }
        block_sizes_.assign(rank, 1);
        for (std::size_t level = 0; level < order_.size(); ++level) {
            const auto dimension = static_cast<std::size_t>(order_[level]);
            if (dimension < rank) continue;
            if (levels_[level].is_sparse) fail("a block is itself sparse");
            block_sizes_[static_cast<std::size_t>(blocks_[dimension - rank])] = levels_[level].size;
        }
    }

    // `parent`: which element of the level above this one is below of.
    void visit(std::size_t depth, std::int64_t parent) {
        if (depth == levels_.size()) {
            place_value();
            return;
        }
        const Level& level = levels_[depth];
        const auto dimension = static_cast<std::size_t>(order_[depth]);
        if (!level.is_sparse) {
            for (std::int64_t i = 0; i < level.size; ++i) {
                at_[dimension] = i;
                visit(depth + 1, parent * level.size + i);
            }
            return;
        }
        const auto row = static_cast<std::size_t>(parent);
        if (row + 1 >= level.segments.size()) fail("a sparse dimension has too few segments");
        const std::int64_t last = level.segments[row + 1];
        for (std::int64_t i = level.segments[row]; i < last; ++i) {
            at_[dimension] = level.positions[static_cast<std::size_t>(i)];
            visit(depth + 1, i);
        }
    }

    void place_value() {
        const std::size_t rank = tensor_.shape.size();
        std::int64_t linear = 0;
        for (std::size_t axis = 0; axis < rank; ++axis) {
            std::int64_t position = at_[axis] * block_sizes_[axis];
            for (std::size_t block = 0; block < blocks_.size(); ++block) {
                if (static_cast<std::size_t>(blocks_[block]) == axis) position += at_[rank + block];
            }
            if (position < 0 || position >= tensor_.shape[axis]) fail("a value leaves the shape");
            linear = linear * tensor_.shape[axis] + position;
        }
        if ((next_ + 1) * width_ > stored_.size()) fail("it has more places than stored values");
        std::copy_n(stored_.begin() + static_cast<std::ptrdiff_t>(next_ * width_), width_,
                    dense_.begin() +
                        static_cast<std::ptrdiff_t>(linear) * static_cast<std::ptrdiff_t>(width_));
        ++next_;
    }

    FileBytes& file_;
    const Tensor& tensor_;
    const std::vector<std::uint8_t>& stored_;
    std::string_view place_;
    std::vector<std::int32_t> order_, blocks_;
    std::vector<Level> levels_;
    std::vector<std::int64_t> block_sizes_;  ///< by axis of the shape
    std::vector<std::int64_t> at_;           ///< position along each dimension of the traversal
    std::vector<std::uint8_t> dense_;
    std::size_t width_ = 1, next_ = 0;
};

}  // namespace

ConstantData densify(FileBytes& file, const schema::SparsityTable& sparsity, const Tensor& tensor,
                     const std::vector<std::uint8_t>& stored, std::string_view place) {
    return Densifier{file, tensor, stored, place}.run(sparsity);
}

}  // namespace u65sim::frontend
