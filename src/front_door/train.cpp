#include "neurontwin/train.hpp"

#include <algorithm>
#include <cmath>

#include "config/temporary_folder.hpp"
#include "dataset/event_support.hpp"
#include "evaluate/scores.hpp"
#include "files/files.hpp"
#include "front_door/models.hpp"
#include "train/train.hpp"
#include "twin/device_passes.hpp"

namespace neurontwin {
namespace {

// As the `quick` profile of the layer-5 experiments.
constexpr std::string_view kUsual = R"(
kind = "recurrent"
spike_bias = -6.5
[train]
epochs = 8
steps_per_epoch = 400
warm_up_steps = 100
clip_over_usual = 2
schedule = [{ from_epoch = 0, learning_rate = 5e-3, final_learning_rate = 5e-5, spike_weight = 1.0, soma_weight = 0.02 }]
[data]
soma_ceiling_mV = -55
)";

// What a kind of network needs beside these, where its taps are not given: twins of the size that
// docs/results.md compares.
constexpr std::pair<std::string_view, std::string_view> kUsualOfKind[] = {
    {"convolutional", "taps = [150, 24]\ntemporal_shapes = 8\nwidth = [32]\n"},
    {"tree", "taps = [150, 5, 5, 5]\n"},
};

nt::config::Settings settings_of(const TrainOptions& options) {
  const auto with = [&](std::string_view of_kind) {
    return nt::config::Settings::from_text(options.settings, "TrainOptions::settings",
                                           fmt::format("[twin]\n{}{}", of_kind, kUsual));
  };
  const auto asked = with("");
  const auto kind = asked.table("twin").text("kind");
  const auto* usual =
      std::ranges::find(kUsualOfKind, std::string_view(kind), [](const auto& of) { return of.first; });
  const bool without = usual == std::end(kUsualOfKind) || asked.table("twin").has("taps");
  return without ? asked : with(usual->second);
}

struct Read {
  nt::config::Settings settings;
  nt::dataset::Labels labels;
  nt::train::TrainSpec train;
};

Read read(const TrainOptions& options) {
  const auto settings = settings_of(options);
  return {settings, nt::dataset::read_labels(settings.table("data")),
          nt::train::read_train(settings.table("train"))};
}

nt::twin::TwinSpec twin_spec(const Read& read, const nt::dataset::Split& train,
                             const nt::dataset::CellTable& cell) {
  auto spec = nt::twin::read_twin(read.settings.table("twin"), cell);
  const auto& identity = train.identity();
  spec.heads = nt::twin::heads_asked_for(spec.heads, read.train.heads,
                                         [&](std::string_view name) { return identity.values_per_ms(name); });
  return spec;
}

void require_spikes(const nt::dataset::Split& split, const nt::train::TrainSpec& spec, int64_t skip_ms,
                    std::string_view name, const Watcher& watcher) {
  const auto support = nt::dataset::event_support(split, skip_ms);
  watcher.note(words_for(support, std::string(name)));
  if (!spec.learns_spikes()) return;
  if (support.spikes == 0)
    nt::fail_input(
        "the {} trials hold no output spike; give some that do, or set spike_weight = 0 in "
        "train.schedule to train on the voltage alone",
        name);
  if (const auto warning = warning_of(support, std::string(name))) watcher.note(*warning);
}

/// Probabilities from which on a spike is counted, chosen on the validation trials.
nlohmann::json thresholds_of(nt::twin::Twin& twin, const nt::dataset::Split& valid) {
  auto json = nlohmann::json::object();
  const auto chosen =
      nt::evaluate::choose_thresholds(nt::evaluate::compare(twin, valid), nt::evaluate::kFalsePositiveRates);
  const auto put = [&](const std::string& name, float log_odds) {
    if (std::isfinite(log_odds)) json[name] = nt::evaluate::probability(log_odds);
  };
  put("spike.threshold", chosen.spike);
  for (size_t i = 0; i < chosen.at_rate.size(); ++i)
    put(fmt::format("spike.threshold_at_fpr_{}", chosen.false_positive_rate[i]), chosen.at_rate[i]);
  return json;
}

}  // namespace

TrainedTwin train(const Dataset& dataset, const TrainOptions& options) {
  const auto settings = read(options);
  const auto device = nt::device::kind_named(options.device);
  nt::device::open_device(device);  // before anything else is done: is there one?
  const auto train_split = nt::dataset::Split::open(dataset.folder, "train", settings.labels);
  const auto valid_split = nt::dataset::Split::open(dataset.folder, "valid", settings.labels);
  const auto& identity = train_split.identity();
  const auto cell = nt::dataset::cell_table_in(nt::dataset::shard_path(dataset.folder, "train", 0));
  const auto spec = twin_spec(
      settings, train_split,
      cell ? *cell
           : nt::dataset::synapses_in_a_row(identity.excitatory_synapses, identity.inhibitory_synapses));
  settings.settings.reject_unread();
  if (device != nt::device::Kind::cpu) nt::twin::require_device_passes(spec);
  if (identity.duration_ms < settings.train.skip_ms + settings.train.window_ms)
    nt::fail_input("train.window_ms is {} after the first {} ms, which does not fit into trials of {} ms",
                   settings.train.window_ms, settings.train.skip_ms, identity.duration_ms);
  require_spikes(train_split, settings.train, settings.train.skip_ms, "train", options.watcher);
  require_spikes(valid_split, settings.train, 0, "valid", options.watcher);

  std::optional<nt::config::TemporaryFolder> temporary;
  const auto folder = options.folder.empty() ? temporary.emplace().path() : options.folder;
  nt::files::make_writable_folder(folder);
  const nt::files::FolderLock lock(folder);
  const auto seed = settings.train.seed.value_or(options.seed);
  nt::twin::Twin twin(spec, train_split.channels(), seed,
                      nt::twin::on_threads(threads_or_cores(options.threads)));
  const auto resolved = settings.settings.resolved();
  const auto name =
      nt::files::digest(fmt::format("{}\n{}\n{}\n{}\n{}\n{}", resolved, seed, train_split.digest(),
                                    valid_split.digest(), nt::train::kTrainVersion, nt::twin::kTwinVersion));
  nt::train::Training training{settings.train, seed, folder, name, options.watcher};
  training.device = device;
  const auto result = nt::train::train(twin, training, train_split, valid_split);

  nt::twin::TwinDescription description{.spec = spec,
                                        .excitatory_synapses = identity.excitatory_synapses,
                                        .inhibitory_synapses = identity.inhibitory_synapses,
                                        .cell = cell.value_or(nt::dataset::CellTable{}),
                                        .thresholds = thresholds_of(twin, valid_split),
                                        .provenance = {{"program", "neurontwin " NEURONTWIN_VERSION},
                                                       {"seed", options.seed},
                                                       {"best_epoch", result.best_epoch},
                                                       {"experiment", resolved}}};
  TrainedTwin trained{finished_twin(twin, std::move(description)), {}, result.best_epoch, {}, result.seconds};
  for (const auto& epoch : result.epochs)
    trained.epochs.push_back({epoch.epoch, epoch.train_loss, epoch.valid_loss, epoch.seconds});
  for (const auto& setback : result.setbacks) trained.setbacks.push_back(setback.words);
  return trained;
}

}  // namespace neurontwin
