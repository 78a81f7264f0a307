# Proves the C interface against R: a picture into R's own column-major array with no second copy, and a frame through a
# callback stream over a raw vector. usage: Rscript probe.R LIBIMAGEIO PNG GIF
args <- commandArgs(trailingOnly = TRUE)
if (length(args) != 3) stop("usage: Rscript probe.R LIBIMAGEIO PNG GIF")
library_file <- normalizePath(args[1])
here <- dirname(normalizePath(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))))

# Compile the glue beside nothing that is kept.
build <- tempfile("probe")
dir.create(build)
invisible(file.copy(file.path(here, "probe.c"), build))
include <- Sys.getenv("IIO_INCLUDE", normalizePath(file.path(here, "../../../include"), mustWork = FALSE))
Sys.setenv(PKG_CPPFLAGS = paste0("-I", shQuote(include)),
           PKG_LIBS = paste0(shQuote(library_file), " -Wl,-rpath,", shQuote(dirname(library_file))))
glue <- file.path(build, "probe.so")
log <- suppressWarnings(system2(file.path(R.home("bin"), "R"), c("CMD", "SHLIB", "-o", glue, file.path(build, "probe.c")),
                                stdout = TRUE, stderr = TRUE))
if (!file.exists(glue)) stop(paste(c("the glue does not compile:", log), collapse = "\n"))
dyn.load(glue)

imopen <- function(resource) .Call("probe_open", resource)
imread <- function(file, index) .Call("probe_read", file, as.double(index))        # height, width, samples
contiguous <- function(file, index) .Call("probe_read_contiguous", file, as.double(index))
checked <- function(file, index) {
  natural <- imread(file, index)
  flat <- contiguous(file, index)                                                  # rows, as C has them
  stopifnot(is.integer(natural), identical(natural, aperm(array(flat, rev(dim(natural))), length(dim(natural)):1)))
  natural
}

png <- checked(imopen(args[2]), 0)
wanted <- checked(imopen(args[3]), 0)
frame <- checked(imopen(readBin(args[3], "raw", file.size(args[3]))), 0)
stopifnot(identical(frame, wanted), max(png) > 0)

# A failure is an R condition with the library's words, and finalizers end what is left open.
message <- tryCatch(imopen(file.path(build, "absent.png")), error = conditionMessage)
stopifnot(is.character(message), nzchar(message))
invisible(gc())
cat("OK:", R.version.string, "png", dim(png), "frame", dim(frame), "through a stream\n")
