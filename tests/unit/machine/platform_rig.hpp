// What tests of platform modules stand on: a simulation of their own, an initiator and a target
// that do as told, a checker between all sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm>

#include <u65sim/systemc/protocol_checker.hpp>

#include "machine/systemc/platform/agenda.hpp"
#include "machine/systemc/platform/at_initiator.hpp"
#include "machine/systemc/platform/at_target.hpp"
#include "machine/systemc/platform/traffic_payloads.hpp"
#include "machine/systemc/systemc.hpp"

namespace platform_test {

using namespace u65sim;
using machine::Payload;
using sc_core::sc_time;

/// A kernel of its own for one platform: SystemC elaborates once, tests many times.
class FreshSimulation {
public:
    FreshSimulation() : before_(sc_core::sc_get_curr_simcontext()) {
        sc_core::sc_curr_simcontext = new sc_core::sc_simcontext;
    }
    ~FreshSimulation() {
        delete sc_core::sc_curr_simcontext;
        sc_core::sc_curr_simcontext = before_;
    }
    FreshSimulation(const FreshSimulation&) = delete;
    FreshSimulation& operator=(const FreshSimulation&) = delete;

private:
    sc_core::sc_simcontext* before_;
};

inline sc_time ns(double count) { return {count, sc_core::SC_NS}; }
inline double in_ns(const sc_time& time) { return time / ns(1); }

/// One request of a Requester, with the times of its phases in nanoseconds.
struct Seen {
    double begun = -1, taken = -1, response = -1;
    tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
    std::vector<unsigned char> data;
};

/// Sends requests at given times and takes responses `consume` after they begin.
class Requester : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<Requester> socket{"socket"};

    explicit Requester(sc_core::sc_module_name name)
        : sc_core::sc_module(name),
          port_("phases",
                {[this](Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
                     return socket->nb_transport_fw(payload, phase, delay);
                 },
                 [this](Payload& payload) { of(payload).begun = in_ns(sc_core::sc_time_stamp()); },
                 [this](Payload& payload) { of(payload).taken = in_ns(sc_core::sc_time_stamp()); },
                 [this](Payload& payload) { answered(payload); }}),
          agenda_("agenda", [] {}) {
        socket.register_nb_transport_bw(this, &Requester::nb_transport_bw);
    }

    /// Its number in `seen`.
    std::size_t request(double at_ns, bool write, std::uint64_t address, std::uint32_t bytes = 64) {
        const std::size_t number = seen.size();
        seen.emplace_back();
        Payload& payload = pool_.make(write, address, bytes);
        for (std::uint32_t i = 0; write && i < bytes; ++i) {
            payload.get_data_ptr()[i] = static_cast<unsigned char>(address + i);
        }
        numbers_.emplace_back(&payload, number);
        agenda_.at(ns(at_ns), [this, &payload] { port_.send(payload); });
        return number;
    }

    std::deque<Seen> seen;
    std::vector<std::size_t> order;  ///< of responses
    sc_time consume;

private:
    tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
        return port_.backward(payload, phase, delay);
    }
    std::size_t number_of(const Payload& payload) const {
        for (const auto& [known, number] : numbers_) {
            if (known == &payload) return number;
        }
        FAIL("a payload that nobody sent");
        return 0;
    }
    Seen& of(const Payload& payload) { return seen[number_of(payload)]; }
    void answered(Payload& payload) {
        Seen& each = of(payload);
        each.response = in_ns(sc_core::sc_time_stamp());
        each.status = payload.get_response_status();
        each.data.assign(payload.get_data_ptr(),
                         payload.get_data_ptr() + payload.get_data_length());
        order.push_back(number_of(payload));
        agenda_.at(sc_core::sc_time_stamp() + consume, [this, &payload] {
            port_.end_response(payload);
            payload.release();
        });
    }

    machine::TrafficPayloads pool_;
    machine::AtInitiator port_;
    machine::Agenda agenda_;
    std::vector<std::pair<Payload*, std::size_t>> numbers_;
};

/// Ends requests after `accept` and answers after `latency`, both from BEGIN_REQ on and both of
/// the request, with TLM_OK_RESPONSE.
class Responder : public sc_core::sc_module {
public:
    tlm_utils::passthrough_target_socket<Responder> socket{"socket"};

    explicit Responder(sc_core::sc_module_name name)
        : sc_core::sc_module(name),
          port_("phases", {[this](Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
                               return socket->nb_transport_bw(payload, phase, delay);
                           },
                           [this](Payload& payload) { arrived(payload); },
                           [this](Payload&) { ended.push_back(in_ns(sc_core::sc_time_stamp())); }}),
          agenda_("agenda", [] {}) {
        socket.register_nb_transport_fw(this, &Responder::nb_transport_fw);
        socket.register_b_transport(this, &Responder::b_transport);
        socket.register_transport_dbg(this, &Responder::transport_dbg);
        socket.register_get_direct_mem_ptr(this, &Responder::get_direct_mem_ptr);
    }

    std::function<sc_time(const Payload&)> accept = [](const Payload&) { return ns(0); };
    std::function<sc_time(const Payload&)> latency = [](const Payload&) { return ns(0); };
    double completes_after = -1;  ///< TLM_COMPLETED after as many nanoseconds; below 0: never
    std::vector<double> arrivals, ended;  ///< nanoseconds
    std::vector<std::uint64_t> addresses;
    std::uint64_t bytes_read = 0, bytes_written = 0;

private:
    tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
        if (completes_after < 0) return port_.forward(payload, phase, delay);
        note(payload, in_ns(sc_core::sc_time_stamp() + delay));
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        delay += ns(completes_after);
        return tlm::TLM_COMPLETED;
    }
    void arrived(Payload& payload) {
        const sc_time now = sc_core::sc_time_stamp();
        const sc_time taken = now + accept(payload), answer = now + latency(payload);
        note(payload, in_ns(now));
        if (taken < answer) agenda_.at(taken, [this, &payload] { port_.end_request(payload); });
        agenda_.at(answer, [this, &payload] {
            payload.set_response_status(tlm::TLM_OK_RESPONSE);
            port_.respond(payload);
        });
    }
    void b_transport(Payload& payload, sc_time& delay) {
        note(payload, in_ns(sc_core::sc_time_stamp() + delay));
        delay += latency(payload);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        payload.set_dmi_allowed(true);
    }
    unsigned transport_dbg(Payload& payload) {
        addresses.push_back(payload.get_address());
        return payload.get_data_length();
    }
    bool get_direct_mem_ptr(Payload&, tlm::tlm_dmi& dmi) {
        dmi.allow_read_write();
        return true;
    }
    void note(const Payload& payload, double now) {
        arrivals.push_back(now);
        addresses.push_back(payload.get_address());
        (payload.is_read() ? bytes_read : bytes_written) += payload.get_data_length();
    }

    machine::AtTarget port_;
    machine::Agenda agenda_;
};

/// All violations as one text, "" when there are none.
inline std::string violations(ProtocolChecker& checker) {
    checker.finish();
    std::string text;
    for (const ProtocolViolation& each : checker.violations()) text += each.text + "\n";
    return text;
}

}  // namespace platform_test
