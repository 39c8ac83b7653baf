#pragma once
#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "statistics/estimate.hpp"

namespace nt::evaluate {

/// What is known under one name: a number, words, a list; or that there is none (null).
class MetricValue {
 public:
  using Interval = std::array<double, 2>;  // low, high
  using Kinds = std::variant<std::nullptr_t, int64_t, double, std::string, std::vector<int64_t>,
                             std::vector<double>, std::vector<Interval>>;

  MetricValue(std::nullptr_t = nullptr) : value_(nullptr) {}
  template <std::integral T>
  MetricValue(T count) : value_(static_cast<int64_t>(count)) {}
  MetricValue(double number) : value_(number) {}
  MetricValue(std::string words) : value_(std::move(words)) {}
  MetricValue(const char* words) : value_(std::string(words)) {}
  MetricValue(std::vector<int64_t> counts) : value_(std::move(counts)) {}
  MetricValue(std::vector<double> numbers) : value_(std::move(numbers)) {}
  MetricValue(std::vector<Interval> intervals) : value_(std::move(intervals)) {}

  const Kinds& kinds() const { return value_; }
  bool is_null() const;
  bool is_number() const;
  /// NaN unless it is a number.
  double number() const;
  /// Empty unless it is a list of numbers.
  std::vector<double> numbers() const;
  /// Empty unless it is words.
  std::string words() const;

  /// Numbers are equal whether they are counts or not.
  friend bool operator==(const MetricValue& a, const MetricValue& b);
  /// For messages of tests.
  friend std::ostream& operator<<(std::ostream& out, const MetricValue& value);

 private:
  Kinds value_;
};

/// The numbers of an evaluation by the names that metrics.json has them by, in the order in which they came.
class Metrics {
 public:
  using Entry = std::pair<std::string, MetricValue>;

  /// Null, and there from now on, where there was none.
  MetricValue& operator[](const std::string& name);
  /// Null where there is none.
  const MetricValue& operator[](const std::string& name) const;
  bool contains(const std::string& name) const { return place_.contains(name); }
  /// The value as `name`, its interval as `name`_ci95.
  void put(const std::string& name, const statistics::Estimate& estimate);
  /// Takes over what others say, in the place of what stands here.
  void update(const Metrics& others);

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
  std::map<std::string, size_t> place_;
};

}  // namespace nt::evaluate
