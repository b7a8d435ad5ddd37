// Files as converters write them: what interpreters read is read, and what is taken as given is
// said.
#include <catch2/catch.hpp>
#include <limits>
#include <numeric>

#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "tflite_file.hpp"

using namespace u65sim;
using test::FileGraph;
using test::FileOperator;
using test::FileTensor;
using test::tflite_file;
namespace schema = u65sim::tflite_schema;

namespace {

constexpr std::int32_t relu = 19;
constexpr std::int32_t rnn = 24;

/// in -> RELU -> out, int8.
FileGraph relu_graph(const std::vector<std::int32_t>& shape) {
    FileTensor in{.name = "in", .shape = shape, .scales = {0.5F}, .zero_points = {3}};
    FileTensor out = in;
    out.name = "out";
    return {.tensors = {in, out},
            .operators = {{.builtin = relu, .inputs = {0}, .outputs = {1}}},
            .inputs = {0},
            .outputs = {1}};
}

Graph read(const FileGraph& graph) { return read_tflite(tflite_file({graph}), "file"); }

}  // namespace

TEST_CASE("intermediates and unused tensors may have any shape and type") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "i", .shape = {0}, .scales = {0.1F}, .zero_points = {0}});
    graph.tensors.push_back({.name = "text", .shape = {3}, .kind = schema::ElementKind::text});
    graph.tensors.push_back({.name = "new", .kind = static_cast<schema::ElementKind>(77)});
    graph.operators[0].intermediates = {2, -1};
    const Graph result = read(graph);
    CHECK(result.operators[0].intermediates == std::vector<TensorId>{2, no_tensor});
    CHECK(result.tensors[2].shape == Shape{0});
    CHECK(result.tensors[3].type == ElementType::string);
    CHECK(result.tensors[4].type == ElementType::other);
    CHECK(result.notes.empty());
}

TEST_CASE("values of 64 bits under the name of int32 are narrowed where they fit") {
    FileGraph graph = relu_graph({1, 4});
    FileTensor shape{.name = "shape",
                     .shape = {2},
                     .kind = schema::ElementKind::int32,
                     .data = std::vector<std::uint8_t>(16, 0xFF)};
    shape.data[0] = 7;
    std::fill(shape.data.begin() + 1, shape.data.begin() + 8, std::uint8_t{0});
    graph.tensors.push_back(shape);
    const Graph result = read(graph);
    CHECK(result.tensors[2].data.bytes() ==
          std::vector<std::uint8_t>{7, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF});
    REQUIRE(result.notes.size() == 1);
    CHECK(result.notes[0].find("shape") != std::string::npos);
    graph.tensors[2].data[5] = 1;
    CHECK_THROWS_WITH(read(graph), Catch::Contains("holds 16 bytes, must be 8"));
}

TEST_CASE("the axis of quantisation says nothing on a tensor of one dimension") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "bias",
                             .shape = {2},
                             .kind = schema::ElementKind::int32,
                             .data = std::vector<std::uint8_t>(8),
                             .scales = {0.1F, 0.2F},
                             .zero_points = {0, 0},
                             .axis = 3});
    CHECK(read(graph).tensors[2].quantization.axis == 0);
    CHECK(read(graph).notes.empty());
    graph.tensors[2].shape = {2, 4};
    graph.tensors[2].kind = schema::ElementKind::int8;
    CHECK_THROWS_WITH(read(graph), Catch::Contains("quantised along axis 3"));
}

TEST_CASE("scales of a bias that cannot be used are left out, and told") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const std::vector<float>& scales :
         {std::vector<float>{nan, 1.0F}, {-1.0F, 1.0F}, {1.0F, 1.0F, 1.0F}}) {
        FileGraph graph = relu_graph({1, 4});
        graph.tensors.push_back({.name = "bias",
                                 .shape = {2},
                                 .kind = schema::ElementKind::int32,
                                 .data = std::vector<std::uint8_t>(8),
                                 .scales = scales,
                                 .zero_points = {0}});
        const Graph result = read(graph);
        CHECK(result.tensors[2].quantization.empty());
        REQUIRE(result.notes.size() == 1);
        CHECK_THAT(result.notes[0], Catch::StartsWith("tensor 2 'bias': "));
    }
}

