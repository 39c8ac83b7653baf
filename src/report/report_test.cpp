#include "report/report.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "config/temporary_folder.hpp"
#include "files/files.hpp"
#include "report/assets.hpp"

namespace nt::report {
namespace {

namespace fs = std::filesystem;

fs::path run_folder(const std::string& name, const std::string& title) {
  const auto folder = config::own_temporary_folder() / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  const nlohmann::json run{{"title", title}, {"command", "neurontwin run x.toml"}, {"seed", 1}};
  std::ofstream(folder / "run.json") << run.dump();
  std::ofstream(folder / "metrics.json")
      << R"({"spike.auc": 0.99, "spike.auc_ci95": [0.98, 1.0], "soma.rmse_mV": null})";
  std::ofstream(folder / "experiment.toml") << "title = 'x'\n";
  return folder;
}

/// Our own part of the page: everything but Vega's code and the data.
std::string own_part(std::string page) {
  for (const auto& module : vega_modules()) {
    const auto head = std::string(module.content.substr(0, 200));
    const auto at = page.find(head);
    EXPECT_NE(at, std::string::npos) << module.name;
    page.erase(at, module.content.find("//# sourceMappingURL"));
  }
  return page;
}

TEST(Report, AsksTheNetworkForNothing) {
  const auto page = make_report(run_folder("plain", "A neuron"));
  auto own = own_part(page);
  // A link asks for nothing until the reader follows it, and the name of SVG's elements is but a name.
  for (const std::string_view name :
       {"https://doi.org/10.1016/j.neuron.2021.07.002", "http://www.w3.org/2000/svg"}) {
    const auto at = own.find(name);
    ASSERT_NE(at, std::string::npos);
    own.erase(at, name.size());
  }
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (const auto* request :
       {"http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttpRequest", "import("}) {
    EXPECT_EQ(own.find(request), std::string::npos) << request;
  }
  EXPECT_EQ(page.find("sourceMappingURL"), std::string::npos);
}

TEST(Report, TextFromAUserIsShownNotRun) {
  const auto page =
      make_report(run_folder("escape", "</script><script>alert(1)</script> & <b>bold</b> @DATA@"));
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find("<title>&lt;/script&gt;"), std::string::npos);
  EXPECT_EQ(page.find("<b>bold"), std::string::npos);
}

TEST(Report, AMissingOrDamagedFileIsNamed) {
  const auto folder = run_folder("missing", "x");
  fs::remove(folder / "metrics.json");
  try {
    make_report(folder);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()),
              (folder / "metrics.json").string() + ": cannot be read: No such file or directory");
  }
  std::ofstream(folder / "metrics.json") << "{\"spike.auc\": 0.";
  try {
    make_report(folder);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with((folder / "metrics.json").string() + ": is damaged"));
  }
}

TEST(Report, IsWholeAndSmall) {
  const auto page = make_report(run_folder("small", "A neuron"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_LT(page.size(), 1000000u);
}

TEST(Report, CarriesThreeForANeuronInSpaceAlone) {
  const auto folder = run_folder("neuron", "A neuron");
  const auto code = three_modules()[0].content.substr(0, 200);
  EXPECT_EQ(make_report(folder).find(code), std::string::npos);
  std::ofstream(folder / "neuron.json") << R"({"trial": null})";
  EXPECT_NE(make_report(folder).find(code), std::string::npos);
}

TEST(Report, FiltersArePackedToSixteenBits) {
  const auto folder = run_folder("filters", "A neuron");
  std::ofstream(folder / "interpretation.json")
      << R"({"units": [{"unit": 0, "filters": {"excitatory": [[0.5, -1.0], [0.0, 0.25]], "odd": [[1], [1, 2]]}}]})";
  const auto page = make_report(folder);
  // 0.5 -> 16384, -1 -> -32767, 0, 0.25 -> 8192, low byte first.
  EXPECT_NE(page.find(R"("excitatory":{"rows":2,"columns":2,"most":1.0,"int16":"AEABgAAAACA="})"),
            std::string::npos);
  EXPECT_NE(page.find(R"("odd":[[1],[1,2]])"), std::string::npos);  // no matrix: as it is
}

}  // namespace
}  // namespace nt::report
