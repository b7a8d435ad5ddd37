// Several processes on one study, through MPI where it was built in. Boost.MPI and MPI are included
// here and nowhere else.
#include <chrono>
#include <cstdlib>
#include <thread>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/study.hpp>

#include "study/evaluate.hpp"
#include "study/journal.hpp"
#include "study/run_items.hpp"

#ifdef U65SIM_WITH_MPI
#include <boost/mpi/communicator.hpp>
#include <boost/mpi/environment.hpp>
#endif

namespace u65sim {

#ifdef U65SIM_WITH_MPI

namespace mpi = boost::mpi;

namespace {

enum Tag : int { tag_ready, tag_result, tag_failure, tag_item };
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
        world.recv(leader, tag_item, item);
        if (item == no_more_items) return;
        try {
            const auto index = static_cast<std::size_t>(item);
            const auto rows = study::evaluate_item(study.plan(), index, networks);
            world.send(leader, tag_result, study::to_line(study.plan(), index, rows));
        } catch (const std::exception& error) {
            world.send(leader, tag_failure, std::string{error.what()});
        }
    }
}

void study::run_items(const Study& study, const std::vector<std::size_t>& items, StudyTeam& team,
                      const Done& done) {
    const mpi::communicator& world = team.state().world;
    std::vector<std::size_t> working(static_cast<std::size_t>(world.size()));
    std::size_t next = 0;
    int active = world.size() - 1;
    if (study.items() == 0) return;
    while (active > 0) {
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
            std::string text;
            world.recv(source, message->tag(), text);
            if (message->tag() == tag_failure) {
                throw Error(fmt::format("process {} failed on item {}: {}", source,
                                        working[static_cast<std::size_t>(source)], text));
            }
            done(working[static_cast<std::size_t>(source)], std::move(text));
        }
        if (next == items.size()) {
            world.send(source, tag_item, no_more_items);
            --active;
        } else {
            working[static_cast<std::size_t>(source)] = items[next];
            world.send(source, tag_item, static_cast<long>(items[next++]));
        }
    }
}

#else

struct StudyTeam::State {};

StudyTeam::StudyTeam() = default;

std::size_t StudyTeam::size() const { return 1; }

bool StudyTeam::leads() const { return true; }

void StudyTeam::work(const Study&) {}

void study::run_items(const Study& study, const std::vector<std::size_t>& items, StudyTeam&,
                      const Done& done) {
    run_items(study, items, 1U, done);
}

#endif

StudyTeam::~StudyTeam() = default;

}  // namespace u65sim
