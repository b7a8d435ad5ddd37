#include <u65sim/device.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "machine/device/memory_bus.hpp"
#include "machine/device/npu_control.hpp"
#include "machine/direct/event_queue.hpp"
#include "stream/operation.hpp"

namespace u65sim {
namespace {

class PlatformBus final : public machine::MemoryBus {
public:
    explicit PlatformBus(const NpuDevice::Platform& platform) : platform_(platform) {}
    void read(int port, std::uint64_t address, std::uint8_t* bytes,
              std::uint64_t count) const override {
        if (count > 0 && !platform_.read(port, address, bytes, count)) {
            refuse("read", port, address, count);
        }
    }
    void write(int port, std::uint64_t address, const std::uint8_t* bytes,
               std::uint64_t count) const override {
        if (count > 0 && !platform_.write(port, address, bytes, count)) {
            refuse("write", port, address, count);
        }
    }

private:
    [[noreturn]] static void refuse(const char* what, int port, std::uint64_t address,
                                    std::uint64_t count) {
        throw machine::BusError(
            fmt::format("AXI{}: {} of {} bytes at {:#x} was refused", port, what, count, address),
            port);
    }
    const NpuDevice::Platform& platform_;
};

/// A stream that has been started.
struct RunUnderWay {
    std::vector<stream::Command> commands;
    std::int64_t words = 0;
    machine::PortMap ports;
    Simulation simulation;
    std::int64_t begin = 0, end = 0;  ///< cycles of the device
    std::uint32_t status = 0;         ///< behind it, unless the memory refuses its bytes
};

}  // namespace

struct NpuDevice::State {
    State(const Target& wanted, Platform given)
        : target(wanted),
          platform(std::move(given)),
          control(wanted.accelerator, [this](unsigned event) { return events(event); }) {}

    Target target;
    Platform platform;
    machine::NpuControl control;
    machine::CountedEvents counted;
    std::int64_t now = 0;
    bool line = false;
    std::optional<RunUnderWay> run;
    std::pair<std::int64_t, machine::EventCounts> looked_up{-1, {}};  ///< counters at a cycle
    Simulation last;
    std::string error;

    void start();
    void end();
    void abandon();
    void drive_irq();
    const machine::EventCounts& counters();
    std::int64_t events(unsigned event);
};

/// Reads the stream and works out when it ends.
void NpuDevice::State::start() {
    error.clear();
    looked_up.first = -1;
    RunUnderWay next;
    next.begin = next.end = now;
    next.status = machine::status_behind(
        [&] {
            const auto words = machine::fetch_stream(PlatformBus{platform}, control.registers());
            next.commands = stream::decode(words, target.accelerator);
            next.words = static_cast<std::int64_t>(words.size());
            next.ports = control.registers().ports();
            next.simulation = machine::run_on_event_queue(next.commands, next.words, target, {},
                                                          nullptr, &next.ports);
            next.end = now + next.simulation.total.count();
        },
        error);
    run = std::move(next);
}

/// Bytes move, registers and counters tell the end, and the interrupt comes.
void NpuDevice::State::end() {
    RunUnderWay ended = std::move(*run);
    run.reset();
    if (error.empty()) {
        ended.status = machine::status_behind(
            [&] {
                machine::compute_run(PlatformBus{platform}, ended.commands, target.accelerator,
                                     control.registers());
                control.end_queue();
            },
            error);
        counted.add(ended.simulation.pmu);
        if (error.empty()) last = std::move(ended.simulation);
    }
    control.status() = ended.status;
    drive_irq();
}

void NpuDevice::State::abandon() {
    if (!run) return;
    counted.add(counters());
    run.reset();
    control.status() = 0;
}

void NpuDevice::State::drive_irq() {
    if (line == control.irq()) return;
    line = !line;
    if (platform.irq) platform.irq(line);
}

/// Of the run under way, at this cycle.
const machine::EventCounts& NpuDevice::State::counters() {
    static const machine::EventCounts none;
    if (!run || run->commands.empty()) return none;
    if (looked_up.first != now) {
        looked_up = {now, machine::counters_on_event_queue(run->commands, run->words, target,
                                                           run->ports, Cycles{now - run->begin})};
    }
    return looked_up.second;
}

std::int64_t NpuDevice::State::events(unsigned event) { return counted.of(event, now, counters()); }

namespace {

void require_register(unsigned address) {
    if (address % 4 == 0 && address < NpuDevice::register_end) return;
    throw InvalidConfig(fmt::format("register {:#x}: must be a multiple of 4 below {:#x}", address,
                                    static_cast<unsigned>(NpuDevice::register_end)));
}

}  // namespace

NpuDevice::NpuDevice(const Target& target, Platform platform) {
    target.validate();
    if (!platform.read || !platform.write) {
        throw InvalidConfig("a device needs functions that read and write the platform's memory");
    }
    state_ = std::make_unique<State>(target, std::move(platform));
}

NpuDevice::NpuDevice(NpuDevice&&) noexcept = default;
NpuDevice& NpuDevice::operator=(NpuDevice&&) noexcept = default;
NpuDevice::~NpuDevice() = default;

std::uint32_t NpuDevice::read(unsigned address) {
    require_register(address);
    return state_->control.read(address);
}

void NpuDevice::write(unsigned address, std::uint32_t value) {
    require_register(address);
    using Request = machine::NpuControl::Request;
    const Request request = state_->control.write(address, value);
    if (request == Request::start) state_->start();
    if (request == Request::abandon || request == Request::reset) state_->abandon();
    state_->drive_irq();
}

Cycles NpuDevice::now() const { return Cycles{state_->now}; }

std::optional<Cycles> NpuDevice::next_event() const {
    if (!state_->run) return std::nullopt;
    return Cycles{state_->run->end};
}

void NpuDevice::advance(Cycles cycles) {
    State& state = *state_;
    const std::int64_t until = (Cycles{state.now} + cycles).count();
    while (state.run && state.run->end <= until) {
        state.now = state.run->end;
        state.end();
    }
    state.now = std::max(state.now, until);
}

bool NpuDevice::irq() const { return state_->line; }
const Simulation& NpuDevice::last_run() const { return state_->last; }
const std::string& NpuDevice::last_error() const { return state_->error; }

}  // namespace u65sim
