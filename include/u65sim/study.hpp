// What-if studies: many questions to the simulator, stated in one YAML file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace u65sim {

/// One key and its value, as a study's file would give them ("sram.size", "512KiB").
using StudySetting = std::pair<std::string, std::string>;

/// What a key of a study's axes is called and means.
struct StudyKey {
    std::string key, unit, summary, range;
};
/// Every key that an axis may change: the network and its transforms, compiler options, and all
/// fields of a target.
std::vector<StudyKey> study_keys();

/// What a study measures.
struct StudyMeasure {
    std::string key, unit, summary;
    bool larger_is_better = false;
};
std::vector<StudyMeasure> study_measures();

/// A study as its file states it, checked: every key, value and axis makes sense.
class Study {
public:
    /// Throws FileError, or InvalidConfig with file:line:column and what would be right.
    static Study read(const std::filesystem::path& file);
    /// One document in memory; `origin` stands for the file in messages, `folder` is where the
    /// files it names are.
    static Study read_text(std::string_view text, std::string_view origin = "<text>",
                           const std::filesystem::path& folder = {});

    [[nodiscard]] const std::string& title() const;
    /// Independent pieces of work: points, or searches for one.
    [[nodiscard]] std::size_t items() const;
    /// What one item changes, axis by axis; a search's own key is not among them.
    [[nodiscard]] const std::vector<StudySetting>& settings(std::size_t item) const;
    /// The same study with at most `count` of its items, spread evenly; for a first look.
    [[nodiscard]] Study sample(std::size_t count) const;
    /// Identity of everything that decides the results, this program's version among it.
    [[nodiscard]] std::uint64_t hash() const;

    struct Plan;
    [[nodiscard]] const Plan& plan() const { return *plan_; }

private:
    std::shared_ptr<const Plan> plan_;
};

/// Between which values a figure is.
struct StudyBounds {
    double least = 0.0, most = 0.0;
    bool operator==(const StudyBounds&) const = default;
};

/// One simulated point, or the reason why it could not be.
struct StudyRow {
    enum class Status : std::uint8_t {
        measured,      ///< `measures` holds its figures
        does_not_fit,  ///< refused for its size
        failed,        ///< could not be changed, compiled or simulated
        unanswered,    ///< a search found no value that keeps its conditions
        estimated,  ///< `measures` are effort quick's: `bounds` settle what is asked of the point
    };
    /// Why the point was simulated.
    enum class Role : std::uint8_t {
        point,        ///< a point of the axes
        probe,        ///< a step of a search
        answer,       ///< what a search found
        sensitivity,  ///< a point with one field changed
        sample,       ///< a point with its target's numbers drawn from their uncertainty
    };
    std::size_t item = 0;
    Role role = Role::point;
    Status status = Status::measured;
    std::vector<StudySetting> settings;
    std::vector<std::optional<double>> measures;  ///< in the order of the study's measures
    /// Where effort quick says that a simulation's figures are, in the same order; none: anywhere.
    /// Empty where it was not asked.
    std::vector<std::optional<StudyBounds>> bounds;
    std::vector<std::string> hypotheses;  ///< assumptions of hardware that does not exist
    std::string reason;
    bool operator==(const StudyRow&) const = default;
};
std::string_view to_string(StudyRow::Status status);
std::string_view to_string(StudyRow::Role role);

/// What a front or searches cost that effort quick took part in.
struct StudyEffort {
    std::size_t simulated = 0;  ///< points that were simulated
    std::size_t estimated = 0;  ///< those that effort quick's bounds made needless to simulate
    std::size_t misses = 0;     ///< of the simulated ones, those outside of their bounds
    bool operator==(const StudyEffort&) const = default;
};

/// A file of a study's results.
struct StudyFile {
    std::string name, content;
};

/// Everything a study found, in the order of its items.
struct StudyResults {
    Study study;
    std::vector<StudyRow> rows;

    /// For each row, whether no other is better in all measures of the study's `pareto`; empty
    /// where the study asks for no front.
    [[nodiscard]] std::vector<bool> pareto_front() const;
    /// What effort quick left to simulate; nothing where it was not asked.
    [[nodiscard]] std::optional<StudyEffort> effort() const;
    [[nodiscard]] std::string to_text() const;  ///< a summary of at most 100 columns
    [[nodiscard]] std::string to_csv() const;   ///< one line a row
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] std::string to_html() const;  ///< one page with its plots, no other files needed
    /// Each plot as an SVG file.
    [[nodiscard]] std::vector<StudyFile> plots() const;
};

