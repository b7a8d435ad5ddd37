// How long bursts are: of maps by the port's width, of weights by the cores, of others as set.
#include <catch2/catch.hpp>

#include <array>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// Traffic of a convolution and a DMA, every run of which is a multiple of 128 bytes.
std::array<PortTraffic, 2> ports(Product product, int cores) {
    Target where = target();
    where.accelerator.product = product;
    where.accelerator.cores = cores;
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(16, 16, 32, 0);
    op.ofm = brick_map(16, 16, 32, 65536);
    op.block = {8, 16, 32};
    for (std::size_t core = 0; core < static_cast<std::size_t>(cores); ++core) {
        op.weights[core] = {core * 1024, static_cast<std::uint32_t>(1024 / cores)};
        op.scales[core] = {8192 + core * 512, static_cast<std::uint32_t>(320 / cores)};
    }
    return run(commands({to_sram(12800), stream::DmaWait{0}, op, stream::Stop{}}), where).ports;
}

std::int64_t burst_bytes(const PortTraffic& port, Channel channel) {
    const auto index = static_cast<std::size_t>(channel);
    return port.bytes[index].count() / port.bursts[index];
}

}  // namespace

SCENARIO("maps travel in bursts of eight beats") {
    THEN("they are 128 bytes on ports of 16 bytes, with one core and with two") {
        for (const int cores : {1, 2}) {
            CHECK(burst_bytes(ports(Product::u65, cores)[0], Channel::ifm) == 128);
            CHECK(burst_bytes(ports(Product::u65, cores)[0], Channel::ofm) == 128);
        }
    }
    THEN("they are 64 bytes on ports of 8 bytes") {
        CHECK(burst_bytes(ports(Product::u55, 1)[0], Channel::ifm) == 64);
        CHECK(burst_bytes(ports(Product::u55, 1)[0], Channel::ofm) == 64);
    }
}

SCENARIO("weights that two cores ask for in lockstep travel as one burst") {
    CHECK(burst_bytes(ports(Product::u65, 1)[1], Channel::weights) == 64);
    CHECK(burst_bytes(ports(Product::u65, 2)[1], Channel::weights) == 128);
}

SCENARIO("commands and DMAs belong to no core, and split at the burst size") {
    for (const int cores : {1, 2}) {
        CHECK(burst_bytes(ports(Product::u65, cores)[1], Channel::dma_read) == 64);
        CHECK(burst_bytes(ports(Product::u65, cores)[1], Channel::command) == 32);
    }
}
