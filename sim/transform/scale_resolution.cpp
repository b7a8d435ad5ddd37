// Another input size, followed through the network.
#include <cmath>
#include <map>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/transform.hpp>

#include "ir/constants.hpp"
#include "ir/infer_shapes.hpp"
#include "transform/weights_of.hpp"

namespace u65sim {
namespace {

class Rescaler {
public:
    Rescaler(const Graph& graph, std::int32_t height) : before_(graph), graph_(graph) {
        for (const TensorId id : graph_.inputs) {
            Shape& shape = after(id);
            if (shape.size() != 4 || shape[1] <= 1) continue;
            const double width = static_cast<double>(shape[2]) * height / shape[1];
            shape[1] = height;
            shape[2] = static_cast<std::int32_t>(std::max(1L, std::lround(width)));
            any_ = true;
        }
        if (!any_) {
            throw InvalidModel(
                fmt::format("{}: has no image among its inputs to rescale", graph.name));
        }
    }

    Graph run() {
        for (Operator& op : graph_.operators) {
            fit(op);
            const auto shapes = ir::infer_shapes(graph_, op);
            for (std::size_t at = 0; at < op.outputs.size(); ++at) {
                if (at >= shapes.size() || !shapes[at]) {
                    throw InvalidModel(fmt::format(
                        "operator '{}': its output shape cannot follow another resolution",
                        op.name));
                }
                after(op.outputs[at]) = *shapes[at];
            }
        }
        verify(graph_);
        return std::move(graph_);
    }

private:
    /// Height, width and channels behind a flattened row, before and after.
    struct Image {
        Shape before, after;
    };

    const Shape& before(TensorId id) const {
        return before_.tensors[static_cast<std::size_t>(id)].shape;
    }
    Shape& after(TensorId id) { return graph_.tensors[static_cast<std::size_t>(id)].shape; }

    void fit(Operator& op) {
        switch (op.type) {
            case OpType::average_pool_2d:
            case OpType::max_pool_2d:
                fit_window(op);
                break;
            case OpType::reshape:
                fit_reshape(op);
                break;
            case OpType::fully_connected:
                fit_rows(op);
                break;
            case OpType::transpose_conv:
                fit_extents(op, 0, 2);
                break;
            case OpType::resize_bilinear:
            case OpType::resize_nearest_neighbor:
                fit_extents(op, 1, 0);
                break;
            default:
                // What works element by element hands a flattened image on.
                if (!op.inputs.empty() && op.outputs.size() == 1 &&
                    images_.contains(op.inputs[0]) &&
                    before(op.inputs[0]) == before(op.outputs[0])) {
                    images_[op.outputs[0]] = images_[op.inputs[0]];
                }
        }
    }

    /// A window over the whole map stays one. A small maximum over it is a step down that happens
    /// to be the last.
    void fit_window(Operator& op) {
        auto& window = std::get<WindowAttributes>(op.attributes);
        const Shape& old = before(op.inputs[0]);
        if (window.filter_h != old[1] || window.filter_w != old[2]) return;
        constexpr std::int32_t small = 3;
        if (op.type == OpType::max_pool_2d && window.filter_h <= small &&
            window.filter_w <= small) {
            return;
        }
        const Shape& now = after(op.inputs[0]);
        if (window.stride_h == window.filter_h) window.stride_h = now[1];
        if (window.stride_w == window.filter_w) window.stride_w = now[2];
        window.filter_h = now[1];
        window.filter_w = now[2];
    }

    void replace_operand(Operator& op, std::size_t operand,
                         const std::vector<std::int32_t>& values) {
        Tensor stated = graph_.tensors[static_cast<std::size_t>(op.inputs.at(operand))];
        stated.name = fmt::format("{}/resized_{}", stated.name, graph_.tensors.size());
        stated.type = ElementType::int32;
        stated.data = ir::int32_data(values);
        op.inputs[operand] = static_cast<TensorId>(graph_.tensors.size());
        graph_.tensors.push_back(std::move(stated));
    }

