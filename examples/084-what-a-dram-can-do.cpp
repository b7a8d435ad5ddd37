// What a DRAM with banks can do: bandwidth under load and latency of single reads, by pattern.
// These are the figures that a target's dram.bandwidth and dram.read_latency sum up.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <u65sim/systemc/banked_dram.hpp>
#include <u65sim/systemc/traffic.hpp>

namespace {

/// A DRAM of its own with one initiator.
struct Case {
    std::string name;
    std::unique_ptr<u65sim::BankedDramModule> dram;
    std::unique_ptr<u65sim::TrafficModule> traffic;
};

Case make(const std::string& name, const u65sim::BankedDramParameters& dram,
          u65sim::TrafficPattern pattern, double read_share, std::size_t outstanding) {
    u65sim::TrafficParameters requests;
    requests.pattern = pattern;
    requests.read_share = read_share;
    requests.max_outstanding = outstanding;
    requests.bytes = 64 << 20;
    requests.requests = 20'000;
    Case made{name, nullptr, nullptr};
    made.dram =
        std::make_unique<u65sim::BankedDramModule>(sc_core::sc_gen_unique_name("dram"), dram);
    made.traffic =
        std::make_unique<u65sim::TrafficModule>(sc_core::sc_gen_unique_name("traffic"), requests);
    made.traffic->socket.bind(made.dram->socket);
    return made;
}

}  // namespace

int sc_main(int, char**) {
    using enum u65sim::TrafficPattern;
    std::vector<Case> cases;
    for (const std::string& name : u65sim::BankedDramParameters::preset_names()) {
        const auto dram = u65sim::BankedDramParameters::preset(name);
        cases.push_back(make(name + ", linear reads", dram, linear, 1.0, 24));
        cases.push_back(make(name + ", linear, half writes", dram, linear, 0.5, 24));
        cases.push_back(make(name + ", random reads", dram, random, 1.0, 24));
        cases.push_back(make(name + ", random, half writes", dram, random, 0.5, 24));
        cases.push_back(make(name + ", linear reads one by one", dram, linear, 1.0, 1));
        cases.push_back(make(name + ", random reads one by one", dram, random, 1.0, 1));
    }
    sc_core::sc_start();

    bool all = true;
    std::printf("%-42s%12s%18s%12s\n", "", "GB/s", "mean latency, ns", "open rows");
    for (const Case& each : cases) {
        const u65sim::TrafficStatistics& seen = each.traffic->statistics();
        const u65sim::DramStatistics rows = each.dram->statistics();
        const double accesses =
            static_cast<double>(rows.row_hits + rows.row_misses + rows.row_conflicts);
        std::printf("%-42s%12.2f%18.1f%10.1f %%\n", each.name.c_str(),
                    static_cast<double>(seen.bytes_read + seen.bytes_written) /
                        seen.last_response.to_seconds() / 1e9,
                    seen.mean_latency().to_seconds() * 1e9,
                    100.0 * static_cast<double>(rows.row_hits) / accesses);
        all = all && each.traffic->finished();
    }
    return all ? 0 : 1;
}

int main(int argc, char** argv) { return sc_core::sc_elab_and_sim(argc, argv); }
