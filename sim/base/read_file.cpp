// Files, pipes and devices, read to their end or to a bound.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>

namespace u65sim {
namespace {

/// How long a pipe may have no writer.
constexpr std::chrono::seconds most_patience{10};

class Input {
public:
    explicit Input(const std::filesystem::path& file) : name_(file.string()) {
        // Not to wait for a pipe's writer without end; regular files do not mind the flag.
        descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (descriptor_ < 0 || ::fstat(descriptor_, &status_) != 0) {
            const int code = errno;
            if (descriptor_ >= 0) ::close(descriptor_);
            throw FileError(fmt::format("{}: cannot be opened: {}", name_, std::strerror(code)));
        }
        if (S_ISDIR(status_.st_mode)) {
            ::close(descriptor_);
            throw FileError(fmt::format("{}: is a folder, must be a file", name_));
        }
    }
    ~Input() { ::close(descriptor_); }
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    [[nodiscard]] bool regular() const { return S_ISREG(status_.st_mode); }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(status_.st_size); }

    /// Up to `size` bytes; fewer only at the end.
    std::size_t read(std::uint8_t* into, std::size_t size) {
        std::size_t got = 0;
        while (got < size) {
            const ssize_t more = ::read(descriptor_, into + got, size - got);
            if (more > 0) {
                got += static_cast<std::size_t>(more);
                started_ = true;
            } else if (more == 0) {
                if (started_ || !S_ISFIFO(status_.st_mode)) break;
                wait_for_writer();
            } else if (errno == EAGAIN) {
                started_ = true;  // there is a writer
                pollfd ready{descriptor_, POLLIN, 0};
                ::poll(&ready, 1, -1);
            } else if (errno != EINTR) {
                throw FileError(fmt::format("{}: cannot be read: {}", name_, std::strerror(errno)));
            }
        }
        return got;
    }

    [[noreturn]] void refuse(std::size_t most) const {
        throw FileError(fmt::format("{}: holds {}, at most {} bytes are read", name_,
                                    regular() ? fmt::format("{} bytes", size()) : "more", most));
    }

private:
    void wait_for_writer() const {
        if (std::chrono::steady_clock::now() - opened_ > most_patience) {
            throw FileError(fmt::format("{}: nobody wrote into this pipe for {} s", name_,
                                        most_patience.count()));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }

    std::string name_;
    int descriptor_;
    struct stat status_ {};
    bool started_ = false;  ///< a pipe has, or had, a writer
    std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
};

FileContent read_regular(Input& input, std::size_t most) {
    if (input.size() > most) input.refuse(most);
    auto data = std::make_unique_for_overwrite<std::uint8_t[]>(input.size());
    const std::size_t size = input.read(data.get(), input.size());
    return {std::move(data), size};
}

/// A pipe, a device, or one of the kernel's files, which hold more than their size says.
FileContent read_flow(Input& input, std::size_t most) {
    std::size_t space = std::min<std::size_t>(most, 1U << 16U) + 1;
    auto data = std::make_unique_for_overwrite<std::uint8_t[]>(space);
    std::size_t size = 0;
    while (true) {
        size += input.read(data.get() + size, space - size);
        if (size > most) input.refuse(most);
        if (size < space) return {std::move(data), size};
        space = std::min(most, 2 * space) + 1;
        auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(space);
        std::memcpy(larger.get(), data.get(), size);
        data = std::move(larger);
    }
}

}  // namespace

FileContent read_file(const std::filesystem::path& file, std::size_t most) {
    Input input{file};
    if (input.regular() && input.size() > 0) return read_regular(input, most);
    return read_flow(input, std::min(most, largest_flow));
}

}  // namespace u65sim
