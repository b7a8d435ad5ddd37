// Operations on bytes against a direct reading of their definition, element by element.
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <random>

#include <u65sim/error.hpp>

#include "arith/scaling.hpp"
#include "stream/check.hpp"
#include "unit/machine/functional_streams.hpp"

using namespace functional_test;
using machine::functional::Executor;
using machine::functional::shram_region;

namespace {

struct Case {
    KernelOp op;
    std::vector<std::int16_t> weights;
    std::vector<weights::ScaleRecord> records;
    std::vector<std::uint8_t> constants, arena;
};

arith::RoundingMode mode_of(const KernelOp& op) {
    return op.rounding == Rounding::tfl        ? arith::RoundingMode::tfl
           : op.rounding == Rounding::truncate ? arith::RoundingMode::truncate
                                               : arith::RoundingMode::natural;
}

std::int64_t clamped(const KernelOp& op, std::int64_t value) {
    value = std::max<std::int64_t>(value + op.ofm.zero_point, op.activation.min);
    return std::min<std::int64_t>(value, op.activation.max);
}

/// Element of the padded, upscaled input; false where there is padding.
bool input_at(const Case& test, int row, int column, int c, std::int64_t& value) {
    const KernelOp& op = test.op;
    const int rows = (op.ofm.height - 1) * op.kernel.stride_y + op.kernel.dilated_height() -
                     op.pad.top - op.pad.bottom;
    const int columns = (op.ofm.width - 1) * op.kernel.stride_x + op.kernel.dilated_width() -
                        op.pad.left - op.pad.right;
    int y = row - op.pad.top;
    int x = column - op.pad.left;
    value = 0;
    if (y < 0 || x < 0 || y >= rows || x >= columns) return false;
    if (op.upscale == Upscale::zeros && (y % 2 != 0 || x % 2 != 0)) return true;
    if (op.upscale != Upscale::none) {
        y /= 2;
        x /= 2;
    }
    value = load(test.arena, op.ifm, y, x, c) - op.ifm.zero_point;
    return true;
}

std::int64_t expected(const Case& test, int y, int x, int c) {
    const KernelOp& op = test.op;
    std::int64_t sum = 0;
    std::int64_t largest = std::numeric_limits<std::int16_t>::min();
    std::int64_t in_bounds = 0;
    const bool over_depth = op.kind == KernelKind::conv ||
                            (op.kind == KernelKind::pool && op.pool_mode == PoolMode::reduce_sum);
    const int depth = over_depth ? op.ifm.depth : 1;
    for (int ky = 0; ky < op.kernel.height; ++ky) {
        for (int kx = 0; kx < op.kernel.width; ++kx) {
            for (int i = 0; i < depth; ++i) {
                std::int64_t value = 0;
                const bool inside = input_at(
                    test, y * op.kernel.stride_y + ky * op.kernel.dilation_y,
                    x * op.kernel.stride_x + kx * op.kernel.dilation_x, over_depth ? i : c, value);
                in_bounds += inside ? 1 : 0;
                if (inside) largest = std::max(largest, value);
                const auto at = static_cast<std::size_t>(
                    ((c * op.kernel.height + ky) * op.kernel.width + kx) * depth + i);
                sum += value * (op.has_weights() ? test.weights[at] : 1);
            }
        }
    }
    if (op.has_weights()) {
        const auto& record = test.records[static_cast<std::size_t>(c)];
        return clamped(op, arith::round_shift(sum + record.bias, record.multiplier, record.shift,
                                              mode_of(op)));
    }
    if (op.pool_mode == PoolMode::max) return clamped(op, largest);
    const bool padded = op.pad.top + op.pad.left + op.pad.right + op.pad.bottom > 0;
    if (op.global_scale && (op.pool_mode == PoolMode::reduce_sum || !padded)) {
        return clamped(
            op, arith::round_shift(sum, op.ofm_scale.multiplier, op.ofm_scale.shift, mode_of(op)));
    }
    const std::int64_t half = sum >= 0 ? in_bounds / 2 : -(in_bounds / 2);
    return clamped(op, in_bounds == 0 ? 0 : (sum + half) / in_bounds);
}

class Generator {
public:
    explicit Generator(std::uint32_t seed) : random_(seed) {}
    int pick(int low, int high) {
        return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
    }
    std::uint32_t multiplier() {
        return static_cast<std::uint32_t>((1U << 30) + random_() % (1U << 30));
    }

