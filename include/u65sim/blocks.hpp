// Blocks that networks are made of, built at any shape, and how long they take.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/report.hpp>
#include <u65sim/target.hpp>
#include <u65sim/zoo.hpp>

namespace u65sim {

/// Height, width and channels of a block's input, which are those of its output too.
struct BlockShape {
    std::int32_t height = 28, width = 28, channels = 64;
    bool operator==(const BlockShape&) const = default;
};
/// "28x28x64"
std::string to_string(const BlockShape& shape);
/// Throws InvalidConfig saying what would be right.
BlockShape parse_block_shape(std::string_view text);

/// Names and one line of every block that block() builds.
std::vector<ZooEntry> block_list();
/// A network of `count` equal blocks behind each other, stride 1, from an input of `shape` to an
/// output of `shape`; of several, operators are named "1/conv", "2/conv" ... Throws InvalidModel
/// naming the nearest known name, or for channels that the block cannot have.
Graph block(std::string_view name, const BlockShape& shape, const ZooWeights& weights = {},
            std::int32_t count = 1);

/// What blocks of a study have in common.
enum class BlockEqual : std::uint8_t {
    shape,       ///< input and output
    macs,        ///< each block has as many channels as come nearest to the reference's MACs
    parameters,  ///< the same for weights and biases
};
std::string_view to_string(BlockEqual equal);

struct BlockStudyOptions {
    std::vector<std::string> blocks;  ///< empty: all
    std::vector<BlockShape> shapes;   ///< empty: block_sweep()
    BlockEqual equal = BlockEqual::shape;
    /// Measure the second of three blocks, whose input and output are maps between operators, in
    /// place of a block alone, which reads the network's input and writes its output.
    bool inside = false;
    std::string reference = "standard_3x3";  ///< whose MACs or parameters are met
    std::int32_t most_channels = 1024;       ///< that equal MACs or parameters may ask for
    CompileOptions compile{};                ///< of every block
    Effort effort = Effort::normal;
    /// Called before each block with how many are done and how many there are.
    std::function<void(std::size_t done, std::size_t all)> progress;
};
/// Height = width over 7, 14, 28, 56, 112 and channels 16 to 512, where the map is not beyond 1
/// MiB.
std::vector<BlockShape> block_sweep();

/// One block at one shape.
struct BlockPoint {
    std::string block;
    BlockShape asked;  ///< of the sweep
    BlockShape shape;  ///< that it has: other channels where MACs or parameters are equal
    Macs macs{0};
    std::int64_t parameters = 0;
    Cycles cycles{0};
    double latency_ms = 0.0, mac_utilization = 0.0;
    Bytes sram_bytes{0}, dram_bytes{0};  ///< payload over each port
    std::int32_t spills = 0;
    Bytes spill_bytes{0};  ///< traffic of spilled maps
    std::string bound_by;  ///< the cause with the most cycles
    bool operator==(const BlockPoint&) const = default;

    /// Zero where there are no MACs.
    [[nodiscard]] double cycles_per_mac() const;
};

/// A block at a shape that a study has no figures of.
struct BlockLeftOut {
    std::string block;
    BlockShape asked;
    std::string reason;
    bool operator==(const BlockLeftOut&) const = default;
};

struct BlockStudy {
    std::string u65sim_version, target;
    BlockEqual equal = BlockEqual::shape;
    bool inside = false;
    std::vector<BlockPoint> points;      ///< by shape, then block
    std::vector<BlockLeftOut> left_out;  ///< the same
    bool operator==(const BlockStudy&) const = default;

    [[nodiscard]] std::string to_text() const;  ///< at most 100 columns
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] std::string to_csv() const;
    /// Null where the study has no such point.
    [[nodiscard]] const BlockPoint* find(std::string_view block, const BlockShape& asked) const;
};
/// Compiles and simulates every block at every shape. A block that cannot have a shape, or whose
/// nearest channels miss the reference by more than a tenth, is left out, with the reason.
BlockStudy study_blocks(const Target& target, const BlockStudyOptions& options = {});

/// A file to be written beside others.
struct DocumentFile {
    std::string name, content;
};
/// blocks.md and the plots it shows: which shapes favour which block, with numbers. `progress` as
/// in BlockStudyOptions.
std::vector<DocumentFile> document_blocks(
    const Target& target,
    const std::function<void(std::size_t done, std::size_t all)>& progress = {});

}  // namespace u65sim
