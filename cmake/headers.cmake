# Headers of others that most tests include, compiled once: reading them takes half of the time of a test's compilation. Files
# include what they use as if this were not here.
set(usual_headers <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <limits> <map> <memory> <numeric>
                  <optional> <set> <span> <stdexcept> <string> <string_view> <utility> <variant> <vector>
                  <fmt/format.h> <fmt/ranges.h> <gtest/gtest.h> <nlohmann/json.hpp>)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/headers.cpp CONTENT "int main() {}\n")
add_executable(neurontwin_test_headers ${PROJECT_BINARY_DIR}/generated/headers.cpp)
target_link_libraries(neurontwin_test_headers PRIVATE neurontwin_flags GTest::gtest)
target_compile_options(neurontwin_test_headers PRIVATE ${test_options})
target_precompile_headers(neurontwin_test_headers PRIVATE ${usual_headers})
