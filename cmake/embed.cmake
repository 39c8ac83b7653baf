# embed(TARGET): makes the files of src/report/page, Vega's modules and three.js part of the library, as the Assets of src/report/assets.hpp.
# The assembler copies them in, so that their size does not matter to the compiler.
enable_language(ASM)

# Debian's Vega comes in modules; these are what charts without maps need, each after those it asks for.
set(vega_modules util time format loader dataflow statistics expression scale canvas scenegraph selection functions
                 event-selector parser runtime view transforms view-transforms encode)
find_path(VEGA_FOLDER vega-view.min.js PATHS /usr/share/javascript/vega
          DOC "Folder of Vega's modules (Debian package libjs-vega)" REQUIRED)
find_file(THREE_FILE three.min.js PATHS /usr/share/javascript/three NO_DEFAULT_PATH
          DOC "three.js (Debian package libjs-three)" REQUIRED)

function(embed TARGET)
  set(assembly ".section .rodata\n")
  set(declarations "")
  set(index 0)
  set(all "")
  foreach(kind page vega three)
    set(table "")
    if(kind STREQUAL page)
      file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/report/page/*)
    elseif(kind STREQUAL three)
      set(files ${THREE_FILE})
    else()
      list(TRANSFORM vega_modules PREPEND ${VEGA_FOLDER}/vega- OUTPUT_VARIABLE files)
      list(TRANSFORM files APPEND .min.js)
    endif()
    foreach(file ${files})
      get_filename_component(name ${file} NAME)
      string(REPLACE ".min.js" "" name ${name})
      string(APPEND assembly "asset${index}_begin: .incbin \"${file}\"\nasset${index}_end: .byte 0\n"
                             ".global asset${index}_begin\n.global asset${index}_end\n")
      string(APPEND declarations "extern const char asset${index}_begin[], asset${index}_end[];\n")
      string(APPEND table "    {\"${name}\", {asset${index}_begin, asset${index}_end}},\n")
      math(EXPR index "${index} + 1")
    endforeach()
    set(${kind}_table "${table}")
    list(APPEND all ${files})
  endforeach()
  string(APPEND assembly ".section .note.GNU-stack,\"\",%progbits\n")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/assets.S CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/assets.cpp CONTENT "#include \"report/assets.hpp\"
extern \"C\" {
${declarations}}
namespace nt::report {
std::span<const Asset> page_assets() {
  static const Asset assets[] = {
${page_table}  };
  return assets;
}
std::span<const Asset> vega_modules() {
  static const Asset assets[] = {
${vega_table}  };
  return assets;
}
std::span<const Asset> three_modules() {
  static const Asset assets[] = {
${three_table}  };
  return assets;
}
}  // namespace nt::report
" @ONLY)
  set_source_files_properties(${PROJECT_BINARY_DIR}/assets.S PROPERTIES OBJECT_DEPENDS "${all}")
  target_sources(${TARGET} PRIVATE ${PROJECT_BINARY_DIR}/assets.S ${PROJECT_BINARY_DIR}/assets.cpp)
endfunction()
