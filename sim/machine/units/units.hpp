// The units of one machine, whoever holds them.
#pragma once

#include "machine/units/command_parser.hpp"
#include "machine/units/dma.hpp"
#include "machine/units/ifm_loader.hpp"
#include "machine/units/mac_array.hpp"
#include "machine/units/ofm_writer.hpp"
#include "machine/units/output_unit.hpp"
#include "machine/units/port_server.hpp"
#include "machine/units/scale_loader.hpp"
#include "machine/units/weight_loader.hpp"

namespace u65sim::machine {

/// In the order of UnitId.
struct Units {
    CommandParser& parser;
    IfmLoader& ifm_loader;
    WeightLoader& weight_loader;
    ScaleLoader& scale_loader;
    MacArray& mac_array;
    OutputUnit& output_unit;
    OfmWriter& ofm_writer;
    Dma& dma;
    PortServer& axi0;
    PortServer& axi1;
};

}  // namespace u65sim::machine
