#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/transform.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;

namespace {

const Operator& named(const Graph& graph, const std::string& name) {
    const auto found = std::find_if(graph.operators.begin(), graph.operators.end(),
                                    [&](const Operator& op) { return op.name == name; });
    REQUIRE(found != graph.operators.end());
    return *found;
}

const Tensor& operand(const Graph& graph, const Operator& op, std::size_t at) {
    return graph.tensors.at(static_cast<std::size_t>(op.inputs.at(at)));
}

const Shape& output_shape(const Graph& graph, const std::string& name) {
    return graph.tensors.at(static_cast<std::size_t>(named(graph, name).outputs.at(0))).shape;
}

std::vector<int> weights_of(const Graph& graph, const std::string& name) {
    std::vector<int> values;
    for (const std::uint8_t byte : operand(graph, named(graph, name), 1).data.bytes()) {
        values.push_back(static_cast<std::int8_t>(byte));
    }
    return values;
}

std::size_t zeros(const std::vector<int>& values) {
    return static_cast<std::size_t>(std::count(values.begin(), values.end(), 0));
}

std::size_t count(const Graph& graph, OpType type) {
    return static_cast<std::size_t>(
        std::count_if(graph.operators.begin(), graph.operators.end(),
                      [type](const Operator& op) { return op.type == type; }));
}

/// Expand, filter, project with the input added: the block of a MobileNetV2.
Graph bottlenecks(int blocks) {
    GraphBuilder net{"bottlenecks"};
    Value x = net.conv2d(net.input({1, 16, 16, 3}), 16, Window::square(3),
                         {.name = "stem", .activation = Activation::relu6});
    for (int block = 1; block <= blocks; ++block) {
        const std::string name = "block" + std::to_string(block);
        Value y = net.conv2d(x, 64, Window::square(1),
                             {.name = name + "_expand", .activation = Activation::relu6});
        y = net.depthwise_conv2d(y, Window::square(3),
                                 {.name = name + "_filter", .activation = Activation::relu6});
        y = net.conv2d(y, 16, Window::square(1), {.name = name + "_project"});
        x = net.add(x, y, {.name = name + "_add"});
    }
    net.output(net.conv2d(x, 10, Window::square(1), {.name = "head"}));
    return net.build();
}

}  // namespace

TEST_CASE("A width of 1 and a pruned share of 0 change nothing") {
    const Graph graph = bottlenecks(1);
    CHECK(scale_width(graph, 1.0) == graph);
    CHECK(prune_channels(graph, 0.0) == graph);
    CHECK(scale_depth(graph, 1.0) == graph);
    CHECK(scale_resolution(graph, 16) == graph);
    CHECK(substitute_blocks(graph, BlockKind::depthwise) == graph);
    CHECK(limit_weight_bits(graph, 8) == graph);
    CHECK(widen_activations(graph, 8) == graph);
}

TEST_CASE("Width scales every layer but the outputs, to multiples of eight") {
    const Graph graph = bottlenecks(2);
    const Graph half = scale_width(graph, 0.5);
    CHECK(output_shape(half, "stem") == Shape{1, 16, 16, 8});
    CHECK(output_shape(half, "block1_expand") == Shape{1, 16, 16, 32});
    CHECK(output_shape(half, "block1_filter") == Shape{1, 16, 16, 32});
    CHECK(output_shape(half, "head") == Shape{1, 16, 16, 10});
    CHECK(output_shape(scale_width(graph, 0.8), "block2_expand") == Shape{1, 16, 16, 48});
    CHECK(output_shape(scale_width(graph, 1.5), "block2_add") == Shape{1, 16, 16, 24});
    CHECK(output_shape(scale_width(graph, 0.5, {}, 4), "stem") == Shape{1, 16, 16, 8});
    const Graph kept = scale_width(graph, 0.5, {"block1_expand"});
    CHECK(output_shape(kept, "block1_expand") == Shape{1, 16, 16, 64});
    CHECK(output_shape(kept, "block2_expand") == Shape{1, 16, 16, 32});
}

