// A target is a value: take a preset, change what you like, compare.
#include <cstdio>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

int main() {
    const u65sim::Graph network = u65sim::zoo("mobilenet_v1_cifar100");
    const char* const changes[] = {"sram.size=384KiB", "sram.size=512KiB", "dram.bandwidth=7.5",
                                   "dram.read_latency=1000", "memory.ideal=true"};
    for (const char* change : changes) {
        u65sim::Target target = u65sim::Target::preset("u65-256");
        target.set(change);  // "u65sim targets fields" lists the keys
        const u65sim::Report report = u65sim::Oracle{target}.estimate(network);
        std::printf("%-24s %7.3f ms, %zu spills\n", change, report.latency_ms(),
                    report.spills.size());
    }
}
