#pragma once
#include <string>
#include <string_view>

#include "config/error.hpp"
#include "config/settings.hpp"
#include "mechanism/generate.hpp"
#include "morphology/compartments.hpp"
#include "saved_readers.hpp"

namespace neurontwin {

enum class Reader { swc, asc, nmodl, toml, twin, checkpoint };
constexpr int kReaders = 6;

/// What a user's file goes through, except simulation. Any bytes will do: what is wrong with them is an
/// InputError.
inline void read_as(Reader reader, std::string_view text) {
  switch (reader) {
    case Reader::swc:
    case Reader::asc: {
      const auto morphology = reader == Reader::swc ? read_swc(text, "fuzz.swc") : read_asc(text, "fuzz.asc");
      cut(
          with_axon_stub(morphology, 2, 30, 1), [](const Section& s) { return by_spacing(s, 40); }, 100);
      return;
    }
    case Reader::nmodl: {
      const auto mechanism = compile_mechanism(text, "fuzz.mod");
      generate_kernels(mechanism, "fuzz.cpp", "fuzz");
      return;
    }
    case Reader::toml: {
      const auto settings = Settings::from_text(text, "fuzz.toml");
      settings.text("kind", "none");
      settings.number("dt_ms", 1.0, {0, 10});
      settings.integers("taps", std::vector<int64_t>{1}, {1, 100});
      for (const auto& insert : settings.tables("insert")) insert.formula("gbar", "0");
      settings.resolved();
      settings.reject_unread();
      return;
    }
    case Reader::twin:
      return read_changed(read_saved_twin, text);
    case Reader::checkpoint:
      return read_changed(read_saved_checkpoint, text);
  }
}

}  // namespace neurontwin
