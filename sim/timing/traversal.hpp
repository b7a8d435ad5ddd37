// How the hardware cuts a kernel operation: OFM blocks, and in each the jobs that feed it (an IFM
// depth block x a sub-kernel). Order and sizes: register description and published estimator model.
#pragma once

#include <cstdint>

#include "base/rounding.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::timing {

__extension__ typedef __int128 WideInteger;
/// total * part / whole, rounded down, without overflow in between.
constexpr std::int64_t share_of(std::int64_t total, std::int64_t part, std::int64_t whole) {
    std::int64_t product = 0;
    if (!__builtin_mul_overflow(total, part, &product)) return product / whole;
    return static_cast<std::int64_t>(WideInteger{total} * part / whole);
}

/// A box of elements; `y`, `x`, `z` are its first ones.
struct Box {
    int y = 0, x = 0, z = 0;
    int height = 0, width = 0, depth = 0;
    [[nodiscard]] bool empty() const { return height <= 0 || width <= 0 || depth <= 0; }
    [[nodiscard]] std::int64_t elements() const {
        return empty() ? 0 : std::int64_t{height} * width * depth;
    }
    bool operator==(const Box&) const = default;
};

/// At most 8x8 kernel elements (dilated extent): one pass over an IFM block.
struct SubKernel {
    int y = 0, x = 0;           ///< first element, undilated
    int height = 1, width = 1;  ///< undilated elements
    [[nodiscard]] std::int64_t elements() const { return std::int64_t{height} * width; }
};

/// The constant part of one kernel operation's traversal. Keeps a pointer to the operation.
class Traversal {
public:
    Traversal() = default;
    /// `op` must outlive this. Throws InvalidStream when a size is not positive.
    Traversal(const stream::KernelOp& op, const Architecture& arch);

    [[nodiscard]] const stream::KernelOp& op() const { return *op_; }
    [[nodiscard]] int blocks_y() const { return ny_; }
    [[nodiscard]] int blocks_x() const { return nx_; }
    [[nodiscard]] int blocks_z() const { return nz_; }
    [[nodiscard]] std::int64_t blocks() const { return std::int64_t{ny_} * nx_ * nz_; }
    [[nodiscard]] int depth_blocks() const { return depth_blocks_; }
    /// IFM channels of one full depth block; zero where a job takes the OFM block's channels.
    [[nodiscard]] int depth_block_size() const { return depth_block_size_; }
    [[nodiscard]] int sub_kernels() const { return sub_y_ * sub_x_; }
    [[nodiscard]] int jobs_per_block() const { return depth_blocks_ * sub_kernels(); }

    /// OFM block number `index`, depth fastest, then width, then height, clipped to the OFM.
    [[nodiscard]] Box block(std::int64_t index) const { return block_at(0, 0, 0, index); }
    [[nodiscard]] Box block(int by, int bx, int bz) const { return block_at(by, bx, bz, -1); }
    [[nodiscard]] SubKernel sub_kernel(int index) const;
    /// IFM elements that job (`depth_block`, `sub`) of `ofm_block` reads: clipped to the map,
    /// padding not read, each axis through stride, dilation and upscale.
    [[nodiscard]] Box ifm_box(const Box& ofm_block, int depth_block, const SubKernel& sub) const {
        Box box = ifm_plane(ofm_block, sub);
        set_ifm_depth(box, ofm_block, depth_block);
        return box;
    }
    /// Rows and columns of ifm_box, the same for all depth blocks.
    [[nodiscard]] Box ifm_plane(const Box& ofm_block, const SubKernel& sub) const;
    /// Channels of ifm_box.
    void set_ifm_depth(Box& box, const Box& ofm_block, int depth_block) const;
    /// IFM2 elements of a binary elementwise block, through its broadcasts.
    [[nodiscard]] Box ifm2_box(const Box& ofm_block) const;
    /// Weights (with the padding of the compressed stream's bricks) that one job takes, both
    /// cores together; zero for operations without weights.
    [[nodiscard]] std::int64_t weight_volume(const Box& ofm_block, int depth_block,
                                             const SubKernel& sub) const;
    /// Sum of weight_volume over one pass through all OFM depths.
    [[nodiscard]] std::int64_t weight_volume_of_pass() const { return pass_volume_; }

private:
    [[nodiscard]] Box block_at(int by, int bx, int bz, std::int64_t index) const;

    const stream::KernelOp* op_ = nullptr;
    int ublock_depth_ = 8;
    int ny_ = 0, nx_ = 0, nz_ = 0;
    int depth_blocks_ = 1, depth_block_size_ = 0;
    int sub_y_ = 1, sub_x_ = 1;           // counts
    int sub_height_ = 8, sub_width_ = 8;  // undilated limits
    std::int64_t pass_volume_ = 0;
};

/// True when the operation accumulates over the IFM's depth (convolution, reduce-sum).
bool reduces_depth(const stream::KernelOp& op);

}  // namespace u65sim::timing
