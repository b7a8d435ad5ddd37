#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/systemc/protocol_checker.hpp>

namespace u65sim {
namespace {

using Payload = tlm::tlm_generic_payload;
using Rule = ProtocolRule;

/// What the initiator set and nobody may change; an interconnect may change the address.
struct Attributes {
    explicit Attributes(const Payload& payload)
        : command(payload.get_command()),
          data(payload.get_data_ptr()),
          length(payload.get_data_length()),
          streaming_width(payload.get_streaming_width()),
          byte_enables(payload.get_byte_enable_ptr()),
          byte_enable_length(payload.get_byte_enable_length()) {}

    tlm::tlm_command command;
    const unsigned char* data;
    unsigned length, streaming_width;
    const unsigned char* byte_enables;
    unsigned byte_enable_length;
    bool operator==(const Attributes&) const = default;
};

enum class Stage : std::uint8_t { request, between, response };

struct Open {
    Attributes attributes;
    Stage stage = Stage::request;
    sc_core::sc_time time;  ///< of the last phase, annotations included
    bool held = false;      ///< with a reference of ours
};

/// A transaction that has ended, which somebody may still hold.
struct Ended {
    Payload* payload;
    Attributes attributes;
    tlm::tlm_response_status status;
};

/// References that all checkers hold of a payload: several may stand in its way.
std::unordered_map<const Payload*, int>& held() {
    static std::unordered_map<const Payload*, int> counts;
    return counts;
}

void hold(Payload& payload) {
    payload.acquire();
    ++held()[&payload];
}

void let_go(Payload& payload) {
    if (--held()[&payload] == 0) held().erase(&payload);
    payload.release();
}

std::string describe(const Payload& payload) {
    return fmt::format("{} of {} bytes at {:#x}",
                       payload.is_read()    ? "read"
                       : payload.is_write() ? "write"
                                            : "ignored command",
                       payload.get_data_length(), payload.get_address());
}

}  // namespace

std::string_view to_string(ProtocolRule rule) {
    constexpr std::array<std::string_view, 13> names{"phase order",
                                                     "phase path",
                                                     "request exclusion",
                                                     "response exclusion",
                                                     "return value",
                                                     "timing",
                                                     "attribute",
                                                     "attribute changed",
                                                     "response status",
                                                     "memory manager",
                                                     "late access",
                                                     "unanswered",
                                                     "leak"};
    return names.at(static_cast<std::size_t>(rule));
}

struct ProtocolChecker::State {
    std::string name;
    bool report = true;
    std::vector<ProtocolViolation> violations;
    std::unordered_map<Payload*, Open> open;
    std::vector<Ended> ended;
    Payload *request = nullptr, *response = nullptr;  ///< what the exclusion rules look at
    std::uint64_t transactions = 0, bytes_read = 0, bytes_written = 0;

    void violated(Rule rule, const Payload& payload, std::string_view what) {
        std::string text = fmt::format("{}: {}: {}", to_string(rule), describe(payload), what);
        if (report)
            SC_REPORT_WARNING("/u65sim/protocol", fmt::format("{}: {}", name, text).c_str());
        violations.push_back({rule, sc_core::sc_time_stamp(), std::move(text)});
    }