TEST_CASE("another operator's options stand for the defaults, and an input may stand twice") {
    FileGraph graph = relu_graph({1, 4});
    graph.operators[0] = {.builtin = 0,
                          .inputs = {0, 0},
                          .outputs = {1},
                          .options_kind = schema::AnyOptions::mul,
                          .options = [](flatbuffers::FlatBufferBuilder& builder) {
                              return schema::CreateMulTable(builder).Union();
                          }};
    graph.inputs = {0, 0};
    const Graph result = read(graph);
    CHECK(std::get<ArithmeticAttributes>(result.operators[0].attributes).activation ==
          Activation::none);
    CHECK(result.inputs == std::vector<TensorId>{0, 0});
    graph.operators[0].builtin = 1;  // a pool has no defaults that mean something
    graph.operators[0].inputs = {0};
    CHECK_THROWS_WITH(read(graph), Catch::Contains("options are missing"));
}

TEST_CASE("one of several scales may be zero, and one alone means not quantised") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "weights",
                             .shape = {2, 4},
                             .data = std::vector<std::uint8_t>(8),
                             .scales = {0.1F, 0.0F},
                             .zero_points = {0, 0}});
    CHECK(read(graph).tensors[2].quantization.scales == std::vector<float>{0.1F, 0.0F});
    graph.tensors[2].scales = {0.0F};
    graph.tensors[2].zero_points = {0};
    CHECK(read(graph).tensors[2].quantization.empty());
    graph.tensors[2].scales = {};  // zero points without scales
    CHECK(read(graph).tensors[2].quantization.empty());
    graph.tensors[2].scales = {0.1F, -0.1F};
    graph.tensors[2].zero_points = {0, 0};
    CHECK_THROWS_WITH(read(graph), Catch::Contains("tensor 2 'weights': scale is -0.1"));
}

TEST_CASE("64-bit zero points are read wherever they lie") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "weights",
                             .shape = {2, 4},
                             .data = std::vector<std::uint8_t>(8),
                             .scales = {0.1F, 0.2F},
                             .zero_points = {-128, 127},
                             .misaligned = true});
    CHECK(read(graph).tensors[2].quantization.zero_points == std::vector<std::int64_t>{-128, 127});
}

TEST_CASE("an unknown height or width is told, an unknown batch is not") {
    FileGraph graph = relu_graph({1, 1, 1, 3});
    graph.tensors[0].signature = {-1, -1, -1, 3};
    CHECK(read(graph).notes ==
          std::vector<std::string>{
              "height and width of input 'in' are not known: 1x1x1x3 was taken"});
    graph.tensors[0].signature = {-1, 1, 1, 3};
    CHECK(read(graph).notes.empty());
    graph = relu_graph({1, 7});
    graph.tensors[0].signature = {1, -1};
    CHECK(read(graph).notes ==
          std::vector<std::string>{"extent 1 of input 'in' is not known: 1x7 was taken"});
}

TEST_CASE("computed shapes follow from the operators") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors[1].shape = {};
    const Graph result = read(graph);
    CHECK(result.tensors[1].shape == Shape{1, 4});
    CHECK(result.notes ==
          std::vector<std::string>{"shapes of 1 tensor follow from the operators, not from the "
                                   "file: 'out' is 1x4, not scalar"});
}

TEST_CASE("shapes follow from chains of numbers that are known") {
    // SHAPE of in -> its last extent times one -> RESHAPE, whose output the file calls 1x1.
    const auto numbers = [](std::vector<std::int32_t> shape, std::vector<std::uint8_t> data) {
        return FileTensor{.name = "n",
                          .shape = std::move(shape),
                          .kind = schema::ElementKind::int32,
                          .data = std::move(data)};
    };
    constexpr std::int32_t shape_op = 77, gather = 36, reshape = 22;
    FileGraph graph = relu_graph({2, 6});
    graph.tensors[1].shape = {1};
    graph.tensors.push_back(numbers({2}, {}));            // 2: shape of in
    graph.tensors.push_back(numbers({1}, {1, 0, 0, 0}));  // 3: index 1
    graph.tensors.push_back(numbers({1}, {}));            // 4: [6]
    graph.tensors.push_back(graph.tensors[1]);            // 5: RELU of 6 elements
    graph.tensors[0].shape = {1, 6};
    graph.operators = {{.builtin = shape_op, .inputs = {0}, .outputs = {2}},
                       {.builtin = gather, .inputs = {2, 3}, .outputs = {4}},
                       {.builtin = reshape, .inputs = {0, 4}, .outputs = {1}},
                       {.builtin = relu, .inputs = {1}, .outputs = {5}}};
    graph.outputs = {5};
    const Graph result = read(graph);
    CHECK(result.tensors[1].shape == Shape{6});
    CHECK(result.tensors[5].shape == Shape{6});
    CHECK_FALSE(result.tensors[4].data);  // the graph itself keeps its operators
    CHECK(result.operators.size() == 4);
}

