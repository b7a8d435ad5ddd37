// A study's finished items on disk: a line each, so that a run may end at any moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

namespace u65sim::study {

/// One item's rows as a line without its end, and back. Equal rows give equal bytes. Throws
/// InvalidConfig for a line that is none.
std::string to_line(const Study::Plan& plan, std::size_t item, const std::vector<StudyRow>& rows);
std::vector<StudyRow> from_line(const Study::Plan& plan, std::string_view line);
/// The same of an item that the plan has. Throws InvalidConfig for others too.
std::vector<StudyRow> rows_of(const Study::Plan& plan, std::string_view line);

/// Items that one shard does, in their order.
std::vector<std::size_t> shard_items(const Study& study, std::size_t shard, std::size_t shards);

class Journal {
public:
    /// "points.jsonl", or "points-I-of-N.jsonl" for a shard (I from 1).
    static std::filesystem::path file(const std::filesystem::path& folder, std::size_t shard,
                                      std::size_t shards);

    /// Opens the journal of this study in `folder`, made when it is not there. With `resume`, items
    /// that are there already are in `lines()`, and a line that an end of the process cut off is
    /// left out. Throws FileError, and InvalidConfig for another study's journal or one that is
    /// there without `resume`.
    Journal(const Study& study, const std::filesystem::path& folder, std::size_t shard,
            std::size_t shards, bool resume);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Items done by earlier runs, in order.
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
    /// Adds one item and hands it to the operating system. Throws FileError.
    void append(const std::string& line);

    /// Lines of a journal that belongs to this study; the header must agree. Throws as the
    /// constructor does.
    static std::vector<std::string> read(const Study& study, const std::filesystem::path& path,
                                         std::size_t shard, std::size_t shards);

private:
    std::filesystem::path path_;
    std::vector<std::string> lines_;
    int descriptor_ = -1;
};

/// One journal found by find_journals.
struct JournalLines {
    std::size_t shard = 0, shards = 1;
    std::vector<std::string> lines;
};

/// The journals of this study in these folders, shards of one count. Throws InvalidConfig for a
/// folder without one and for shards of different counts.
std::vector<JournalLines> find_journals(const Study& study,
                                        const std::vector<std::filesystem::path>& folders);

}  // namespace u65sim::study
