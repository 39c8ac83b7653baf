#pragma once
#include <span>
#include <string_view>

namespace nt::report {

/// A file of src/report/page, a module of Vega or three.js, as it was when the program was built.
struct Asset {
  std::string_view name;
  std::string_view content;
};
std::span<const Asset> page_assets();
std::span<const Asset> vega_modules();
std::span<const Asset> three_modules();  // one: "three"

}  // namespace nt::report