TEST_CASE("further subgraphs are kept, and told when nothing runs them") {
    const FileGraph first = relu_graph({1, 4});
    FileGraph second = relu_graph({1, 8});
    second.name = "second";
    const Graph result = read_tflite(tflite_file({first, second}, {"serve", "learn"}), "file");
    REQUIRE(result.subgraphs.size() == 1);
    CHECK(result.subgraphs[0].tensors[0].shape == Shape{1, 8});
    CHECK(result.subgraphs[0].name == "second");
    CHECK(result.notes == std::vector<std::string>{"the file holds 1 further subgraph that this "
                                                   "network does not run: signature 'learn'"});

    second.tensors[0].shape = {-5};  // cannot be used: the first one can
    const Graph half = read_tflite(tflite_file({first, second}), "file");
    CHECK(half.operators.size() == 1);
    REQUIRE(half.notes.size() == 2);
    CHECK_THAT(half.notes[0], Catch::StartsWith("subgraph 1 is not read: "));
}

TEST_CASE("a subgraph that an operator runs, here or in another one, is not told as idle") {
    const auto calling = [](std::int32_t number) {
        FileGraph graph = relu_graph({1, 4});
        graph.operators.push_back({.builtin = 129,
                                   .options_kind = schema::AnyOptions::call_once,
                                   .options = [=](flatbuffers::FlatBufferBuilder& builder) {
                                       return schema::CreateCallOnceTable(builder, number).Union();
                                   }});
        return graph;
    };
    const auto notes = [](const std::vector<FileGraph>& graphs) {
        return read_tflite(tflite_file(graphs), "file").notes;
    };
    const std::vector<std::string> one_idle{
        "the file holds 1 further subgraph that this network does not run"};
    CHECK(notes({calling(1), calling(2), relu_graph({1})}).empty());
    CHECK(notes({calling(1), calling(1), relu_graph({1})}) == one_idle);
    for (const std::int32_t nowhere : {-1, 0, 2, 1'000'000}) {
        CHECK(notes({calling(nowhere), relu_graph({1})}) == one_idle);
    }
}

TEST_CASE("names may be missing, the same or odd") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors[0].name = graph.tensors[1].name = "";
    graph.tensors.push_back(graph.tensors[1]);
    graph.operators.push_back({.builtin = relu, .inputs = {1}, .outputs = {2}});
    graph.outputs = {2, 2, 1};
    const Graph result = read(graph);
    CHECK(result.operators[0].name == "RELU_0");
    CHECK(result.operators[1].name == "RELU_1");
    CHECK(result.outputs == std::vector<TensorId>{2, 2, 1});
}

TEST_CASE("a network without operators gives its inputs and constants back") {
    FileGraph graph = relu_graph({1, 4});
    graph.operators.clear();
    graph.tensors[1].data = {1, 2, 3, 4};
    graph.outputs = {0, 1};
    CHECK(read(graph).operators.empty());
}

TEST_CASE("a constant that is a network input counts as an input, and that is told") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors[0].data = {1, 2, 3, 4};
    const Graph result = read(graph);
    CHECK_FALSE(result.tensors[0].data);
    REQUIRE(result.notes.size() == 1);
    CHECK_THAT(result.notes[0], Catch::Contains("input 'in' is a constant"));
    // A list of axes or extents keeps what it says.
    graph.tensors.push_back(
        {.name = "axes", .shape = {1}, .kind = schema::ElementKind::int32, .data = {1, 0, 0, 0}});
    graph.inputs = {0, 2};
    CHECK(read(graph).tensors[2].data);
}

TEST_CASE("a depth multiplier follows from the shapes") {
    FileGraph graph = relu_graph({1, 2, 2, 4});
    graph.tensors[1].shape = {1, 2, 2, 8};
    graph.tensors.push_back({.name = "weights",
                             .shape = {1, 1, 1, 8},
                             .data = std::vector<std::uint8_t>(8),
                             .scales = {0.1F},
                             .zero_points = {0}});
    graph.operators[0] = {.builtin = 4,
                          .inputs = {0, 2},
                          .outputs = {1},
                          .options_kind = schema::AnyOptions::depthwise,
                          .options = [](flatbuffers::FlatBufferBuilder& builder) {
                              return schema::CreateDepthwiseTable(
                                         builder, schema::PaddingKind::same, 1, 1, 0)
                                  .Union();
                          }};
    const Graph result = read(graph);
    CHECK(std::get<WindowAttributes>(result.operators[0].attributes).depth_multiplier == 2);
}

