# What the library reports, as conditions: class imageio_error_not_found, imageio_error_corrupt ..., imageio_error, error.

# Called by the glue. What one of our functions threw inside the call comes first, then an interrupt of the user's.
raise <- function(status, message, details, ...) {
  for (lent in list(...)) {
    if (!is.environment(lent)) next
    failure <- lent$failure
    lent$failure <- NULL
    if (isTRUE(lent$interrupted) || inherits(failure, "interrupt")) {
      lent$interrupted <- FALSE
      .Call(C_interrupt)
    }
    if (!is.null(failure)) stop(failure)
  }
  kind <- sub("^iio_", "imageio_", tolower(status))
  stop(structure(class = c(kind, "imageio_error", "error", "condition"),
                 list(message = message, call = NULL, status = status, details = details)))
}

refuse <- function(kind, message) {
  stop(structure(class = c(paste0("imageio_error_", kind), "imageio_error", "error", "condition"),
                 list(message = message, call = NULL, status = paste0("IIO_ERROR_", toupper(kind)), details = list())))
}

raise_closed <- function() {
  refuse("invalid_argument", "the file or iterator is closed, or was saved with a workspace and loaded again")
}
