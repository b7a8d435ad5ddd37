#include "stream/operation.hpp"

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include "sample_streams.hpp"

using namespace u65sim;
using namespace u65sim::stream;
using Catch::Contains;

namespace {

std::vector<Action> actions_of(const std::vector<Command>& commands) {
    std::vector<Action> actions;
    for (const Command& each : commands) actions.push_back(each.action);
    return actions;
}

/// The KernelOp of the small convolution.
KernelOp small_kernel() {
    const auto commands = decode(test::small_convolution(), Accelerator{});
    return std::get<KernelOp>(commands.at(2).action);
}

std::vector<std::uint32_t> without_word(std::uint32_t opcode_word) {
    std::vector<std::uint32_t> words = test::small_convolution();
    const auto at = std::find(words.begin(), words.end(), opcode_word);
    words.erase(at, at + ((opcode_word & 0x4000) != 0 ? 2 : 1));
    return words;
}

std::vector<std::uint32_t> replaced(std::uint32_t from, std::uint32_t to) {
    std::vector<std::uint32_t> words = test::small_convolution();
    const auto at = std::find(words.begin(), words.end(), from);
    REQUIRE(at != words.end());
    *at = to;
    return words;
}

}  // namespace

TEST_CASE("a DMA, a wait and a convolution come out of the words of a public compiler") {
    const auto commands = decode(test::small_convolution(), Accelerator{});
    REQUIRE(commands.size() == 4);
    CHECK(commands[0].word_index == 9);
    CHECK(commands[0].words == 10);
    const DmaOp dma{{0, false, 0x50}, {2, false, 0}, 0x100, 0, 1, 1, 0, 0};
    CHECK(std::get<DmaOp>(commands[0].action) == dma);
    CHECK(std::get<DmaWait>(commands[1].action) == DmaWait{0});
    CHECK(commands[1].word_index == 82);
    CHECK(commands[2].words == 1);
    CHECK(std::get<Stop>(commands[3].action) == Stop{0xFFFF});

    const KernelOp op = std::get<KernelOp>(commands[2].action);
    CHECK(op.kind == KernelKind::conv);
    CHECK(op.ifm.region == 1);
    CHECK(op.ifm.height == 2);
    CHECK(op.ifm.width == 80);
    CHECK(op.ifm.depth == 16);
    CHECK(op.ifm.type == DataType::s16);
    CHECK(op.ifm.layout == Layout::nhwc);
    CHECK(op.ifm.stride_y == 2560);
    CHECK(op.ofm.base[0] == 5120);
    CHECK(op.ofm.depth == 8);
    CHECK(op.rounding == Rounding::natural);
    CHECK_FALSE(op.global_scale);
    CHECK(op.weight_region == 2);
    CHECK(op.weights[0] == ByteRange{80, 176});
    CHECK(op.scales[0] == ByteRange{0, 80});
    CHECK(op.activation.min == -32768);
    CHECK(op.activation.max == 32767);
    CHECK(op.block == BlockShape{2, 42, 8});
    CHECK(op.ib_end == 10);
    CHECK(op.ab_start == 26);
    CHECK(op.acc_format == AccFormat::int40);
    CHECK(op.blockdep == 0);
    CHECK(op.macs() == 2 * 80 * 8 * 16);
}

TEST_CASE("encoding the decoded actions gives the same words") {
    const auto commands = decode(test::small_convolution(), Accelerator{});
    CHECK(encode(actions_of(commands), Accelerator{}) == test::small_convolution());
}

TEST_CASE("compiled networks decode, and encode to the compiler's own words") {
    for (const std::string& name : test::compiled_models()) {
        const auto payload = test::payload_of(name);
        if (payload.empty()) continue;
        CAPTURE(name);
        const CommandStream stream = parse_payload(payload);
        CHECK(make_payload(stream) == payload);
        const auto commands = decode(stream.words, stream.accelerator);
        int kernels = 0;
        std::size_t words = 0;
        for (const Command& each : commands) {
            words += each.words;
            if (std::holds_alternative<KernelOp>(each.action)) ++kernels;
        }
        CHECK(kernels >= 12);
        CHECK(words == stream.words.size());
        const auto again = encode(actions_of(commands), stream.accelerator);
        CHECK(again == stream.words);
        CHECK(actions_of(decode(again, stream.accelerator)) == actions_of(commands));
    }
}

TEST_CASE("unchanged registers are written once") {
    const KernelOp op = small_kernel();
    const auto once = encode({op}, Accelerator{});
    const auto twice = encode({op, op}, Accelerator{});
    CHECK(twice.size() == once.size() + 1);
    KernelOp other = op;
    other.ofm.base[0] += 16;
    CHECK(encode({op, other}, Accelerator{}).size() == once.size() + 3);
}

