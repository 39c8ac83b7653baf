#pragma once
#include <span>
#include <string_view>

namespace neurontwin {

/// A file of src/report/page or a module of Vega, as it was when the program was built.
struct Asset {
  std::string_view name;
  std::string_view content;
};
std::span<const Asset> page_assets();
std::span<const Asset> vega_modules();

}  // namespace neurontwin
