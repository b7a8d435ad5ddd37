#include "oracle/worker_pool.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <u65sim/oracle.hpp>

namespace u65sim::oracle {

namespace {

/// Messages are a length and so many bytes.
using Length = std::uint64_t;
/// No answer and no query is as large as this: a longer one is a damaged length.
constexpr Length longest = Length{1} << 40;

bool send_all(int socket, const char* from, std::size_t size) {
    while (size > 0) {
        const ssize_t sent = send(socket, from, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        from += sent;
        size -= static_cast<std::size_t>(sent);
    }
    return true;
}

bool receive_all(int socket, char* to, std::size_t size) {
    while (size > 0) {
        const ssize_t received = recv(socket, to, size, 0);
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) return false;
        to += received;
        size -= static_cast<std::size_t>(received);
    }
    return true;
}

bool send_message(int socket, std::string_view text) {
    const Length length = text.size();
    return send_all(socket, reinterpret_cast<const char*>(&length), sizeof length) &&
           send_all(socket, text.data(), text.size());
}

bool receive_message(int socket, std::string& text) {
    Length length = 0;
    if (!receive_all(socket, reinterpret_cast<char*>(&length), sizeof length)) return false;
    if (length > longest) return false;
    text.resize(length);
    return receive_all(socket, text.data(), text.size());
}

/// The other side is gone. A worker says nothing unasked, so whatever can be read is an end.
bool has_hung_up(int socket) {
    char byte = 0;
    const ssize_t received = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return received == 0 || (received < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/// Room for the one file descriptor that a message carries.
union Control {
    char bytes[CMSG_SPACE(sizeof(int))];
    cmsghdr align;
};

/// A worker's socket and process, from the process that forked it.
bool send_worker(int socket, int worker, pid_t process) {
    iovec data{&process, sizeof process};
    Control control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof worker);
    std::memcpy(CMSG_DATA(header), &worker, sizeof worker);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof process);
}

bool receive_worker(int socket, int& worker, pid_t& process) {
    iovec data{&process, sizeof process};
    Control control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t received = 0;
    do {
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (received != static_cast<ssize_t>(sizeof process) || header == nullptr) return false;
    std::memcpy(&worker, CMSG_DATA(header), sizeof worker);
    return true;
}

/// A worker's life: until its socket is closed on the other side. Nothing may leave it: behind it
/// stands the program that made the pool.
void work(int socket, const Serve& serve) noexcept {
    std::string query;
    while (receive_message(socket, query) && send_message(socket, serve(query))) {
    }
}

/// The nursery's life: a worker for every byte, until the socket is closed on the other side.
void run_nursery(int socket, const Serve& serve) noexcept {
    signal(SIGCHLD, SIG_IGN);  // the system clears dead workers away
    char wish = 0;
    while (receive_all(socket, &wish, 1)) {
        int ends[2] = {-1, -1};
        pid_t process = -1;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) process = fork();
        if (process == 0) {
            close(socket);
            close(ends[0]);
            signal(SIGCHLD, SIG_DFL);
            work(ends[1], serve);
            _exit(0);
        }
        // Without a worker the socket itself goes back, and the process number tells.
        const bool told = send_worker(socket, process > 0 ? ends[0] : socket, process);
        for (const int end : ends) {
            if (end >= 0) close(end);
        }
        if (!told) return;
    }
}

[[noreturn]] void refuse(const char* what) {
    throw Error(
        fmt::format("worker processes: {}: {}", what, std::generic_category().message(errno)));
}

}  // namespace

WorkerPool::WorkerPool(unsigned count, Serve serve) : count_(count) {
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) refuse("no socket");
    nursery_ = fork();
    if (nursery_ < 0) {
        close(ends[0]);
        close(ends[1]);
        refuse("no process");
    }
    if (nursery_ == 0) {
        close(ends[0]);
        run_nursery(ends[1], serve);
        _exit(0);
    }
    close(ends[1]);
    nursery_socket_ = ends[0];
    for (unsigned i = 0; i < count; ++i) {
        const Worker worker = start_worker();
        if (worker.socket < 0) {
            shut_down();
            throw Error("worker processes: the first ones could not be started");
        }
        free_.push_back(worker);
        processes_.push_back(worker.process);
        ++alive_;
    }
}

WorkerPool::~WorkerPool() { shut_down(); }

void WorkerPool::shut_down() {
    for (const Worker& worker : free_) close(worker.socket);
    free_.clear();
    if (nursery_socket_ >= 0) close(nursery_socket_);
    nursery_socket_ = -1;
    if (nursery_ > 0) {
        while (waitpid(nursery_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    nursery_ = -1;
}

WorkerPool::Worker WorkerPool::start_worker() {
    const std::lock_guard lock(nursery_mutex_);
    Worker worker;
    const char wish = 1;
    if (!send_all(nursery_socket_, &wish, 1) ||
        !receive_worker(nursery_socket_, worker.socket, worker.process)) {
        return {};
    }
    if (worker.process <= 0) {
        close(worker.socket);
        return {};
    }
    return worker;
}

WorkerPool::Worker WorkerPool::take() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return !free_.empty() || alive_ == 0; });
    if (free_.empty()) throw WorkerLost("no worker process is left, and none can be started");
    const Worker worker = free_.back();
    free_.pop_back();
    return worker;
}

void WorkerPool::give_back(const Worker& worker) {
    {
        const std::lock_guard lock(mutex_);
        free_.push_back(worker);
    }
    freed_.notify_one();
}

WorkerPool::Worker WorkerPool::replace(const Worker& worker) {
    close(worker.socket);
    const Worker fresh = start_worker();
    {
        const std::lock_guard lock(mutex_);
        ++lost_;
        std::erase(processes_, worker.process);
        if (fresh.socket >= 0) {
            processes_.push_back(fresh.process);
            return fresh;
        }
        --alive_;
    }
    freed_.notify_all();
    throw WorkerLost("a worker process died, and no other one can be started");
}

std::string WorkerPool::ask(std::string_view query) {
    Worker worker = take();
    // One that died while it had nothing to do is no loss to this query.
    if (has_hung_up(worker.socket)) worker = replace(worker);
    std::string answer;
    for (const bool again : {false, true}) {
        if (again) {
            const std::lock_guard lock(mutex_);
            ++retried_;
        }
        if (send_message(worker.socket, query) && receive_message(worker.socket, answer)) {
            give_back(worker);
            return answer;
        }
        worker = replace(worker);
    }
    give_back(worker);
    throw WorkerLost("two worker processes died on this query");
}

std::vector<pid_t> WorkerPool::processes() const {
    const std::lock_guard lock(mutex_);
    return processes_;
}

std::uint64_t WorkerPool::lost() const {
    const std::lock_guard lock(mutex_);
    return lost_;
}

std::uint64_t WorkerPool::retried() const {
    const std::lock_guard lock(mutex_);
    return retried_;
}

}  // namespace u65sim::oracle
