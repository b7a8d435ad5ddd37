#include "base/parallel.hpp"

#include <algorithm>
#include <utility>

namespace u65sim {

Helpers::~Helpers() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Helpers::help() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [&] { return ended_ || wanted_ > 0 || aside_ != nullptr; });
        if (ended_) return;
        if (aside_ != nullptr) {
            Aside& aside = *std::exchange(aside_, nullptr);
            aside.state_ = Aside::State::running;
            lock.unlock();
            carry_out(aside);
            lock.lock();
            aside.state_ = Aside::State::done;
            rest_.notify_all();
            continue;
        }
        --wanted_;
        ++busy_;
        lock.unlock();
        take_part();
        lock.lock();
        if (--busy_ == 0) rest_.notify_all();
    }
}

void Helpers::take_part() {
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

void Helpers::for_each_index(std::size_t count,
                             const std::function<void(std::size_t index)>& work) {
    const std::size_t helpers = std::min<std::size_t>(most_, count) - (count > 0 && most_ > 0);
    work_ = &work;
    count_ = count;
    next_ = 0;
    failure_ = nullptr;
    if (helpers > 0) {
        const std::lock_guard lock(mutex_);
        while (threads_.size() < helpers) threads_.emplace_back([this] { help(); });
        wanted_ = helpers;
    }
    for (std::size_t i = 0; i < helpers; ++i) wake_.notify_one();
    take_part();
    if (helpers > 0) {
        // Whoever has not begun finds nothing left.
        std::unique_lock lock(mutex_);
        wanted_ = 0;
        rest_.wait(lock, [&] { return busy_ == 0; });
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Helpers::carry_out(Aside& aside) {
    try {
        aside.work_();
    } catch (...) {
        aside.failure_ = std::current_exception();
    }
}

Helpers::Aside::Aside(Helpers& helpers, std::function<void()> work)
    : helpers_(helpers), work_(std::move(work)) {
    if (!helpers_.any()) return;
    {
        const std::lock_guard lock(helpers_.mutex_);
        if (helpers_.threads_.empty()) {
            // The thread outlives this object.
            helpers_.threads_.emplace_back([all = &helpers] { all->help(); });
        }
        helpers_.aside_ = this;
    }
    helpers_.wake_.notify_one();
}

Helpers::Aside::~Aside() {
    std::unique_lock lock(helpers_.mutex_);
    if (helpers_.aside_ == this) helpers_.aside_ = nullptr;
    helpers_.rest_.wait(lock, [&] { return state_ != State::running; });
}

void Helpers::Aside::finish() {
    {
        std::unique_lock lock(helpers_.mutex_);
        if (state_ == State::waiting) {
            helpers_.aside_ = nullptr;
        } else {
            helpers_.rest_.wait(lock, [&] { return state_ == State::done; });
        }
    }
    if (state_ == State::waiting) {
        carry_out(*this);
        state_ = State::done;
    }
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t index)>& work) {
    Helpers{threads}.for_each_index(count, work);
}

}  // namespace u65sim
