// The machine without modules: channels and units side by side.
#pragma once

#include "machine/channels/channels.hpp"
#include "machine/units/axi_port.hpp"
#include "machine/units/npu.hpp"
#include "machine/units/scheduler.hpp"
#include "machine/units/units.hpp"

namespace u65sim::machine {

/// Each unit is joined to the channels that its Ports name.
struct DirectMachine {
    explicit DirectMachine(Scheduler& scheduler);
    DirectMachine(const DirectMachine&) = delete;
    DirectMachine& operator=(const DirectMachine&) = delete;

    Channels channels;
    CommandParser parser;
    IfmLoader ifm_loader;
    WeightLoader weight_loader;
    ScaleLoader scale_loader;
    MacArray mac_array;
    OutputUnit output_unit;
    OfmWriter ofm_writer;
    Dma dma;
    AxiPort axi0, axi1;
    Npu npu;
};

}  // namespace u65sim::machine
