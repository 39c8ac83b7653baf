# Device code: the files *.cu of the rooms. Each is compiled twice from the same text: by the C++ compiler for the emulation, and,
# with NEURONTWIN_CUDA, by nvcc, whose result becomes part of the library (docs/gpu.md).
find_program(NEURONTWIN_NVCC nvcc PATHS /usr/local/cuda/bin DOC "CUDA's compiler")
option(NEURONTWIN_CUDA "Build for GPUs, too" OFF)
set(NEURONTWIN_CUDA_ARCHITECTURES "80;90" CACHE STRING "GPUs to compile for, as nvcc numbers them; newer ones compile for themselves")
if(NEURONTWIN_CUDA AND NOT NEURONTWIN_NVCC)
  message(FATAL_ERROR "NEURONTWIN_CUDA needs nvcc, CUDA's compiler; install it, set NEURONTWIN_NVCC to it, or leave NEURONTWIN_CUDA off")
endif()
enable_language(ASM)

# In the order in which nvcc gets them.
set(nvcc_options -std=c++20 -O3 --expt-relaxed-constexpr -I ${PROJECT_SOURCE_DIR}/src)
foreach(architecture ${NEURONTWIN_CUDA_ARCHITECTURES})
  list(APPEND nvcc_options -gencode arch=compute_${architecture},code=sm_${architecture})
endforeach()
list(GET NEURONTWIN_CUDA_ARCHITECTURES -1 newest)
list(APPEND nvcc_options -gencode arch=compute_${newest},code=compute_${newest})

# device_code(TARGET FILE.cu): adds the file to the library, and what nvcc makes of it as neurontwin_image_FILE_begin to _end.
function(device_code TARGET FILE)
  get_filename_component(name ${FILE} NAME_WE)
  set_source_files_properties(${FILE} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "${lanes_options}")
  set(image ${PROJECT_BINARY_DIR}/device/${name}.fatbin)
  set(assembly ${PROJECT_BINARY_DIR}/device/${name}.S)
  set(content "")
  if(NEURONTWIN_CUDA)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*_code.hpp ${PROJECT_SOURCE_DIR}/src/device/code.hpp)
    add_custom_command(OUTPUT ${image} COMMAND ${NEURONTWIN_NVCC} ${nvcc_options} -fatbin -o ${image} ${FILE}
                       DEPENDS ${FILE} ${headers} COMMENT "Compiling ${name}.cu for GPUs")
    set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS ${image})
    set(content ".incbin \"${image}\"\n")
  endif()
  file(CONFIGURE OUTPUT ${assembly} CONTENT ".section .rodata
.balign 64
.global neurontwin_image_${name}_begin
.global neurontwin_image_${name}_end
neurontwin_image_${name}_begin:
${content}neurontwin_image_${name}_end:
.byte 0
.section .note.GNU-stack,\"\",%progbits
" @ONLY)
  target_sources(${TARGET} PRIVATE ${FILE} ${assembly})
endfunction()
