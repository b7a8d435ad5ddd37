#include "base/parallel.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace u65sim {

void for_each_index(std::size_t count, unsigned threads,
                    const std::function<void(std::size_t index)>& work) {
    std::mutex mutex;
    std::size_t next = 0;
    std::size_t failed = count;
    std::exception_ptr failure;
    const auto run = [&] {
        for (;;) {
            std::size_t index = 0;
            {
                const std::lock_guard lock(mutex);
                if (next >= count || failure) return;
                index = next++;
            }
            try {
                work(index);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (index < failed) {
                    failed = index;
                    failure = std::current_exception();
                }
            }
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < std::min<std::size_t>(threads, count); ++i) {
            others.emplace_back(run);
        }
        run();
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace u65sim