TEST_CASE("old files have only the older field of an operator's number") {
    FileGraph graph = relu_graph({1, 4});
    graph.operators[0].old_field_only = true;
    CHECK(read(graph).operators[0].type == OpType::relu);
    graph.operators[0] = {.builtin = 999, .inputs = {0}, .outputs = {1}};
    CHECK(read(graph).operators[0].builtin_code == 999);
    graph.operators[0] = {
        .builtin = rnn, .inputs = {0, -1}, .outputs = {1}, .old_field_only = true};
    CHECK_NOTHROW(read(graph));
}

TEST_CASE("weights in the shuffled format leave the operator to the CPU") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "weights",
                             .shape = {4, 4},
                             .data = std::vector<std::uint8_t>(16),
                             .scales = {0.1F},
                             .zero_points = {0}});
    graph.operators[0] = {.builtin = 9,
                          .inputs = {0, 2},
                          .outputs = {1},
                          .options_kind = schema::AnyOptions::fully_connected,
                          .options = [](flatbuffers::FlatBufferBuilder& builder) {
                              return schema::CreateFullyConnectedTable(
                                         builder, schema::ActivationKind::none,
                                         schema::WeightLayout::shuffled)
                                  .Union();
                          }};
    const Graph result = read(graph);
    CHECK(result.operators[0].type == OpType::other);
    CHECK(result.operators[0].builtin_code == 9);
    REQUIRE(result.notes.size() == 1);
    CHECK_THAT(result.notes[0], Catch::Contains("operator 0") && Catch::Contains("shuffled"));
}

TEST_CASE("an end that is an offset from its begin becomes a position") {
    const auto numbers = [](std::vector<std::uint8_t> data) {
        return FileTensor{
            .name = "n", .shape = {2}, .kind = schema::ElementKind::int32, .data = std::move(data)};
    };
    FileGraph graph = relu_graph({4, 6});
    graph.tensors[1].shape = {2, 3};
    graph.tensors.push_back(numbers({1, 0, 0, 0, 0xFC, 0xFF, 0xFF, 0xFF}));  // begin 1, -4
    graph.tensors.push_back(numbers({2, 0, 0, 0, 3, 0, 0, 0}));              // 2 and 3 elements
    graph.tensors.push_back(numbers({1, 0, 0, 0, 1, 0, 0, 0}));
    graph.operators[0] = {
        .builtin = 45,
        .inputs = {0, 2, 3, 4},
        .outputs = {1},
        .options_kind = schema::AnyOptions::strided_slice,
        .options = [](flatbuffers::FlatBufferBuilder& builder) {
            return schema::CreateStridedSliceTable(builder, 0, 0, 0, 0, 0, true).Union();
        }};
    const Graph result = read(graph);
    CHECK(result.notes.empty());  // the shape is what the file says
    const TensorId end = result.operators[0].inputs[2];
    CHECK(result.tensors[static_cast<std::size_t>(end)].data.bytes() ==
          std::vector<std::uint8_t>{3, 0, 0, 0, 5, 0, 0, 0});
    graph.inputs = {5};  // the constant's number in the graph: the file has no such tensor
    CHECK_THROWS_WITH(read(graph), Catch::Contains("network input 0 is tensor 5, must be below 5"));
    graph.inputs = {0};
    graph.tensors[3].data.clear();  // an end that is computed
    CHECK_THROWS_WITH(read(graph), Catch::Contains("offset from begin"));
}

TEST_CASE("constants in another file are refused by name") {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "far", .shape = {2}, .external_buffer = 1});
    CHECK_THROWS_WITH(read(graph),
                      Catch::Contains("tensor 2 'far'") && Catch::Contains("another file"));
}