    Case make(KernelKind kind, const Accelerator& accelerator) {
        Case test;
        KernelOp& op = test.op;
        op.kind = kind;
        op.pool_mode = static_cast<PoolMode>(pick(0, 2));
        op.kernel.height = pick(1, 5);
        op.kernel.width = pick(1, 5);
        op.kernel.stride_y = pick(1, 3);
        op.kernel.stride_x = pick(1, 3);
        if (kind != KernelKind::pool) {
            op.kernel.dilation_y = pick(1, 2);
            op.kernel.dilation_x = pick(1, 2);
        }
        if (kind == KernelKind::conv) op.kernel.part_kernel_first = pick(0, 1) != 0;
        if (pick(0, 3) == 0) op.upscale = static_cast<Upscale>(pick(1, 2));
        const int dilated_height = op.kernel.dilated_height();
        const int dilated_width = op.kernel.dilated_width();
        op.pad = {pick(0, dilated_height - 1), pick(0, dilated_width - 1),
                  pick(0, dilated_width - 1), pick(0, dilated_height - 1)};
        const int height = pick(1, 7);
        const int width = pick(1, 7);
        const int depth = pick(1, 40);
        const bool over_depth = kind == KernelKind::conv ||
                                (kind == KernelKind::pool && op.pool_mode == PoolMode::reduce_sum);
        const int inputs = over_depth ? pick(1, 40) : depth;
        const int factor = op.upscale == Upscale::none ? 1 : 2;
        const auto extent = [&](int outputs, int stride, int kernel, int pads) {
            return std::max(1, ((outputs - 1) * stride + kernel - pads + factor - 1) / factor);
        };
        const auto type = static_cast<DataType>(pick(0, 3) == 0 ? 3 : pick(0, 1));
        const bool narrow = bytes_of(type) == 1;
        op.ifm = make_map(
            1, 64, extent(height, op.kernel.stride_y, dilated_height, op.pad.top + op.pad.bottom),
            extent(width, op.kernel.stride_x, dilated_width, op.pad.left + op.pad.right), inputs,
            type, static_cast<Layout>(pick(0, 1)));
        if (narrow) op.ifm.zero_point = is_signed(type) ? pick(-128, 127) : pick(0, 255);
        op.ofm = make_map(1, 64 + bytes_of_map(op.ifm), height, width, depth,
                          narrow ? DataType::s8 : DataType::s16, static_cast<Layout>(pick(0, 1)));
        op.ofm.zero_point = pick(-20, 20);
        op.activation.min = narrow ? pick(-128, -50) : -32768;
        op.activation.max = narrow ? pick(50, 127) : 32767;
        op.rounding = static_cast<Rounding>(pick(0, 2));
        op.block = {8, 8, 8 * pick(1, 4)};
        op.global_scale =
            kind == KernelKind::pool && (pick(0, 1) != 0 || op.pool_mode == PoolMode::reduce_sum);
        op.ofm_scale = {multiplier(), pick(31, 36)};
        op.parallel_mode = accelerator.cores == 2 ? 1 : 0;
        test.arena.resize(op.ofm.base[0] + bytes_of_map(op.ofm));
        for (auto& byte : test.arena) byte = static_cast<std::uint8_t>(random_());
        if (!op.has_weights()) return test;
        const int filter_depth = over_depth ? inputs : 1;
        const int count = op.kernel.height * op.kernel.width * filter_depth * depth;
        for (int i = 0; i < count; ++i) {
            test.weights.push_back(static_cast<std::int16_t>(pick(-255, 255)));
        }
        for (int c = 0; c < depth; ++c) {
            test.records.push_back({pick(-100000, 100000), multiplier(), pick(38, 46)});
        }
        store_weights(op, architecture(accelerator), test.weights, test.records, test.constants, 0);
        return test;
    }

private:
    std::mt19937 random_;
};

void compare(const Case& test, const Accelerator& accelerator) {
    Executor executor{accelerator};
    executor.memory().assign(0, test.constants);
    executor.memory().assign(1, test.arena);
    executor.run(command_of(test.op), 0);
    const auto& result = executor.memory().bytes(1);
    for (int y = 0; y < test.op.ofm.height; ++y) {
        for (int x = 0; x < test.op.ofm.width; ++x) {
            for (int c = 0; c < test.op.ofm.depth; ++c) {
                INFO("y " << y << " x " << x << " c " << c);
                REQUIRE(load(result, test.op.ofm, y, x, c) == expected(test, y, x, c));
            }
        }
    }
}

}  // namespace

