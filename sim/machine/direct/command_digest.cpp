#include "machine/direct/command_digest.hpp"

#include <array>
#include <cstdint>
#include <numeric>

#include "base/hash.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

namespace {

class Digester {
public:
    explicit Digester(const Target& target) : target_(&target) {
        const Architecture arch = architecture(target.accelerator);
        for (std::size_t port = 0; port < periods_.size(); ++port) {
            const timing::BusShape bus =
                timing::port_rules(target, arch, static_cast<int>(port)).bus;
            // Bursts of weights and scales are longer by the number of cores.
            periods_[port] = static_cast<std::uint64_t>(
                std::lcm(bus.burst_bytes * target.accelerator.cores, bus.beat_bytes));
        }
    }

    CommandDigest of(const stream::Command& command) {
        numbers_.clear();
        add(command.words);
        add(command.action.index());
        std::visit([this](const auto& action) { add(action); }, command.action);
        LongHasher hasher;
        hasher.append(numbers_.data(), numbers_.size() * sizeof numbers_.front());
        return hasher.digest();
    }

private:
    template <class Number>
    requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
    void add(Number number) { numbers_.push_back(static_cast<std::int64_t>(number)); }
    template <class... Numbers>
    void add_all(Numbers... numbers) {
        (add(numbers), ...);
    }
    /// A place in memory: its port, and what bursts see of its address.
    void add_place(int region, std::uint64_t address) {
        const int port = port_of_region(target_->memory_mode, region);
        add(port);
        add(address % periods_[static_cast<std::size_t>(port)]);
    }

    void add(const stream::FeatureMap& map) {
        for (const std::uint64_t base : map.base) add_place(map.region, base);
        add_all(map.width0, map.height0, map.height1, map.height, map.width, map.depth,
                map.stride_y, map.stride_x, map.stride_c, map.type, map.layout);
    }
    void add(int region, const std::array<stream::ByteRange, 2>& ranges) {
        for (const stream::ByteRange& range : ranges) {
            add_place(region, range.base);
            add(range.length);
        }
    }
    void add(const stream::KernelOp& op) {
        add_all(op.kind, op.pool_mode, op.elementwise_mode);
        add(op.ifm);
        add(op.ofm);
        if (op.is_binary()) add(op.ifm2);
        add_all(op.broadcast.height, op.broadcast.width, op.broadcast.depth,
                op.broadcast.swap_operands, op.broadcast.scalar, op.upscale);
        add_all(op.kernel.height, op.kernel.width, op.kernel.stride_y, op.kernel.stride_x,
                op.kernel.dilation_y, op.kernel.dilation_x, op.kernel.part_kernel_first,
                op.kernel.decompose_4x4);
        add_all(op.pad.top, op.pad.left, op.pad.right, op.pad.bottom);
        if (op.has_weights()) {
            add(op.weight_region, op.weights);
            add(op.scale_region, op.scales);
        }
        add_all(op.global_scale, op.operand_scaling, op.rounding, op.activation.function);
        add_all(op.block.height, op.block.width, op.block.depth, op.ib_end, op.ab_start,
                op.ifm2_ib_start, op.acc_format, op.blockdep, op.parallel_mode);
    }
    void add(const stream::DmaOp& op) {
        for (const stream::DmaEnd* end : {&op.source, &op.destination}) {
            add(end->internal);
            if (!end->internal) add_place(end->region, end->address);
        }
        add_all(op.length, op.stride_mode, op.size0, op.size1);
    }
    void add(const stream::KernelWait& wait) { add(wait.outstanding); }
    void add(const stream::DmaWait& wait) { add(wait.outstanding); }
    void add(const stream::Stop& /*stop*/) {}
    void add(const stream::Irq& /*interrupt*/) {}
    void add(const stream::PmuMask& /*mask*/) {}

    const Target* target_;
    std::array<std::uint64_t, 2> periods_{};
    std::vector<std::int64_t> numbers_;
};

}  // namespace

std::vector<CommandDigest> digests_of(const std::vector<stream::Command>& commands,
                                      const Target& target) {
    Digester digester{target};
    std::vector<CommandDigest> digests;
    digests.reserve(commands.size());
    for (const stream::Command& command : commands) digests.push_back(digester.of(command));
    return digests;
}

}  // namespace u65sim::machine
