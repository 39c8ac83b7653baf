#include "cli/stages.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <thread>

#include "cli/outcome.hpp"
#include "cli/progress_bar.hpp"
#include "cli/stage_log.hpp"
#include "dataset/background_dataset.hpp"
#include "dataset/event_support.hpp"
#include "evaluate/played_trial.hpp"
#include "files/files.hpp"
#include "files/json.hpp"
#include "interpret/synapse_weights.hpp"
#include "progress/say.hpp"
#include "report/neuron.hpp"
#include "report/report.hpp"
#include "twin/saved_twin.hpp"

namespace neurontwin {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kTwinFile = "twin.safetensors";

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
        dataset_(out_ / "dataset") {
    remove_half_written(out_);
    if (log_.was_older()) {
      say(
          fmt::format("{}: is of an older neurontwin, which did not keep what results were made from; its "
                      "stages are not taken for done",
                      out_.string()));
    }
    threads_ = options.threads > 0 ? options.threads
                                   : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    *training_threads_ = threads_;
  }

  void simulate() {
    if (simulated_before()) return say("simulate: done before");
    make_room_for_data();
    remember_experiment();
    const double start = seconds_now();
    const auto simulated = make_dataset(e_.plan, dataset_, threads_, progress_);
    finish_simulation(simulated, seconds_now() - start);
  }

