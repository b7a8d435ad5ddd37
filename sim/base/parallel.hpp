// The same work on many things, on several threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace u65sim {

/// Threads that wait for work, for callers with many small pieces of it. They start with the first
/// work and end with the object. One caller at a time.
class Helpers {
public:
    /// `threads` work at most, the calling one among them.
    explicit Helpers(unsigned threads) : most_(threads) {}
    ~Helpers();
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

    /// Calls work(0) .. work(count - 1), each once. What the lowest failing index throws is thrown
    /// when all have stopped; behind a failure no new work begins.
    void for_each_index(std::size_t count, const std::function<void(std::size_t index)>& work);

    /// Whether there are threads beside the calling one.
    [[nodiscard]] bool any() const { return most_ > 1; }

    /// One piece of work on another thread while the caller goes on, which may call
    /// for_each_index() meanwhile: the other thread takes part when it is through. One at a time.
    class Aside {
    public:
        Aside(Helpers& helpers, std::function<void()> work);
        ~Aside();
        Aside(const Aside&) = delete;
        Aside& operator=(const Aside&) = delete;
        /// Returns when the work is done, and does it where no other thread has begun with it.
        /// Throws what it threw.
        void finish();

    private:
        Helpers& helpers_;
        std::function<void()> work_;
        enum class State : std::uint8_t { waiting, running, done } state_ = State::waiting;
        std::exception_ptr failure_;
        friend class Helpers;
    };

private:
    void help();
    void take_part();
    static void carry_out(Aside& aside);

    const unsigned most_;
    std::mutex mutex_;
    std::condition_variable wake_, rest_;
    std::vector<std::thread> threads_;
    std::size_t wanted_ = 0;  ///< helpers that have not begun with the present work
    std::size_t busy_ = 0;
    bool ended_ = false;
    Aside* aside_ = nullptr;  ///< nobody has begun with it
    // The present work.
    const std::function<void(std::size_t index)>* work_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::size_t> next_{0};
    std::size_t failed_ = 0;
    std::exception_ptr failure_;
};

/// Helpers::for_each_index with threads of its own.
void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t index)>& work);

}  // namespace u65sim
