# Debian packages of what is installed: `cpack -G DEB` in the build folder, or `make packages`. Configure with
# -DCMAKE_INSTALL_PREFIX=/usr for the layout of Debian's own packages.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libimageio)
set(CPACK_PACKAGE_VENDOR "libimageio")
set(CPACK_PACKAGE_CONTACT "The libimageio developers <developers@libimageio.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "images, volumes and videos through one C ABI")
set(CPACK_PACKAGING_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
set(CPACK_OUTPUT_FILE_PREFIX "${PROJECT_BINARY_DIR}/packages")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL library development tools)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The tool finds the library of the same build, which dpkg does not know.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${lib}")
set(this "(= ${PROJECT_VERSION}-1)")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libimageio0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_DESCRIPTION "reads, writes, iterates and inspects images (shared library)
 libimageio reads, writes, iterates and inspects images through one stable
 C ABI, into memory that the caller owns. This package has the library; what
 needs other libraries, such as video, comes in module packages.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS
  "libimageio-module-ffmpeg, libimageio-module-avif, libimageio-module-heif, libimageio-module-jxl, libimageio-module-lerc")
# ldconfig, as Debian's own library packages ask for it.
file(WRITE "${PROJECT_BINARY_DIR}/triggers" "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/triggers")
file(WRITE "${PROJECT_BINARY_DIR}/shlibs" "libimageio 0 libimageio0 (>= ${PROJECT_VERSION})\n")
list(APPEND CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/shlibs")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libimageio-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libimageio0 ${this}, libc6-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "reads, writes, iterates and inspects images (development)
 The headers for C and C++, the static library, the files for pkg-config and
 CMake, and the documents of libimageio.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME imageio-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "libimageio0 ${this}")
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "shows and converts images from the command line
 The tool iio of libimageio shows the properties and metadata of images, and
 converts them.")

# Each module is a component of its name, with a package of its own.
set(about_ffmpeg "video for libimageio, through FFmpeg
 The module by which libimageio reads and writes video. The module is under
 MIT or Apache-2.0. With Debian's FFmpeg, which is built with parts under the
 GPL, the combination is under the GNU General Public License, version 2 or
 later.")
set(about_avif "AVIF for libimageio, through libavif
 The module by which libimageio reads and writes AVIF, still and animated.")
set(about_heif "HEIF and HEIC for libimageio, through libheif
 The module by which libimageio reads and writes HEIF and HEIC. The module is
 under MIT or Apache-2.0, libheif under the GNU Lesser General Public License,
 version 3 or later. With an encoder that is under the GPL, such as x265 in
 Debian, the combination is under the GNU General Public License.")
set(about_jxl "lossy JPEG XL for libimageio, through libjxl
 The module by which libimageio writes JPEG XL with loss, with colour profiles
 and animated. The library itself reads JPEG XL and writes it lossless.")
set(about_lerc "LERC rasters for libimageio, through Esri's library
 The module by which libimageio reads LERC rasters, by themselves and inside
 TIFF.")
# It looks for the library itself, which the linker does not know.
set(CPACK_DEBIAN_LERC_PACKAGE_RECOMMENDS "liblerc4 | liblerc3")
foreach(module IN LISTS modules)
  string(TOUPPER "CPACK_DEBIAN_${module}" package)
  list(APPEND CPACK_COMPONENTS_ALL ${module})
  set(${package}_PACKAGE_NAME libimageio-module-${module})
  set(${package}_PACKAGE_SECTION libs)
  set(${package}_PACKAGE_DEPENDS "libimageio0 ${this}")
  set(${package}_DESCRIPTION "${about_${module}}")
endforeach()

include(CPack)
