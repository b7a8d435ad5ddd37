#include "study/journal.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "base/hash.hpp"
#include "config/text_file.hpp"
#include "study/plan.hpp"

namespace u65sim::study {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int journal_version = 3;

std::string dumped(const Json& json) {
    // Messages may quote bytes that are no UTF-8.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string header(const Study& study, std::size_t shard, std::size_t shards) {
    return dumped({{"u65sim_study", journal_version},
                   {"title", study.title()},
                   {"u65sim_version", version()},
                   {"hash", fmt::format("{:016x}", study.hash())},
                   {"items", study.items()},
                   {"shard", shard + 1},
                   {"shards", shards}});
}

Json figure(double value) {
    constexpr double exact = 9007199254740992.0;  // whole numbers up to here have no gaps
    if (std::floor(value) == value && std::abs(value) < exact) {
        return Json(static_cast<std::int64_t>(value));
    }
    return Json(value);
}

template <class Value>
Value named(std::string_view name, std::initializer_list<Value> values) {
    for (const Value value : values) {
        if (to_string(value) == name) return value;
    }
    throw InvalidConfig(fmt::format("'{}' is no known state of a row", name));
}

std::vector<std::optional<StudyBounds>> bounds_of(const Json& json,
                                                  const std::vector<std::string>& names) {
    std::vector<std::optional<StudyBounds>> bounds;
    for (const std::string& name : names) {
        const auto found = json.find(name);
        bounds.push_back(found == json.end()
                             ? std::nullopt
                             : std::optional{StudyBounds{found->at(0).get<double>(),
                                                         found->at(1).get<double>()}});
    }
    return bounds;
}

/// What stands at the end of a line so that a changed byte is noticed.
std::string check_of(std::string_view line) {
    Hasher hasher;
    hasher.add(line);
    return fmt::format(",\"check\":\"{:016x}\"", hasher.digest());
}

/// The line as it was before its check was put in. Throws InvalidConfig.
std::string without_check(std::string_view line) {
    const std::size_t size = check_of("").size() + 1;
    if (line.size() > size) {
        std::string bare = std::string{line.substr(0, line.size() - size)} + '}';
        if (line.substr(line.size() - size) == check_of(bare) + '}') return bare;
    }
    throw InvalidConfig("is not as it was written: remove it and what follows it, or start anew");
}

/// Complete lines of a text; what stands behind the last line's end was cut off.
std::vector<std::string> complete_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         begin = end + 1, end = text.find('\n', begin)) {
        lines.push_back(text.substr(begin, end - begin));
    }
    return lines;
}

[[noreturn]] void fail_io(const fs::path& path, const char* what) {
    throw FileError(fmt::format("{}: cannot {}: {}", path.string(), what, std::strerror(errno)));
}

void write_all(int descriptor, const fs::path& path, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail_io(path, "write");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// The rows' lines of a journal's text, checked against the study.
std::vector<std::string> checked_lines(const Study& study, const fs::path& path, std::size_t shard,
                                       std::size_t shards, const std::string& text) {
    std::vector<std::string> lines = complete_lines(text);
    if (lines.empty()) return {};
    if (lines.front() != header(study, shard, shards)) {
        throw InvalidConfig(
            fmt::format("{}: holds results of another study, of another version of it, or of "
                        "another version of u65sim: name another folder",
                        path.string()));
    }
    lines.erase(lines.begin());
    const auto items = shard_items(study, shard, shards);
    for (std::size_t at = 0; at < lines.size(); ++at) {
        try {
            // Behind the items are lines of those that a front made a run simulate.
            const bool is_first = at < items.size();
            if (!is_first && (shards > 1 || !study.plan().simulates_front)) {
                throw InvalidConfig("more lines than the study has items");
            }
            const std::size_t item = rows_of(study.plan(), lines[at]).front().item;
            if (is_first && item != items[at]) {
                throw InvalidConfig(fmt::format("must hold item {}", items[at]));
            }
        } catch (const InvalidConfig& error) {
            throw InvalidConfig(fmt::format("{}:{}: {}", path.string(), at + 2, error.what()));
        }
    }
    return lines;
}

}  // namespace

std::string to_line(const Study::Plan& plan, std::size_t item, const std::vector<StudyRow>& rows) {
    const auto names = plan.measure_names();
    Json list = Json::array();
    for (const StudyRow& row : rows) {
        Json settings = Json::array();
        for (const auto& [key, value] : row.settings) settings.push_back({key, value});
        Json measures = Json::object();
        for (std::size_t at = 0; at < row.measures.size(); ++at) {
            if (row.measures[at]) measures[names[at]] = figure(*row.measures[at]);
        }
        Json json{{"role", to_string(row.role)},
                  {"status", to_string(row.status)},
                  {"settings", std::move(settings)},
                  {"measures", std::move(measures)}};
        for (std::size_t at = 0; at < row.bounds.size(); ++at) {
            if (!row.bounds[at]) continue;
            json["bounds"][names[at]] = {figure(row.bounds[at]->least),
                                         figure(row.bounds[at]->most)};
        }
        if (!row.hypotheses.empty()) json["hypotheses"] = row.hypotheses;
        if (!row.reason.empty()) json["reason"] = row.reason;
        list.push_back(std::move(json));
    }
    const std::string line = dumped({{"item", item}, {"rows", std::move(list)}});
    return line.substr(0, line.size() - 1) + check_of(line) + '}';
}

