#include "base/output_file.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <random>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>

namespace u65sim {
namespace base {
namespace {

namespace fs = std::filesystem;

/// Names of the temporary files there are, where a signal handler can read them.
struct Slot {
    enum : int { free, filling, used };
    std::atomic<int> state{free};
    std::array<char, PATH_MAX> path{};
};

std::array<Slot, 32>& slots() {
    static std::array<Slot, 32> all;
    return all;
}

/// -1 when all slots are taken or the name is too long: then a killed process leaves the file.
int registered(const fs::path& path) {
    if (path.native().size() >= PATH_MAX) return -1;
    auto& all = slots();
    for (std::size_t i = 0; i < all.size(); ++i) {
        int expected = Slot::free;
        if (!all[i].state.compare_exchange_strong(expected, Slot::filling)) continue;
        std::memcpy(all[i].path.data(), path.c_str(), path.native().size() + 1);
        all[i].state.store(Slot::used);
        return static_cast<int>(i);
    }
    return -1;
}

/// The descriptor that a name means, such as /dev/stdout or /dev/fd/63; -1: none.
int descriptor_named(const std::string& name) {
    if (name == "/dev/stdout") return STDOUT_FILENO;
    if (name == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!name.starts_with(folder)) continue;
        int number = -1;
        const char* const begin = name.data() + folder.size();
        const char* const end = name.data() + name.size();
        const auto [at, error] = std::from_chars(begin, end, number);
        if (error == std::errc{} && at == end && number >= 0) return number;
    }
    return -1;
}

fs::path folder_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path{"."};
}

}  // namespace

TemporaryFile::TemporaryFile(const fs::path& folder, std::string_view extension) {
    static std::atomic<unsigned> counter{0};
    // Processes of several machines or containers may share a folder and have the same number.
    static const unsigned salt = std::random_device{}();
    // Not made from the file's own name, which may be as long as names can be.
    path_ =
        folder / fmt::format(".u65sim-{}-{:08x}-{}.part{}", ::getpid(), salt, counter++, extension);
    slot_ = registered(path_);
}

TemporaryFile::~TemporaryFile() {
    std::error_code ignored;
    if (!renamed_) fs::remove(path_, ignored);
    if (slot_ >= 0) slots()[static_cast<std::size_t>(slot_)].state.store(Slot::free);
}

void TemporaryFile::rename_to(const fs::path& place) {
    std::error_code error;
    fs::rename(path_, place, error);
    if (error) {
        throw FileError(fmt::format("{}: cannot write: {}", place.string(), error.message()));
    }
    renamed_ = true;
}

OutputPlace output_place(const fs::path& file) {
    OutputPlace place{file, descriptor_named(file.string()), true};
    std::error_code error;
    constexpr int most_links = 40;
    for (int links = 0; place.descriptor < 0 && fs::is_symlink(place.path, error); ++links) {
        const fs::path target = fs::read_symlink(place.path, error);
        if (error || links == most_links) {
            throw FileError(
                fmt::format("{}: cannot write: too many symbolic links", file.string()));
        }
        place.path = folder_of(place.path) / target;
        place.descriptor = descriptor_named(place.path.string());
    }
    if (place.descriptor >= 0) {
        place.regular = false;
        return place;
    }
    const fs::file_status status = fs::status(place.path, error);
    if (fs::is_directory(status)) {
        throw FileError(fmt::format("{}: is a folder: name a file", file.string()));
    }
    place.regular = !fs::exists(status) || fs::is_regular_file(status);
    return place;
}

OutputFile::OutputFile(const fs::path& file) : name_(file.string()), place_(output_place(file)) {
    if (place_.descriptor >= 0) {
        descriptor_ = ::fcntl(place_.descriptor, F_DUPFD_CLOEXEC, 3);
    } else if (!place_.regular) {
        descriptor_ = ::open(place_.path.c_str(), O_WRONLY | O_CLOEXEC);
    } else {
        temporary_ = std::make_unique<TemporaryFile>(folder_of(place_.path));
        descriptor_ = ::open(temporary_->path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                             0666);  // less the process's umask
        struct stat old {};
        if (descriptor_ >= 0 && ::stat(place_.path.c_str(), &old) == 0) {
            static_cast<void>(::fchmod(descriptor_, old.st_mode & 07777U));
        }
    }
    if (descriptor_ < 0) fail(errno);
}

OutputFile::~OutputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::write(std::string_view bytes) {
    constexpr std::size_t most_pending = std::size_t{1} << 16U;
    pending_ += bytes;
    if (pending_.size() >= most_pending) flush();
}

void OutputFile::flush() {
    std::string_view rest = pending_;
    while (!rest.empty()) {
        const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) fail(written < 0 ? errno : EIO);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    pending_.clear();
}

void OutputFile::finish() {
    flush();
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0 && errno != EINTR) fail(errno);
    if (temporary_) temporary_->rename_to(place_.path);
}

fs::path OutputFile::folder() const {
    return temporary_ ? folder_of(place_.path) : fs::temp_directory_path();
}

void OutputFile::fail(int code) const {
    throw FileError(fmt::format("{}: cannot write: {}", name_, std::strerror(code)));
}

}  // namespace base

void write_file(const std::filesystem::path& file, std::string_view content) {
    base::OutputFile out{file};
    out.write(content);
    out.finish();
}

void require_writable(const std::filesystem::path& file) {
    const base::OutputPlace place = base::output_place(file);
    if (!place.regular) return;
    const std::filesystem::path folder = base::folder_of(place.path);
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        throw FileError(fmt::format("{}: no such folder: {}", file.string(), folder.string()));
    }
    if (::access(folder.c_str(), W_OK) != 0) {
        throw FileError(fmt::format("{}: cannot write into {}", file.string(), folder.string()));
    }
}

void remove_unfinished_files() noexcept {
    for (base::Slot& slot : base::slots()) {
        if (slot.state.load() == base::Slot::used) ::unlink(slot.path.data());
    }
}

}  // namespace u65sim