TEST_CASE("Twice the width repeats channels with their weights") {
    const Graph graph = bottlenecks(1);
    const Graph wide = scale_width(graph, 2.0);
    const std::vector<int> narrow = weights_of(graph, "stem");
    const std::vector<int> doubled = weights_of(wide, "stem");
    const std::size_t row = 27;  // 3x3x3 for each channel
    REQUIRE(doubled.size() == 2 * narrow.size());
    for (std::size_t at = 0; at < doubled.size(); ++at) {
        const std::size_t channel = at / row / 2;
        REQUIRE(doubled[at] == narrow[channel * row + at % row]);
    }
    CHECK(operand(wide, named(wide, "stem"), 1).quantization.scales.size() == 32);
}

TEST_CASE("Structured pruning removes the channels with the smallest weights") {
    GraphBuilder net{"pruned"};
    GivenWeights first;
    const std::vector<int> strengths{5, 1, 7, 2};
    for (const int strength : strengths) {
        first.values.push_back(static_cast<std::uint8_t>(strength));
        first.values.push_back(static_cast<std::uint8_t>(-strength));
    }
    first.quantization = {{0.1F}, {0}, 0};
    GivenWeights second;
    for (int value = 1; value <= 12; ++value) {
        second.values.push_back(static_cast<std::uint8_t>(value));
    }
    second.quantization = {{0.1F}, {0}, 0};
    const Value x = net.conv2d(net.input({1, 4, 4, 2}), 4, Window::square(1),
                               {.name = "first", .weights = first});
    net.output(net.conv2d(x, 3, Window::square(1), {.name = "second", .weights = second}));
    const Graph pruned = prune_channels(net.build(), 0.5, {}, 1);
    CHECK(weights_of(pruned, "first") == std::vector<int>{5, -5, 7, -7});
    // Input channels 0 and 2 of each of the three outputs are left.
    CHECK(weights_of(pruned, "second") == std::vector<int>{1, 3, 5, 7, 9, 11});
}

TEST_CASE("Another resolution is followed to the end") {
    SECTION("through a pool over the whole map") {
        const Graph small = scale_resolution(zoo("mobilenet_v1_025_96"), 64);
        CHECK(small.tensors.at(static_cast<std::size_t>(small.inputs[0])).shape ==
              Shape{1, 64, 64, 3});
        CHECK(output_shape(small, "pointwise13") == Shape{1, 2, 2, 256});
        CHECK(output_shape(small, "average") == Shape{1, 1, 1, 256});
        CHECK(output_shape(small, "classifier") == Shape{1, 2});
    }
    SECTION("through flattened features and their weights") {
        const Graph large = scale_resolution(zoo("vgg19_cifar100"), 64);
        CHECK(output_shape(large, "flatten") == Shape{1, 2048});
        CHECK(operand(large, named(large, "classifier"), 1).shape == Shape{100, 2048});
        const Graph back = scale_resolution(large, 32);
        CHECK(output_shape(back, "flatten") == Shape{1, 512});
        // Each weight was repeated for four positions, of which one is left.
        CHECK(weights_of(back, "classifier") == weights_of(zoo("vgg19_cifar100"), "classifier"));
    }
    SECTION("not for networks without an image") {
        CHECK_THROWS_AS(scale_resolution(zoo("autoencoder"), 64), InvalidModel);
    }
}

TEST_CASE("Depth repeats and removes blocks that keep their shape") {
    const Graph graph = bottlenecks(4);
    CHECK(count(graph, OpType::add) == 4);
    // The stem starts the run and counts with it: 5 blocks.
    CHECK(count(scale_depth(graph, 2.0), OpType::add) == 9);
    CHECK(count(scale_depth(graph, 0.4), OpType::add) == 1);
    CHECK(count(scale_depth(graph, 0.2), OpType::add) == 0);
    const Graph deep = scale_depth(graph, 2.0);
    CHECK(count_parameters(deep) > 2 * count_parameters(graph) - 2000);
    std::set<std::string> names;
    for (const Operator& op : deep.operators) CHECK(names.insert(op.name).second);
    const Graph vgg = scale_depth(zoo("vgg19_cifar100"), 0.5);
    CHECK(count(vgg, OpType::conv_2d) == 8);
    CHECK(count(vgg, OpType::max_pool_2d) == 5);
}

