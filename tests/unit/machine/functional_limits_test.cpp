// What no network asks for: results beyond 64 bits and 32-bit outputs with a zero point, as other
// compilers' streams have them, and work without end.
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>

#include <u65sim/error.hpp>

#include "unit/machine/functional_streams.hpp"

using namespace functional_test;
using machine::functional::Executor;
using machine::functional::Limits;
using machine::functional::shram_region;

namespace {

constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
constexpr std::int32_t highest = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t input = 0, second_input = 1024, output = 2048;

/// One row of channels in, one row of 32-bit words out, with a zero point left in the register.
template <class T>
std::vector<std::int32_t> words_of(KernelOp op, const std::vector<T>& values,
                                   const std::vector<T>& second = {}) {
    const DataType type = sizeof(T) == 1 ? DataType::s8 : op.ifm.type;
    const auto depth = static_cast<int>(values.size());
    op.ifm = make_map(1, input, 1, 1, depth, type, Layout::nhwc);
    op.ifm2 = make_map(1, second_input, 1, 1, depth, type, Layout::nhwc);
    const bool sums = op.kind == KernelKind::pool && op.pool_mode == stream::PoolMode::reduce_sum;
    op.ofm = make_map(1, output, 1, 1, sums ? 1 : depth, DataType::s32, Layout::nhwc);
    op.ofm.zero_point = -77;
    Executor executor{one_core};
    executor.memory().resize(1, 4096);
    auto& bytes = executor.memory().bytes(1);
    std::memcpy(bytes.data() + input, values.data(), values.size() * sizeof(T));
    if (!second.empty()) {
        std::memcpy(bytes.data() + second_input, second.data(), second.size() * sizeof(T));
    }
    executor.run(command_of(op), 0);
    std::vector<std::int32_t> result(static_cast<std::size_t>(op.ofm.depth));
    std::memcpy(result.data(), bytes.data() + output, result.size() * 4);
    return result;
}

KernelOp pool_of(PoolMode mode) {
    KernelOp op;
    op.kind = KernelKind::pool;
    op.pool_mode = mode;
    return op;
}

KernelOp elementwise_of(ElementwiseMode mode) {
    KernelOp op;
    op.kind = KernelKind::elementwise;
    op.elementwise_mode = mode;
    return op;
}

}  // namespace

TEST_CASE("a 32-bit output takes no zero point, whatever the register holds") {
    using Bytes8 = std::vector<std::int8_t>;
    using Words = std::vector<std::int32_t>;
    const Bytes8 values{-128, -3, 0, 5, 127};
    const Words same{-128, -3, 0, 5, 127};
    CHECK(words_of(pool_of(PoolMode::max), values) == same);
    CHECK(words_of(pool_of(PoolMode::average), values) == same);
    CHECK(words_of(pool_of(PoolMode::reduce_sum), values) == Words{1});
    KernelOp sum = elementwise_of(ElementwiseMode::add);
    CHECK(words_of(sum, values, Bytes8{1, 1, 1, 1, 1}) == Words{-127, -2, 1, 6, 128});
    CHECK(words_of(elementwise_of(ElementwiseMode::mul), values, Bytes8{2, 2, 2, 2, 2}) ==
          Words{-256, -6, 0, 10, 254});
    KernelOp clz = elementwise_of(ElementwiseMode::clz);
    clz.ifm.type = DataType::s32;
    CHECK(words_of(clz, Words{0, 1, -1}) == Words{32, 31, 0});
}

