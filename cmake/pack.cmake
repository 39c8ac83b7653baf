# cpack in the build folder: a Debian package of what cmake --install puts in place. It packs what is built and builds nothing
# itself: cmake --build FOLDER --target package_contents, or all, comes first.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
add_custom_target(package_contents DEPENDS neurontwin neurontwin_library neurontwin_engine shell_files)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};neurontwin;Unspecified;/")  # without the Python package
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME neurontwin)
set(CPACK_PACKAGE_VENDOR neurontwin)
set(CPACK_PACKAGE_CONTACT "the neurontwin developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "turns a detailed neuron model into a deep network that does the same job")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # the libraries that the program is linked with, by dpkg-shlibdeps
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++, libhwy-dev")  # with which a user's .mod files are compiled
# Libraries of the package itself lie where the system looks for them.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
include(CPack)
