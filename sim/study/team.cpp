// Several processes on one study, through MPI where it was built in. Boost.MPI and MPI are included
// here and nowhere else.
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/study.hpp>

#include "study/evaluate.hpp"
#include "study/journal.hpp"
#include "study/run_tasks.hpp"

#ifdef U65SIM_WITH_MPI
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#endif

namespace u65sim {

#ifdef U65SIM_WITH_MPI

namespace mpi = boost::mpi;

namespace {

enum Tag : int { tag_ready, tag_result, tag_failure, tag_first, tag_exact };
constexpr long no_more_items = -1;
constexpr int leader = 0;

/// Set by the launchers of Open MPI and MPICH. Without one, MPI is not started at all.
bool is_launched() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"}) {
        if (std::getenv(name) != nullptr) return true;
    }
    return false;
}

}  // namespace

struct StudyTeam::State {
    // An exception that leaves a process ends them all: none waits for ever.
    mpi::environment environment{mpi::threading::single, true};
    mpi::communicator world;
    std::vector<int> idle;  ///< of the others, those that wait for an item
};

StudyTeam::StudyTeam() {
    if (is_launched()) state_ = std::make_unique<State>();
}

std::size_t StudyTeam::size() const {
    return state_ ? static_cast<std::size_t>(state_->world.size()) : 1;
}

bool StudyTeam::leads() const { return !state_ || state_->world.rank() == leader; }

void StudyTeam::work(const Study& study) {
    if (leads()) return;
    const mpi::communicator& world = state_->world;
    study::Networks networks{4};
    world.send(leader, tag_ready);
    while (true) {
        long item = no_more_items;
        const mpi::status status = world.recv(leader, mpi::any_tag, item);
        if (item == no_more_items) return;
        const study::Task task{static_cast<std::size_t>(item),
                               status.tag() == tag_exact ? study::Pass::exact : study::Pass::first};
        try {
            const auto rows = study::evaluate_item(study.plan(), task, networks);
            world.send(leader, tag_result, study::to_line(study.plan(), task.item, rows));
        } catch (const std::exception& error) {
            world.send(leader, tag_failure, std::string{error.what()});
        }
    }
}

void StudyTeam::dismiss() {
    const mpi::communicator& world = state_->world;
    std::vector<int>& idle = state_->idle;
    while (idle.size() + 1 < static_cast<std::size_t>(world.size())) {
        idle.push_back(world.recv(mpi::any_source, tag_ready).source());
    }
    for (const int other : std::exchange(idle, {})) world.send(other, tag_first, no_more_items);
}

void study::run_tasks(const Study&, const std::vector<Task>& tasks, StudyTeam& team,
                      const Done& done) {
    const mpi::communicator& world = team.state().world;
    std::vector<int>& idle = team.state().idle;
    std::vector<std::size_t> working(static_cast<std::size_t>(world.size()));
    std::size_t next = 0;
    std::size_t active = 0;
    const auto hand_out = [&](int other) {
        if (next == tasks.size()) return idle.push_back(other);
        const Task& task = tasks[next];
        working[static_cast<std::size_t>(other)] = next++;
        ++active;
        world.send(other, task.pass == Pass::exact ? tag_exact : tag_first,
                   static_cast<long>(task.item));
    };
    for (const int other : std::exchange(idle, {})) hand_out(other);
    while (active > 0 || next < tasks.size()) {
        // MPI's own waiting would keep a core busy.
        const auto message = world.iprobe(mpi::any_source, mpi::any_tag);
        if (!message) {
            std::this_thread::sleep_for(std::chrono::microseconds{200});
            continue;
        }
        const int source = message->source();
        if (message->tag() == tag_ready) {
            world.recv(source, tag_ready);
        } else {
            const std::size_t index = working[static_cast<std::size_t>(source)];
            std::string text;
            world.recv(source, message->tag(), text);
            if (message->tag() == tag_failure) {
                throw Error(fmt::format("process {} failed on item {}: {}", source,
                                        tasks[index].item, text));
            }
            --active;
            done(index, std::move(text));
        }
        hand_out(source);
    }
}

#else

struct StudyTeam::State {};

StudyTeam::StudyTeam() = default;

std::size_t StudyTeam::size() const { return 1; }

bool StudyTeam::leads() const { return true; }

void StudyTeam::work(const Study&) {}

void StudyTeam::dismiss() {}

void study::run_tasks(const Study& study, const std::vector<Task>& tasks, StudyTeam&,
                      const Done& done) {
    Networks networks{4};
    run_tasks(study, tasks, 1U, networks, done);
}

#endif

StudyTeam::~StudyTeam() = default;

}  // namespace u65sim
