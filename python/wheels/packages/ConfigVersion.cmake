# The headers are those of Debian's packages, which the native build checks: any version asked for.
set(PACKAGE_VERSION ${PACKAGE_FIND_VERSION})
set(PACKAGE_VERSION_COMPATIBLE TRUE)
