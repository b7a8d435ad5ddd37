// A memory that says its numbers in cycles of its own clock, against the same one that says them in
// the NPU's: compiler, quick answers, machine and reports are to see one memory.
#include <catch2/catch.hpp>

#include <cstddef>
#include <string>

#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;

namespace {

Target target(const std::string& clock, int cycles_of_npu) {
    Target target = Target::preset("u65-256");
    const auto set = [&](const char* key, int value) {
        target.set(std::string{key} + "=" + std::to_string(value));
    };
    target.set("dram.clock=" + clock);
    set("dram.bandwidth", 4 * cycles_of_npu);
    set("dram.bandwidth_period", 0);
    set("dram.read_latency", 500 / cycles_of_npu);
    set("dram.write_latency", 250 / cycles_of_npu);
    return target;
}

}  // namespace

TEST_CASE("A memory with a clock of its own is planned and timed like its equal at the NPU's") {
    const Target same = target("0", 1);
    const Target half = target("500MHz", 2);
    for (const char* name : {"autoencoder", "rnnoise", "ds_cnn"}) {
        for (const Effort effort : {Effort::normal, Effort::quick}) {
            CAPTURE(name, to_string(effort));
            OracleOptions options;
            options.effort = effort;
            const Graph graph = zoo(name, {.modelled = true});
            const Report left = Oracle{same, options}.estimate(graph);
            const Report right = Oracle{half, options}.estimate(graph);
            CHECK(left.total.cycles == right.total.cycles);
            CHECK(left.dram.read == right.dram.read);
            CHECK(left.total.bound == right.total.bound);
            REQUIRE(left.dram.ceilings.size() == right.dram.ceilings.size());
            for (std::size_t i = 0; i < left.dram.ceilings.size(); ++i) {
                CHECK(left.dram.ceilings[i].bytes_per_cycle ==
                      Approx(right.dram.ceilings[i].bytes_per_cycle));
            }
        }
    }
}
