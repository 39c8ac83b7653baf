#include "twin/detail/exponential_filter.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace nt::twin {
namespace {

/// sum = keep x sum + arriving - ended x leaving
template <class T>
void carry(T keep, T ended, const T* __restrict arriving, const T* __restrict leaving, T* __restrict sum,
           int64_t count) {
  if (leaving == nullptr) {
    for (int64_t f = 0; f < count; ++f) sum[f] = keep * sum[f] + arriving[f];
  } else {
    for (int64_t f = 0; f < count; ++f) sum[f] = keep * sum[f] + arriving[f] - ended * leaving[f];
  }
}

template <class T>
void add(const T* __restrict term, T* __restrict sum, int64_t count) {
  for (int64_t f = 0; f < count; ++f) sum[f] += term[f];
}

template <class T>
void add_times(T factor, const T* __restrict term, T* __restrict sum, int64_t count) {
  for (int64_t f = 0; f < count; ++f) sum[f] += factor * term[f];
}

/// decay and decay^taps of every exponential.
template <class T>
struct Decays {
  std::vector<T> keep, ended;
  Decays(const ExponentialFilterShape& s, const double* decay) {
    for (int64_t e = 0; e < s.exponentials; ++e) {
      keep.push_back(static_cast<T>(decay[e]));
      ended.push_back(static_cast<T>(std::pow(decay[e], static_cast<double>(s.taps))));
    }
  }
};

}  // namespace

template <class T>
void exponential_filter_forward(const ExponentialFilterShape& s, const T* input, const double* decay,
                                T* output, const Parallel& parallel) {
  const Decays<T> decays(s, decay);
  const int64_t row = s.exponentials * s.features;
  parallel.run(s.windows, [&](int64_t w) {
    std::vector<T> sums(row, T(0));
    const T* in = input + w * s.input_duration() * row;
    T* out = output + w * s.duration * s.features;
    for (int64_t t = 0; t < s.input_duration(); ++t) {
      T* now = t >= s.taps - 1 ? out + (t - s.taps + 1) * s.features : nullptr;
      if (now != nullptr) std::fill_n(now, s.features, T(0));
      for (int64_t e = 0; e < s.exponentials; ++e) {
        const auto i = static_cast<size_t>(e);
        T* sum = sums.data() + e * s.features;
        const T* arriving = in + t * row + e * s.features;
        carry<T>(decays.keep[i], decays.ended[i], arriving, t >= s.taps ? arriving - s.taps * row : nullptr,
                 sum, s.features);
        if (now != nullptr) add<T>(sum, now, s.features);
      }
    }
  });
}

template <class T>
void exponential_filter_stream(const ExponentialStreamShape& s, const T* input, const double* decay, T* sums,
                               T* output, const Parallel& parallel) {
  const int64_t row = s.exponentials * s.features;
  const auto task = [&](int64_t stream) {
    T* out = output + stream * s.duration * s.features;
    std::fill_n(out, s.duration * s.features, T(0));
    for (int64_t e = 0; e < s.exponentials; ++e) {
      const auto keep = static_cast<T>(decay[e]);
      const auto ended = static_cast<T>(std::pow(decay[e], static_cast<double>(s.taps)));
      T* sum = sums + stream * row + e * s.features;
      const T* leaving = input + stream * s.stride + e * s.features;
      for (int64_t t = 0; t < s.duration; ++t, leaving += row) {
        carry<T>(keep, ended, leaving + s.taps * row, leaving, sum, s.features);
        add<T>(sum, out + t * s.features, s.features);
      }
    }
  };
  parallel.run(s.streams, std::ref(task));
}

template <class T>
void exponential_filter_input_gradient(const ExponentialFilterShape& s, const T* output_gradient,
                                       const double* decay, T* input_gradient, const Parallel& parallel) {
  const Decays<T> decays(s, decay);
  const int64_t row = s.exponentials * s.features;
  parallel.run(s.windows, [&](int64_t w) {
    std::vector<T> sums(row, T(0));
    const std::vector<T> silence(s.features, T(0));
    const T* out = output_gradient + w * s.duration * s.features;
    T* in = input_gradient + w * s.input_duration() * row;
    const auto gradient_at = [&](int64_t t) {  // of the output that belongs to the input's time t
      const int64_t o = t - s.taps + 1;
      return o >= 0 && o < s.duration ? out + o * s.features : nullptr;
    };
    for (int64_t t = s.input_duration() - 1; t >= 0; --t) {
      const T* arriving = gradient_at(t);
      const T* leaving = gradient_at(t + s.taps);
      for (int64_t e = 0; e < s.exponentials; ++e) {
        const auto i = static_cast<size_t>(e);
        T* sum = sums.data() + e * s.features;
        carry<T>(decays.keep[i], decays.ended[i], arriving != nullptr ? arriving : silence.data(), leaving,
                 sum, s.features);
        std::copy_n(sum, s.features, in + t * row + e * s.features);
      }
    }
  });
}

template <class T>
void mix_rows(int64_t channels, int64_t inputs, int64_t outputs, int64_t features, const double* mixture,
              const T* input, T* output, const Parallel& parallel) {
  constexpr int64_t kChannels = 64;  // in one task
  parallel.run((channels + kChannels - 1) / kChannels, [&](int64_t task) {
    for (int64_t c = task * kChannels; c < std::min(channels, (task + 1) * kChannels); ++c) {
      for (int64_t b = 0; b < outputs; ++b) {
        T* to = output + (c * outputs + b) * features;
        std::fill_n(to, features, T(0));
        for (int64_t a = 0; a < inputs; ++a)
          add_times<T>(static_cast<T>(mixture[a * outputs + b]), input + (c * inputs + a) * features, to,
                       features);
      }
    }
  });
}

template void mix_rows(int64_t, int64_t, int64_t, int64_t, const double*, const float*, float*,
                       const Parallel&);
template void mix_rows(int64_t, int64_t, int64_t, int64_t, const double*, const double*, double*,
                       const Parallel&);
template void exponential_filter_stream(const ExponentialStreamShape&, const float*, const double*, float*,
                                        float*, const Parallel&);
template void exponential_filter_stream(const ExponentialStreamShape&, const double*, const double*, double*,
                                        double*, const Parallel&);
template void exponential_filter_forward(const ExponentialFilterShape&, const float*, const double*, float*,
                                         const Parallel&);
template void exponential_filter_forward(const ExponentialFilterShape&, const double*, const double*, double*,
                                         const Parallel&);
template void exponential_filter_input_gradient(const ExponentialFilterShape&, const float*, const double*,
                                                float*, const Parallel&);
template void exponential_filter_input_gradient(const ExponentialFilterShape&, const double*, const double*,
                                                double*, const Parallel&);

}  // namespace nt::twin
