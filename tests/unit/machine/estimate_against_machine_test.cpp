// The compiler decides by estimates: they stay near what the machine takes.
#include <catch2/catch.hpp>

#include <cmath>
#include <string>

#include "timing/estimate.hpp"
#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

struct Case {
    std::string name;
    KernelOp op;
    double bound;  ///< measured on the high-end memories, rounded up to a hundredth
};

KernelOp with_kind(KernelOp op, stream::KernelKind kind) {
    op.kind = kind;
    if (!op.has_weights()) op.weights = op.scales = {};
    return op;
}

std::vector<Case> cases() {
    std::vector<Case> all{{"convolution 1x1", convolution(1, 0), 0.06},
                          {"convolution 3x3", convolution(3, 0), 0.02},
                          {"convolution 5x5", convolution(5, 0), 0.01},
                          {"addition", addition(), 0.01}};
    KernelOp op = convolution(3, 0);
    op.kernel.part_kernel_first = true;
    all.push_back({"part kernel first", op, 0.04});
    op = with_kind(convolution(3, 0), stream::KernelKind::depthwise);
    op.weights[0].length = 3 * 3 * 48;
    all.push_back({"depthwise 3x3", op, 0.01});
    op = with_kind(convolution(3, 0), stream::KernelKind::pool);
    op.pool_mode = stream::PoolMode::max;
    all.push_back({"max pool 3x3", op, 0.01});
    op = convolution(1, 0);
    op.weight_region = op.scale_region = 2;
    all.push_back({"weights in SRAM", op, 0.01});
    op = convolution(1, 0);
    op.ifm.region = 0;
    all.push_back({"IFM off the chip", op, 0.09});
    op = convolution(1, 0);
    op.ofm.region = 0;
    all.push_back({"OFM off the chip", op, 0.05});
    op = convolution(1, 0);
    op.ifm = brick_map(1, 1, 1024, 0);
    op.ofm = brick_map(1, 1, 256, 65536);
    op.weights[0].length = 1024 * 256;
    op.scales[0].length = 10 * 256;
    op.block = {2, 2, 64};
    all.push_back({"fully connected", op, 0.02});
    return all;
}

/// Estimate over machine, less one.
double deviation(const KernelOp& op, const Target& where) {
    const OperationRecord record = run(commands({op, stream::Stop{}}), where).operations.at(0);
    const Cycles predicted = timing::KernelEstimator{where}.kernel(op).total;
    return static_cast<double>(predicted.count()) /
               static_cast<double>((record.end - record.start).count()) -
           1.0;
}

}  // namespace

TEST_CASE("on ideal memory estimates are within 0.8 % of the machine") {
    Target where = target();
    where.ideal_memory = true;
    for (const Case& each : cases()) {
        INFO(each.name);
        CHECK(std::abs(deviation(each.op, where)) <= 0.008);
    }
}

TEST_CASE("on the U65's high-end memories estimates are as near the machine as is stated") {
    double sum = 0;
    for (const Case& each : cases()) {
        const double off = std::abs(deviation(each.op, target()));
        INFO(each.name);
        CHECK(off <= each.bound);
        sum += off;
    }
    CHECK(sum / static_cast<double>(cases().size()) <= 0.03);
}

TEST_CASE("estimates know how the decoder's buffer limits reads of weights off the chip") {
    double sum = 0;
    int count = 0;
    for (const int kernel : {1, 3}) {
        for (const int size : {8, 20}) {
            for (const int inputs : {32, 128, 512}) {
                for (const int outputs : {256, 1024}) {
                    KernelOp op = convolution(kernel, 0);
                    op.ifm = brick_map(size, size, inputs, 0);
                    op.ofm = brick_map(size, size, outputs, 65536);
                    op.weights[0].length =
                        static_cast<std::uint32_t>(kernel * kernel * inputs * outputs);
                    op.scales[0].length = static_cast<std::uint32_t>(10 * outputs);
                    op.block = {8, 8, 32};
                    INFO(kernel << "x" << kernel << ", " << inputs << " -> " << outputs << " on "
                                << size << "x" << size);
                    const double off = std::abs(deviation(op, target()));
                    CHECK(off <= 0.045);
                    sum += off;
                    ++count;
                }
            }
        }
    }
    CHECK(sum / count <= 0.015);
}
