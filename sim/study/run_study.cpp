// Runs the items of a study on threads, commits them in order.
#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>

#include "base/parallel.hpp"
#include "study/evaluate.hpp"
#include "study/journal.hpp"
#include "study/plan.hpp"
#include "study/run_items.hpp"

namespace u65sim {
namespace study {

void run_items(const Study& study, const std::vector<std::size_t>& items, unsigned jobs,
               const Done& done) {
    // A few networks beyond those at work: a grid comes back to them soon.
    Networks networks{2 * std::size_t{jobs} + 2};
    std::mutex mutex;
    bool broken = false;
    for_each_index(items.size(), jobs, [&](std::size_t index) {
        const std::size_t item = items[index];
        std::string line = to_line(study.plan(), item, evaluate_item(study.plan(), item, networks));
        const std::lock_guard lock{mutex};
        if (broken) return;
        broken = true;  // stays so when `done` throws: then nothing more may be committed
        done(item, std::move(line));
        broken = false;
    });
}

}  // namespace study

namespace {

using Clock = std::chrono::steady_clock;

/// Hands lines on in the order of the items, whatever finishes first.
class InOrder {
public:
    InOrder(std::vector<std::size_t> items, std::function<void(std::string)> next)
        : items_(std::move(items)), next_(std::move(next)) {}

    void add(std::size_t item, std::string line) {
        waiting_.emplace(item, std::move(line));
        while (at_ < items_.size()) {
            const auto found = waiting_.find(items_[at_]);
            if (found == waiting_.end()) return;
            next_(std::move(found->second));
            waiting_.erase(found);
            ++at_;
        }
    }

private:
    std::vector<std::size_t> items_;
    std::function<void(std::string)> next_;
    std::map<std::size_t, std::string> waiting_;
    std::size_t at_ = 0;
};

void check(const StudyOptions& options) {
    if (options.jobs < 1 || options.jobs > 1024) {
        throw InvalidConfig(fmt::format("jobs = {}: must be from 1 to 1024", options.jobs));
    }
    if (options.shards < 1 || options.shard >= options.shards) {
        throw InvalidConfig(fmt::format("shard {} of {}: must be one of 1 to {}", options.shard + 1,
                                        options.shards, options.shards));
    }
}

StudyResults run(const Study& study, const StudyOptions& options,
                 const std::vector<std::string>& known,
                 const std::function<void(const std::string&)>& append) {
    StudyResults results{study, {}};
    const auto keep = [&](const std::string& line) {
        for (StudyRow& row : study::from_line(study.plan(), line)) {
            results.rows.push_back(std::move(row));
        }
    };
    for (const std::string& line : known) keep(line);
    std::vector<std::size_t> items = study::shard_items(study, options.shard, options.shards);
    StudyProgress progress;
    progress.total = items.size();
    progress.done = known.size();
    items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(known.size()));
    const auto start = Clock::now();
    const auto tell = [&] {
        progress.seconds = std::chrono::duration<double>(Clock::now() - start).count();
        if (options.progress) options.progress(progress);
    };
    tell();
    InOrder ordered{items, [&](const std::string& line) {
                        append(line);
                        keep(line);
                    }};
    const study::Done done = [&](std::size_t item, std::string line) {
        progress.points += study::from_line(study.plan(), line).size();
        ++progress.done;
        ordered.add(item, std::move(line));
        tell();
    };
    if (options.team && options.team->size() > 1) {
        study::run_items(study, items, *options.team, done);
    } else {
        study::run_items(study, items, options.jobs, done);
    }
    return results;
}

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
    return run(study, options, {}, [](const std::string&) {});
}

StudyResults run_study(const Study& study, const std::filesystem::path& folder,
                       const StudyOptions& options) {
    check(options);
    study::Journal journal{study, folder, options.shard, options.shards, options.resume};
    StudyResults results = run(study, options, journal.lines(),
                               [&](const std::string& line) { journal.append(line); });
    if (options.shards == 1) write_results(results, folder);
    return results;
}

StudyResults merge_study(const Study& study, const std::vector<std::filesystem::path>& folders,
                         const std::filesystem::path& folder) {
    const std::vector<study::JournalLines> found = study::find_journals(study, folders);
    std::map<std::size_t, std::string> lines;
    for (const study::JournalLines& journal : found) {
        const auto items = study::shard_items(study, journal.shard, journal.shards);
        for (std::size_t at = 0; at < journal.lines.size(); ++at) {
            lines.emplace(items[at], journal.lines[at]);
        }
    }
    for (std::size_t item = 0; item < study.items(); ++item) {
        if (lines.contains(item)) continue;
        throw InvalidConfig(fmt::format(
            "{} of {} items are in no journal, the first of them {}: resume their shards first",
            study.items() - lines.size(), study.items(), item));
    }
    StudyResults results{study, {}};
    study::Journal journal{study, folder, 0, 1, false};
    for (const auto& [item, line] : lines) {
        journal.append(line);
        for (StudyRow& row : study::from_line(study.plan(), line)) {
            results.rows.push_back(std::move(row));
        }
    }
    write_results(results, folder);
    return results;
}

}  // namespace u65sim
