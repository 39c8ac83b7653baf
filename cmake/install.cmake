# cmake --install: the program, both libraries, their headers, a CMake package, the cells and experiments.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS neurontwin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS neurontwin_library neurontwin_engine EXPORT neurontwin LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/neurontwin DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(DIRECTORY cells experiments DESTINATION ${CMAKE_INSTALL_DATADIR}/neurontwin FILES_MATCHING PATTERN "*.toml" PATTERN "*.swc" PATTERN "*.mod")

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/neurontwin)
install(EXPORT neurontwin FILE neurontwinTargets.cmake NAMESPACE neurontwin:: DESTINATION ${package_folder})
configure_package_config_file(cmake/neurontwinConfig.cmake.in ${PROJECT_BINARY_DIR}/neurontwinConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/neurontwinConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/neurontwinConfig.cmake ${PROJECT_BINARY_DIR}/neurontwinConfigVersion.cmake DESTINATION ${package_folder})