namespace {

using Offset = flatbuffers::Offset<schema::SparsityTable>;
using Builder = flatbuffers::FlatBufferBuilder;

flatbuffers::Offset<schema::DimensionTable> dense(Builder& builder, std::int32_t size) {
    return schema::CreateDimensionTable(builder, schema::DimensionKind::dense, size);
}
flatbuffers::Offset<schema::DimensionTable> compressed(Builder& builder,
                                                       const std::vector<std::uint8_t>& segments,
                                                       const std::vector<std::uint16_t>& indices) {
    const auto from = schema::CreateUint8List(builder, builder.CreateVector(segments));
    const auto at = schema::CreateUint16List(builder, builder.CreateVector(indices));
    return schema::CreateDimensionTable(builder, schema::DimensionKind::sparse_csr, 0,
                                        schema::AnyIndexList::uint8, from.Union(),
                                        schema::AnyIndexList::uint16, at.Union());
}
Offset sparsity(Builder& builder, const std::vector<std::int32_t>& order,
                const std::vector<std::int32_t>& blocks,
                const std::vector<flatbuffers::Offset<schema::DimensionTable>>& dimensions) {
    const auto order_vector = builder.CreateVector(order);
    const auto block_vector = builder.CreateVector(blocks);
    return schema::CreateSparsityTable(builder, order_vector, block_vector,
                                       builder.CreateVector(dimensions));
}

FileGraph with_sparse(const std::vector<std::int32_t>& shape, std::vector<std::uint8_t> stored,
                      std::function<Offset(Builder&)> how) {
    FileGraph graph = relu_graph({1, 4});
    graph.tensors.push_back({.name = "sparse", .shape = shape, .data = std::move(stored)});
    graph.tensors.back().sparsity = std::move(how);
    return graph;
}

}  // namespace

TEST_CASE("sparse constants become dense") {
    // Rows [0 5 0] and [6 0 7].
    const auto rows = [](Builder& builder) {
        return sparsity(builder, {0, 1}, {},
                        {dense(builder, 2), compressed(builder, {0, 1, 3}, {1, 0, 2})});
    };
    CHECK(read(with_sparse({2, 3}, {5, 6, 7}, rows)).tensors[2].data.bytes() ==
          std::vector<std::uint8_t>{0, 5, 0, 6, 0, 7});
    // 2x4 in blocks of 1x2: the second block of row 0, the first of row 1.
    const auto blocks = [](Builder& builder) {
        return sparsity(
            builder, {0, 1, 2}, {1},
            {dense(builder, 2), compressed(builder, {0, 1, 2}, {1, 0}), dense(builder, 2)});
    };
    CHECK(read(with_sparse({2, 4}, {1, 2, 3, 4}, blocks)).tensors[2].data.bytes() ==
          std::vector<std::uint8_t>{0, 0, 1, 2, 3, 4, 0, 0});
}

TEST_CASE("sparse constants that contradict themselves are refused by name") {
    const auto refused = [](const std::vector<std::int32_t>& shape,
                            std::vector<std::uint8_t> stored, std::function<Offset(Builder&)> how) {
        CHECK_THROWS_WITH(read(with_sparse(shape, std::move(stored), std::move(how))),
                          Catch::Contains("tensor 2 'sparse': is stored sparse: "));
    };
    const auto rows = [](std::vector<std::uint8_t> segments, std::vector<std::uint16_t> indices) {
        return [=](Builder& builder) {
            return sparsity(builder, {0, 1}, {},
                            {dense(builder, 2), compressed(builder, segments, indices)});
        };
    };
    refused({2, 3}, {5, 6}, rows({0, 1, 3}, {1, 0, 2}));        // a value too few
    refused({2, 3}, {5, 6, 7, 8}, rows({0, 1, 3}, {1, 0, 2}));  // one too many
    refused({2, 3}, {5, 6, 7}, rows({0, 1, 3}, {1, 0, 9}));     // outside of the shape
    refused({2, 3}, {5, 6, 7}, rows({0, 3, 1}, {1, 0, 2}));     // segments descend
    refused({2, 3}, {5, 6, 7}, rows({0, 3}, {1, 0, 2}));        // a row without segment
    refused({2, 3}, {5}, [](Builder& builder) {
        return sparsity(builder, {0, 0}, {}, {dense(builder, 2), dense(builder, 3)});
    });
    refused({2, 3}, {5}, [](Builder& builder) {
        return sparsity(builder, {0, 1}, {}, {dense(builder, 2'000'000'000), dense(builder, 0)});
    });
    refused({2, 3}, {5}, [](Builder& builder) { return sparsity(builder, {}, {}, {}); });
    constexpr std::int32_t huge = std::numeric_limits<std::int32_t>::max();
    refused({huge, huge, huge}, {5}, rows({0, 1, 3}, {1, 0, 2}));
    // Blocks within blocks without end would be followed one by one.
    refused({2, 3}, {5}, [](Builder& builder) {
        constexpr std::int32_t blocks = 100'000;
        std::vector<std::int32_t> order(2 + blocks);
        std::iota(order.begin(), order.end(), 0);
        const auto one = dense(builder, 1);
        return sparsity(builder, order, std::vector<std::int32_t>(blocks, 1),
                        std::vector<flatbuffers::Offset<schema::DimensionTable>>(2 + blocks, one));
    });
}