    void check_begin(const Payload& payload);
    void check_unchanged(const Payload& payload, const Attributes& attributes);
    void check_time(const Payload& payload, Open& transaction, const sc_core::sc_time& delay);
    void check_answered(const Payload& payload);
    Open* find(Payload& payload, std::string_view phase);
    void begin_request(Payload& payload, const sc_core::sc_time& delay);
    void end_request(Payload& payload, const sc_core::sc_time& delay);
    void begin_response(Payload& payload, const sc_core::sc_time& delay);
    void end_response(Payload& payload, const sc_core::sc_time& delay);
    void advance(Payload& payload, const tlm::tlm_phase& phase, const sc_core::sc_time& delay);
    void count(const Payload& payload);
    void sweep();
    void check_return(Payload& payload, tlm::tlm_sync_enum status, const tlm::tlm_phase& given,
                      const sc_core::sc_time& given_delay, const tlm::tlm_phase& phase,
                      const sc_core::sc_time& delay);
    void complete(Payload& payload, const tlm::tlm_phase& given, const sc_core::sc_time& delay);
};

void ProtocolChecker::State::check_begin(const Payload& payload) {
    const bool moves = payload.get_command() != tlm::TLM_IGNORE_COMMAND;
    if (moves && payload.get_data_ptr() == nullptr) {
        violated(Rule::attribute, payload, "the data pointer is null");
    }
    if (moves && payload.get_data_length() == 0) {
        violated(Rule::attribute, payload, "the data length is zero");
    }
    if (payload.get_streaming_width() == 0) {
        violated(Rule::attribute, payload, "the streaming width is zero");
    }
    if (payload.get_byte_enable_ptr() != nullptr && payload.get_byte_enable_length() == 0) {
        violated(Rule::attribute, payload, "the byte enable length is zero");
    }
    if (payload.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE) {
        violated(Rule::attribute, payload, "the response status is not TLM_INCOMPLETE_RESPONSE");
    }
    if (payload.is_dmi_allowed()) violated(Rule::attribute, payload, "DMI is allowed already");
}

void ProtocolChecker::State::check_unchanged(const Payload& payload, const Attributes& attributes) {
    if (!(Attributes(payload) == attributes)) {
        violated(Rule::attribute_changed, payload,
                 "command, data, length, streaming width or byte enables are not the request's");
    }
}

void ProtocolChecker::State::check_time(const Payload& payload, Open& transaction,
                                        const sc_core::sc_time& delay) {
    const sc_core::sc_time time = sc_core::sc_time_stamp() + delay;
    if (time < transaction.time) {
        violated(Rule::timing, payload,
                 fmt::format("a phase at {} follows one at {}", time.to_string(),
                             transaction.time.to_string()));
    }
    transaction.time = std::max(time, transaction.time);
}

void ProtocolChecker::State::check_answered(const Payload& payload) {
    if (payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE) {
        violated(Rule::response_status, payload, "the response begins without a status");
    }
}

/// Null, and a violation, when it is not on its way.
Open* ProtocolChecker::State::find(Payload& payload, std::string_view phase) {
    const auto found = open.find(&payload);
    if (found != open.end()) return &found->second;
    const bool over = std::any_of(ended.begin(), ended.end(),
                                  [&](const Ended& each) { return each.payload == &payload; });
    violated(over ? Rule::late_access : Rule::phase_order, payload,
             fmt::format("{} {}", phase, over ? "behind the end" : "without a BEGIN_REQ"));
    return nullptr;
}

void ProtocolChecker::State::begin_request(Payload& payload, const sc_core::sc_time& delay) {
    if (open.count(&payload) != 0) {
        violated(Rule::phase_order, payload, "BEGIN_REQ of a transaction that is on its way");
        return;
    }
    if (request != nullptr) {
        violated(Rule::request_exclusion, payload,
                 fmt::format("BEGIN_REQ while the request before, a {}, has not ended",
                             describe(*request)));
    }
    check_begin(payload);
    const bool managed = payload.has_mm() && payload.get_ref_count() > 0;
    if (managed) {
        hold(payload);
    } else {
        violated(
            Rule::memory_manager, payload,
            payload.has_mm() ? "the initiator holds no reference" : "no memory manager is set");
    }
    request = &payload;
    open.emplace(&payload, Open{Attributes(payload), Stage::request,
                                sc_core::sc_time_stamp() + delay, managed});
}

void ProtocolChecker::State::end_request(Payload& payload, const sc_core::sc_time& delay) {
    Open* const transaction = find(payload, "END_REQ");
    if (transaction == nullptr) return;
    if (transaction->stage != Stage::request) {
        violated(Rule::phase_order, payload, "END_REQ of a request that has ended");
        return;
    }
    check_unchanged(payload, transaction->attributes);
    check_time(payload, *transaction, delay);
    transaction->stage = Stage::between;
    if (request == &payload) request = nullptr;
}

void ProtocolChecker::State::begin_response(Payload& payload, const sc_core::sc_time& delay) {
    Open* const transaction = find(payload, "BEGIN_RESP");
    if (transaction == nullptr) return;
    if (transaction->stage == Stage::response) {
        violated(Rule::phase_order, payload, "BEGIN_RESP of a response that has begun");
        return;
    }
    if (response != nullptr) {
        violated(Rule::response_exclusion, payload,
                 fmt::format("BEGIN_RESP while the response before, to a {}, has not ended",
                             describe(*response)));
    }
    check_unchanged(payload, transaction->attributes);
    check_time(payload, *transaction, delay);
    check_answered(payload);
    transaction->stage = Stage::response;
    response = &payload;
    if (request == &payload) request = nullptr;
}

void ProtocolChecker::State::end_response(Payload& payload, const sc_core::sc_time& delay) {
    Open* const transaction = find(payload, "END_RESP");
    if (transaction == nullptr) return;
    if (transaction->stage != Stage::response) {
        violated(Rule::phase_order, payload, "END_RESP before BEGIN_RESP");
        return;
    }
    check_unchanged(payload, transaction->attributes);
    check_time(payload, *transaction, delay);
    count(payload);
    if (request == &payload) request = nullptr;
    if (response == &payload) response = nullptr;
    if (transaction->held) {
        ended.push_back({&payload, transaction->attributes, payload.get_response_status()});
    }
    open.erase(&payload);
}

void ProtocolChecker::State::count(const Payload& payload) {
    ++transactions;
    if (!payload.is_response_ok()) return;
    if (payload.is_read()) bytes_read += payload.get_data_length();
    if (payload.is_write()) bytes_written += payload.get_data_length();
}

void ProtocolChecker::State::advance(Payload& payload, const tlm::tlm_phase& phase,
                                     const sc_core::sc_time& delay) {
    if (phase == tlm::BEGIN_REQ) begin_request(payload, delay);
    if (phase == tlm::END_REQ) end_request(payload, delay);
    if (phase == tlm::BEGIN_RESP) begin_response(payload, delay);
    if (phase == tlm::END_RESP) end_response(payload, delay);
    if (phase == tlm::UNINITIALIZED_PHASE) {
        violated(Rule::phase_order, payload, "the phase is UNINITIALIZED_PHASE");
    }
}

/// TLM_COMPLETED is what is left of the transaction, in one; there is no response to wait for.
void ProtocolChecker::State::complete(Payload& payload, const tlm::tlm_phase& given,
                                      const sc_core::sc_time& delay) {
    if (given == tlm::END_REQ) violated(Rule::return_value, payload, "TLM_COMPLETED of an END_REQ");
    if (given == tlm::BEGIN_REQ) {
        Open* const transaction = find(payload, "TLM_COMPLETED");
        if (transaction == nullptr) return;
        if (transaction->stage == Stage::response) {
            violated(Rule::phase_order, payload, "TLM_COMPLETED behind BEGIN_RESP");
        }
        check_answered(payload);
        transaction->stage = Stage::response;
    }
    if (given == tlm::BEGIN_REQ || given == tlm::BEGIN_RESP) end_response(payload, delay);
}

void ProtocolChecker::State::check_return(Payload& payload, tlm::tlm_sync_enum status,
                                          const tlm::tlm_phase& given,
                                          const sc_core::sc_time& given_delay,
                                          const tlm::tlm_phase& phase,
                                          const sc_core::sc_time& delay) {
    if (given > tlm::END_RESP) return;  // a phase that the base protocol lets everybody ignore
    if (status == tlm::TLM_ACCEPTED) {
        if (phase != given || delay != given_delay) {
            violated(Rule::return_value, payload, "TLM_ACCEPTED with another phase or time");
        }
        return;
    }
    if (delay < given_delay) violated(Rule::timing, payload, "the call returned an earlier time");
    if (status == tlm::TLM_COMPLETED) {
        complete(payload, given, delay);
        return;
    }
    const bool next =
        (given == tlm::BEGIN_REQ && (phase == tlm::END_REQ || phase == tlm::BEGIN_RESP)) ||
        (given == tlm::BEGIN_RESP && phase == tlm::END_RESP);
    if (!next) {
        violated(Rule::return_value, payload,
                 fmt::format("TLM_UPDATED from {} to {}", given.get_name(), phase.get_name()));
        return;
    }
    advance(payload, phase, delay);
}

/// Gives back the ended ones that nobody but checkers holds.
void ProtocolChecker::State::sweep() {
    const auto free = [&](const Ended& each) {
        if (each.payload->get_ref_count() > held()[each.payload]) return false;
        if (!(Attributes(*each.payload) == each.attributes) ||
            each.payload->get_response_status() != each.status) {
            violated(Rule::late_access, *each.payload, "attributes have changed behind END_RESP");
        }
        let_go(*each.payload);
        return true;
    };
    ended.erase(std::remove_if(ended.begin(), ended.end(), free), ended.end());
}

ProtocolChecker::ProtocolChecker(sc_core::sc_module_name name_, bool report)
    : sc_core::sc_module(name_), in("in"), out("out"), state_(std::make_unique<State>()) {
    state_->name = name();
    state_->report = report;
    in.register_nb_transport_fw(this, &ProtocolChecker::nb_transport_fw);
    in.register_b_transport(this, &ProtocolChecker::b_transport);
    in.register_transport_dbg(this, &ProtocolChecker::transport_dbg);
    in.register_get_direct_mem_ptr(this, &ProtocolChecker::get_direct_mem_ptr);
    out.register_nb_transport_bw(this, &ProtocolChecker::nb_transport_bw);
    out.register_invalidate_direct_mem_ptr(this, &ProtocolChecker::invalidate_direct_mem_ptr);
}

ProtocolChecker::~ProtocolChecker() = default;

const std::vector<ProtocolViolation>& ProtocolChecker::violations() const {
    return state_->violations;
}
std::uint64_t ProtocolChecker::transactions() const { return state_->transactions; }
std::uint64_t ProtocolChecker::bytes_read() const { return state_->bytes_read; }
std::uint64_t ProtocolChecker::bytes_written() const { return state_->bytes_written; }
std::size_t ProtocolChecker::in_flight() const { return state_->open.size(); }

tlm::tlm_sync_enum ProtocolChecker::nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
    const tlm::tlm_phase given = phase;
    const sc_core::sc_time given_delay = delay;
    state_->sweep();
    if (given == tlm::END_REQ || given == tlm::BEGIN_RESP) {
        state_->violated(Rule::phase_path, payload,
                         fmt::format("{} on the forward path", given.get_name()));
    } else {
        state_->advance(payload, given, given_delay);
    }
    const tlm::tlm_sync_enum status = out->nb_transport_fw(payload, phase, delay);
    state_->check_return(payload, status, given, given_delay, phase, delay);
    return status;
}

