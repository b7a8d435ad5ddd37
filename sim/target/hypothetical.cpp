// Hardware that does not exist: names, and what each assumes.
#include <fmt/format.h>

#include <u65sim/target.hpp>

namespace u65sim {

std::string_view to_string(Winograd winograd) {
    switch (winograd) {
        case Winograd::f2x2:
            return "f2x2";
        case Winograd::f4x4:
            return "f4x4";
        case Winograd::f4x4_complex:
            return "f4x4_complex";
        case Winograd::none:
            break;
    }
    return "none";
}

std::string_view to_string(ZeroSkipping skipping) {
    switch (skipping) {
        case ZeroSkipping::pattern_2_4:
            return "pattern_2_4";
        case ZeroSkipping::unstructured:
            return "unstructured";
        case ZeroSkipping::none:
            break;
    }
    return "none";
}

std::vector<std::string> Target::hypotheses() const {
    const Hypothetical& asked = accelerator.hypothetical;
    std::vector<std::string> all;
    if (asked.winograd != Winograd::none) {
        const char* gain = "4 times";
        const char* tile = "F(4x4,3x3)";
        if (asked.winograd == Winograd::f2x2) {
            gain = "2.25 times";
            tile = "F(2x2,3x3)";
        } else if (asked.winograd == Winograd::f4x4_complex) {
            gain = "3.13 times";
            tile = "F(4x4,3x3) in the complex domain";
        }
        all.push_back(fmt::format(
            "a MAC array for Winograd {}: 3x3 convolutions of 8 bits, stride and dilation 1, take "
            "{} fewer multiplications; weights are stored as ever and decode no faster; inputs, "
            "filters and outputs are transformed anew for every block on as many adders as there "
            "are multipliers, not overlapped with them; blocks for which that does not pay are "
            "multiplied directly; SHRAM and precision are assumed to suffice; MACs are counted as "
            "a "
            "direct convolution's, so that utilization may pass 100 %",
            tile, gain));
    }
    if (asked.zero_skipping == ZeroSkipping::pattern_2_4) {
        all.emplace_back(
            "2:4 sparse weights run at twice the rate in all convolutions and fully connected "
            "layers, decoder included; their weights are taken to have the pattern (prune.pattern: "
            "2:4 makes it)");
    } else if (asked.zero_skipping == ZeroSkipping::unstructured) {
        all.push_back(fmt::format(
            "multiplications by zero weights are skipped without loss in all convolutions and "
            "fully connected layers, a share of {:g} of the weights in every layer being other "
            "than zero; the weight decoder is no faster",
            asked.weight_density));
    }
    if (asked.four_bit_weights) {
        all.emplace_back(
            "weights of 4 bits multiply 8-bit activations at twice the rate, decoder included; all "
            "weights are taken to be such (weights.bits: 4 makes them)");
    }
    if (asked.ublocks > 1) {
        all.push_back(
            fmt::format("{} times the ublocks work side by side in every core, fed as "
                        "fast as they need",
                        asked.ublocks));
    }
    if (asked.shram > 1) {
        all.push_back(
            fmt::format("{} times the SHRAM in every core, as fast as the real one", asked.shram));
    }
    return all;
}

}  // namespace u65sim
