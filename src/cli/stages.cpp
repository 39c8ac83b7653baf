#include "cli/stages.hpp"

#include <torch/script.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "cli/outcome.hpp"
#include "cli/progress_bar.hpp"
#include "dataset/background_dataset.hpp"
#include "dataset/event_support.hpp"
#include "evaluate/played_trial.hpp"
#include "files/files.hpp"
#include "files/json.hpp"
#include "interpret/synapse_weights.hpp"
#include "progress/say.hpp"
#include "report/neuron.hpp"
#include "report/report.hpp"

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

/// DIR/stages.json: for each finished stage a digest of its inputs and the seconds it took.
class StageLog {
 public:
  explicit StageLog(const std::filesystem::path& folder) : file_(folder / "stages.json") {
    if (!std::filesystem::exists(file_)) return;
    try {
      log_ = read_json(file_);
      using_json(file_, [&] {
        for (const auto& [name, stage] : log_.get<std::map<std::string, Json>>()) {
          log_[name] = {{"inputs", stage.at("inputs").get<std::string>()},
                        {"seconds", stage.at("seconds").get<double>()}};
        }
      });
    } catch (const InputError&) {
      fail_input("{}: is damaged; remove it, finished work is found again", file_.string());
    }
  }

  bool done(const std::string& stage, const std::string& inputs) const {
    return log_.contains(stage) && log_[stage].value("inputs", "") == inputs;
  }
  double seconds(const std::string& stage) const {
    return log_.contains(stage) ? log_[stage].value("seconds", 0.0) : 0;
  }
  void finish(const std::string& stage, const std::string& inputs, double seconds) {
    log_[stage] = {{"inputs", inputs}, {"seconds", seconds}};
    write_file_atomically(file_, log_.dump(2) + "\n");
  }

 private:
  std::filesystem::path file_;
  Json log_ = Json::object();
};

bool is_whole_json(const std::filesystem::path& file) {
  return std::filesystem::exists(file) && is_json_object(read_file(file));
}

bool is_whole_page(const std::filesystem::path& file) {
  return std::filesystem::exists(file) && read_file(file).ends_with("</html>\n");
}

// The settings that a stage's memory follows from.
constexpr auto kSimulating = "data.trials_per_shard, data.trial_ms or --threads";
constexpr auto kTraining = "train.batch_windows, train.window_ms, twin.width or twin.taps";
constexpr auto kSimulatingAndTraining =
    "data.trials_per_shard, data.trial_ms, train.batch_windows, train.window_ms, twin.width or twin.taps";
constexpr auto kEvaluating =
    "data.test_trials, data.valid_trials, data.trial_ms or evaluate.bootstrap_resamples";
constexpr auto kInterpreting =
    "interpret.moments, interpret.attributed_spikes, interpret.added_spikes or interpret.probes.trials_score";
