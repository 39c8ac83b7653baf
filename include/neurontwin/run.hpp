#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "neurontwin/evaluate.hpp"

/// Experiments: files that say everything, and run folders that hold all results.
namespace neurontwin {

/// The processes that a launcher (mpirun, srun) started for one command, of which this is one:
/// docs/cluster.md says which work they share. Rank 0 does the rest, and speaks.
class Ranks {
 public:
  /// All of them; this one alone if no launcher started it. Once in a process. RunError where a launcher
  /// started several and this library was built without MPI.
  Ranks();
  int rank() const;  // of this process, counted from 0
  int size() const;
  /// The name of this machine, for messages.
  static std::string host();
  /// Cores of this machine for each of the ranks on it, that this process may use.
  int threads() const;
  /// Of all of them: InputError on each unless every one has the same value of `what`, "command". `advice`:
  /// what to do where it has not.
  void require_same(const std::string& what, const std::string& value, const std::string& advice) const;
  /// At the end of the program, with what would be its exit code: that of every rank, once all are here.
  /// Where this one failed and another is still at work a second later: nothing; abort() should follow.
  std::optional<std::vector<int>> leave(int code) const;
  [[noreturn]] void abort(int code) const;

  struct Model;  // the library's own
  const std::shared_ptr<const Model>& model() const { return model_; }

 private:
  std::shared_ptr<const Model> model_;
};

struct RunOptions {
  std::filesystem::path experiment;   // a TOML file, or a run folder, which remembers its experiment
  std::string profile = {};           // of its profiles; empty: quick, where it has that
  std::filesystem::path out = {};     // the run folder; empty: runs/EXPERIMENT[-PROFILE], or the one given
  std::vector<std::string> set = {};  // "key=value" over the file and its profile
  std::string device = "cpu";         // "cpu" or "cuda"
  int threads = 0;                    // 0: one for each core
  int simulation_threads = 0;         // of these while training goes on beside; 0: half
  std::optional<uint64_t> seed = {};  // in the place of the experiment's
  std::string command = {};           // what repeats the run, for the report
  bool watch = false;  // keep a page of the training while it goes on: watch.html of the run folder
  std::optional<Ranks> ranks = {};  // that share the work; none: this process alone
};

/// An experiment file, read and checked. A value: copies share it.
class Experiment {
 public:
  const std::string& title() const;
  const std::filesystem::path& folder() const;
  /// Every setting with its default, as TOML text: what experiment.toml of the run folder holds.
  const std::string& settings() const;
  /// What a user should know of how its files were read.
  std::vector<std::string> notes() const;
  /// Whether training begins before all trials are simulated (train.starts_with_trials).
  bool simulates_beside_training() const;

