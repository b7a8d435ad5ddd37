#include "oracle/batch.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <u65sim/error.hpp>

#include "base/parallel.hpp"

namespace u65sim::oracle {

namespace {

class Batch {
public:
    Batch(std::size_t count, const BatchOptions& options,
          const std::function<Report(std::size_t)>& ask)
        : answers_(count), options_(options), ask_(ask) {}

    void answer(std::size_t i) {
        Answer& answer = answers_[i];
        if (stopped_) {
            answer.error = std::make_exception_ptr(Cancelled("left unasked"));
            return;
        }
        try {
            answer.report = ask_(i);
        } catch (...) {
            answer.error = std::current_exception();
        }
        tell();
    }
    std::vector<Answer> answers() && {
        if (failure_) std::rethrow_exception(failure_);
        return std::move(answers_);
    }

private:
    void tell() {
        if (!options_.progress) return;
        const std::lock_guard lock{mutex_};
        ++done_;
        try {
            if (!stopped_ && !options_.progress(done_)) stopped_ = true;
        } catch (...) {
            failure_ = std::current_exception();
            stopped_ = true;
        }
    }

    std::vector<Answer> answers_;
    const BatchOptions& options_;
    const std::function<Report(std::size_t)>& ask_;
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;
    std::size_t done_ = 0;
    std::exception_ptr failure_;
};

}  // namespace

std::vector<Answer> answer_all(std::size_t count, const BatchOptions& options,
                               const std::function<Report(std::size_t index)>& ask) {
    const std::size_t wanted =
        options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    Batch batch{count, options, ask};
    const auto threads = static_cast<unsigned>(std::min(wanted, count));
    for_each_index(count, threads, [&batch](std::size_t i) { batch.answer(i); });
    return std::move(batch).answers();
}

}  // namespace u65sim::oracle
