// Platforms nobody would draw by hand, from a seed: traffic, buses of several levels, memories.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <u65sim/systemc/banked_dram.hpp>
#include <u65sim/systemc/bus.hpp>
#include <u65sim/systemc/traffic.hpp>

#include "unit/machine/platform_rig.hpp"

namespace u65sim::property {

/// A memory that answers after random times, over four phases or blocking only.
class RandomMemory;

class RandomPlatform {
public:
    explicit RandomPlatform(std::uint64_t seed);
    ~RandomPlatform();

    /// Runs it until nothing moves, for at most a second of simulated time. What is wrong then, ""
    /// when nothing is: unanswered or lost requests, bytes that are not conserved, violations of
    /// the protocol.
    std::string run();
    /// What it is made of.
    [[nodiscard]] const std::string& description() const { return description_; }
    [[nodiscard]] std::uint64_t requests() const;

private:
    class Builder;

    platform_test::FreshSimulation simulation_;
    std::string description_;
    std::vector<std::unique_ptr<TrafficModule>> traffic_;
    std::vector<std::uint64_t> asked_;  ///< requests of each
    std::vector<std::unique_ptr<BusModule>> buses_;
    std::vector<std::unique_ptr<RandomMemory>> memories_;
    std::vector<std::unique_ptr<BankedDramModule>> drams_;
    std::vector<std::unique_ptr<ProtocolChecker>> checkers_;
    std::vector<ProtocolChecker*> at_traffic_, at_memories_;
};

/// How many random platforms to try: U65SIM_RANDOM_PLATFORMS, or `otherwise`.
std::uint64_t random_platform_count(std::uint64_t otherwise);

}  // namespace u65sim::property
