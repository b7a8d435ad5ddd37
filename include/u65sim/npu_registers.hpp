// The NPU's control registers, as drivers use them (register description).
#pragma once

namespace u65sim {

struct NpuRegisterMap {
    /// Byte addresses of the control registers.
    enum Register : unsigned {
        id = 0x000,
        status = 0x004,
        cmd = 0x008,
        reset = 0x00C,
        qbase = 0x010,  ///< two words, 40 bits
        qread = 0x018,
        qconfig = 0x01C,
        qsize = 0x020,
        config = 0x028,
        region_config = 0x03C,
        axi_limit = 0x040,     ///< four words
        base_pointer = 0x080,  ///< eight times two words
        pmcr = 0x180,          ///< performance monitor: control, ...
        pmcntenset = 0x184,
        pmcntenclr = 0x188,
        pmovsset = 0x18C,
        pmovsclr = 0x190,
        pmintset = 0x194,
        pmintclr = 0x198,
        pmccntr = 0x1A0,  ///< two words, 48 bits
        pmccntr_cfg = 0x1A8,
        pmcaxi_chan = 0x1AC,
        pmevcntr = 0x300,   ///< four counters
        pmevtyper = 0x380,  ///< and their events
        register_end = 0x1000
    };
    enum Status : unsigned {
        running = 1U << 0,
        irq_raised = 1U << 1,
        bus_abort = 1U << 2,
        reset_ongoing = 1U << 3,
        parse_error = 1U << 4,
        stream_end = 1U << 5,
        fault_on_axi1 = 1U << 11
    };
    enum Command : unsigned { start = 1U << 0, clear_irq = 1U << 1, stop = 1U << 4 };
};

}  // namespace u65sim
