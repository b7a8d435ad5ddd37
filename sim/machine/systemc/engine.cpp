#include "machine/systemc/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/dram.hpp>
#include <u65sim/systemc/sram.hpp>

#include "machine/systemc/machine_carrier.hpp"
#include "machine/systemc/systemc.hpp"
#include "machine/systemc/vcd_file.hpp"
#include "machine/systemc/vcd_trace.hpp"

namespace u65sim::machine {

namespace {

/// A run of one command stream.
struct Work {
    const std::vector<stream::Command>& commands;
    std::int64_t words;
    const Target& target;
    const SimulateOptions& options;
};

/// A machine with its memories behind sockets. Regions lie far apart, each in the memory behind its
/// port; nothing is computed.
class TlmPlatform : public sc_core::sc_module, private BurstBytes {
public:
    TlmPlatform(const sc_core::sc_module_name& name, const Target& target)
        : sc_core::sc_module(name), sram("sram", target, size), dram("dram", target, size) {
        npu.module().tlm_port(0).socket.bind(sram.socket);
        npu.module().tlm_port(1).socket.bind(dram.socket);
    }

private:
    static constexpr AxiProtocol protocol{.style = AxiProtocol::Style::annotated};
    static constexpr std::uint64_t region_bytes = std::uint64_t{1} << 40;
    static constexpr std::uint64_t size = 16 * region_bytes;
    TlmPorts ports_{{protocol, protocol}, *this};

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

/// The machines of this process.
class Engine {
public:
    /// `target` is any: each run says its own.
    explicit Engine(const Target& target) : platform_("platform", target) {
        sc_core::sc_start(sc_core::SC_ZERO_TIME);  // else notifications are lost
    }
    Simulation run(const Work& work, VcdFile* vcd, Time start);

private:
    Simulation run(MachineCarrier& machine, const Work& work, const ClockDomain& cycles,
                   VcdFile* vcd, Time start);

    MachineCarrier npu_{"npu"};
    TlmPlatform platform_;
};

Simulation Engine::run(const Work& work, VcdFile* vcd, Time start) {
    // Without sockets one tick of the kernel is one cycle.
    if (work.options.backend != SimulationBackend::systemc_tlm) {
        return run(npu_, work, ClockDomain{}, vcd, start);
    }
    platform_.sram.restart(work.target);
    platform_.dram.restart(work.target);
    return run(platform_.npu, work, ClockDomain{work.target.accelerator.clock}, vcd, start);
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

Simulation trace_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                            const Target& target, const SimulateOptions& options, VcdFile& vcd,
                            Cycles start) {
    const std::lock_guard<std::mutex> lock(lease);
    return the_engine(target).run({commands, words, target, options}, &vcd, start.count());
}

}  // namespace u65sim::machine

/// libsystemc asks for it; whoever runs SystemC as the main program has their own.
extern "C" __attribute__((weak)) int sc_main(int, char**) { return 0; }
