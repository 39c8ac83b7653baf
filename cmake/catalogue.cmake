# The mechanisms of src/mechanism/catalogue, translated by our own NMODL compiler and compiled for several instruction sets at once
# (Highway picks the best at run time): the library neurontwin_catalogue.
file(GLOB mods CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/mechanism/catalogue/*.mod)
set(folder ${PROJECT_BINARY_DIR}/catalogue)
file(MAKE_DIRECTORY ${folder})
set(kernels)
foreach(mod ${mods})
  get_filename_component(name ${mod} NAME_WE)
  list(APPEND kernels ${folder}/${name}.kernel.cpp)
endforeach()
add_executable(compile_catalogue src/mechanism/tool/compile_catalogue.cpp)
target_link_libraries(compile_catalogue PRIVATE neurontwin_mechanism)
add_custom_command(OUTPUT ${kernels} ${folder}/catalogue.cpp COMMAND compile_catalogue ${folder} ${mods}
                   DEPENDS compile_catalogue ${mods} COMMENT "Translating the catalogue of mechanisms")
add_library(neurontwin_catalogue STATIC ${kernels} ${folder}/catalogue.cpp)
target_include_directories(neurontwin_catalogue PRIVATE ${folder})
target_link_libraries(neurontwin_catalogue PUBLIC neurontwin_mechanism PRIVATE neurontwin_lanes)

# Loading of mechanisms: the catalogue's, and users' own, for which the program carries the headers their code needs.
set(sources_header ${PROJECT_BINARY_DIR}/generated/mechanism/kernel_sources.hpp)
file(READ src/mechanism/lanes-inl.hpp lanes_inl)
file(READ src/mechanism/kernel.hpp kernel_header)
file(READ src/random/draw.hpp draw_header)
file(READ src/device/code.hpp device_code)
file(READ src/mechanism/device_lanes_code.hpp device_lanes)
file(READ src/simulate/detail/cable_code.hpp cable_code)
file(READ src/simulate/detail/cable_data_code.hpp cable_data_code)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS src/mechanism/lanes-inl.hpp src/mechanism/kernel.hpp src/random/draw.hpp
             src/device/code.hpp src/mechanism/device_lanes_code.hpp src/simulate/detail/cable_code.hpp src/simulate/detail/cable_data_code.hpp)
file(CONFIGURE OUTPUT ${sources_header} CONTENT "#pragma once
#include <string>
namespace nt::mechanism::kernel_sources {
inline const std::string lanes_inl = R\"header(@lanes_inl@)header\";
inline const std::string kernel = R\"header(@kernel_header@)header\";
inline const std::string draw = R\"header(@draw_header@)header\";
inline const std::string device_code = R\"header(@device_code@)header\";
inline const std::string device_lanes = R\"header(@device_lanes@)header\";
}
" @ONLY)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/simulate/cable_code_text.hpp CONTENT "#pragma once
#include <string>
namespace nt::simulate {
inline const std::string kCableCode = R\"header(@cable_code@)header\", kCableDataCode = R\"header(@cable_data_code@)header\";
}
" @ONLY)
add_library(neurontwin_mechanism_user STATIC src/mechanism/user/precompiled_start.cpp src/mechanism/user/library.cpp src/mechanism/user/compile_user.cpp
                                             src/mechanism/user/compile_device.cpp
                                             src/mechanism/user/compiler.cpp src/mechanism/user/kernel_cache.cpp)
target_include_directories(neurontwin_mechanism_user PRIVATE ${PROJECT_BINARY_DIR}/generated)
target_link_libraries(neurontwin_mechanism_user PUBLIC neurontwin_mechanism neurontwin_device PRIVATE neurontwin_catalogue ${CMAKE_DL_LIBS})
if(NEURONTWIN_SANITIZE)
  target_compile_definitions(neurontwin_mechanism_user PRIVATE NEURONTWIN_NO_AVX512)
endif()

# Kernels as they run: the catalogue's and a user's, against the plain evaluation of their expressions.
if(NEURONTWIN_TESTS)
  file(GLOB kernel_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/mechanism/catalogue/*_test.cpp ${PROJECT_SOURCE_DIR}/src/mechanism/user/*_test.cpp)
  add_executable(kernels_test ${kernel_tests})
  target_link_libraries(kernels_test PRIVATE neurontwin_mechanism_user neurontwin_catalogue hwy GTest::gtest_main)
  add_dependencies(unit_tests kernels_test)
  gtest_discover_tests(kernels_test TEST_PREFIX "kernels: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT ${unit_timeout_s} LABELS unit)
endif()
