// Study files -> Study::Plan.
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "config/text_file.hpp"
#include "config/yaml_document.hpp"
#include "study/plan.hpp"
#include "study/read_analyses.hpp"
#include "study/read_axes.hpp"
#include "study/read_results.hpp"

namespace u65sim {
namespace {

using study::Axis;
using study::Item;
using study::Settings;

class Reader : private config::YamlDocument {
public:
    Reader(std::string origin, Study::Plan& plan)
        : YamlDocument(std::move(origin)), plan_(plan), axes_(*this, plan.folder) {}

    void read(std::string_view text) {
        const YAML::Node root = parse(text, study::max_study_bytes);
        const Fields fields = map_of(
            root, "a study",
            {"title", "note", "network", "target", "set", "keep", "axes", "find", "sensitivities",
             "uncertainty", "energy", "known", "measures", "pareto", "simulate", "plots"});
        plan_.title = printable(text_of(require(fields, root, "title"), "title"));
        if (fields.contains("note"))
            plan_.note = printable_lines(text_of(fields.at("note"), "note"));
        std::vector<Axis> axes;
        read_subject(fields, root, "network", axes);
        read_subject(fields, root, "target", axes);
        if (fields.contains("set")) {
            for (auto& each : axes_.settings(fields.at("set"), "set")) plan_.base.push_back(each);
        }
        if (fields.contains("keep")) {
            for (const YAML::Node& each : sequence(fields.at("keep"), "keep")) {
                plan_.keep.push_back(text_of(each, "keep"));
            }
        }
        if (fields.contains("axes")) {
            for (const YAML::Node& each : sequence(fields.at("axes"), "axes")) {
                axes.push_back(axes_.axis(each));
            }
        }
        check_axes(axes, root);
        make_points(axes, root);
        study::ResultsReader{*this, axes_, plan_}.read(fields);
        study::AnalysesReader{*this, plan_}.read(fields);
    }

private:
    /// `network` and `target`: one value for all points, or a list that is the outermost axis.
    void read_subject(const Fields& fields, const YAML::Node& root, const std::string& key,
                      std::vector<Axis>& axes) {
        const auto found = fields.find(key);
        if (found == fields.end()) return;
        const YAML::Node& node = found->second;
        for (const auto& entry : root) {
            if (entry.first.Scalar() != key) continue;
            const auto values = axes_.values(entry.first, node);
            if (node.IsScalar()) {
                plan_.base.emplace_back(key, values.front());
                return;
            }
            Axis axis;
            for (const std::string& value : values) axis.push_back({{key, value}});
            axes.push_back(std::move(axis));
        }
    }

    void check_axes(const std::vector<Axis>& axes, const YAML::Node& root) {
        std::set<std::string> seen;
        bool has_network = false;
        for (const auto& [key, value] : plan_.base) has_network |= key == "network";
        for (const Axis& axis : axes) {
            std::set<std::string> own;
            bool everywhere = true;
            for (const Settings& step : axis) {
                bool here = false;
                for (const auto& [key, value] : step) {
                    if (own.insert(key).second) plan_.axis_keys.push_back(key);
                    here |= key == "network";
                }
                everywhere &= here;
            }
            has_network |= everywhere;
            for (const std::string& key : own) {
                if (!seen.insert(key).second) {
                    fail(root.Mark(), fmt::format("{}: must be on one axis only", key));
                }
            }
        }
        if (!has_network) {
            fail(root.Mark(), "network: must be given, such as network: zoo:mobilenet_v2_224");
        }
    }

    void make_points(const std::vector<Axis>& axes, const YAML::Node& root) {
        std::size_t count = 1;
        for (const Axis& axis : axes) {
            count *= axis.size();
            if (count > study::max_items) {
                fail(root.Mark(), fmt::format("axes: more than {} points", study::max_items));
            }
        }
        plan_.points = count;
        for (std::size_t point = 0; point < count; ++point) {
            Item item;
            item.point = point;
            item.settings = plan_.base;
            std::size_t rest = point;
            std::size_t inner = count;
            for (const Axis& axis : axes) {
                inner /= axis.size();
                for (const StudySetting& each : axis[rest / inner]) item.settings.push_back(each);
                rest %= inner;
            }
            plan_.items.push_back(std::move(item));
        }
    }

    Study::Plan& plan_;
    study::AxisReader axes_;
};

}  // namespace

Study Study::read(const std::filesystem::path& file) {
    return read_text(config::read_text_file(file), file.string(), file.parent_path());
}

Study Study::read_text(std::string_view text, std::string_view origin,
                       const std::filesystem::path& folder) {
    auto plan = std::make_shared<Plan>();
    plan->origin = origin;
    plan->folder = folder;
    plan->text = text;
    Reader(plan->origin, *plan).read(text);
    Study study;
    study.plan_ = std::move(plan);
    return study;
}

}  // namespace u65sim
