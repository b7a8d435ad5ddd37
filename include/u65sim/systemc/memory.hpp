// A memory as a TLM-2.0 target with the analytic timing of a u65sim target. This header needs
// SystemC: link u65sim::systemc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/target.hpp>

namespace u65sim {

/// Bytes from address 0 on, and when they come: latency and bandwidth cap, which all initiators
/// share. Four phases or b_transport; a request is accepted at once, its answer begins when the
/// first data are there (writes: when the last have been stored). transport_dbg takes no time; no
/// DMI. Bytes that were never written are zero.
class MemoryModule : public sc_core::sc_module {
public:
    tlm_utils::multi_passthrough_target_socket<MemoryModule, 32> socket;

    ~MemoryModule() override;
    MemoryModule(const MemoryModule&) = delete;
    MemoryModule& operator=(const MemoryModule&) = delete;

    /// Copies bytes without time, as transport_dbg does. Throws InvalidConfig beyond the end.
    void read(std::uint64_t address, void* bytes, std::size_t count) const;
    void write(std::uint64_t address, const void* bytes, std::size_t count);
    /// From now on a memory of `target`, which no access has delayed yet; periods of its cap begin
    /// now. Not while it has something to answer. Throws InvalidConfig.
    void restart(const Target& target);

protected:
    /// Of `port` 0 or 1 of `target`, with `size` bytes. Throws InvalidConfig.
    MemoryModule(sc_core::sc_module_name name, const Target& target, int port, std::uint64_t size);

private:
    tlm::tlm_sync_enum nb_transport_fw(int id, tlm::tlm_generic_payload& payload,
                                       tlm::tlm_phase& phase, sc_core::sc_time& delay);
    void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(int id, tlm::tlm_generic_payload& payload);
    void respond();

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
