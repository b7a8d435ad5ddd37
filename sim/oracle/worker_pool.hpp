// Worker processes that answer queries over sockets.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace u65sim::oracle {

/// What a worker does with a query; must not throw.
using Serve = std::function<std::string(std::string_view query)>;

/// Forks a quiet process when it is made, and lets that one fork the workers: so they start
/// from a process without threads, whatever the program does later. Workers persist; one that died
/// is replaced. Safe from any thread.
class WorkerPool {
public:
    /// Starts `count` workers. Throws Error when the system refuses.
    WorkerPool(unsigned count, Serve serve);
    /// Workers end when they have answered what they were asked.
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// Waits for a free worker and asks it. When it dies the query goes to another one, once; then
    /// throws WorkerLost.
    std::string ask(std::string_view query);

    [[nodiscard]] unsigned size() const { return count_; }
    [[nodiscard]] std::vector<pid_t> processes() const;
    [[nodiscard]] std::uint64_t lost() const;
    [[nodiscard]] std::uint64_t retried() const;

private:
    struct Worker {
        int socket = -1;
        pid_t process = -1;
    };

    void shut_down();
    Worker start_worker();
    Worker take();
    void give_back(const Worker& worker);
    /// A fresh worker in place of a dead one. Throws WorkerLost when there can be none.
    Worker replace(const Worker& worker);

    unsigned count_;
    int nursery_socket_ = -1;  ///< to the process that forks workers
    pid_t nursery_ = -1;
    mutable std::mutex mutex_;
    std::mutex nursery_mutex_;
    std::condition_variable freed_;
    std::vector<Worker> free_;
    std::vector<pid_t> processes_;
    std::uint64_t lost_ = 0, retried_ = 0;
    std::size_t alive_ = 0;  ///< free or at work
};

}  // namespace u65sim::oracle
