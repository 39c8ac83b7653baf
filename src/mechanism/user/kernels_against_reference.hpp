#pragma once
#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>

#include <cmath>
#include <random>

#include "config/error.hpp"
#include "mechanism/library.hpp"

namespace nt::mechanism {

/// How far a kernel may be from the plain evaluation of the expressions it was made from.
struct Closeness {
  double relative;   // of a value
  double of_slope;   // of a current: this many mV times its conductance, for V - E is a difference of rounded
                     // numbers
  double of_states;  // of a state that is between 0 and 1, or that events drive
};

/// One mechanism on instances, nodes and lanes of its own, everything drawn at random.
template <class T>
class KernelTrial {
 public:
  KernelTrial(const Mechanism& m, const KernelLayout& layout, const Kernels<T>& kernels, unsigned seed)
      : m_(m), kernels_(kernels), lanes_(kernels.lanes), random_(seed), ions_(ion_arrays(m)) {
    for (size_t i = 0; i < kInstances; ++i) {
      node_.push_back(static_cast<int32_t>((i * 3 + 1) % kNodes));  // in no order, some nodes without
      fixed_values_.push_back(draw_fixed());
    }
    const size_t rows = kNodes * lanes_;
    for (auto* array : {&v_, &rhs_, &d_}) *array = fill(rows, [&] { return uniform(-1, 1); });
    for (size_t i = 0; i < rows; ++i) v_[i] = static_cast<T>(uniform(-100, 50));
    stored_ = fill(kInstances * m.stored.size() * lanes_, [&] { return uniform(0.02, 0.98); });
    for (const auto* ion : ions_) {
      ion_.push_back(fill(rows, [&] { return draw_ion(*ion); }));
      slope_.push_back(fill(rows, [&] { return uniform(-0.1, 0.1); }));
    }
    fixed_current_ = fixed(layout.current);
    for (const auto& part : layout.template advance<T>()) fixed_advance_.push_back(fixed(part));
  }

  void compare(const Closeness& close) {
    std::vector<std::vector<double>> advanced, concentrations;
    const auto before = *this_values();
    run(kernels_.current, fixed_current_);
    for (size_t i = 0; i < kInstances; ++i) {
      for (size_t lane = 0; lane < lanes_; ++lane) {
        auto values = before[i * lanes_ + lane];
        expect_currents(i, lane, values, close);
        // The stored variables go on from what the currents left of them.
        std::vector<double> next;
        for (const Expr e : m_.after_current) next.push_back(m_.graph.evaluate(e, values));
        for (size_t s = 0; s < next.size(); ++s) values[m_.symbol(m_.stored[s])] = next[s];
        // Currents of ions are summed when the states are advanced.
        for (size_t k = 0; k < ions_.size(); ++k)
          if (ions_[k]->quantity == IonQuantity::current && !ions_[k]->written)
            values[m_.symbol(ions_[k]->name)] = ion_[k][row(i) + lane];
        advanced.emplace_back();
        for (const Expr e : sizeof(T) == 4 ? m_.advanced_quickly : m_.advanced)
          advanced.back().push_back(m_.graph.evaluate(e, values));
        concentrations.emplace_back();
        for (const Expr e : m_.advanced_concentration)
          concentrations.back().push_back(m_.graph.evaluate(e, values));
      }
    }
    for (size_t part = 0; part < 2; ++part)
      if (kernels_.advance[part]) run(kernels_.advance[part], fixed_advance_.at(part));
    for (size_t i = 0; i < kInstances; ++i) {
      for (size_t lane = 0; lane < lanes_; ++lane) {
        for (size_t s = 0; s < m_.stored.size(); ++s) {
          const double got = stored_[(i * m_.stored.size() + s) * lanes_ + lane],
                       wanted = advanced[i * lanes_ + lane][s];
          expect_near(got, wanted, close.of_states + close.relative * std::fabs(wanted), m_.stored[s]);
        }
        size_t written = 0;
        for (size_t k = 0; k < ions_.size(); ++k) {
          if (!ions_[k]->written || ions_[k]->quantity == IonQuantity::current) continue;
          const double wanted = concentrations[i * lanes_ + lane][written++];
          expect_near(ion_[k][row(i) + lane], wanted, close.relative * std::fabs(wanted), ions_[k]->name);
        }
      }
    }
  }

 private:
  using Array = hwy::AlignedFreeUniquePtr<T[]>;
  using Values = std::map<Expr, double>;
  static constexpr size_t kInstances = 6, kNodes = 8;  // four at a time, and two more

  double uniform(double low, double high) { return std::uniform_real_distribution(low, high)(random_); }

  template <class Draw>
  Array fill(size_t n, Draw draw) {
    auto array = hwy::AllocateAligned<T>(std::max<size_t>(n, 1));
    for (size_t i = 0; i < n; ++i) array[i] = static_cast<T>(draw());
    return array;
  }

  double draw_ion(const IonVariable& ion) {
    switch (ion.quantity) {
      case IonQuantity::reversal_mV:
        return uniform(60, 130);
      case IonQuantity::inside_mM:
        return std::exp(uniform(std::log(1e-8), std::log(1e-2)));
      case IonQuantity::outside_mM:
        return 2;
      case IonQuantity::current:
        break;
    }
    return uniform(-0.01, 0);
  }

  Values draw_fixed() {
    Values values;
    const auto set = [&](const std::string& name, double value) {
      if (const Expr e = m_.symbol(name); e >= 0) values[e] = value;
    };
    set("dt", uniform(0.01, 0.1));
    set("celsius", 6.3);
    set("diam", uniform(0.5, 5));
    set("area", 100);
    set(kAreaScale, uniform(0.5, 2));
    for (const auto& ion : m_.ions)
      if (!m_.graph.node(m_.symbol(ion.name)).varying) set(ion.name, ion.ion == "k" ? -85 : 50);
    for (const auto& p : m_.parameters) set(p.name, p.value * uniform(0.8, 1.2));
    return values;
  }

