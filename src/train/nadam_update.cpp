#include "train/nadam_update.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/nadam_update.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace nt::train {
namespace HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
void update(const NadamRates& r, double l2, const T* HWY_RESTRICT gradient, T* HWY_RESTRICT parameter,
            T* HWY_RESTRICT first_moment, T* HWY_RESTRICT second_moment, int64_t count) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto of = [&](double x) { return hn::Set(d, static_cast<T>(x)); };
  const auto beta1 = of(r.beta1), rest1 = of(1 - r.beta1), beta2 = of(r.beta2), rest2 = of(1 - r.beta2);
  const auto epsilon = of(r.epsilon), per_correction = of(1 / r.correction), decay = of(2 * l2);
  const auto gradient_rate = of(r.gradient_rate), moment_rate = of(r.moment_rate);
  const auto step = [&](int64_t i, auto load, auto store) {
    const auto p = load(parameter + i);
    const auto g = hn::MulAdd(decay, p, load(gradient + i));
    const auto m = hn::MulAdd(beta1, load(first_moment + i), hn::Mul(rest1, g));
    const auto v = hn::MulAdd(beta2, load(second_moment + i), hn::Mul(rest2, hn::Mul(g, g)));
    const auto size = hn::Add(hn::Sqrt(hn::Mul(v, per_correction)), epsilon);
    store(m, first_moment + i);
    store(v, second_moment + i);
    store(hn::Add(p, hn::Div(hn::MulAdd(gradient_rate, g, hn::Mul(moment_rate, m)), size)), parameter + i);
  };
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    step(
        i, [&](const T* from) { return hn::LoadU(d, from); }, [&](auto x, T* to) { hn::StoreU(x, d, to); });
  }
  if (i == count) return;
  const auto rest = hn::FirstN(d, static_cast<size_t>(count - i));
  step(
      i, [&](const T* from) { return hn::MaskedLoad(rest, d, from); },
      [&](auto x, T* to) { hn::BlendedStore(x, rest, d, to); });
}

void update_float(const NadamRates& r, double l2, const float* g, float* p, float* m, float* v, int64_t n) {
  update(r, l2, g, p, m, v, n);
}
void update_double(const NadamRates& r, double l2, const double* g, double* p, double* m, double* v,
                   int64_t n) {
  update(r, l2, g, p, m, v, n);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace nt::train
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nt::train {
HWY_EXPORT(update_float);
HWY_EXPORT(update_double);
template <>
void nadam_update(const NadamRates& r, double l2, const float* g, float* p, float* m, float* v, int64_t n) {
  HWY_DYNAMIC_DISPATCH(update_float)(r, l2, g, p, m, v, n);
}
template <>
void nadam_update(const NadamRates& r, double l2, const double* g, double* p, double* m, double* v,
                  int64_t n) {
  HWY_DYNAMIC_DISPATCH(update_double)(r, l2, g, p, m, v, n);
}
}  // namespace nt::train
#endif
