// What the files of the C interface share: its opaque types, and how failures become statuses.
#pragma once

#include <exception>
#include <string>

#include <u65sim/u65sim.h>
#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

struct u65sim_target {
    u65sim::Target value;
};
struct u65sim_graph {
    u65sim::Graph value;
};

namespace u65sim::c_api {

/// Keeps it as the calling thread's last failure.
u65sim_status fail(u65sim_status status, const char* text);
/// The status of the exception that is being handled, kept as the last failure.
u65sim_status fail_with_current();

/// Runs `body`; no exception leaves.
template <class Body>
u65sim_status guarded(Body&& body) {
    try {
        body();
        return U65SIM_OK;
    } catch (...) {
        return fail_with_current();
    }
}

template <class Object, class Make>
Object* make(Make&& value) {
    Object* object = nullptr;
    guarded([&] { object = new Object{value()}; });
    return object;
}

/// A null argument is an error like any other.
template <class Pointer>
Pointer given(Pointer pointer, const char* what) {
    if (pointer == nullptr) {
        throw InvalidConfig(std::string{what} + " = NULL: must point to something");
    }
    return pointer;
}

}  // namespace u65sim::c_api
