# cmake --install: the program, both libraries, their headers, a CMake package, the cells and experiments, the manual page, completion.
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

# The program describes itself, to man and to shells.
set(shell_files ${PROJECT_BINARY_DIR}/shell/neurontwin.1 ${PROJECT_BINARY_DIR}/shell/neurontwin.bash
                ${PROJECT_BINARY_DIR}/shell/_neurontwin ${PROJECT_BINARY_DIR}/shell/neurontwin.fish)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/shell)
add_custom_command(OUTPUT ${shell_files}
                   COMMAND neurontwin man > neurontwin.1
                   COMMAND neurontwin completion bash > neurontwin.bash
                   COMMAND neurontwin completion zsh > _neurontwin
                   COMMAND neurontwin completion fish > neurontwin.fish
                   DEPENDS neurontwin WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/shell COMMENT "Writing the manual page" VERBATIM)
add_custom_target(shell_files ALL DEPENDS ${shell_files})
install(FILES ${PROJECT_BINARY_DIR}/shell/neurontwin.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/shell/neurontwin.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME neurontwin)
install(FILES ${PROJECT_BINARY_DIR}/shell/_neurontwin DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${PROJECT_BINARY_DIR}/shell/neurontwin.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
