// u65sim study and study-merge: many questions in one file.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/error.hpp>
#include <u65sim/study.hpp>

#include "commands.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"

namespace u65sim::cli {

namespace {

namespace fs = std::filesystem;

/// A bar, the rate and the time left.
class Bar {
public:
    void operator()(const StudyProgress& progress) {
        if (first_done_ > progress.done) first_done_ = progress.done;
        const std::size_t own = progress.done - first_done_;
        std::string rate;
        if (own > 0 && progress.seconds > 0) {
            const auto left = static_cast<double>(progress.total - progress.done);
            rate = fmt::format(", {:.1f} points/s, {} left",
                               static_cast<double>(progress.points) / progress.seconds,
                               duration(progress.seconds * left / static_cast<double>(own)));
        }
        bar_.show(progress.done, progress.total, rate);
    }

private:
    static std::string duration(double seconds) {
        const auto whole = std::llround(seconds);
        if (whole < 60) return fmt::format("{} s", whole);
        if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
        return fmt::format("{}:{:02} h", whole / 3600, whole % 3600 / 60);
    }

    ProgressBar bar_;
    std::size_t first_done_ = static_cast<std::size_t>(-1);
};

/// "2/4" is the second of four.
std::pair<std::size_t, std::size_t> shard_of(const std::string& text) {
    std::size_t shard = 0;
    std::size_t shards = 0;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%zu/%zu%c", &shard, &shards, &rest) != 2 || shard < 1 ||
        shard > shards || shards > 100'000) {
        throw InvalidConfig(
            fmt::format("--shard {}: must be I/N with I from 1 to N, such as 2/4", text));
    }
    return {shard - 1, shards};
}

std::string folder_for(const std::string& file, const std::string& asked) {
    if (!asked.empty()) return asked;
    return fs::path{file}.stem().string() + "-results";
}

Study read_study(const std::string& file, std::size_t sample) {
    const Study study = Study::read(file);
    return sample == 0 ? study : study.sample(sample);
}

struct RunStudy {
    std::string file, folder, shard = "1/1";
    StudyOptions options;
    std::size_t sample = 0;
    bool keys = false, measures = false, check = false;

    void operator()() {
        if (keys) return list_keys();
        if (measures) return list_measures();
        if (file.empty()) throw InvalidConfig("FILE: must be given (see u65sim study --help)");
        std::tie(options.shard, options.shards) = shard_of(shard);
        const Study study = read_study(file, sample);
        const std::string into = folder_for(file, folder);
        if (check) {
            print(fmt::format("{}: {} items\n", file, study.items()));
            return;
        }
        StudyTeam team;
        if (!team.leads()) return team.work(study);
        options.team = &team;
        make_folder(into);
        const auto results = [&] {
            Bar bar;
            options.progress = [&bar](const StudyProgress& progress) { bar(progress); };
            return run_study(study, into, options);
        }();
        print(results.to_text());
        print(options.shards > 1
                  ? fmt::format("\nThis shard's results are in {}; u65sim study-merge joins them\n",
                                into)
                  : fmt::format("\nWritten to {}: study.html, results.csv, results.json\n", into));
    }

    static void list_keys() {
        for (const StudyKey& key : study_keys()) {
            print(fmt::format("{}\n    {}{}\n    {}\n", key.key, key.summary,
                              key.unit.empty() ? "" : fmt::format(" [{}]", key.unit), key.range));
        }
    }

    static void list_measures() {
        for (const StudyMeasure& measure : study_measures()) {
            print(fmt::format("{:<22} {}{}\n", measure.key, measure.summary,
                              measure.unit.empty() ? "" : fmt::format(" [{}]", measure.unit)));
        }
    }
};

struct MergeStudy {
    std::string file, folder;
    std::vector<std::string> folders;
    StudyOptions options;
    std::size_t sample = 0;

    void operator()() const {
        const std::string into = folder_for(file, folder);
        make_folder(into);
        const StudyResults results =
            merge_study(read_study(file, sample),
                        std::vector<fs::path>(folders.begin(), folders.end()), into, options);
        print(results.to_text());
        print(fmt::format("\nWritten to {}: study.html, results.csv, results.json\n", into));
    }
};

void add_common(CLI::App& command, std::string& folder, std::size_t& sample, unsigned& jobs) {
    command.add_option("-j,--jobs", jobs, "Items simulated at the same time")
        ->check(whole_number(1, 1024))
        ->capture_default_str()
        ->type_name("N");
    command
        .add_option("-o,--output", folder,
                    "Folder for the results, made when it is not there; default: FILE's name with "
                    "-results")
        ->type_name("DIR");
    command
        .add_option("--sample", sample,
                    "Only N of the study's items, spread evenly: a first look at a long study")
        ->check(whole_number(1, std::uint64_t{1} << 40U))
        ->type_name("N");
}

}  // namespace

void add_study(CLI::App& app) {
    auto study = std::make_shared<RunStudy>();
    CLI::App* command =
        app.add_subcommand("study", "Run a what-if study: axes, searches, fronts, plots");
    command->add_option("FILE", study->file, "The study, a YAML file")->type_name("");
    add_common(*command, study->folder, study->sample, study->options.jobs);
    command->add_flag("--resume", study->options.resume,
                      "Go on where an earlier run into the same folder ended");
    command
        ->add_option("--shard", study->shard,
                     "Only this machine's part, such as 2/4; 'u65sim study-merge' joins the parts")
        ->type_name("I/N");
    command->add_flag("--check", study->check, "Only read the file and count its items");
    command->add_flag("--keys", study->keys, "List what an axis may change, and end");
    command->add_flag("--measures", study->measures, "List what a study measures, and end");
    command->footer(
        "Each finished item is a line of DIR/points.jsonl; at the end DIR holds study.html,\n"
        "results.csv, results.json and the plots. A point that does not fit or cannot be\n"
        "simulated is a row with its reason.\n\n"
        "Examples:\n"
        "  u65sim study configs/studies/sram-size.yaml -j 2 -o sram\n"
        "  u65sim study configs/studies/sram-size.yaml -j 2 -o sram --resume\n"
        "  u65sim study mine.yaml --shard 1/2 -o part1\n"
        "  mpirun -n 4 u65sim study mine.yaml      (built with U65SIM_BUILD_MPI)");
    command->callback([study] { (*study)(); });

    auto merge = std::make_shared<MergeStudy>();
    CLI::App* join = app.add_subcommand("study-merge", "Join the shards of a study");
    join->add_option("FILE", merge->file, "The study, a YAML file")->required()->type_name("");
    join->add_option("DIR", merge->folders, "Folders that the shards wrote")
        ->required()
        ->type_name("");
    add_common(*join, merge->folder, merge->sample, merge->options.jobs);
    join->footer(
        "The result is, byte for byte, that of one run over all items. A study that simulates\n"
        "its front alone is simulated here, on N threads.\n\n"
        "Example:\n"
        "  u65sim study-merge mine.yaml part1 part2 -o mine-results");
    join->callback([merge] { (*merge)(); });
}

}  // namespace u65sim::cli
