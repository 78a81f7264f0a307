# What the library has to be asked for, for a type of R's.
as_options <- function(as, options) {
  switch(as,
    double = utils::modifyList(list(dtype = "float64", scale = TRUE), options),
    nativeRaster = utils::modifyList(list(mode = "RGBA", dtype = "uint8", scale = TRUE), options),
    options)
}

read_image <- function(pointer, index, options, as) {
  type <- if (as == "numeric") "double" else as
  image <- .Call(C_read, pointer, index, options, type)
  if (is.null(image) || as == "nativeRaster") return(image)
  attr(image, "scaled") <- as == "double"
  class(image) <- "imageio_array"
  image
}

imread <- function(uri, index = NULL, ..., as = c("double", "integer", "numeric", "complex", "nativeRaster")) {
  as <- match.arg(as)
  if (as == "nativeRaster" && is.null(index)) index <- 1
  number <- index_number(index)
  options <- as_options(as, list(...))
  if (is_handle(uri)) return(read_image(pointer(uri), number, options_of(options), as))
  opened <- opened_for(uri, "read", options)
  on.exit(.Call(C_discard, opened$file))
  read_image(opened$file, number, opened$rest, as)
}

improps <- function(uri, index = NULL, ...) {
  number <- index_number(index)
  if (is_handle(uri)) return(as_properties(.Call(C_props, pointer(uri), number, options_of(list(...)))))
  opened <- opened_for(uri, "props", list(...))
  on.exit(.Call(C_discard, opened$file))
  as_properties(.Call(C_props, opened$file, number, opened$rest))
}

as_properties <- function(list) if (is.null(list)) NULL else structure(list, class = "imageio_properties")

immeta <- function(uri, index = NULL, ...) {
  number <- index_number(index)
  if (is_handle(uri)) return(.Call(C_meta, pointer(uri), number, options_of(list(...))))
  opened <- opened_for(uri, "meta", list(...))
  on.exit(.Call(C_discard, opened$file))
  .Call(C_meta, opened$file, number, opened$rest)
}

# The dtype that an array is written as where nobody says: what it was read as, else what its values want.
default_dtype <- function(image) {
  known <- attr(image, "properties")$dtype
  if (is.raw(image)) "uint8"
  else if (is.logical(image)) "bool"
  else if (is.complex(image)) "complex128"
  else if (!is.null(known) && !(isTRUE(attr(image, "scaled")) && startsWith(known, "float64"))) known
  else if (is.double(image)) "uint8"
  else if (length(image) == 0 || (min(image) >= 0 && max(image) <= 255)) "uint8"
  else if (min(image) >= 0 && max(image) <= 65535) "uint16"
  else "int32"
}

limits_of <- list(bool = c(0, 1), uint8 = c(0, 255), int8 = c(-128, 127), uint16 = c(0, 65535), int16 = c(-32768, 32767),
                  uint32 = c(0, 4294967295), int32 = c(-2147483648, 2147483647))

write_image <- function(file, image, dtype, scale, axes, options) {
  if (inherits(image, "raster")) image <- raster_array(image)
  if (is.null(dim(image))) refuse("shape", "an image is a matrix or an array")
  if (!inherits(image, "nativeRaster")) {
    if (anyNA(image)) refuse("invalid_argument", "an image has no missing values")
    if (is.null(dtype)) dtype <- default_dtype(image)
    if (is.null(scale)) scale <- is.double(image) && !isFALSE(attr(image, "scaled")) && dtype %in% names(limits_of)
    limits <- limits_of[[dtype]]
    if (!scale && !is.null(limits) && is.numeric(image) && length(image) &&
        (min(image) < limits[1] || max(image) > limits[2])) {
      refuse("shape", sprintf("values from %g to %g do not fit into %s", min(image), max(image), dtype))
    }
  }
  invisible(.Call(C_write, file, image, dtype, scale, axes, options))
}

raster_array <- function(raster) {
  rgb <- grDevices::col2rgb(as.vector(t(as.matrix(raster))), alpha = TRUE)
  storage.mode(rgb) <- "integer"
  aperm(array(rgb, c(4, ncol(raster), nrow(raster))), c(3, 2, 1))
}

imwrite <- function(uri, image, ..., dtype = NULL, scale = NULL, axes = NULL) {
  if (is_handle(uri)) return(write_image(pointer(uri), image, dtype, scale, axes, options_of(list(...))))
  opened <- opened_for(uri, "write", list(...), "w")
  on.exit(.Call(C_discard, opened$file))
  write_image(opened$file, image, dtype, scale, axes, opened$rest)
  if (identical(uri, "<bytes>")) return(.Call(C_bytes, opened$file))
  .Call(C_close, opened$file)
  invisible(uri)
}
