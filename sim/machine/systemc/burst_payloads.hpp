// Payloads that are used again when everybody has released them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <tlm>

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

struct BurstRequest;

/// One request of a port to its target, and the bytes that it moves.
class BurstPayload : public tlm::tlm_generic_payload {
public:
    explicit BurstPayload(tlm::tlm_mm_interface* manager) : tlm::tlm_generic_payload(manager) {}

    BurstRequest* burst = nullptr;  ///< null: nobody waits for it
    std::uint64_t begin = 0;        ///< address of `data`
    bool answered = false;
    std::vector<unsigned char> data, enables;
};

class BurstPayloads : public tlm::tlm_mm_interface {
public:
    BurstPayloads() = default;
    BurstPayloads(const BurstPayloads&) = delete;
    BurstPayloads& operator=(const BurstPayloads&) = delete;

    /// A payload that is acquired once and has a BurstExtension.
    BurstPayload& take();
    void free(tlm::tlm_generic_payload* payload) override;
    /// Payloads that somebody still holds.
    [[nodiscard]] std::size_t in_use() const { return all_.size() - free_.size(); }
    /// Nobody waits for any of them any more.
    void forget();

private:
    std::vector<std::unique_ptr<BurstPayload>> all_;
    std::vector<BurstPayload*> free_;
};

}  // namespace u65sim::machine
