#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/systemc/bus.hpp>

#include "machine/systemc/platform/agenda.hpp"
#include "machine/systemc/platform/at_initiator.hpp"
#include "machine/systemc/platform/at_target.hpp"

namespace u65sim {
namespace {

constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

/// A request of an initiator that no grant has been given yet.
struct Pending {
    tlm::tlm_generic_payload* payload = nullptr;
    sc_core::sc_time visible;
    const AddressWindow* window = nullptr;  ///< null: a decode error
};

/// From grant to END_RESP.
struct Flight {
    std::size_t initiator = 0, target = nobody;
    std::uint64_t address = 0;  ///< as the initiator gave it
    bool answered = false;
};

struct Response {
    tlm::tlm_generic_payload* payload = nullptr;
    sc_core::sc_time visible;
};

/// Whose last grant is the longest ago, of those that may go.
class Turns {
public:
    explicit Turns(std::size_t count) : granted_(count, 0) {}

    template <class MayGo>
    [[nodiscard]] std::size_t next(const MayGo& may_go) const {
        std::size_t best = nobody;
        for (std::size_t i = 0; i < granted_.size(); ++i) {
            if (may_go(i) && (best == nobody || granted_[i] < granted_[best])) best = i;
        }
        return best;
    }
    void grant(std::size_t i) { granted_[i] = ++grants_; }

private:
    std::vector<std::uint64_t> granted_;
    std::uint64_t grants_ = 0;
};

/// One request channel and one response channel.
struct Channels {
    Channels(std::size_t initiators, std::size_t targets)
        : requests(initiators), responses(targets) {}

    sc_core::sc_time request_free, response_free;
    Turns requests, responses;
};

}  // namespace

class BusModule::State {
public:
    State(BusModule& module, const BusParameters& parameters);

    tlm::tlm_sync_enum forward(std::size_t initiator, Payload& payload, tlm::tlm_phase& phase,
                               sc_core::sc_time& delay) {
        return initiators_[initiator].port->forward(payload, phase, delay);
    }
    tlm::tlm_sync_enum backward(std::size_t target, Payload& payload, tlm::tlm_phase& phase,
                                sc_core::sc_time& delay) {
        return targets_[target].port->backward(payload, phase, delay);
    }
    void transport(Payload& payload, sc_core::sc_time& delay);
    unsigned debug(Payload& payload);

private:
    struct Initiator {
        std::unique_ptr<machine::AtTarget> port;
        std::optional<Pending> pending;
        std::array<std::deque<Payload*>, 2> order;  ///< in flight: reads, writes
        std::size_t in_flight = 0;
    };
    struct Target {
        std::unique_ptr<machine::AtInitiator> port;
        std::size_t queued = 0;          ///< granted, not taken
        std::deque<Response> responses;  ///< several only where TLM_COMPLETED ended some
    };

    [[nodiscard]] sc_core::sc_time next_edge() const {
        return machine::edge_after(sc_core::sc_time_stamp(), period_);
    }
    [[nodiscard]] const AddressWindow* decode(const Payload& payload) const;
    [[nodiscard]] std::size_t channels_of(std::size_t target) const {
        return parameters_.crossbar && target != nobody ? target : 0;
    }
    [[nodiscard]] sc_core::sc_time transfer_time(const Payload& payload, bool moves) const;
    [[nodiscard]] bool may_go(std::size_t initiator, std::size_t channels) const;
    [[nodiscard]] std::size_t choose(const Channels& channels, std::size_t index) const;

    void request_arrived(std::size_t initiator, Payload& payload);
    void request_taken(std::size_t target);
    void response_arrived(std::size_t target, Payload& payload);
    void response_ended(std::size_t initiator, Payload& payload);
    void arbitrate();
    void grant_request(Channels& channels, std::size_t index);
    void grant_response(Channels& channels, std::size_t index);
    void pass_on(Payload& payload, const AddressWindow* window);
    void answer(Payload& payload);

