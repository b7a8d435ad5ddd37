// Blocks of networks, one a network, batch normalisation folded into the convolutions.
#include <u65sim/blocks.hpp>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "base/nearest_word.hpp"

namespace u65sim {
namespace {

constexpr std::int32_t expansion = 6;  // of inverted bottlenecks
constexpr std::int32_t reduction = 4;  // of bottlenecks, squeeze-and-excite, separable S
constexpr std::int32_t groups = 4;     // of grouped convolutions
constexpr Activation relu = Activation::relu;
constexpr Activation relu6 = Activation::relu6;

std::int32_t part(std::int32_t channels, std::int32_t divisor) {
    return std::max(1, channels / divisor);
}

/// Where a block is built: its network, and what its operators' names begin with.
struct Site {
    GraphBuilder& net;
    std::string prefix;

    [[nodiscard]] LayerOptions options(const char* name,
                                       Activation activation = Activation::none) const {
        return {.name = prefix + name, .activation = activation};
    }
};

Value conv(const Site& at, Value x, std::int32_t filters, std::int32_t kernel, const char* name,
           Activation activation = relu, std::int32_t in_groups = 1) {
    return at.net.conv2d(x, filters, Window::square(kernel), at.options(name, activation),
                         in_groups);
}

Value depthwise(const Site& at, Value x, const char* name, Activation activation = relu) {
    return at.net.depthwise_conv2d(x, Window::square(3), at.options(name, activation));
}

Value standard_1x1(const Site& at, Value x, std::int32_t c) { return conv(at, x, c, 1, "conv"); }
Value standard_3x3(const Site& at, Value x, std::int32_t c) { return conv(at, x, c, 3, "conv"); }
Value standard_5x5(const Site& at, Value x, std::int32_t c) { return conv(at, x, c, 5, "conv"); }

Value depthwise_3x3(const Site& at, Value x, std::int32_t /*c*/) {
    return depthwise(at, x, "depthwise");
}

Value depthwise_separable(const Site& at, Value x, std::int32_t c) {
    return conv(at, depthwise(at, x, "depthwise"), c, 1, "pointwise");
}

Value grouped_3x3(const Site& at, Value x, std::int32_t c) {
    return conv(at, x, c, 3, "grouped", relu, groups);
}

Value inverted_bottleneck(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, x, expansion * c, 1, "expand", relu6);
    y = depthwise(at, y, "depthwise", relu6);
    y = conv(at, y, c, 1, "project", Activation::none);
    return at.net.add(x, y, at.options("add"));
}

Value fused_inverted_bottleneck(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, x, expansion * c, 3, "expand", relu6);
    y = conv(at, y, c, 1, "project", Activation::none);
    return at.net.add(x, y, at.options("add"));
}

Value max_pool_bottleneck(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, x, expansion * c, 1, "expand", relu6);
    y = at.net.max_pool(y, Window::square(3), at.options("pool"));
    y = conv(at, y, c, 1, "project", Activation::none);
    return at.net.add(x, y, at.options("add"));
}

Value ghost_module(const Site& at, Value x, std::int32_t c) {
    const Value primary = conv(at, x, c - c / 2, 1, "primary");
    Value cheap = depthwise(at, primary, "cheap");
    if (c % 2 != 0) {
        const Shape shape = at.net.shape(cheap);
        cheap =
            at.net.slice(cheap, {0, 0, 0, 0}, {1, shape[1], shape[2], c / 2}, at.options("even"));
    }
    return at.net.concat({primary, cheap}, 3, at.options("concat"));
}

Value blueprint_separable_u(const Site& at, Value x, std::int32_t c) {
    return depthwise(at, conv(at, x, c, 1, "pointwise", Activation::none), "depthwise");
}

Value blueprint_separable_s(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, x, part(c, reduction), 1, "reduce", Activation::none);
    y = conv(at, y, c, 1, "pointwise", Activation::none);
    return depthwise(at, y, "depthwise");
}

Value grouped_bottleneck(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, x, part(c, 2), 1, "reduce");
    y = conv(at, y, part(c, 2), 3, "grouped", relu, groups);
    y = conv(at, y, c, 1, "expand", Activation::none);
    return at.net.add(x, y, at.options("add", relu));
}

Value bottleneck_residual(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, x, part(c, reduction), 1, "reduce");
    y = conv(at, y, part(c, reduction), 3, "conv");
    y = conv(at, y, c, 1, "expand", Activation::none);
    return at.net.add(x, y, at.options("add", relu));
}

