#include "report/texts.hpp"

#include <algorithm>
#include <stdexcept>

namespace u65sim::report {

Texts::Texts(std::string_view file) {
    constexpr std::string_view mark = "@ ";
    std::string* text = nullptr;
    while (!file.empty()) {
        const std::string_view line = file.substr(0, file.find('\n'));
        file.remove_prefix(std::min(file.size(), line.size() + 1));
        if (line.starts_with(mark)) {
            text = &texts_[std::string{line.substr(mark.size())}];
        } else if (text != nullptr) {
            text->append(line).append("\n");
        }
    }
    for (auto& [name, each] : texts_) {
        if (!each.empty()) each.pop_back();
    }
}

std::string_view Texts::find(std::string_view name) const {
    const auto found = texts_.find(name);
    if (found == texts_.end()) throw std::logic_error(fmt::format("no text named '{}'", name));
    return found->second;
}

}  // namespace u65sim::report
