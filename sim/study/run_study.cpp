// Runs the items of a study on threads, commits them in order.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>

#include "base/parallel.hpp"
#include "study/evaluate.hpp"
#include "study/journal.hpp"
#include "study/ledger.hpp"
#include "study/plan.hpp"
#include "study/records.hpp"
#include "study/run_tasks.hpp"

namespace u65sim {
namespace study {

void run_tasks(const Study& study, const std::vector<Task>& tasks, unsigned jobs,
               Networks& networks, const Done& done) {
    std::mutex mutex;
    bool broken = false;
    for_each_index(tasks.size(), jobs, [&](std::size_t index) {
        const Task& task = tasks[index];
        std::string line =
            to_line(study.plan(), task.item, evaluate_item(study.plan(), task, networks));
        const std::lock_guard lock{mutex};
        if (broken) return;
        broken = true;  // stays so when `done` throws: then nothing more may be committed
        done(index, std::move(line));
        broken = false;
    });
}

}  // namespace study

namespace {

using Clock = std::chrono::steady_clock;

void check(const StudyOptions& options) {
    if (options.jobs < 1 || options.jobs > 1024) {
        throw InvalidConfig(fmt::format("jobs = {}: must be from 1 to 1024", options.jobs));
    }
    if (options.shards < 1 || options.shard >= options.shards) {
        throw InvalidConfig(fmt::format("shard {} of {}: must be one of 1 to {}", options.shard + 1,
                                        options.shards, options.shards));
    }
}

/// A run: what an earlier one left, then what is left to do, committed in order.
class Run {
public:
    using Append = std::function<void(const std::string& line)>;

    Run(const Study& study, const StudyOptions& options, Append append)
        : study_(study),
          options_(options),
          append_(std::move(append)),
          ledger_(study, study::shard_items(study, options.shard, options.shards),
                  options.shards > 1),
          // A few networks beyond those at work: a grid comes back to them soon.
          networks_(2 * std::size_t{options.jobs} + 2) {}

    /// `known` are lines of an earlier run, in their order; they are not appended again.
    StudyResults finish(const std::vector<std::string>& known) {
        std::size_t taken = 0;
        for (auto tasks = ledger_.left(); !tasks.empty(); tasks = ledger_.left()) {
            progress_.total += tasks.size();
            const std::size_t count = std::min(tasks.size(), known.size() - taken);
            for (std::size_t at = 0; at < count; ++at, ++taken) {
                auto rows = study::rows_of(study_.plan(), known[taken]);
                if (rows.front().item != tasks[at].item) {
                    throw InvalidConfig(fmt::format("results of item {}: must be of item {}",
                                                    rows.front().item, tasks[at].item));
                }
                ledger_.take(std::move(rows));
            }
            progress_.done += count;
            tasks.erase(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(count));
            work(tasks);
        }
        if (taken < known.size()) throw InvalidConfig("more results than the study has");
        if (has_team()) options_.team->dismiss();
        return std::move(ledger_).results();
    }

private:
    [[nodiscard]] bool has_team() const { return options_.team && options_.team->size() > 1; }

    void work(const std::vector<study::Task>& tasks) {
        tell();
        // Lines are committed in the order of the tasks, whatever finishes first.
        std::map<std::size_t, std::pair<std::string, std::vector<StudyRow>>> waiting;
        std::size_t next = 0;
        const study::Done done = [&](std::size_t index, std::string line) {
            auto rows = study::rows_of(study_.plan(), line);
            progress_.points += rows.size();
            ++progress_.done;
            waiting.emplace(index, std::pair{std::move(line), std::move(rows)});
            for (auto found = waiting.find(next); found != waiting.end();
                 found = waiting.find(++next)) {
                append_(found->second.first);
                ledger_.take(std::move(found->second.second));
                waiting.erase(found);
            }
            tell();
        };
        if (has_team()) {
            study::run_tasks(study_, tasks, *options_.team, done);
        } else {
            study::run_tasks(study_, tasks, options_.jobs, networks_, done);
        }
    }

    void tell() {
        progress_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        if (options_.progress) options_.progress(progress_);
    }

    const Study& study_;
    const StudyOptions& options_;
    Append append_;
    study::Ledger ledger_;
    study::Networks networks_;
    StudyProgress progress_;
    Clock::time_point start_ = Clock::now();
};

void write_results(const StudyResults& results, const std::filesystem::path& folder) {
    write_file(folder / "results.csv", results.to_csv());
    write_file(folder / "results.json", results.to_json());
    write_file(folder / "study.html", results.to_html());
    for (const StudyFile& plot : results.plots()) {
        write_file(folder / plot.name, plot.content);
    }
}

}  // namespace

StudyResults run_study(const Study& study, const StudyOptions& options) {
    check(options);
    return Run(study, options, [](const std::string&) {}).finish({});
}

StudyResults run_study(const Study& study, const std::filesystem::path& folder,
                       const StudyOptions& options) {
    check(options);
    study::Journal journal{study, folder, options.shard, options.shards, options.resume};
    StudyResults results = Run(study, options, [&](const std::string& line) {
                               journal.append(line);
                           }).finish(journal.lines());
    if (options.shards == 1) write_results(results, folder);
    return results;
}

StudyResults merge_study(const Study& study, const std::vector<std::filesystem::path>& folders,
                         const std::filesystem::path& folder, const StudyOptions& options) {
    StudyOptions whole = options;
    whole.shard = 0;
    whole.shards = 1;
    check(whole);
    const std::vector<study::JournalLines> found = study::find_journals(study, folders);
    std::map<std::size_t, std::string> lines;
    for (const study::JournalLines& journal : found) {
        const auto items = study::shard_items(study, journal.shard, journal.shards);
        for (std::size_t at = 0; at < std::min(items.size(), journal.lines.size()); ++at) {
            lines.emplace(items[at], journal.lines[at]);
        }
    }
    std::vector<std::string> known;
    for (std::size_t item = 0; item < study.items(); ++item) {
        const auto line = lines.find(item);
        if (line != lines.end()) {
            known.push_back(std::move(line->second));
            continue;
        }
        throw InvalidConfig(fmt::format(
            "{} of {} items are in no journal, the first of them {}: resume their shards first",
            study.items() - lines.size(), study.items(), item));
    }
    study::Journal journal{study, folder, 0, 1, false};
    for (const std::string& line : known) journal.append(line);
    StudyResults results =
        Run(study, whole, [&](const std::string& line) { journal.append(line); }).finish(known);
    write_results(results, folder);
    return results;
}

StudyResults collect_study(const Study& study, const std::vector<std::string>& records,
                           const std::filesystem::path& folder) {
    study::Records all{study, records};
    if (!all.left().empty()) {
        throw InvalidConfig(fmt::format("{} points have no record, the first of them item {}",
                                        all.left().size(), all.left().front().item));
    }
    if (folder.empty()) return std::move(all).results();
    study::Journal journal{study, folder, 0, 1, false};
    for (const std::string* line : all.lines()) journal.append(*line);
    StudyResults results = std::move(all).results();
    write_results(results, folder);
    return results;
}

}  // namespace u65sim
