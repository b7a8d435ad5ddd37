// The program's heap.
#pragma once

namespace u65sim::cli {

/// Lets threads that start from now on take memory from the main thread's large pages: faster
/// where a few of them help for a moment (a run of MobileNetV2 takes 5 % less CPU time), slower
/// where many work side by side.
void share_heap();

}  // namespace u65sim::cli
