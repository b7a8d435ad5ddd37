// What a graph's operators cannot do without: products, elements, bytes, and who waits for whom.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "bound/needed.hpp"
#include "ir/analysis.hpp"
#include "target/architecture.hpp"

namespace u65sim::bound {

/// Of one operator. All zero where a stream may do without a kernel for it: moved, fused, folded
/// into its neighbours, or not needed as a whole.
struct OperatorWork {
    std::int64_t mac = 0;     ///< cycles of the MAC array, all cores at work
    std::int64_t output = 0;  ///< cycles of the output unit
    std::int64_t store = 0;   ///< cycles in which its input enters the IFM buffer
    std::int64_t steps = 0;   ///< cycles from one input element to an output element, units alone
    std::int64_t reads = 0, writes = 0;  ///< bytes of maps
    /// Maps it reads, by the tensor that first holds their elements.
    struct Source {
        TensorId tensor = no_tensor;
        std::int64_t bytes = 0;
    };
    std::vector<Source> sources;
    [[nodiscard]] bool is_kernel() const { return output > 0; }
};

/// Work of a graph's operators, and the least bytes of its maps.
class CompulsoryWork {
public:
    /// `on_cpu`: a flag for each operator that the NPU does not run.
    CompulsoryWork(const Graph& graph, const std::vector<bool>& on_cpu,
                   const Accelerator& accelerator);

    [[nodiscard]] const std::vector<OperatorWork>& operators() const { return work_; }
    [[nodiscard]] const std::vector<ir::OperatorIndex>& order() const { return order_; }
    /// Whether a part of a tensor is needed for the outputs, and which one.
    [[nodiscard]] bool is_needed(TensorId tensor) const { return needed(tensor).area() > 0; }
    [[nodiscard]] const Region& needed(TensorId tensor) const {
        return needed_[static_cast<std::size_t>(tensor)];
    }
    [[nodiscard]] bool is_constant(TensorId tensor) const {
        return tensor == no_tensor || constant_[static_cast<std::size_t>(tensor)];
    }
    /// The tensor that first holds what `tensor` consists of: through operators that only move or
    /// look up elements. A joined or repeated map is its own source.
    [[nodiscard]] TensorId source_of(TensorId tensor) const {
        return sources_[static_cast<std::size_t>(tensor)];
    }
    /// The fewest bytes from which all of a tensor can be made.
    [[nodiscard]] std::int64_t least_bytes(TensorId tensor) const {
        return least_bytes_[static_cast<std::size_t>(tensor)];
    }

private:
    void find_constants();
    void find_sources();
    [[nodiscard]] OperatorWork work_of(const Operator& op) const;
    [[nodiscard]] const Tensor& tensor(TensorId id) const {
        return graph_.tensors[static_cast<std::size_t>(id)];
    }
    /// Arithmetic whose operands are all made of the same map, element by element: one look-up.
    /// Sources of the operands must be known.
    [[nodiscard]] bool follows_one_map(const Operator& op) const;
    /// Maps that the operator reads for `outputs` elements of its result.
    void add_reads(const Operator& op, std::int64_t outputs, OperatorWork& work) const;
    /// The needed part of something that the whole tensor has so much of.
    [[nodiscard]] std::int64_t share_of(TensorId tensor, std::int64_t whole_tensor) const;
    /// Elements of a map without those that a PAD puts around it.
    [[nodiscard]] std::int64_t beside_padding(TensorId tensor) const;
    /// Needed results, of arithmetic those with padding on neither side: the others are known, or
    /// the other operand's.
    [[nodiscard]] std::int64_t elements_to_compute(const Operator& op) const;
    [[nodiscard]] std::int64_t written_bytes(TensorId output) const;

    const Graph& graph_;
    const Accelerator accelerator_;
    const Architecture arch_;
    ir::Connections connections_;
    std::vector<ir::OperatorIndex> order_;
    std::vector<bool> constant_;
    std::vector<Region> needed_;
    std::vector<std::int64_t> least_bytes_;
    std::vector<TensorId> sources_;
    std::vector<OperatorWork> work_;
};

/// Whether the operator's kernels, if any, may be part of its neighbours': it moves elements, or
/// makes each from one other.
bool is_transparent(const Graph& graph, const Operator& op);

}  // namespace u65sim::bound