TEST_CASE("waits stand between an operation's registers and its start") {
    const KernelOp op = small_kernel();
    const DmaOp dma{{0, false, 0}, {2, false, 0}, 64, 0, 1, 1, 0, 0};
    const std::vector<Action> actions{op, KernelWait{1}, dma,   KernelWait{0}, DmaWait{0},
                                      op, KernelWait{0}, Stop{}};
    const auto words = encode(actions, Accelerator{});
    const auto commands = decode(words, Accelerator{});
    CHECK(actions_of(commands) == actions);
    CHECK(commands[1].words > 1);
    CHECK(commands[2].words == 1);
}

TEST_CASE("every kind of operation survives the words") {
    KernelOp op = small_kernel();
    op.ifm.type = op.ofm.type = DataType::s8;
    op.ifm.base = {16, 32, 48, 64};
    op.ifm.stride_y = 0x12'3456'7890;
    op.rounding = Rounding::truncate;
    std::vector<Action> actions;
    op.kind = KernelKind::depthwise;
    op.ifm.depth = op.ofm.depth;
    op.kernel = {5, 3, 4, 3, 2, 1, false, true};
    op.pad = {2, 1, 128, 3};
    op.activation = {17, 3, -128, 127};
    op.blockdep = 3;
    actions.emplace_back(op);
    op.kind = KernelKind::pool;
    op.weights = {};
    op.scales = {};
    op.weight_region = op.scale_region = 0;
    op.pool_mode = PoolMode::average;
    op.global_scale = true;
    op.ofm_scale = {0x80000001, 63};
    op.upscale = Upscale::nearest;
    actions.emplace_back(op);
    op.kind = KernelKind::elementwise;
    op.pool_mode = PoolMode::max;
    op.upscale = Upscale::none;
    op.kernel = {};
    op.pad = {};
    op.ifm.height0 = op.ofm.height;
    op.elementwise_mode = ElementwiseMode::sub;
    op.operand_scaling = OperandScaling::a32;
    op.opa_scale = {0x7FFFFFFF, 12};
    op.opb_scale = {7, 0};
    op.ifm2 = op.ifm;
    op.ifm2.zero_point = -7;
    op.broadcast = {true, false, true, true, false};
    op.ib_end = op.ab_start = 46;
    op.ifm2_ib_start = 24;
    actions.emplace_back(op);
    op.elementwise_mode = ElementwiseMode::mul;
    op.operand_scaling = OperandScaling::both16;
    op.opa_scale = op.opb_scale = {};
    op.broadcast = {false, false, false, false, true};
    const DataType type = op.ifm2.type;
    op.ifm2 = {};
    op.ifm2.type = type;
    op.ifm2_ib_start = 0;
    op.ifm2_scalar = -300;
    actions.emplace_back(op);
    actions.emplace_back(DmaOp{{1, false, 5}, {3, true, 0xB800}, 16, 2, 8, 2, 100, 0x12'0000'0000});
    actions.emplace_back(Irq{0x1234});
    actions.emplace_back(PmuMask{true});
    actions.emplace_back(Stop{1});
    // What no register holds: the extents an IFM must have.
    const auto first = decode(encode(actions, Accelerator{}), Accelerator{});
    auto& depthwise = std::get<KernelOp>(actions[0]);
    depthwise.ifm.height = std::max(2, (2 - 1) * 4 + 9 - 5);
    depthwise.ifm.width = std::max(80, 79 * 3 + 3 - 129);
    auto& pool = std::get<KernelOp>(actions[1]);
    pool.ifm.height = 4;
    pool.ifm.width = 80;
    auto& sub = std::get<KernelOp>(actions[2]);
    sub.ifm.height = 2;
    sub.ifm.width = 80;
    sub.ifm2.height = 1;
    sub.ifm2.width = 80;
    sub.ifm2.depth = 1;
    auto& mul = std::get<KernelOp>(actions[3]);
    mul.ifm.height = 2;
    mul.ifm.width = 80;
    REQUIRE(first.size() == actions.size());
    for (std::size_t i = 0; i < actions.size(); ++i) {
        CAPTURE(i);
        CHECK(first[i].action == actions[i]);
    }
}

TEST_CASE("two cores read two weight and scale ranges") {
    Accelerator two;
    two.cores = 2;
    KernelOp op = small_kernel();
    op.parallel_mode = 1;
    op.weights[1] = {512, 0};
    op.scales[1] = {1024, 48};
    const auto words = encode({op}, two);
    CHECK(words.front() == 0x00010123);
    CHECK(std::get<KernelOp>(decode(words, two)[0].action) == op);
    CHECK_THROWS_WITH(decode(words, Accelerator{}), Contains("parallel mode 1"));
    Accelerator u55;
    u55.product = Product::u55;
    CHECK_THROWS_WITH(decode(words, u55), Contains("word 0: PARALLEL_MODE") && Contains("u55-256"));
}