tlm::tlm_sync_enum ProtocolChecker::nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
    const tlm::tlm_phase given = phase;
    const sc_core::sc_time given_delay = delay;
    if (given == tlm::BEGIN_REQ || given == tlm::END_RESP) {
        state_->violated(Rule::phase_path, payload,
                         fmt::format("{} on the backward path", given.get_name()));
    } else {
        state_->advance(payload, given, given_delay);
    }
    const tlm::tlm_sync_enum status = in->nb_transport_bw(payload, phase, delay);
    state_->check_return(payload, status, given, given_delay, phase, delay);
    return status;
}

void ProtocolChecker::b_transport(Payload& payload, sc_core::sc_time& delay) {
    state_->check_begin(payload);
    const Attributes attributes(payload);
    const sc_core::sc_time begin = sc_core::sc_time_stamp() + delay;
    out->b_transport(payload, delay);
    state_->check_unchanged(payload, attributes);
    if (sc_core::sc_time_stamp() + delay < begin) {
        state_->violated(Rule::timing, payload, "the call returned an earlier time");
    }
    state_->check_answered(payload);
    state_->count(payload);
}

unsigned ProtocolChecker::transport_dbg(Payload& payload) { return out->transport_dbg(payload); }

bool ProtocolChecker::get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi) {
    return out->get_direct_mem_ptr(payload, dmi);
}

void ProtocolChecker::invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last) {
    in->invalidate_direct_mem_ptr(first, last);
}

void ProtocolChecker::finish() {
    state_->sweep();
    for (const Ended& each : state_->ended) {
        const int others = each.payload->get_ref_count() - held()[each.payload];
        state_->violated(Rule::leak, *each.payload,
                         fmt::format("{} references were not given back", others));
        let_go(*each.payload);
    }
    state_->ended.clear();
    for (auto& [payload, transaction] : state_->open) {
        state_->violated(Rule::unanswered, *payload, "begun and never ended");
        if (transaction.held) let_go(*payload);
    }
    state_->open.clear();
    state_->request = state_->response = nullptr;
}

}  // namespace u65sim
