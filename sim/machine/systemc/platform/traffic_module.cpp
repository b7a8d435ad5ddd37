#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <unordered_map>

#include <u65sim/systemc/traffic.hpp>

#include "machine/systemc/platform/agenda.hpp"
#include "machine/systemc/platform/at_initiator.hpp"
#include "machine/systemc/platform/traffic_payloads.hpp"

namespace u65sim {
namespace {

/// 0 up to, not including, `bound`, the same everywhere.
std::uint64_t draw(std::mt19937_64& engine, std::uint64_t bound) { return engine() % bound; }

struct Request {
    sc_core::sc_time due;
    bool write = false;
    std::uint64_t address = 0;
    std::uint32_t bytes = 0;
};

/// The requests that the parameters ask for, one after the other.
class Requests {
public:
    explicit Requests(const TrafficParameters& parameters)
        : parameters_(parameters), engine_(parameters.seed) {}

    [[nodiscard]] bool over() const {
        if (!parameters_.trace.empty()) return next_ == parameters_.trace.size();
        return parameters_.requests != 0 && next_ == parameters_.requests;
    }
    /// When the next one is due.
    [[nodiscard]] sc_core::sc_time due() const;
    Request take();

private:
    [[nodiscard]] std::uint64_t address();

    TrafficParameters parameters_;
    std::mt19937_64 engine_;
    std::uint64_t next_ = 0;
    std::uint64_t offset_ = 0;
};

sc_core::sc_time Requests::due() const {
    if (!parameters_.trace.empty()) {
        return {static_cast<double>(parameters_.trace[next_].time_ps), sc_core::SC_PS};
    }
    if (parameters_.bytes_per_second == 0) return sc_core::SC_ZERO_TIME;
    return {static_cast<double>(next_) * parameters_.burst / parameters_.bytes_per_second,
            sc_core::SC_SEC};
}

std::uint64_t Requests::address() {
    const std::uint64_t burst = parameters_.burst;
    if (parameters_.pattern == TrafficPattern::random) {
        return parameters_.first + draw(engine_, parameters_.bytes / burst) * burst;
    }
    const std::uint64_t here = offset_;
    if (parameters_.pattern == TrafficPattern::linear) {
        offset_ += burst;
        if (offset_ > parameters_.bytes - burst) offset_ = 0;
    } else {
        const std::uint64_t places = parameters_.bytes - burst + 1;  // where a burst may begin
        offset_ = (offset_ + parameters_.stride) % places;
    }
    return parameters_.first + here;
}

Request Requests::take() {
    Request request;
    request.due = due();
    if (!parameters_.trace.empty()) {
        const TrafficRequest& traced = parameters_.trace[next_];
        request.write = traced.write;
        request.address = traced.address;
        request.bytes = traced.bytes;
    } else {
        constexpr std::uint64_t steps = 1'000'000;
        request.write = static_cast<double>(draw(engine_, steps)) >= parameters_.read_share * steps;
        request.address = address();
        request.bytes = parameters_.burst;
    }
    ++next_;
    return request;
}

}  // namespace

sc_core::sc_time TrafficStatistics::mean_latency() const {
    const std::uint64_t count = reads + writes;
    return count == 0 ? sc_core::SC_ZERO_TIME
                      : sc_core::sc_time::from_value(summed_latency.value() / count);
}

class TrafficModule::State {
public:
    State(TrafficModule& module, const TrafficParameters& parameters);

    tlm::tlm_sync_enum backward(Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
        return port_.backward(payload, phase, delay);
    }
    void run_blocking();
    void stop() { stopped_ = true; }
    [[nodiscard]] bool finished() const { return requests_.over() && outstanding_ == 0; }
    [[nodiscard]] const TrafficStatistics& statistics() const { return statistics_; }

private:
    void issue();
    Payload& make(const Request& request);
    void answered(Payload& payload, const sc_core::sc_time& latency);

