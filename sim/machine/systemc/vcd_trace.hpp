// The units' states as SystemC traces them.
#pragma once

#include <array>
#include <string>

#include "machine/systemc/systemc.hpp"
#include "machine/units/npu.hpp"

namespace u65sim::machine {

/// What SystemC traces of one run. The variables follow the units when `sample` is called.
class VcdTrace {
public:
    VcdTrace(const Npu& npu, const std::string& part);
    ~VcdTrace();
    VcdTrace(const VcdTrace&) = delete;
    VcdTrace& operator=(const VcdTrace&) = delete;

    void sample();

private:
    const Npu* npu_;
    sc_core::sc_trace_file* file_;
    std::array<bool, flag_count> flags_{};
    int operation_ = -1;
    std::array<int, 4> queued_{};  ///< reads and writes of axi0, then of axi1
};

}  // namespace u65sim::machine
