#include "progress.hpp"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "output.hpp"

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
        tell(fmt::format("\r{} ... {} s", text_, ++seconds));
    }
    if (seconds > 0) tell("\r\033[K");
}

ProgressBar::ProgressBar() : shown_{::isatty(STDERR_FILENO) != 0} {}

ProgressBar::~ProgressBar() {
    if (shown_) tell("\r\033[K");
}

void ProgressBar::show(std::size_t done, std::size_t total, std::string_view behind) const {
    if (!shown_ || total == 0) return;
    constexpr std::size_t width = 30;
    const std::size_t filled = width * done / total;
    tell(fmt::format("\r[{:#<{}}{:.<{}}] {} of {}{}\033[K", "", filled, "", width - filled, done,
                     total, behind));
}

}  // namespace u65sim::cli