    TrafficModule& module_;
    TrafficParameters parameters_;
    Requests requests_;
    machine::TrafficPayloads pool_;
    machine::AtInitiator port_;
    machine::Agenda agenda_;
    std::unordered_map<Payload*, sc_core::sc_time> begun_;
    std::size_t outstanding_ = 0;
    std::uint64_t made_ = 0;
    bool stopped_ = false;
    TrafficStatistics statistics_;
};

TrafficModule::State::State(TrafficModule& module, const TrafficParameters& parameters)
    : module_(module),
      parameters_(parameters),
      requests_(parameters),
      port_("phases", {[this](Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
                           return module_.socket->nb_transport_fw(payload, phase, delay);
                       },
                       [this](Payload& payload) { begun_[&payload] = sc_core::sc_time_stamp(); },
                       [](Payload&) {},
                       [this](Payload& payload) {
                           answered(payload, sc_core::sc_time_stamp() - begun_[&payload]);
                           begun_.erase(&payload);
                           port_.end_response(payload);
                           payload.release();
                           issue();
                       }}),
      agenda_("agenda", [this] {
          if (!parameters_.blocking) issue();
      }) {}

TrafficModule::Payload& TrafficModule::State::make(const Request& request) {
    Payload& payload = pool_.make(request.write, request.address, request.bytes);
    if (request.write) {
        for (std::uint32_t i = 0; i < request.bytes; ++i) {
            payload.get_data_ptr()[i] = static_cast<unsigned char>(made_ >> (8 * (i % 8)));
        }
    }
    ++made_;
    ++outstanding_;
    return payload;
}

/// Sends what is due.
void TrafficModule::State::issue() {
    while (!stopped_ && !requests_.over() && outstanding_ < parameters_.max_outstanding) {
        if (requests_.due() > sc_core::sc_time_stamp()) {
            agenda_.wake_at(requests_.due());
            return;
        }
        port_.send(make(requests_.take()));
    }
}

void TrafficModule::State::answered(Payload& payload, const sc_core::sc_time& latency) {
    --outstanding_;
    const std::uint64_t before = statistics_.reads + statistics_.writes;
    ++(payload.is_write() ? statistics_.writes : statistics_.reads);
    if (!payload.is_response_ok()) {
        ++statistics_.errors;
    } else {
        (payload.is_write() ? statistics_.bytes_written : statistics_.bytes_read) +=
            payload.get_data_length();
    }
    statistics_.least_latency =
        before == 0 ? latency : std::min(statistics_.least_latency, latency);
    statistics_.most_latency = std::max(statistics_.most_latency, latency);
    statistics_.summed_latency += latency;
    statistics_.last_response = sc_core::sc_time_stamp();
}

void TrafficModule::State::run_blocking() {
    while (!stopped_ && !requests_.over()) {
        const sc_core::sc_time now = sc_core::sc_time_stamp();
        if (requests_.due() > now) {
            sc_core::wait(requests_.due() - now);
            continue;
        }
        Payload& payload = make(requests_.take());
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        module_.socket->b_transport(payload, delay);
        sc_core::wait(delay);
        answered(payload, sc_core::sc_time_stamp() - now);
        payload.release();
    }
}

TrafficModule::TrafficModule(sc_core::sc_module_name name, const TrafficParameters& parameters)
    : sc_core::sc_module(name), socket("socket") {
    parameters.validate();
    state_ = std::make_unique<State>(*this, parameters);
    socket.register_nb_transport_bw(this, &TrafficModule::nb_transport_bw);
    if (parameters.blocking) {
        SC_HAS_PROCESS(TrafficModule);
        SC_THREAD(run_blocking);
    }
}

TrafficModule::~TrafficModule() = default;

const TrafficStatistics& TrafficModule::statistics() const { return state_->statistics(); }
bool TrafficModule::finished() const { return state_->finished(); }
void TrafficModule::stop() { state_->stop(); }

tlm::tlm_sync_enum TrafficModule::nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                                  sc_core::sc_time& delay) {
    return state_->backward(payload, phase, delay);
}

void TrafficModule::run_blocking() { state_->run_blocking(); }

}  // namespace u65sim
