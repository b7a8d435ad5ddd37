#include "machine/channels/ifm_buffer.hpp"

#include "machine/units/state.hpp"

namespace u65sim::machine {

template <class State>
void IfmBuffer::pass(State& state) {
    state.ring(jobs_, [&](Job& job) {
        state.kernel(job.kernel);
        for (Transfer& load : job.loads) state.transfer(load);
        state.due(job.stored);
        state.number(job.shram_kib);
        state.number(job.mac_cycles);
        state.number(job.start_cycles);
        state.weights(job.weight_begin);
        state.weights(job.weight_end);
        state.number(job.first_of_block);
        state.number(job.last_of_block);
        state.number(job.elementwise);
        if (job.last_of_block) job.block.pass(state);
    });
    state.number(taken_);
    state.number(kib_used_);
    state.number(mac_busy_);
}

template void IfmBuffer::pass(StateWriter&);
template void IfmBuffer::pass(StateReader&);

}  // namespace u65sim::machine