TEST_CASE("Blocks are replaced by their kind, their ends keep their shape") {
    const Graph graph = bottlenecks(1);
    const auto all = [&](BlockKind kind) { return substitute_blocks(graph, kind); };
    SECTION("fused") {
        const Graph made = all(BlockKind::fused);
        CHECK(count(made, OpType::depthwise_conv_2d) == 0);
        CHECK(count(made, OpType::conv_2d) == count(graph, OpType::conv_2d));
        CHECK(operand(made, named(made, "block1_filter/fused"), 1).shape == Shape{64, 3, 3, 16});
    }
    SECTION("pooling") {
        const Graph made = all(BlockKind::pooling);
        CHECK(count(made, OpType::depthwise_conv_2d) == 0);
        CHECK(count(made, OpType::average_pool_2d) == 1);
        CHECK(count_parameters(made) < count_parameters(graph));
    }
    SECTION("blueprint") {
        const Graph made = all(BlockKind::blueprint);
        CHECK(operand(made, named(made, "block1_filter/blueprint"), 1).shape == Shape{1, 3, 3, 16});
        CHECK(count(made, OpType::conv_2d) == count(graph, OpType::conv_2d));
    }
    SECTION("grouped") {
        const Graph made = substitute_blocks(graph, BlockKind::grouped, 16);
        CHECK(count(made, OpType::depthwise_conv_2d) == 0);
        CHECK(count(made, OpType::conv_2d) == count(graph, OpType::conv_2d) + 4);
        CHECK(operand(made, named(made, "block1_filter/group3"), 1).shape == Shape{16, 3, 3, 16});
    }
    SECTION("ghost") {
        const Graph made = all(BlockKind::ghost);
        CHECK(count(made, OpType::depthwise_conv_2d) == 3);
        CHECK(count(made, OpType::concatenation) == 2);
        CHECK(output_shape(made, "block1_expand/primary") == Shape{1, 16, 16, 32});
        CHECK(count_macs(made).count() < count_macs(graph).count());
    }
}

TEST_CASE("Every transform gives a sound network for every network of the zoo") {
    for (const ZooEntry& entry : zoo_list()) {
        if (entry.name == "vgg19_224" || entry.name == "resnet50_cifar100") continue;  // large
        CAPTURE(entry.name);
        const Graph graph = zoo(entry.name);
        CHECK_NOTHROW(verify(scale_width(graph, 0.5)));
        CHECK_NOTHROW(verify(scale_width(graph, 1.3)));
        CHECK_NOTHROW(verify(prune_channels(graph, 0.4)));
        CHECK_NOTHROW(verify(scale_depth(graph, 0.5)));
        CHECK_NOTHROW(verify(scale_depth(graph, 1.6)));
        for (const BlockKind kind : {BlockKind::fused, BlockKind::ghost, BlockKind::blueprint,
                                     BlockKind::grouped, BlockKind::pooling}) {
            CAPTURE(to_string(kind));
            CHECK_NOTHROW(verify(substitute_blocks(graph, kind)));
        }
        CHECK_NOTHROW(verify(widen_activations(graph, 16)));
    }
}

TEST_CASE("Unstructured pruning makes exactly the share of zeros asked for") {
    const Graph graph = bottlenecks(1);
    const auto uniform = sparsity_schedule(graph, 0.5, SparsitySchedule::uniform);
    const Graph pruned = prune_weights(graph, uniform);
    for (const std::string name : {"stem", "block1_expand", "block1_filter", "head"}) {
        CAPTURE(name);
        const std::vector<int> values = weights_of(pruned, name);
        CHECK(zeros(values) == (values.size() + 1) / 2);
    }
    CHECK(weights_of(prune_weights(graph, sparsity_schedule(graph, 0, SparsitySchedule::uniform)),
                     "stem") == weights_of(graph, "stem"));
    CHECK_THROWS_AS(prune_weights(graph, {0.5}), InvalidModel);
    CHECK_THROWS_AS(sparsity_schedule(graph, 1.5, SparsitySchedule::uniform), InvalidModel);
}

