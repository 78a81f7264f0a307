# As read.c, from R: KIND is integer, double or nativeRaster, or a package of R's and "double" or "native" behind a dot.
library(imageio)
suffix <- function(path) sub(".*\\.", "", path)
readers <- list(
  integer = function(path) imread(path, 1, as = "integer"),
  double = function(path) imread(path, 1),
  nativeRaster = function(path) imread(path, 1, as = "nativeRaster"),
  package.double = function(path) switch(suffix(path), png = png::readPNG(path), jpg = jpeg::readJPEG(path), tif = tiff::readTIFF(path)),
  package.native = function(path)
    switch(suffix(path), png = png::readPNG(path, TRUE), jpg = jpeg::readJPEG(path, TRUE), tif = tiff::readTIFF(path, TRUE)),
  # What magick gives are bytes of 8 bits, which stay in it until they are asked for.
  magick.native = function(path) magick::image_data(magick::image_read(path), "rgba"))

input <- file("stdin", "r")
while (length(line <- readLines(input, 1))) {
  kind <- sub(" .*", "", line)
  path <- sub("^[^ ]* ", "", line)
  invisible(gc())
  before <- proc.time()
  image <- readers[[kind]](path)
  used <- proc.time() - before
  cat(used[["elapsed"]], used[["user.self"]] + used[["sys.self"]], "\n")
  flush(stdout())
  rm(image)
}
