// Streams that another compiler's files carry run as they are, whatever the file: the same cycles,
// the same bytes.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/files.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>
#include <u65sim/simulate.hpp>

#include "corpus/foreign_files.hpp"
#include "support/temporary_folder.hpp"

using namespace u65sim;
using namespace u65sim::corpus;

namespace {

using Buffer = std::vector<std::uint8_t>;

const Target& target() {
    static const Target found = Target::preset("u65-256");
    return found;
}

CompiledNetwork small_network(std::uint64_t seed = 1) {
    BuilderOptions options;
    options.weights.seed = seed;
    GraphBuilder net{"small", options};
    const Value x = net.input({1, 6, 8, 4}, "x", Quantization{{0.05F}, {3}, 0});
    const Value y = net.conv2d(x, 8, Window::square(3));
    net.output(net.relu(net.conv2d(y, 4, Window::square(1))));
    return compile(net.build(), target());
}

FileContent content_of(const std::string& bytes) {
    auto data = std::make_unique<std::uint8_t[]>(bytes.size());
    std::memcpy(data.get(), bytes.data(), bytes.size());
    return {std::move(data), bytes.size()};
}

Graph read(const std::string& bytes, const std::string& name = "net.bin",
           const std::vector<std::filesystem::path>& external = {}) {
    return read_network(content_of(bytes), name, external);
}

std::int64_t cycles(const CompiledNetwork& network) {
    SimulateOptions options;
    options.backend = SimulationBackend::direct;
    return simulate(network, target(), options).total.count();
}

Buffer drawn(std::size_t size) {
    Buffer bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 7);
    return bytes;
}

Buffer computed(const CompiledNetwork& network, const Buffer& input) {
    const Execution execution = execute(network, target(), {input}, {.check = true, .states = {}});
    CHECK(execution.findings.empty());
    return execution.outputs.at(0);
}

