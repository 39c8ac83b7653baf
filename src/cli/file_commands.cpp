#include "cli/file_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/memory_limit.hpp"
#include "cli/one_of.hpp"
#include "cli/show.hpp"
#include "cli/stopping.hpp"
#include "cli/threads.hpp"
#include "neurontwin/run.hpp"
#include "neurontwin/twin.hpp"

namespace nt::cli {
namespace {

using std::filesystem::path;

Command inspect_command() {
  return {"inspect", "print what a file or a run folder holds", [](CLI::App& app) {
            struct Options {
              std::vector<path> files;
              std::vector<std::string> set;
              std::string profile;
              path svg;
            };
            const auto o = std::make_shared<Options>();
            app.add_option("files", o->files,
                           ".toml, .swc, .asc, .mod, .h5, .safetensors, .json, .html or a run folder; shards "
                           "of one split "
                           "are taken together")
                ->required();
            app.add_option("--set", o->set, "key=value: overrides a setting of the cell or experiment")
                ->allow_extra_args(false);
            app.add_option("--profile", o->profile, "a profile of the experiment file");
            app.add_option("--svg", o->svg,
                           "SVG file to write: the tree of a morphology or of a detailed cell");
            return [o] { show_text(neurontwin::inspect(o->files, o->profile, o->set, o->svg)); };
          }};
}

Command predict_command() {
  return {"predict", "run a twin over the input of a data set file", [](CLI::App& app) {
            struct Options {
              path twin, input, out;
              std::string device = "cpu";
              int threads = 0;
            };
            const auto o = std::make_shared<Options>();
            app.add_option("twin", o->twin, "twin.safetensors")->required();
            app.add_option("--input", o->input, "data set or replay file (.h5)")->required();
            app.add_option("--out", o->out, "HDF5 file to write")->required();
            app.add_option("--device", o->device, "what computes: cpu (default), cuda (a GPU), or emulate")
                ->check(one_of({"cpu", "cuda", "emulate"}));
            add_threads_option(app, o->threads);
            return [o] {
              require_address_space(threads_of(0));
              neurontwin::predict_file(o->twin, o->input, o->out, o->threads, stop_of_signals(), o->device);
            };
          }};
}

Command export_command() {
  return {"export", "write a twin in another format", [](CLI::App& app) {
            struct Options {
              path twin, out;
              std::string format;
            };
            const auto o = std::make_shared<Options>();
            app.add_option("twin", o->twin, "twin.safetensors")->required();
            app.add_option("--format", o->format, "onnx or hdf5")->required();
            app.add_option("--out", o->out, "file to write")->required();
            return [o] { neurontwin::export_file(o->twin, o->format, o->out); };
          }};
}

Command plot_command() {
  return {"plot", "draw a figure of a run as SVG", [](CLI::App& app) {
            struct Options {
              path run, svg;
              std::string figure;
            };
            const auto o = std::make_shared<Options>();
            app.add_option("run", o->run, "run folder")->required();
            app.add_option("figure", o->figure, fmt::format("{}", fmt::join(neurontwin::figures(), ", ")))
                ->required();
            app.add_option("--svg", o->svg, "file to write (default: FIGURE.svg)");
            return [o] {
              if (o->svg.empty()) o->svg = o->figure + ".svg";
              neurontwin::plot(o->run, o->figure, o->svg);
              show("{}\n", o->svg.string());
            };
          }};
}

}  // namespace

std::vector<Command> file_commands() {
  return {inspect_command(), predict_command(), export_command(), plot_command()};
}

}  // namespace nt::cli
