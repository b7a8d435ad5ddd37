// Stands for a DRAM simulator of somebody else, with the habits of DRAMSys: a
// multi_passthrough_target_socket of 32 bits, payloads with a memory manager, all four phases, and
// nothing but aligned whole bursts of its memory within one channel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/peq_with_cb_and_phase.h>
#include <systemc>
#include <tlm>

class ForeignDram : public sc_core::sc_module {
public:
    static constexpr unsigned burst = 64;           ///< bytes of one burst of the memory
    static constexpr std::uint64_t channel = 4096;  ///< bytes after which the next channel comes

    tlm_utils::multi_passthrough_target_socket<ForeignDram> tSocket;

    ForeignDram(sc_core::sc_module_name name, std::size_t size)
        : sc_core::sc_module(name),
          tSocket("tSocket"),
          bytes_(size),
          phases_("phases", this, &ForeignDram::phase) {
        tSocket.register_nb_transport_fw(this, &ForeignDram::nb_transport_fw);
        tSocket.register_b_transport(this, &ForeignDram::b_transport);
        tSocket.register_transport_dbg(this, &ForeignDram::transport_dbg);
    }

    std::uint64_t bursts = 0;

private:
    using Payload = tlm::tlm_generic_payload;

    tlm::tlm_sync_enum nb_transport_fw(int id, Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay) {
        if (phase == tlm::BEGIN_REQ) {
            const std::uint64_t address = payload.get_address(), length = payload.get_data_length();
            if (address % burst != 0 || length % burst != 0 ||
                address / channel != (address + length - 1) / channel) {
                SC_REPORT_FATAL("ForeignDram", "not whole bursts of one channel");
            }
            payload.acquire();
            from_[&payload] = id;
        }
        phases_.notify(payload, phase, delay);
        return tlm::TLM_ACCEPTED;
    }

    /// A request is taken after 2 ns; bursts follow each other every 8 ns, 60 ns behind.
    void phase(Payload& payload, const tlm::tlm_phase& phase) {
        const sc_core::sc_time now = sc_core::sc_time_stamp();
        const int id = from_.at(&payload);
        if (phase == tlm::BEGIN_REQ) {
            phases_.notify(payload, tlm::END_REQ, ns(2));
        } else if (phase == tlm::END_REQ) {
            send(id, payload, tlm::END_REQ);
            const unsigned count = payload.get_data_length() / burst;
            bursts += count;
            free_ = std::max(free_, now) + count * ns(8);
            phases_.notify(payload, tlm::BEGIN_RESP, free_ - now + ns(60));
        } else if (phase == tlm::BEGIN_RESP) {
            waiting_[id].push_back(&payload);
            if (waiting_[id].size() == 1) respond(id);
        } else {  // END_RESP
            waiting_[id].pop_front();
            from_.erase(&payload);
            payload.release();
            if (!waiting_[id].empty()) respond(id);
        }
    }

    void respond(int id) {
        Payload& payload = *waiting_[id].front();
        move(payload);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
        send(id, payload, tlm::BEGIN_RESP);
    }
    void send(int id, Payload& payload, tlm::tlm_phase phase) {
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        const bool begins = phase == tlm::BEGIN_RESP;
        const auto status = tSocket[id]->nb_transport_bw(payload, phase, delay);
        if (begins && status != tlm::TLM_ACCEPTED) phases_.notify(payload, tlm::END_RESP, delay);
    }
    void b_transport(int /*id*/, Payload& payload, sc_core::sc_time& delay) {
        move(payload);
        delay += ns(100);
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    unsigned transport_dbg(int /*id*/, Payload& payload) {
        move(payload);
        return payload.get_data_length();
    }
    void move(Payload& payload) {
        std::uint8_t* const here = bytes_.data() + payload.get_address();
        for (unsigned i = 0; i < payload.get_data_length(); ++i) {
            if (payload.is_read()) payload.get_data_ptr()[i] = here[i];
            if (payload.is_write()) here[i] = payload.get_data_ptr()[i];
        }
    }
    static sc_core::sc_time ns(double count) { return {count, sc_core::SC_NS}; }

    std::vector<std::uint8_t> bytes_;
    tlm_utils::peq_with_cb_and_phase<ForeignDram> phases_;
    std::map<Payload*, int> from_;
    std::map<int, std::deque<Payload*>> waiting_;  ///< answers of each initiator
    sc_core::sc_time free_;
};
