#include <atomic>

#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>

#include "base/hash.hpp"
#include "ir/weight_model.hpp"

namespace u65sim {

struct ConstantData::Content {
    std::vector<std::uint8_t> bytes;
    std::optional<WeightModel> model;
    std::int64_t size = 0;
    /// Zero until somebody asks; the same whoever works it out.
    mutable std::atomic<std::uint64_t> hash{0};
};

ConstantData::ConstantData(std::vector<std::uint8_t> bytes) {
    auto content = std::make_shared<Content>();
    content->size = static_cast<std::int64_t>(bytes.size());
    content->bytes = std::move(bytes);
    content_ = std::move(content);
}

ConstantData::ConstantData(const WeightModel& model, std::int64_t size) {
    ir::check(model, size);
    auto content = std::make_shared<Content>();
    content->size = size;
    content->model = model;
    content_ = std::move(content);
}

const WeightModel* ConstantData::model() const {
    return content_->model ? &*content_->model : nullptr;
}

const std::vector<std::uint8_t>& ConstantData::bytes() const {
    if (content_->model) {
        throw InvalidModel(
            "weights are a model without values: draw_weights() puts values in its place");
    }
    return content_->bytes;
}

std::int64_t ConstantData::size() const { return content_->size; }

std::uint64_t ConstantData::content_hash() const {
    std::uint64_t hash = content_->hash.load(std::memory_order_relaxed);
    if (hash != 0) return hash;
    hash =
        content_->model ? ir::hash(*content_->model, content_->size) : hash_bytes(content_->bytes);
    content_->hash.store(hash, std::memory_order_relaxed);
    return hash;
}

bool ConstantData::equals(const ConstantData& other) const {
    return content_ && other.content_ && content_->size == other.content_->size &&
           content_->model == other.content_->model && content_->bytes == other.content_->bytes;
}

}  // namespace u65sim