  struct Model;  // the library's own
  explicit Experiment(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  const Model& model() const { return held(model_, "experiment"); }

 private:
  std::shared_ptr<const Model> model_;
};

/// InputError naming file:line and key where it is wrong, and where its data set does not fit on the disk or
/// its training into memory.
Experiment read_experiment(const RunOptions& options);

enum class Stage : uint8_t { simulate, train, evaluate, interpret, report };
inline constexpr std::array kAllStages{Stage::simulate, Stage::train, Stage::evaluate, Stage::interpret,
                                       Stage::report};
constexpr std::string_view name_of(Stage stage) {
  constexpr std::array<std::string_view, 5> kNames{"simulate", "train", "evaluate", "interpret", "report"};
  return kNames[static_cast<size_t>(stage)];
}

/// What is to be done of a stage.
struct StagePlan {
  Stage stage = Stage::simulate;
  bool to_do = true;
  std::string why = {};  // it is done again; empty: it was not done before
  double seconds = 0;    // that it takes at least, measured on this machine; 0: not known
};

/// What a command will do in its run folder, and what that takes.
struct RunPlan {
  std::filesystem::path folder = {};
  std::vector<StagePlan> stages = {};
  int64_t missing_trials = 0, trial_ms = 0;        // to simulate
  double missing_bytes = 0, free_disk_bytes = 0;   // of these trials
  double memory_bytes = 0, free_memory_bytes = 0;  // of the largest arrays
  double seconds = 0;                              // of all stages
};

/// Looks at the folder, and times a moment of simulation and a few steps of training (about two seconds)
/// where these are to be done. Makes nothing.
RunPlan plan_of(const Experiment& experiment, std::span<const Stage> stages = kAllStages);
/// It in a few lines, for a terminal.
std::string words_for(const RunPlan& plan);

/// Simulates, trains, evaluates, interprets and reports in the run folder. A stage that has been done with
/// the same inputs is not done again; one that was stopped goes on. Returns what metrics.json holds.
Metrics run(const Experiment& experiment, const Watcher& watcher = {});
/// One of the stages; those before it must have been done.
void run_stage(Stage stage, const Experiment& experiment, const Watcher& watcher = {});

/// Simulates some of the shards of the experiment's data set alone, for programs that make one together, each
/// its own, in one run folder: "FROM:TO" (counted from 0, without TO), "FROM:" (to the last), or "PART/PARTS"
/// (counted from 0). The simulation stage finds them there and makes what is missing. Returns the number of
/// trials that were simulated.
int64_t simulate_shards(const Experiment& experiment, const std::string& which, const Watcher& watcher = {});
int64_t shard_count(const Experiment& experiment);

/// The scores of a run that was evaluated.
Metrics read_metrics(const std::filesystem::path& run_folder);
/// All that is known of these, as JSON text: what metrics.json holds.
std::string read_metrics_json(const std::filesystem::path& run_folder);
/// The main ones in a few lines, for a terminal.
std::string summary_of(const Experiment& experiment);

/// A neuron of one's own, to begin with.
struct NewExperiment {
  std::filesystem::path folder;                        // new, or empty
  std::filesystem::path morphology;                    // .swc or .asc
  std::vector<std::filesystem::path> mechanisms = {};  // .mod: channels, leaks, synapses
  std::string title = {};                              // empty: the folder's name
  double rate_hz = 1;                                  // that the neuron is to fire at
};
/// Copies the files into the folder and writes cell.toml and FOLDER.toml beside them, which run as they
/// are and say in comments what was guessed: channels sit on the soma, leaks everywhere, synapses on the
/// dendrites. Where sodium and potassium channels, a leak, or synapses of a kind are missing, the catalogue's
/// stand in. Returns the experiment's file. InputError where the folder holds something, or a file is wrong.
std::filesystem::path make_experiment(const NewExperiment& asked);

/// What is known of a run folder.
struct ListedRun {
  std::filesystem::path folder;
  std::string title = {}, profile = {};
  std::vector<Stage> finished = {};
  double spike_auc = std::numeric_limits<double>::quiet_NaN();           // NaN: not evaluated, or no spikes
  double variance_explained = std::numeric_limits<double>::quiet_NaN();  // of the voltage
  int64_t parameters = 0;                                                // of the twin
  std::string trouble = {};  // why it cannot be read; empty: it can
};
/// The run folders among these folders and those directly in them, in the order of their paths. InputError
/// where one is no folder.
std::vector<ListedRun> list_runs(std::span<const std::filesystem::path> folders);

/// The names of the figures that a run can be shown in.
std::vector<std::string> figures();
/// Writes one as SVG. InputError where there is no such figure, or the run has not got what it shows.
void plot(const std::filesystem::path& run_folder, const std::string& figure,
          const std::filesystem::path& svg);

/// Searches for the smallest twin that is good enough, as [search] says, and writes search.json. `program`:
/// the command line of this program, with which worker processes are started. Returns its table.
std::string search(const Experiment& experiment, int workers, const std::vector<std::string>& program,
                   const Watcher& watcher = {});
/// What one of these processes does, with so many threads.
void work_on_search(const Experiment& experiment, int threads, const Watcher& watcher = {});

/// How a score of the second run differs from that of the first.
struct ScoreDifference {
  std::string name;  // as in metrics.json
  double first = 0, second = 0;
  double low = 0, high = 0;     // 95 % interval of second - first
  double other_sign_share = 0;  // of resamples in which the difference is 0 or has the other sign
};
struct ComparedRun {
  std::filesystem::path folder;
  std::string twin;  // in words
  int64_t parameters = 0;
  std::vector<ScoreDifference> differences;  // from the first run; of that, none
};
struct Comparison {
  std::string test;  // the test trials, in words
  std::string test_digest;
  int64_t test_trials = 0, resamples = 0;
  std::vector<ComparedRun> runs;
};
struct CompareOptions {
  int64_t resamples = 0;  // of the test trials; 0: as the first run's evaluation
  int threads = 0;        // 0: one for each core
  Watcher watcher = {};
};
/// Scores the twins of several run folders on the same test trials, with intervals from a paired bootstrap
/// over these. InputError where the folders' test trials, or the form in which they are scored, are not the
/// same.
Comparison compare_runs(std::span<const std::filesystem::path> folders, const CompareOptions& options = {});
/// InputError where one of these files, either of which may be empty, is not one that the two functions below
/// may write. For before the comparison, which takes minutes.
void check_comparison_files(const std::filesystem::path& json, const std::filesystem::path& page);
/// As JSON text.
std::string json_of(const Comparison& comparison);
/// As a JSON file.
void write_comparison(const Comparison& comparison, const std::filesystem::path& file);

/// As an HTML page that needs no other file: the scores, and the curves that lie in the runs' folders.
void write_comparison_page(const Comparison& comparison, const std::filesystem::path& file);

/// What files hold, for people: experiments, cells, morphologies, mechanisms, data sets, twins. Shards of one
/// split are taken together. `profile`, `set`: over experiments and cells among them. `svg`: where to draw
/// the tree of a morphology or a detailed cell; empty: nowhere.
std::string inspect(std::span<const std::filesystem::path> files, const std::string& profile = "",
                    const std::vector<std::string>& set = {}, const std::filesystem::path& svg = {});

/// A network of neurons, of their twins, or of both: a TOML file (docs/networks.md).
struct NetworkOptions {
  std::filesystem::path network;
  std::vector<std::string> set = {};  // "key=value" over the file
  std::optional<uint64_t> seed = {};
  int64_t ms = 0;                  // 0: as the file says
  std::string device = "cpu";      // where twins are computed: "cpu" or "cuda"
  std::string as = {};             // "cells" or "twins": all neurons as these; empty: as the file says
  std::filesystem::path out = {};  // of run_network() and compare_network(); empty: runs/NETWORK
  int64_t checkpoint_s = 60;       // of computing between two checkpoints
  int threads = 0;                 // 0: one for each core. The result does not depend on it
  Watcher watcher = {};
  std::optional<Ranks> ranks = {};  // that share the work; none: this process alone
};

/// Spikes of a population in the order of time; a neuron's number counts from 0.
struct PopulationSpikes {
  std::vector<double> time_ms;
  std::vector<uint32_t> neuron;
};

/// How a population fires; NaN where there is nothing to measure. docs/networks.md says how each is measured.
struct PopulationActivity {
  std::string name;
  int64_t neurons = 0, spikes = 0;
  double rate_hz = 0, rate_sd_hz = 0, silent_share = 0;  // over neurons
  double cv = 0;                                         // of the intervals between spikes
  double correlation = 0, correlation_sd = 0;            // of spike counts, over pairs
  double fano = 0;                                       // of the population's spike counts
  std::vector<double> rates_hz, cvs, correlations;       // of neurons, and of pairs
  std::vector<double> frequency_hz, power;               // of the population's rate, Hz^2/Hz
};

/// A network that goes on ms by ms. A value that is moved; for one thread at a time.
class Network {
 public:
  /// Reads and wires it. InputError naming file:line and key where it is wrong.
  explicit Network(const NetworkOptions& options);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  std::vector<std::string> populations() const;
  int64_t neurons(const std::string& population) const;
  int64_t contacts() const;
  int64_t now_ms() const;
  /// The next `ms`. RunError where the watcher asks to stop, after a whole ms.
  void advance(int64_t ms);
  /// So far.
  PopulationSpikes spikes(const std::string& population) const;
  /// [ms][neuron] of the population's first `record_soma` neurons.
  std::vector<float> soma_mV(const std::string& population) const;
  std::vector<PopulationActivity> activity() const;
  /// All that it remembers; another one of the same file goes on from there to the last bit.
  std::string state() const;
  void set_state(const std::string& state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What a network's run came to. Its folder holds spikes.h5 and soma.h5 (SONATA), metrics.json, network.toml.
struct NetworkRun {
  std::filesystem::path folder;
  std::string words;  // what it is made of
  int64_t ms = 0, neurons = 0, contacts = 0;
  double seconds = 0;  // of computing, in this call
  int64_t computed_ms = 0;
  std::vector<PopulationActivity> populations = {};
};
/// What run_network() would do, in words; nothing is written.
std::string network_plan(const NetworkOptions& options);
/// Runs it to its end, from a checkpoint in the folder if there is one of the same network. RunError where
/// the watcher asks to stop; a checkpoint is kept.
NetworkRun run_network(const NetworkOptions& options);

/// How a course of a population differs from that of the detailed neurons.
struct PopulationDifference {
  std::string name;
  double first_divergence_ms = 0, median_divergence_ms = 0, matched_share = 0;
  double rate_correlation = 0, rate_error_hz = 0, interval_distance = 0, correlation_difference = 0;
  double spectrum_distance_db = 0, course_correlation = 0;
};
struct NetworkCourse {
  std::string name;  // "neurons", "perturbed neurons", "twins"
  std::vector<PopulationActivity> populations;
  std::vector<PopulationDifference> differences;  // from the neurons; of these, none
  double seconds = 0;                             // of computing, in this call
};
/// The same wiring and external input through detailed neurons, through these after somatic voltages were
/// moved by draws of this standard deviation (at measures.transient_ms), and through their twins. Writes
/// compare.json and a folder of each course.
std::vector<NetworkCourse> compare_network(const NetworkOptions& options, double perturbation_mV = 0.1);

}  // namespace neurontwin
