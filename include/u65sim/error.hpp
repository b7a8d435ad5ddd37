// Every failure the library reports is one of these exceptions; it never prints, exits or aborts.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace u65sim {

/// Base of all u65sim errors. what() names the offending value, where it stands, and what would
/// be right.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A network that cannot be read or makes no sense (truncated file, dangling index, bad shape).
class InvalidModel : public Error {
public:
    using Error::Error;
};

/// A target, study or option that cannot be accepted; the text starts with file:line:column
/// where there is a file.
class InvalidConfig : public Error {
public:
    using Error::Error;
};

/// A command stream, driver payload or weight stream that breaks the format or asks for something
/// the accelerator cannot do; the text gives the word's index.
class InvalidStream : public Error {
public:
    using Error::Error;
};

/// Model plus activations exceed a memory; the text gives both sizes, the limit, and the largest
/// contributors.
class DoesNotFit : public Error {
public:
    struct Part {
        std::string name;
        std::int64_t bytes = 0;
        bool operator==(const Part&) const = default;
    };
    /// What there is no room for, bytes.
    struct Need {
        std::string field;  ///< of the target, which says the limit: "dram.size"
        std::int64_t limit = 0;
        std::int64_t model = 0;        ///< constants and command streams
        std::int64_t activations = 0;  ///< feature maps alive at one time, at most
        std::vector<Part> largest;     ///< of both, the largest first
        bool operator==(const Need&) const = default;
    };
    using Error::Error;
    DoesNotFit(const std::string& text, Need need) : Error(text), need_(std::move(need)) {}
    /// Nothing where the network comes compiled, or was planned with effort quick.
    [[nodiscard]] const std::optional<Need>& need() const { return need_; }

private:
    std::optional<Need> need_;
};

/// A network's latency was asked for, but the NPU runs no part of it; the text says why.
class NothingOnNpu : public Error {
public:
    using Error::Error;
};

/// No unit of the machine could go on; the text says which unit waits on what.
class SimulationStuck : public Error {
public:
    using Error::Error;
};

/// The machine reached its cycle limit; the text says the limit and how to raise it.
class CycleLimitReached : public SimulationStuck {
public:
    using SimulationStuck::SimulationStuck;
};

/// Functional execution met an operator or data type that has no kernel.
class NotExecutable : public Error {
public:
    using Error::Error;
};

/// A query left unasked because its caller wanted no more answers.
class Cancelled : public Error {
public:
    using Error::Error;
};

/// A file that cannot be opened, read or written.
class FileError : public Error {
public:
    using Error::Error;
};

}  // namespace u65sim
