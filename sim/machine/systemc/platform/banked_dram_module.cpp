#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/systemc/banked_dram.hpp>

#include "machine/systemc/platform/agenda.hpp"
#include "machine/systemc/platform/at_target.hpp"
#include "machine/systemc/platform/storage.hpp"
#include "timing/dram_controller.hpp"

namespace u65sim {

class BankedDramModule::State {
public:
    State(BankedDramModule& module, const BankedDramParameters& parameters);

    /// Once it is known how many initiators there are.
    void make_ports();
    tlm::tlm_sync_enum forward(std::size_t initiator, Payload& payload, tlm::tlm_phase& phase,
                               sc_core::sc_time& delay) {
        return ports_[initiator]->forward(payload, phase, delay);
    }
    void transport(std::size_t initiator, Payload& payload, sc_core::sc_time& delay);
    unsigned debug(Payload& payload);

    void require_inside(std::uint64_t address, std::size_t count) const {
        const std::uint64_t size = parameters_.size();
        if (address > size || count > size - address) {
            throw InvalidConfig(fmt::format("{} bytes at {:#x}: must be within the {} bytes of {}",
                                            count, address, size, parameters_.name));
        }
    }

    machine::Storage storage;
    [[nodiscard]] const timing::DramCounts& counts() const { return controller_.counts(); }

private:
    /// A request of which not everything has entered the queue, or has passed the pins.
    struct Job {
        Payload* payload = nullptr;
        std::size_t initiator = 0;
        sc_core::sc_event* done = nullptr;  ///< of a b_transport; null: four phases
        sc_core::sc_time visible;
        std::uint64_t next = 0, end = 0;  ///< addresses that have not entered, whole accesses
        std::size_t in_queue = 0;
    };
    struct Entered {
        Job* job = nullptr;
        std::uint64_t address = 0;
    };

    void arrive(std::size_t initiator, Payload& payload, sc_core::sc_event* done);
    void act();
    void enter();
    void enter_one(std::deque<Job*>& jobs);
    void moved(std::uint64_t id);
    void answer(const Job& job);
    [[nodiscard]] bool somebody_waits() const;

    [[nodiscard]] std::int64_t cycle() const {
        return static_cast<std::int64_t>(sc_core::sc_time_stamp().value() / period_.value());
    }
    [[nodiscard]] sc_core::sc_time time_of(std::int64_t cycle) const {
        return sc_core::sc_time::from_value(static_cast<std::uint64_t>(cycle) * period_.value());
    }

    BankedDramModule& module_;
    BankedDramParameters parameters_;
    sc_core::sc_time period_;
    timing::DramController controller_;
    std::vector<std::unique_ptr<machine::AtTarget>> ports_;
    std::unordered_map<Payload*, Job> jobs_;
    std::vector<std::deque<Job*>> waiting_;  ///< jobs to enter, an initiator each
    std::unordered_map<std::uint64_t, Entered> entered_;
    std::uint64_t next_id_ = 0;
    std::size_t turn_ = 0;
    machine::Agenda agenda_;
};

BankedDramModule::State::State(BankedDramModule& module, const BankedDramParameters& parameters)
    : module_(module),
      parameters_(parameters),
      period_(machine::period_of(parameters.clock.count())),
      controller_(parameters),
      agenda_("agenda", [this] { act(); }) {}

void BankedDramModule::State::make_ports() {
    const std::size_t count = module_.socket.size();
    waiting_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        const int id = static_cast<int>(i);
        ports_.push_back(std::make_unique<machine::AtTarget>(
            fmt::format("phases_{}", i).c_str(),
            machine::AtTarget::Hooks{
                [this, id](Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
                    return module_.socket[id]->nb_transport_bw(payload, phase, delay);
                },
                [this, i](Payload& payload) { arrive(i, payload, nullptr); }, [](Payload&) {}}));
    }
}

void BankedDramModule::State::arrive(std::size_t initiator, Payload& payload,
                                     sc_core::sc_event* done) {
    const sc_core::sc_time visible = machine::edge_after(sc_core::sc_time_stamp(), period_);
    const tlm::tlm_response_status status = machine::check_access(payload, parameters_.size());
    payload.set_response_status(status);
    const bool moves = payload.get_command() != tlm::TLM_IGNORE_COMMAND;
    if (status != tlm::TLM_OK_RESPONSE || !moves || payload.get_data_length() == 0) {
        agenda_.at(visible, [this, &payload, initiator, done] {
            answer({&payload, initiator, done, {}, 0, 0, 0});
        });
        return;
    }
    const std::uint64_t access = parameters_.access_bytes();
    const std::uint64_t begin = payload.get_address();
    Job job{&payload, initiator, done, visible, begin / access * access, 0, 0};
    job.end = (begin + payload.get_data_length() + access - 1) / access * access;
    waiting_[initiator].push_back(&jobs_.insert_or_assign(&payload, job).first->second);
    agenda_.wake_at(visible);
}

