#include "machine/systemc/vcd_trace.hpp"

namespace u65sim::machine {

VcdTrace::VcdTrace(const Npu& npu, const std::string& part)
    : npu_(&npu), file_(sc_core::sc_create_vcd_trace_file(part.c_str())) {
    file_->set_time_unit(1, sc_core::SC_PS);
    for (std::size_t i = 0; i < flag_count; ++i) {
        sc_core::sc_trace(file_, flags_[i], std::string{to_string(static_cast<Flag>(i))});
    }
    sc_core::sc_trace(file_, operation_, std::string{"oldest_operation"}, 32);
    constexpr std::array<const char*, 4> names{"axi0.reads_queued", "axi0.writes_queued",
                                               "axi1.reads_queued", "axi1.writes_queued"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        sc_core::sc_trace(file_, queued_[i], std::string{names[i]}, 16);
    }
}

VcdTrace::~VcdTrace() { sc_core::sc_close_vcd_trace_file(file_); }

void VcdTrace::sample() {
    for (std::size_t i = 0; i < flag_count; ++i) {
        flags_[i] = npu_->channels.probe.is_up(static_cast<Flag>(i));
    }
    operation_ = static_cast<int>(npu_->channels.probe.oldest());
    queued_ = {static_cast<int>(npu_->channels.requests0.queued(false)),
               static_cast<int>(npu_->channels.requests0.queued(true)),
               static_cast<int>(npu_->channels.requests1.queued(false)),
               static_cast<int>(npu_->channels.requests1.queued(true))};
}

}  // namespace u65sim::machine
