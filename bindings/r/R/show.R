# Pictures on R's devices.

as.raster.imageio_array <- function(x, index = 1, max = NULL, ...) {
  p <- attr(x, "properties")
  d <- dim(x)
  letters <- strsplit(p$axes, "")[[1]]
  a <- unclass(x)
  attributes(a) <- list(dim = d)
  # The first of whatever is slower than the pixels, but for a batch the image that is asked for.
  slower <- which(!letters %in% c("Y", "X", "S"))
  if (length(slower)) {
    at <- rep(list(TRUE), length(d))
    at[slower] <- 1
    at[[length(d)]] <- index
    a <- do.call(`[`, c(list(a), at, drop = FALSE))
    dim(a) <- d[-slower]
  }
  if (is.null(max)) {
    max <- if (isTRUE(attr(x, "scaled")) || p$dtype == "bool") 1
      else if (!is.na(p$bits) && p$dtype %in% c("uint8", "uint16", "uint32")) 2^p$bits - 1
      else base::max(1, a)
  }
  a <- pmin(pmax(a / max, 0), 1)
  if (length(dim(a)) == 2) return(grDevices::as.raster(a))
  n <- dim(a)[3]
  if (n == 1) return(grDevices::as.raster(a[, , 1]))
  if (n == 2) a <- array(a[, , c(1, 1, 1, 2)], c(dim(a)[1:2], 4))
  if (!n %in% 2:4) refuse("unsupported", sprintf("a picture has 1 to 4 samples, not %d", n))
  if (identical(p$color, "cmyk")) {
    k <- 1 - a[, , 4]
    a <- array(c((1 - a[, , 1]) * k, (1 - a[, , 2]) * k, (1 - a[, , 3]) * k), c(dim(a)[1:2], 3))
  }
  grDevices::as.raster(a)
}

plot.imageio_array <- function(x, index = 1, interpolate = FALSE, ...) {
  raster <- as.raster(x, index = index)
  old <- par(mar = c(0, 0, 0, 0))
  on.exit(par(old))
  plot.new()
  plot.window(c(0, ncol(raster)), c(0, nrow(raster)), asp = 1, xaxs = "i", yaxs = "i")
  rasterImage(raster, 0, 0, ncol(raster), nrow(raster), interpolate = interpolate, ...)
  invisible(x)
}

print.imageio_array <- function(x, ...) {
  p <- attr(x, "properties")
  values <- if (length(x)) paste0(", ", paste(format(range(unclass(x)[TRUE])), collapse = " to ")) else ""
  if (is.complex(x)) values <- ""
  cat("<image ", paste(dim(x), collapse = " x "), " (", p$axes, "), ", p$color, ", ", p$dtype, " in ", typeof(x), values, ">\n",
      sep = "")
  invisible(x)
}

print.imageio_properties <- function(x, ...) {
  cat("<image properties: ", paste(x$dim, collapse = " x "), " (", x$axes, "), ", x$color, ", ", x$dtype,
      if (!is.na(x$n_images)) paste0(", ", x$n_images, " images"), ">\n", sep = "")
  invisible(x)
}
