# Who installs this gets find_package(dialog) with one target per layer, dialog::base to dialog::server, and the
# program. Static libraries refer to what they link, so third-party sources compiled here come along, and
# dialogConfig.cmake finds the rest.
if(EMSCRIPTEN OR DIALOG_FUZZ)
  return()
endif()
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dialog)

get_property(layers GLOBAL PROPERTY DIALOG_LAYERS)
foreach(layer IN LISTS layers)
  set_target_properties(dialog_${layer} PROPERTIES EXPORT_NAME ${layer})
  install(TARGETS dialog_${layer} EXPORT dialogTargets)
  install(DIRECTORY include/dialog/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dialog FILES_MATCHING PATTERN *.hpp)
endforeach()
get_target_property(blake3_is_alias dialog_blake3 ALIASED_TARGET)
if(NOT blake3_is_alias)
  set_target_properties(dialog_blake3 PROPERTIES EXPORT_NAME blake3)
  install(TARGETS dialog_blake3 EXPORT dialogTargets)
endif()
if(TARGET dialogdb)
  install(TARGETS dialogdb)
endif()

install(EXPORT dialogTargets NAMESPACE dialog:: DESTINATION ${config_dir})
configure_package_config_file(cmake/dialogConfig.cmake.in ${CMAKE_BINARY_DIR}/dialogConfig.cmake
                              INSTALL_DESTINATION ${config_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/dialogConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/dialogConfig.cmake ${CMAKE_BINARY_DIR}/dialogConfigVersion.cmake
        DESTINATION ${config_dir})
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN ci.md EXCLUDE)
if(TARGET dialogdb)
  install(DIRECTORY examples/deployment/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
endif()