constexpr auto kReporting = "the number of compartments (compartment_spacing_um in the cell)";

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string machine_words() {
  std::ifstream cpu("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(cpu, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  return fmt::format("{}, {} cores", model, std::thread::hardware_concurrency());
}

std::string hours(double seconds) {
  return seconds < 3600 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

/// One run directory being worked in.
class Run {
 public:
  Run(const Experiment& experiment, const Options& options)
      : e_(experiment),
        o_(options),
        out_((make_writable_folder(options.out), options.out)),
        lock_(out_),
        log_(out_),
        dataset_(out_ / "dataset"),
        device_(options.device == "cuda" ? torch::kCUDA : torch::kCPU) {
    remove_half_written(out_);
    write_if_changed(out_ / "experiment.toml", e_.resolved);
    threads_ = options.threads > 0 ? options.threads
                                   : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    at::set_num_threads(threads_);
  }

  void simulate() {
    if (simulated_before()) return say("simulate: done before");
    const double start = seconds_now();
    const auto simulated = make_dataset(e_.plan, dataset_, threads_, progress_);
    finish_simulation(simulated, seconds_now() - start);
  }

  void train() {
    if (trained_before()) return say("train: done before");
    const auto train_split = open("train");
    finish_training(train_on(
        {e_.plan.data.train_trials, [&](int64_t) -> const Split& { return train_split; }}, progress_));
  }

  /// Where train.starts_with_trials asks for it, training begins as soon as its first trials are there, and
  /// the others are simulated beside it.
  void simulate_and_train() {
    if (e_.train.starts_with_trials == 0 || simulated_before()) {
      simulate();
      return train();
    }
    const int beside = threads_beside_training(), threads_of_training = std::max(1, threads_ - beside);
    BackgroundDataset data(e_.plan, dataset_, threads_, beside);
    bool simulated = false;
    const auto note_if_simulated = [&] {
      if (simulated || !data.finished()) return;
      simulated = true;
      at::set_num_threads(threads_);
      finish_simulation(data.finish({}), data.seconds());
    };
    data.wait_for("valid", e_.plan.data.valid_trials, progress_);
    Split train_split;
    const GrowingTrials trials{e_.plan.data.train_trials, [&](int64_t first) -> const Split& {
                                 data.wait_for("train", first, progress_);
                                 train_split.grow(e_.plan, dataset_, splits_of(e_.plan.data)[0], first);
                                 if (!simulated) at::set_num_threads(threads_of_training);
                                 return train_split;
                               }};
    const double seconds = train_on(trials, [&](Progress progress) {
      try {
        data.rethrow_failure();
      } catch (...) {
        if (!stop_requested()) throw;  // else training stops by itself, with a checkpoint
      }
      note_if_simulated();
      if (!simulated) progress.note += simulation_note(data.progress(), progress.note);
      progress_(progress);
    });
    at::set_num_threads(threads_);
    data.finish(progress_);
    note_if_simulated();
    finish_training(seconds);
  }

  void evaluate() {
    if (log_.done("evaluate", evaluation_inputs()) && is_whole_json(out_ / "metrics.json") &&
        is_whole_json(out_ / "curves.json")) {
      return say("evaluate: done before");
    }
    auto twin = trained_twin();
    const auto other_inputs = generalise();
    const double start = seconds_now();
    const OneUnitTask one_unit{e_.twin, e_.train, out_ / "checkpoints-one-unit",
                               digest(e_.training_identity)};
    auto evaluation =
        neurontwin::evaluate(twin, e_.evaluate, e_.seed, open("train"), open("valid"), open("test"),
                             progress_, e_.evaluate.one_unit_network ? &one_unit : nullptr, other_inputs);
    if (e_.sequences.orders > 0) {
      const auto answers = sequence_answers(twin);
      evaluation.metrics.update(sequence_metrics(answers, e_.evaluate.bootstrap_resamples, e_.seed));
      evaluation.curves["sequences"] = {{"directionality", answers.directionality},
                                        {"peak_mV", answers.peak_mV},
                                        {"twin_peak_mV", answers.twin_peak_mV}};
    }
    evaluation.metrics.update(interpret_filters(*twin, excitatory_synapses(e_.plan.cell),
                                                membrane_time_constant_ms(e_.plan.cell), e_.seed)
                                  .metrics);
    const double seconds = seconds_now() - start;
    evaluation.metrics["timing.simulate_s"] = log_.seconds("simulate");
    evaluation.metrics["timing.train_s"] = log_.seconds("train");
    evaluation.metrics["timing.evaluate_s"] = seconds;
    write_file_atomically(out_ / "curves.json", evaluation.curves.dump() + "\n");
    write_file_atomically(out_ / "metrics.json", evaluation.metrics.dump(1) + "\n");
    log_.finish("evaluate", evaluation_inputs(), seconds);
    say(fmt::format("evaluate: {:.1f} s", seconds));
  }

  void interpret() {
    const auto inputs =
        digest(fmt::format("{}|{}|{}|{}|{}", NEURONTWIN_VERSION, twin_digest(), e_.training_identity,
                           e_.interpret_settings, shard_stamps({"test"})));
    if (log_.done("interpret", inputs) && is_whole_json(out_ / "interpretation.json")) {
      return say("interpret: done before");
    }
    const double start = seconds_now();
    auto twin = trained_twin();
    auto document = neurontwin::interpret(twin, e_.plan, open("test"), e_.interpret, threads_);
    add_probes(document, twin);
    write_file_atomically(out_ / "interpretation.json", document.dump() + "\n");
    if (e_.twin.recurrent)
      say("interpret: a recurrent twin has no filters to show; interpretation.json holds its time constants");
    const double seconds = seconds_now() - start;
    log_.finish("interpret", inputs, seconds);
    say(fmt::format("interpret: {:.1f} s", seconds));
  }

  void report() {
    std::string all = NEURONTWIN_VERSION;
    for (const auto* name :
         {"experiment.toml", "metrics.json", "curves.json", "learning.json", "interpretation.json"}) {
      if (!std::filesystem::exists(out_ / name)) {
        fail_input("{}: is missing; run the stages before the report first, or 'neurontwin run'",
                   (out_ / name).string());
      }
      all += digest(read_file(out_ / name));
    }
    make_neuron_json();
    for (const auto* name : {"search.json", "neuron.json"})
      if (std::filesystem::exists(out_ / name)) all += digest(read_file(out_ / name));
    const auto inputs = digest(all);
    if (log_.done("report", inputs) && is_whole_page(out_ / "report.html")) return say("report: done before");
    const double start = seconds_now();
    write_file_atomically(out_ / "run.json", run_json().dump(1) + "\n");
    write_file_atomically(out_ / "report.html", make_report(out_));
    log_.finish("report", inputs, seconds_now() - start);
  }

  void print_summary() const {
    const auto m = read_json(out_ / "metrics.json");
    const auto value = [&](const char* key) {
      return m.contains(key) && m[key].is_number() ? m[key].get<double>() : NAN;
    };
    const auto interval = [&](const std::string& key) {
      const auto it = m.find(key + "_ci95");
      return it != m.end() && it->is_array() && it->size() == 2 && (*it)[0].is_number() &&
                     (*it)[1].is_number()
                 ? fmt::format("  [{:.4f}, {:.4f}]", (*it)[0].get<double>(), (*it)[1].get<double>())
                 : "";
    };
    fmt::print("\n{}\n", e_.title);
    if (m.contains("spike.auc")) {  // a passive neuron has none
      fmt::print("  spike AUC                 {:.5f}{}\n", value("spike.auc"), interval("spike.auc"));
      if (m.contains("baseline.glm.spike.auc")) {
        fmt::print("    a linear sum's          {:.5f}{}\n", value("baseline.glm.spike.auc"),
                   interval("baseline.glm.spike.auc"));
      }
      fmt::print("  TPR at 0.25 % FPR         {:.4f}{}   threshold from the validation set\n",
                 value("spike.tpr_at_fpr_0.0025"), interval("spike.tpr_at_fpr_0.0025"));
      fmt::print("  F1 within 2 ms            {:.4f}{}\n", value("spike.f1_2ms"), interval("spike.f1_2ms"));
    }
    fmt::print(
        "  voltage RMSE              {:.3f} mV, variance explained {:.2f} % (rescaled as published: {:.2f} "
        "%)\n",
        value("soma.rmse_mV"), 100 * value("soma.variance_explained"),
        100 * value("soma.variance_explained_rescaled"));
    if (m.contains("sequences.count")) {
      fmt::print("  sequences' peaks          correlation {:.3f}{}; of their direction {:.3f}{}\n",
                 value("sequences.twin_correlation"), interval("sequences.twin_correlation"),
                 value("sequences.directionality_correlation"),
                 interval("sequences.directionality_correlation"));
    }
    if (m.contains("filter.excitatory_tau_ms") && membrane_time_constant_ms(e_.plan.cell)) {
      fmt::print(
          "  filters decay with        {:.2f} ms (excitatory), {:.2f} ms (inhibitory); the membrane: {:g} "
          "ms\n",
          value("filter.excitatory_tau_ms"), value("filter.inhibitory_tau_ms"), value("filter.true_tau_ms"));
    }
    fmt::print("  report                    {}\n",
               std::filesystem::absolute(out_ / "report.html").lexically_normal().string());
  }

 private:
  /// What the data set is made from and which files it is now.
  std::string simulation_inputs() const {
    const auto inputs = digest(fmt::format(
        "{}|{}|{}|{}|{}|{}", NEURONTWIN_VERSION, e_.plan.identity.configuration, e_.plan.data.train_trials,
        e_.plan.data.valid_trials, e_.plan.data.test_trials, e_.plan.data.trials_per_shard));
    return digest(inputs + shard_stamps({"train", "valid", "test"}));
  }

  bool simulated_before() const {
    const bool basis_is_there =
        e_.plan.data.dendritic_components == 0 || std::filesystem::exists(dendritic_basis_path(dataset_));
    return log_.done("simulate", simulation_inputs()) && basis_is_there;
  }

  void finish_simulation(int64_t simulated, double seconds) {
    // The time of this session: what an interrupted one did before is not known.
    log_.finish("simulate", simulation_inputs(), simulated > 0 ? seconds : log_.seconds("simulate"));
    say(fmt::format("simulate: {} trials of {} ms in {:.1f} s", simulated, e_.plan.data.trial_ms, seconds));
  }

  std::string training_inputs() const {
    return digest(fmt::format("{}|{}|{}|{}|{}", NEURONTWIN_VERSION, e_.training_identity, e_.train.epochs,
                              o_.device, shard_stamps({"train", "valid"})));
  }

  bool trained_before() const {
    return log_.done("train", training_inputs()) && std::filesystem::exists(out_ / "twin.pt") &&
           is_whole_json(out_ / "learning.json");
  }

  /// Returns the seconds of computing.
  double train_on(const GrowingTrials& trials, const ProgressListener& listener) {
    const auto valid_split = open("valid");
    const auto first = e_.train.trials_in(0, trials.all);
    const auto train_support = say_support(trials.first(first), "train", e_.train.skip_ms);
    const auto valid_support = say_support(valid_split, "valid", 0);
    // The test trials are not needed yet, but it is good to know before training that they will not do.
    if (std::filesystem::exists(shard_path(dataset_, "test", 0)) && e_.train.starts_with_trials == 0)
      say_support(open("test"), "test", e_.evaluate.skip_ms);
    if (e_.train.learns_spikes()) {
      require_spikes(train_support, first,
                     e_.train.starts_with_trials > 0 ? "train.starts_with_trials" : "data.train_trials");
      require_spikes(valid_support, e_.plan.data.valid_trials, "data.valid_trials");
    }
    auto twin = fresh_twin();
    const auto result = neurontwin::train(twin, e_.train, e_.seed, trials, valid_split, out_ / "checkpoints",
                                          digest(e_.training_identity + o_.device), listener);
    write_file_atomically(out_ / "learning.json", learning_json(result).dump(1) + "\n");
    std::ostringstream archive;
    twin->to_torchscript(description(result)).save(archive);
    write_file_atomically(out_ / "twin.pt", archive.str());
    say(fmt::format("train: {} epochs, best {} with validation loss {:.5f}, {:.1f} s of computing",
                    result.epochs.size(), result.best_epoch,
                    result.epochs[static_cast<size_t>(result.best_epoch - 1)].valid_loss, result.seconds));
    return result.seconds;
  }

  /// Once all of the data set is there: it is among what the stage is known by.
  void finish_training(double seconds) { log_.finish("train", training_inputs(), seconds); }

  int threads_beside_training() const {
    const int all_but_one = std::max(1, threads_ - 1);
    const int wanted = o_.simulation_threads > 0 ? o_.simulation_threads
                       : device_.is_cuda()       ? all_but_one
                                                 : std::max(1, threads_ / 2);
    return std::min(wanted, threads_);
  }

  static std::string simulation_note(const Progress& simulation, const std::string& after) {
    if (simulation.what.empty()) return "";
    return fmt::format("{}{} {:.0f}/{:.0f} {}", after.empty() ? "" : ", ", simulation.what, simulation.done,
                       simulation.total, simulation.unit);
  }

  static void write_if_changed(const std::filesystem::path& file, const std::string& text) {
    if (!std::filesystem::exists(file) || read_file(file) != text) write_file_atomically(file, text);
  }

  /// Names, sizes and times of change of the shards: other data asks for the stages after it again.
  std::string shard_stamps(std::initializer_list<std::string_view> splits) const {
    std::string stamps;
    for (const auto& split : splits_of(e_.plan.data)) {
      if (std::find(splits.begin(), splits.end(), split.name) != splits.end())
        stamps += shard_stamps_of(split.name, split.trials);
    }
    return stamps;
  }

  std::string shard_stamps_of(const std::string& split, int64_t trials) const {
    std::string stamps;
    const auto shards = (trials + e_.plan.data.trials_per_shard - 1) / e_.plan.data.trials_per_shard;
    for (int64_t i = 0; i < shards; ++i) {
      const auto file = shard_path(dataset_, split, static_cast<size_t>(i));
      std::error_code missing;
      const auto size = std::filesystem::file_size(file, missing);
      const auto changed = std::filesystem::last_write_time(file, missing);
      stamps += fmt::format("{} {} {}\n", file.filename().string(), missing ? 0 : size,
                            missing ? 0 : changed.time_since_epoch().count());
    }
    return stamps;
  }

  std::string evaluation_inputs() const {
    auto stamps = shard_stamps({"train", "valid", "test"});
    for (const auto& set : e_.generalisation.sets)
      stamps += shard_stamps_of("ood-" + set.name, e_.generalisation.trials);
    return digest(fmt::format("{}|{}|{}|{}|{}|{}|{}", NEURONTWIN_VERSION, twin_digest(),
                              e_.plan.identity.configuration, e_.plan.data.test_trials, e_.training_identity,
                              e_.evaluate_settings, stamps));
  }

  /// The trials of other input distributions, simulated where they are missing.
  std::vector<ShiftedTrials> generalise() {
    if (e_.generalisation.sets.empty()) return {};
    return shifted_trials(e_.generalisation, e_.plan, dataset_, threads_, progress_);
  }

  Split open(const std::string& name) const {
    for (const auto& split : splits_of(e_.plan.data)) {
      if (split.name == name) return Split::open(e_.plan, dataset_, split);
    }
    fail_run("no split '{}'", name);
  }

  /// Says how many output spikes a split holds, and what follows if these are few.
  EventSupport say_support(const Split& split, const std::string& name, int64_t skip_ms) const {
    auto support = event_support(split, skip_ms);
    say(words_for(support, name));
    const auto warning = warning_of(support, name);
    if (warning && e_.train.learns_spikes()) say(*warning);
    return support;
  }

  /// A twin cannot learn to spike on data without a single output spike in the first `trials`. `key` sets
  /// their number.
  void require_spikes(const EventSupport& support, int64_t trials, std::string_view key) const {
    if (std::any_of(support.spikes_of.begin(), support.spikes_of.begin() + trials,
                    [](int64_t spikes) { return spikes > 0; })) {
      return;
    }
    fail_input(
        "{} trials ({:.0f} s) hold no output spike; raise {}, or the input rates in [stimulus], or set "
        "spike_weight = 0 in train.schedule to train on the voltage alone",
        trials, static_cast<double>(trials * e_.plan.data.trial_ms) / 1000, key);
  }

  Twin fresh_twin() const {
    Twin twin(e_.twin, excitatory_synapses(e_.plan.cell) + inhibitory_synapses(e_.plan.cell), e_.seed);
    twin->to(device_);
    return twin;
  }

  Twin trained_twin() const {
    const auto file = out_ / "twin.pt";
    if (!std::filesystem::exists(file))
      fail_input("{}: is missing; run 'neurontwin train' first", file.string());
    auto twin = fresh_twin();
    try {
      std::istringstream bytes(read_file(file));
      twin->load_torchscript(torch::jit::load(bytes), file.string());
    } catch (const c10::Error& error) {
      fail_input("{}: cannot be read ({}); remove it and run the train stage again", file.string(),
                 error.what_without_backtrace());
    }
    twin->eval();
    return twin;
  }

  std::string twin_digest() const {
    return std::filesystem::exists(out_ / "twin.pt") ? digest(read_file(out_ / "twin.pt")) : "none";
  }

  SequenceAnswers sequence_answers(Twin& twin) const {
    auto answers = simulate_sequences(e_.sequences, std::get<DetailedCell>(e_.plan.cell), e_.plan.simulation,
                                      e_.seed, threads_);
    answers.twin_peak_mV = twin_peaks(twin, e_.sequences, e_.seed);
    return answers;
  }

  /// neuron.json, of a neuron that has a shape. Without data set or twin it has no trial to play.
  void make_neuron_json() {
    const auto file = out_ / "neuron.json";
    const auto* cell = std::get_if<DetailedCell>(&e_.plan.cell);
    if (cell == nullptr) {
      std::filesystem::remove(file);  // of another neuron, earlier in this folder
      return;
    }
    const auto interpretation_text = read_file(out_ / "interpretation.json");
    const auto inputs =
        digest(fmt::format("{}|{}|{}|{}|{}", NEURONTWIN_VERSION, twin_digest(),
                           e_.plan.identity.configuration, shard_stamps({"test"}), interpretation_text));
    if (log_.done("neuron", inputs) && is_whole_json(file)) return;
    const double start = seconds_now();
    std::vector<NeuronQuantity> quantities;
    Json trial;
    if (std::filesystem::exists(out_ / "twin.pt")) {
      auto twin = trained_twin();
      if (auto weights = synapse_weights(*twin); !weights.empty())
        quantities.push_back({"first-layer weight", "sum of |w|", NeuronQuantity::Per::synapse, weights});
      if (std::filesystem::exists(shard_path(dataset_, "test", 0))) {
        auto plan = e_.plan;
        plan.data.labels = {};  // shown as simulated, whatever the twin was trained on
        const auto test = Split::open(plan, dataset_, splits_of(plan.data)[2]);
        trial = played_trial(twin, test, *cell, plan.simulation, progress_);
      }
    }
    const auto interpretation = out_ / "interpretation.json";
    auto neuron = using_json(interpretation, [&] {
      return neuron_json(*cell, quantities, parse_json(interpretation_text, interpretation));
    });
    neuron["trial"] = std::move(trial);
    write_file_atomically(file, neuron.dump() + "\n");
    log_.finish("neuron", inputs, seconds_now() - start);
  }

  /// What the hidden layers know of the inside of the neuron, and which dendritic spikes the twin predicts.
  void add_probes(Json& document, Twin& twin) const {
    if (e_.probes.trials_score > 0)
      document["probes"] = probe_layers(twin, e_.probes, e_.plan, threads_, progress_);
    if (e_.dendritic_spikes.trials == 0) return;
    std::optional<DendriticBasis> basis;
    if (e_.plan.data.dendritic_components > 0)
      basis = read_dendritic_basis(dendritic_basis_path(dataset_), e_.plan.identity.configuration);
    document["dendritic_spikes"] =
        dendritic_spikes(twin, e_.dendritic_spikes, e_.plan, basis ? &*basis : nullptr, threads_, progress_);
  }

  std::string description(const TrainResult& result) const {
    return Json{{"program", "neurontwin " NEURONTWIN_VERSION},
                {"title", e_.title},
                {"input", "spikes [batch, channel, ms], 0 or 1; excitatory synapses first"},
                {"output", "spike probability [batch, ms], somatic voltage in mV [batch, ms]"},
                {"excitatory_synapses", excitatory_synapses(e_.plan.cell)},
                {"inhibitory_synapses", inhibitory_synapses(e_.plan.cell)},
                {"window_ms", e_.twin.window_ms()},
                {"best_epoch", result.best_epoch},
                {"experiment", e_.resolved}}
        .dump();
  }

  Json run_json() const {
    const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    char finished[32];
    std::strftime(finished, sizeof finished, "%Y-%m-%d %H:%M UTC", &utc);
    const auto seconds = [&](int64_t trials) {
      return static_cast<double>(trials * e_.plan.data.trial_ms) / 1000;
    };
    return {
        {"title", e_.title},
        {"command", o_.command},
        {"version", NEURONTWIN_VERSION},
        {"seed", e_.seed},
        {"profile", o_.profile},
        {"finished", finished},
        {"machine", machine_words()},
        {"cell", words_for(e_.plan.cell)},
        {"data",
         fmt::format("{} to train, {} to validate, {} to test", hours(seconds(e_.plan.data.train_trials)),
                     hours(seconds(e_.plan.data.valid_trials)), hours(seconds(e_.plan.data.test_trials)))},
        {"twin", words_for(e_.twin)}};
  }

  const Experiment& e_;
  const Options& o_;
  std::filesystem::path out_;
  FolderLock lock_;
  StageLog log_;
  std::filesystem::path dataset_;
  torch::Device device_;
  int threads_ = 1;
  ProgressListener progress_ = progress_bar();
};

}  // namespace

void run_stage(StageName stage, const Experiment& experiment, const Options& options) {
  Run run(experiment, options);
  switch (stage) {
    case StageName::simulate:
      return with_reasons("simulating", kSimulating, [&] { run.simulate(); });
    case StageName::train:
      return with_reasons("training", kTraining, [&] { run.train(); });
    case StageName::evaluate:
      return with_reasons("evaluating", kEvaluating, [&] { run.evaluate(); });
    case StageName::interpret:
      return with_reasons("interpreting", kInterpreting, [&] { run.interpret(); });
    case StageName::report:
      return with_reasons("making the report", kReporting, [&] { run.report(); });
  }
}

void run_all(const Experiment& experiment, const Options& options) {
  Run run(experiment, options);
  with_reasons("simulating and training", kSimulatingAndTraining, [&] { run.simulate_and_train(); });
  with_reasons("evaluating", kEvaluating, [&] { run.evaluate(); });
  with_reasons("interpreting", kInterpreting, [&] { run.interpret(); });
  with_reasons("making the report", kReporting, [&] { run.report(); });
  run.print_summary();
}

}  // namespace neurontwin