  void train() {
    require_own_data();
    if (trained_before()) return say("train: done before");
    const auto train_split = open("train");
    remember_experiment();
    note_data_found();
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
    make_room_for_data();
    remember_experiment();
    const int beside = threads_beside_training(), threads_of_training = std::max(1, threads_ - beside);
    BackgroundDataset data(e_.plan, dataset_, threads_, beside);
    bool simulated = false;
    const auto note_if_simulated = [&] {
      if (simulated || !data.finished()) return;
      simulated = true;
      *training_threads_ = threads_;
      finish_simulation(data.finish({}), data.seconds());
    };
    data.wait_for("valid", e_.plan.data.valid_trials, progress_);
    Split train_split;
    const GrowingTrials trials{e_.plan.data.train_trials, [&](int64_t first) -> const Split& {
                                 data.wait_for("train", first, progress_);
                                 train_split.grow(e_.plan, dataset_, splits_of(e_.plan.data)[0], first);
                                 *training_threads_ = simulated ? threads_ : threads_of_training;
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
    data.finish(progress_);
    note_if_simulated();
    finish_training(seconds);
  }

  void evaluate() {
    require_same_experiment({"simulate", "train"});
    if (done_before("evaluate", evaluation_inputs(), {"metrics.json", "curves.json"})) {
      note_scores(read_json(out_ / "metrics.json"));  // the twin's file may have been made again
      return say("evaluate: done before");
    }
    const auto train_split = open("train"), valid_split = open("valid"), test_split = open("test");
    require_results("train", {"dataset/train", "dataset/valid"}, {kTwinFile});
    remember_experiment();
    auto twin = trained_twin();
    const auto other_inputs = generalise();
    const double start = seconds_now();
    const OneUnitTask networks{e_.twin,
                               e_.convolutional,
                               e_.train,
                               out_ / "checkpoints-one-unit",
                               name_of_training(train_split.digest(), valid_split.digest()),
                               cell_table(e_.plan.cell)};
    auto evaluation =
        neurontwin::evaluate(twin, e_.evaluate, e_.seed, train_split, valid_split, test_split, progress_,
                             e_.evaluate.trains_networks() ? &networks : nullptr, other_inputs);
    if (e_.sequences.orders > 0) {
      const auto answers = sequence_answers(twin);
      evaluation.metrics.update(sequence_metrics(answers, e_.evaluate.bootstrap_resamples, e_.seed));
      evaluation.curves["sequences"] = {{"directionality", answers.directionality},
                                        {"peak_mV", answers.peak_mV},
                                        {"twin_peak_mV", answers.twin_peak_mV}};
    }
    evaluation.metrics.update(intervention_scores(twin, e_.plan, test_split, e_.interventions,
                                                  e_.evaluate.bootstrap_resamples, threads_));
    evaluation.metrics.update(interpret_filters(twin, excitatory_synapses(e_.plan.cell),
                                                membrane_time_constant_ms(e_.plan.cell), e_.seed)
                                  .metrics);
    const double seconds = seconds_now() - start;
    evaluation.metrics["timing.simulate_s"] = log_.seconds("simulate");
    evaluation.metrics["timing.train_s"] = log_.seconds("train");
    evaluation.metrics["timing.evaluate_s"] = seconds;
    write_file_atomically(out_ / "curves.json", evaluation.curves.dump() + "\n");
    write_file_atomically(out_ / "metrics.json", evaluation.metrics.dump(1) + "\n");
    note_scores(evaluation.metrics);
    finish("evaluate", evaluation_inputs(), {"metrics.json", "curves.json"}, seconds);
    say(fmt::format("evaluate: {:.1f} s", seconds));
  }

  void interpret() {
    // There may be no evaluation yet, but none with other settings beside what is said now.
    const auto others = log_.find("evaluate") != nullptr
                            ? std::vector<std::string>{"simulate", "train", "evaluate"}
                            : std::vector<std::string>{"simulate", "train"};
    require_same_experiment(others);
    if (done_before("interpret", interpretation_inputs(), {"interpretation.json"}))
      return say("interpret: done before");
    const auto test_split = open("test");
    require_results("train", {}, {kTwinFile});
    require_results("simulate", {}, {"dataset/test"});
    remember_experiment();
    const double start = seconds_now();
    auto twin = trained_twin();
    auto document = neurontwin::interpret(twin, e_.plan, test_split, e_.interpret, threads_);
    add_probes(document, twin);
    write_file_atomically(out_ / "interpretation.json", document.dump() + "\n");
    if (!twin.network().filters(twin.layout(), twin.numbers, twin.channels()))
      say(fmt::format("interpret: a {} twin has no filters to show", twin.network().kind()));
    const double seconds = seconds_now() - start;
    finish("interpret", interpretation_inputs(), {"interpretation.json"}, seconds);
    say(fmt::format("interpret: {:.1f} s", seconds));
  }

  void report() {
    for (const auto* name : {"metrics.json", "curves.json", "learning.json", "interpretation.json"}) {
      if (!std::filesystem::exists(out_ / name)) {
        fail_input("{}: is missing; run the stages before the report first, or 'neurontwin run'",
                   (out_ / name).string());
      }
    }
    require_same_experiment({"simulate", "train", "evaluate", "interpret"});
    require_results("train", {}, {kTwinFile, "learning.json"});
    require_results("evaluate", {kTwinFile}, {"metrics.json", "curves.json"});
    require_results("interpret", {kTwinFile}, {"interpretation.json"});
    remember_experiment();
    make_neuron_json();
    const bool with_search = search_is_ours();
    StageInputs inputs{page_settings(), {}};
    for (const auto* name : {"experiment.toml", "metrics.json", "curves.json", "learning.json",
                             "interpretation.json", "neuron.json"})
      inputs.files[name] = content(name);
    inputs.files["search.json"] = with_search ? content("search.json") : "";
    if (done_before("report", inputs, {"report.html"})) return say("report: done before");
    const double start = seconds_now();
    write_file_atomically(out_ / "run.json", run_json().dump(1) + "\n");
    write_file_atomically(out_ / "report.html", make_report(out_, with_search));
    finish("report", inputs, {"report.html"}, seconds_now() - start);
  }

  /// experiment.toml and the words are of the last command that worked here.
  void remember_experiment() {
    write_if_changed(out_ / "experiment.toml", e_.resolved);
    const auto words = words_now();
    const bool same = log_.word("title") == words.at("title") && log_.word("profile") == words.at("profile");
    if (log_.word("command").empty() || !same) log_.set_words(words);
  }

  void print_summary() const {
    const auto m = read_json(out_ / "metrics.json");
    const auto value = [&](const char* key) {
      return m.contains(key) && m[key].is_number() ? m[key].get<double>() : NAN;
    };
    const auto interval = [&](const std::string& key) {
      const auto it = m.find(key + "_ci95");
      const bool is_interval =
          it != m.end() && it->is_array() && it->size() == 2 && (*it)[0].is_number() && (*it)[1].is_number();
      return is_interval ? fmt::format("  [{:.4f}, {:.4f}]", (*it)[0].get<double>(), (*it)[1].get<double>())
                         : "";
    };
    fmt::print("\n{}\n", e_.title);
    if (m.contains("spike.auc")) {  // a passive neuron has none
      fmt::print("  spike AUC                 {:.5f}{}\n", value("spike.auc"), interval("spike.auc"));
      if (m.contains("baseline.glm.spike.auc")) {
        fmt::print("    a linear sum's          {:.5f}{}\n", value("baseline.glm.spike.auc"),
                   interval("baseline.glm.spike.auc"));
      }
      fmt::print("  spikes found              {:.4f}{}   threshold: 0.25 % FPR on the validation set\n",
                 value("spike.tpr_at_fpr_0.0025"), interval("spike.tpr_at_fpr_0.0025"));
      fmt::print("    at, on the test set     {:.3f} % FPR, {:.2f} false alarms a second\n",
                 100 * value("spike.fpr_at_fpr_0.0025"), value("spike.false_positives_per_s_at_fpr_0.0025"));
      fmt::print("    at 0.25 % test FPR      {:.4f}{}   read off the test set's own curve\n",
                 value("spike.tpr_at_test_fpr_0.0025"), interval("spike.tpr_at_test_fpr_0.0025"));
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
      const auto tau = [&](const std::string& kind) {
        const auto note = m.find("filter." + kind + "_tau_note");
        if (note != m.end()) return fmt::format("no time constant ({}: {})", kind, note->get<std::string>());
        return fmt::format("{:.2f} ms ({})", value(("filter." + kind + "_tau_ms").c_str()), kind);
      };
      fmt::print("  filters decay with        {}{}; the membrane: {:g} ms\n", tau("excitatory"),
                 m.contains("filter.inhibitory_tau_ms") ? ", " + tau("inhibitory") : "",
                 value("filter.true_tau_ms"));
    }
    fmt::print("  report                    {}\n",
               std::filesystem::absolute(out_ / "report.html").lexically_normal().string());
  }

 private:
  /// The digest of a file in the run directory, or of a split of the data set, "dataset/train"; empty if it
  /// is not there. InputError where a shard was changed after it was made.
  std::string content(const std::string& name) {
    const auto file = out_ / name;
    if (name == kTwinFile) return content_of_twin(file);
    if (!name.starts_with("dataset/") || name.ends_with(".h5"))
      return std::filesystem::is_regular_file(file) ? digest(read_file(file)) : "";
    const auto known = splits_read_.find(name);
    if (known != splits_read_.end()) return known->second;
    return splits_read_[name] = digest_of_split(e_.plan, dataset_, split_plan(name.substr(8)), threads_);
  }

  /// That of the network alone: the scores that are noted in its file make it no other one.
  static std::string content_of_twin(const std::filesystem::path& file) {
    if (!std::filesystem::is_regular_file(file)) return "";
    try {
      TwinFile twin(file);
      twin.check_digest();
      return twin.identity();
    } catch (const InputError&) {
      return "damaged";
    }
  }

  SplitPlan split_plan(const std::string& name) const {
    for (const auto& split : splits_of(e_.plan.data))
      if (split.name == name) return split;
    for (const auto& set : e_.generalisation.sets)
      if ("ood-" + set.name == name) return {name, set.stage, e_.generalisation.trials};
    fail_run("no split '{}'", name);
  }

  using Names = std::initializer_list<const char*>;

  Contents contents(std::span<const std::string> names) {
    Contents all;
    for (const auto& name : names) all[name] = content(name);
    return all;
  }
  Contents contents(Names names) { return contents(std::vector<std::string>(names.begin(), names.end())); }

  /// Whether a stage is finished with these very inputs, and its results untouched. Where it is to be done
  /// again, says why.
  bool done_before(const std::string& stage, const StageInputs& inputs,
                   std::span<const std::string> results) {
    const auto* record = log_.find(stage);
    if (record == nullptr) return false;
    const auto why = why_again(*record, inputs, contents(results));
    if (!why.empty()) say(fmt::format("{}: to be done again: {}", stage, why));
    return why.empty();
  }
  bool done_before(const std::string& stage, const StageInputs& inputs, Names results) {
    return done_before(stage, inputs, std::vector<std::string>(results.begin(), results.end()));
  }

  void finish(const std::string& stage, const StageInputs& inputs, std::span<const std::string> results,
              double seconds) {
    log_.finish(stage, {inputs, contents(results), seconds});
  }
  void finish(const std::string& stage, const StageInputs& inputs, Names results, double seconds) {
    finish(stage, inputs, std::vector<std::string>(results.begin(), results.end()), seconds);
  }

  const ValuesByKey& settings_of(const std::string& stage) const {
    if (stage == "simulate") return e_.determines.simulate;
    if (stage == "train") return e_.determines.train;
    return stage == "evaluate" ? e_.determines.evaluate : e_.determines.interpret;
  }

  /// Before anything is said of the results of `stages`: they must have been made with this command's
  /// settings. InputError names each key that differs.
  void require_same_experiment(std::span<const std::string> stages) const {
    std::vector<KeyDifference> found;
    for (const auto& stage : stages) {
      const auto* record = log_.find(stage);
      if (record == nullptr) {
        fail_input(
            "{}: the stage '{}' has not been finished there{}; run 'neurontwin {}' first, or 'neurontwin "
            "run'",
            out_.string(), stage,
            log_.was_older() ? ", as far as this neurontwin, a newer one, can know" : "", stage);
      }
      for (auto& difference : differences(record->inputs.settings, settings_of(stage))) {
        const auto same_key = [&](const auto& d) { return d.key == difference.key; };
        // Where a twin was trained does not matter to who describes it.
        if (difference.key != "device" && std::ranges::none_of(found, same_key))
          found.push_back(std::move(difference));
      }
    }
    const auto words = words_now();
    for (const auto* key : {"title", "profile"})
      if (log_.word(key) != words.at(key)) found.push_back({key, log_.word(key), words.at(key)});
    if (found.empty()) return;
    fail_input(
        "{}: the results there are of another experiment than this command's ({}); give the command that "
        "made "
        "them, or 'neurontwin run' with this one to make them again",
        out_.string(), words_for(found, "in the folder", "in the command", 60));
  }
  void require_same_experiment(std::initializer_list<std::string> stages) const {
    require_same_experiment(std::vector<std::string>(stages));
  }

  /// The data set there is this command's: one of other settings is neither trained on nor taken for trained
  /// on.
  void require_own_data() const {
    const auto* record = log_.find("simulate");
    if (record == nullptr) return;  // whoever opens the shards looks at what made them
    const auto found = differences(record->inputs.settings, e_.determines.simulate);
    if (found.empty()) return;
    fail_input(
        "{}: was made by another configuration ({}); choose another --out, or remove the dataset folder",
        dataset_.string(), words_for(found, "there", "here", 60));
  }

  /// A stage's results are as it left them, and made from the files as they are.
  void require_results(const std::string& stage, Names files, Names results) {
    auto inputs = log_.find(stage)->inputs;
    inputs.files = contents(files);
    const auto why = why_again(*log_.find(stage), inputs, contents(results));
    if (why.empty()) return;
    fail_input("{}: {}; run 'neurontwin {}' again, or 'neurontwin run'", out_.string(), why, stage);
  }

  /// What the run is called by. A command without a profile says nothing of it.
  std::map<std::string, std::string> words_now() const {
    return {{"title", e_.title},
            {"profile", o_.profile.empty() ? log_.word("profile") : o_.profile},
            {"command", o_.command}};
  }

  StageInputs simulation_inputs() const { return {e_.determines.simulate, {}}; }

  std::vector<std::string> simulation_results() const {
    std::vector<std::string> names{"dataset/train", "dataset/valid", "dataset/test"};
    if (e_.plan.data.dendritic_components > 0) names.push_back("dataset/dendritic_basis.h5");
    return names;
  }

  bool simulated_before() { return done_before("simulate", simulation_inputs(), simulation_results()); }

  void make_room_for_data() {
    if (const auto words = put_outdated_aside(e_.plan, dataset_); !words.empty()) say("simulate: " + words);
  }

  void finish_simulation(int64_t simulated, double seconds) {
    splits_read_.clear();
    // The time of this session: what an interrupted one did before is not known.
    finish("simulate", simulation_inputs(), simulation_results(),
           simulated > 0 ? seconds : log_.seconds("simulate"));
    say(fmt::format("simulate: {} trials of {} ms in {:.1f} s", simulated, e_.plan.data.trial_ms, seconds));
  }

  /// A whole data set that was simulated elsewhere, or before the log was lost, counts as simulated.
  void note_data_found() {
    const auto results = contents(simulation_results());
    if (std::ranges::any_of(results, [](const auto& result) { return result.second.empty(); })) return;
    const auto* record = log_.find("simulate");
    if (record == nullptr || !why_again(*record, simulation_inputs(), results).empty())
      log_.finish("simulate", {simulation_inputs(), results, log_.seconds("simulate")});
  }

  StageInputs training_inputs() {
    return {e_.determines.train, contents({"dataset/train", "dataset/valid"})};
  }

  bool trained_before() { return done_before("train", training_inputs(), {kTwinFile, "learning.json"}); }

  /// What checkpoints are known by.
  std::string name_of_training(const std::string& train_data, const std::string& valid_data) const {
    return training_identity(e_.determines, e_.plan.identity,
                             {{"dataset/train", train_data}, {"dataset/valid", valid_data}},
                             e_.train.depends_on_epochs());
  }

  /// Returns the seconds of computing.
  double train_on(const GrowingTrials& trials, const ProgressListener& listener) {
    const auto valid_split = open("valid");
    const auto first = e_.train.trials_in(0, trials.all);
    const auto& first_split = trials.first(first);
    const auto name = name_of_training(first_split.digest(), valid_split.digest());
    const auto train_support = say_support(first_split, "train", e_.train.skip_ms);
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
    const auto result = neurontwin::train(
        twin, {e_.train, training_seed(), out_ / "checkpoints", name, listener}, trials, valid_split);
    write_file_atomically(out_ / "learning.json", learning_json(result).dump(1) + "\n");
    write_file_atomically(twin_path(), twin_bytes(twin, description(result)));
    say(fmt::format("train: {} epochs, best {} with validation loss {:.5f}, {:.1f} s of computing",
                    result.epochs.size(), result.best_epoch,
                    result.epochs[static_cast<size_t>(result.best_epoch - 1)].valid_loss, result.seconds));
    for (const auto& setback : result.setbacks)
      say(fmt::format("train: setback: {}; went on from the best weights at {:g} of the learning rate",
                      setback.words, setback.rate_factor));
    return result.seconds;
  }

  /// Once all of the data set is there: it is among what the stage is known by.
  void finish_training(double seconds) {
    finish("train", training_inputs(), {kTwinFile, "learning.json"}, seconds);
  }

  int threads_beside_training() const {
    const int wanted = o_.simulation_threads > 0 ? o_.simulation_threads : std::max(1, threads_ / 2);
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

  StageInputs evaluation_inputs() {
    std::vector<std::string> files{kTwinFile, "dataset/train", "dataset/valid", "dataset/test"};
    for (const auto& set : e_.generalisation.sets) files.push_back("dataset/ood-" + set.name);
    return {e_.determines.evaluate, contents(files)};
  }

  StageInputs interpretation_inputs() {
    std::vector<std::string> files{kTwinFile, "dataset/test"};
    if (e_.dendritic_spikes.trials > 0 && e_.plan.data.dendritic_components > 0)
      files.push_back("dataset/dendritic_basis.h5");
    return {e_.determines.interpret, contents(files)};
  }

  ValuesByKey page_settings() const {
    return {{"algorithms.report", fmt::to_string(kReportVersion)},
            {"program", NEURONTWIN_VERSION},
            {"title", log_.word("title")},
            {"profile", log_.word("profile")}};
  }

  static Contents training_data(const Contents& data) {
    Contents training;
    for (const auto& [name, content] : data)
      if (name == "dataset/train" || name == "dataset/valid") training[name] = content;
    return training;
  }

  /// Whether search.json is there, as a finished search wrote it, of the data that the run is of. Says why
  /// not.
  bool search_is_ours() {
    if (!std::filesystem::exists(out_ / "search.json")) return false;
    const auto* record = log_.find("search");
    const auto* data = log_.find("simulate");
    std::string why = "no search that this neurontwin finished wrote it";
    if (record != nullptr && record->inputs.files != training_data(data->outputs))
      why = "it was made from other data";
    else if (record != nullptr)
      why = why_again(*record, {record->inputs.settings, {}}, contents({"search.json"}));
    if (why.empty()) return true;
    say(fmt::format("report: leaves out {}: {}; 'neurontwin search' makes it again",
                    (out_ / "search.json").string(), why));
    return false;
  }

  /// The trials of other input distributions, simulated where they are missing.
  std::vector<ShiftedTrials> generalise() {
    if (e_.generalisation.sets.empty()) return {};
    auto trials = shifted_trials(e_.generalisation, e_.plan, dataset_, threads_, progress_);
    splits_read_.clear();
    return trials;
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

  /// Of starting weights and windows.
  uint64_t training_seed() const { return e_.train.seed.value_or(e_.seed); }

  Twin fresh_twin() const {
    return Twin(e_.twin, excitatory_synapses(e_.plan.cell) + inhibitory_synapses(e_.plan.cell),
                training_seed(), on_threads(training_threads_));
  }

  std::filesystem::path twin_path() const { return out_ / kTwinFile; }

  /// What `use` makes of the file of the twin, which has to be this experiment's.
  template <class F>
  auto with_twin_file(F&& use) const {
    if (!std::filesystem::exists(twin_path())) {
      const bool is_old = std::filesystem::exists(out_ / "twin.pt");
      fail_input("{}: is missing; run 'neurontwin train' first{}", twin_path().string(),
                 is_old ? " (twin.pt, of version 0.1, is not read: loading it would run its code)" : "");
    }
    try {
      return use();
    } catch (const InputError& error) {
      fail_input("{}; remove it and run the train stage again", error.what());
    }
  }

  Twin trained_twin() const {
    return with_twin_file([&] {
      TwinFile(twin_path()).require_network_of(description({}));
      return load_twin(twin_path(), on_threads(threads_)).twin;
    });
  }

  /// Whoever gets the twin's file alone finds in it how good it is, and from which probability on it spikes.
  void note_scores(const Json& metrics) const {
    auto [twin, stored] = load_twin(twin_path());
    const auto before = stored;
    stored.thresholds = stored.scores = nlohmann::json::object();
    for (const auto& [key, value] : metrics.items()) {
      if (key == "spike.threshold" || key.starts_with("spike.threshold_at_fpr_")) {
        if (value.is_number()) stored.thresholds[key] = value;
      } else if (key.starts_with("spike.") || key.starts_with("soma.") || key.starts_with("dendrites.")) {
        stored.scores[key] = value;
      }
    }
    if (stored.thresholds == before.thresholds && stored.scores == before.scores) return;
    write_file_atomically(twin_path(), twin_bytes(twin, stored));
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
    const auto metrics = read_json(out_ / "metrics.json");
    const auto found = metrics.find("spike.threshold");
    const double threshold = found != metrics.end() && found->is_number() ? found->get<double>() : NAN;
    const StageInputs inputs{{{"algorithms.report", fmt::to_string(kReportVersion)},
                              {"spike.threshold", fmt::to_string(threshold)}},
                             contents({kTwinFile, "dataset/test", "interpretation.json"})};
    if (done_before("neuron", inputs, {"neuron.json"})) return;
    const double start = seconds_now();
    std::vector<NeuronQuantity> quantities;
    Json trial;
    if (std::filesystem::exists(twin_path())) {
      auto twin = trained_twin();
      if (auto weights = synapse_weights(twin); !weights.empty())
        quantities.push_back({"first-layer weight", "sum of |w|", NeuronQuantity::Per::synapse, weights});
      if (std::filesystem::exists(shard_path(dataset_, "test", 0))) {
        auto plan = e_.plan;
        plan.data.labels = {};  // shown as simulated, whatever the twin was trained on
        const auto test = Split::open(plan, dataset_, splits_of(plan.data)[2]);
        trial = played_trial(twin, threshold, test, *cell, plan.simulation, progress_);
      }
    }
    const auto interpretation = out_ / "interpretation.json";
    auto neuron = using_json(interpretation, [&] {
      return neuron_json(*cell, quantities, parse_json(interpretation_text, interpretation));
    });
    neuron["trial"] = std::move(trial);
    write_file_atomically(file, neuron.dump() + "\n");
    finish("neuron", inputs, {"neuron.json"}, seconds_now() - start);
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

  TwinDescription description(const TrainResult& result) const {
    return {.spec = e_.twin,
            .excitatory_synapses = excitatory_synapses(e_.plan.cell),
            .inhibitory_synapses = inhibitory_synapses(e_.plan.cell),
            .cell = cell_table(e_.plan.cell),
            .provenance = {{"program", "neurontwin " NEURONTWIN_VERSION},
                           {"title", e_.title},
                           {"seed", e_.seed},
                           {"best_epoch", result.best_epoch},
                           {"experiment", e_.resolved}}};
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
        {"command", log_.word("command")},
        {"version", NEURONTWIN_VERSION},
        {"seed", e_.seed},
        {"profile", log_.word("profile")},
        {"finished", finished},
        {"machine", machine_words()},
        {"cell", words_for(e_.plan.cell)},
        {"data",
         fmt::format("{} to train, {} to validate, {} to test", hours(seconds(e_.plan.data.train_trials)),
                     hours(seconds(e_.plan.data.valid_trials)), hours(seconds(e_.plan.data.test_trials)))},
        {"twin", e_.twin.network->words()}};
  }

  const Experiment& e_;
  const Options& o_;
  std::filesystem::path out_;
  FolderLock lock_;
  StageLog log_;
  std::filesystem::path dataset_;
  Contents splits_read_;  // since something was last simulated
  int threads_ = 1;
  std::shared_ptr<std::atomic<int>> training_threads_ = std::make_shared<std::atomic<int>>(1);
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
  run.remember_experiment();
  with_reasons("evaluating", kEvaluating, [&] { run.evaluate(); });
  with_reasons("interpreting", kInterpreting, [&] { run.interpret(); });
  with_reasons("making the report", kReporting, [&] { run.report(); });
  run.print_summary();
}

}  // namespace neurontwin
