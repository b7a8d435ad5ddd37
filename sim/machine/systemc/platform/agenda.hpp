// Work of a module that is due at known times, done by one method of the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

class Agenda {
public:
    /// `afterwards` runs behind everything that was due at a time, and once at the beginning.
    Agenda(const char* name, std::function<void()> afterwards);
    Agenda(const Agenda&) = delete;
    Agenda& operator=(const Agenda&) = delete;

    /// `time` must not be over. Actions of one time run in the order in which they were given.
    void at(const sc_core::sc_time& time, std::function<void()> action);
    /// Nothing but `afterwards` at that time.
    void wake_at(const sc_core::sc_time& time);

private:
    void run_due();
    void notify_next();

    std::function<void()> afterwards_;
    std::multimap<sc_core::sc_time, std::function<void()>> actions_;
    sc_core::sc_event due_;
};

/// The first edge of a clock that begins at time zero which lies after `time`.
sc_core::sc_time edge_after(const sc_core::sc_time& time, const sc_core::sc_time& period);

/// A clock's period in the simulation's time resolution. Throws InvalidConfig when it rounds to
/// nothing.
sc_core::sc_time period_of(std::int64_t hertz);

}  // namespace u65sim::machine