    BusModule& module_;
    BusParameters parameters_;
    sc_core::sc_time period_, latency_;
    std::vector<Initiator> initiators_;
    std::vector<Target> targets_;
    std::vector<Channels> channels_;
    std::unordered_map<Payload*, Flight> flights_;
    machine::Agenda agenda_;
};

BusModule::State::State(BusModule& module, const BusParameters& parameters)
    : module_(module),
      parameters_(parameters),
      period_(machine::period_of(parameters.clock.count())),
      latency_(static_cast<double>(parameters.latency.count()) * period_),
      initiators_(parameters.initiators),
      targets_(parameters.targets),
      channels_(parameters.crossbar ? parameters.targets : 1,
                Channels(parameters.initiators, parameters.targets)),
      agenda_("agenda", [this] { arbitrate(); }) {
    for (std::size_t i = 0; i < initiators_.size(); ++i) {
        initiators_[i].port = std::make_unique<machine::AtTarget>(
            fmt::format("in_{}_phases", i).c_str(),
            machine::AtTarget::Hooks{
                [this, i](Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
                    return module_.in[i]->nb_transport_bw(payload, phase, delay);
                },
                [this, i](Payload& payload) { request_arrived(i, payload); },
                [this, i](Payload& payload) { response_ended(i, payload); }});
    }
    for (std::size_t t = 0; t < targets_.size(); ++t) {
        targets_[t].port = std::make_unique<machine::AtInitiator>(
            fmt::format("out_{}_phases", t).c_str(),
            machine::AtInitiator::Hooks{
                [this, t](Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
                    return module_.out[t]->nb_transport_fw(payload, phase, delay);
                },
                [](Payload&) {}, [this, t](Payload&) { request_taken(t); },
                [this, t](Payload& payload) { response_arrived(t, payload); }});
    }
}

/// The window that holds all of it; null when there is none.
const AddressWindow* BusModule::State::decode(const Payload& payload) const {
    for (const AddressWindow& window : parameters_.map) {
        const std::uint64_t offset = payload.get_address() - window.first;
        if (payload.get_address() >= window.first && offset < window.bytes &&
            payload.get_data_length() <= window.bytes - offset) {
            return &window;
        }
    }
    return nullptr;
}

sc_core::sc_time BusModule::State::transfer_time(const Payload& payload, bool moves) const {
    const Bytes bytes{moves ? payload.get_data_length() : 0};
    const std::int64_t cycles = std::max<std::int64_t>(1, (bytes / parameters_.bandwidth).count());
    return static_cast<double>(cycles) * period_;
}

void BusModule::State::request_arrived(std::size_t initiator, Payload& payload) {
    initiators_[initiator].pending = Pending{&payload, next_edge(), decode(payload)};
    agenda_.wake_at(next_edge());
}

bool BusModule::State::may_go(std::size_t initiator, std::size_t channels) const {
    const Initiator& from = initiators_[initiator];
    if (!from.pending || from.pending->visible > sc_core::sc_time_stamp()) return false;
    if (from.in_flight >= parameters_.max_in_flight) return false;
    const AddressWindow* const window = from.pending->window;
    if (channels_of(window == nullptr ? nobody : window->target) != channels) return false;
    return window == nullptr || targets_[window->target].queued < parameters_.target_queue;
}

/// Whose request goes next over these channels.
std::size_t BusModule::State::choose(const Channels& channels, std::size_t index) const {
    const auto priority = [&](std::size_t i) {
        return parameters_.priorities.empty() ? static_cast<int>(i) : parameters_.priorities[i];
    };
    std::optional<int> best;
    if (parameters_.arbitration == Arbitration::priority) {
        for (std::size_t i = 0; i < initiators_.size(); ++i) {
            if (may_go(i, index)) best = std::min(best.value_or(priority(i)), priority(i));
        }
    }
    return channels.requests.next(
        [&](std::size_t i) { return may_go(i, index) && (!best || priority(i) == *best); });
}

void BusModule::State::arbitrate() {
    for (std::size_t index = 0; index < channels_.size(); ++index) {
        grant_request(channels_[index], index);
        grant_response(channels_[index], index);
    }
}

void BusModule::State::grant_request(Channels& channels, std::size_t index) {
    const std::size_t chosen = choose(channels, index);
    if (chosen == nobody) return;
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    if (channels.request_free > now) {
        agenda_.wake_at(channels.request_free);
        return;
    }
    Initiator& from = initiators_[chosen];
    Payload& payload = *from.pending->payload;
    const AddressWindow* const window = from.pending->window;
    from.pending.reset();
    channels.requests.grant(chosen);
    channels.request_free = now + transfer_time(payload, payload.is_write());
    flights_.emplace(&payload, Flight{chosen, window == nullptr ? nobody : window->target,
                                      payload.get_address(), false});
    from.order[payload.is_write() ? 1 : 0].push_back(&payload);
    ++from.in_flight;
    if (window != nullptr) ++targets_[window->target].queued;
    // In the last cycle: what comes next is seen when the channel is free.
    agenda_.at(channels.request_free - period_,
               [&from, &payload] { from.port->end_request(payload); });
    agenda_.at(channels.request_free + latency_,
               [this, &payload, window] { pass_on(payload, window); });
}

void BusModule::State::pass_on(Payload& payload, const AddressWindow* window) {
    if (window == nullptr) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        agenda_.at(sc_core::sc_time_stamp() + period_ + latency_,
                   [this, &payload] { answer(payload); });
        return;
    }
    payload.set_address(payload.get_address() - window->first + window->target_address);
    targets_[window->target].port->send(payload);
}

void BusModule::State::request_taken(std::size_t target) {
    agenda_.at(next_edge(), [this, target] { --targets_[target].queued; });
}

