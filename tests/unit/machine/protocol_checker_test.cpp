// Each rule of the base protocol, broken once: the checker names the rule, and no other.
#include <catch2/catch.hpp>

#include <functional>
#include <vector>

#include "unit/machine/platform_rig.hpp"

using namespace platform_test;
using Rule = ProtocolRule;

namespace {

/// An initiator and a target whose calls are made by a script, and what they return.
class Rig : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<Rig> initiator{"initiator"};
    tlm_utils::passthrough_target_socket<Rig> target{"target"};
    ProtocolChecker checker{"checker", false};

    Rig(sc_core::sc_module_name name, std::function<void(Rig&)> script)
        : sc_core::sc_module(name), script_(std::move(script)) {
        initiator.register_nb_transport_bw(this, &Rig::backward);
        target.register_nb_transport_fw(this, &Rig::forward);
        target.register_b_transport(this, &Rig::b_transport);
        initiator.bind(checker.in);
        checker.out.bind(target);
        SC_HAS_PROCESS(Rig);
        SC_THREAD(run);
    }

    tlm::tlm_sync_enum fw(Payload& payload, tlm::tlm_phase phase, sc_time delay = {}) {
        return initiator->nb_transport_fw(payload, phase, delay);
    }
    tlm::tlm_sync_enum bw(Payload& payload, tlm::tlm_phase phase, sc_time delay = {}) {
        return target->nb_transport_bw(payload, phase, delay);
    }
    Payload& read() { return pool.make(false, 0x40, 64); }
    void answer(Payload& payload) {
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        bw(payload, tlm::BEGIN_RESP);
    }
    void whole(Payload& payload) {
        fw(payload, tlm::BEGIN_REQ);
        bw(payload, tlm::END_REQ);
        answer(payload);
        fw(payload, tlm::END_RESP);
    }

    using Reply = std::function<tlm::tlm_sync_enum(Payload&, tlm::tlm_phase&, sc_time&)>;
    Reply on_forward, on_backward;  ///< null: TLM_ACCEPTED
    std::function<void(Payload&, sc_time&)> on_blocking;
    machine::TrafficPayloads pool;

private:
    tlm::tlm_sync_enum forward(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
        return on_forward ? on_forward(payload, phase, delay) : tlm::TLM_ACCEPTED;
    }
    tlm::tlm_sync_enum backward(Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
        return on_backward ? on_backward(payload, phase, delay) : tlm::TLM_ACCEPTED;
    }
    void b_transport(Payload& payload, sc_time& delay) { on_blocking(payload, delay); }
    void run() { script_(*this); }

    std::function<void(Rig&)> script_;
};

/// The rules that a script's calls break, in order.
std::vector<Rule> broken(const std::function<void(Rig&)>& script) {
    const FreshSimulation simulation;
    Rig rig("rig", script);
    sc_core::sc_start(ns(1000));
    rig.checker.finish();
    std::vector<Rule> rules;
    for (const ProtocolViolation& each : rig.checker.violations()) rules.push_back(each.rule);
    return rules;
}

using Rules = std::vector<Rule>;

}  // namespace

TEST_CASE("a checker has nothing against any of the ways through the base protocol") {
    CHECK(broken([](Rig& rig) {
              Payload &first = rig.read(), &second = rig.read(), &third = rig.read();
              rig.fw(first, tlm::BEGIN_REQ, ns(5));
              rig.bw(first, tlm::END_REQ, ns(6));
              rig.fw(second, tlm::BEGIN_REQ);  // two in flight
              rig.answer(second);              // out of order, END_REQ left out
              rig.fw(second, tlm::END_RESP);
              sc_core::wait(ns(10));
              rig.answer(first);
              rig.on_forward = [](Payload& payload, tlm::tlm_phase& phase, sc_time& delay) {
                  if (phase != tlm::BEGIN_REQ) return tlm::TLM_ACCEPTED;
                  payload.set_response_status(tlm::TLM_OK_RESPONSE);
                  delay += ns(3);
                  return tlm::TLM_COMPLETED;
              };
              rig.fw(third, tlm::BEGIN_REQ);  // completed while another response is open
              rig.fw(first, tlm::END_RESP);
              for (Payload* each : {&first, &second, &third}) each->release();
          }) == Rules{});
    CHECK(broken([](Rig& rig) {
              rig.on_backward = [](Payload&, tlm::tlm_phase& phase, sc_time& delay) {
                  if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
                  phase = tlm::END_RESP;
                  delay += ns(1);
                  return tlm::TLM_UPDATED;
              };
              rig.on_forward = [](Payload&, tlm::tlm_phase& phase, sc_time&) {
                  phase = tlm::END_REQ;
                  return tlm::TLM_UPDATED;
              };
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.answer(payload);
              payload.release();
          }) == Rules{});
}

