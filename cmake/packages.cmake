# Debian packages, by `cpack -G DEB` (docs/packages.md): libu65sim-c1 (runtime), libu65sim-dev (dev) and
# u65sim (tools). Configure with -DCMAKE_INSTALL_PREFIX=/usr for Debian's library folders.
set(examples ${CMAKE_INSTALL_DATADIR}/doc/libu65sim-dev/examples)
file(GLOB files ${PROJECT_SOURCE_DIR}/examples/*.c ${PROJECT_SOURCE_DIR}/examples/*.cpp
                ${PROJECT_SOURCE_DIR}/examples/*.hpp)
install(FILES ${files} DESTINATION ${examples} COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/u65sim
  COMPONENT tools)

set(CPACK_PACKAGE_VENDOR "the u65sim authors")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime dev tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "u65sim authors <u65sim@localhost.localdomain>"
  CACHE STRING "Maintainer of the Debian packages")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Of a component's description the first line is the summary: CPack must have none of its own to put
# before it, where it would take the project's.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libu65sim-c1)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
# Which package a program needs that links the library; written here, as CPack would warn of the program's
# own module, which has no soname.
set(made ${PROJECT_BINARY_DIR}/packages)
file(WRITE ${made}/shlibs "libu65sim_c 1 libu65sim-c1 (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/triggers
                                               ${made}/shlibs)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
  "C interface of the Ethos-U simulator, shared library
Compiles quantised networks for Arm's Ethos-U65 and U55 NPUs, simulates them
with memory timing, and reports cycles, bandwidth and spills. The library also
holds the NPU as a device for virtual platforms.")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libu65sim-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "libu65sim-c1 (= ${PROJECT_VERSION}), libfmt-dev, libyaml-cpp-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS "libsystemc-dev, pkg-config, cmake")
set(CPACK_COMPONENT_DEV_DESCRIPTION
  "C and C++ libraries of the Ethos-U simulator, development files
Headers, archives, CMake packages and pkg-config files of u65sim, with
examples. Programs that take the SystemC modules need libsystemc-dev as well.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME u65sim)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION electronics)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION
  "simulator of the Arm Ethos-U65 and U55 NPUs, program
Reads quantised networks (.tflite, Vela's raw output, ExecuTorch programs),
compiles them for the NPU or runs the command streams they hold, and reports
cycles, bandwidth and spill events.")

# What policy wants in every package's folder of documents.
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
string(STRIP "${license}" license)
string(REGEX REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
file(CONFIGURE OUTPUT ${made}/copyright @ONLY CONTENT
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: u65sim

Files: *
Copyright: the u65sim authors
License: Expat
 @license@
")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
find_program(U65SIM_GZIP gzip)
foreach(package IN ITEMS libu65sim-c1:runtime libu65sim-dev:dev u65sim:tools)
  string(REPLACE ":" ";" parts ${package})
  list(GET parts 0 name)
  list(GET parts 1 component)
  set(documents ${CMAKE_INSTALL_DATADIR}/doc/${name})
  install(FILES ${made}/copyright DESTINATION ${documents} COMPONENT ${component})
  if(U65SIM_GZIP)
    file(WRITE ${made}/${name}/changelog
"u65sim (${PROJECT_VERSION}) unstable; urgency=medium

  * Release ${PROJECT_VERSION}: see the project's own changelog.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
")
    execute_process(COMMAND ${U65SIM_GZIP} -9 -n -c ${made}/${name}/changelog
      OUTPUT_FILE ${made}/${name}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
    install(FILES ${made}/${name}/changelog.gz DESTINATION ${documents} COMPONENT ${component})
  endif()
  if(EXISTS ${PROJECT_SOURCE_DIR}/packaging/${name}.lintian-overrides)
    install(FILES ${PROJECT_SOURCE_DIR}/packaging/${name}.lintian-overrides RENAME ${name}
      DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides COMPONENT ${component})
  endif()
endforeach()
include(CPack)