TEST_CASE("ranges of a second core that nobody wrote are empty") {
    Accelerator two;
    two.cores = 2;
    KernelOp op = small_kernel();
    op.parallel_mode = 1;
    const std::vector<std::uint32_t> bases{0x4090, 0x4092}, all{0x4090, 0x4091, 0x4092, 0x4093};
    for (const auto& left_out : {bases, all}) {
        auto words = encode({op}, two);
        for (const std::uint32_t opcode : left_out) {
            const auto at = std::find_if(words.begin(), words.end(), [&](std::uint32_t word) {
                return (word & 0xFFFF) == opcode;
            });
            REQUIRE(at != words.end());
            words.erase(at, at + 2);
        }
        CHECK(std::get<KernelOp>(decode(words, two)[0].action) == op);
    }
}

TEST_CASE("an address goes through tiles and layouts") {
    FeatureMap map;
    map.type = DataType::s16;
    map.base = {1000, 2000, 3000, 4000};
    map.width0 = 4;
    map.height0 = 3;
    map.height1 = 2;
    map.stride_y = 100;
    map.stride_x = 10;
    map.stride_c = 50;
    CHECK(map.address(0, 0, 0) == 1000);
    CHECK(map.address(2, 3, 1) == 1000 + 200 + 30 + 2);
    CHECK(map.address(3, 0, 0) == 3000);
    CHECK(map.address(1, 4, 0) == 2000 + 100);
    CHECK(map.address(2, 5, 0) == 4000 + 10);
    map.layout = Layout::nhcwb16;
    CHECK(map.address(1, 2, 35) == 1000 + 100 + 2 * 50 + (2 * 16 + 3) * 2);
}

TEST_CASE("multiply-accumulates of each kind") {
    KernelOp op;
    op.ofm.height = 10;
    op.ofm.width = 5;
    op.ofm.depth = 8;
    op.ifm.depth = 16;
    op.kernel.height = 3;
    op.kernel.width = 2;
    CHECK(op.macs() == 10 * 5 * 8 * 6 * 16);
    op.kind = KernelKind::depthwise;
    CHECK(op.macs() == 10 * 5 * 8 * 6);
    op.kind = KernelKind::pool;
    CHECK(op.macs() == 10 * 5 * 8 * 6);
    op.kind = KernelKind::elementwise;
    CHECK(op.macs() == 0);
}

TEST_CASE("broken streams are refused with the word's index") {
    const Accelerator u65;
    CHECK_THROWS_WITH(decode({0x00000004}, u65), Contains("word 0 = 0x00000004"));
    CHECK_THROWS_WITH(decode({0x00000123, 0x00001123}, u65),
                      Contains("word 1") && Contains("bits"));
    CHECK_THROWS_WITH(decode({0x00004000}, u65), Contains("second word"));
    CHECK_THROWS_WITH(decode({0x00080130}, u65), Contains("word 0") && Contains("DMA0_SRC_REGION"));
    CHECK_THROWS_WITH(decode({0x00000002}, u65), Contains("CONV needs PARALLEL_MODE"));
    CHECK_THROWS_WITH(decode({0x00000000, 0x00000000}, u65), Contains("STOP must be the last"));
    CHECK_THROWS_WITH(decode({0x00000123}, u65), Contains("no operation follows"));
    for (const std::uint32_t missing :
         {0x0001010FU, 0x00004000U, 0x00004003U, 0x000F0104U, 0x00050105U, 0x00000107U, 0x00000101U,
          0x80030114U, 0x00000122U, 0x00004021U, 0x00000125U, 0x00290115U, 0x000A010DU, 0x001A012DU,
          0x00010124U, 0x0000012FU}) {
        CAPTURE(missing);
        CHECK_THROWS_WITH(decode(without_word(missing), u65),
                          Contains("CONV needs") && Contains("must be written"));
    }
    CHECK_THROWS_WITH(decode(without_word(0x00004032), u65), Contains("DMA_START needs DMA0_LEN"));
    CHECK_THROWS_WITH(decode(replaced(0x00290115, 0x00280115), u65), Contains("OFM block 2x41x8"));
    CHECK_THROWS_WITH(decode(replaced(0x000A010D, 0x001C010D), u65), Contains("SHRAM"));
    CHECK_THROWS_WITH(decode(replaced(0x000000B0, 0x000000B1), u65), Contains("weights of 177"));
    CHECK_THROWS_WITH(decode(replaced(0x00050105, 0x000D0105), u65), Contains("8, 16 or 32"));
    CHECK_THROWS_WITH(decode(replaced(0x00010124, 0x00030124), u65), Contains("ACC_FORMAT 3"));
    CHECK_THROWS_WITH(decode(replaced(0x00000125, 0x00010125), u65), Contains("activation 1"));
    CHECK_THROWS_AS(decode(replaced(0x00000A00, 0x00000A01), u65), InvalidStream);
}

