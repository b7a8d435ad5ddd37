// The value change dump of a whole network, put together from those of its streams.
#pragma once

#include <string>
#include <string_view>

#include "base/output_file.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// The dump of a whole network: runs of streams behind each other, in cycles from its start. It
/// appears under its name when it is complete.
class VcdFile {
public:
    /// Throws FileError when the file cannot be written.
    explicit VcdFile(std::string file);

    /// Where SystemC may write a run's dump, without the ".vcd" that it appends.
    [[nodiscard]] std::string part() const;
    /// Appends the dump of a run of `cycles` that began at kernel time `epoch` and at cycle `start`
    /// of the network.
    void append_part(Time epoch, Time start, Time cycles);
    /// Ends the dump at cycle `total`.
    void finish(Time total);

private:
    void put(std::string_view line);

    base::OutputFile out_;
    base::TemporaryFile run_;
    bool first_ = true;
    Time last_ = -1;
};

}  // namespace u65sim::machine
