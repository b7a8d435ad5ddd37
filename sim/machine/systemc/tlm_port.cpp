#include "machine/systemc/tlm_port.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "base/rounding.hpp"

namespace u65sim::machine {

namespace {

void require_power_of_two(std::uint32_t value, const char* what) {
    if (value != 0 && !std::has_single_bit(value)) {
        throw InvalidConfig(fmt::format("{} = {}: must be a power of two", what, value));
    }
}

void validate(const AxiProtocol& protocol) {
    require_power_of_two(protocol.largest_payload, "largest_payload");
    require_power_of_two(protocol.boundary, "boundary");
    require_power_of_two(protocol.whole, "whole");
    if (protocol.whole == 0) throw InvalidConfig("whole = 0: must be 1 at least");
    for (const std::uint32_t most : {protocol.largest_payload, protocol.boundary}) {
        if (most != 0 && most < protocol.whole) {
            throw InvalidConfig(
                fmt::format("whole = {}: must not be more than largest_payload or boundary ({})",
                            protocol.whole, most));
        }
    }
}

}  // namespace

TlmPortModule::TlmPortModule(const sc_core::sc_module_name& name, UnitId unit,
                             const UnitContext& context, const TlmPorts& ports)
    : PortModule(name, unit, context),
      protocol_(ports.protocol[unit == UnitId::axi0 ? 0 : 1]),
      bytes_(&ports.bytes) {
    validate(protocol_);
    socket.register_nb_transport_bw(this, &TlmPortModule::nb_transport_bw);
    SC_HAS_PROCESS(TlmPortModule);
    SC_METHOD(channel_free);
    sensitive << channel_free_;
    dont_initialize();
    SC_METHOD(answer_due);
    sensitive << answer_due_;
    dont_initialize();
}

void TlmPortModule::end_of_elaboration() {
    BurstServer& server = *this;
    port_.emplace(id(),
                  BurstPort::Ports{context().clock, context().probe, requests.bound(), server},
                  protocol_.in_flight);
}

bool TlmPortModule::ready() const { return open_ == nullptr && outgoing_.empty(); }

void TlmPortModule::forget() {
    discard(outgoing_);
    discard(jobs_);
    pool_.forget();
}

/// Payloads that were not sent.
void TlmPortModule::discard(std::deque<BurstPayload*>& payloads) {
    for (BurstPayload* payload : payloads) {
        std::erase(under_way_, payload);
        if (std::erase(filled_writes_, payload) > 0) payload->release();
        payload->release();
    }
    payloads.clear();
    retire_writes();
}

/// What older writes leave in memory is known when all of them have been answered: until then an
/// answered one may have been stored over one that still has no answer.
void TlmPortModule::retire_writes() {
    while (!filled_writes_.empty() && filled_writes_.front()->answered) {
        filled_writes_.front()->release();
        filled_writes_.pop_front();
    }
}

/// The bytes that the writes made before `payload` leave where it lies.
void TlmPortModule::add_stored_before(BurstPayload& payload) const {
    for (const BurstPayload* before : filled_writes_) {
        const std::uint64_t from = std::max(before->begin, payload.begin);
        const std::uint64_t to =
            std::min(before->begin + before->data.size(), payload.begin + payload.data.size());
        if (before == &payload || from >= to) continue;
        std::memcpy(payload.data.data() + (from - payload.begin),
                    before->data.data() + (from - before->begin), to - from);
    }
}

/// The payloads of a burst: rounded out and cut as the target wants them.
void TlmPortModule::cut(const BurstRequest& burst) {
    const std::uint64_t begin = bytes_->address(burst.region, burst.where.address);
    const std::uint64_t end = begin + static_cast<std::uint64_t>(burst.where.bytes);
    const std::uint64_t whole = protocol_.whole;
    std::uint64_t unit = protocol_.largest_payload;
    if (protocol_.boundary != 0 && (unit == 0 || protocol_.boundary < unit)) {
        unit = protocol_.boundary;
    }
    const std::uint64_t last = (end + whole - 1) / whole * whole;
    parts_.clear();
    for (std::uint64_t at = begin / whole * whole; at < last;) {
        const std::uint64_t next = unit == 0 ? last : std::min(last, (at / unit + 1) * unit);
        parts_.push_back({at, next});
        at = next;
    }
}

/// Leaves the bytes of `payload` that its burst does not write as they are: by byte enables, or by
/// writing what the target has, or will have when the writes before it have been stored.
void TlmPortModule::round_out(BurstPayload& payload, std::uint64_t wanted,
                              std::uint64_t wanted_bytes) {
    if (protocol_.byte_enables) {
        payload.enables.assign(payload.data.size(), TLM_BYTE_DISABLED);
        std::fill_n(payload.enables.begin() + static_cast<std::ptrdiff_t>(wanted), wanted_bytes,
                    static_cast<unsigned char>(TLM_BYTE_ENABLED));
        payload.set_byte_enable_ptr(payload.enables.data());
        payload.set_byte_enable_length(static_cast<unsigned>(payload.enables.size()));
        return;
    }
    tlm::tlm_generic_payload probe;
    probe.set_command(tlm::TLM_READ_COMMAND);
    probe.set_address(payload.begin);
    probe.set_data_ptr(payload.data.data());
    probe.set_data_length(static_cast<unsigned>(payload.data.size()));
    probe.set_streaming_width(static_cast<unsigned>(payload.data.size()));
    if (socket->transport_dbg(probe) < payload.data.size()) {
        bytes_->fail(number(), fmt::format("AXI{}: write at {:#x} cannot be rounded out: the "
                                           "target has no transport_dbg",
                                           number(), payload.begin));
    }
    add_stored_before(payload);
}

/// The bytes that a write's payload carries.
void TlmPortModule::fill_write(BurstPayload& payload) {
    const BurstRequest& burst = *payload.burst;
    const std::uint64_t begin = bytes_->address(burst.region, burst.where.address);
    const auto count = static_cast<std::uint64_t>(burst.where.bytes);
    const std::uint64_t from = std::max(begin, payload.begin);
    const std::uint64_t to = std::min(begin + count, payload.begin + payload.data.size());
    if (to - from < payload.data.size()) round_out(payload, from - payload.begin, to - from);
    writes_.resize(count);
    bytes_->load(burst, writes_.data());
    std::memcpy(payload.data.data() + (from - payload.begin), writes_.data() + (from - begin),
                to - from);
}

BurstPayload& TlmPortModule::payload_for(BurstRequest& burst, const Span& part) {
    BurstPayload& payload = pool_.take();
    payload.burst = &burst;
    payload.begin = part.begin;
    payload.data.assign(part.end - part.begin, 0);
    payload.set_command(burst.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(part.begin);
    payload.set_data_ptr(payload.data.data());
    payload.set_data_length(static_cast<unsigned>(payload.data.size()));
    payload.set_streaming_width(static_cast<unsigned>(payload.data.size()));
    payload.set_byte_enable_ptr(nullptr);
    payload.set_byte_enable_length(0);
    payload.set_dmi_allowed(false);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    BurstExtension* extension = nullptr;
    payload.get_extension(extension);
    const std::int64_t beat = requests.bound().rules().bus.beat_bytes;
    extension->beats = burst.unanswered == 1
                           ? burst.beats
                           : ceil_div(static_cast<std::int64_t>(payload.data.size()), beat);
    extension->annotated = ahead();
    if (burst.write) {
        fill_write(payload);
        if (protocol_.whole > 1 && !protocol_.byte_enables) {
            payload.acquire();
            filled_writes_.push_back(&payload);
        }
    }
    under_way_.push_back(&payload);
    return payload;
}

void TlmPortModule::send(BurstRequest& burst, Time time) {
    cut(burst);
    burst.unaccepted = burst.unanswered = static_cast<std::int64_t>(parts_.size());
    sent_at_ = time;
    for (const Span& part : parts_) outgoing_.push_back(&payload_for(burst, part));
    if (protocol_.style != AxiProtocol::Style::blocking) {
        pump();
        return;
    }
    burst.unaccepted = 0;
    jobs_.insert(jobs_.end(), outgoing_.begin(), outgoing_.end());
    outgoing_.clear();
    for (; idle_workers_ < jobs_.size(); ++idle_workers_) {
        sc_core::sc_spawn([this] { work(); });
    }
    job_.notify(sc_core::SC_ZERO_TIME);
    port_->accept(burst, time);
}

/// Sends payloads while the target accepts them.
void TlmPortModule::pump() {
    while (open_ == nullptr && !outgoing_.empty()) {
        BurstPayload& payload = *outgoing_.front();
        outgoing_.pop_front();
        transport(payload);
    }
}

void TlmPortModule::transport(BurstPayload& payload) {
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    open_ = &payload;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay =
        ahead() ? context().carrier.cycles().time_of(sent_at_) - now : sc_core::SC_ZERO_TIME;
    sending_ = true;
    const tlm::tlm_sync_enum status = socket->nb_transport_fw(payload, phase, delay);
    sending_ = false;
    if (status == tlm::TLM_ACCEPTED) return;
    const sc_core::sc_time time = now + delay;
    if (status == tlm::TLM_UPDATED && phase == tlm::END_REQ) {
        if (ahead() || time == now) open_ = nullptr;
        end_request(payload, time);
        return;
    }
    const bool begins = status == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP;
    if (!begins && status != tlm::TLM_COMPLETED) return;  // an ignorable phase
    if (open_ == &payload) {
        open_ = nullptr;
        end_request(payload, ahead() ? time : now);
    }
    if (ahead()) {
        answer(payload, time, begins);
    } else {
        schedule(payload, time, begins);
    }
}

tlm::tlm_sync_enum TlmPortModule::nb_transport_bw(tlm::tlm_generic_payload& payload,
                                                  tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    auto* const own = dynamic_cast<BurstPayload*>(&payload);
    if (own == nullptr) return tlm::TLM_ACCEPTED;  // not ours
    const sc_core::sc_time time = sc_core::sc_time_stamp() + delay;
    if (phase == tlm::END_REQ) {
        end_request(*own, time);
    } else if (phase == tlm::BEGIN_RESP) {
        if (open_ == own) end_request(*own, time);
        schedule(*own, time, true);
    }
    return tlm::TLM_ACCEPTED;
}

/// The target has accepted a request, or will have at `time`.
void TlmPortModule::end_request(BurstPayload& payload, const sc_core::sc_time& time) {
    if (ahead() && sending_) open_ = nullptr;
    if (open_ != nullptr) channel_free_.notify(time - sc_core::sc_time_stamp());
    BurstRequest* const burst = payload.burst;
    if (burst != nullptr && --burst->unaccepted == 0) {
        port_->accept(*burst, context().carrier.cycles().cycle_at(time));
    }
}

/// The next request may be sent.
void TlmPortModule::channel_free() {
    open_ = nullptr;
    pump();
    if (!ready()) return;
    port_->wake(context().carrier.cycles().now());
    context().carrier.forward();
}

void TlmPortModule::schedule(BurstPayload& payload, const sc_core::sc_time& time, bool end) {
    answers_.emplace(time, Answer{&payload, end});
    answer_due_.notify(time - sc_core::sc_time_stamp());
}

void TlmPortModule::answer_due() {
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    while (!answers_.empty() && answers_.begin()->first <= now) {
        const Answer due = answers_.begin()->second;
        answers_.erase(answers_.begin());
        answer(*due.payload, now, due.end);
    }
    if (!answers_.empty()) answer_due_.notify(answers_.begin()->first - now);
    context().carrier.forward();
}

/// The answer to a payload is there at `time`; with `end` the target waits for the end of it.
void TlmPortModule::answer(BurstPayload& payload, const sc_core::sc_time& time, bool end) {
    BurstRequest* const burst = payload.burst;
    if (payload.is_response_error() && burst != nullptr) {
        bytes_->fail(number(),
                     fmt::format("AXI{}: {} of {} bytes at {:#x}: {}", number(),
                                 burst->write ? "write" : "read", payload.get_data_length(),
                                 payload.get_address(), payload.get_response_string()));
    } else if (burst != nullptr) {
        const std::uint64_t begin = bytes_->address(burst->region, burst->where.address);
        const std::uint64_t last = begin + static_cast<std::uint64_t>(burst->where.bytes);
        const std::uint64_t from = std::max(begin, payload.begin);
        const std::uint64_t to = std::min(last, payload.begin + payload.data.size());
        const unsigned char* data = payload.data.data() + (from - payload.begin);
        if (burst->write) {
            bytes_->written(*burst, from - begin, data, to - from);
        } else {
            bytes_->store(*burst, from - begin, data, to - from);
        }
    }
    if (end) {
        tlm::tlm_phase phase = tlm::END_RESP;
        sc_core::sc_time delay = time - sc_core::sc_time_stamp();
        socket->nb_transport_fw(payload, phase, delay);
    }
    if (burst != nullptr && --burst->unanswered == 0) {
        Time cycle = context().carrier.cycles().cycle_at(time);
        // A call that returns has brought all of a read.
        if (protocol_.style == AxiProtocol::Style::blocking && !burst->write) cycle -= burst->beats;
        port_->answer(*burst, std::max(cycle, burst->accepted));
    }
    std::erase(under_way_, &payload);
    payload.answered = true;
    retire_writes();
    payload.release();
    if (under_way_.empty()) drained_.notify(sc_core::SC_ZERO_TIME);
}

/// A thread for calls of b_transport.
void TlmPortModule::work() {
    for (;;) {
        while (jobs_.empty()) sc_core::wait(job_);
        BurstPayload& payload = *jobs_.front();
        jobs_.pop_front();
        --idle_workers_;
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        socket->b_transport(payload, delay);
        ++idle_workers_;
        schedule(payload, sc_core::sc_time_stamp() + delay, false);
    }
}

}  // namespace u65sim::machine