TEST_CASE("strides may go backwards: addresses have 40 bits and wrap") {
    KernelOp op = small_kernel();
    op.ofm.base[0] +=
        static_cast<std::uint64_t>(op.ofm.stride_y) * static_cast<std::uint64_t>(op.ofm.height - 1);
    op.ofm.stride_y = -op.ofm.stride_y;
    const auto words = encode({op}, Accelerator{});
    const auto commands = decode(words, Accelerator{});
    CHECK(std::get<KernelOp>(commands[0].action) == op);
    op.ofm.base[0] = 0;
    if (op.ofm.height > 1) {
        CHECK_THROWS_WITH(encode({op}, Accelerator{}), Contains("must fit 40 bits"));
    }
}

TEST_CASE("a copy may stride at one end alone") {
    DmaOp dma{{1, false, 0}, {1, false, 256}, 15, 2, 6, 3, 0, 180};
    for (const auto& [source, destination] : {std::pair{true, false}, {false, true}}) {
        dma.source.packed = source;
        dma.destination.packed = destination;
        const auto words = encode({dma}, Accelerator{});
        CHECK(std::get<DmaOp>(decode(words, Accelerator{})[0].action) == dma);
        CHECK(dma.span(source ? dma.source : dma.destination) == 15 * 6 * 3);
        CHECK(dma.span(source ? dma.destination : dma.source) == 2 * (15 * 6 + 180) + 15 * 6);
    }
    const auto modes = [](std::uint32_t from, std::uint32_t to) {
        auto words = encode({DmaOp{{1, false, 0}, {1, false, 256}, 16, 2, 2, 2, 0, 0}}, {});
        for (std::uint32_t& word : words) {
            if ((word & 0xFFFF) == 0x130) word = from << 25 | 0x10130;
            if ((word & 0xFFFF) == 0x131) word = to << 25 | 0x10131;
        }
        return words;
    };
    CHECK_NOTHROW(decode(modes(2, 0), Accelerator{}));
    CHECK_THROWS_WITH(decode(modes(2, 1), Accelerator{}), Contains("or one of them zero"));
}

TEST_CASE("the rounding of the input's precision says nothing") {
    const auto plain = decode(test::small_convolution(), Accelerator{});
    const auto rounded = decode(replaced(0x00050105, 0x80050105), Accelerator{});
    CHECK(std::get<KernelOp>(rounded.at(2).action) == std::get<KernelOp>(plain.at(2).action));
}

TEST_CASE("buffers in odd banks of the SHRAM are taken, as devices take them") {
    const Accelerator small{Product::u55, 64, 1, Hertz{500'000'000}};
    KernelOp op = small_kernel();
    op.kind = KernelKind::elementwise;
    op.elementwise_mode = ElementwiseMode::add;
    op.ifm2 = op.ifm = op.ofm;
    op.ib_end = op.ab_start = 14;
    for (const int bank : {3, 8, 9, 13}) {
        op.ifm2_ib_start = bank;
        CAPTURE(bank);
        const auto commands = decode(encode({op}, small), small);
        CHECK(std::get<KernelOp>(commands[0].action).ifm2_ib_start == bank);
    }
    for (const int bank : {0, 2, 14, 15}) {
        op.ifm2_ib_start = bank;
        CAPTURE(bank);
        CHECK_THROWS_WITH(encode({op}, small), Contains("IFM2 buffers"));
    }
}

TEST_CASE("an output that overlaps itself or leaves the address space is refused") {
    KernelOp op = small_kernel();
    op.ofm.stride_y = 0;
    CHECK_THROWS_WITH(encode({op}, Accelerator{}), Contains("must not overlap itself"));
    op = small_kernel();
    op.ofm.stride_y = (std::int64_t{1} << 39) - 16;
    op.ofm.height = op.ofm.height0 = 4;
    CHECK_THROWS_WITH(encode({op}, Accelerator{}), Contains("must fit 40 bits"));
    // Inputs may: every position reads the same element.
    op = small_kernel();
    op.ifm.stride_y = op.ifm.stride_x = 0;
    CHECK_NOTHROW(encode({op}, Accelerator{}));
}

TEST_CASE("encode refuses what does not fit the registers") {
    KernelOp op = small_kernel();
    op.pad.top = 128;
    CHECK_THROWS_WITH(encode({Stop{}, op}, Accelerator{}), Contains("action 1") && Contains("128"));
    op = small_kernel();
    op.ofm.width = 0;
    CHECK_THROWS_AS(encode({op}, Accelerator{}), InvalidStream);
    CHECK_THROWS_AS(encode({KernelWait{4}}, Accelerator{}), InvalidStream);
    CHECK_THROWS_AS(encode({DmaOp{}}, Accelerator{}), InvalidStream);
}