TEST_CASE("convolutions compute what the registers say") {
    Generator generator{11};
    for (int trial = 0; trial < 120; ++trial) {
        const Accelerator& accelerator = trial % 3 == 0 ? two_cores : one_core;
        CAPTURE(trial);
        compare(generator.make(KernelKind::conv, accelerator), accelerator);
    }
}

TEST_CASE("depthwise convolutions compute what the registers say") {
    Generator generator{12};
    for (int trial = 0; trial < 120; ++trial) {
        const Accelerator& accelerator = trial % 3 == 0 ? two_cores : one_core;
        CAPTURE(trial);
        compare(generator.make(KernelKind::depthwise, accelerator), accelerator);
    }
}

TEST_CASE("pools compute what the registers say") {
    Generator generator{13};
    for (int trial = 0; trial < 200; ++trial) {
        CAPTURE(trial);
        compare(generator.make(KernelKind::pool, one_core), one_core);
    }
}

TEST_CASE("a rolling buffer's second tile is found by height") {
    Case test;
    KernelOp& op = test.op;
    op.kind = KernelKind::pool;
    op.ofm = make_map(1, 4096, 4, 3, 5, DataType::s8, Layout::nhwc);
    op.ifm = make_map(1, 100, 4, 3, 5, DataType::s8, Layout::nhwc);
    op.ifm.height0 = 3;  // the last row wraps to offset 0
    test.arena.assign(8192, 7);
    std::fill_n(test.arena.begin(), 15, std::uint8_t{42});
    CHECK(expected(test, 3, 0, 0) == 42);
    compare(test, one_core);
}

namespace {

/// One elementwise operation on a row of int8 or int32.
template <class T>
std::vector<T> elementwise(KernelOp op, const std::vector<T>& a, const std::vector<T>& b) {
    const DataType type = sizeof(T) == 1 ? DataType::s8 : DataType::s32;
    const auto map = [&](std::uint64_t base, std::int32_t zero) {
        FeatureMap result = make_map(1, base, 1, 1, static_cast<int>(a.size()), type, Layout::nhwc);
        result.zero_point = zero;
        return result;
    };
    op.kind = KernelKind::elementwise;
    op.ifm = map(0, op.ifm.zero_point);
    op.ifm2 = map(1024, op.ifm2.zero_point);
    op.ofm = map(2048, op.ofm.zero_point);
    Executor executor{one_core};
    executor.memory().resize(1, 4096);
    auto& bytes = executor.memory().bytes(1);
    std::memcpy(bytes.data(), a.data(), a.size() * sizeof(T));
    std::memcpy(bytes.data() + 1024, b.data(), b.size() * sizeof(T));
    executor.run(command_of(op), 0);
    std::vector<T> result(a.size());
    std::memcpy(result.data(), bytes.data() + 2048, a.size() * sizeof(T));
    return result;
}

using Words = std::vector<std::int32_t>;

KernelOp op_of(ElementwiseMode mode) {
    KernelOp op;
    op.elementwise_mode = mode;
    return op;
}

}  // namespace

