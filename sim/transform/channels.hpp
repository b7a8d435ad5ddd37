// Which channels of a network can only change together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

#include "ir/analysis.hpp"

namespace u65sim::transform {

/// Channels made together, by one layer or by several whose results meet in an addition.
struct ChannelGroup {
    std::int32_t size = 0;
    bool fixed = false;               ///< their number cannot change
    std::vector<std::size_t> makers;  ///< operators with weights whose output channels they are
};

/// The channels of every feature map as parts of groups.
class Channels {
public:
    /// The outputs of the operators named keep their number. Throws InvalidModel for a name that is
    /// none of the network's.
    Channels(const Graph& graph, const std::vector<std::string>& keep);

    [[nodiscard]] const std::vector<ChannelGroup>& groups() const { return groups_; }

    /// The network with other channels: for each group, the old channel that every new one is a
    /// copy of.
    [[nodiscard]] Graph rebuilt(const std::vector<std::vector<std::int32_t>>& picks) const;

private:
    /// The last axis of a tensor: `outer` times the groups one behind the other.
    struct Layout {
        std::vector<std::size_t> parts;
        std::int32_t outer = 1;
        bool operator==(const Layout&) const = default;
    };

    std::size_t root(std::size_t group) const;
    std::size_t add_group(std::int32_t size, bool fixed);
    void fix(const Layout& layout);
    void fix_operands(const Operator& op);
    Layout own(TensorId tensor, bool fixed);
    Layout merged(const Layout& left, const Layout& right, TensorId output);
    const Layout& layout_of(TensorId tensor);
    const Tensor& tensor(TensorId id) const;
    bool is_map(TensorId id) const;

    void visit(std::size_t index);
    void visit_weighted(std::size_t index);
    Layout elementwise(const Operator& op);
    Layout concatenated(const Operator& op);
    std::optional<Layout> reshaped(const Operator& op);
    bool keeps_channels(const Operator& op) const;
    std::vector<std::int32_t> expanded(const Layout& layout,
                                       const std::vector<std::vector<std::int32_t>>& picks) const;

    const Graph& graph_;
    ir::Connections connections_;
    std::vector<ChannelGroup> groups_;
    mutable std::vector<std::size_t> parents_;
    std::vector<std::optional<Layout>> layouts_;  ///< a tensor each
};

}  // namespace u65sim::transform
