// What does a network take?
#include <cstdio>

#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

int main() {
    u65sim::Oracle oracle{u65sim::Target::preset("u65-256")};
    const u65sim::Report report = oracle.estimate(u65sim::zoo("ds_cnn"));
    std::printf("%.3f ms, %zu spills\n", report.latency_ms(), report.spills.size());
}
