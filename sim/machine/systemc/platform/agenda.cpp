#include "machine/systemc/platform/agenda.hpp"

#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::machine {

Agenda::Agenda(const char* name, std::function<void()> afterwards)
    : afterwards_(std::move(afterwards)) {
    sc_core::sc_spawn_options options;
    options.spawn_method();
    options.set_sensitivity(&due_);
    sc_core::sc_spawn([this] { run_due(); }, name, &options);
}

void Agenda::at(const sc_core::sc_time& time, std::function<void()> action) {
    actions_.emplace(time, std::move(action));
    notify_next();
}

void Agenda::wake_at(const sc_core::sc_time& time) {
    const auto found = actions_.find(time);
    if (found == actions_.end()) at(time, [] {});
}

void Agenda::run_due() {
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    while (!actions_.empty() && actions_.begin()->first <= now) {
        const std::function<void()> action = std::move(actions_.begin()->second);
        actions_.erase(actions_.begin());
        action();
    }
    afterwards_();
    notify_next();
}

void Agenda::notify_next() {
    if (actions_.empty()) return;
    due_.notify(actions_.begin()->first - sc_core::sc_time_stamp());
}

sc_core::sc_time edge_after(const sc_core::sc_time& time, const sc_core::sc_time& period) {
    const sc_core::sc_time::value_type ticks = period.value();
    return sc_core::sc_time::from_value((time.value() / ticks + 1) * ticks);
}

sc_core::sc_time period_of(std::int64_t hertz) {
    const sc_core::sc_time period(1.0 / static_cast<double>(hertz), sc_core::SC_SEC);
    if (period == sc_core::SC_ZERO_TIME) {
        throw InvalidConfig(fmt::format("clock = {} Hz: must have a period of at least {}", hertz,
                                        sc_core::sc_get_time_resolution().to_string()));
    }
    return period;
}

}  // namespace u65sim::machine