void BusModule::State::response_arrived(std::size_t target, Payload& payload) {
    targets_[target].responses.push_back({&payload, next_edge()});
    agenda_.wake_at(next_edge());
}

void BusModule::State::grant_response(Channels& channels, std::size_t index) {
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    const std::size_t chosen = channels.responses.next([&](std::size_t t) {
        return channels_of(t) == index && !targets_[t].responses.empty() &&
               targets_[t].responses.front().visible <= now;
    });
    if (chosen == nobody) return;
    if (channels.response_free > now) {
        agenda_.wake_at(channels.response_free);
        return;
    }
    Target& from = targets_[chosen];
    Payload& payload = *from.responses.front().payload;
    from.responses.pop_front();
    channels.responses.grant(chosen);
    channels.response_free = now + transfer_time(payload, payload.is_read());
    agenda_.at(channels.response_free - period_,
               [&from, &payload] { from.port->end_response(payload); });
    agenda_.at(channels.response_free + latency_, [this, &payload] { answer(payload); });
}

/// Responses that are in turn now go to their initiator.
void BusModule::State::answer(Payload& payload) {
    Flight& flight = flights_.at(&payload);
    flight.answered = true;
    Initiator& to = initiators_[flight.initiator];
    auto& order = to.order[payload.is_write() ? 1 : 0];
    while (!order.empty() && flights_.at(order.front()).answered) {
        Payload& next = *order.front();
        order.pop_front();
        next.set_address(flights_.at(&next).address);
        next.set_dmi_allowed(false);
        to.port->respond(next);
    }
}

void BusModule::State::response_ended(std::size_t initiator, Payload& payload) {
    flights_.erase(&payload);
    agenda_.at(next_edge(), [this, initiator] { --initiators_[initiator].in_flight; });
}

void BusModule::State::transport(Payload& payload, sc_core::sc_time& delay) {
    const auto reserve = [&](sc_core::sc_time& free, bool moves) {
        const sc_core::sc_time now = sc_core::sc_time_stamp();
        free = std::max(free, machine::edge_after(now + delay, period_)) +
               transfer_time(payload, moves);
        delay = free + latency_ - now;
    };
    const AddressWindow* const window = decode(payload);
    Channels& channels = channels_[channels_of(window == nullptr ? nobody : window->target)];
    reserve(channels.request_free, payload.is_write());
    if (window == nullptr) {
        payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        delay += period_ + latency_;
        return;
    }
    const std::uint64_t address = payload.get_address();
    payload.set_address(address - window->first + window->target_address);
    module_.out[window->target]->b_transport(payload, delay);
    reserve(channels.response_free, payload.is_read());
    payload.set_address(address);
    payload.set_dmi_allowed(false);
}

unsigned BusModule::State::debug(Payload& payload) {
    const AddressWindow* const window = decode(payload);
    if (window == nullptr) return 0;
    const std::uint64_t address = payload.get_address();
    payload.set_address(address - window->first + window->target_address);
    const unsigned bytes = module_.out[window->target]->transport_dbg(payload);
    payload.set_address(address);
    return bytes;
}

BusModule::BusModule(sc_core::sc_module_name name, const BusParameters& parameters)
    : sc_core::sc_module(name), in("in"), out("out") {
    parameters.validate();
    in.init(parameters.initiators);
    out.init(parameters.targets);
    state_ = std::make_unique<State>(*this, parameters);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const int id = static_cast<int>(i);
        in[i].register_nb_transport_fw(this, &BusModule::nb_transport_fw, id);
        in[i].register_b_transport(this, &BusModule::b_transport, id);
        in[i].register_transport_dbg(this, &BusModule::transport_dbg, id);
        in[i].register_get_direct_mem_ptr(this, &BusModule::get_direct_mem_ptr, id);
    }
    for (std::size_t t = 0; t < out.size(); ++t) {
        out[t].register_nb_transport_bw(this, &BusModule::nb_transport_bw, static_cast<int>(t));
    }
}

BusModule::~BusModule() = default;

tlm::tlm_sync_enum BusModule::nb_transport_fw(int initiator, Payload& payload,
                                              tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    return state_->forward(static_cast<std::size_t>(initiator), payload, phase, delay);
}

tlm::tlm_sync_enum BusModule::nb_transport_bw(int target, Payload& payload, tlm::tlm_phase& phase,
                                              sc_core::sc_time& delay) {
    return state_->backward(static_cast<std::size_t>(target), payload, phase, delay);
}

void BusModule::b_transport(int /*initiator*/, Payload& payload, sc_core::sc_time& delay) {
    state_->transport(payload, delay);
}

unsigned BusModule::transport_dbg(int /*initiator*/, Payload& payload) {
    return state_->debug(payload);
}

bool BusModule::get_direct_mem_ptr(int /*initiator*/, Payload& payload, tlm::tlm_dmi& /*dmi*/) {
    payload.set_dmi_allowed(false);
    return false;
}

}  // namespace u65sim