Value basic_residual(const Site& at, Value x, std::int32_t c) {
    Value y = conv(at, conv(at, x, c, 3, "conv1"), c, 3, "conv2", Activation::none);
    return at.net.add(x, y, at.options("add", relu));
}

Value squeeze_excite(const Site& at, Value x, std::int32_t c) {
    Value y = at.net.mean(x, {1, 2}, true, at.options("squeeze"));
    y = conv(at, y, part(c, reduction), 1, "reduce");
    y = at.net.logistic(conv(at, y, c, 1, "expand", Activation::none), at.options("gate"));
    return at.net.mul(x, y, at.options("scale"));
}

struct Block {
    std::string_view name, summary;
    Value (*build)(const Site& at, Value x, std::int32_t channels);
};

constexpr auto all_blocks = std::to_array<Block>({
    {"standard_1x1", "convolution 1x1 (pointwise)", standard_1x1},
    {"standard_3x3", "convolution 3x3", standard_3x3},
    {"standard_5x5", "convolution 5x5", standard_5x5},
    {"depthwise", "depthwise convolution 3x3", depthwise_3x3},
    {"depthwise_separable", "depthwise 3x3, then 1x1", depthwise_separable},
    {"grouped", "convolution 3x3 in 4 groups", grouped_3x3},
    {"inverted_bottleneck", "1x1 to 6 times the channels, depthwise 3x3, 1x1 back, addition",
     inverted_bottleneck},
    {"fused_inverted_bottleneck", "3x3 to 6 times the channels, 1x1 back, addition",
     fused_inverted_bottleneck},
    {"max_pool_bottleneck", "1x1 to 6 times the channels, max pool 3x3, 1x1 back, addition",
     max_pool_bottleneck},
    {"ghost_module", "1x1 to half the channels, depthwise 3x3 for the other half, concatenation",
     ghost_module},
    {"blueprint_separable_u", "1x1, then depthwise 3x3", blueprint_separable_u},
    {"blueprint_separable_s", "1x1 to a quarter, 1x1 back, depthwise 3x3", blueprint_separable_s},
    {"grouped_bottleneck", "1x1 to half, 3x3 in 4 groups, 1x1 back, addition", grouped_bottleneck},
    {"squeeze_excite", "global mean, 1x1 to a quarter, 1x1 back, logistic, multiplication",
     squeeze_excite},
    {"basic_residual", "two convolutions 3x3, addition", basic_residual},
    {"bottleneck_residual", "1x1 to a quarter, 3x3, 1x1 back, addition", bottleneck_residual},
});

}  // namespace

std::vector<ZooEntry> block_list() {
    std::vector<ZooEntry> entries;
    for (const Block& each : all_blocks) {
        entries.push_back({std::string{each.name}, std::string{each.summary}});
    }
    return entries;
}

Graph block(std::string_view name, const BlockShape& shape, const ZooWeights& weights,
            std::int32_t count) {
    const std::string_view wanted = name == "pointwise" ? "standard_1x1" : name;
    std::vector<std::string> names;
    for (const Block& each : all_blocks) {
        names.emplace_back(each.name);
        if (each.name != wanted) continue;
        GraphBuilder net{fmt::format("{}_{}", each.name, to_string(shape)), {weights}};
        Value x = net.input({1, shape.height, shape.width, shape.channels});
        for (std::int32_t i = 1; i <= count; ++i) {
            const Site at{net, count > 1 ? fmt::format("{}/", i) : std::string{}};
            x = each.build(at, x, shape.channels);
        }
        net.output(x);
        return net.build();
    }
    throw InvalidModel(fmt::format("unknown block '{}'; {}", name, known_words(name, names, "'")));
}

std::string to_string(const BlockShape& shape) {
    return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

BlockShape parse_block_shape(std::string_view text) {
    std::array<std::int32_t, 3> extents{};
    std::size_t count = 0;
    std::int64_t value = -1;
    bool good = !text.empty();
    const auto close = [&] {
        good = good && value > 0 && count < extents.size();
        if (good) extents[count++] = static_cast<std::int32_t>(value);
        value = -1;
    };
    for (const char c : text) {
        if (c == 'x') {
            close();
        } else if (c >= '0' && c <= '9' && value < 100'000) {
            value = 10 * std::max<std::int64_t>(value, 0) + (c - '0');
        } else {
            good = false;
        }
    }
    close();
    if (!good || count != extents.size()) {
        throw InvalidConfig(fmt::format(
            "{}: not a shape: must be HEIGHTxWIDTHxCHANNELS, each at least 1, e.g. 28x28x64",
            text));
    }
    return {extents[0], extents[1], extents[2]};
}

}  // namespace u65sim
