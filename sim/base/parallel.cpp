#include "base/parallel.hpp"

#include <algorithm>
#include <utility>

namespace u65sim {

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run_worker() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return ended_ || unclaimed_ > 0; });
        if (ended_) return;
        --unclaimed_;
        ++busy_;
        lock.unlock();
        run_indices();
        lock.lock();
        if (--busy_ == 0) rest_.notify_all();
    }
}

void ThreadPool::run_indices() {
    for (;;) {
        const std::size_t index = next_.fetch_add(1);
        if (index >= count_) return;
        try {
            (*work_)(index);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_ || index < failed_) {
                failed_ = index;
                failure_ = std::current_exception();
            }
            next_ = count_;
        }
    }
}

void ThreadPool::for_each_index(std::size_t count,
                                const std::function<void(std::size_t index)>& work) {
    const std::size_t workers =
        std::min<std::size_t>(max_threads_, count) - (count > 0 && max_threads_ > 0);
    work_ = &work;
    count_ = count;
    next_ = 0;
    failure_ = nullptr;
    if (workers > 0) {
        const std::lock_guard lock(mutex_);
        while (threads_.size() < workers) threads_.emplace_back([this] { run_worker(); });
        unclaimed_ = workers;
    }
    for (std::size_t i = 0; i < workers; ++i) wake_.notify_one();
    run_indices();
    if (workers > 0) {
        // Whoever has not begun finds nothing left.
        std::unique_lock lock(mutex_);
        unclaimed_ = 0;
        rest_.wait(lock, [&] { return busy_ == 0; });
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t index)>& work) {
    ThreadPool{threads}.for_each_index(count, work);
}

}  // namespace u65sim