    void fit_reshape(Operator& op) {
        const Shape& old_in = before(op.inputs[0]);
        const Shape& old_out = before(op.outputs[0]);
        const Shape& in = after(op.inputs[0]);
        if (in == old_in) return;
        Shape out = old_out;
        const bool flattens =
            old_in.size() == 4 && !old_out.empty() &&
            std::int64_t{old_out.back()} == std::int64_t{old_in[1]} * old_in[2] * old_in[3];
        if (flattens) {
            out.back() = static_cast<std::int32_t>(std::int64_t{in[1]} * in[2] * in[3]);
            images_[op.outputs[0]] = {{old_in[1], old_in[2], old_in[3]}, {in[1], in[2], in[3]}};
        } else {
            // The one extent that can take what the others leave over.
            bool found = false;
            for (std::size_t axis = old_out.size(); axis-- > 0 && !found;) {
                std::int64_t others = 1;
                for (std::size_t at = 0; at < out.size(); ++at) others *= at == axis ? 1 : out[at];
                if (old_out[axis] <= 1 || others == 0 || element_count(in) % others != 0) continue;
                if (axis + 1 == old_out.size() && old_out.back() == old_in.back()) continue;
                out[axis] = static_cast<std::int32_t>(element_count(in) / others);
                found = true;
            }
            if (!found || element_count(out) != element_count(in)) {
                throw InvalidModel(
                    fmt::format("operator '{}': {} cannot be reshaped as {} was to {}", op.name,
                                to_string(in), to_string(old_in), to_string(old_out)));
            }
        }
        std::get<ReshapeAttributes>(op.attributes).new_shape = out;
        if (op.inputs.size() > 1 && op.inputs[1] != no_tensor) replace_operand(op, 1, out);
    }

    /// Rows of weights over a flattened image: the nearest old position of every new one.
    void fit_rows(Operator& op) {
        const auto image = images_.find(op.inputs[0]);
        const auto weights = transform::weights_of(graph_, op);
        if (image == images_.end() || !weights) return;
        const auto& [old, now] = image->second;
        std::vector<std::int32_t> picks;
        for (std::int32_t y = 0; y < now[0]; ++y) {
            for (std::int32_t x = 0; x < now[1]; ++x) {
                const std::int32_t from = y * old[0] / now[0] * old[1] + x * old[1] / now[1];
                for (std::int32_t c = 0; c < now[2]; ++c) picks.push_back(from * old[2] + c);
            }
        }
        transform::pick_slices(graph_.tensors[static_cast<std::size_t>(*weights)], 1, picks);
    }

    /// An operand that states the output's height and width, which grow as the map's do.
    void fit_extents(Operator& op, std::size_t operand, std::size_t map) {
        const auto stated = ir::constant_integers(graph_, op.inputs.at(operand));
        if (!stated) return;
        const Shape& old = before(op.inputs.at(map));
        const Shape& now = after(op.inputs.at(map));
        std::vector<std::int32_t> values;
        const std::size_t first = stated->size() == 4 ? 1 : 0;
        for (std::size_t at = 0; at < stated->size(); ++at) {
            double value = static_cast<double>((*stated)[at]);
            if (at >= first && at < first + 2) {
                const std::size_t axis = at - first + 1;
                value = value * now[axis] / old[axis];
            }
            values.push_back(static_cast<std::int32_t>(std::lround(value)));
        }
        replace_operand(op, operand, values);
    }

    const Graph& before_;
    Graph graph_;
    std::map<TensorId, Image> images_;
    bool any_ = false;
};

}  // namespace

Graph scale_resolution(const Graph& graph, std::int32_t height) {
    if (height < 1 || height > 8192) {
        throw InvalidModel(fmt::format("resolution = {}: must be from 1 to 8192", height));
    }
    return Rescaler{graph, height}.run();
}

}  // namespace u65sim