TEST_CASE("A schedule by logarithm spares small layers and keeps the mean") {
    const Graph graph = zoo("mobilenet_v1_025_96");
    const auto shares = sparsity_schedule(graph, 0.6, SparsitySchedule::log_parameters);
    double zero = 0;
    double all = 0;
    double of_stem = 0;
    double of_last = 0;
    for (std::size_t at = 0; at < shares.size(); ++at) {
        const Operator& op = graph.operators[at];
        if (op.type != OpType::conv_2d && op.type != OpType::depthwise_conv_2d &&
            op.type != OpType::fully_connected) {
            CHECK(shares[at] == 0.0);
            continue;
        }
        const auto size = static_cast<double>(element_count(operand(graph, op, 1).shape));
        zero += shares[at] * size;
        all += size;
        if (op.name == "stem") of_stem = shares[at];
        if (op.name == "pointwise13") of_last = shares[at];
        CHECK(shares[at] <= 0.99);
    }
    CHECK(zero / all == Approx(0.6).margin(1e-6));
    CHECK(of_stem < of_last);
}

TEST_CASE("A 2:4 pattern leaves the two largest of every four along the input channels") {
    const Graph graph = bottlenecks(1);
    const std::vector<int> before = weights_of(graph, "block1_expand");
    const std::vector<int> after = weights_of(prune_pattern(graph, 2, 4), "block1_expand");
    for (std::size_t group = 0; group < before.size(); group += 4) {
        std::vector<int> sizes;
        int kept = 0;
        int smallest_kept = 255;
        int largest_gone = 0;
        for (std::size_t at = group; at < group + 4; ++at) {
            const int size = std::abs(before[at]);
            if (after[at] != 0) {
                CHECK(after[at] == before[at]);
                smallest_kept = std::min(smallest_kept, size);
                ++kept;
            } else {
                largest_gone = std::max(largest_gone, size);
            }
        }
        CHECK(kept <= 2);
        CHECK((kept < 2 || largest_gone <= smallest_kept));
    }
    CHECK(weights_of(prune_pattern(graph, 2, 4), "block1_filter") ==
          weights_of(graph, "block1_filter"));
    CHECK_THROWS_AS(prune_pattern(graph, 4, 4), InvalidModel);
}

TEST_CASE("Clustering leaves as many values as asked for, and zeros where they were") {
    const Graph graph = bottlenecks(1);
    const Graph pruned =
        prune_weights(graph, sparsity_schedule(graph, 0.5, SparsitySchedule::uniform));
    for (const int clusters : {2, 16, 33}) {
        CAPTURE(clusters);
        const Graph clustered = cluster_weights(pruned, clusters);
        for (const std::string name : {"stem", "block1_expand"}) {
            const std::vector<int> values = weights_of(clustered, name);
            const std::vector<int> old = weights_of(pruned, name);
            CHECK(std::set<int>(values.begin(), values.end()).size() <=
                  static_cast<std::size_t>(clusters));
            for (std::size_t at = 0; at < values.size(); ++at) {
                REQUIRE((values[at] == 0) == (old[at] == 0));
            }
        }
    }
    CHECK_THROWS_AS(cluster_weights(graph, 1), InvalidModel);
}

TEST_CASE("Fewer bits leave fewer values, evenly spaced") {
    const Graph graph = bottlenecks(1);
    for (const int bits : {2, 4, 6}) {
        const std::vector<int> values = weights_of(limit_weight_bits(graph, bits), "block1_expand");
        const std::set<int> distinct(values.begin(), values.end());
        CHECK(distinct.size() <= (std::size_t{1} << bits) - 1);
        CHECK(*distinct.rbegin() == 127);
    }
    CHECK_THROWS_AS(limit_weight_bits(graph, 1), InvalidModel);
}

TEST_CASE("Activations of 16 bits keep real values within a step") {
    const Graph graph = bottlenecks(1);
    const Graph wide = widen_activations(graph, 16);
    const Operator& stem = named(wide, "stem");
    CHECK(operand(wide, stem, 0).type == ElementType::int16);
    CHECK(operand(wide, stem, 1).type == ElementType::int8);
    CHECK(operand(wide, stem, 2).type == ElementType::int64);
    const Quantization& narrow = operand(graph, named(graph, "stem"), 0).quantization;
    const Quantization& made = operand(wide, stem, 0).quantization;
    CHECK(made.zero_points == std::vector<std::int64_t>{0});
    CHECK(made.scales[0] * 32767 >= narrow.scales[0] * 127);
    CHECK_THROWS_AS(widen_activations(graph, 12), InvalidModel);
}