TEST_CASE("a convolution's 32-bit output takes no zero point") {
    KernelOp op;
    op.ifm = make_map(1, 0, 1, 2, 4, DataType::s8, Layout::nhwc);
    op.ofm = make_map(1, 64, 1, 2, 8, DataType::s32, Layout::nhwc);
    op.ofm.zero_point = 19;
    op.block = {2, 2, 8};
    std::vector<std::uint8_t> constants;
    store_weights(op, architecture(one_core), std::vector<std::int16_t>(32, 2),
                  std::vector<weights::ScaleRecord>(8, {10, 1, 0}), constants, 0);
    Executor executor{one_core};
    executor.memory().assign(0, constants);
    executor.memory().resize(1, 128);
    for (std::size_t i = 0; i < 8; ++i) {
        executor.memory().bytes(1)[i] = static_cast<std::uint8_t>(i);
    }
    executor.run(command_of(op), 0);
    CHECK(load(executor.memory().bytes(1), op.ofm, 0, 0, 3) == 10 + 2 * (0 + 1 + 2 + 3));
    CHECK(load(executor.memory().bytes(1), op.ofm, 0, 1, 7) == 10 + 2 * (4 + 5 + 6 + 7));
}

TEST_CASE("in front of a table of words the zero point is the index's, and counts") {
    KernelOp op = elementwise_of(ElementwiseMode::max);
    op.broadcast.scalar = true;
    op.ifm2_scalar = -128;
    op.ifm = make_map(1, 0, 1, 1, 4, DataType::s8, Layout::nhwc);
    op.ofm = make_map(1, 64, 1, 1, 4, DataType::s32, Layout::nhwc);
    op.ofm.zero_point = 3;
    op.activation.function = 16;
    op.activation.clip_range = 3;
    Executor executor{one_core};
    executor.memory().resize(1, 128);
    const auto table = static_cast<std::size_t>(architecture(one_core).lut_address());
    for (std::int32_t i = 0; i < 256; ++i) {
        const std::int32_t entry = 1000 * (i - 128);
        std::memcpy(
            executor.memory().bytes(shram_region).data() + table + 4 * static_cast<std::size_t>(i),
            &entry, sizeof entry);
    }
    const std::vector<std::int8_t> values{-128, -5, 0, 127};
    std::memcpy(executor.memory().bytes(1).data(), values.data(), values.size());
    executor.run(command_of(op), 0);
    const auto& bytes = executor.memory().bytes(1);
    CHECK(load(bytes, op.ofm, 0, 0, 0) == -125'000);
    CHECK(load(bytes, op.ofm, 0, 0, 1) == -2'000);
    CHECK(load(bytes, op.ofm, 0, 0, 2) == 3'000);
    CHECK(load(bytes, op.ofm, 0, 0, 3) == 127'000);
}

TEST_CASE("scale records and operands of any bits saturate") {
    for (const std::int64_t bias : {(std::int64_t{1} << 39) - 1, -(std::int64_t{1} << 39)}) {
        for (const int shift : {0, 1, 63}) {
            KernelOp op;
            op.ifm = make_map(1, 0, 1, 1, 4, DataType::s16, Layout::nhwc);
            op.ifm.zero_point = -32768;
            op.ofm = make_map(1, 64, 1, 1, 8, DataType::s8, Layout::nhwc);
            op.ofm.zero_point = bias > 0 ? 127 : -128;
            op.block = {2, 2, 8};
            std::vector<std::uint8_t> constants;
            store_weights(op, architecture(one_core), std::vector<std::int16_t>(32, 255),
                          std::vector<weights::ScaleRecord>(8, {bias, 0xFFFFFFFF, shift}),
                          constants, 0);
            Executor executor{one_core};
            executor.memory().assign(0, constants);
            executor.memory().resize(1, 128);
            for (std::size_t i = 0; i < 16; ++i) executor.memory().bytes(1)[i] = 0x7F;
            executor.run(command_of(op), 0);
            CAPTURE(bias, shift);
            CHECK(load(executor.memory().bytes(1), op.ofm, 0, 0, 0) == (bias > 0 ? 127 : -128));
        }
    }
    KernelOp add = elementwise_of(ElementwiseMode::add);
    add.ifm.type = DataType::s32;
    add.operand_scaling = OperandScaling::a32;
    add.opa_scale = {0xFFFFFFFF, 0};
    using Words = std::vector<std::int32_t>;
    CHECK(words_of(add, Words{highest, lowest}, Words{highest, lowest}) == Words{highest, lowest});
    KernelOp sub = add;
    sub.elementwise_mode = ElementwiseMode::sub;
    sub.operand_scaling = OperandScaling::b32;
    CHECK(words_of(sub, Words{highest, lowest}, Words{lowest, highest}) == Words{highest, lowest});
    KernelOp mul = elementwise_of(ElementwiseMode::mul);
    mul.ifm.type = DataType::u32;
    CHECK(words_of(mul, std::vector<std::uint32_t>{0xFFFFFFFF}, {0xFFFFFFFF}) == Words{highest});
}

TEST_CASE(
    "work beyond the limit is refused before it starts, and the message says what raises it") {
    const Catch::Matchers::StdString::ContainsMatcher message = Catch::Contains("--work-limit");
    Executor executor{one_core};
    executor.memory().resize(1, 4096);
    // Every position reads the same element: no memory bounds this one.
    KernelOp endless = pool_of(PoolMode::max);
    endless.ifm = make_map(1, 0, 1, 1, 16, DataType::s8, Layout::nhwc);
    endless.ifm.stride_x = endless.ifm.stride_y = 0;
    endless.ofm = make_map(1, 0, 8, 8, 16, DataType::s8, Layout::nhwc);
    endless.kernel.height = endless.kernel.width = 32768;
    CHECK_THROWS_WITH(executor.run(command_of(endless), 0), message);
    DmaOp copies;
    copies.source = {1, false, 0};
    copies.destination = {1, false, 2048};
    copies.length = 16;
    copies.stride_mode = 2;
    copies.size0 = copies.size1 = 65535;
    CHECK_THROWS_WITH(executor.run(command_of(copies), 0), message);

    KernelOp small = pool_of(PoolMode::max);
    small.ifm = small.ofm = make_map(1, 0, 8, 8, 16, DataType::s8, Layout::nhwc);
    CHECK_NOTHROW(executor.run(command_of(small), 0));
    Executor limited{one_core, Limits{1000}};
    limited.memory().resize(1, 4096);
    CHECK_THROWS_WITH(limited.run(command_of(small), 0), message);
}

TEST_CASE("averages with padding and maxima do not look at OFM_SCALE") {
    KernelOp op = pool_of(PoolMode::average);
    op.ifm = make_map(1, 0, 1, 4, 1, DataType::s8, Layout::nhwc);
    op.kernel.width = 3;
    Executor executor{one_core};
    executor.memory().resize(1, 128);
    const std::vector<std::int8_t> values{9, 12, 30, -50};
    std::memcpy(executor.memory().bytes(1).data(), values.data(), values.size());
    const auto row = [&](int columns) {
        op.ofm = make_map(1, 64, 1, columns, 1, DataType::s8, Layout::nhwc);
        executor.run(command_of(op), 0);
        std::vector<std::int64_t> got;
        for (int x = 0; x < columns; ++x) {
            got.push_back(load(executor.memory().bytes(1), op.ofm, 0, x, 0));
        }
        return got;
    };
    using Row = std::vector<std::int64_t>;
    const Scale third{0xAAAAAAAC, 33};
    for (const auto& [global, scale] :
         {std::pair{false, Scale{}}, {true, Scale{}}, {true, third}}) {
        op.global_scale = global;
        op.ofm_scale = scale;
        CAPTURE(global, scale.shift);
        op.pad.left = op.pad.right = 1;
        op.pool_mode = PoolMode::average;
        // (9+12)/2, (9+12+30)/3, (12+30-50)/3, (30-50)/2, halves away from zero
        CHECK(row(4) == Row{11, 17, -3, -10});
        op.pool_mode = PoolMode::max;
        CHECK(row(4) == Row{12, 30, 30, 30});
    }
    op.pad.left = op.pad.right = 0;
    op.pool_mode = PoolMode::average;
    CHECK(row(2) == Row{17, -3});
    op.ofm_scale = {1, 1};  // half the sum
    CHECK(row(2) == Row{26, -4});
}