std::vector<float> floats(const Buffer& bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

Buffer bytes_of(const std::vector<float>& values) {
    Buffer bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

std::vector<float> dequantised(const Buffer& raw, const Quantization& quantization) {
    std::vector<float> values;
    for (const std::uint8_t byte : raw) {
        values.push_back(
            quantization.scales.at(0) *
            static_cast<float>(static_cast<std::int8_t>(byte) - quantization.zero_points.at(0)));
    }
    return values;
}

const Quantization& quantization_of(const CompiledNetwork& network, TensorId id) {
    return network.graph.tensors.at(static_cast<std::size_t>(id)).quantization;
}

std::string message(const std::string& bytes, const std::string& name = "net.bin") {
    try {
        static_cast<void>(read(bytes, name));
    } catch (const Error& error) {
        return error.what();
    }
    return "read";
}

constexpr std::size_t input_bytes = 6 * 8 * 4;

}  // namespace

TEST_CASE("Vela's raw output runs as the network it was made from") {
    const CompiledNetwork source = small_network();
    const Buffer input = drawn(input_bytes);
    for (const bool deflated : {false, true}) {
        const Graph graph = read(npz_file(source, deflated), "folder/net.npz");
        CHECK(graph.name == "net");
        const CompiledNetwork network = import_compiled(graph, target());
        REQUIRE(network.segments.size() == 1);
        CHECK(network.segments[0].stream == source.segments[0].stream);
        CHECK(network.cpu_operators.empty());
        CHECK(cycles(network) == cycles(source));
        CHECK(computed(network, input) == computed(source, input));
        const Tensor& x = graph.tensors.at(static_cast<std::size_t>(graph.inputs.at(0)));
        CHECK(x.name == "input_0");
        CHECK(x.shape == Shape{1, 6, 8, 4});
        CHECK(x.type == ElementType::int8);
    }
}

TEST_CASE("A program of ExecuTorch is its delegate between operators of the CPU") {
    const CompiledNetwork source = small_network();
    const Quantization& in = quantization_of(source, source.graph.inputs.at(0));
    const Quantization& out = quantization_of(source, source.graph.outputs.at(0));
    const Buffer raw = drawn(input_bytes);
    for (const bool segments : {false, true}) {
        const Graph graph = read(pte_file(source, segments), "net.pte");
        const CompiledNetwork network = import_compiled(graph, target());
        CHECK(network.producer == "ExecuTorch");
        REQUIRE(network.segments.size() == 1);
        REQUIRE(network.cpu_operators.size() == 2);
        CHECK(network.cpu_operators[0].type == "QUANTIZE");
        CHECK(network.cpu_operators[1].type == "DEQUANTIZE");
        CHECK(cycles(network) == cycles(source));
        const Buffer result = computed(network, bytes_of(dequantised(raw, in)));
        CHECK(floats(result) == dequantised(computed(source, raw), out));
    }
}

TEST_CASE("Two delegates have constants and places of their own, also for one tensor") {
    // y = first(x); z = second(y); both y and z leave.
    GraphBuilder builder{"second", {}};
    const CompiledNetwork first = small_network(1);
    const Tensor& middle =
        first.graph.tensors.at(static_cast<std::size_t>(first.graph.outputs.at(0)));
    const Value y = builder.input(middle.shape, "y", middle.quantization);
    builder.output(builder.conv2d(y, 16, Window::square(5)));
    const CompiledNetwork second = compile(builder.build(), target());
    const auto place_of = [](const CompiledNetwork& network, TensorId id) {
        for (const Binding& each : network.bindings) {
            if (each.tensor == id) return each.offset;
        }
        return Bytes{-1};
    };
    REQUIRE(place_of(first, first.graph.outputs[0]) != place_of(second, second.graph.inputs[0]));

    const Tensor& last =
        second.graph.tensors.at(static_cast<std::size_t>(second.graph.outputs.at(0)));
    ProgramWriter program;
    const auto a = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto b = program.tensor(torch_int8, middle.shape);
    const auto c = program.tensor(torch_int8, last.shape);
    program.delegate("EthosUBackend", vela_blocks(first), {a, b});
    program.delegate("EthosUBackend", vela_blocks(second), {b, c});
    const CompiledNetwork network = import_compiled(read(program.write({a}, {c, b})), target());
    REQUIRE(network.segments.size() == 2);
    CHECK(network.segments[1].constants_begin >= Bytes{1});
    const Buffer input = drawn(input_bytes);
    const Execution execution = execute(network, target(), {input});
    const Buffer between = computed(first, input);
    CHECK(execution.outputs.at(1) == between);
    CHECK(execution.outputs.at(0) == computed(second, between));
    CHECK(cycles(network) == cycles(first) + cycles(second));
}

TEST_CASE("Permutations, copies and reshapes of a program become operators that compute") {
    const CompiledNetwork source = small_network();
    ProgramWriter program;
    // NCHW in memory -> NHWC by permute; the result as channels-last copy of an NCHW tensor.
    const auto x = program.tensor(torch_int8, {1, 4, 6, 8});
    const auto turned = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto y = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto nchw = program.tensor(torch_int8, {1, 4, 6, 8});
    const auto last = program.tensor(torch_int8, {1, 4, 6, 8}, {0, 2, 3, 1});
    const auto flat = program.tensor(torch_int8, {192});
    const auto to_nhwc = program.integers({0, 2, 3, 1});
    const auto to_nchw = program.integers({0, -1, 1, 2});
    const auto no = program.truth(false);
    program.kernel("aten::permute_copy", "out", {x, to_nhwc, turned, turned});
    program.delegate("EthosUBackend", vela_blocks(source), {turned, y});
    program.kernel("aten::permute_copy", "out", {y, to_nchw, nchw, nchw});
    program.kernel("dim_order_ops::_to_dim_order_copy", "out", {nchw, no, to_nhwc, last, last});
    program.kernel("aten::view_copy", "out", {y, program.integers({-1}), flat, flat});
    const CompiledNetwork network =
        import_compiled(read(program.write({x}, {nchw, last, flat})), target());
    std::vector<std::string> types;
    for (const CpuOperator& op : network.cpu_operators) types.push_back(op.type);
    CHECK(types == std::vector<std::string>{"TRANSPOSE", "TRANSPOSE", "TRANSPOSE", "RESHAPE"});

    const Buffer nhwc = drawn(input_bytes);
    const auto turn = [](const Buffer& from) {
        Buffer to(from.size());
        for (std::size_t place = 0; place < 48; ++place) {
            for (std::size_t c = 0; c < 4; ++c) to[c * 48 + place] = from[place * 4 + c];
        }
        return to;
    };
    const Buffer wanted = computed(source, nhwc);
    const Execution execution = execute(network, target(), {turn(nhwc)});
    CHECK(execution.outputs.at(0) == turn(wanted));
    CHECK(execution.outputs.at(1) == wanted);  // in memory as the delegate left it
    CHECK(execution.outputs.at(2) == wanted);
}

TEST_CASE("A program's kernels without an operator of ours are custom operators") {
    const CompiledNetwork source = small_network();
    ProgramWriter program;
    const auto x = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto y = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto sorted = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto places = program.tensor(torch_int64, {1, 6, 8, 4});
    const auto odd = program.tensor(torch_int8, {1, 6, 8, 4});
    program.delegate("EthosUBackend", vela_blocks(source), {x, y});
    program.kernel("aten::sort", "values",
                   {y, program.integer(2), program.truth(true), sorted, places,
                    program.tensors({sorted, places})});
    program.kernel("custom::twist", "out", {sorted, program.real(2.0), odd, odd});
    const CompiledNetwork network =
        import_compiled(read(program.write({x}, {sorted, places})), target());
    REQUIRE(network.cpu_operators.size() == 2);
    CHECK(network.cpu_operators[0].type == "aten::sort.values");
    CHECK(network.cpu_operators[1].type == "custom::twist.out");
    CHECK(network.cpu_operators[1].reason == "left to the CPU by ExecuTorch");
    CHECK_THROWS_WITH(execute(network, target(), {drawn(input_bytes)}),
                      Catch::Contains("no CPU kernel for this operator"));

    Graph shorter = network.graph;
    shorter.operators.pop_back();
    const Buffer input = drawn(input_bytes);
    const Execution execution = execute(import_compiled(shorter, target()), target(), {input});
    const Buffer from = computed(source, input);
    const Buffer& to = execution.outputs.at(0);
    const Buffer& at = execution.outputs.at(1);
    for (std::size_t row = 0; row < 6; ++row) {
        for (std::size_t x_at = 0; x_at < 8; ++x_at) {
            for (std::size_t c = 0; c < 4; ++c) {
                const std::size_t here = (row * 8 + x_at) * 4 + c;
                CHECK(to[here] == from[(row * 8 + at[here * 8]) * 4 + c]);
                if (x_at > 0) {
                    CHECK(static_cast<std::int8_t>(to[here - 4]) >=
                          static_cast<std::int8_t>(to[here]));
                }
            }
        }
    }
}

TEST_CASE("Ends of a program quantise to the levels that it says") {
    const CompiledNetwork source = small_network();
    ProgramWriter program;
    const std::vector<std::int32_t> shape{1, 6, 8, 4};
    const auto real = program.tensor(torch_float, shape),
               again = program.tensor(torch_float, shape);
    const auto x = program.tensor(torch_int8, shape), y = program.tensor(torch_int8, shape);
    const auto scale = program.real(0.05), zero = program.integer(3), type = program.integer(1);
    const auto low = program.integer(-100), high = program.integer(90);
    program.kernel("quantized_decomposed::quantize_per_tensor", "out",
                   {real, scale, zero, low, high, type, x, x});
    program.delegate("EthosUBackend", vela_blocks(source), {x, y});
    program.kernel("quantized_decomposed::dequantize_per_tensor", "out",
                   {x, scale, zero, low, high, type, program.nothing(), again, again});
    const CompiledNetwork network =
        import_compiled(read(program.write({real}, {x, y, again})), target());
    // Halves go to the even neighbour, as PyTorch rounds; -128 and 127 are beyond the levels.
    std::vector<float> values(input_bytes, 0.5F);
    values[0] = -6.55F, values[1] = 6.2F, values[2] = std::nanf("");
    values[3] = 2.5F * 0.05F, values[4] = 3.5F * 0.05F;
    const Execution execution = execute(network, target(), {bytes_of(values)});
    const Buffer& levels = execution.outputs.at(0);
    const auto level = [&](std::size_t i) { return static_cast<std::int8_t>(levels.at(i)); };
    CHECK(level(0) == -100);
    CHECK(level(1) == 90);
    CHECK(level(2) == 3);
    CHECK(level(3) == 5);
    CHECK(level(4) == 7);
    CHECK(level(5) == 13);
    CHECK(execution.outputs.at(1) == computed(source, levels));
    CHECK(floats(execution.outputs.at(2)).at(1) == Approx(0.05F * 87));
}

TEST_CASE("aten::avg_pool2d averages planes as PyTorch does") {
    const CompiledNetwork source = small_network();
    ProgramWriter program;
    const auto x = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto y = program.tensor(torch_int8, {1, 6, 8, 4});
    const auto map = program.tensor(torch_float, {1, 1, 3, 3});
    const auto padded = program.tensor(torch_float, {1, 1, 2, 2});
    const auto inside = program.tensor(torch_float, {1, 1, 2, 2});
    const auto pair = [&](std::int64_t n) { return program.integers({n, n}); };
    const auto no = program.truth(false), yes = program.truth(true), none = program.nothing();
    program.delegate("EthosUBackend", vela_blocks(source), {x, y});
    program.kernel("aten::avg_pool2d", "out",
                   {map, pair(2), pair(2), pair(1), no, yes, none, padded, padded});
    program.kernel("aten::avg_pool2d", "out",
                   {map, pair(2), pair(2), pair(1), no, no, none, inside, inside});
    const CompiledNetwork network =
        import_compiled(read(program.write({x, map}, {padded, inside})), target());
    const std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8, 9};
    const Execution execution = execute(network, target(), {drawn(input_bytes), bytes_of(values)});
    CHECK(floats(execution.outputs.at(0)) == std::vector<float>{0.25F, 1.25F, 2.75F, 7.0F});
    CHECK(floats(execution.outputs.at(1)) == std::vector<float>{1.0F, 2.5F, 5.5F, 7.0F});
}

