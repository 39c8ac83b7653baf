#include "evaluate/metrics.hpp"

#include <cmath>
#include <limits>

namespace nt::evaluate {

bool MetricValue::is_null() const {
  return std::holds_alternative<std::nullptr_t>(value_) || (is_number() && !std::isfinite(number()));
}

bool MetricValue::is_number() const {
  return std::holds_alternative<int64_t>(value_) || std::holds_alternative<double>(value_);
}

double MetricValue::number() const {
  if (const auto* count = std::get_if<int64_t>(&value_)) return static_cast<double>(*count);
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> MetricValue::numbers() const {
  const auto* numbers = std::get_if<std::vector<double>>(&value_);
  return numbers == nullptr ? std::vector<double>{} : *numbers;
}

std::string MetricValue::words() const {
  const auto* words = std::get_if<std::string>(&value_);
  return words == nullptr ? "" : *words;
}

bool operator==(const MetricValue& a, const MetricValue& b) {
  return a.is_number() && b.is_number() ? a.number() == b.number() : a.value_ == b.value_;
}

std::ostream& operator<<(std::ostream& out, const MetricValue& value) {
  if (value.is_number()) return out << value.number();
  return out << (value.is_null() ? "null" : value.words().empty() ? "a list" : value.words());
}

MetricValue& Metrics::operator[](const std::string& name) {
  const auto [place, added] = place_.emplace(name, entries_.size());
  if (added) entries_.emplace_back(name, nullptr);
  return entries_[place->second].second;
}

const MetricValue& Metrics::operator[](const std::string& name) const {
  static const MetricValue none;
  const auto place = place_.find(name);
  return place == place_.end() ? none : entries_[place->second].second;
}

void Metrics::put(const std::string& name, const statistics::Estimate& estimate) {
  (*this)[name] = estimate.value;
  (*this)[name + "_ci95"] = std::vector<double>{estimate.low, estimate.high};
}

void Metrics::update(const Metrics& others) {
  for (const auto& [name, value] : others) (*this)[name] = value;
}

}  // namespace nt::evaluate
