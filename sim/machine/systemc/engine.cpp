#include "machine/systemc/engine.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/dram.hpp>
#include <u65sim/systemc/sram.hpp>
#include <u65sim/systemc/traffic.hpp>

#include "machine/systemc/machine_carrier.hpp"
#include "machine/systemc/systemc.hpp"
#include "machine/systemc/vcd_file.hpp"
#include "machine/systemc/vcd_trace.hpp"
#include "target/traffic_text.hpp"

namespace u65sim::machine {

namespace {

/// A run of one command stream.
struct Work {
    const std::vector<stream::Command>& commands;
    std::int64_t words;
    const Target& target;
    const SimulateOptions& options;
    bool shared = false;  ///< with the target's traffic, on memories that several share
};

/// A machine with its memories behind sockets. Regions lie far apart, each in the memory behind its
/// port; nothing is computed.
class TlmPlatform : public sc_core::sc_module, private BurstBytes {
public:
    TlmPlatform(const sc_core::sc_module_name& name, const Target& target, AxiProtocol::Style style)
        : sc_core::sc_module(name),
          ports_{{AxiProtocol{.style = style}, AxiProtocol{.style = style}}, *this},
          sram("sram", target, size),
          dram("dram", target, size) {
        npu.module().tlm_port(0).socket.bind(sram.socket);
        npu.module().tlm_port(1).socket.bind(dram.socket);
    }

private:
    static constexpr std::uint64_t region_bytes = std::uint64_t{1} << 40;
    static constexpr std::uint64_t size = 16 * region_bytes;
    TlmPorts ports_;

    [[nodiscard]] std::uint64_t address(int region, std::uint64_t offset) const override {
        return static_cast<std::uint64_t>(region - Extent::command_queue) * region_bytes +
               offset % region_bytes;
    }
    void load(const BurstRequest& burst, unsigned char* into) override {
        std::fill_n(into, burst.where.bytes, 0);
    }
    void store(const BurstRequest&, std::uint64_t, const unsigned char*, std::uint64_t) override {}
    void written(const BurstRequest&, std::uint64_t, const unsigned char*, std::uint64_t) override {
    }
    void fail(int /*port*/, const std::string& text) override {
        npu.fail(std::make_exception_ptr(InvalidStream(text)));
    }

public:
    MachineCarrier npu{"npu", &ports_};
    SramModule sram;
    DramModule dram;
};

/// The same with as many other initiators at each memory as a target may have. They end with the
/// run, so that nothing is on its way when the next one begins.
class SharedPlatform : public TlmPlatform {
public:
    SharedPlatform(const sc_core::sc_module_name& name, const Target& target)
        : TlmPlatform(name, target, AxiProtocol::Style::four_phases) {
        for (std::size_t i = 0; i < text::most_traffic; ++i) {
            add(at_sram_, fmt::format("sram_traffic_{}", i), sram);
            add(at_dram_, fmt::format("dram_traffic_{}", i), dram);
        }
        SC_HAS_PROCESS(SharedPlatform);
        SC_METHOD(stop);
        sensitive << npu.ended();
        dont_initialize();
    }

    void start(const std::vector<MemoryTraffic>& traffic) {
        std::size_t next = 0;
        active_.clear();
        for (const MemoryTraffic& each : traffic) {
            TrafficParameters parameters;
            parameters.bytes_per_second = static_cast<double>(each.bytes_per_second);
            parameters.burst = static_cast<std::uint32_t>(each.burst.count());
            parameters.read_share = each.read_share;
            parameters.seed = ++next;
            parameters.max_outstanding = static_cast<std::size_t>(each.max_outstanding);
            active_.push_back((each.off_chip ? at_dram_ : at_sram_)[next - 1].get());
            active_.back()->restart(parameters);
        }
    }
    /// Bytes that each had moved when it was stopped.
    [[nodiscard]] const std::vector<Bytes>& moved() const { return moved_; }
    void stop() {
        moved_.clear();
        for (const TrafficModule* each : active_) {
            const TrafficStatistics& seen = each->statistics();
            moved_.emplace_back(static_cast<std::int64_t>(seen.bytes_read + seen.bytes_written));
        }
        for (auto& each : at_sram_) each->stop();
        for (auto& each : at_dram_) each->stop();
    }

private:
    using Initiators = std::vector<std::unique_ptr<TrafficModule>>;

    static void add(Initiators& to, const std::string& name, MemoryModule& memory) {
        to.push_back(std::make_unique<TrafficModule>(name.c_str(), TrafficParameters{}));
        to.back()->socket.bind(memory.socket);
    }