/// At an edge: lets in what there is room for, issues a command, and says when to look again.
void BankedDramModule::State::act() {
    if (sc_core::sc_time_stamp().value() % period_.value() != 0) return;
    enter();
    if (const auto started = controller_.step(cycle())) {
        const Entered& access = entered_.at(started->id);
        storage.access(*access.job->payload, access.address,
                       access.address + parameters_.access_bytes());
        agenda_.at(time_of(started->data_end), [this, id = started->id] { moved(id); });
        if (somebody_waits()) agenda_.wake_at(time_of(cycle() + 1));
    }
    const std::int64_t next = controller_.next(cycle() + 1);
    if (next != timing::DramController::never) agenda_.wake_at(time_of(next));
}

bool BankedDramModule::State::somebody_waits() const {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [](const auto& jobs) { return !jobs.empty(); });
}

/// One access of each initiator in turn, while there is room.
void BankedDramModule::State::enter() {
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    for (std::size_t skipped = 0; skipped < waiting_.size() && controller_.has_room();) {
        std::deque<Job*>& jobs = waiting_[turn_];
        turn_ = (turn_ + 1) % waiting_.size();
        if (jobs.empty() || jobs.front()->visible > now) {
            ++skipped;
            continue;
        }
        skipped = 0;
        enter_one(jobs);
    }
}

void BankedDramModule::State::enter_one(std::deque<Job*>& jobs) {
    Job& job = *jobs.front();
    entered_[next_id_] = {&job, job.next};
    controller_.push(next_id_++, timing::dram_place(parameters_, job.next),
                     job.payload->is_write());
    ++job.in_queue;
    job.next += parameters_.access_bytes();
    if (job.next != job.end) return;
    jobs.pop_front();
    if (job.done == nullptr) ports_[job.initiator]->end_request(*job.payload);
}

void BankedDramModule::State::moved(std::uint64_t id) {
    Job& job = *entered_.at(id).job;
    entered_.erase(id);
    if (--job.in_queue != 0 || job.next != job.end) return;
    const Job ended = job;
    jobs_.erase(ended.payload);
    answer(ended);
}

void BankedDramModule::State::answer(const Job& job) {
    if (job.done != nullptr) {
        job.done->notify();
    } else {
        ports_[job.initiator]->respond(*job.payload);
    }
}

void BankedDramModule::State::transport(std::size_t initiator, Payload& payload,
                                        sc_core::sc_time& delay) {
    sc_core::wait(delay);
    delay = sc_core::SC_ZERO_TIME;
    sc_core::sc_event done;
    arrive(initiator, payload, &done);
    sc_core::wait(done);
}

unsigned BankedDramModule::State::debug(Payload& payload) {
    if (machine::check_access(payload, parameters_.size()) != tlm::TLM_OK_RESPONSE) return 0;
    storage.access(payload, 0, parameters_.size());
    return payload.get_data_length();
}

BankedDramModule::BankedDramModule(sc_core::sc_module_name name,
                                   const BankedDramParameters& parameters)
    : sc_core::sc_module(name), socket("socket") {
    parameters.validate();
    state_ = std::make_unique<State>(*this, parameters);
    socket.register_nb_transport_fw(this, &BankedDramModule::nb_transport_fw);
    socket.register_b_transport(this, &BankedDramModule::b_transport);
    socket.register_transport_dbg(this, &BankedDramModule::transport_dbg);
    socket.register_get_direct_mem_ptr(this, &BankedDramModule::get_direct_mem_ptr);
}

BankedDramModule::~BankedDramModule() = default;

void BankedDramModule::end_of_elaboration() { state_->make_ports(); }

DramStatistics BankedDramModule::statistics() const {
    const timing::DramCounts& counts = state_->counts();
    return {counts.hits, counts.misses, counts.conflicts, counts.refreshes};
}

void BankedDramModule::read(std::uint64_t address, void* bytes, std::size_t count) const {
    state_->require_inside(address, count);
    state_->storage.read(address, static_cast<std::uint8_t*>(bytes), count);
}

void BankedDramModule::write(std::uint64_t address, const void* bytes, std::size_t count) {
    state_->require_inside(address, count);
    state_->storage.write(address, static_cast<const std::uint8_t*>(bytes), count);
}

tlm::tlm_sync_enum BankedDramModule::nb_transport_fw(int initiator, Payload& payload,
                                                     tlm::tlm_phase& phase,
                                                     sc_core::sc_time& delay) {
    return state_->forward(static_cast<std::size_t>(initiator), payload, phase, delay);
}

void BankedDramModule::b_transport(int initiator, Payload& payload, sc_core::sc_time& delay) {
    state_->transport(static_cast<std::size_t>(initiator), payload, delay);
}

unsigned BankedDramModule::transport_dbg(int /*initiator*/, Payload& payload) {
    return state_->debug(payload);
}

bool BankedDramModule::get_direct_mem_ptr(int /*initiator*/, Payload& payload,
                                          tlm::tlm_dmi& /*dmi*/) {
    payload.set_dmi_allowed(false);
    return false;
}

}  // namespace u65sim