TEST_CASE("a checker counts what went through it") {
    const FreshSimulation simulation;
    Rig rig("rig", [](Rig& r) {
        Payload& payload = r.read();
        r.whole(payload);
        payload.release();
        Payload& write = r.pool.make(true, 0, 24);
        r.on_blocking = [](Payload& blocking, sc_time&) {
            blocking.set_response_status(tlm::TLM_OK_RESPONSE);
        };
        sc_time delay;
        r.initiator->b_transport(write, delay);
        write.release();
        Payload& open = r.read();
        r.fw(open, tlm::BEGIN_REQ);
    });
    sc_core::sc_start(ns(1000));
    CHECK(rig.checker.transactions() == 2);
    CHECK(rig.checker.bytes_read() == 64);
    CHECK(rig.checker.bytes_written() == 24);
    CHECK(rig.checker.in_flight() == 1);
}

TEST_CASE("a checker tells phases out of order") {
    CHECK(broken([](Rig& rig) { rig.bw(rig.read(), tlm::END_REQ); }) == Rules{Rule::phase_order});
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.bw(payload, tlm::END_REQ);
              rig.bw(payload, tlm::END_REQ);
              rig.answer(payload);
              rig.fw(payload, tlm::END_RESP);
              payload.release();
          }) == Rules{Rule::phase_order});
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.fw(payload, tlm::END_RESP);
              rig.answer(payload);
              rig.fw(payload, tlm::END_RESP);
              payload.release();
          }) == Rules{Rule::phase_order});
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.answer(payload);
              rig.fw(payload, tlm::END_RESP);
              payload.release();
          }) == Rules{Rule::phase_order});
}

TEST_CASE("a checker tells phases that came the wrong way") {
    CHECK(broken([](Rig& rig) { rig.bw(rig.read(), tlm::BEGIN_REQ); }) == Rules{Rule::phase_path});
    CHECK(broken([](Rig& rig) { rig.fw(rig.read(), tlm::BEGIN_RESP); }) == Rules{Rule::phase_path});
}

TEST_CASE("a checker tells a request that does not wait for the end of the one before") {
    CHECK(broken([](Rig& rig) {
              Payload &first = rig.read(), &second = rig.read();
              rig.fw(first, tlm::BEGIN_REQ);
              rig.fw(second, tlm::BEGIN_REQ);
              for (Payload* each : {&first, &second}) {
                  rig.answer(*each);
                  rig.fw(*each, tlm::END_RESP);
                  each->release();
              }
          }) == Rules{Rule::request_exclusion});
}

TEST_CASE("a checker tells a response that does not wait for the end of the one before") {
    CHECK(broken([](Rig& rig) {
              Payload &first = rig.read(), &second = rig.read();
              for (Payload* each : {&first, &second}) {
                  rig.fw(*each, tlm::BEGIN_REQ);
                  rig.bw(*each, tlm::END_REQ);
              }
              for (Payload* each : {&first, &second}) rig.answer(*each);
              for (Payload* each : {&first, &second}) {
                  rig.fw(*each, tlm::END_RESP);
                  each->release();
              }
          }) == Rules{Rule::response_exclusion});
}

TEST_CASE("a checker tells returns that the protocol does not know") {
    const auto replies = [](Rig::Reply reply) {
        return broken([&](Rig& rig) {
            rig.on_forward = reply;
            Payload& payload = rig.read();
            rig.fw(payload, tlm::BEGIN_REQ);
            rig.on_forward = nullptr;
            rig.answer(payload);
            rig.fw(payload, tlm::END_RESP);
            payload.release();
        });
    };
    CHECK(replies([](Payload&, tlm::tlm_phase& phase, sc_time&) {
              phase = tlm::END_REQ;
              return tlm::TLM_ACCEPTED;
          }) == Rules{Rule::return_value});
    CHECK(replies([](Payload&, tlm::tlm_phase&, sc_time& delay) {
              delay += ns(1);
              return tlm::TLM_ACCEPTED;
          }) == Rules{Rule::return_value});
    CHECK(replies([](Payload&, tlm::tlm_phase& phase, sc_time&) {
              phase = tlm::END_RESP;
              return tlm::TLM_UPDATED;
          }) == Rules{Rule::return_value});
    CHECK(replies([](Payload&, tlm::tlm_phase& phase, sc_time&) {
              phase = tlm::BEGIN_REQ;
              return tlm::TLM_UPDATED;
          }) == Rules{Rule::return_value});
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.on_backward = [](Payload&, tlm::tlm_phase&, sc_time&) {
                  return tlm::TLM_COMPLETED;
              };
              rig.bw(payload, tlm::END_REQ);
              rig.on_backward = nullptr;
              rig.answer(payload);
              rig.fw(payload, tlm::END_RESP);
              payload.release();
          }) == Rules{Rule::return_value});
}

TEST_CASE("a checker tells times that go back") {
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ, ns(5));
              rig.bw(payload, tlm::END_REQ, ns(4));
              sc_core::wait(ns(5));
              rig.answer(payload);
              rig.fw(payload, tlm::END_RESP);
              payload.release();
          }) == Rules{Rule::timing});
    CHECK(broken([](Rig& rig) {
              rig.on_blocking = [](Payload& payload, sc_time& delay) {
                  payload.set_response_status(tlm::TLM_OK_RESPONSE);
                  delay = sc_time{};
              };
              Payload& payload = rig.read();
              sc_time delay = ns(3);
              rig.initiator->b_transport(payload, delay);
              payload.release();
          }) == Rules{Rule::timing});
}