    Initiators at_sram_, at_dram_;
    std::vector<TrafficModule*> active_;  ///< of this run, in the target's order
    std::vector<Bytes> moved_;
};

/// The machines of this process.
class Engine {
public:
    /// `target` is any: each run says its own.
    explicit Engine(const Target& target)
        : platform_("platform", target, AxiProtocol::Style::annotated),
          shared_("shared_platform", target) {
        shared_.stop();
        sc_core::sc_start(sc_core::SC_ZERO_TIME);  // else notifications are lost
    }
    Simulation run(const Work& work, VcdFile* vcd, Time start);

private:
    Simulation run(MachineCarrier& machine, const Work& work, const ClockDomain& cycles,
                   VcdFile* vcd, Time start);

    MachineCarrier npu_{"npu"};
    TlmPlatform platform_;
    SharedPlatform shared_;
};

Simulation Engine::run(const Work& work, VcdFile* vcd, Time start) {
    const ClockDomain clock{work.target.accelerator.clock};
    if (work.shared) {
        shared_.sram.restart(work.target);
        shared_.dram.restart(work.target);
        shared_.start(work.target.traffic);
        try {
            Simulation simulation = run(shared_.npu, work, clock, vcd, start);
            simulation.traffic = shared_.moved();
            return simulation;
        } catch (...) {
            shared_.stop();
            sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_SEC), sc_core::SC_EXIT_ON_STARVATION);
            throw;
        }
    }
    // Without sockets one tick of the kernel is one cycle.
    if (work.options.backend != SimulationBackend::systemc_tlm) {
        return run(npu_, work, ClockDomain{}, vcd, start);
    }
    platform_.sram.restart(work.target);
    platform_.dram.restart(work.target);
    return run(platform_.npu, work, clock, vcd, start);
}

Simulation Engine::run(MachineCarrier& machine, const Work& work, const ClockDomain& cycles,
                       VcdFile* vcd, Time start) {
    machine.start(work.commands, work.words, work.target, work.options, cycles);
    Npu& npu = machine.npu();
    const sc_core::sc_time epoch = sc_core::sc_time_stamp();
    std::unique_ptr<VcdTrace> trace;
    if (vcd != nullptr) trace = std::make_unique<VcdTrace>(npu, vcd->part());
    machine.trace(trace.get());
    sc_core::sc_start(machine.cycles().time_of(work.options.cycle_limit.count()) - epoch,
                      sc_core::SC_EXIT_ON_STARVATION);
    machine.trace(nullptr);
    trace.reset();
    const Time now = machine.cycles().now();
    const bool pending = sc_core::sc_pending_activity();
    machine.stop();
    machine.rethrow();
    if (npu.finished()) {
        if (vcd != nullptr) {
            vcd->append_part(static_cast<Time>(epoch.value()), start, npu.finish_time());
        }
        return npu.result(machine.events());
    }
    if (pending) {
        throw CycleLimitReached(fmt::format("more cycles than the limit (at operation {})",
                                            npu.channels.probe.oldest()));
    }
    throw SimulationStuck(fmt::format("deadlock at cycle {}: {}", now, npu.describe(now)));
}

/// Held by the run that the process's one engine carries.
std::mutex lease;

/// The engine of this process, built at the first run, which is of `target`.
Engine& the_engine(const Target& target) {
    static std::unique_ptr<Engine> engine;
    if (!engine) {
        if (sc_core::sc_get_status() != sc_core::SC_ELABORATION) {
            throw SimulationStuck(
                "another SystemC simulation already runs in this process: simulate in a process "
                "of its own");
        }
        for (const auto severity : {sc_core::SC_INFO, sc_core::SC_WARNING}) {
            sc_core::sc_report_handler::set_actions(severity, sc_core::SC_DO_NOTHING);
        }
        engine = std::make_unique<Engine>(target);
    }
    return *engine;
}

}  // namespace

Simulation run_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                          const Target& target, const SimulateOptions& options) {
    const std::lock_guard<std::mutex> lock(lease);
    return the_engine(target).run({commands, words, target, options}, nullptr, 0);
}

Simulation run_on_shared_memories(const std::vector<stream::Command>& commands, std::int64_t words,
                                  const Target& target, const SimulateOptions& options) {
    const std::lock_guard<std::mutex> lock(lease);
    return the_engine(target).run({commands, words, target, options, true}, nullptr, 0);
}

Simulation trace_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                            const Target& target, const SimulateOptions& options, VcdFile& vcd,
                            Cycles start) {
    const std::lock_guard<std::mutex> lock(lease);
    return the_engine(target).run({commands, words, target, options}, &vcd, start.count());
}

}  // namespace u65sim::machine

/// libsystemc asks for it; whoever runs SystemC as the main program has their own.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }
