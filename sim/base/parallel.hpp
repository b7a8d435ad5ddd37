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

/// Worker threads for callers with many small pieces of work. They start with the first work and
/// end with the object. One caller at a time.
class ThreadPool {
public:
    /// `threads` work at most, the calling one among them.
    explicit ThreadPool(unsigned threads) : max_threads_(threads) {}
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    /// Calls work(0) .. work(count - 1), each once. What the lowest failing index throws is thrown
    /// when all have stopped; behind a failure no new work begins.
    void for_each_index(std::size_t count, const std::function<void(std::size_t index)>& work);

private:
    void run_worker();
    void run_indices();

    const unsigned max_threads_;
    std::mutex mutex_;
    std::condition_variable wake_, rest_;
    std::vector<std::thread> threads_;
    std::size_t unclaimed_ = 0;  ///< workers that have not begun with the present work
    std::size_t busy_ = 0;
    bool ended_ = false;
    // The present work.
    const std::function<void(std::size_t index)>* work_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<std::size_t> next_{0};
    std::size_t failed_ = 0;
    std::exception_ptr failure_;
};

/// ThreadPool::for_each_index with threads of its own.
void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t index)>& work);

}  // namespace u65sim
