// Channels of the machine as objects of SystemC: they have names, and ports of modules are bound
// to them.
#pragma once

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

/// What a port gives access to.
template <class Channel>
class ChannelAccess : public virtual sc_core::sc_interface {
public:
    [[nodiscard]] virtual Channel& channel() = 0;
};

/// A channel, which is somebody else's, under a name.
template <class Channel>
class ChannelObject : public sc_core::sc_prim_channel, public ChannelAccess<Channel> {
public:
    ChannelObject(const char* name, Channel& channel)
        : sc_core::sc_prim_channel(name), channel_(&channel) {}
    [[nodiscard]] Channel& channel() override { return *channel_; }
    [[nodiscard]] const char* kind() const override { return "u65sim_channel"; }

private:
    Channel* channel_;
};

template <class Channel>
class ChannelPort : public sc_core::sc_port<ChannelAccess<Channel>> {
public:
    explicit ChannelPort(const char* name) : sc_core::sc_port<ChannelAccess<Channel>>(name) {}
    /// The channel that it is bound to. From the end of elaboration on.
    [[nodiscard]] Channel& bound() { return (*this)->channel(); }
};

}  // namespace u65sim::machine