TEST_CASE("Data of a program may have names, in the file or in another one") {
    const CompiledNetwork source = small_network();
    const std::string commands{"key of commands"}, weights{"key of weights"};
    const std::string payload = [&] {
        const auto bytes = make_payload(source.segments.at(0).stream);
        return std::string{bytes.begin(), bytes.end()};
    }();
    const std::string constants{source.constants.begin(), source.constants.end()};
    const std::string blocks =
        vela_blocks(source, 0, {{"cmd_data", commands}, {"weight_data", weights}});
    const auto write_program = [&](bool inside) {
        ProgramWriter program;
        const auto x = program.tensor(torch_int8, {1, 6, 8, 4});
        const auto y = program.tensor(torch_int8, {1, 6, 8, 4});
        program.delegate("EthosUBackend", blocks, {x, y});
        if (inside) {
            program.name_data(commands, payload);
            program.name_data(weights, constants);
        }
        return program.write({x}, {y});
    };
    const Buffer input = drawn(input_bytes);
    CHECK(computed(import_compiled(read(write_program(true)), target()), input) ==
          computed(source, input));
    CHECK_THAT(message(write_program(false)),
               Catch::Contains("'delegate_0'") || Catch::Contains("key of commands"));
    const test::TemporaryFolder folder;
    write_file(folder.file("commands.ptd"), ptd_file({{commands, payload}}));
    write_file(folder.file("weights.ptd"), ptd_file({{weights, constants}}));
    const Graph graph = read(write_program(false), "net.pte",
                             {folder.file("commands.ptd"), folder.file("weights.ptd")});
    CHECK(computed(import_compiled(graph, target()), input) == computed(source, input));
    CHECK_THROWS_WITH(read(write_program(false), "net.pte", {folder.file("commands.ptd")}),
                      Catch::Contains("key of weights"));
}