std::vector<StudyRow> from_line(const Study::Plan& plan, std::string_view line) {
    const auto names = plan.measure_names();
    std::vector<StudyRow> rows;
    try {
        const Json json = Json::parse(without_check(line));
        for (const Json& each : json.at("rows")) {
            StudyRow row;
            row.item = json.at("item").get<std::size_t>();
            using Role = StudyRow::Role;
            row.role =
                named(each.at("role").get<std::string>(),
                      {Role::point, Role::probe, Role::answer, Role::sensitivity, Role::sample});
            using Status = StudyRow::Status;
            row.status = named(each.at("status").get<std::string>(),
                               {Status::measured, Status::does_not_fit, Status::failed,
                                Status::unanswered, Status::estimated});
            for (const Json& setting : each.at("settings")) {
                row.settings.emplace_back(setting.at(0).get<std::string>(),
                                          setting.at(1).get<std::string>());
            }
            if (row.status == Status::measured || row.status == Status::estimated) {
                const Json& measures = each.at("measures");
                for (const std::string& name : names) {
                    const auto found = measures.find(name);
                    row.measures.push_back(found == measures.end()
                                               ? std::nullopt
                                               : std::optional<double>(found->get<double>()));
                }
            }
            if (each.contains("bounds")) row.bounds = bounds_of(each.at("bounds"), names);
            if (each.contains("hypotheses")) {
                row.hypotheses = each.at("hypotheses").get<std::vector<std::string>>();
            }
            row.reason = each.value("reason", "");
            rows.push_back(std::move(row));
        }
    } catch (const Json::exception& error) {
        throw InvalidConfig(fmt::format("is no line of a study's results: {}", error.what()));
    }
    return rows;
}

std::vector<StudyRow> rows_of(const Study::Plan& plan, std::string_view line) {
    std::vector<StudyRow> rows = from_line(plan, line);
    if (rows.empty()) throw InvalidConfig("is no line of a study's results: must have rows");
    if (rows.front().item >= plan.items.size()) {
        throw InvalidConfig(
            fmt::format("item {}: must be below {}", rows.front().item, plan.items.size()));
    }
    return rows;
}

std::vector<std::size_t> shard_items(const Study& study, std::size_t shard, std::size_t shards) {
    std::vector<std::size_t> items;
    for (std::size_t item = shard; item < study.items(); item += shards) items.push_back(item);
    return items;
}

fs::path Journal::file(const fs::path& folder, std::size_t shard, std::size_t shards) {
    return folder / (shards == 1 ? std::string{"points.jsonl"}
                                 : fmt::format("points-{}-of-{}.jsonl", shard + 1, shards));
}

std::vector<std::string> Journal::read(const Study& study, const fs::path& path, std::size_t shard,
                                       std::size_t shards) {
    return checked_lines(study, path, shard, shards, config::read_text_file(path));
}

Journal::Journal(const Study& study, const fs::path& folder, std::size_t shard, std::size_t shards,
                 bool resume)
    : path_(file(folder, shard, shards)) {
    std::error_code error;
    const bool exists = fs::exists(path_, error);
    if (exists && !resume) {
        throw InvalidConfig(fmt::format(
            "{}: is there already: go on with --resume, or name another folder", path_.string()));
    }
    std::string text;
    if (exists) {
        text = config::read_text_file(path_);
        lines_ = checked_lines(study, path_, shard, shards, text);
    } else {
        fs::create_directories(folder, error);
        if (error) {
            throw FileError(
                fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
        }
    }
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail_io(path_, "open");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor_);
        throw FileError(
            fmt::format("{}: another process is working on this study", path_.string()));
    }
    // A line that was cut off goes; what is appended then starts on a line of its own.
    const std::size_t end = text.rfind('\n');
    const std::size_t kept = end == std::string::npos ? 0 : end + 1;
    if (::ftruncate(descriptor_, static_cast<off_t>(kept)) != 0 ||
        ::lseek(descriptor_, 0, SEEK_END) < 0) {
        const int code = errno;
        ::close(descriptor_);
        errno = code;
        fail_io(path_, "write");
    }
    if (kept == 0) append(header(study, shard, shards));
}

Journal::~Journal() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void Journal::append(const std::string& line) { write_all(descriptor_, path_, line + '\n'); }

std::vector<JournalLines> find_journals(const Study& study, const std::vector<fs::path>& folders) {
    std::vector<JournalLines> journals;
    for (const fs::path& folder : folders) {
        const std::size_t before = journals.size();
        std::error_code error;
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator{folder, error}) files.push_back(entry);
        if (error) {
            throw FileError(fmt::format("{}: cannot read: {}", folder.string(), error.message()));
        }
        std::sort(files.begin(), files.end());
        for (const fs::path& path : files) {
            std::size_t shard = 1;
            std::size_t shards = 1;
            const std::string name = path.filename().string();
            if (name != "points.jsonl" &&
                std::sscanf(name.c_str(), "points-%zu-of-%zu.jsonl", &shard, &shards) != 2) {
                continue;
            }
            if (shard < 1 || shard > shards || Journal::file(folder, shard - 1, shards) != path)
                continue;
            if (!journals.empty() && journals.front().shards != shards) {
                throw InvalidConfig(fmt::format("{}: is one of {} shards: must be one of {}",
                                                path.string(), shards, journals.front().shards));
            }
            journals.push_back({shard - 1, shards, Journal::read(study, path, shard - 1, shards)});
        }
        if (journals.size() == before) {
            throw InvalidConfig(fmt::format("{}: holds no results of a study", folder.string()));
        }
    }
    return journals;
}

}  // namespace u65sim::study
