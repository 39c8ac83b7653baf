#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "dataset/windows.hpp"
#include "twin/arena.hpp"
#include "twin/parallel.hpp"
#include "twin/parameters.hpp"

namespace nt::twin {

/// One target of a twin: linear outputs of what its network hands on, ms by ms.
struct Head {
  std::string name;  // of its kind; its arrays are NAME_weight and NAME_bias
  int64_t outputs = 1;
  double offset = 0;  // added to its outputs
  // Where training starts; not in files.
  double weight_sd = 0.1, bias = 0;
};

/// What turns a head's output into the quantity that it is about.
enum class HeadActivation : uint8_t { identity, logistic, exponential };

/// A number of [train] that a kind of head reads.
struct HeadSetting {
  std::string key;
  double value = 0;  // if it is not given
  config::Range range;
  bool integer = false;
};
/// All of these by key.
using HeadSettings = std::map<std::string, double, std::less<>>;

/// What a head's loss is computed from.
struct HeadBatch {
  const dataset::WindowBatch& batch;
  std::span<const double> outputs;  // [window][ms][output], offset included
  int64_t count = 1;                // outputs
  const HeadSettings& settings;
};

/// A kind of target, from the label in the data to the loss. Each is a file of its own, head_*.cpp, and one
/// line in head_kinds.cpp.
struct HeadKind {
  std::string name;
  std::string words;  // "somatic voltage": its loss is of the ..
  std::string unit;   // of the quantity
  HeadActivation activation = HeadActivation::identity;
  bool single = false;  // one output, whose weights are [feature] in files, not [feature][1]

  // Where training starts: keys of [twin] and what they are without being given. Empty: no such key.
  std::string weight_sd_key, bias_key, offset_key;
  double weight_sd = 0.1, bias = 0, offset = 0;

  // The weight of its loss: a key of [[train.schedule]], or of [train].
  std::string weight_key;
  double weight = 1;
  bool in_schedule = false;
  bool judged = false;  // its loss counts in validation
  /// Its keys are looked for only where they are given: without them a training is known by what it always
  /// was.
  bool quiet = false;
  /// learning.json has its losses as train_NAME_loss and valid_NAME_loss; those of one name are added up.
  std::string loss_name;
  /// The first one is what edge_ms() follows from, if there is that.
  std::vector<HeadSetting> settings;

  std::string signal;  // of the data set, which its labels come from; empty: spikes and somatic voltage do
  /// How many outputs it has where the signal has so many values per ms; 0: it is not asked for.
  int64_t (*outputs)(const HeadSettings& settings, int64_t values_per_ms);
  /// Milliseconds at either end of a window whose answer lies outside; null: none.
  int64_t (*edge_ms)(const HeadSettings& settings) = nullptr;
  /// Mean over the bins that count. Its derivative by every output goes to `gradient`, if that is not empty.
  double (*loss)(const HeadBatch& batch, std::span<double> gradient);
};
/// In the order in which a twin has them; spike and soma are always there.
const std::vector<HeadKind>& head_kinds();
/// RunError if there is none of this name.
const HeadKind& head_kind(std::string_view name);

/// Of every kind, with as many outputs as are not known yet: 0. Reads [twin].
std::vector<Head> read_heads(const config::Settings& twin);
/// Those of them that [train]'s settings ask for, where a signal of the data set has so many values per ms.
std::vector<Head> heads_asked_for(std::span<const Head> all, const HeadSettings& settings,
                                  const std::function<int64_t(std::string_view signal)>& values_per_ms);
/// Spike and somatic voltage as every twin has them, with the defaults of [twin].
std::vector<Head> usual_heads();
/// Reads [train]: of every kind the numbers that its loss needs.
HeadSettings read_head_settings(const config::Settings& train);
HeadSettings usual_head_settings();

std::vector<ParameterArray> head_arrays(std::span<const Head> heads, int64_t features);
int64_t outputs_of(std::span<const Head> heads);

/// All heads as one product: outputs [row][output], head beside head, of x [row][feature].
template <class T>
class HeadsLayer {
 public:
  HeadsLayer(std::span<const Head> heads, const ParameterLayout& layout, int64_t features);

  int64_t outputs() const { return outputs_; }
  void plan(Arena& arena, int64_t rows, bool backward);
  const T* forward(const T* numbers, const T* x, int64_t rows, const Parallel& parallel);
  /// Returns the gradient of x; null if `x_gradient` is not wanted. `gradients` may be null.
  T* backward(const T* x, const T* output_gradient, int64_t rows, T* gradients, const Parallel& parallel);

  /// For streams, whose numbers stay: lays them out once.
  void prepare(const T* numbers);
  int64_t features() const { return features_; }
  /// After prepare(): [feature][output] and [output].
  const T* weight() const { return weight_; }
  const T* constant() const { return constant_; }
  /// outputs [row][output], overwritten.
  void prepared_forward(const T* x, int64_t rows, T* outputs, const Parallel& parallel) const;

 private:
  /// weight [feature][output] and constant [output] of all heads.
  void gather(const T* numbers, T* weight, T* constant) const;
  struct Place {
    int64_t weight, bias, outputs, first;
    double offset;
  };
  std::vector<Place> places_;
  int64_t features_, outputs_ = 0;
  T *weight_ = nullptr, *answers_ = nullptr;
  T *x_gradient_ = nullptr, *weight_gradient_ = nullptr;
  Arena prepared_;
  T *packed_ = nullptr, *constant_ = nullptr;
};

}  // namespace nt::twin