TEST_CASE("32-bit elementwise operations use the shift alone") {
    constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
    constexpr std::int32_t highest = std::numeric_limits<std::int32_t>::max();
    KernelOp mul = op_of(ElementwiseMode::mul);
    mul.global_scale = true;
    mul.ofm_scale = {0x40000000, 31};
    CHECK(elementwise<std::int32_t>(mul, {1 << 30, -5, lowest, 3}, {1 << 30, 1 << 30, lowest, 7}) ==
          Words{1 << 29, -2, highest, 0});
    KernelOp shr = op_of(ElementwiseMode::shr);
    shr.rounding = Rounding::natural;
    CHECK(elementwise<std::int32_t>(shr, {5, -5, 4096, -1}, {1, 1, 12, 0}) == Words{3, -2, 1, -1});
    const KernelOp shl = op_of(ElementwiseMode::shl);
    CHECK(elementwise<std::int32_t>(shl, {1, -3, 1, 1 << 30}, {4, 1, 31, 1}) ==
          Words{16, -6, lowest, lowest});
    const KernelOp clz = op_of(ElementwiseMode::clz);
    CHECK(elementwise<std::int32_t>(clz, {0, 1, -1, 65536}, {0, 0, 0, 0}) == Words{32, 31, 0, 15});
    KernelOp sub = op_of(ElementwiseMode::sub);
    sub.opa_scale = sub.opb_scale = {1, 0};
    CHECK(elementwise<std::int32_t>(sub, {7, -2}, {9, 5}) == Words{-2, -7});
    sub.broadcast.swap_operands = true;
    CHECK(elementwise<std::int32_t>(sub, {7, -2}, {9, 5}) == Words{2, 7});
    sub.opa_scale = sub.opb_scale = {32768, 0};
    CHECK(elementwise<std::int32_t>(sub, {7, -2}, {9, 5}) == Words{2, 7});
}

TEST_CASE("a rescaled addition rounds as TensorFlow Lite does") {
    const double small = 0.1;
    const double large = 0.3;
    const double output = 0.4;
    KernelOp add = op_of(ElementwiseMode::add);
    add.global_scale = true;
    add.operand_scaling = OperandScaling::a32;
    const auto operand = arith::quantise(small * (1 << 20) / (2 * large));
    const auto result_scale = arith::quantise(2 * large / (output * (1 << 20)));
    add.opa_scale = {operand.multiplier, operand.shift};
    add.ofm_scale = {result_scale.multiplier, result_scale.shift};
    add.ifm.zero_point = 3;
    add.ifm2.zero_point = -7;
    add.ofm.zero_point = 5;
    const auto two_step = [](std::int32_t value, arith::Multiplier scale) {
        return arith::rounding_divide_by_pot(
            arith::saturating_rounding_doubling_high_mul(
                value, static_cast<std::int32_t>(scale.multiplier)),
            scale.shift - 31);
    };
    std::vector<std::int8_t> a;
    std::vector<std::int8_t> b;
    for (int i = 0; i < 256; ++i) {
        a.push_back(static_cast<std::int8_t>(i - 128));
        b.push_back(static_cast<std::int8_t>(i * 37));
    }
    const auto result = elementwise<std::int8_t>(add, a, b);
    for (std::size_t i = 0; i < a.size(); ++i) {
        const std::int32_t first =
            two_step((a[i] - 3) * (1 << 20), arith::quantise(small / (2 * large)));
        const std::int32_t second = (b[i] + 7) * (1 << 19);
        const std::int32_t sum = two_step(first + second, result_scale);
        REQUIRE(int{result[i]} == std::clamp(sum + 5, -128, 127));
    }
}

