// A member of a kernel that a key forgot would give one kernel's time to another, silently.
#include "timing/kernel_key.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "timing/estimate.hpp"
#include "timing/kernel_fields.hpp"
#include "unit/timing/kernel_changes.hpp"
#include "unit/timing/kernels.hpp"

using namespace timing_test;
using timing::KernelEstimate;
using timing::KernelEstimator;
using timing::KernelKey;

namespace {

constexpr std::uint64_t period = 128;

/// What sim/timing/kernel_fields.hpp says of each member.
struct Lister {
    std::map<std::string, Means>& means;
    std::string prefix;

    void say(const char* name, Means meaning) const { means[prefix + name] = meaning; }
    void counts(const char* name, const auto& /*value*/) const { say(name, Means::key); }
    void address(const char* name, const auto& /*value*/) const { say(name, Means::key); }
    void region(const char* name, int /*value*/) const { say(name, Means::place); }
    void ranges(const char* name, int /*region*/, const auto& /*ranges*/) const {
        say(name, Means::place);
    }
    void between(const char* name, int /*value*/) const { say(name, Means::between); }
    void ignored(const char* name, const auto& /*value*/, std::string_view why) const {
        CHECK(!why.empty());
        say(name, Means::nothing);
    }
    void absent(const char* /*name*/, const auto& /*value*/, const char* /*why*/) const {}
    void part(const char* name, const auto& value) const {
        timing::visit_members(value, Lister{means, prefix + name + "."});
    }
};

bool is_of(const Change& change, const char* part) { return change.member.rfind(part, 0) == 0; }
/// Whether operations like `op` use the member at all.
bool is_used(const KernelOp& op, const Change& change) {
    if (is_of(change, "ifm2.")) return op.is_binary();
    if (is_of(change, "weights") || is_of(change, "scales")) return op.has_weights();
    return true;
}

KernelOp changed(KernelOp op, const Change& change) {
    change.apply(op);
    return op;
}

/// Operations among which every rule of the time model is met.
std::vector<KernelOp> sample() {
    std::vector<KernelOp> all{addition(), convolution(3, 1), convolution(1, 0)};
    all.push_back(convolution(3, 0));
    all.back().kernel.part_kernel_first = true;
    all.push_back(convolution(3, 0));
    all.back().kind = stream::KernelKind::depthwise;
    for (const stream::PoolMode mode :
         {stream::PoolMode::max, stream::PoolMode::average, stream::PoolMode::reduce_sum}) {
        all.push_back(convolution(2, 0));
        all.back().kind = stream::KernelKind::pool;
        all.back().pool_mode = mode;
    }
    all.push_back(addition());
    all.back().elementwise_mode = stream::ElementwiseMode::lrelu;
    all.push_back(addition());
    all.back().broadcast.scalar = true;
    return all;
}

}  // namespace

TEST_CASE("every member that decides a kernel's time is in its key, each alone") {
    for (const KernelOp& op : {addition(), convolution(3, 1)}) {
        const KernelKey key{op, period};
        CHECK(key == KernelKey{op, period});
        CHECK(key.words().size() < KernelKey::capacity);
        for (const Change& change : kernel_changes()) {
            INFO(change.member);
            const KernelKey other{changed(op, change), period};
            CHECK((other == key) == !(is_used(op, change) && change.means == Means::key));
        }
    }
}

TEST_CASE("the list of members and the changes tried here say the same of the same members") {
    std::map<std::string, Means> listed;
    timing::visit_members(addition(), Lister{listed, ""});
    timing::visit_members(convolution(3, 1), Lister{listed, ""});
    std::map<std::string, Means> tried;
    for (const Change& change : kernel_changes()) tried[change.member] = change.means;
    for (const auto& [member, means] : listed) {
        INFO(member);
        REQUIRE(tried.count(member) == 1);
        CHECK(tried.at(member) == means);
    }
    CHECK(tried.size() == listed.size());
}

TEST_CASE("addresses count by their place in a burst only") {
    KernelOp op = convolution(3, 1);
    const KernelKey key{op, period};
    op.ifm.base[0] += period;
    op.ofm.base[3] += 5 * period;
    CHECK(KernelKey{op, period} == key);
    op.ofm.base[3] += period / 2;
    CHECK_FALSE(KernelKey{op, period} == key);
}

TEST_CASE("keys hold numbers whole, however large") {
    const KernelOp op = convolution(1, 0);
    const KernelKey key{op, period};
    for (const int more : {1 << 8, 1 << 16, 1 << 30}) {
        for (int FeatureMap::*member : {&FeatureMap::height, &FeatureMap::width, &FeatureMap::depth,
                                        &FeatureMap::width0, &FeatureMap::height1}) {
            KernelOp other = op;
            other.ifm.*member += more;
            CHECK_FALSE(KernelKey{other, period} == key);
        }
    }
    for (const int bits : {8, 16, 32, 60}) {
        for (std::int64_t FeatureMap::*member :
             {&FeatureMap::stride_y, &FeatureMap::stride_x, &FeatureMap::stride_c}) {
            KernelOp other = op;
            other.ofm.*member += std::int64_t{1} << bits;
            CHECK_FALSE(KernelKey{other, period} == key);
        }
    }
}

TEST_CASE("keys tell members apart that hold the same values exchanged") {
    KernelOp op = convolution(1, 0);
    std::set<std::size_t> hashes;
    const auto add = [&](int KernelOp::*member) {
        KernelOp other = op;
        other.*member += 1;
        hashes.insert(KernelKey{other, period}.hash());
    };
    add(&KernelOp::ib_end);
    for (int stream::Kernel::*member :
         {&stream::Kernel::height, &stream::Kernel::width, &stream::Kernel::stride_y,
          &stream::Kernel::stride_x, &stream::Kernel::dilation_y, &stream::Kernel::dilation_x}) {
        KernelOp other = op;
        other.kernel.*member += 1;
        hashes.insert(KernelKey{other, period}.hash());
    }
    CHECK(hashes.size() == 7);
}

TEST_CASE("a member said not to count for a kernel alone leaves its estimate as it is") {
    std::vector<Target> targets{timing_test::target(), timing_test::target()};
    targets[1].accelerator = {Product::u55, 32, 1};
    for (const Target& where : targets) {
        for (const KernelOp& op : sample()) {
            const KernelEstimate before = KernelEstimator{where}.kernel(op);
            for (const Change& change : kernel_changes()) {
                const bool alone = change.means == Means::nothing ||
                                   change.means == Means::between || !is_used(op, change);
                if (!alone) continue;
                INFO(change.member);
                const KernelEstimate after = KernelEstimator{where}.kernel(changed(op, change));
                CHECK(after.total == before.total);
                CHECK(after.fill == before.fill);
                CHECK(after.mac == before.mac);
                CHECK(after.output == before.output);
                CHECK(after.port_cycles == before.port_cycles);
            }
        }
    }
}
