// A line on the terminal while work takes long.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace u65sim::cli {

/// Shows "text ... N s" on standard error from the second second on, when that is a terminal, and
/// wipes it at the end.
class Progress {
public:
    explicit Progress(std::string text);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

private:
    void show();

    std::string text_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool end_ = false;
    std::thread thread_;
};

/// A bar for work of known length, on standard error when that is a terminal; wiped at the end.
class ProgressBar {
public:
    ProgressBar();
    ~ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// Draws "[###...] done of total" and `behind` after it.
    void show(std::size_t done, std::size_t total, std::string_view behind = {}) const;

private:
    bool shown_;
};

}  // namespace u65sim::cli