  std::vector<T> fixed(const std::vector<Expr>& expressions) {
    std::vector<T> all;
    for (const auto& values : fixed_values_)
      for (const Expr e : expressions) all.push_back(static_cast<T>(m_.graph.evaluate(e, values)));
    return all;
  }

  size_t row(size_t instance) const { return static_cast<size_t>(node_[instance]) * lanes_; }

  /// The symbols' values for every instance and lane, as they are in the arrays.
  std::unique_ptr<std::vector<Values>> this_values() {
    auto all = std::make_unique<std::vector<Values>>();
    for (size_t i = 0; i < kInstances; ++i) {
      for (size_t lane = 0; lane < lanes_; ++lane) {
        auto values = fixed_values_[i];
        values[m_.symbol("v")] = v_[row(i) + lane];
        if (const Expr t = m_.symbol("t"); t >= 0) values[t] = 0;
        for (const auto& ion : m_.ions)
          if (ion.unread) values[m_.symbol(ion.name)] = 0;
        for (size_t k = 0; k < ions_.size(); ++k) values[m_.symbol(ions_[k]->name)] = ion_[k][row(i) + lane];
        for (size_t s = 0; s < m_.stored.size(); ++s)
          values[m_.symbol(m_.stored[s])] = stored_[(i * m_.stored.size() + s) * lanes_ + lane];
        all->push_back(std::move(values));
      }
    }
    const size_t rows = kNodes * lanes_;
    rhs_before_.assign(rhs_.get(), rhs_.get() + rows);
    d_before_.assign(d_.get(), d_.get() + rows);
    for (size_t k = 0; k < ions_.size(); ++k) {
      ion_before_.emplace_back(ion_[k].get(), ion_[k].get() + rows);
      slope_before_.emplace_back(slope_[k].get(), slope_[k].get() + rows);
    }
    return all;
  }

  void run(void (*kernel)(const KernelArguments<T>&), const std::vector<T>& fixed) {
    if (kernel == nullptr) return;
    std::vector<T*> ion, slope;
    for (size_t k = 0; k < ions_.size(); ++k) {
      ion.push_back(ion_[k].get());
      slope.push_back(slope_[k].get());
    }
    KernelArguments<T> k;
    k.first = 0;
    k.last = kInstances;
    k.node = node_.data();
    k.fixed = fixed.data();
    k.stored = stored_.get();
    k.v = v_.get();
    k.rhs = rhs_.get();
    k.d = d_.get();
    k.ion = ion.data();
    k.ion_slope = slope.data();
    int32_t endless = 0;
    k.endless = &endless;
    kernel(k);
  }

  void expect_currents(size_t i, size_t lane, const Values& values, const Closeness& close) {
    if (m_.currents.empty()) return;
    const size_t at = row(i) + lane;
    const double g = m_.graph.evaluate(m_.conductance, values),
                 current = m_.graph.evaluate(m_.total_current, values);
    // What was in the array already rounds too.
    const auto tolerance = [&](double wanted, double slope) {
      return close.relative * (std::fabs(wanted) + 1) + close.of_slope * std::fabs(slope);
    };
    expect_near(rhs_[at], rhs_before_[at] - current, tolerance(current, g), "current");
    expect_near(d_[at], d_before_[at] + g, tolerance(g, g), "conductance");
    for (const auto& c : m_.currents) {
      for (size_t k = 0; k < ions_.size(); ++k) {
        if (c.ion.empty() || ions_[k]->name != "i" + c.ion) continue;
        const double value = m_.graph.evaluate(c.value, values), slope = m_.graph.evaluate(c.slope, values);
        expect_near(ion_[k][at], ion_before_[k][at] + value, tolerance(value, slope), "ion current");
        expect_near(slope_[k][at], slope_before_[k][at] + slope, tolerance(slope, slope), "its slope");
      }
    }
  }

  void expect_near(double got, double wanted, double tolerance, const std::string& what) const {
    // Not EXPECT_NEAR: thousands of these.
    if (!(std::fabs(got - wanted) <= tolerance))
      ADD_FAILURE() << m_.name << ": " << what << " is " << got << ", expected " << wanted << " +- "
                    << tolerance;
  }

  const Mechanism& m_;
  const Kernels<T>& kernels_;
  size_t lanes_;
  std::mt19937 random_;
  std::vector<const IonVariable*> ions_;
  std::vector<int32_t> node_;
  std::vector<Values> fixed_values_;
  Array v_, rhs_, d_, stored_;
  std::vector<Array> ion_, slope_;
  std::vector<T> fixed_current_;
  std::vector<std::vector<T>> fixed_advance_;
  std::vector<T> rhs_before_, d_before_;
  std::vector<std::vector<T>> ion_before_, slope_before_;
};

inline void expect_kernels_equal_reference(const Mechanism& m, const KernelLayout& layout,
                                           const MechanismKernels& kernels) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    // Double: the exponential and a dozen operations, each to rounding.
    KernelTrial<double>(m, layout, kernels.in_double, seed).compare({1e-12, 1e-11, 1e-13});
    // Float: divisions and exponentials to 1e-7, exponents up to 20 multiply that; V to 4e-6 mV.
    KernelTrial<float>(m, layout, kernels.in_float, seed).compare({1e-5, 1e-4, 1e-6});
  }
}

}  // namespace nt::mechanism