TEST_CASE("a checker tells attributes that no request may begin with") {
    const auto with = [](const std::function<void(Payload&)>& change) {
        return broken([&](Rig& rig) {
            Payload& payload = rig.read();
            change(payload);
            rig.whole(payload);
            payload.release();
        });
    };
    static unsigned char enables = 0xFF;
    CHECK(with([](Payload& payload) { payload.set_byte_enable_ptr(&enables); }) ==
          Rules{Rule::attribute});
    CHECK(with([](Payload& payload) { payload.set_data_ptr(nullptr); }) == Rules{Rule::attribute});
    CHECK(with([](Payload& payload) { payload.set_data_length(0); }) == Rules{Rule::attribute});
    CHECK(with([](Payload& payload) { payload.set_streaming_width(0); }) == Rules{Rule::attribute});
    CHECK(with([](Payload& payload) { payload.set_response_status(tlm::TLM_OK_RESPONSE); }) ==
          Rules{Rule::attribute});
    CHECK(with([](Payload& payload) { payload.set_dmi_allowed(true); }) == Rules{Rule::attribute});
    CHECK(with([](Payload& payload) {
              payload.set_byte_enable_ptr(&enables);
              payload.set_byte_enable_length(1);
          }) == Rules{});
}

TEST_CASE("a checker tells attributes that changed on the way, but for the address") {
    const auto changing = [](const std::function<void(Payload&)>& change) {
        return broken([&](Rig& rig) {
            Payload& payload = rig.read();
            rig.fw(payload, tlm::BEGIN_REQ);
            change(payload);
            payload.set_response_status(tlm::TLM_OK_RESPONSE);
            rig.bw(payload, tlm::BEGIN_RESP);
            payload.set_data_length(64);
            payload.set_command(tlm::TLM_READ_COMMAND);
            rig.fw(payload, tlm::END_RESP);
            payload.release();
        });
    };
    CHECK(changing([](Payload& payload) { payload.set_data_length(32); }) ==
          Rules{Rule::attribute_changed});
    CHECK(changing([](Payload& payload) { payload.set_command(tlm::TLM_WRITE_COMMAND); }) ==
          Rules{Rule::attribute_changed});
    CHECK(changing([](Payload& payload) { payload.set_address(0); }) == Rules{});
}

TEST_CASE("a checker tells a response without a status") {
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.fw(payload, tlm::BEGIN_REQ);
              rig.bw(payload, tlm::BEGIN_RESP);
              payload.set_response_status(tlm::TLM_OK_RESPONSE);
              rig.fw(payload, tlm::END_RESP);
              payload.release();
          }) == Rules{Rule::response_status});
    CHECK(broken([](Rig& rig) {
              rig.on_blocking = [](Payload&, sc_time&) {};
              Payload& payload = rig.read();
              sc_time delay;
              rig.initiator->b_transport(payload, delay);
              payload.release();
          }) == Rules{Rule::response_status});
}

TEST_CASE("a checker tells a payload without a memory manager or a reference") {
    CHECK(broken([](Rig& rig) {
              static unsigned char data[4];
              Payload payload;
              payload.set_command(tlm::TLM_READ_COMMAND);
              payload.set_data_ptr(data);
              payload.set_data_length(4);
              payload.set_streaming_width(4);
              rig.whole(payload);
          }) == Rules{Rule::memory_manager});
    CHECK(broken([](Rig& rig) {
              struct Nobody : tlm::tlm_mm_interface {
                  void free(Payload*) override {}
              };
              static Nobody nobody;
              Payload& payload = rig.read();
              payload.set_mm(&nobody);
              payload.release();
              payload.set_command(tlm::TLM_READ_COMMAND);
              rig.whole(payload);
          }) == Rules{Rule::memory_manager});
}

TEST_CASE("a checker tells what happens to a transaction behind its end") {
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.whole(payload);
              rig.bw(payload, tlm::BEGIN_RESP);
              payload.release();
          }) == Rules{Rule::late_access});
    CHECK(broken([](Rig& rig) {
              Payload& payload = rig.read();
              rig.whole(payload);
              payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
              payload.release();
          }) == Rules{Rule::late_access});
}

TEST_CASE("a checker tells what is never answered and what is never given back") {
    CHECK(broken([](Rig& rig) { rig.fw(rig.read(), tlm::BEGIN_REQ); }) == Rules{Rule::unanswered});
    CHECK(broken([](Rig& rig) { rig.whole(rig.read()); }) == Rules{Rule::leak});
}

TEST_CASE("two checkers in a row do not take each other's references for leaks") {
    const FreshSimulation simulation;
    Requester requester("requester");
    Responder responder("responder");
    ProtocolChecker first("first", false), second("second", false);
    requester.socket.bind(first.in);
    first.out.bind(second.in);
    second.out.bind(responder.socket);
    requester.request(0, false, 0);
    requester.request(0, true, 64);
    sc_core::sc_start(ns(100));
    CHECK(violations(first).empty());
    CHECK(violations(second).empty());
    CHECK(second.transactions() == 2);
}
