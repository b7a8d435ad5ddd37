#include "machine/direct/command_digest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/hash.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"
#include "timing/kernel_fields.hpp"
#include "timing/kernel_key.hpp"

namespace u65sim::machine {

namespace {

class Digester {
public:
    explicit Digester(const Target& target) : target_(&target) {
        const Architecture arch = architecture(target.accelerator);
        for (std::size_t port = 0; port < periods_.size(); ++port) {
            periods_[port] = static_cast<std::uint64_t>(
                timing::port_rules(target, arch, static_cast<int>(port)).address_period());
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
    [[nodiscard]] int port_of(int region) const {
        return port_of_region(target_->memory_mode, region);
    }
    /// A place in memory: its port, and what bursts see of its address.
    void add_place(int region, std::uint64_t address) {
        const int port = port_of(region);
        add(port);
        add(address % periods_[static_cast<std::size_t>(port)]);
    }

    /// Blocks, jobs and accesses as estimates know them; where all that is; and what stands between
    /// one kernel and the next.
    void add(const stream::KernelOp& op) {
        const timing::KernelKey key{op, std::max(periods_[0], periods_[1])};
        for (const std::uint64_t word : key.words()) add(word);
        timing::visit_members(op, Surroundings{*this});
    }
    /// What of a kernel's members its key leaves out.
    struct Surroundings {
        Digester& digester;

        void counts(const char* /*name*/, auto /*value*/) const {}
        void address(const char* /*name*/, const auto& /*bases*/) const {}
        void region(const char* /*name*/, int region) const {
            digester.add(digester.port_of(region));
        }
        void ranges(const char* /*name*/, int region,
                    const std::array<stream::ByteRange, 2>& ranges) const {
            for (const stream::ByteRange& range : ranges) {
                digester.add_place(region, range.base);
                digester.add(range.length);
            }
        }
        void between(const char* /*name*/, int value) const { digester.add(value); }
        void part(const char* /*name*/, const auto& value) const {
            timing::visit_members(value, *this);
        }
        void ignored(const char* /*name*/, const auto& /*value*/, const char* /*why*/) const {}
        void absent(const char* /*name*/, const auto& /*value*/, const char* /*why*/) const {}
    };
    // Structured bindings: a new member does not compile until it stands here too.
    void add(const stream::DmaOp& op) {
        // What lies between runs is stepped over: each run is a request of its own.
        const auto& [source, destination, length, stride_mode, size0, size1, skip0, skip1] = op;
        add(source);
        add(destination);
        add_all(length, stride_mode, size0, size1);
    }
    void add(const stream::DmaEnd& end) {
        const auto& [region, internal, address, packed] = end;
        add_all(internal, packed);
        if (!internal) add_place(region, address);
    }
    void add(const stream::KernelWait& wait) {
        const auto& [outstanding] = wait;
        add(outstanding);
    }
    void add(const stream::DmaWait& wait) {
        const auto& [outstanding] = wait;
        add(outstanding);
    }
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
