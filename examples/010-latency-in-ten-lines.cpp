#include <cstdio>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

int main() {
    u65sim::Oracle oracle{u65sim::Target::preset("u65-256")};  // or Target::from_yaml("mine.yaml")
    u65sim::Report report = oracle.estimate(u65sim::zoo("mobilenet_v2_224"));  // or a file
    std::printf("%.3f ms, %zu spills\n", report.latency_ms(), report.spills.size());
}
