#include <algorithm>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;

namespace {

// Channels of all convolutions: where the published tables count four batch-norm numbers, a folded
// network has one bias.
std::int64_t convolution_channels(const Graph& graph) {
    std::int64_t channels = 0;
    for (const Operator& op : graph.operators) {
        if (op.type != OpType::conv_2d && op.type != OpType::depthwise_conv_2d) continue;
        channels += graph.tensors[static_cast<std::size_t>(op.outputs[0])].shape.back();
    }
    return channels;
}

double millions(std::int64_t count) { return static_cast<double>(count) / 1e6; }

}  // namespace

TEST_CASE("the published table's networks have its multiply-accumulates and parameters") {
    struct Row {
        const char* name;
        double macs, parameters;
    };
    // Public measurement of 2022, in millions, given to one decimal. Its parameters are weights,
    // fully connected biases, and gamma, beta, mean and variance of each normalised channel.
    const auto row =
        GENERATE(Row{"vgg19_cifar100", 398.3, 20.1}, Row{"resnet50_cifar100", 1298.0, 23.8},
                 Row{"mobilenet_v1_cifar100", 46.5, 3.3}, Row{"vgg19_224", 19527.4, 32.9});
    const Graph graph = zoo(row.name);
    INFO(row.name);
    CHECK(millions(count_macs(graph).count()) == Approx(row.macs).margin(0.0501));
    CHECK(millions(count_parameters(graph) + 3 * convolution_channels(graph)) ==
          Approx(row.parameters).margin(0.0501));
}

TEST_CASE("networks with a public original have its multiply-accumulates") {
    // With pooling windows. MobileNetV2's stream counts 2 x 1001 more, for the softmax.
    CHECK(count_macs(zoo("mobilenet_v2_224")).count() == 300'840'274 - 2 * 1001);
    CHECK(count_macs(zoo("ds_cnn")).count() == 2'664'768);
    CHECK(count_macs(zoo("autoencoder")).count() == 264'192);
    CHECK(count_macs(zoo("kws_micronet_m")).count() == 15'580'852);
    CHECK(count_macs(zoo("resnet8")).count() == 12'505'728);
}

TEST_CASE("rnnoise: the stream's count less the copies that lowering makes") {
    // Windows of one element: two state conversions a GRU, both concatenations, the input.
    constexpr std::int64_t copies = 2 * (24 + 48 + 96) + 90 + 114 + 42;
    CHECK(count_macs(zoo("rnnoise")).count() == 87'510 - copies);
}

TEST_CASE("every network of the list verifies, and a seed gives the same bytes") {
    for (const ZooEntry& entry : zoo_list()) {
        if (entry.name == "vgg19_224") continue;  // covered by the table, and large
        INFO(entry.name);
        const Graph graph = zoo(entry.name);
        CHECK_NOTHROW(verify(graph));
        CHECK(graph.name == entry.name);
        CHECK(graph == zoo(entry.name));
        CHECK_FALSE(entry.summary.empty());
    }
}

TEST_CASE("seeds differ, and sparsity acts on every layer") {
    ZooWeights other;
    other.seed = 2;
    CHECK_FALSE(zoo("ds_cnn") == zoo("ds_cnn", other));
    ZooWeights sparse;
    sparse.sparsity = 0.5;
    const Graph graph = zoo("ds_cnn", sparse);
    for (const Operator& op : graph.operators) {
        if (op.type != OpType::conv_2d) continue;
        const auto& bytes = graph.tensors[static_cast<std::size_t>(op.inputs[1])].data.bytes();
        const auto zeros = std::count(bytes.begin(), bytes.end(), 0);
        CHECK(2 * static_cast<std::size_t>(zeros) == bytes.size());
    }
}

TEST_CASE("an unknown network is answered with the nearest name") {
    CHECK_THROWS_WITH(zoo("mobilenetv2_224"), Catch::Contains("'mobilenet_v2_224'"));
}
