// compile_catalogue FOLDER FILE.mod...: writes NAME.kernel.cpp for each file, and catalogue.cpp, which lists
// them. Part of the build.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "config/error.hpp"
#include "files/files.hpp"
#include "mechanism/generate.hpp"

namespace {

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  if (!out.flush()) nt::fail_run("{}: cannot be written", file.string());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::filesystem::path folder = argv[1];
    std::string declarations, entries;
    for (int i = 2; i < argc; ++i) {
      const std::filesystem::path file = argv[i];
      const auto mechanism = nt::mechanism::compile_mechanism(file);
      const auto kernel_file = mechanism.name + ".kernel.cpp";
      const auto entry = "neurontwin_kernels_" + mechanism.name;
      write(folder / kernel_file, generate_kernels(mechanism, kernel_file, entry));
      declarations += fmt::format("extern \"C\" void {}(MechanismKernels*);\n", entry);
      entries += fmt::format("    {{\"{}\", R\"mod({})mod\", &{}}},\n", mechanism.name,
                             nt::files::read_file(file), entry);
    }
    write(
        folder / "catalogue.cpp",
        fmt::format("#include \"mechanism/catalogue.hpp\"\n\nnamespace nt::mechanism {{\n{}\nstd::span<const "
                    "CatalogueEntry> catalogue() {{\n"
                    "  static const CatalogueEntry all[] = {{\n{}  }};\n  return all;\n}}\n\n}}  // "
                    "namespace nt::mechanism\n",
                    declarations, entries));
  } catch (const std::exception& error) {
    fmt::print(stderr, "compile_catalogue: {}\n", error.what());
    return 1;
  }
}
