// No run moves more than its report says that the ports and the array can.
#include <catch2/catch.hpp>

#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/networks.hpp"
#include "report/ceilings.hpp"

using namespace u65sim;

namespace {

/// Within what one period of granted bandwidth more allows, since the last one counts whole.
void check_port(const Report& report, const Report::MemoryUse& use, const Memory& memory) {
    if (use.ceilings.empty()) {
        CHECK(use.read + use.write == Bytes{0});
        return;
    }
    const auto cycles =
        static_cast<double>((report.total.cycles + memory.bandwidth_period).count());
    const double rate = static_cast<double>((use.read + use.write).count()) / cycles;
    CAPTURE(rate, use.ceilings.front().bytes_per_cycle, to_string(use.ceilings.front().kind));
    CHECK(rate <= 1.01 * use.ceilings.front().bytes_per_cycle);
}

}  // namespace

TEST_CASE(
    "No port moves more than its ceiling, no depthwise operator computes more than its roof") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        const Report report = make_report(run.network, run.target, run.simulation);
        CAPTURE(name);
        check_port(report, report.sram, run.target.sram);
        check_port(report, report.dram, run.target.off_chip);
        for (const OperatorReport& op : report.operators) {
            if (op.type != "DEPTHWISE_CONV_2D" || op.cycles == Cycles{0}) continue;
            CAPTURE(op.name);
            CHECK(op.macs.count() <= report::peak_depthwise_macs(run.target) * op.cycles.count());
        }
    }
}

TEST_CASE("The field named by what binds a network makes it faster, the next one does not") {
    const Target base = Target::preset("u65-256");
    const auto estimate = [&](const char* change) {
        Target target = base;
        if (*change != '\0') target.set(change);
        return Oracle{target}.estimate(zoo("rnnoise"));
    };
    const Report report = estimate("");
    REQUIRE(report.dram.ceilings.front().kind == PortCeiling::Kind::reads_in_flight);
    REQUIRE(report::field_of(report.dram.ceilings.front(), 1) == "dram.max_outstanding_reads");
    CHECK(estimate("dram.bandwidth=16").total.cycles * 100 > report.total.cycles * 99);
    CHECK(estimate("dram.max_outstanding_reads=48").total.cycles * 100 < report.total.cycles * 90);
}
