#include "property/random_platforms.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include <tlm_utils/simple_target_socket.h>

namespace u65sim::property {
namespace {

using machine::Payload;
using sc_core::sc_time;

constexpr std::uint64_t window = 1 << 16;  ///< bytes of each memory

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed * 0x9E3779B97F4A7C15U + 1) {}
    std::uint64_t roll(std::uint64_t low, std::uint64_t high) {
        return low + engine_() % (high - low + 1);
    }
    bool once_in(std::uint64_t times) { return roll(1, times) == 1; }
    template <class Value>
    Value one_of(std::initializer_list<Value> values) {
        return *(values.begin() + roll(0, values.size() - 1));
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace

class RandomMemory : public sc_core::sc_module {
public:
    RandomMemory(sc_core::sc_module_name name, std::uint64_t seed)
        : sc_core::sc_module(name),
          dice_(seed),
          longest_(dice_.one_of<std::uint64_t>({0, 5, 100, 2000})) {}

    virtual void bind(ProtocolChecker& checker) = 0;

protected:
    sc_time some_time() { return {static_cast<double>(dice_.roll(0, longest_)), sc_core::SC_NS}; }

    Dice dice_;

private:
    std::uint64_t longest_;
};

namespace {

/// Out of order, with and without END_REQ, now and then within the call.
class FourPhaseMemory : public RandomMemory {
public:
    FourPhaseMemory(sc_core::sc_module_name name, std::uint64_t seed)
        : RandomMemory(name, seed),
          phases_("phases", {[this](Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
                                 return socket_->nb_transport_bw(payload, phase, delay);
                             },
                             [this](Payload& payload) { arrived(payload); }, [](Payload&) {}}),
          agenda_("agenda", [] {}) {
        socket_.register_nb_transport_fw(this, &FourPhaseMemory::nb_transport_fw);
        socket_.register_b_transport(this, &FourPhaseMemory::b_transport);
    }
    void bind(ProtocolChecker& checker) override { checker.out.bind(socket_); }

private:
    tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
        if (phase != tlm::BEGIN_REQ || !dice_.once_in(8)) {
            return phases_.forward(payload, phase, delay);
        }
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        delay += some_time();
        return tlm::TLM_COMPLETED;
    }
    void arrived(Payload& payload) {
        const sc_time now = sc_core::sc_time_stamp();
        const sc_time answer = now + some_time(), taken = now + some_time();
        if (taken < answer) {
            agenda_.at(taken, [this, &payload] { phases_.end_request(payload); });
        }
        agenda_.at(answer, [this, &payload] {
            payload.set_response_status(tlm::TLM_OK_RESPONSE);
            phases_.respond(payload);
        });
    }
    void b_transport(Payload& payload, sc_time& delay) {
        delay += some_time();
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    tlm_utils::passthrough_target_socket<FourPhaseMemory> socket_{"socket"};
    machine::AtTarget phases_;
    machine::Agenda agenda_;
};

/// What many models are; its socket makes four phases of it.
class BlockingMemory : public RandomMemory {
public:
    BlockingMemory(sc_core::sc_module_name name, std::uint64_t seed) : RandomMemory(name, seed) {
        socket_.register_b_transport(this, &BlockingMemory::b_transport);
    }
    void bind(ProtocolChecker& checker) override { checker.out.bind(socket_); }

private:
    void b_transport(Payload& payload, sc_time& delay) {
        delay += some_time();
        if (dice_.once_in(2)) {
            sc_core::wait(delay);
            delay = sc_core::SC_ZERO_TIME;
        }
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    tlm_utils::simple_target_socket<BlockingMemory> socket_{"socket"};
};

}  // namespace

/// A tree of buses: bus 0 holds the memories of all, each further one reaches them over an earlier
/// one and may have a memory of its own. Every bus has traffic or buses before it.
class RandomPlatform::Builder {
public:
    Builder(RandomPlatform& platform, std::uint64_t seed) : to_(platform), dice_(seed) {}

    void build() {
        const std::size_t buses = dice_.roll(1, 4);
        shared_ = dice_.roll(1, 4);
        std::vector<std::size_t> parent(buses), before(buses, 0);
        for (std::size_t i = 1; i < buses; ++i) {
            parent[i] = dice_.roll(0, i - 1);
            ++before[parent[i]];
        }
        std::vector<std::size_t> traffic(buses);
        for (std::size_t i = 0; i < buses; ++i) {
            traffic[i] = dice_.roll(before[i] == 0 ? 1 : 0, 3);
        }
        for (std::size_t i = 0; i < buses; ++i) {
            add_bus(before[i] + traffic[i], i == 0 ? shared_ : dice_.roll(1, 2), i != 0);
            if (i != 0) {
                BusModule& above = *to_.buses_[parent[i]];
                to_.buses_[i]->out[0].bind(checker(used_[parent[i]], above).in);
            }
        }
        for (std::size_t i = 0; i < buses; ++i) {
            for (std::size_t t = 0; t < traffic[i]; ++t) {
                to_.at_traffic_.push_back(&checker(used_[i], *to_.buses_[i]));
                add_traffic();
            }
        }
    }

private:
    /// A checker whose way out is the bus's next free place.
    ProtocolChecker& checker(std::size_t& used, BusModule& bus) {
        ProtocolChecker& made = new_checker();
        made.out.bind(bus.in[used++]);
        return made;
    }
    ProtocolChecker& new_checker() {
        to_.checkers_.push_back(
            std::make_unique<ProtocolChecker>(sc_core::sc_gen_unique_name("checker"), false));
        return *to_.checkers_.back();
    }

    void add_bus(std::size_t initiators, std::size_t targets, bool over_another) {
        BusParameters bus;
        bus.initiators = initiators;
        bus.targets = targets;
        for (std::size_t t = 0; t < targets; ++t) {
            const std::uint64_t first = over_another && t > 0 ? 8 * window : t * window;
            const std::uint64_t bytes = over_another && t == 0 ? 8 * window : window;
            bus.map.push_back({first, bytes, t, 0});
        }
        bus.clock = Hertz{
            dice_.one_of<std::int64_t>({1'000'000'000, 800'000'000, 333'333'333, 50'000'000})};
        bus.bandwidth =
            dice_.one_of({BytesPerCycle{16, 1}, BytesPerCycle{5, 2}, BytesPerCycle{1, 1}});
        bus.latency = Cycles{static_cast<std::int64_t>(dice_.roll(0, 20))};
        bus.crossbar = dice_.once_in(2);
        if (dice_.once_in(2)) bus.arbitration = Arbitration::priority;
        if (dice_.once_in(2)) {
            for (std::size_t i = 0; i < initiators; ++i) {
                bus.priorities.push_back(static_cast<int>(dice_.roll(0, 2)));
            }
        }
        bus.max_in_flight = dice_.roll(1, 8);
        bus.target_queue = dice_.roll(1, 4);
        to_.description_ += fmt::format("bus {} to {}; ", initiators, targets);
        to_.buses_.push_back(std::make_unique<BusModule>(sc_core::sc_gen_unique_name("bus"), bus));
        used_.push_back(0);
        for (std::size_t t = over_another ? 1 : 0; t < targets; ++t) {
            ProtocolChecker& before = new_checker();
            to_.buses_.back()->out[t].bind(before.in);
            to_.at_memories_.push_back(&before);
            add_memory(before);
        }
    }

    void add_memory(ProtocolChecker& before) {
        const std::uint64_t kind = dice_.roll(0, 2);
        if (kind == 0) {
            add_dram(before);
            return;
        }
        to_.description_ += kind == 1 ? "four-phase memory; " : "blocking memory; ";
        const sc_core::sc_module_name name(sc_core::sc_gen_unique_name("memory"));
        const std::uint64_t seed = dice_.roll(0, 1 << 30);
        if (kind == 1) {
            to_.memories_.push_back(std::make_unique<FourPhaseMemory>(name, seed));
        } else {
            to_.memories_.push_back(std::make_unique<BlockingMemory>(name, seed));
        }
        to_.memories_.back()->bind(before);
    }

    void add_dram(ProtocolChecker& before) {
        BankedDramParameters dram;
        const auto cycles = [&] { return Cycles{static_cast<std::int64_t>(dice_.roll(0, 30))}; };
        dram.banks = static_cast<int>(dice_.roll(1, 8));
        dram.rows = static_cast<int>(dice_.roll(64, 100));
        for (Cycles* each : {&dram.tRCD, &dram.tRP, &dram.CL, &dram.CWL, &dram.tRAS, &dram.tRTP,
                             &dram.tWR, &dram.tWTR, &dram.tRRD}) {
            *each = cycles();
        }
        dram.tREFI =
            Cycles{dice_.once_in(3) ? 0 : static_cast<std::int64_t>(dice_.roll(400, 9000))};
        dram.mapping = dice_.one_of({DramMapping::row_bank_column, DramMapping::bank_row_column,
                                     DramMapping::row_column_bank});
        dram.scheduling = dice_.one_of({DramScheduling::fcfs, DramScheduling::fr_fcfs});
        dram.queue = static_cast<int>(dice_.roll(1, 32));
        dram.reorder_limit = static_cast<int>(dice_.roll(0, 20));
        to_.description_ += "DRAM; ";
        to_.drams_.push_back(
            std::make_unique<BankedDramModule>(sc_core::sc_gen_unique_name("dram"), dram));
        before.out.bind(to_.drams_.back()->socket);
    }

    void add_traffic() {
        TrafficParameters traffic;
        traffic.bytes_per_second = dice_.one_of({0.0, 1e7, 1e9, 2.5e9});
        traffic.burst = static_cast<std::uint32_t>(dice_.one_of<std::uint64_t>({1, 7, 64, 200}));
        traffic.pattern =
            dice_.one_of({TrafficPattern::linear, TrafficPattern::random, TrafficPattern::strided});
        traffic.stride = dice_.roll(1, 4000);
        traffic.first = dice_.roll(0, shared_) * window + dice_.roll(0, 64);
        traffic.bytes = dice_.roll(4096, 9 * window);
        traffic.read_share = dice_.one_of({0.0, 0.3, 1.0});
        traffic.seed = dice_.roll(0, 1 << 30);
        traffic.requests = dice_.roll(1, 40);
        traffic.max_outstanding = dice_.roll(1, 12);
        traffic.blocking = dice_.once_in(4);
        to_.description_ += fmt::format("traffic of {}; ", traffic.requests);
        to_.asked_.push_back(traffic.requests);
        to_.traffic_.push_back(
            std::make_unique<TrafficModule>(sc_core::sc_gen_unique_name("traffic"), traffic));
        to_.traffic_.back()->socket.bind(to_.at_traffic_.back()->in);
    }

    RandomPlatform& to_;
    Dice dice_;
    std::size_t shared_ = 0;         ///< memories of bus 0
    std::vector<std::size_t> used_;  ///< places of each bus
};

RandomPlatform::RandomPlatform(std::uint64_t seed) { Builder(*this, seed).build(); }
RandomPlatform::~RandomPlatform() = default;

std::uint64_t RandomPlatform::requests() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t each : asked_) sum += each;
    return sum;
}

std::string RandomPlatform::run() {
    sc_core::sc_start(sc_time(1, sc_core::SC_SEC), sc_core::SC_EXIT_ON_STARVATION);
    std::string wrong;
    for (auto& each : checkers_) wrong += platform_test::violations(*each);
    std::uint64_t errors = 0, asked = 0, arrived = 0, moved = 0, moved_at_memories = 0;
    for (std::size_t i = 0; i < traffic_.size(); ++i) {
        const TrafficStatistics& seen = traffic_[i]->statistics();
        if (seen.reads + seen.writes != asked_[i]) {
            wrong += fmt::format("{} of {} requests were answered\n", seen.reads + seen.writes,
                                 asked_[i]);
        }
        if (seen.bytes_read != at_traffic_[i]->bytes_read() ||
            seen.bytes_written != at_traffic_[i]->bytes_written()) {
            wrong += "an initiator counts other bytes than its socket\n";
        }
        asked += asked_[i];
        errors += seen.errors;
        moved += seen.bytes_read + (seen.bytes_written << 32);
    }
    for (const ProtocolChecker* each : at_memories_) {
        arrived += each->transactions();
        moved_at_memories += each->bytes_read() + (each->bytes_written() << 32);
    }
    if (arrived + errors != asked) {
        wrong += fmt::format("{} requests, {} at memories, {} errors\n", asked, arrived, errors);
    }
    if (moved != moved_at_memories) wrong += "bytes were lost or found\n";
    return wrong;
}

std::uint64_t random_platform_count(std::uint64_t otherwise) {
    const char* const given = std::getenv("U65SIM_RANDOM_PLATFORMS");
    return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

}  // namespace u65sim::property
