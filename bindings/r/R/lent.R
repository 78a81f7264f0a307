# What is lent to the library: functions, in an environment that lives as long as the file. They run inside its calls and
# must return; what they throw is kept, and thrown when the call has returned.

new_lent <- function(progress = NULL, stream = NULL) {
  lent <- new.env(parent = emptyenv())
  guard <- function(f, otherwise) {
    force(f)
    caught <- function(e) {
      if (is.null(lent$failure)) lent$failure <- e
      otherwise
    }
    function(...) tryCatch(f(...), error = caught, interrupt = caught)
  }
  for (name in names(stream)) if (!is.null(stream[[name]])) assign(name, guard(stream[[name]], -1), envir = lent)
  if (!is.null(progress)) {
    assign("progress", guard(function(done, total) if (isFALSE(progress(done, total))) 1 else 0, 1), envir = lent)
  }
  lent
}

# The options of a call as the glue wants them; `progress` is a function, and not among them.
options_of <- function(options, lent = new_lent(options$progress)) {
  force(lent)
  options$progress <- NULL
  if (length(options) && (is.null(names(options)) || !all(nzchar(names(options))))) {
    refuse("invalid_argument", "options are given by name")
  }
  .Call(C_options, as.list(options), lent)
}

imstream <- function(read = NULL, write = NULL, seek = NULL, finish = NULL) {
  structure(list(read = read, write = if (!is.null(write)) function(bytes) { write(bytes); length(bytes) }, seek = seek,
                 finish = if (!is.null(finish)) function() { finish(); 0 }), class = "imageio_stream")
}

# A connection as a stream, from where it stands.
connection_stream <- function(con, mode) {
  seeks <- isSeekable(con)
  rw <- if (mode == "w") "write" else "read"
  start <- if (seeks) seek(con, NA, rw = rw) else 0
  imstream(
    read = if (mode == "r") function(n) readBin(con, "raw", n),
    write = if (mode == "w") function(bytes) writeBin(bytes, con),
    seek = if (seeks) function(offset, whence) {
      if (whence == 2) seek(con, offset, origin = "end", rw = rw)
      else seek(con, if (whence == 0) start + offset else seek(con, NA, rw = rw) + offset, origin = "start", rw = rw)
      seek(con, NA, rw = rw) - start
    })
}

# What can be opened, by the name that the glue wants: a URI, raw bytes, or NULL for a stream.
source_of <- function(uri, mode, progress) {
  if (inherits(uri, "connection")) {
    # The open connection is the caller's; one that is not, is opened by the verbs.
    if (!isOpen(uri)) refuse("invalid_argument", "the connection is not open; open it with \"rb\" or \"wb\"")
    return(list(source = NULL, keep = uri, lent = new_lent(progress, connection_stream(uri, mode))))
  }
  if (inherits(uri, "imageio_stream")) return(list(source = NULL, lent = new_lent(progress, unclass(uri))))
  if (is.raw(uri)) {
    if (mode == "w") refuse("mode", "raw bytes are read; \"<bytes>\" is written")
    return(list(source = uri, lent = new_lent(progress)))
  }
  if (is.character(uri) && length(uri) == 1 && !is.na(uri)) {
    if (file.exists(path.expand(uri))) uri <- path.expand(uri)
    else if (startsWith(uri, "~")) uri <- path.expand(uri)
    return(list(source = uri, lent = new_lent(progress)))
  }
  refuse("invalid_argument", "an image is read from a path or URI, a raw vector, a connection, an imstream() or an open file")
}

index_number <- function(index) {
  if (is.null(index)) return(NA_real_)
  if (identical(index, "all")) return(-Inf)
  if (!is.numeric(index) || length(index) != 1 || is.na(index)) refuse("invalid_argument", "index is NULL, \"all\" or a number")
  if (index < 1) refuse("index", sprintf("no image %g: images are counted from 1", index))
  as.double(index)
}

# Opens what was given, for one call: options of both are given together, and the library parts them.
opened_for <- function(uri, verb, options, mode = "r") {
  from <- source_of(uri, mode, options$progress)
  parts <- .Call(C_split, options_of(options, from$lent), verb)
  list(file = .Call(C_open, from$source, mode, parts[[1]], from$lent), rest = parts[[2]])
}

is_handle <- function(x) inherits(x, "imageio_handle")
pointer <- function(x) if (is_handle(x)) x$pointer else refuse("invalid_argument", "not an open file or iterator")
