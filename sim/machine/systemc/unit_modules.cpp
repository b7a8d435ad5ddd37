#include "machine/systemc/unit_modules.hpp"

namespace u65sim::machine {

UnitModule::UnitModule(const sc_core::sc_module_name& name, UnitId unit, const UnitContext& context)
    : sc_core::sc_module(name), unit_(unit), context_(context) {
    SC_HAS_PROCESS(UnitModule);
    SC_METHOD(act);
    sensitive << wake_;
    dont_initialize();
}

void CommandParserModule::end_of_elaboration() {
    unit_.emplace(CommandParser::Ports{context().hardware, context().probe, memory.bound(),
                                       kernels.bound(), dmas.bound()});
}

void IfmLoaderModule::end_of_elaboration() {
    unit_.emplace(IfmLoader::Ports{context().hardware, context().probe, memory.bound(),
                                   kernels.bound(), buffer.bound()});
}

void WeightLoaderModule::end_of_elaboration() {
    unit_.emplace(WeightLoader::Ports{context().probe, memory.bound(), kernels.bound(),
                                      scales.bound(), buffer.bound()});
}

void ScaleLoaderModule::end_of_elaboration() {
    unit_.emplace(ScaleLoader::Ports{context().hardware, context().probe, memory.bound(),
                                     kernels.bound(), buffer.bound()});
}

void MacArrayModule::end_of_elaboration() {
    unit_.emplace(MacArray::Ports{context().hardware, context().probe, kernels.bound(),
                                  input.bound(), weights.bound(), accumulators.bound(),
                                  output.bound()});
}

void OutputUnitModule::end_of_elaboration() {
    unit_.emplace(OutputUnit::Ports{context().probe, memory.bound(), kernels.bound(),
                                    blocks.bound(), scales.bound(), input.bound(),
                                    staging.bound()});
}

void OfmWriterModule::end_of_elaboration() {
    unit_.emplace(
        OfmWriter::Ports{context().hardware, context().probe, kernels.bound(), staging.bound()});
}

void DmaModule::end_of_elaboration() {
    unit_.emplace(Dma::Ports{context().probe, memory.bound(), context().operations, queue.bound()});
}

void AxiPortModule::end_of_elaboration() {
    port_.emplace(id(), AxiPort::Ports{context().clock, context().probe, requests.bound()});
}

}  // namespace u65sim::machine
