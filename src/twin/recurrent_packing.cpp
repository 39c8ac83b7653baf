#include "twin/detail/recurrent_packing.hpp"

#include <algorithm>
#include <cmath>

namespace nt::twin {

RecurrentPacking::RecurrentPacking(const RecurrentSpec& spec, std::span<const Head> heads,
                                   const ParameterLayout& layout)
    : shape_{static_cast<int>(spec.wiring.branches), static_cast<int>(spec.hidden_units()),
             static_cast<int>(spec.memory_units), static_cast<int>(outputs_of(heads))},
      heads_(heads, layout, spec.memory_units),
      branch_(spec.wiring.branch.begin(), spec.wiring.branch.end()),
      learn_time_constants_(spec.learn_time_constants) {
  const auto at = [&](const char* name) { return layout.offset(std::string("recurrent.") + name); };
  synapse_ = at("synapse_weight");
  log_time_constant_ = at("log_time_constant");
  const auto& s = shape_;
  matrices_ = {{at("branch_weight"), s.branch(), s.branches, s.hidden, s.hidden_row()},
               {at("memory_weight"), s.memory(), s.units, s.hidden, s.hidden_row()},
               {at("hidden_bias"), s.hidden_bias(), 1, s.hidden, s.hidden_row()},
               {at("delta_weight"), s.delta(), s.hidden, s.units, s.units_row()},
               {at("delta_bias"), s.delta_bias(), 1, s.units, s.units_row()}};
  std::ranges::copy(spec.branch_keep(), std::back_inserter(branch_keep_));
}

std::vector<float> RecurrentPacking::packed(std::span<const float> numbers) const {
  const auto& s = shape_;
  std::vector<float> w(static_cast<size_t>(s.count()), 0.0f);
  w.reserve(w.size() + branch_.size());
  for (const auto& m : matrices_)
    for (int r = 0; r < m.rows; ++r)
      std::copy_n(&numbers[m.from + r * m.columns], m.columns, w.begin() + m.at + r * m.row);
  for (int u = 0; u < s.units; ++u) {
    const MemoryUnit unit(static_cast<double>(numbers[log_time_constant_ + u]));
    w[s.keep() + u] = static_cast<float>(unit.keep);
    w[s.gate() + u] = static_cast<float>(unit.gate);
  }
  std::ranges::copy(branch_keep_, w.begin() + s.branch_keep());
  heads_.pack(numbers, std::span(w).subspan(s.head(), heads_.count()));
  const auto contacts = numbers.subspan(synapse_, branch_.size());
  w.insert(w.end(), contacts.begin(), contacts.end());
  return w;
}

void RecurrentPacking::unpack(std::span<const float> sum, std::span<const float> numbers,
                              std::span<float> gradients) const {
  const auto& s = shape_;
  for (const auto& m : matrices_)
    for (int r = 0; r < m.rows; ++r)
      std::copy_n(sum.begin() + m.at + r * m.row, m.columns, gradients.begin() + m.from + r * m.columns);
  for (int u = 0; learn_time_constants_ && u < s.units; ++u) {
    // As on the CPU (recurrent_network.cpp).
    const double rate = std::exp(-static_cast<double>(numbers[log_time_constant_ + u]));
    const auto of_keep = static_cast<double>(sum[s.keep() + u]),
               of_gate = static_cast<double>(sum[s.gate() + u]);
    gradients[log_time_constant_ + u] = static_cast<float>(
        rate * (std::exp(-rate) * of_keep - kWriteSpeed * std::exp(-kWriteSpeed * rate) * of_gate));
  }
  heads_.unpack(sum.subspan(s.head(), heads_.count()), gradients);
  std::ranges::copy(sum.subspan(s.count(), branch_.size()), gradients.begin() + synapse_);
}

std::vector<device_code::Contact> RecurrentPacking::contacts_of(std::span<const float> numbers) const {
  std::vector<device_code::Contact> contacts;
  for (size_t k = 0; k < branch_.size(); ++k)
    contacts.push_back({branch_[k], numbers[synapse_ + static_cast<int64_t>(k)]});
  return contacts;
}

}  // namespace nt::twin
