#include "progress.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace u65sim::cli {

Progress::Progress(std::string text) : text_{std::move(text)} {
    if (::isatty(STDERR_FILENO) != 0) thread_ = std::thread{[this] { show(); }};
}

Progress::~Progress() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock{mutex_};
        end_ = true;
    }
    ended_.notify_one();
    thread_.join();
}

void Progress::show() {
    std::unique_lock lock{mutex_};
    int seconds = 0;
    while (!ended_.wait_for(lock, std::chrono::seconds{1}, [this] { return end_; })) {
        fmt::print(stderr, "\r{} ... {} s", text_, ++seconds);
        std::fflush(stderr);
    }
    if (seconds > 0) fmt::print(stderr, "\r\033[K");
}

ProgressBar::ProgressBar() : shown_{::isatty(STDERR_FILENO) != 0} {}

ProgressBar::~ProgressBar() {
    if (shown_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(std::size_t done, std::size_t total, std::string_view behind) const {
    if (!shown_ || total == 0) return;
    constexpr std::size_t width = 30;
    const std::size_t filled = width * done / total;
    fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {} of {}{}\033[K", "", filled, "", width - filled, done,
               total, behind);
    std::fflush(stderr);
}

}  // namespace u65sim::cli