TEST_CASE("two operands may have different types: a sum of 16 bits times a factor of 8") {
    KernelOp op = op_of(ElementwiseMode::mul);
    op.kind = KernelKind::elementwise;
    op.global_scale = true;
    op.ofm_scale = {1 << 30, 32};  // a quarter
    op.ifm = make_map(1, 0, 1, 1, 4, DataType::s16, Layout::nhwc);
    op.ifm2 = make_map(1, 64, 1, 1, 1, DataType::u8, Layout::nhwc);
    op.broadcast = {true, true, true, false, false};
    op.ofm = make_map(1, 128, 1, 1, 4, DataType::s8, Layout::nhwc);
    CHECK(stream::problem_of_extents(op).empty());
    Executor executor{one_core};
    executor.memory().resize(1, 256);
    auto& bytes = executor.memory().bytes(1);
    const std::vector<std::int16_t> sums{2, -2, 1000, -3};
    std::memcpy(bytes.data(), sums.data(), 8);
    bytes[64] = 200;
    executor.run(command_of(op), 0);
    const auto* results = reinterpret_cast<const std::int8_t*>(bytes.data() + 128);
    CHECK(std::vector<int>(results, results + 4) == std::vector<int>{100, -100, 127, -128});
}

TEST_CASE("look-up tables take the clamped result as index") {
    KernelOp op = op_of(ElementwiseMode::max);
    op.kind = KernelKind::elementwise;
    op.broadcast.scalar = true;
    op.ifm2_scalar = -128;
    op.activation.function = 17;  // table 1: 256 bytes further
    op.ifm = make_map(1, 0, 1, 1, 256, DataType::s8, Layout::nhwc);
    op.ofm = make_map(1, 256, 1, 1, 256, DataType::s8, Layout::nhwc);
    const auto table = static_cast<std::size_t>(architecture(one_core).lut_address() + 256);
    Executor executor{one_core};
    executor.memory().resize(1, 2048);
    for (std::size_t i = 0; i < 256; ++i) {
        executor.memory().bytes(1)[i] = static_cast<std::uint8_t>(i);
        executor.memory().bytes(shram_region)[table + i] = static_cast<std::uint8_t>(255 - i);
    }
    executor.run(command_of(op), 0);
    for (std::size_t i = 0; i < 256; ++i) {
        const int index = static_cast<std::int8_t>(i) + 128;
        REQUIRE(executor.memory().bytes(1)[256 + i] == 255 - index);
    }
    // 256 words do not fit behind slot 7.
    op.activation.function = 23;
    op.activation.clip_range = 3;
    op.ofm = make_map(1, 256, 1, 1, 256, DataType::s32, Layout::nhwc);
    CHECK_THROWS_AS(executor.run(command_of(op), 0), InvalidStream);
}

TEST_CASE("copies follow their strides and stay inside their regions") {
    Executor executor{one_core};
    executor.memory().resize(1, 64);
    executor.memory().resize(2, 64);
    for (std::size_t i = 0; i < 64; ++i) {
        executor.memory().bytes(1)[i] = static_cast<std::uint8_t>(i);
    }
    DmaOp dma;
    dma.source = {1, false, 0};
    dma.destination = {2, false, 1};
    dma.length = 2;
    dma.stride_mode = 1;
    dma.size0 = 3;
    dma.skip0 = 5;
    executor.run(command_of(dma), 0);
    const auto& to = executor.memory().bytes(2);
    CHECK(std::vector<int>{to[0], to[1], to[2], to[3], to[8], to[9], to[15], to[16]} ==
          std::vector<int>{0, 0, 1, 0, 7, 8, 14, 15});
    // One end may be packed: here three runs are gathered.
    dma.destination = {2, false, 32, true};
    executor.run(command_of(dma), 0);
    CHECK(std::vector<int>(to.begin() + 32, to.begin() + 39) ==
          std::vector<int>{0, 1, 7, 8, 14, 15, 0});
    dma.length = 65;
    CHECK_THROWS_WITH(
        executor.run(command_of(dma, 9), 4),
        Catch::Contains("command 4 (word 9): DMA") && Catch::Contains("has 64 bytes"));
}

TEST_CASE("an operation without end is refused before it starts") {
    Case test;
    test.op.kind = KernelKind::pool;
    test.op.ifm = test.op.ofm = make_map(1, 0, 65536, 65536, 65536, DataType::s8, Layout::nhwc);
    Executor executor{one_core};
    CHECK_THROWS_WITH(executor.run(command_of(test.op), 0), Catch::Contains("takes at most"));
}