TEST_CASE("Fast memory that a program does not size is as large as its stream needs") {
    const CompiledNetwork source = small_network();
    const CompiledNetwork network = import_compiled(read(pte_file(source)), target());
    CHECK(network.fast_size <= source.fast_size);
    CHECK(cycles(network) == cycles(source));
}

TEST_CASE("What a foreign file lacks or has too much of is said") {
    const CompiledNetwork source = small_network();
    Members members = raw_members(source);
    CHECK(message(zip_file(members)) == "read");
    const auto changed = [&](const std::string& name, const std::string& array) {
        Members other = members;
        other[name] = array;
        return message(zip_file(other));
    };
    CHECK_THAT(changed("weight_region.npy", npy_integers({3}, "()")),
               Catch::Contains("weight_region is 3, must be 0"));
    CHECK_THAT(changed("scratch_shape.npy", npy_integers({-5})),
               Catch::Contains("scratch_shape is -5"));
    CHECK_THAT(changed("input_shape.npy", npy_file("|O", "(1, 4)", "pickle")),
               Catch::Contains("input_shape: its elements are Python objects"));
    CHECK_THAT(changed("input_offset.npy", npy_integers({1, 2})),
               Catch::Contains("must be of as many tensors"));
    CHECK_THAT(changed("output_elem_size.npy", npy_integers({3})),
               Catch::Contains("elements of 3 bytes"));
    CHECK_THAT(changed("cmd_data.npy", "no array"), Catch::Contains("is no NumPy array"));
    members.erase("cmd_data.npy");
    CHECK_THAT(message(zip_file(members)), Catch::Contains("holds no 'cmd_data.npy'"));
    std::string damaged = npz_file(source);
    damaged[damaged.find("COP1") + 40] ^= 1;
    CHECK_THAT(message(damaged), Catch::Contains("its checksum is wrong"));

    CHECK_THAT(message("COP1 and words", "stream.bin"), Catch::Contains("bare command stream"));
    CHECK_THAT(message("any bytes", "net.onnx"), Catch::Contains("ONNX is not read"));
    CHECK_THAT(message(ptd_file({})), Catch::Contains("holds data of an ExecuTorch program"));

    ProgramWriter other;
    const auto x = other.tensor(torch_int8, {1, 4});
    const auto y = other.tensor(torch_int8, {1, 4});
    other.delegate("XnnpackBackend", "data", {x, y});
    CHECK_THAT(message(other.write({x}, {y})),
               Catch::Contains("holds no delegate of EthosUBackend, but of XnnpackBackend"));
    ProgramWriter branches;
    branches.jump();
    CHECK_THAT(message(branches.write({}, {})), Catch::Contains("programs with branches"));
    ProgramWriter small;
    const auto a = small.tensor(torch_int8, {1, 6, 8, 3});
    const auto b = small.tensor(torch_int8, {1, 6, 8, 4});
    small.delegate("EthosUBackend", vela_blocks(source), {a, b});
    CHECK_THAT(message(small.write({a}, {b})),
               Catch::Contains("value 0 has 144 bytes, must have 192"));
}