/// How far a run is.
struct StudyProgress {
    std::size_t done = 0;    ///< items, those of an earlier run among them
    std::size_t total = 0;   ///< items to do, without those of other shards; a front adds to it
    std::size_t points = 0;  ///< simulated by this run
    double seconds = 0.0;    ///< since this run's start
};

/// The processes that work on a study together: those that mpirun started, where the library was
/// built with MPI (U65SIM_BUILD_MPI); otherwise this one alone. At most one a process.
class StudyTeam {
public:
    StudyTeam();
    ~StudyTeam();
    StudyTeam(const StudyTeam&) = delete;
    StudyTeam& operator=(const StudyTeam&) = delete;

    [[nodiscard]] std::size_t size() const;
    /// Whether this process hands out the items and keeps the results; one of a team does.
    [[nodiscard]] bool leads() const;
    /// Simulates items as the leader hands them out, until none is left.
    void work(const Study& study);
    /// Tells the others that none is left. run_study() does so when it is through.
    void dismiss();

    struct State;
    [[nodiscard]] State& state() { return *state_; }

private:
    std::unique_ptr<State> state_;
};

struct StudyOptions {
    unsigned jobs = 1;  ///< threads of this process; a team of several has one a process
    /// Null, or the team this process leads; it must outlive the run.
    StudyTeam* team = nullptr;
    bool resume = false;  ///< goes on where a journal in the folder ends
    /// This machine's part: items whose number modulo `shards` is `shard`.
    std::size_t shard = 0, shards = 1;
    /// Called from one thread at a time whenever an item is done.
    std::function<void(const StudyProgress&)> progress;
};

/// Runs a study and keeps each finished item as a line of `folder`/points.jsonl, in the order of
/// the items whatever finishes first; a shard's file is points-I-of-N.jsonl. Behind the last one
/// (not for shards) results.csv, results.json, study.html and the plots are written. A study that
/// simulates its front alone has a line by effort quick an item, then lines of what is simulated,
/// which shards leave to merge_study(). A run that was ended at any moment goes on with `resume`
/// and leaves the same bytes as one that was not. Throws InvalidConfig when the folder holds
/// another study's journal, or one without `resume`.
StudyResults run_study(const Study& study, const std::filesystem::path& folder,
                       const StudyOptions& options = {});
/// The same without files.
StudyResults run_study(const Study& study, const StudyOptions& options = {});

/// Joins the shards of a study to what an unbroken run leaves; of a study that simulates its front
/// alone, simulates it, on `options.jobs` threads. Throws InvalidConfig for journals of another
/// study and names items that no journal holds.
StudyResults merge_study(const Study& study, const std::vector<std::filesystem::path>& folders,
                         const std::filesystem::path& folder, const StudyOptions& options = {});

/// A piece of a study's work by itself, for processes that do not have the study: an item, what it
/// changes, and how it is answered. Its files must be where the study has them.
struct StudyPoint {
    std::size_t item = 0;
    std::string text;  ///< a line of JSON, which StudyEvaluator reads
    bool operator==(const StudyPoint&) const = default;
};

/// What is left of a study whose points are evaluated elsewhere: those that have no record yet.
/// Where all have one, nothing; but a study that simulates its front alone then names points to
/// simulate, until its front is known. Throws InvalidConfig for records of other studies.
std::vector<StudyPoint> study_points(const Study& study,
                                     const std::vector<std::string>& records = {});

/// Evaluates points of any study. An answer depends on nothing but the point: what is kept from one
/// to the next are networks and what compiling them leaves. Safe from any thread.
class StudyEvaluator {
public:
    StudyEvaluator();
    ~StudyEvaluator();
    StudyEvaluator(const StudyEvaluator&) = delete;
    StudyEvaluator& operator=(const StudyEvaluator&) = delete;

    /// The point's record: a line as a study's journal has it, without its end. A point that cannot
    /// be simulated has a record that says why. Throws InvalidConfig for a text that is none, or of
    /// another version of u65sim.
    std::string evaluate(std::string_view point);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// What run_study() finds, from the records of all points, in any order and as often as they came;
/// with a `folder` that is not empty, the same files in it. Throws InvalidConfig when points have
/// no record, or two that differ.
StudyResults collect_study(const Study& study, const std::vector<std::string>& records,
                           const std::filesystem::path& folder = {});

}  // namespace u65sim
