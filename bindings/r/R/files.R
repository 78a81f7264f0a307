imopen <- function(uri, mode = "r", ...) {
  from <- source_of(uri, substr(mode, 1, 1), list(...)$progress)
  handle(.Call(C_open, from$source, mode, options_of(list(...), from$lent), from$lent), "imageio_file")
}

handle <- function(pointer, class, ...) structure(list(pointer = pointer, ...), class = c(class, "imageio_handle"))

close.imageio_handle <- function(con, ...) invisible(.Call(C_close, con$pointer))
imdiscard <- function(file) invisible(.Call(C_discard, pointer(file)))
imencoded <- function(file) .Call(C_bytes, pointer(file))
implugin <- function(file) .Call(C_plugin, pointer(file))
imcount <- function(file, exact = TRUE) .Call(C_count, pointer(file), if (exact) 0L else 1L)
imcall <- function(file, name, ...) .Call(C_call, pointer(file), name, options_of(list(...)))

print.imageio_handle <- function(x, ...) {
  what <- if (inherits(x, "imageio_iter")) "imageio iterator" else "imageio file"
  cat("<", what, ": ", if (.Call(C_alive, x$pointer)) implugin(x) else "closed", ">\n", sep = "")
  invisible(x)
}

imiter <- function(uri, ..., as = c("double", "integer", "numeric", "complex", "nativeRaster")) {
  as <- match.arg(as)
  options <- as_options(as, list(...))
  if (is_handle(uri)) {
    iter <- .Call(C_iter, pointer(uri), options_of(options))
  } else {
    opened <- opened_for(uri, "iter", options)
    iter <- .Call(C_iter, opened$file, opened$rest)
  }
  handle(iter, "imageio_iter", as = as)
}

imnext <- function(iter) read_image(pointer(iter), NA_real_, NULL, iter$as)
imseek <- function(iter, index) invisible(.Call(C_seek, pointer(iter), index_number(index)))

implugins <- function() .Call(C_plugins)
imformats <- function() .Call(C_formats)
imload <- function(path) {
  if (!is.character(path) || length(path) != 1 || is.na(path)) refuse("invalid_argument", "a plugin is loaded from one path")
  invisible(.Call(C_load, path.expand(path)))
}
impriority <- function(extension, ...) invisible(.Call(C_priority, extension, paste(c(...), collapse = ",")))
imversion <- function() .Call(C_version)

imlog <- function(fun = NULL) {
  levels <- c("error", "warning", "info", "debug")
  told <- if (!is.null(fun)) function(level, message) tryCatch(fun(levels[level], message), error = function(e) NULL)
  invisible(.Call(C_log, told))
}
